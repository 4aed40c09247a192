// AVX2 and FMA: 16 registers of 8 floats. A tile is done in four blocks of 4 queries x 24 rows.
// Nothing in this file runs before the CPU was asked.
#include "kernels_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

static inline double sum16(const __m256d *s) {
    __m256d a0 = _mm256_add_pd(s[0], s[2]), a1 = _mm256_add_pd(s[1], s[3]), b = _mm256_add_pd(a0, a1);
    __m128d c = _mm_add_pd(_mm256_castpd256_pd128(b), _mm256_extractf128_pd(b, 1));
    return _mm_cvtsd_f64(_mm_add_sd(c, _mm_unpackhi_pd(c, c)));
}

static double distance(const float *x, const float *y, size_t dimension) {
#pragma clang fp contract(off)
    __m256d s[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()};
    float tail[2][16] = {{0}};
    for (size_t c = 0; c < dimension; c += 16) {
        const float *a = x + c, *b = y + c;
        if (dimension - c < 16) {
            memcpy(tail[0], a, (dimension - c) * sizeof(float));
            memcpy(tail[1], b, (dimension - c) * sizeof(float));
            a = tail[0], b = tail[1];
        }
        UNROLL for (int i = 0; i < 4; i++) {
            __m256d d =
                _mm256_sub_pd(_mm256_cvtps_pd(_mm_loadu_ps(a + 4 * i)), _mm256_cvtps_pd(_mm_loadu_ps(b + 4 * i)));
            s[i] = _mm256_add_pd(s[i], _mm256_mul_pd(d, d));
        }
    }
    return sum16(s);
}

static double product(const float *x, const float *y, size_t dimension) {
    __m256d s[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()};
    float tail[2][16] = {{0}};
    for (size_t c = 0; c < dimension; c += 16) {
        const float *a = x + c, *b = y + c;
        if (dimension - c < 16) {
            memcpy(tail[0], a, (dimension - c) * sizeof(float));
            memcpy(tail[1], b, (dimension - c) * sizeof(float));
            a = tail[0], b = tail[1];
        }
        UNROLL for (int i = 0; i < 4; i++) // products of floats are exact in doubles
            s[i] = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(a + 4 * i)), _mm256_cvtps_pd(_mm_loadu_ps(b + 4 * i)),
                                   s[i]);
    }
    return sum16(s);
}

// 4 queries x 24 rows: 12 accumulators, 3 rows of the panel, 1 query.
static inline void block_f32(const float *queries, const float *panel, size_t dimension, float *dots) {
    __m256 acc[4][3];
    UNROLL for (int i = 0; i < 4; i++) UNROLL for (int j = 0; j < 3; j++) acc[i][j] = _mm256_setzero_ps();
    for (size_t c = 0; c < dimension; c++) {
        __m256 y0 = _mm256_loadu_ps(panel + c * P), y1 = _mm256_loadu_ps(panel + c * P + 8),
               y2 = _mm256_loadu_ps(panel + c * P + 16);
        UNROLL for (int i = 0; i < 4; i++) {
            __m256 q = _mm256_broadcast_ss(queries + c * G + i);
            acc[i][0] = _mm256_fmadd_ps(q, y0, acc[i][0]);
            acc[i][1] = _mm256_fmadd_ps(q, y1, acc[i][1]);
            acc[i][2] = _mm256_fmadd_ps(q, y2, acc[i][2]);
        }
    }
    UNROLL for (int i = 0; i < 4; i++) UNROLL for (int j = 0; j < 3; j++)
        _mm256_storeu_ps(dots + i * P + 8 * j, acc[i][j]);
}

static void tile_f32(const float *queries, const float *panel, size_t dimension, float *dots) {
    for (size_t j = 0; j < P; j += 24)
        for (size_t i = 0; i < G; i += 4)
            block_f32(queries + i, panel + j, dimension, dots + i * P + j);
}

static inline float sum8(__m256 v) {
    __m128 a = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    a = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
}

// 4 queries x 2 rows along the components; fewer repeat the last.
static void row_values(const float *rows, size_t stride, size_t n, const float *queries, size_t count, size_t dimension,
                       bool difference, float *values) {
    size_t whole = dimension / 8 * 8;
    for (size_t j = 0; j < n; j += 2) {
        const float *y[2] = {rows + j * stride, rows + (j + 1 < n ? j + 1 : j) * stride};
        for (size_t i = 0; i < count; i += 4) {
            const float *x[4];
            for (size_t q = 0; q < 4; q++)
                x[q] = queries + (i + q < count ? i + q : count - 1) * dimension;
            __m256 acc[4][2];
            UNROLL for (int q = 0; q < 4; q++) acc[q][0] = acc[q][1] = _mm256_setzero_ps();
            for (size_t c = 0; c < whole; c += 8) {
                __m256 b0 = _mm256_loadu_ps(y[0] + c), b1 = _mm256_loadu_ps(y[1] + c);
                UNROLL for (int q = 0; q < 4; q++) {
                    __m256 a = _mm256_loadu_ps(x[q] + c);
                    __m256 u0 = difference ? _mm256_sub_ps(a, b0) : a, u1 = difference ? _mm256_sub_ps(a, b1) : a;
                    acc[q][0] = _mm256_fmadd_ps(u0, difference ? u0 : b0, acc[q][0]);
                    acc[q][1] = _mm256_fmadd_ps(u1, difference ? u1 : b1, acc[q][1]);
                }
            }
            for (size_t q = 0; q < 4 && i + q < count; q++)
                for (size_t r = 0; r < 2 && j + r < n; r++) {
                    float s = sum8(acc[q][r]);
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

const akin_kernel_table akin_table_avx2 = {
    .level = AKIN_SIMD_AVX2,
    .name = "avx2",
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

#pragma clang attribute pop
#endif
