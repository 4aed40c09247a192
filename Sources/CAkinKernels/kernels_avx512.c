// AVX-512: 32 registers of 16 floats. A tile is 8 queries x 48 rows: 24 accumulators, 3 rows of the panel, 1 query.
// Nothing in this file runs before the CPU was asked.
#include "kernels_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2"))),                   \
                             apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

static inline double sum16(__m512d low, __m512d high) {
    __m512d a = _mm512_add_pd(low, high);
    __m256d b = _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
    __m128d c = _mm_add_pd(_mm256_castpd256_pd128(b), _mm256_extractf128_pd(b, 1));
    return _mm_cvtsd_f64(_mm_add_sd(c, _mm_unpackhi_pd(c, c)));
}

static inline __m512d low_half(__m512 x) {
    return _mm512_cvtps_pd(_mm512_castps512_ps256(x));
}
static inline __m512d high_half(__m512 x) {
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}

static double distance(const float *x, const float *y, size_t dimension) {
#pragma clang fp contract(off)
    __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
    for (size_t c = 0; c < dimension; c += 16) {
        __mmask16 in = dimension - c < 16 ? (__mmask16)((1u << (dimension - c)) - 1) : (__mmask16)0xffff;
        __m512 a = _mm512_maskz_loadu_ps(in, x + c), b = _mm512_maskz_loadu_ps(in, y + c);
        __m512d d0 = _mm512_sub_pd(low_half(a), low_half(b)), d1 = _mm512_sub_pd(high_half(a), high_half(b));
        low = _mm512_add_pd(low, _mm512_mul_pd(d0, d0));
        high = _mm512_add_pd(high, _mm512_mul_pd(d1, d1));
    }
    return sum16(low, high);
}

static double product(const float *x, const float *y, size_t dimension) {
    __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
    for (size_t c = 0; c < dimension; c += 16) {
        __mmask16 in = dimension - c < 16 ? (__mmask16)((1u << (dimension - c)) - 1) : (__mmask16)0xffff;
        __m512 a = _mm512_maskz_loadu_ps(in, x + c), b = _mm512_maskz_loadu_ps(in, y + c);
        low = _mm512_fmadd_pd(low_half(a), low_half(b), low); // products of floats are exact in doubles
        high = _mm512_fmadd_pd(high_half(a), high_half(b), high);
    }
    return sum16(low, high);
}

#include "keep_avx512.inc"
#include "selection_common.inc"

static void panel_f32(const panel_view *panel, akin_queries *queries, size_t dimension) {
    const float *rows = panel->data;
    float bounds[G];
    const char *next = panel->next;
    size_t share = panel->next_bytes / queries->groups / 64 * 64 + 64;
    for (size_t g = 0; g < queries->groups; g++, next += share) {
        const float *x = (const float *)queries->packed + g * G * dimension;
        for (size_t b = 0; b < share && g * share + b < panel->next_bytes; b += 64)
            _mm_prefetch(next + b, _MM_HINT_T1);
        __m512 acc[G][3];
        UNROLL for (int i = 0; i < G; i++) UNROLL for (int j = 0; j < 3; j++) acc[i][j] = _mm512_setzero_ps();
        for (size_t c = 0; c < dimension; c++) {
            __m512 y0 = _mm512_loadu_ps(rows + c * P), y1 = _mm512_loadu_ps(rows + c * P + 16),
                   y2 = _mm512_loadu_ps(rows + c * P + 32);
            UNROLL for (int i = 0; i < G; i++) {
                __m512 q = _mm512_set1_ps(x[c * G + i]);
                acc[i][0] = _mm512_fmadd_ps(q, y0, acc[i][0]);
                acc[i][1] = _mm512_fmadd_ps(q, y1, acc[i][1]);
                acc[i][2] = _mm512_fmadd_ps(q, y2, acc[i][2]);
            }
        }
        // One comparison a query says whether any of its 48 rows is a hit; which ones is found out of line.
        tile_bounds(panel, queries, g, bounds);
        __mmask16 any = 0;
        UNROLL for (int i = 0; i < G; i++) {
            UNROLL for (int j = 0; j < 3; j++) acc[i][j] =
                _mm512_fmadd_ps(_mm512_loadu_ps(panel->w + 16 * j), acc[i][j], _mm512_loadu_ps(panel->b + 16 * j));
            __m512 least = _mm512_min_ps(_mm512_min_ps(acc[i][0], acc[i][1]), acc[i][2]);
            any |= _mm512_cmp_ps_mask(least, _mm512_set1_ps(bounds[i]), _CMP_LE_OQ);
        }
        if (__builtin_expect(any != 0, 0)) {
            float values[G * P];
            UNROLL for (int i = 0; i < G; i++) UNROLL for (int j = 0; j < 3; j++)
                _mm512_storeu_ps(values + i * P + 16 * j, acc[i][j]);
            append_tile(queries, g, G, values, bounds, panel);
        }
    }
}

static void pack_panel(const float *data, size_t rows, size_t dimension, const float *sigma, const float *center,
                       float *panel) {
    // 16 rows x 16 components at a time, transposed in registers.
    for (size_t j = 0; j < P; j += 16) {
        for (size_t c = 0; c < dimension; c += 16) {
            size_t width = dimension - c < 16 ? dimension - c : 16;
            __mmask16 in = (__mmask16)((1u << width) - 1);
            __m512 m = _mm512_maskz_loadu_ps(in, center + c);
            __m512 r[16], t[16];
            UNROLL for (int i = 0; i < 16; i++) {
                if (j + (size_t)i < rows) {
                    const float *y = data + (j + (size_t)i) * dimension + c;
                    r[i] = _mm512_sub_ps(
                        _mm512_mul_ps(_mm512_maskz_loadu_ps(in, y), _mm512_set1_ps(sigma[j + (size_t)i])), m);
                } else {
                    r[i] = _mm512_setzero_ps();
                }
            }
            UNROLL for (int i = 0; i < 16; i += 2) {
                t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
                t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
            }
            UNROLL for (int i = 0; i < 16; i += 4) {
                r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t[i]), _mm512_castps_pd(t[i + 2])));
                r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t[i]), _mm512_castps_pd(t[i + 2])));
                r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t[i + 1]), _mm512_castps_pd(t[i + 3])));
                r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t[i + 1]), _mm512_castps_pd(t[i + 3])));
            }
            UNROLL for (int i = 0; i < 4; i++) {
                t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
                t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
                t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
                t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
            }
            UNROLL for (int i = 0; i < 8; i++) {
                r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
                r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
            }
            UNROLL for (int i = 0; i < 16; i++) if ((size_t)i < width)
                _mm512_storeu_ps(panel + (c + (size_t)i) * P + j, r[i]);
        }
    }
}

// Sums each of 16 registers; the sums come out in the order of `v`.
static inline __m512 sums_of_16(const __m512 *v) {
    // Each step folds two registers into one; the order in which they are paired makes lane p the sum of v[p].
    static const int pair[16] = {0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15}; // slot of register p
    __m512 t[16];
    UNROLL for (int p = 0; p < 16; p++) t[pair[p]] = v[p];
    UNROLL for (int i = 0; i < 8; i++) t[i] =
        _mm512_add_ps(_mm512_shuffle_f32x4(t[i], t[i + 8], 0x44), _mm512_shuffle_f32x4(t[i], t[i + 8], 0xee));
    UNROLL for (int i = 0; i < 4; i++) t[i] =
        _mm512_add_ps(_mm512_shuffle_f32x4(t[i], t[i + 4], 0x88), _mm512_shuffle_f32x4(t[i], t[i + 4], 0xdd));
    UNROLL for (int i = 0; i < 2; i++) t[i] =
        _mm512_add_ps(_mm512_shuffle_ps(t[i], t[i + 2], 0x88), _mm512_shuffle_ps(t[i], t[i + 2], 0xdd));
    return _mm512_add_ps(_mm512_shuffle_ps(t[0], t[1], 0x88), _mm512_shuffle_ps(t[0], t[1], 0xdd));
}

// Rows stream from memory; bytes asked for ahead of use. Hardware alone does not follow several rows at once.
enum { AHEAD = 8192 };

// Q queries x R rows, Q * R = 16, along the components. Pointers past the end repeat the last row.
#define ROW_TILE(Q, R)                                                                                                 \
    static inline __m512 row_tile_##Q(const float *const *x, const float *const *y, size_t dimension,                  \
                                      bool difference) {                                                               \
        __m512 acc[16];                                                                                                \
        UNROLL for (int i = 0; i < 16; i++) acc[i] = _mm512_setzero_ps();                                              \
        for (size_t c = 0; c < dimension; c += 16) {                                                                   \
            __mmask16 in = dimension - c < 16 ? (__mmask16)((1u << (dimension - c)) - 1) : (__mmask16)0xffff;          \
            __m512 b[R];                                                                                               \
            UNROLL for (int r = 0; r < R; r++) {                                                                       \
                b[r] = _mm512_maskz_loadu_ps(in, y[r] + c);                                                            \
                _mm_prefetch((const char *)(y[r] + c) + AHEAD, _MM_HINT_T0);                                           \
            }                                                                                                          \
            UNROLL for (int q = 0; q < Q; q++) {                                                                       \
                __m512 a = _mm512_maskz_loadu_ps(in, x[q] + c);                                                        \
                UNROLL for (int r = 0; r < R; r++) {                                                                   \
                    if (difference) {                                                                                  \
                        __m512 d = _mm512_sub_ps(a, b[r]);                                                             \
                        acc[q * R + r] = _mm512_fmadd_ps(d, d, acc[q * R + r]);                                        \
                    } else {                                                                                           \
                        acc[q * R + r] = _mm512_fmadd_ps(a, b[r], acc[q * R + r]);                                     \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        return sums_of_16(acc);                                                                                        \
    }                                                                                                                  \
    static inline void row_block_##Q(const float *rows, size_t stride, size_t n, const float *queries, size_t count,   \
                                     size_t dimension, bool difference, float *values) {                               \
        const float *x[Q], *y[R];                                                                                      \
        float sums[16];                                                                                                \
        for (size_t q = 0; q < Q; q++)                                                                                 \
            x[q] = queries + (q < count ? q : count - 1) * dimension;                                                  \
        for (size_t j = 0; j < n; j += R) {                                                                            \
            for (size_t r = 0; r < R; r++)                                                                             \
                y[r] = rows + (j + r < n ? j + r : n - 1) * stride;                                                    \
            _mm512_storeu_ps(sums, row_tile_##Q(x, y, dimension, difference));                                         \
            for (size_t q = 0; q < count; q++)                                                                         \
                for (size_t r = 0; r < R && j + r < n; r++)                                                            \
                    values[q * P + j + r] = sums[q * R + r];                                                           \
        }                                                                                                              \
    }
ROW_TILE(2, 8)
ROW_TILE(4, 4)
ROW_TILE(8, 2)

// One query: rows stream one after the other, so that memory is read in order.
static inline float row_value_1(const float *x, const float *y, size_t dimension, bool difference) {
    __m512 acc[4];
    UNROLL for (int i = 0; i < 4; i++) acc[i] = _mm512_setzero_ps();
    size_t c = 0;
#define STEP(i, in)                                                                                                    \
    do {                                                                                                               \
        __m512 a = _mm512_maskz_loadu_ps(in, x + c + 16 * (i)), b = _mm512_maskz_loadu_ps(in, y + c + 16 * (i));       \
        if (difference)                                                                                                \
            a = b = _mm512_sub_ps(a, b);                                                                               \
        acc[i] = _mm512_fmadd_ps(a, b, acc[i]);                                                                        \
        _mm_prefetch((const char *)(y + c + 16 * (i)) + AHEAD, _MM_HINT_T0);                                           \
    } while (0)
    for (; c + 64 <= dimension; c += 64) {
        STEP(0, 0xffff);
        STEP(1, 0xffff);
        STEP(2, 0xffff);
        STEP(3, 0xffff);
    }
    for (; c < dimension; c += 16) {
        __mmask16 in = dimension - c < 16 ? (__mmask16)((1u << (dimension - c)) - 1) : (__mmask16)0xffff;
        STEP(0, in);
    }
#undef STEP
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(acc[0], acc[1]), _mm512_add_ps(acc[2], acc[3])));
}

static inline void row_block_1(const float *rows, size_t stride, size_t n, const float *x, size_t dimension,
                               bool difference, float *values) {
    for (size_t j = 0; j < n; j++)
        values[j] = row_value_1(x, rows + j * stride, dimension, difference);
}

static void row_values(const float *rows, size_t stride, size_t n, const float *queries, size_t count, size_t dimension,
                       bool difference, float *values) {
#define BLOCK(Q)                                                                                                       \
    (difference ? row_block_##Q(rows, stride, n, queries, count, dimension, true, values)                              \
                : row_block_##Q(rows, stride, n, queries, count, dimension, false, values))
    if (count == 1) {
        if (difference)
            row_block_1(rows, stride, n, queries, dimension, true, values);
        else
            row_block_1(rows, stride, n, queries, dimension, false, values);
    } else if (count == 2)
        BLOCK(2);
    else if (count <= 4)
        BLOCK(4);
    else
        BLOCK(8);
}

#include "dot8_scalar.inc"
#include "codes_common.inc"
#include "panels_common.inc"
#include "rows_common.inc"

#define AVX512_TABLE                                                                                                   \
    .level = AKIN_SIMD_AVX512, .name = "avx512", .distance = distance, .product = product,                             \
    .nominate_f32 = nominate_f32, .nominate_difference = nominate_difference, .nominate_product = nominate_product,    \
    .compact = compact, .make_room = make_room

const akin_kernel_table akin_table_avx512 = {AVX512_TABLE, .has_dot8 = false, .nominate_dot8 = nominate_dot8,
                                             .nominate_exact8 = nominate_exact8};

const akin_kernel_table akin_table_avx512_vnni = {AVX512_TABLE, .has_dot8 = true,
                                                  .nominate_dot8 = akin_nominate_dot8_vnni,
                                                  .nominate_exact8 = akin_nominate_exact8_vnni};

#pragma clang attribute pop
#endif
