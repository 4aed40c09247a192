// AVX2 with FMA and F16C.
// Nothing in this file runs before the CPU was asked.
#include "graph_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

static inline float fold_floats(__m256 *s) {
    for (int half = 4; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            s[i] = _mm256_add_ps(s[i], s[i + half]);
    __m128 q = _mm_add_ps(_mm256_castps256_ps128(s[0]), _mm256_extractf128_ps(s[0], 1));
    q = _mm_add_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}

static inline __m256 add_square(__m256 sum, __m256 x, __m256 y) {
    __m256 difference = _mm256_sub_ps(x, y);
    return _mm256_fmadd_ps(difference, difference, sum);
}

static inline __m256 halves(const uint8_t *at) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)at));
}

static inline __m256 bfloats(const uint8_t *at) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)at)), 16));
}

static inline __m256 small(const uint8_t *at) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)at)));
}

static inline __m256 floats(const uint8_t *at) {
    return _mm256_loadu_ps((const float *)at);
}

#define ONE_FLOATS(kind, bytes, load)                                                                                  \
    static inline float one_##kind(const void *query, const uint8_t *row, size_t width) {                              \
        const float *x = query;                                                                                        \
        __m256 s[8];                                                                                                   \
        UNROLL for (int j = 0; j < 8; j++) s[j] = _mm256_setzero_ps();                                                 \
        size_t count = width / bytes, i = 0;                                                                           \
        for (; i + 64 <= count; i += 64)                                                                               \
            UNROLL for (int j = 0; j < 8; j++) s[j] =                                                                  \
                add_square(s[j], _mm256_loadu_ps(x + i + 8 * j), load(row + (i + 8 * (size_t)j) * bytes));             \
        UNROLL for (int j = 0; j < 8; j++, i += 8) if (i < count) s[j] =                                               \
            add_square(s[j], _mm256_loadu_ps(x + i), load(row + i * bytes));                                           \
        return fold_floats(s);                                                                                         \
    }

ONE_FLOATS(f32, 4, floats)
ONE_FLOATS(fp16, 2, halves)
ONE_FLOATS(bf16, 2, bfloats)
ONE_FLOATS(u8f, 1, small)

static inline float sum_of(__m256i sums) {
    __m128i q = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    q = _mm_add_epi32(q, _mm_unpackhi_epi64(q, q));
    return (float)((uint32_t)_mm_cvtsi128_si32(q) + (uint32_t)_mm_extract_epi32(q, 1));
}

static inline __m256i bytes(const void *at) {
    return _mm256_loadu_si256((const __m256i *)at);
}

static inline float one_u8(const void *query, const uint8_t *row, size_t width) {
    __m256i sums = _mm256_setzero_si256();
    for (size_t at = 0; at < width; at += 32) {
        __m256i x = bytes((const uint8_t *)query + at), y = bytes(row + at);
        __m256i d = _mm256_sub_epi8(_mm256_max_epu8(x, y), _mm256_min_epu8(x, y));
        __m256i even = _mm256_and_si256(d, _mm256_set1_epi16(255)), odd = _mm256_srli_epi16(d, 8);
        sums = _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(even, even), _mm256_madd_epi16(odd, odd)));
    }
    return sum_of(sums);
}

// Below 128, the squares of two bytes fit 15 bits.
static inline __m256i add_squares_u4(__m256i sums, __m256i d) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(d, d), _mm256_set1_epi16(1)));
}

static inline __m256i add_nibbles(__m256i sums, __m256i lower, __m256i upper, __m256i codes) {
    __m256i mask = _mm256_set1_epi8(0x78);
    __m256i l = _mm256_and_si256(_mm256_slli_epi16(codes, 3), mask);
    __m256i u = _mm256_and_si256(_mm256_srli_epi16(codes, 1), mask);
    sums = add_squares_u4(sums, _mm256_abs_epi8(_mm256_sub_epi8(lower, l)));
    return add_squares_u4(sums, _mm256_abs_epi8(_mm256_sub_epi8(upper, u)));
}

static inline float one_u4(const void *query, const uint8_t *row, size_t width) {
    const uint8_t *x = query;
    __m256i sums = _mm256_setzero_si256();
    size_t at = 0;
    for (; at + 64 <= width; at += 64)
        UNROLL for (size_t h = 0; h < 64; h += 32) sums =
            add_nibbles(sums, bytes(x + 2 * at + h), bytes(x + 2 * at + 64 + h), bytes(row + at + h));
    if (at < width)
        sums = add_nibbles(sums, bytes(x + 2 * at), bytes(x + 2 * at + 32), bytes(row + at));
    return sum_of(sums);
}

#include "graph_common.inc"
#include "graph_walk.inc"

const akin_graph_table akin_graph_avx2 = GRAPH_TABLE;

#pragma clang attribute pop
#endif
