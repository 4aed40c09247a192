// AVX-512 with VBMI and VNNI: a register is a table of 64 bytes, and one instruction adds four bytes of a vector.
#include "codes_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang fp contract(off)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,fma,avx2,f16c"))),                 \
    apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")
#define HAS_SCAN_NIBBLES
static void scan_nibbles(const akin_code_scan *codes, akin_list_scan *scan);

#include "books_avx512.inc"
#include "lists_common.inc"

// Bytes of codes that stay in the nearest cache while queries go by.
enum { SPAN_BYTES = 24576 };

typedef struct {
    const uint8_t *block[2];
    uint32_t first, present[2];
} block_pair;

// Two blocks against n queries. Lower halves of bytes index tables 8g ..< 8g + 4, upper halves 8g + 4 ..< 8g + 8:
// the two high bits of a lane say which of the four tables in a register is meant. Few queries take a second set of
// sums, to keep the multipliers busy.
static inline __attribute__((always_inline)) void tile_nibbles(const akin_code_scan *codes, akin_list_scan *scan,
                                                               const akin_list_query *queries, query_view *views,
                                                               const block_pair *pair, int n) {
    const __m512i fifteen = _mm512_set1_epi8(15), which = _mm512_set1_epi32(0x30201000), ones = _mm512_set1_epi8(1);
    const bool split = n <= 2;
    __m512i sums[4][4], more[2][4];
    const uint8_t *tables[4];
    UNROLL for (int i = 0; i < n; i++) {
        tables[i] = codes->bytes + queries[i].query * codes->byte_stride;
        UNROLL for (int j = 0; j < 4; j++) sums[i][j] = _mm512_setzero_si512();
        if (split) {
            UNROLL for (int j = 0; j < 4; j++) more[i & 1][j] = _mm512_setzero_si512();
        }
    }
    const uint8_t *a = pair->block[0], *b = pair->block[1];
    for (size_t r = 0; r < codes->rows; r++) {
        __m512i low[4], high[4];
        UNROLL for (int j = 0; j < 4; j++) {
            __m512i c = _mm512_loadu_si512((j < 2 ? a : b) + 128 * r + 64 * (size_t)(j & 1));
            low[j] = _mm512_ternarylogic_epi32(c, fifteen, which, 0xea); // (c & 15) | which
            high[j] = _mm512_ternarylogic_epi32(_mm512_srli_epi16(c, 4), fifteen, which, 0xea);
        }
        UNROLL for (int i = 0; i < n; i++) {
            __m512i t0 = _mm512_loadu_si512(tables[i] + 128 * r), t1 = _mm512_loadu_si512(tables[i] + 128 * r + 64);
            UNROLL for (int j = 0; j < 4; j++) {
                __m512i *second = split ? &more[i & 1][j] : &sums[i][j];
                sums[i][j] = _mm512_dpbusd_epi32(sums[i][j], _mm512_permutexvar_epi8(low[j], t0), ones);
                *second = _mm512_dpbusd_epi32(*second, _mm512_permutexvar_epi8(high[j], t1), ones);
            }
        }
    }
    __m512 term[4], least[4];
    UNROLL for (int j = 0; j < 4; j++) {
        term[j] = _mm512_loadu_ps((const float *)(pair->block[j / 2] + codes->terms) + 16 * (j & 1));
        least[j] = _mm512_fnmadd_ps(_mm512_set1_ps(codes->relative), _mm512_abs_ps(term[j]), term[j]);
    }
    UNROLL for (int i = 0; i < n; i++) {
        __m512 scale = _mm512_set1_ps(views[i].scale), base = _mm512_set1_ps(views[i].base);
        __m512 limit = _mm512_set1_ps(views[i].limit), value[4];
        __mmask16 hit[4];
        UNROLL for (int j = 0; j < 4; j++) {
            __m512i sum = split ? _mm512_add_epi32(sums[i][j], more[i & 1][j]) : sums[i][j];
            value[j] = _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(sum), base);
            hit[j] = _mm512_cmp_ps_mask(_mm512_add_ps(value[j], least[j]), limit, _CMP_NGT_UQ);
        }
        uint64_t hits = (uint64_t)(hit[0] | (uint32_t)hit[1] << 16) | (uint64_t)(hit[2] | (uint32_t)hit[3] << 16) << 32;
        hits &= pair->present[0] | (uint64_t)pair->present[1] << 32;
        if (__builtin_expect(hits != 0, 0)) {
            float values[64];
            UNROLL for (int j = 0; j < 4; j++) _mm512_storeu_ps(values + 16 * j, _mm512_add_ps(value[j], term[j]));
            for (int h = 0; h < 2; h++)
                if ((uint32_t)(hits >> 32 * h))
                    append_hits(codes, scan, queries + i, views + i, pair->first + 32 * (uint32_t)h,
                                (uint32_t)(hits >> 32 * h), values + 32 * h,
                                (const float *)(pair->block[h] + codes->terms), NULL);
        }
    }
}

static inline __attribute__((always_inline)) void span_nibbles(const akin_code_scan *codes, akin_list_scan *scan,
                                                               const akin_list_query *queries, uint32_t first,
                                                               uint32_t last, int n) {
    query_view views[4];
    for (int i = 0; i < n; i++)
        views[i] = view_query(codes, queries + i);
    for (uint32_t at = first; at < last; at += 64) {
        const uint8_t *block = scan->blocks + at / 32 * codes->block_bytes;
        block_pair pair = {
            .block = {block, block}, .first = at, .present = {present32(scan, at), present32(scan, at + 32)}};
        if (!(pair.present[0] | pair.present[1]))
            continue;
        if (pair.present[1])
            pair.block[1] += codes->block_bytes;
        tile_nibbles(codes, scan, queries, views, &pair, n);
    }
}

static void scan_nibbles(const akin_code_scan *codes, akin_list_scan *scan) {
    size_t fit = SPAN_BYTES / codes->block_bytes / 2 * 64;
    uint32_t span = fit ? (uint32_t)fit : 64;
    for (uint32_t first = 0; first < scan->count; first += span) {
        uint32_t last = scan->count - first < span ? scan->count : first + span;
        size_t i = 0, n = scan->query_count;
        for (; i + 4 <= n; i += 4)
            span_nibbles(codes, scan, scan->queries + i, first, last, 4);
        if (n - i == 3)
            span_nibbles(codes, scan, scan->queries + i, first, last, 3);
        if (n - i == 2)
            span_nibbles(codes, scan, scan->queries + i, first, last, 2);
        if (n - i == 1)
            span_nibbles(codes, scan, scan->queries + i, first, last, 1);
    }
}

const akin_code_table akin_codes_avx512_vbmi = {
    .level = AKIN_SIMD_AVX512,
    .pq_encode = pq_encode,
    .pq_tables = pq_tables,
    .pq_quantize = pq_quantize,
    .scan_nibbles = scan_nibbles,
    .scan_bytes = scan_bytes,
    .scan_words = scan_words,
    .scan_sq8 = scan_sq8,
    .scan_sq6 = scan_sq6,
    .scan_sq4 = scan_sq4,
    .scan_fp16 = scan_fp16,
    .scan_bf16 = scan_bf16,
    .key_l2 = key_l2,
    .key_ip = key_ip,
};

#pragma clang attribute pop
#endif
