// What is measured of each row once, when an index is built: in doubles, the same at every level.
#include "kernels_internal.h"

akin_row_stats akin_row_measure(const float *y, size_t dimension, double sigma, const float *center) {
    double norm2[8] = {0}, scaled[8] = {0}, along[8] = {0}, largest[8] = {0};
    for (size_t c = 0; c < dimension; c += 8)
        for (size_t i = 0; i < 8 && c + i < dimension; i++) {
            double v = (double)y[c + i] * sigma, m = center[c + i], r = v - m;
            norm2[i] += r * r;
            scaled[i] += v * v;
            along[i] += m * r;
            double a = fabs(r);
            if (a > largest[i])
                largest[i] = a;
        }
    akin_row_stats stats = {0};
    for (int i = 0; i < 8; i++) {
        stats.norm2 += norm2[i];
        stats.scaled_norm2 += scaled[i];
        stats.center_dot += along[i];
        if (largest[i] > stats.largest)
            stats.largest = largest[i];
    }
    return stats;
}

akin_code_stats akin_row_encode(const float *y, size_t dimension, double sigma, const float *center, double scale,
                                int8_t *codes) {
    double inverse = scale > 0 ? 1 / scale : 0, error2 = 0;
    int32_t sum = 0;
    int64_t squares = 0;
    for (size_t c = 0; c < dimension; c++) {
        double r = (double)y[c] * sigma - (double)center[c];
        double nearest = r * inverse + 0x1.8p52 - 0x1.8p52; // rounds to a whole number, and vectorises
        nearest = nearest < -128 ? -128 : nearest > 127 ? 127 : nearest;
        double left = r - scale * nearest;
        error2 += left * left;
        int32_t code = (int32_t)nearest;
        sum += code;
        squares += code * code;
        codes[c] = (int8_t)code;
    }
    memset(codes + dimension, 0, (4 - dimension % 4) % 4);
    return (akin_code_stats){.sum = sum, .norm2 = scale * scale * (double)squares, .error2 = error2};
}

void akin_panel_put_codes(const int8_t *codes, size_t padded, size_t column, int8_t *panel) {
    for (size_t c = 0; c < padded; c += 4)
        memcpy(panel + c * P + column * 4, codes + c, 4);
}

void akin_add_rows(const float *rows, size_t count, size_t dimension, const float *sigma, double *sums) {
    for (size_t r = 0; r < count; r++) {
        const float *y = rows + r * dimension;
        double s = sigma[r];
        for (size_t c = 0; c < dimension; c++)
            sums[c] += y[c] * s;
    }
}

void akin_group_put_floats(const float *x, size_t dimension, size_t column, float *group) {
    for (size_t c = 0; c < dimension; c++)
        group[c * G + column] = x[c];
}

void akin_group_put_codes(const int8_t *codes, size_t padded, size_t column, uint8_t *group) {
    for (size_t c = 0; c < padded; c++)
        group[c / 4 * 4 * G + column * 4 + c % 4] = (uint8_t)(codes[c] + 128);
}

void akin_exact_many(const akin_kernel_table *table, bool product, const float *x, const float *data, size_t dimension,
                     const uint32_t *rows, size_t count, double *keys) {
    double (*key)(const float *, const float *, size_t) = product ? table->product : table->distance;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count) { // the rows lie anywhere in memory: ask for the next while this one is summed
            const char *next = (const char *)(data + (size_t)rows[i + 1] * dimension);
            size_t bytes = dimension * sizeof(float);
            for (size_t b = 0; b < bytes; b += 64)
                __builtin_prefetch(next + b);
        }
        keys[i] = key(x, data + (size_t)rows[i] * dimension, dimension);
    }
}

void akin_exact_scattered(const akin_kernel_table *table, bool product, const float *x, const float *const *rows,
                          size_t dimension, size_t count, double *keys) {
    enum { AHEAD = 4 }; // rows asked for while one is summed: memory answers several requests at a time
    double (*key)(const float *, const float *, size_t) = product ? table->product : table->distance;
    size_t bytes = dimension * sizeof(float);
    for (size_t i = 0; i < count + AHEAD; i++) {
        if (i < count)
            for (size_t b = 0; b < bytes; b += 64)
                __builtin_prefetch((const char *)rows[i] + b);
        if (i >= AHEAD)
            keys[i - AHEAD] = key(x, rows[i - AHEAD], dimension);
    }
}

size_t akin_first_not_finite(const float *x, size_t count) {
    for (size_t start = 0; start < count; start += 4096) {
        size_t n = count - start < 4096 ? count - start : 4096;
        uint32_t bad = 0;
        for (size_t i = 0; i < n; i++) {
            uint32_t bits;
            memcpy(&bits, x + start + i, 4);
            bad |= (bits & 0x7f800000u) == 0x7f800000u;
        }
        if (bad)
            for (size_t i = 0; i < n; i++)
                if (!isfinite(x[start + i]))
                    return start + i;
    }
    return count;
}

bool akin_whole_numbers(const float *x, size_t count, float *least, float *greatest) {
    float low = INFINITY, high = -INFINITY;
    for (size_t start = 0; start < count; start += 4096) {
        size_t n = count - start < 4096 ? count - start : 4096;
        uint32_t broken = 0;
        for (size_t i = 0; i < n; i++) {
            float v = x[start + i];
            float inside = v < -0x1p23f ? 0.5f : v > 0x1p23f ? 0.5f : v; // larger ones do not count as whole
            broken |= (float)(int32_t)inside != v;
            low = v < low ? v : low;
            high = v > high ? v : high;
        }
        if (broken)
            return false;
    }
    *least = low;
    *greatest = high;
    return true;
}

float akin_largest_magnitude(const float *x, size_t count) {
    enum { LANES = 16 }; // maxima that do not wait for each other
    float largest[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t j = 0; j < LANES; j++) {
            float a = fabsf(x[i + j]);
            largest[j] = a > largest[j] ? a : largest[j];
        }
    for (; i < count; i++)
        largest[0] = fabsf(x[i]) > largest[0] ? fabsf(x[i]) : largest[0];
    for (size_t j = 1; j < LANES; j++)
        largest[0] = largest[j] > largest[0] ? largest[j] : largest[0];
    return largest[0];
}
