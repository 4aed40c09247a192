// The plain reading of the formulas, and the reference for the other levels.
#include "graph_internal.h"

#pragma clang fp contract(off)

static float fold(float *sums) {
    for (size_t half = 32; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            sums[i] += sums[i + half];
    return sums[0];
}

static inline void add_square(float *sum, float difference) {
    *sum = fmaf(difference, difference, *sum);
}

static float widen_fp16(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff, bits;
    float value;
    if (exponent == 0) {
        value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    bits = sign | (exponent == 31 ? 255u : exponent + 112u) << 23 | fraction << 13;
    memcpy(&value, &bits, 4);
    return value;
}

static inline float one_f32(const void *query, const uint8_t *row, size_t width) {
    float sums[64] = {0};
    for (size_t i = 0; i < width / 4; i++)
        add_square(&sums[i % 64], ((const float *)query)[i] - ((const float *)row)[i]);
    return fold(sums);
}

static inline float one_fp16(const void *query, const uint8_t *row, size_t width) {
    float sums[64] = {0};
    for (size_t i = 0; i < width / 2; i++)
        add_square(&sums[i % 64], ((const float *)query)[i] - widen_fp16(((const uint16_t *)row)[i]));
    return fold(sums);
}

static inline float one_bf16(const void *query, const uint8_t *row, size_t width) {
    float sums[64] = {0};
    for (size_t i = 0; i < width / 2; i++) {
        uint32_t bits = (uint32_t)((const uint16_t *)row)[i] << 16;
        float value;
        memcpy(&value, &bits, 4);
        add_square(&sums[i % 64], ((const float *)query)[i] - value);
    }
    return fold(sums);
}

static inline float one_u8f(const void *query, const uint8_t *row, size_t width) {
    float sums[64] = {0};
    for (size_t i = 0; i < width; i++)
        add_square(&sums[i % 64], ((const float *)query)[i] - (float)row[i]);
    return fold(sums);
}

static inline float one_u8(const void *query, const uint8_t *row, size_t width) {
    uint32_t sum = 0;
    for (size_t i = 0; i < width; i++) {
        int32_t difference = (int32_t)((const uint8_t *)query)[i] - row[i];
        sum += (uint32_t)(difference * difference);
    }
    return (float)sum;
}

static inline float one_u4(const void *query, const uint8_t *row, size_t width) {
    const int8_t *x = query;
    uint32_t sum = 0;
    for (size_t at = 0; at < width; at += 64) {
        size_t half = width - at < 64 ? 32 : 64;
        for (size_t i = 0; i < half; i++) {
            int32_t lower = x[2 * at + i] - 8 * (row[at + i] & 15);
            int32_t upper = x[2 * at + half + i] - 8 * (row[at + i] >> 4);
            sum += (uint32_t)(lower * lower + upper * upper);
        }
    }
    return (float)sum;
}

#include "graph_common.inc"
#include "graph_walk.inc"

const akin_graph_table akin_graph_scalar = GRAPH_TABLE;
