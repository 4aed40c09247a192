// AVX-512 VNNI: 64 products of bytes an instruction, four times the rate of floats. Tiles as in kernels_avx512.c.
// The queries' codes are unsigned (code + 128), the rows' signed; `start` takes 128 times their sum back out.
// Sums stay below 2^31 for dimensions up to 65,536: 255 * 128 * 65,536.
#include "kernels_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,avx2"))),        \
                             apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

#include "keep_avx512.inc"
#include "selection_common.inc"

// Bytes asked for ahead of use while the first group meets a panel; later groups find it in the cache.
enum { AHEAD = 16384 };

// The dot products of n queries of a group with one panel.
static inline __attribute__((always_inline)) void tile_dot8(const uint8_t *x, const int8_t *rows, const int32_t *start,
                                                            size_t padded, int n, bool ahead, __m512i acc[G][3]) {
    UNROLL for (int i = 0; i < n; i++) UNROLL for (int j = 0; j < 3; j++) acc[i][j] =
        _mm512_loadu_si512(start + 16 * j);
    for (size_t c = 0; c < padded; c += 4) {
        const int8_t *y = rows + c * P;
        __m512i y0 = _mm512_loadu_si512(y), y1 = _mm512_loadu_si512(y + 64), y2 = _mm512_loadu_si512(y + 128);
        if (ahead) {
            _mm_prefetch((const char *)y + AHEAD, _MM_HINT_T0);
            _mm_prefetch((const char *)y + AHEAD + 64, _MM_HINT_T0);
            _mm_prefetch((const char *)y + AHEAD + 128, _MM_HINT_T0);
        }
        UNROLL for (int i = 0; i < n; i++) {
            int32_t four;
            memcpy(&four, x + c * G + i * 4, 4);
            __m512i q = _mm512_set1_epi32(four);
            acc[i][0] = _mm512_dpbusd_epi32(acc[i][0], q, y0);
            acc[i][1] = _mm512_dpbusd_epi32(acc[i][1], q, y1);
            acc[i][2] = _mm512_dpbusd_epi32(acc[i][2], q, y2);
        }
    }
}

// n is a constant where this is called, so that all of the tile stays in registers. One comparison a query says
// whether any of its 48 rows is a hit; which ones is found out of line.
static inline __attribute__((always_inline)) void group_dot8(const panel_view *panel, akin_queries *queries, size_t g,
                                                             size_t padded, int n, bool ahead) {
    __m512i acc[G][3];
    float bounds[G];
    __mmask16 any = 0;
    tile_dot8((const uint8_t *)queries->packed + g * G * padded, panel->data, panel->start, padded, n, ahead, acc);
    tile_bounds(panel, queries, g, bounds);
    __m512 w[3], b[3];
    UNROLL for (int j = 0; j < 3; j++) {
        w[j] = _mm512_loadu_ps(panel->w + 16 * j);
        b[j] = _mm512_loadu_ps(panel->b + 16 * j);
    }
    UNROLL for (int i = 0; i < n; i++) {
        __m512 scale = _mm512_set1_ps(queries->scale[g * G + (size_t)i]), v[3];
        UNROLL for (int j = 0; j < 3; j++) {
            v[j] = _mm512_fmadd_ps(_mm512_mul_ps(w[j], scale), _mm512_cvtepi32_ps(acc[i][j]), b[j]);
            acc[i][j] = _mm512_castps_si512(v[j]);
        }
        __m512 least = _mm512_min_ps(_mm512_min_ps(v[0], v[1]), v[2]);
        any |= _mm512_cmp_ps_mask(least, _mm512_set1_ps(bounds[i]), _CMP_LE_OQ);
    }
    if (__builtin_expect(any != 0, 0)) {
        float values[G * P];
        UNROLL for (int i = 0; i < n; i++) UNROLL for (int j = 0; j < 3; j++)
            _mm512_storeu_si512(values + i * P + 16 * j, acc[i][j]);
        append_tile(queries, g, (size_t)n, values, bounds, panel);
    }
}

static inline __attribute__((always_inline)) void group_exact8(const panel_view *panel, akin_queries *queries, size_t g,
                                                               size_t padded, int n, bool ahead) {
    __m512i acc[G][3];
    __mmask16 any = 0;
    tile_dot8((const uint8_t *)queries->packed + g * G * padded, panel->data, panel->start, padded, n, ahead, acc);
    UNROLL for (int i = 0; i < n; i++) {
        __m512i bound = _mm512_set1_epi32(queries->bound8[g * G + (size_t)i]);
        __m512i greatest = _mm512_max_epi32(_mm512_max_epi32(acc[i][0], acc[i][1]), acc[i][2]);
        any |= _mm512_cmpge_epi32_mask(greatest, bound);
    }
    if (__builtin_expect(any != 0, 0)) {
        int32_t values[G * P];
        UNROLL for (int i = 0; i < n; i++) UNROLL for (int j = 0; j < 3; j++)
            _mm512_storeu_si512(values + i * P + 16 * j, acc[i][j]);
        append_exact8_tile(queries, g, (size_t)n, values, panel);
    }
}

#define PANEL(name)                                                                                                    \
    static void panel_##name(const panel_view *panel, akin_queries *queries, size_t padded) {                          \
        if (queries->count == 1) {                                                                                     \
            group_##name(panel, queries, 0, padded, 1, true);                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        group_##name(panel, queries, 0, padded, G, true);                                                              \
        for (size_t g = 1; g < queries->groups; g++)                                                                   \
            group_##name(panel, queries, g, padded, G, false);                                                         \
    }
PANEL(dot8)
PANEL(exact8)

#include "codes_common.inc"

void akin_nominate_dot8_vnni(const akin_panels *panels, size_t first, size_t last, akin_queries *queries,
                             size_t padded) {
    nominate_dot8(panels, first, last, queries, padded);
}

void akin_nominate_exact8_vnni(const akin_panels *panels, size_t first, size_t last, akin_queries *queries,
                               size_t padded) {
    nominate_exact8(panels, first, last, queries, padded);
}

#pragma clang attribute pop
#endif
