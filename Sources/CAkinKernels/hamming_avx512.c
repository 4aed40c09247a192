// AVX-512 with VPOPCNTDQ and BITALG: the bits of 32 words are counted by one instruction.
// Nothing in this file runs before the CPU was asked.
//
// A word of 32 codes costs an exclusive or, a count and an addition. On two ports that is 0.75 cycles for a code of 256
// bits; reading it from memory costs more, so that several queries look at the codes that are in the cache.
#include "hamming_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx512bitalg,"  \
                                                   "popcnt"))),                                                        \
                             apply_to = function)

// What a word of a panel adds to the distances of one query.
#define COUNT(sum, code, query) sum = _mm512_add_epi16(sum, _mm512_popcnt_epi16(_mm512_xor_si512(code, query)))

static inline __m512i panel_sums(const uint16_t *panel, const uint16_t *query, size_t first, size_t last, __m512i sum) {
    for (size_t w = first; w < last; w++)
        COUNT(sum, _mm512_load_si512(panel + w * LANES), _mm512_load_si512(query + w * LANES));
    return sum;
}

static void distances(const akin_hamming_codes *codes, size_t first, size_t last, const uint16_t *query,
                      uint16_t *out) {
    for (size_t p = first; p < last; p++, out += LANES)
        _mm512_storeu_si512(
            out, panel_sums(codes->panels + p * codes->words * LANES, query, 0, codes->words, _mm512_setzero_si512()));
}

static __attribute__((noinline)) void offer_sums(const akin_hamming_codes *codes, akin_hamming_selector *selector,
                                                 size_t panel, uint32_t near, __m512i sums) {
    uint16_t found[LANES] __attribute__((aligned(64)));
    _mm512_store_si512(found, sums);
    offer_panel(selector, panel, near & present(codes, panel), found);
}

// Whether none of the sums is under the bound; sums only grow, so half of the words often say so.
#define ALL_FAR(sums, bound) (_mm512_cmplt_epu16_mask(sums, bound) == 0)

// One panel against one query.
static inline void scan_one(const akin_hamming_codes *codes, size_t p, const akin_hamming_query *query) {
    const size_t words = codes->words, half = words / 2;
    const uint16_t *panel = codes->panels + p * words * LANES;
    const __m512i bound = _mm512_set1_epi16((short)query->selector->bound);
    __m512i sums = panel_sums(panel, query->words, 0, half, _mm512_setzero_si512());
    if (ALL_FAR(sums, bound))
        return;
    sums = panel_sums(panel, query->words, half, words, sums);
    __mmask32 near = _mm512_cmplt_epu16_mask(sums, bound);
    if (__builtin_expect(near != 0, 0))
        offer_sums(codes, query->selector, p, near, sums);
}

// Two panels against two queries: each word that is read serves twice.
static inline void scan_four(const akin_hamming_codes *codes, size_t p, const akin_hamming_query *query) {
    const size_t words = codes->words, half = words / 2;
    const uint16_t *x = codes->panels + p * words * LANES, *y = x + words * LANES;
    const uint16_t *a = query[0].words, *b = query[1].words;
    const __m512i la = _mm512_set1_epi16((short)query[0].selector->bound);
    const __m512i lb = _mm512_set1_epi16((short)query[1].selector->bound);
    __m512i ax = _mm512_setzero_si512(), ay = ax, bx = ax, by = ax;
#define WORDS(first, last)                                                                                             \
    for (size_t w = first; w < last; w++) {                                                                            \
        __m512i cx = _mm512_load_si512(x + w * LANES), cy = _mm512_load_si512(y + w * LANES);                          \
        __m512i qa = _mm512_load_si512(a + w * LANES), qb = _mm512_load_si512(b + w * LANES);                          \
        COUNT(ax, cx, qa);                                                                                             \
        COUNT(ay, cy, qa);                                                                                             \
        COUNT(bx, cx, qb);                                                                                             \
        COUNT(by, cy, qb);                                                                                             \
    }
    WORDS(0, half)
    if (ALL_FAR(_mm512_min_epu16(ax, ay), la) && ALL_FAR(_mm512_min_epu16(bx, by), lb))
        return;
    WORDS(half, words)
#undef WORDS
    if (__builtin_expect(ALL_FAR(_mm512_min_epu16(ax, ay), la) && ALL_FAR(_mm512_min_epu16(bx, by), lb), 1))
        return;
    offer_sums(codes, query[0].selector, p, _mm512_cmplt_epu16_mask(ax, la), ax);
    offer_sums(codes, query[0].selector, p + 1, _mm512_cmplt_epu16_mask(ay, la), ay);
    offer_sums(codes, query[1].selector, p, _mm512_cmplt_epu16_mask(bx, lb), bx);
    offer_sums(codes, query[1].selector, p + 1, _mm512_cmplt_epu16_mask(by, lb), by);
}

static void scan(const akin_hamming_codes *codes, size_t first, size_t last, const akin_hamming_query *queries,
                 size_t count) {
    size_t q = 0;
    for (; q + 2 <= count; q += 2) {
        size_t p = first;
        for (; p + 2 <= last; p += 2)
            scan_four(codes, p, queries + q);
        for (; p < last; p++) {
            scan_one(codes, p, queries + q);
            scan_one(codes, p, queries + q + 1);
        }
    }
    for (; q < count; q++)
        for (size_t p = first; p < last; p++)
            scan_one(codes, p, queries + q);
}

static void some(const uint64_t *query, const uint64_t *codes, size_t words64, const uint32_t *rows, size_t count,
                 uint16_t *out) {
    for (size_t i = 0; i < count; i++) {
        const uint64_t *code = codes + (size_t)rows[i] * words64;
        if (i + 8 < count)
            __builtin_prefetch(codes + (size_t)rows[i + 8] * words64);
        uint64_t sum = 0;
        size_t w = 0;
        __m512i sums = _mm512_setzero_si512();
        for (; w + 8 <= words64; w += 8)
            sums = _mm512_add_epi64(sums, _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(code + w),
                                                                               _mm512_loadu_si512(query + w))));
        if (w > 0)
            sum = (uint64_t)_mm512_reduce_add_epi64(sums);
        for (; w < words64; w++)
            sum += (uint64_t)__builtin_popcountll(code[w] ^ query[w]);
        out[i] = (uint16_t)sum;
    }
}

const akin_hamming_table akin_hamming_avx512 = {.scan = scan, .distances = distances, .some = some};

#pragma clang attribute pop
#endif
