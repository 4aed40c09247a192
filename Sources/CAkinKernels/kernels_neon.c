// NEON: 32 registers of 4 floats. A tile is done in four blocks of 8 queries x 12 rows.
#include "kernels_internal.h"
#if defined(__aarch64__)
#include <arm_neon.h>

#define UNROLL _Pragma("clang loop unroll(full)")

static inline double sum16(const float64x2_t *s) {
    float64x2_t a[4], b[2];
    for (int i = 0; i < 4; i++)
        a[i] = vaddq_f64(s[i], s[i + 4]);
    for (int i = 0; i < 2; i++)
        b[i] = vaddq_f64(a[i], a[i + 2]);
    float64x2_t c = vaddq_f64(b[0], b[1]);
    return vgetq_lane_f64(c, 0) + vgetq_lane_f64(c, 1);
}

static double distance(const float *x, const float *y, size_t dimension) {
#pragma clang fp contract(off)
    float64x2_t s[8];
    float tail[2][16] = {{0}};
    UNROLL for (int i = 0; i < 8; i++) s[i] = vdupq_n_f64(0);
    for (size_t c = 0; c < dimension; c += 16) {
        const float *a = x + c, *b = y + c;
        if (dimension - c < 16) {
            memcpy(tail[0], a, (dimension - c) * sizeof(float));
            memcpy(tail[1], b, (dimension - c) * sizeof(float));
            a = tail[0], b = tail[1];
        }
        UNROLL for (int i = 0; i < 8; i++) {
            float64x2_t d = vsubq_f64(vcvt_f64_f32(vld1_f32(a + 2 * i)), vcvt_f64_f32(vld1_f32(b + 2 * i)));
            s[i] = vaddq_f64(s[i], vmulq_f64(d, d));
        }
    }
    return sum16(s);
}

static double product(const float *x, const float *y, size_t dimension) {
    float64x2_t s[8];
    float tail[2][16] = {{0}};
    UNROLL for (int i = 0; i < 8; i++) s[i] = vdupq_n_f64(0);
    for (size_t c = 0; c < dimension; c += 16) {
        const float *a = x + c, *b = y + c;
        if (dimension - c < 16) {
            memcpy(tail[0], a, (dimension - c) * sizeof(float));
            memcpy(tail[1], b, (dimension - c) * sizeof(float));
            a = tail[0], b = tail[1];
        }
        UNROLL for (int i = 0; i < 8; i++) // products of floats are exact in doubles
            s[i] = vfmaq_f64(s[i], vcvt_f64_f32(vld1_f32(a + 2 * i)), vcvt_f64_f32(vld1_f32(b + 2 * i)));
    }
    return sum16(s);
}

static void tile_f32(const float *queries, const float *panel, size_t dimension, float *dots) {
    for (size_t j = 0; j < P; j += 12) {
        float32x4_t acc[G][3];
        UNROLL for (int i = 0; i < G; i++) UNROLL for (int v = 0; v < 3; v++) acc[i][v] = vdupq_n_f32(0);
        for (size_t c = 0; c < dimension; c++) {
            const float *y = panel + c * P + j;
            float32x4_t y0 = vld1q_f32(y), y1 = vld1q_f32(y + 4), y2 = vld1q_f32(y + 8);
            UNROLL for (int i = 0; i < G; i++) {
                float32x4_t q = vld1q_dup_f32(queries + c * G + i);
                acc[i][0] = vfmaq_f32(acc[i][0], q, y0);
                acc[i][1] = vfmaq_f32(acc[i][1], q, y1);
                acc[i][2] = vfmaq_f32(acc[i][2], q, y2);
            }
        }
        UNROLL for (int i = 0; i < G; i++) UNROLL for (int v = 0; v < 3; v++)
            vst1q_f32(dots + i * P + j + 4 * v, acc[i][v]);
    }
}

// 4 queries x 2 rows along the components; fewer repeat the last.
static void row_values(const float *rows, size_t stride, size_t n, const float *queries, size_t count, size_t dimension,
                       bool difference, float *values) {
    size_t whole = dimension / 4 * 4;
    for (size_t j = 0; j < n; j += 2) {
        const float *y[2] = {rows + j * stride, rows + (j + 1 < n ? j + 1 : j) * stride};
        for (size_t i = 0; i < count; i += 4) {
            const float *x[4];
            for (size_t q = 0; q < 4; q++)
                x[q] = queries + (i + q < count ? i + q : count - 1) * dimension;
            float32x4_t acc[4][2];
            UNROLL for (int q = 0; q < 4; q++) acc[q][0] = acc[q][1] = vdupq_n_f32(0);
            for (size_t c = 0; c < whole; c += 4) {
                float32x4_t b0 = vld1q_f32(y[0] + c), b1 = vld1q_f32(y[1] + c);
                UNROLL for (int q = 0; q < 4; q++) {
                    float32x4_t a = vld1q_f32(x[q] + c);
                    float32x4_t u0 = difference ? vsubq_f32(a, b0) : a, u1 = difference ? vsubq_f32(a, b1) : a;
                    acc[q][0] = vfmaq_f32(acc[q][0], u0, difference ? u0 : b0);
                    acc[q][1] = vfmaq_f32(acc[q][1], u1, difference ? u1 : b1);
                }
            }
            for (size_t q = 0; q < 4 && i + q < count; q++)
                for (size_t r = 0; r < 2 && j + r < n; r++) {
                    float s = vaddvq_f32(acc[q][r]);
                    for (size_t c = whole; c < dimension; c++) {
                        float a = x[q][c], b = y[r][c];
                        s += difference ? (a - b) * (a - b) : a * b;
                    }
                    values[(i + q) * P + j + r] = s;
                }
        }
    }
}

#include "selection_common.inc"
#include "tiles_common.inc"
#include "panels_common.inc"
#include "dot8_scalar.inc"
#include "codes_common.inc"
#include "rows_common.inc"

const akin_kernel_table akin_table_neon = {
    .level = AKIN_SIMD_NEON,
    .name = "neon",
    .has_dot8 = false,
    .distance = distance,
    .product = product,
    .nominate_f32 = nominate_f32,
    .nominate_dot8 = nominate_dot8,
    .nominate_exact8 = nominate_exact8,
    .nominate_difference = nominate_difference,
    .nominate_product = nominate_product,
    .compact = compact,
    .make_room = make_room,
};
#endif
