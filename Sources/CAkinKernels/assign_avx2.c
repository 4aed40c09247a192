// Assignment with AVX2 and FMA: a tile is done in four blocks of 4 points x 24 centroids.
// Nothing in this file runs before the CPU was asked.
#include "assign_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

#define SMALL_LANES 8
#include "assign_hits.inc"
#include "assign_common.inc"
#include "assign_table.inc"

static inline void seek_block(const float *const *x, const float *panel, size_t dimension, float *dots) {
    __m256 acc[4][3];
    UNROLL for (int i = 0; i < 4; i++) UNROLL for (int j = 0; j < 3; j++) acc[i][j] = _mm256_setzero_ps();
    for (size_t c = 0; c < dimension; c++) {
        __m256 y0 = _mm256_loadu_ps(panel + c * P), y1 = _mm256_loadu_ps(panel + c * P + 8),
               y2 = _mm256_loadu_ps(panel + c * P + 16);
        UNROLL for (int i = 0; i < 4; i++) {
            __m256 q = _mm256_broadcast_ss(x[i] + c);
            acc[i][0] = _mm256_fmadd_ps(q, y0, acc[i][0]);
            acc[i][1] = _mm256_fmadd_ps(q, y1, acc[i][1]);
            acc[i][2] = _mm256_fmadd_ps(q, y2, acc[i][2]);
        }
    }
    UNROLL for (int i = 0; i < 4; i++) UNROLL for (int j = 0; j < 3; j++)
        _mm256_storeu_ps(dots + i * P + 8 * j, acc[i][j]);
}

static void seek_f32(const float *const *points, const float *panel, size_t dimension, float *dots) {
    for (size_t j = 0; j < P; j += 24)
        for (size_t i = 0; i < G; i += 4)
            seek_block(points + i, panel + j, dimension, dots + i * P + j);
}

#include "assign_plain.inc"

const akin_assign_table akin_assign_avx2 = {ASSIGN_COMMON, .scan_f32 = scan_f32, .scan_dot8 = scan_dot8};

#pragma clang attribute pop
#endif
