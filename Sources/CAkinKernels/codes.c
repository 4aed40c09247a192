// Tables of code kernels by level, and what prepares terms and queries.
#include "codes_internal.h"

#pragma clang fp contract(off)

const akin_code_table *akin_code_kernels_at(akin_simd_level level) {
    if (!akin_kernels_at(level))
        return NULL;
    switch (level) {
    case AKIN_SIMD_SCALAR:
        return &akin_codes_scalar;
#if defined(__x86_64__)
    case AKIN_SIMD_AVX2:
        return __builtin_cpu_supports("f16c") ? &akin_codes_avx2 : &akin_codes_scalar;
    case AKIN_SIMD_AVX512:
        return __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni") ? &akin_codes_avx512_vbmi
                                                                                            : &akin_codes_avx512;
#endif
#if defined(__aarch64__)
    case AKIN_SIMD_NEON:
        return &akin_codes_neon;
#endif
    default:
        return NULL;
    }
}

float akin_code_term(const float *r, const float *c, size_t dimension) {
    double s[8] = {0};
    for (size_t d = 0; d < dimension; d++)
        s[d % 8] += (double)r[d] * ((double)r[d] + 2 * (c ? (double)c[d] : 0));
    double term = 0;
    for (int i = 0; i < 8; i++)
        term += s[i];
    return fabs(term) < AKIN_LARGEST_PART ? (float)term : NAN;
}

akin_code_query akin_quantize_step(const float *least, const float *greatest, size_t m, double magnitude,
                                   double relative, float *inverse) {
    double bias[8] = {0}, span[8] = {0};
    float widest = 0;
    for (size_t s = 0; s < m; s++) {
        float range = greatest[s] - least[s];
        bias[s % 8] += least[s];
        span[s % 8] += range;
        widest = range > widest ? range : widest;
    }
    for (int i = 1; i < 8; i++)
        bias[0] += bias[i], span[0] += span[i];
    // Rounding adds at most half a step to each of the m greatest entries.
    double step = span[0] / (65535.0 - (double)m), widest_step = (double)widest / 255;
    step = (step > widest_step ? step : widest_step) * (1 + 0x1p-20);
    double error = magnitude * relative, reach = fabs(bias[0]) + span[0] + step * (double)m + magnitude;
    if (!(reach < AKIN_LARGEST_PART)) { // the tables say nothing
        *inverse = 0;
        return (akin_code_query){.bias = NAN, .reach = INFINITY};
    }
    if (!(step > 1e-30)) { // constant tables, or close to it
        *inverse = 0;
        return (akin_code_query){
            .bias = (float)bias[0], .slack = (float)(span[0] + error + 0x1p-20 * reach), .reach = (float)reach};
    }
    *inverse = (float)(1 / step);
    // An entry is half a step off, and a little for the float arithmetic that finds it.
    double slack = step * (double)m * (0.5 + 0x1p-10) + error + 0x1p-20 * reach;
    return (akin_code_query){
        .bias = (float)bias[0], .scale = (float)step, .slack = (float)(slack * (1 + 0x1p-20)), .reach = (float)reach};
}
