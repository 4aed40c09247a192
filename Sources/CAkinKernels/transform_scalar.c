// The plain reading of the formulas, and the reference for the other levels.
#include "transform_internal.h"

#pragma clang fp contract(off)

// Where the CPU has no fused multiply-add of its own the C library computes one, slowly and with the same result.
static inline float fma_f(float a, float b, float c) {
    return fmaf(a, b, c);
}
static inline double fma_d(double a, double b, double c) {
    return fma(a, b, c);
}

static void linear(const float *x, size_t rows, size_t in, const float *packed, const float *bias, size_t out,
                   float *y) {
    enum { PANEL = AKIN_TRANSFORM_PANEL };
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < out; o++) {
            const float *column = packed + o / PANEL * PANEL * in + o % PANEL;
            float sum = bias[o];
            for (size_t i = 0; i < in; i++)
                sum = fma_f(column[i * PANEL], x[r * in + i], sum);
            y[r * out + o] = sum;
        }
}

static void gram(const double *x, size_t dx, const double *y, size_t dy, size_t rows, size_t first, size_t last,
                 double *c) {
    for (size_t i = first; i < last; i++)
        for (size_t j = 0; j < dy; j++)
            for (size_t r = 0; r < rows; r++)
                c[i * dy + j] = fma_d(x[r * dx + i], y[r * dy + j], c[i * dy + j]);
}

static void hadamard(float *x, size_t count) {
    for (size_t h = 1; h < count; h *= 2)
        for (size_t i = 0; i < count; i += 2 * h)
            for (size_t j = i; j < i + h; j++) {
                float a = x[j], b = x[j + h];
                x[j] = a + b;
                x[j + h] = a - b;
            }
    float scale = 1.0f / sqrtf((float)count);
    for (size_t i = 0; i < count; i++)
        x[i] *= scale;
}

static void pairs(float *x, size_t dimension) {
    size_t half = dimension / 2;
    for (size_t i = 0; i < half; i++) {
        float a = x[i], b = x[dimension - half + i], sum = a + b, difference = a - b;
        x[i] = sum * 0.70710678f;
        x[dimension - half + i] = difference * 0.70710678f;
    }
}

static void rotate(const float *x, size_t rows, size_t dimension, const float *signs, size_t rounds, bool reverse,
                   float *y, float *scratch) {
    size_t power = 1;
    while (power * 2 <= dimension)
        power *= 2;
    for (size_t r = 0; r < rows; r++) {
        memcpy(scratch, x + r * dimension, dimension * sizeof(float));
        for (size_t k = 0; k < rounds; k++) {
            const float *round = signs + (reverse ? rounds - 1 - k : k) * dimension;
            if (!reverse)
                for (size_t c = 0; c < dimension; c++)
                    scratch[c] *= round[c];
            if (reverse && power != dimension) {
                pairs(scratch, dimension);
                hadamard(scratch + dimension - power, power);
            }
            hadamard(scratch, power);
            if (!reverse && power != dimension) {
                hadamard(scratch + dimension - power, power);
                pairs(scratch, dimension);
            }
            if (reverse)
                for (size_t c = 0; c < dimension; c++)
                    scratch[c] *= round[c];
        }
        memcpy(y + r * dimension, scratch, dimension * sizeof(float));
    }
}

const akin_transform_table akin_transform_scalar = {.linear = linear, .gram = gram, .rotate = rotate};
