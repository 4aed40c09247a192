// AVX-512: 32 registers of 16 floats.
// Nothing in this file runs before the CPU was asked.
#include "transform_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))),                   \
                             apply_to = function)

#pragma clang fp contract(off)

enum { FLOATS = 16, DOUBLES = 8, ROWS = 12, GRAM_ROWS = 12 };
#define fma_f(a, b, c) (floats) _mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c))
#define fma_d(a, b, c) (doubles) _mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c))
#include "transform_common.inc"

const akin_transform_table akin_transform_avx512 = {.linear = linear, .gram = gram, .rotate = rotate};

#pragma clang attribute pop
#endif
