// Assignment with AVX-512 VNNI: integer dot products of 8-bit codes. Points are unsigned (code + 128), centroids
// signed; `start` takes 128 times their sum back out.
#include "assign_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,avx2"))),        \
                             apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

#include "assign_hits.inc"
#include "assign_avx512.inc"

void akin_assign_scan_dot8_vnni(const akin_centroids *centroids, size_t p, akin_seekers *seekers, const uint32_t *list,
                                size_t n, float *least) {
    size_t padded = centroids->padded;
    panel_view panel = view_centroids(centroids, p, centroids->codes + p * P * padded);
    const int8_t *rows = panel.data;
    uint32_t who[G];
    for (size_t first = 0; first < n; first += G) {
        size_t some = n - first < G ? n - first : G;
        __m256i these = tile_seekers(list + first, some);
        _mm256_storeu_si256((__m256i *)who, these);
        const uint8_t *x[G];
        UNROLL for (int i = 0; i < G; i++) x[i] = (const uint8_t *)seekers->points + seekers->stride * who[i];
        __m512i acc[G][3];
        UNROLL for (int i = 0; i < G; i++) UNROLL for (int j = 0; j < 3; j++) acc[i][j] =
            _mm512_loadu_si512(panel.start + 16 * j);
        for (size_t c = 0; c < padded; c += 4) {
            const int8_t *y = rows + c * P;
            __m512i y0 = _mm512_loadu_si512(y), y1 = _mm512_loadu_si512(y + 64), y2 = _mm512_loadu_si512(y + 128);
            UNROLL for (int i = 0; i < G; i++) {
                int32_t four;
                memcpy(&four, x[i] + c, 4);
                __m512i q = _mm512_set1_epi32(four);
                acc[i][0] = _mm512_dpbusd_epi32(acc[i][0], q, y0);
                acc[i][1] = _mm512_dpbusd_epi32(acc[i][1], q, y1);
                acc[i][2] = _mm512_dpbusd_epi32(acc[i][2], q, y2);
            }
        }
        __m512 w[3], b[3], value[G][3];
        UNROLL for (int j = 0; j < 3; j++) {
            w[j] = _mm512_loadu_ps(panel.w + 16 * j);
            b[j] = _mm512_loadu_ps(panel.b + 16 * j);
        }
        UNROLL for (int i = 0; i < G; i++) {
            __m512 scale = _mm512_set1_ps(seekers->scale[who[i]]);
            UNROLL for (int j = 0; j < 3; j++) value[i][j] =
                _mm512_fmadd_ps(_mm512_mul_ps(w[j], scale), _mm512_cvtepi32_ps(acc[i][j]), b[j]);
        }
        finish_tile(value, &panel, seekers, who, some, these, some == G && who[7] == who[0] + 7,
                    least ? least + first : NULL);
    }
}

#pragma clang attribute pop
#endif
