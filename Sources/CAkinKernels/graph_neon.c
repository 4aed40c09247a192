// NEON: 32 registers of 16 bytes.
// Nothing in this file runs before the CPU was asked.
#include "graph_internal.h"
#if defined(__aarch64__)
#include <arm_neon.h>
#pragma clang fp contract(off)

#define UNROLL _Pragma("clang loop unroll(full)")

static inline float fold_floats(float32x4_t *s) {
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            s[i] = vaddq_f32(s[i], s[i + half]);
    float32x2_t pair = vadd_f32(vget_low_f32(s[0]), vget_high_f32(s[0]));
    return vget_lane_f32(pair, 0) + vget_lane_f32(pair, 1);
}

static inline float32x4_t add_square(float32x4_t sum, float32x4_t x, float32x4_t y) {
    float32x4_t difference = vsubq_f32(x, y);
    return vfmaq_f32(sum, difference, difference);
}

static inline float32x4_t halves(const uint8_t *at) {
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(at)));
}

static inline float32x4_t bfloats(const uint8_t *at) {
    return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(at)), 16));
}

static inline float32x4_t small(const uint8_t *at) {
    uint32_t four;
    memcpy(&four, at, 4);
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(four)))));
}

static inline float32x4_t floats(const uint8_t *at) {
    return vreinterpretq_f32_u8(vld1q_u8(at));
}

#define ONE_FLOATS(kind, bytes, load)                                                                                  \
    static inline float one_##kind(const void *query, const uint8_t *row, size_t width) {                              \
        const float *x = query;                                                                                        \
        float32x4_t s[16];                                                                                             \
        UNROLL for (int j = 0; j < 16; j++) s[j] = vdupq_n_f32(0);                                                     \
        size_t count = width / bytes, i = 0;                                                                           \
        for (; i + 64 <= count; i += 64)                                                                               \
            UNROLL for (int j = 0; j < 16; j++) s[j] =                                                                 \
                add_square(s[j], vld1q_f32(x + i + 4 * j), load(row + (i + 4 * (size_t)j) * bytes));                   \
        UNROLL for (int j = 0; j < 16; j++, i += 4) if (i < count) s[j] =                                              \
            add_square(s[j], vld1q_f32(x + i), load(row + i * bytes));                                                 \
        return fold_floats(s);                                                                                         \
    }

ONE_FLOATS(f32, 4, floats)
ONE_FLOATS(fp16, 2, halves)
ONE_FLOATS(bf16, 2, bfloats)
ONE_FLOATS(u8f, 1, small)

// Squares of bytes fit 16 bits.
static inline uint32x4_t add_squares(uint32x4_t sums, uint8x16_t d) {
    sums = vpadalq_u16(sums, vmull_u8(vget_low_u8(d), vget_low_u8(d)));
    return vpadalq_u16(sums, vmull_high_u8(d, d));
}

static inline float one_u8(const void *query, const uint8_t *row, size_t width) {
    const uint8_t *x = query;
    uint32x4_t sums[2] = {vdupq_n_u32(0), vdupq_n_u32(0)};
    for (size_t at = 0; at < width; at += 32)
        UNROLL for (size_t h = 0; h < 2; h++) sums[h] =
            add_squares(sums[h], vabdq_u8(vld1q_u8(x + at + 16 * h), vld1q_u8(row + at + 16 * h)));
    return (float)vaddvq_u32(vaddq_u32(sums[0], sums[1]));
}

static inline uint32x4_t add_nibbles(uint32x4_t sums, const int8_t *lower, const int8_t *upper, const uint8_t *row) {
    uint8x16_t codes = vld1q_u8(row), mask = vdupq_n_u8(0x78);
    int8x16_t l = vreinterpretq_s8_u8(vandq_u8(vshlq_n_u8(codes, 3), mask));
    int8x16_t u = vreinterpretq_s8_u8(vandq_u8(vshrq_n_u8(codes, 1), mask));
    sums = add_squares(sums, vreinterpretq_u8_s8(vabdq_s8(vld1q_s8(lower), l)));
    return add_squares(sums, vreinterpretq_u8_s8(vabdq_s8(vld1q_s8(upper), u)));
}

static inline float one_u4(const void *query, const uint8_t *row, size_t width) {
    const int8_t *x = query;
    uint32x4_t sums = vdupq_n_u32(0);
    for (size_t at = 0; at < width; at += 64) {
        size_t half = width - at < 64 ? 32 : 64;
        for (size_t i = 0; i < half; i += 16)
            sums = add_nibbles(sums, x + 2 * at + i, x + 2 * at + half + i, row + at + i);
    }
    return (float)vaddvq_u32(sums);
}

#include "graph_common.inc"
#include "graph_walk.inc"

const akin_graph_table akin_graph_neon = GRAPH_TABLE;

#endif
