// AVX2 and FMA: 16 registers of 8 floats.
// Nothing in this file runs before the CPU was asked.
#include "transform_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#pragma clang fp contract(off)

enum { FLOATS = 8, DOUBLES = 4, ROWS = 3, GRAM_ROWS = 4 };
#define fma_f(a, b, c) (floats) _mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c))
#define fma_d(a, b, c) (doubles) _mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c))
#include "transform_common.inc"

const akin_transform_table akin_transform_avx2 = {.linear = linear, .gram = gram, .rotate = rotate};

#pragma clang attribute pop
#endif
