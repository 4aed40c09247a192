// AVX2: the bits of half bytes are looked up, and counted in bytes as long as those hold them.
// Nothing in this file runs before the CPU was asked.
#include "hamming_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,popcnt"))), apply_to = function)

static inline __m256i byte_counts(__m256i x) {
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                           2, 3, 2, 3, 3, 4);
    const __m256i half = _mm256_set1_epi8(15);
    return _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(x, half)),
                           _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), half)));
}

static inline void panel_distances(const uint16_t *panel, const uint16_t *query, size_t words, uint16_t *out) {
    const __m256i *p = (const __m256i *)panel, *q = (const __m256i *)query;
    const __m256i ones = _mm256_set1_epi8(1);
    __m256i low = _mm256_setzero_si256(), high = low;
    for (size_t first = 0; first < words; first += 31) { // 31 counts of up to 8 fit into a byte
        size_t last = words - first < 31 ? words : first + 31;
        __m256i a = _mm256_setzero_si256(), b = a;
        for (size_t w = first; w < last; w++) {
            a = _mm256_add_epi8(a, byte_counts(_mm256_xor_si256(p[2 * w], q[2 * w])));
            b = _mm256_add_epi8(b, byte_counts(_mm256_xor_si256(p[2 * w + 1], q[2 * w + 1])));
        }
        low = _mm256_add_epi16(low, _mm256_maddubs_epi16(a, ones));
        high = _mm256_add_epi16(high, _mm256_maddubs_epi16(b, ones));
    }
    _mm256_storeu_si256((__m256i *)out, low);
    _mm256_storeu_si256((__m256i *)out + 1, high);
}

static inline uint32_t near_mask(const uint16_t *distances, uint32_t bound) {
    // Distances stay below 2^15, so that comparing them as signed numbers is right.
    const __m256i *d = (const __m256i *)distances, limit = _mm256_set1_epi16((short)bound);
    __m256i a = _mm256_cmpgt_epi16(limit, d[0]), b = _mm256_cmpgt_epi16(limit, d[1]);
    __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xD8);
    return (uint32_t)_mm256_movemask_epi8(bytes);
}

#include "hamming_common.inc"

const akin_hamming_table akin_hamming_avx2 = {.scan = scan, .distances = distances, .some = some};

#pragma clang attribute pop
#endif
