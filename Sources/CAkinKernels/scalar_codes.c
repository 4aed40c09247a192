// Scalar and packed codes: nothing here is fast enough to need an instruction set.
#include "codes_internal.h"

#pragma clang fp contract(off)

void akin_sq_encode(int bits, const float *x, const float *least, const float *range, size_t dimension,
                    uint8_t *numbers) {
    float levels = (float)((1 << bits) - 1);
    for (size_t d = 0; d < dimension; d++) {
        float part = range[d] > 0 ? (x[d] - least[d]) / range[d] : 0;
        part = part > 0 ? part : 0;
        part = part < 1 ? part : 1;
        // The product of floats is rounded for 8 bits and exact for fewer, as in files of others.
        numbers[d] = bits == 8 ? (uint8_t)(int)(levels * part) : (uint8_t)(int)((double)levels * (double)part);
    }
}

void akin_sq_decode(int bits, const uint8_t *numbers, const float *least, const float *range, size_t dimension,
                    float *x) {
    float levels = (float)((1 << bits) - 1);
    for (size_t d = 0; d < dimension; d++)
        x[d] = least[d] + range[d] * (((float)numbers[d] + 0.5f) / levels);
}

void akin_sq_pack(int bits, const uint8_t *numbers, size_t dimension, uint8_t *code) {
    memset(code, 0, ((size_t)bits * dimension + 7) / 8);
    for (size_t d = 0; d < dimension; d++) {
        size_t at = d * (size_t)bits;
        unsigned shifted = (unsigned)numbers[d] << at % 8;
        code[at / 8] |= (uint8_t)shifted;
        if (shifted >> 8)
            code[at / 8 + 1] |= (uint8_t)(shifted >> 8);
    }
}

void akin_sq_unpack(int bits, const uint8_t *code, size_t dimension, uint8_t *numbers) {
    for (size_t d = 0; d < dimension; d++) {
        size_t at = d * (size_t)bits;
        unsigned window = code[at / 8];
        if (at % 8 + (size_t)bits > 8)
            window |= (unsigned)code[at / 8 + 1] << 8;
        numbers[d] = (uint8_t)(window >> at % 8 & ((1u << bits) - 1));
    }
}

void akin_sq_put(int bits, const uint8_t *numbers, size_t padded, size_t v, uint8_t *block) {
    uint8_t *column = block + 4 * v;
    if (bits == 8) {
        for (size_t d = 0; d < padded; d++)
            column[d / 4 * 128 + d % 4] = numbers[d];
    } else if (bits == 4) {
        for (size_t d = 0; d < padded; d += 8)
            for (size_t t = 0; t < 4; t++)
                column[d / 8 * 128 + t] = (uint8_t)(numbers[d + t] | numbers[d + 4 + t] << 4);
    } else {
        for (size_t d = 0; d < padded; d += 16)
            for (size_t h = 0; h < 3; h++)
                for (size_t t = 0; t < 4; t++)
                    column[(d / 16 * 3 + h) * 128 + t] =
                        (uint8_t)(numbers[d + 4 * h + t] | (numbers[d + 12 + t] >> 2 * h & 3) << 6);
    }
}

void akin_sq_take(int bits, const uint8_t *block, size_t padded, size_t v, uint8_t *numbers) {
    const uint8_t *column = block + 4 * v;
    if (bits == 8) {
        for (size_t d = 0; d < padded; d++)
            numbers[d] = column[d / 4 * 128 + d % 4];
    } else if (bits == 4) {
        for (size_t d = 0; d < padded; d += 8)
            for (size_t t = 0; t < 4; t++) {
                numbers[d + t] = column[d / 8 * 128 + t] & 15;
                numbers[d + 4 + t] = column[d / 8 * 128 + t] >> 4;
            }
    } else {
        for (size_t d = 0; d < padded; d += 16)
            for (size_t t = 0; t < 4; t++) {
                const uint8_t *at = column + d / 16 * 384 + t;
                for (size_t h = 0; h < 3; h++)
                    numbers[d + 4 * h + t] = at[128 * h] & 63;
                numbers[d + 12 + t] = (uint8_t)(at[0] >> 6 | at[128] >> 6 << 2 | at[256] >> 6 << 4);
            }
    }
}

akin_code_query akin_sq_query(int bits, const float *x, const float *least, const float *range, size_t dimension,
                              double factor, int8_t *bytes) {
    double levels = (1 << bits) - 1, widest = 0, magnitude = 0, bias = 0, off = 0, shift = 0, total = 0;
    for (size_t d = 0; d < dimension; d++) {
        double weight = fabs(x[d] * (double)range[d]);
        widest = weight > widest ? weight : widest;
        magnitude += fabs((double)x[d]) * (fabs((double)least[d]) + 1.01 * range[d]);
    }
    magnitude *= fabs(factor);
    double step = widest * fabs(factor) / levels / 32512;
    if (!(magnitude < AKIN_LARGEST_PART))
        return (akin_code_query){.bias = NAN, .reach = INFINITY};
    if (step < 1e-30)
        step = 0; // nothing but zeros, or next to it
    for (size_t d = 0; d < dimension; d++) {
        double weight = factor * x[d] * (double)range[d] / levels;
        int32_t number = step > 0 ? (int32_t)lrint(weight / step) : 0;
        int32_t low = (number + 128 & 255) - 128;
        bytes[d / 4 * 8 + 4 + d % 4] = (int8_t)low;
        bytes[d / 4 * 8 + d % 4] = (int8_t)((number - low) / 256);
        // The middle of the codes carries the mean of what rounding leaves.
        double left = weight - step * number;
        off += fabs(left);
        shift += left;
        total += fabs((double)number);
        bias += factor * x[d] * ((double)least[d] + (double)range[d] * 0.5 / levels);
    }
    bias += shift * levels / 2;
    double reach = magnitude + fabs(bias) + step * levels * (total + 256.0 * (double)dimension);
    double slack = off * levels / 2 + 0x1p-20 * reach;
    return (akin_code_query){
        .bias = (float)bias, .scale = (float)step, .slack = (float)(slack * (1 + 0x1p-20)), .reach = (float)reach};
}

void akin_pq_pack(const uint16_t *numbers, size_t m, unsigned bits, uint8_t *code) {
    uint64_t window = 0;
    unsigned held = 0;
    for (size_t s = 0; s < m; s++) {
        window |= (uint64_t)numbers[s] << held;
        for (held += bits; held >= 8; held -= 8, window >>= 8)
            *code++ = (uint8_t)window;
    }
    if (held)
        *code = (uint8_t)window;
}

void akin_pq_unpack(const uint8_t *code, size_t m, unsigned bits, uint16_t *numbers) {
    uint64_t window = 0;
    unsigned held = 0;
    for (size_t s = 0; s < m; s++) {
        for (; held < bits; held += 8)
            window |= (uint64_t)*code++ << held;
        numbers[s] = (uint16_t)(window & ((1u << bits) - 1));
        window >>= bits;
        held -= bits;
    }
}

uint16_t akin_narrow_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
    if ((rounded & 0x7fffffff) >= 0x7f800000)
        rounded = (bits & 0x80000000) | 0x7f7f0000;
    return (uint16_t)(rounded >> 16);
}

float akin_widen_bf16(uint16_t code) {
    uint32_t bits = (uint32_t)code << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

double akin_code_length(const float *x, size_t dimension) {
    double s[8] = {0};
    size_t d = 0;
    for (; d + 8 <= dimension; d += 8)
        for (int i = 0; i < 8; i++)
            s[i] += (double)x[d + i] * (double)x[d + i];
    for (; d < dimension; d++)
        s[d % 8] += (double)x[d] * (double)x[d];
    return sqrt(((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])));
}

float akin_code_norm(const float *r, size_t dimension) {
    double length = akin_code_length(r, dimension);
    return length < 1e18 ? (float)length : NAN;
}

akin_code_query akin_half_query(const float *x, size_t dimension, float factor, float *scaled) {
    for (size_t d = 0; d < dimension; d++)
        scaled[d] = factor * x[d];
    double length = fabs(factor) * akin_code_length(x, dimension);
    if (!(length < 1e18))
        return (akin_code_query){.bias = NAN, .reach = INFINITY};
    return (akin_code_query){.norm = (float)(length * (((double)dimension + 16) * 0x1p-23)), .slack = 1e-30f};
}

// The step of the uniform quantizer that codes a normal variable of variance 1 best, by bits.
static const double normal_step[10] = {0, 1.596, 0.9957, 0.5860, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308, 0.0166};

// The numbers of a grid whose step is 1 / inverse: their product with u, and their own square.
static double product_with_numbers(const float *u, size_t dimension, float inverse, int half, double *norm2) {
    float dot[8] = {0}, square[8] = {0}, most = (float)(2 * half) - 0.5f, middle = (float)half - 0.5f;
    for (size_t d = 0; d < dimension; d += 8) {
        float part[8] = {0};
        size_t some = dimension - d < 8 ? dimension - d : 8;
        memcpy(part, u + d, some * sizeof(float));
        for (size_t j = 0; j < 8; j++) {
            float place = part[j] * inverse + (float)half;
            place = place > 0 ? place : 0;
            place = place < most ? place : most;
            float number = (float)(int32_t)place - middle;
            dot[j] += number * part[j];
            square[j] += number * number;
        }
        // Components beyond the last count nothing but half a step.
        for (size_t j = some; j < 8; j++)
            square[j] -= 0.25f;
    }
    double total = 0, squares = 0;
    for (int j = 0; j < 8; j++)
        total += dot[j], squares += square[j];
    *norm2 = squares;
    return total;
}

akin_rabitq_code akin_rabitq_encode(const float *u, size_t dimension, unsigned bits, uint16_t *numbers) {
    double norm2 = 0, sum = 0, most = 0;
    for (size_t d = 0; d < dimension; d++) {
        double magnitude = fabs((double)u[d]);
        norm2 += magnitude * magnitude;
        sum += magnitude;
        most = magnitude > most ? magnitude : most;
    }
    int half = 1 << (bits - 1);
    akin_rabitq_code code = {.norm2 = (float)norm2};
    if (!(code.norm2 >= 1e-30f)) { // zeros, or too close to them for floats
        code.norm2 = 0;
        for (size_t d = 0; d < dimension; d++)
            numbers[d] = (uint16_t)half;
        return code;
    }
    double step = most, best = -1;
    if (bits > 1) {
        // The direction of the numbers should be near that of u: a few steps around the best of a normal variable,
        // and the one that covers all components.
        double deviation = sqrt(norm2 / (double)dimension);
        for (int i = 0; i <= 16; i++) {
            double candidate = i == 16 ? most / half : deviation * normal_step[bits] * (0.6 + 0.06 * i), square;
            double dot = product_with_numbers(u, dimension, (float)(1 / candidate), half, &square);
            if (dot * dot / square > best)
                best = dot * dot / square, step = candidate;
        }
    }
    double dot = 0;
    for (size_t d = 0; d < dimension; d++) {
        double number = floor(u[d] / step);
        number = number < -half ? -half : number;
        number = number > half - 1 ? half - 1 : number;
        numbers[d] = (uint16_t)((int)number + half);
        dot += (number + 0.5) * (double)u[d];
    }
    code.factor = (float)(norm2 / sum);
    code.fine_factor = (float)(norm2 / dot);
    return code;
}

static inline void put_word(const float *word, size_t dsub, float *x) {
    for (size_t d = 0; d < dsub; d++)
        x[d] = word[d];
}

void akin_nibbles_decode(const uint8_t *block, size_t v, const float *words, size_t m, size_t dsub, float *x) {
    for (size_t s = 0; s < m; s++) {
        size_t byte = block[s / 8 * 128 + 4 * v + s % 4], number = s % 8 < 4 ? byte & 15 : byte >> 4;
        put_word(words + (16 * s + number) * dsub, dsub, x + s * dsub);
    }
}

void akin_bytes_decode(const uint8_t *block, size_t v, const float *words, size_t m, size_t ksub, size_t dsub,
                       float *x) {
    const uint8_t *column = block + akin_column(v);
    for (size_t s = 0; s < m; s++)
        put_word(words + (ksub * s + column[64 * s]) * dsub, dsub, x + s * dsub);
}
