// AVX-512 with VBMI and VNNI: a register is a table of 64 bytes, and one instruction adds four bytes of a vector.
#include "codes_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang fp contract(off)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,fma,avx2,f16c"))),                 \
    apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")
#define HAS_SUMS_NIBBLES
#define HAS_SUMS_SQ
#define HAS_SUMS_HALF
#define HAS_SCAN_NIBBLES
#define HAS_SCAN_BYTES
#define HAS_SCAN_SIGNS
#define HAS_SCAN_SQ
#define HAS_SCAN_HALF

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
static inline __attribute__((always_inline)) void sum_nibbles(const akin_code_scan *codes,
                                                              const akin_list_query *queries, const block_pair *pair,
                                                              int n, __m512i sums[4][4]) {
    const __m512i fifteen = _mm512_set1_epi8(15), which = _mm512_set1_epi32(0x30201000), ones = _mm512_set1_epi8(1);
    const bool split = n <= 2;
    __m512i more[2][4];
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
    if (split) {
        UNROLL for (int i = 0; i < n; i++) UNROLL for (int j = 0; j < 4; j++) sums[i][j] =
            _mm512_add_epi32(sums[i][j], more[i & 1][j]);
    }
}

static inline __attribute__((always_inline)) void tile_nibbles(const akin_code_scan *codes, akin_list_scan *scan,
                                                               const akin_list_query *queries, query_view *views,
                                                               const block_pair *pair, int n) {
    __m512i sums[4][4];
    sum_nibbles(codes, queries, pair, n, sums);
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
            value[j] = _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(sums[i][j]), base);
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

// The same sums as the signs of components.
static inline __attribute__((always_inline)) void tile_signs(const akin_code_scan *codes, akin_list_scan *scan,
                                                             const akin_list_query *queries, sign_view *views,
                                                             const block_pair *pair, int n) {
    __m512i sums[4][4];
    sum_nibbles(codes, queries, pair, n, sums);
    float errors[64];
    for (size_t h = 0; h < 2; h++)
        sign_errors(codes, (const float *)(pair->block[h] + codes->terms), errors + 32 * h);
    UNROLL for (int i = 0; i < n; i++) {
        float values[64];
        uint64_t hits = 0;
        UNROLL for (int j = 0; j < 4; j++) {
            const float *terms = (const float *)(pair->block[j / 2] + codes->terms) + 16 * (j & 1);
            __m512 term = _mm512_loadu_ps(terms), factor = _mm512_loadu_ps(terms + FACTORS);
            __m512 product = _mm512_fmadd_ps(_mm512_set1_ps(views[i].scale), _mm512_cvtepi32_ps(sums[i][j]),
                                             _mm512_set1_ps(views[i].bias));
            __m512 value = _mm512_add_ps(_mm512_fmadd_ps(factor, product, _mm512_set1_ps(views[i].offset)), term);
            __m512 e = _mm512_mul_ps(_mm512_set1_ps(0x1p-20f), _mm512_abs_ps(term));
            e = _mm512_add_ps(e, _mm512_mul_ps(factor, _mm512_set1_ps(views[i].slack)));
            e = _mm512_add_ps(e, _mm512_mul_ps(_mm512_set1_ps(views[i].wide), _mm512_loadu_ps(errors + 16 * j)));
            __mmask16 hit = _mm512_cmp_ps_mask(_mm512_sub_ps(value, e), _mm512_set1_ps(views[i].limit), _CMP_NGT_UQ);
            hits |= (uint64_t)hit << 16 * j;
            _mm512_storeu_ps(values + 16 * j, value);
        }
        hits &= pair->present[0] | (uint64_t)pair->present[1] << 32;
        for (uint32_t h = 0; __builtin_expect(hits != 0, 0) && h < 2; h++)
            if ((uint32_t)(hits >> 32 * h))
                append_signs(codes, scan, queries + i, views + i, pair->block[h], pair->first + 32 * h,
                             (uint32_t)(hits >> 32 * h), values + 32 * h, errors + 32 * h);
    }
}

// Spans of a list that the cache holds meet four queries at a time.
#define SCAN_SPANS(NAME, VIEW, MAKE_VIEW)                                                                              \
    static inline __attribute__((always_inline)) void span_##NAME(const akin_code_scan *codes, akin_list_scan *scan,   \
                                                                  const akin_list_query *queries, uint32_t first,      \
                                                                  uint32_t last, int n) {                              \
        VIEW views[4];                                                                                                 \
        for (int i = 0; i < n; i++)                                                                                    \
            views[i] = MAKE_VIEW(codes, queries + i);                                                                  \
        for (uint32_t at = first; at < last; at += 64) {                                                               \
            const uint8_t *block = scan->blocks + at / 32 * codes->block_bytes;                                        \
            block_pair pair = {                                                                                        \
                .block = {block, block}, .first = at, .present = {present32(scan, at), present32(scan, at + 32)}};     \
            if (!(pair.present[0] | pair.present[1]))                                                                  \
                continue;                                                                                              \
            if (pair.present[1])                                                                                       \
                pair.block[1] += codes->block_bytes;                                                                   \
            tile_##NAME(codes, scan, queries, views, &pair, n);                                                        \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static void scan_##NAME(const akin_code_scan *codes, akin_list_scan *scan) {                                       \
        size_t fit = SPAN_BYTES / codes->block_bytes / 2 * 64;                                                         \
        uint32_t span = fit ? (uint32_t)fit : 64;                                                                      \
        for (uint32_t first = 0; first < scan->count; first += span) {                                                 \
            uint32_t last = scan->count - first < span ? scan->count : first + span;                                   \
            size_t i = 0, n = scan->query_count;                                                                       \
            for (; i + 4 <= n; i += 4)                                                                                 \
                span_##NAME(codes, scan, scan->queries + i, first, last, 4);                                           \
            if (n - i == 3)                                                                                            \
                span_##NAME(codes, scan, scan->queries + i, first, last, 3);                                           \
            if (n - i == 2)                                                                                            \
                span_##NAME(codes, scan, scan->queries + i, first, last, 2);                                           \
            if (n - i == 1)                                                                                            \
                span_##NAME(codes, scan, scan->queries + i, first, last, 1);                                           \
        }                                                                                                              \
    }
SCAN_SPANS(nibbles, query_view, view_query)
SCAN_SPANS(signs, sign_view, view_signs)

// Tables of bytes for up to four blocks of 64 vectors.
typedef struct {
    const uint8_t *block[4];
    uint32_t first;
    uint64_t present[4];
} block_four;

// What the tables of bytes need of a query beside its view for tables of floats.
typedef struct {
    float base, limit, slack;
} byte_view;

// The estimates of some of 32 vectors through the tables of floats, and their candidates: `half` is 0 or 32.
__attribute__((noinline)) static void append_bytes(const akin_code_scan *codes, akin_list_scan *scan,
                                                   const akin_list_query *q, query_view *view, const uint8_t *block,
                                                   uint32_t first, uint32_t hits) {
    const float *tables = codes->floats + q->query * codes->float_stride;
    size_t half = first % 64;
    const float *terms = (const float *)(block + codes->terms) + half;
    float values[32];
    for (uint32_t left = hits; left; left &= left - 1) {
        unsigned j = (unsigned)__builtin_ctz(left);
        const uint8_t *column = block + akin_column(half + j);
        float sum = 0;
        for (size_t r = 0; r < codes->rows; r++)
            sum += tables[codes->ksub * r + column[64 * r]];
        values[j] = (view->base + sum) + terms[j];
    }
    append_hits(codes, scan, q, view, first, hits, values, terms, NULL);
}

static inline __attribute__((always_inline)) void tile_bytes(const akin_code_scan *codes, akin_list_scan *scan,
                                                             const akin_list_query *q, query_view *view,
                                                             byte_view *byte, const block_four *four, int n) {
    __m512i even[4], odd[4];
    UNROLL for (int j = 0; j < n; j++) even[j] = odd[j] = _mm512_setzero_si512();
    const uint8_t *tables = codes->bytes + q->query * codes->byte_stride;
    for (size_t r = 0; r < codes->rows; r++) {
        __m512i t[4];
        UNROLL for (int j = 0; j < 4; j++) t[j] = _mm512_loadu_si512(tables + 256 * r + 64 * (size_t)j);
        UNROLL for (int j = 0; j < n; j++) {
            __m512i c = _mm512_loadu_si512(four->block[j] + 64 * r);
            __m512i lower = _mm512_permutex2var_epi8(t[0], c, t[1]), upper = _mm512_permutex2var_epi8(t[2], c, t[3]);
            __m512i looked = _mm512_mask_mov_epi8(lower, _mm512_movepi8_mask(c), upper);
            even[j] = _mm512_add_epi16(even[j], looked); // the odd bytes come along and are taken out below
            odd[j] = _mm512_add_epi16(odd[j], _mm512_srli_epi16(looked, 8));
        }
    }
    __m512 scale = _mm512_set1_ps(view->scale), base = _mm512_set1_ps(byte->base);
    const __m512i low_half = _mm512_set1_epi32(0xffff);
    UNROLL for (int j = 0; j < n; j++) {
        even[j] = _mm512_sub_epi16(even[j], _mm512_slli_epi16(odd[j], 8));
        __m512i sum[4] = {_mm512_and_si512(even[j], low_half), _mm512_and_si512(odd[j], low_half),
                          _mm512_srli_epi32(even[j], 16), _mm512_srli_epi32(odd[j], 16)};
        const float *terms = (const float *)(four->block[j] + codes->terms);
        uint64_t hits = 0;
        UNROLL for (int t = 0; t < 4; t++) {
            __m512 term = _mm512_loadu_ps(terms + 16 * t);
            __m512 least = _mm512_fnmadd_ps(_mm512_set1_ps(codes->relative), _mm512_abs_ps(term), term);
            __m512 value = _mm512_add_ps(_mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(sum[t]), base), least);
            hits |= (uint64_t)_mm512_cmp_ps_mask(value, _mm512_set1_ps(byte->limit), _CMP_NGT_UQ) << 16 * t;
        }
        hits &= four->present[j];
        for (uint32_t h = 0; __builtin_expect(hits != 0, 0) && h < 64; h += 32)
            if ((uint32_t)(hits >> h)) {
                append_bytes(codes, scan, q, view, four->block[j], four->first + 64 * (uint32_t)j + h,
                             (uint32_t)(hits >> h));
                byte->limit = limit_of(q->selector, byte->slack);
            }
    }
}

static void scan_bytes(const akin_code_scan *codes, akin_list_scan *scan) {
    for (uint32_t first = 0; first < scan->count; first += 256) {
        const uint8_t *block = scan->blocks + first / 64 * codes->block_bytes;
        block_four four = {.first = first};
        int n = 0;
        uint64_t any = 0;
        for (uint32_t at = first; n < 4 && at < scan->count; at += 64, n++) {
            four.block[n] = block + (size_t)n * codes->block_bytes;
            four.present[n] = present32(scan, at) | (uint64_t)present32(scan, at + 32) << 32;
            any |= four.present[n];
        }
        if (!any)
            continue;
        for (size_t i = 0; i < scan->query_count; i++) {
            const akin_list_query *q = scan->queries + i;
            const akin_code_query *p = codes->queries + q->query;
            query_view view = view_query(codes, q);
            // Estimates must be within reach of tables of bytes, too.
            byte_view byte = {.slack = p->slack + p->byte_slack + 0x1p-20f * fabsf(q->offset) + UNDERFLOW};
            byte.base = fabsf(q->offset) < AKIN_LARGEST_PART ? q->offset + p->byte_bias : NAN;
            byte.limit = limit_of(q->selector, byte.slack);
            if (n == 4)
                tile_bytes(codes, scan, q, &view, &byte, &four, 4);
            if (n == 3)
                tile_bytes(codes, scan, q, &view, &byte, &four, 3);
            if (n == 2)
                tile_bytes(codes, scan, q, &view, &byte, &four, 2);
            if (n == 1)
                tile_bytes(codes, scan, q, &view, &byte, &four, 1);
        }
    }
}

// A block of 32 for n queries, or two blocks for one. Keys of a block are two registers.
typedef struct {
    const uint8_t *block[2];
    uint32_t first, present[2];
} block_two;

static inline __attribute__((always_inline)) void test_keys(const akin_code_scan *codes, akin_list_scan *scan,
                                                            const akin_list_query *q, query_view *view,
                                                            const uint8_t *block, uint32_t first, uint32_t present,
                                                            const __m512 *before, bool has_norms) {
    const float *terms = (const float *)(block + codes->terms), *norms = has_norms ? terms + 32 : NULL;
    __m512 value[2];
    uint32_t hits = 0;
    UNROLL for (int h = 0; h < 2; h++) {
        __m512 term = _mm512_loadu_ps(terms + 16 * h);
        value[h] = _mm512_add_ps(before[h], term);
        __m512 least = _mm512_fnmadd_ps(_mm512_set1_ps(codes->relative), _mm512_abs_ps(term), value[h]);
        if (has_norms)
            least = _mm512_fnmadd_ps(_mm512_set1_ps(view->norm), _mm512_loadu_ps(norms + 16 * h), least);
        hits |= (uint32_t)_mm512_cmp_ps_mask(least, _mm512_set1_ps(view->limit), _CMP_NGT_UQ) << 16 * h;
    }
    hits &= present;
    if (__builtin_expect(hits != 0, 0)) {
        float values[32];
        UNROLL for (int h = 0; h < 2; h++) _mm512_storeu_ps(values + 16 * h, value[h]);
        append_hits(codes, scan, q, view, first, hits, values, terms, norms);
    }
}

// Adds four components of 16 vectors times both bytes of a query.
#define ADD(I, J, H, CODES, AT)                                                                                        \
    do {                                                                                                               \
        int32_t quads[2];                                                                                              \
        memcpy(quads, x[I] + 8 * (AT), 8);                                                                             \
        high[I][J][H] = _mm512_dpbusd_epi32(high[I][J][H], CODES, _mm512_set1_epi32(quads[0]));                        \
        low[I][J][H] = _mm512_dpbusd_epi32(low[I][J][H], CODES, _mm512_set1_epi32(quads[1]));                          \
    } while (0)

static inline __attribute__((always_inline)) void tile_sq(const akin_code_scan *codes, akin_list_scan *scan,
                                                          const akin_list_query *queries, query_view *views,
                                                          const block_two *two, int bits, int n, int blocks) {
    __m512i high[4][2][2], low[4][2][2];
    const int8_t *x[4];
    UNROLL for (int i = 0; i < n; i++) {
        x[i] = (const int8_t *)codes->bytes + queries[i].query * codes->byte_stride;
        UNROLL for (int j = 0; j < blocks; j++) UNROLL for (int h = 0; h < 2; h++) high[i][j][h] = low[i][j][h] =
            _mm512_setzero_si512();
    }
    const __m512i mask = _mm512_set1_epi8(bits == 4 ? 15 : 63);
    for (size_t r = 0; r < codes->rows; r += bits == 6 ? 3 : 1) {
        UNROLL for (int j = 0; j < blocks; j++) UNROLL for (int h = 0; h < 2; h++) {
            const uint8_t *at = two->block[j] + 128 * r + 64 * (size_t)h;
            __m512i a = _mm512_loadu_si512(at);
            if (bits == 8) {
                UNROLL for (int i = 0; i < n; i++) ADD(i, j, h, a, r);
            } else if (bits == 4) {
                __m512i c0 = _mm512_and_si512(a, mask), c1 = _mm512_and_si512(_mm512_srli_epi16(a, 4), mask);
                UNROLL for (int i = 0; i < n; i++) ADD(i, j, h, c0, 2 * r);
                UNROLL for (int i = 0; i < n; i++) ADD(i, j, h, c1, 2 * r + 1);
            } else {
                __m512i b = _mm512_loadu_si512(at + 128), c = _mm512_loadu_si512(at + 256);
                const __m512i three = _mm512_set1_epi8(3), twelve = _mm512_set1_epi8(12);
                __m512i d = _mm512_and_si512(_mm512_srli_epi16(a, 6), three);
                d = _mm512_or_si512(d, _mm512_and_si512(_mm512_srli_epi16(b, 4), twelve));
                d = _mm512_or_si512(d, _mm512_andnot_si512(_mm512_set1_epi8((char)0xcf), _mm512_srli_epi16(c, 2)));
                size_t quad = r / 3 * 4;
                UNROLL for (int i = 0; i < n; i++) ADD(i, j, h, _mm512_and_si512(a, mask), quad);
                UNROLL for (int i = 0; i < n; i++) ADD(i, j, h, _mm512_and_si512(b, mask), quad + 1);
                UNROLL for (int i = 0; i < n; i++) ADD(i, j, h, _mm512_and_si512(c, mask), quad + 2);
                UNROLL for (int i = 0; i < n; i++) ADD(i, j, h, d, quad + 3);
            }
        }
    }
    UNROLL for (int i = 0; i < n; i++) {
        __m512 scale = _mm512_set1_ps(views[i].scale), large = _mm512_set1_ps(views[i].scale * 256);
        UNROLL for (int j = 0; j < blocks; j++) {
            __m512 keys[2];
            UNROLL for (int h = 0; h < 2; h++) keys[h] = _mm512_fmadd_ps(
                large, _mm512_cvtepi32_ps(high[i][j][h]),
                _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(low[i][j][h]), _mm512_set1_ps(views[i].base)));
            test_keys(codes, scan, queries + i, views + i, two->block[j], two->first + 32 * (uint32_t)j,
                      two->present[j], keys, false);
        }
    }
}

// Sums in the order of components, as every level does.
static inline __attribute__((always_inline)) void tile_half(const akin_code_scan *codes, akin_list_scan *scan,
                                                            const akin_list_query *queries, query_view *views,
                                                            const block_two *two, bool is_bf16, int n, int blocks) {
    __m512 sums[4][2][2];
    const float *x[4];
    UNROLL for (int i = 0; i < n; i++) {
        x[i] = codes->floats + queries[i].query * codes->float_stride;
        UNROLL for (int j = 0; j < blocks; j++) UNROLL for (int h = 0; h < 2; h++) sums[i][j][h] = _mm512_setzero_ps();
    }
    for (size_t d = 0; d < codes->rows; d++) {
        UNROLL for (int j = 0; j < blocks; j++) UNROLL for (int h = 0; h < 2; h++) {
            __m256i c = _mm256_loadu_si256((const __m256i *)(two->block[j] + 64 * d + 32 * (size_t)h));
            __m512 r =
                is_bf16 ? _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(c), 16)) : _mm512_cvtph_ps(c);
            UNROLL for (int i = 0; i < n; i++) sums[i][j][h] =
                _mm512_fmadd_ps(_mm512_set1_ps(x[i][d]), r, sums[i][j][h]);
        }
    }
    UNROLL for (int i = 0; i < n; i++) UNROLL for (int j = 0; j < blocks; j++) {
        __m512 keys[2];
        UNROLL for (int h = 0; h < 2; h++) keys[h] = _mm512_add_ps(_mm512_set1_ps(views[i].base), sums[i][j][h]);
        test_keys(codes, scan, queries + i, views + i, two->block[j], two->first + 32 * (uint32_t)j, two->present[j],
                  keys, true);
    }
}

// Pairs of blocks go by; four queries at a time take one block after the other, the rest both at once.
#define SCAN_PAIRS(NAME, TILE, KIND)                                                                                   \
    static void scan_##NAME(const akin_code_scan *codes, akin_list_scan *scan) {                                       \
        for (uint32_t first = 0; first < scan->count; first += 64) {                                                   \
            const uint8_t *block = scan->blocks + first / 32 * codes->block_bytes;                                     \
            block_two two = {.block = {block, block},                                                                  \
                             .first = first,                                                                           \
                             .present = {present32(scan, first), present32(scan, first + 32)}};                        \
            if (!(two.present[0] | two.present[1]))                                                                    \
                continue;                                                                                              \
            if (two.present[1])                                                                                        \
                two.block[1] += codes->block_bytes;                                                                    \
            block_two second = {.block = {two.block[1]}, .first = first + 32, .present = {two.present[1]}};            \
            size_t i = 0;                                                                                              \
            for (; i + 4 <= scan->query_count; i += 4) {                                                               \
                query_view views[4];                                                                                   \
                for (size_t j = 0; j < 4; j++)                                                                         \
                    views[j] = view_query(codes, scan->queries + i + j);                                               \
                if (two.present[0])                                                                                    \
                    TILE(codes, scan, scan->queries + i, views, &two, KIND, 4, 1);                                     \
                if (two.present[1])                                                                                    \
                    TILE(codes, scan, scan->queries + i, views, &second, KIND, 4, 1);                                  \
            }                                                                                                          \
            for (; i < scan->query_count; i++) {                                                                       \
                query_view view = view_query(codes, scan->queries + i);                                                \
                TILE(codes, scan, scan->queries + i, &view, &two, KIND, 1, 2);                                         \
            }                                                                                                          \
        }                                                                                                              \
    }
SCAN_PAIRS(sq8, tile_sq, 8)
SCAN_PAIRS(sq6, tile_sq, 6)
SCAN_PAIRS(sq4, tile_sq, 4)
SCAN_PAIRS(fp16, tile_half, false)
SCAN_PAIRS(bf16, tile_half, true)

const akin_code_table akin_codes_avx512_vbmi = {
    .level = AKIN_SIMD_AVX512,
    .has_byte_permute = true,
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
    .scan_signs = scan_signs,
    .key_l2 = key_l2,
    .key_ip = key_ip,
};

#pragma clang attribute pop
#endif
