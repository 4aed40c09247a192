// The two passes of a separable resize on 8-bit RGB, in fixed point.
//
// The sum of an output is exact in 32 bits: a byte times weights that add up to about one, with 22 fractional bits.
// It is rounded to the nearest and cut to 0...255. Integer sums do not depend on their order, so every instruction set
// gives the same bytes.
#include "akin_image.h"

#include <stdlib.h>
#include <string.h>

enum { ROUND = 1 << (AKIN_RESAMPLE_BITS - 1) };

static inline uint8_t clipped(int32_t sum) {
    const int32_t value = sum >> AKIN_RESAMPLE_BITS;
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

// One row across; the plain reading of the formula.
static void across_plain(const uint8_t *row, const akin_resample_axis *axis, uint8_t *out) {
    for (int32_t i = 0; i < axis->outputs; ++i, out += 3) {
        const uint8_t *p = row + (size_t)axis->first[i] * 3;
        const int32_t *w = axis->weights + (size_t)i * (size_t)axis->stride;
        int32_t r = ROUND, g = ROUND, b = ROUND;
        for (int32_t t = 0; t < axis->taps[i]; ++t, p += 3) {
            r += p[0] * w[t];
            g += p[1] * w[t];
            b += p[2] * w[t];
        }
        out[0] = clipped(r);
        out[1] = clipped(g);
        out[2] = clipped(b);
    }
}

// One output row down, bytes `begin..<end`. A block of sums stays in registers or at least in the cache.
static void down_plain(const uint8_t *rows, size_t stride, const int32_t *weights, int32_t taps, size_t begin,
                       size_t end, uint8_t *out) {
    enum { BLOCK = 64 };
    int32_t sums[BLOCK];
    for (size_t at = begin; at < end; at += BLOCK) {
        const size_t n = end - at < BLOCK ? end - at : BLOCK;
        for (size_t j = 0; j < n; ++j)
            sums[j] = ROUND;
        for (int32_t t = 0; t < taps; ++t) {
            const uint8_t *p = rows + (size_t)t * stride + at;
            const int32_t w = weights[t];
            for (size_t j = 0; j < n; ++j)
                sums[j] += p[j] * w;
        }
        for (size_t j = 0; j < n; ++j)
            out[at + j] = clipped(sums[j]);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

// Bytes that a row must be followed by, because sixteen are loaded where twelve or fewer are used.
enum { SLACK = 16 };

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

// Four taps at a time: their twelve bytes are spread to [r0 r1 g0 g1 b0 b1 0 0 | r2 r3 g2 g3 b2 b3 0 0] in 16 bits,
// multiplied in pairs by the low and by the high halves of the weights. `taps` is rounded up to a multiple of four:
// weights past the last are zero, and the bytes under them are readable.
static void across_avx2(const uint8_t *row, const akin_resample_axis *axis, uint8_t *out) {
    const __m256i spread = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, //
                                            6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    const __m256i each = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    const size_t pairs = (size_t)axis->stride / 2;
    for (int32_t i = 0; i < axis->outputs; ++i, out += 3) {
        const uint8_t *p = row + (size_t)axis->first[i] * 3;
        const uint32_t *low = axis->low + (size_t)i * pairs, *high = axis->high + (size_t)i * pairs;
        __m256i sum_low = _mm256_setzero_si256(), sum_high = _mm256_setzero_si256();
        for (int32_t t = 0; t < axis->taps[i]; t += 4, p += 12, low += 2, high += 2) {
            const __m256i bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
            const __m256i samples = _mm256_shuffle_epi8(bytes, spread);
            const __m256i l = _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)low));
            const __m256i h = _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)high));
            sum_low = _mm256_add_epi32(sum_low, _mm256_madd_epi16(samples, _mm256_permutevar8x32_epi32(l, each)));
            sum_high = _mm256_add_epi32(sum_high, _mm256_madd_epi16(samples, _mm256_permutevar8x32_epi32(h, each)));
        }
        const __m256i both = _mm256_add_epi32(sum_low, _mm256_slli_epi32(sum_high, 16));
        __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
        sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(ROUND)), AKIN_RESAMPLE_BITS);
        sum = _mm_packus_epi16(_mm_packs_epi32(sum, sum), sum);
        const uint32_t pixel = (uint32_t)_mm_cvtsi128_si32(sum);
        out[0] = (uint8_t)pixel;
        out[1] = (uint8_t)(pixel >> 8);
        out[2] = (uint8_t)(pixel >> 16);
    }
}

// Sixteen bytes of one output row: two input rows at a time, interleaved so that a pair of taps is a pair of samples.
// The row after an odd number of taps is the last one again, under a weight of zero.
static void down_block_avx2(const uint8_t *p, size_t stride, const uint32_t *low, const uint32_t *high, int32_t taps,
                            uint8_t *out) {
    __m256i low0 = _mm256_setzero_si256(), low1 = low0, high0 = low0, high1 = low0;
    for (int32_t t = 0; t < taps; t += 2, p += 2 * stride, ++low, ++high) {
        const __m128i a = _mm_loadu_si128((const __m128i *)p);
        const __m128i b = _mm_loadu_si128((const __m128i *)(t + 1 < taps ? p + stride : p));
        const __m256i s0 = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
        const __m256i s1 = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
        const __m256i l = _mm256_set1_epi32((int32_t)*low), h = _mm256_set1_epi32((int32_t)*high);
        low0 = _mm256_add_epi32(low0, _mm256_madd_epi16(s0, l));
        low1 = _mm256_add_epi32(low1, _mm256_madd_epi16(s1, l));
        high0 = _mm256_add_epi32(high0, _mm256_madd_epi16(s0, h));
        high1 = _mm256_add_epi32(high1, _mm256_madd_epi16(s1, h));
    }
    const __m256i round = _mm256_set1_epi32(ROUND);
    __m256i sum0 = _mm256_add_epi32(_mm256_add_epi32(low0, round), _mm256_slli_epi32(high0, 16));
    __m256i sum1 = _mm256_add_epi32(_mm256_add_epi32(low1, round), _mm256_slli_epi32(high1, 16));
    sum0 = _mm256_srai_epi32(sum0, AKIN_RESAMPLE_BITS);
    sum1 = _mm256_srai_epi32(sum1, AKIN_RESAMPLE_BITS);
    // Packing works within halves of 128 bits: [0-3 8-11 | 4-7 12-15], put in order at the end.
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(sum0, sum1), 0xd8);
    const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128((__m128i *)out, bytes);
}

#pragma clang attribute pop

static int has_avx2(void) {
    return __builtin_cpu_supports("avx2");
}
#endif

int akin_resample_across(const uint8_t *rgb, size_t rows, size_t width, size_t stride, const akin_resample_axis *axis,
                         uint8_t *out) {
    const size_t row_bytes = width * 3, out_bytes = (size_t)axis->outputs * 3;
#if defined(__x86_64__)
    if (axis->simd && has_avx2()) {
        uint8_t *padded = NULL; // for the last rows, which are not followed by enough bytes
        const uint8_t *end = rgb + (rows - 1) * stride + row_bytes;
        for (size_t y = 0; y < rows; ++y, rgb += stride, out += out_bytes) {
            const uint8_t *row = rgb;
            if ((size_t)(end - row) < row_bytes + SLACK) {
                if (!padded && !(padded = calloc(row_bytes + SLACK, 1)))
                    return AKIN_IMAGE_NO_MEMORY;
                memcpy(padded, row, row_bytes);
                row = padded;
            }
            across_avx2(row, axis, out);
        }
        free(padded);
        return AKIN_IMAGE_OK;
    }
#endif
    for (size_t y = 0; y < rows; ++y, rgb += stride, out += out_bytes)
        across_plain(rgb, axis, out);
    return AKIN_IMAGE_OK;
}

void akin_resample_down(const uint8_t *bytes, size_t row_bytes, size_t stride, const akin_resample_axis *axis,
                        uint8_t *out) {
    for (int32_t i = 0; i < axis->outputs; ++i, out += row_bytes) {
        const uint8_t *from = bytes + (size_t)axis->first[i] * stride;
        const int32_t taps = axis->taps[i];
        const int32_t *weights = axis->weights + (size_t)i * (size_t)axis->stride;
        size_t at = 0;
#if defined(__x86_64__)
        if (axis->simd && has_avx2()) {
            const size_t pair = (size_t)i * ((size_t)axis->stride / 2);
            for (; at + 16 <= row_bytes; at += 16)
                down_block_avx2(from + at, stride, axis->low + pair, axis->high + pair, taps, out + at);
        }
#endif
        down_plain(from, stride, weights, taps, at, row_bytes, out);
    }
}
