// The join with AVX-512 VNNI: 64 products of bytes an instruction. Of a tile's 24 registers of sums, three comparisons
// of columns and eight of rows tell whether any pair is a hit; only then are they written out.
#include "join_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,avx2"))),        \
                             apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

static inline __attribute__((always_inline)) bool join_tile(const uint8_t *const *rows, const int32_t *halves,
                                                            const int32_t *row_needs, const int8_t *panel,
                                                            const int32_t *start, const int32_t *column_needs,
                                                            size_t padded, int32_t *worths) {
    __m512i acc[G][3];
    const uint8_t *x[G];
    UNROLL for (int i = 0; i < G; i++) {
        x[i] = rows[i];
        __m512i half = _mm512_set1_epi32(halves[i]);
        UNROLL for (int j = 0; j < 3; j++) acc[i][j] = _mm512_sub_epi32(_mm512_loadu_si512(start + 16 * j), half);
    }
    for (size_t c = 0; c < padded; c += 4) {
        const int8_t *y = panel + c * P;
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
    __m512i most[3] = {acc[0][0], acc[0][1], acc[0][2]};
    __mmask16 any = 0;
    UNROLL for (int i = 0; i < G; i++) {
        __m512i greatest = _mm512_max_epi32(_mm512_max_epi32(acc[i][0], acc[i][1]), acc[i][2]);
        any |= _mm512_cmpge_epi32_mask(greatest, _mm512_set1_epi32(row_needs[i]));
        if (i > 0)
            UNROLL for (int j = 0; j < 3; j++) most[j] = _mm512_max_epi32(most[j], acc[i][j]);
    }
    UNROLL for (int j = 0; j < 3; j++) any |=
        _mm512_cmpge_epi32_mask(most[j], _mm512_loadu_si512(column_needs + 16 * j));
    if (__builtin_expect(any == 0, 1))
        return false;
    UNROLL for (int i = 0; i < G; i++) UNROLL for (int j = 0; j < 3; j++)
        _mm512_storeu_si512(worths + i * P + 16 * j, acc[i][j]);
    return true;
}

#include "join_common.inc"

const akin_join_table akin_join_avx512_vnni = {.join = join};

#pragma clang attribute pop
#endif
