// NEON: 32 registers of 4 floats.
// Nothing in this file runs before the CPU was asked.
#include "transform_internal.h"
#if defined(__aarch64__)
#include <arm_neon.h>

#pragma clang fp contract(off)

enum { FLOATS = 4, DOUBLES = 2, ROWS = 3, GRAM_ROWS = 6 };
#define fma_f(a, b, c) (floats) vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b))
#define fma_d(a, b, c) (doubles) vfmaq_f64((float64x2_t)(c), (float64x2_t)(a), (float64x2_t)(b))
#include "transform_common.inc"

const akin_transform_table akin_transform_neon = {.linear = linear, .gram = gram, .rotate = rotate};

#endif
