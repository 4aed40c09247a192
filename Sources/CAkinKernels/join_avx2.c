// The join with AVX2: products of 16-bit numbers, two a lane.
// Nothing in this file runs before the CPU was asked.
#include "join_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

// Four rows against 8 columns of a panel: even and odd bytes widened to 16 bits, multiplied and added in pairs.
static inline void join_block4(const uint8_t *const *rows, const int8_t *panel, size_t padded, __m256i acc[4]) {
    const __m256i low = _mm256_set1_epi32(0x00ff00ff);
    for (size_t c = 0; c < padded; c += 4) {
        __m256i y = _mm256_loadu_si256((const __m256i *)(panel + c * P));
        __m256i odd = _mm256_srai_epi16(y, 8), even = _mm256_srai_epi16(_mm256_slli_epi16(y, 8), 8);
        UNROLL for (int i = 0; i < 4; i++) {
            int32_t four;
            memcpy(&four, rows[i] + c, 4);
            __m256i x = _mm256_set1_epi32(four);
            __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(_mm256_and_si256(x, low), even),
                                           _mm256_madd_epi16(_mm256_srli_epi16(x, 8), odd));
            acc[i] = _mm256_add_epi32(acc[i], sum);
        }
    }
}

static bool join_tile(const uint8_t *const *rows, const int32_t *halves, const int32_t *row_needs, const int8_t *panel,
                      const int32_t *start, const int32_t *column_needs, size_t padded, int32_t *worths) {
    __m256i any = _mm256_setzero_si256();
    for (size_t j = 0; j < P; j += 8) {
        __m256i begin = _mm256_loadu_si256((const __m256i *)(start + j));
        __m256i column = _mm256_loadu_si256((const __m256i *)(column_needs + j));
        for (size_t i = 0; i < G; i += 4) {
            __m256i acc[4];
            UNROLL for (int r = 0; r < 4; r++) acc[r] =
                _mm256_sub_epi32(begin, _mm256_set1_epi32(halves[i + (size_t)r]));
            join_block4(rows + i, panel + 4 * j, padded, acc);
            UNROLL for (int r = 0; r < 4; r++) {
                // worth >= need, as need > worth turned around
                __m256i row = _mm256_set1_epi32(row_needs[i + (size_t)r]);
                __m256i least = _mm256_min_epi32(row, column);
                any = _mm256_or_si256(any, _mm256_xor_si256(_mm256_cmpgt_epi32(least, acc[r]), _mm256_set1_epi32(-1)));
                _mm256_storeu_si256((__m256i *)(worths + (i + (size_t)r) * P + j), acc[r]);
            }
        }
    }
    return !_mm256_testz_si256(any, any);
}

#include "join_common.inc"

const akin_join_table akin_join_avx2 = {.join = join};

#pragma clang attribute pop
#endif
