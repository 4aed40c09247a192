// AVX-512 with VNNI, which multiplies unsigned by signed bytes.
// Nothing in this file runs before the CPU was asked.
#include "graph_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"))),        \
                             apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

static inline __m512i add_squares_u8(__m512i sums, __m512i d) {
    __m512i even = _mm512_and_si512(d, _mm512_set1_epi16(255)), odd = _mm512_srli_epi16(d, 8);
    return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sums, even, even), odd, odd);
}

static inline __m512i add_squares_u4(__m512i sums, __m512i d) {
    return _mm512_dpbusd_epi32(sums, d, d);
}

#include "graph_avx512.inc"
#include "graph_common.inc"
#include "graph_walk.inc"

const akin_graph_table akin_graph_avx512_vnni = GRAPH_TABLE;

#pragma clang attribute pop
#endif
