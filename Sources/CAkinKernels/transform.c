// Chooses the transform kernels of a level, and packs matrices for them.
#include "transform_internal.h"

const akin_transform_table *akin_transform_at(akin_simd_level level) {
    if (!akin_kernels_at(level))
        return NULL;
    switch (level) {
    case AKIN_SIMD_SCALAR:
        return &akin_transform_scalar;
#if defined(__x86_64__)
    case AKIN_SIMD_AVX2:
        return &akin_transform_avx2;
    case AKIN_SIMD_AVX512:
        return &akin_transform_avx512;
#endif
#if defined(__aarch64__)
    case AKIN_SIMD_NEON:
        return &akin_transform_neon;
#endif
    default:
        return NULL;
    }
}

void akin_transform_pack(const float *matrix, size_t out, size_t in, float *packed) {
    enum { PANEL = AKIN_TRANSFORM_PANEL };
    for (size_t first = 0; first < out; first += PANEL)
        for (size_t i = 0; i < in; i++)
            for (size_t k = 0; k < PANEL; k++)
                packed[(first * in) + i * PANEL + k] = first + k < out ? matrix[(first + k) * in + i] : 0;
}
