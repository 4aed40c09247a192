// Assignment with AVX-512: a tile of 8 points x 48 centroids stays in 24 registers.
// Nothing in this file runs before the CPU was asked.
#include "assign_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2"))),                   \
                             apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

#define SMALL_LANES 16
#include "assign_hits.inc"
#include "assign_common.inc"
#include "assign_avx512.inc"
#include "assign_table.inc"

static void scan_f32(const akin_centroids *centroids, size_t p, akin_seekers *seekers, const uint32_t *list, size_t n,
                     float *least) {
    size_t dimension = centroids->dimension;
    panel_view panel = view_centroids(centroids, p, centroids->floats + p * P * dimension);
    const float *rows = panel.data;
    uint32_t who[G];
    for (size_t first = 0; first < n; first += G) {
        size_t some = n - first < G ? n - first : G;
        __m256i these = tile_seekers(list + first, some);
        _mm256_storeu_si256((__m256i *)who, these);
        const float *x[G];
        UNROLL for (int i = 0; i < G; i++) x[i] =
            (const float *)((const char *)seekers->points + seekers->stride * who[i]);
        __m512 acc[G][3];
        UNROLL for (int i = 0; i < G; i++) UNROLL for (int j = 0; j < 3; j++) acc[i][j] = _mm512_setzero_ps();
        for (size_t c = 0; c < dimension; c++) {
            __m512 y0 = _mm512_loadu_ps(rows + c * P), y1 = _mm512_loadu_ps(rows + c * P + 16),
                   y2 = _mm512_loadu_ps(rows + c * P + 32);
            UNROLL for (int i = 0; i < G; i++) {
                __m512 q = _mm512_set1_ps(x[i][c]);
                acc[i][0] = _mm512_fmadd_ps(q, y0, acc[i][0]);
                acc[i][1] = _mm512_fmadd_ps(q, y1, acc[i][1]);
                acc[i][2] = _mm512_fmadd_ps(q, y2, acc[i][2]);
            }
        }
        UNROLL for (int i = 0; i < G; i++) UNROLL for (int j = 0; j < 3; j++) acc[i][j] =
            _mm512_fmadd_ps(_mm512_loadu_ps(panel.w + 16 * j), acc[i][j], _mm512_loadu_ps(panel.b + 16 * j));
        finish_tile(acc, &panel, seekers, who, some, these, some == G && who[7] == who[0] + 7,
                    least ? least + first : NULL);
    }
}

#define HAS_SCAN_F32
#include "assign_plain.inc"

const akin_assign_table akin_assign_avx512 = {ASSIGN_COMMON, .scan_f32 = scan_f32, .scan_dot8 = scan_dot8};

const akin_assign_table akin_assign_avx512_vnni = {ASSIGN_COMMON, .scan_f32 = scan_f32,
                                                   .scan_dot8 = akin_assign_scan_dot8_vnni};

#pragma clang attribute pop
#endif
