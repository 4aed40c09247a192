// Tables of Hamming kernels by level, the layout of panels, and the selection of the nearest.
#include "hamming_internal.h"

const akin_hamming_table *akin_hamming_at(akin_simd_level level) {
    if (!akin_kernels_at(level))
        return NULL;
    switch (level) {
    case AKIN_SIMD_SCALAR:
        return &akin_hamming_scalar;
#if defined(__x86_64__)
    case AKIN_SIMD_AVX2:
        return &akin_hamming_avx2;
    case AKIN_SIMD_AVX512:
        // Counting bits came later than the rest of AVX-512.
        return __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512bitalg")
                   ? &akin_hamming_avx512
                   : &akin_hamming_avx2;
#endif
#if defined(__aarch64__)
    case AKIN_SIMD_NEON:
        return &akin_hamming_neon;
#endif
    default:
        return NULL;
    }
}

void akin_hamming_pack(const uint8_t *rows, size_t stride, size_t count, size_t first, uint16_t *panels, size_t words,
                       size_t bytes) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *row = rows + i * stride;
        uint16_t *panel = panels + (first + i) / LANES * LANES * words + (first + i) % LANES;
        for (size_t b = 0; b < bytes; b++)
            panel[b / 2 * LANES] = (uint16_t)(panel[b / 2 * LANES] | (unsigned)row[b] << (b % 2 * 8));
    }
}

void akin_hamming_unpack(const uint16_t *panels, size_t words, size_t place, uint8_t *row, size_t bytes) {
    const uint16_t *panel = panels + place / LANES * LANES * words + place % LANES;
    for (size_t b = 0; b < bytes; b++)
        row[b] = (uint8_t)(panel[b / 2 * LANES] >> (b % 2 * 8));
}

void akin_hamming_spread(const uint8_t *code, size_t bytes, size_t words, uint16_t *query) {
    for (size_t w = 0; w < words; w++) {
        unsigned low = 2 * w < bytes ? code[2 * w] : 0, high = 2 * w + 1 < bytes ? code[2 * w + 1] : 0;
        for (size_t i = 0; i < LANES; i++)
            query[w * LANES + i] = (uint16_t)(low | high << 8);
    }
}

void akin_signs(const float *vectors, size_t count, size_t dimension, uint8_t *codes, size_t bytes) {
    memset(codes, 0, count * bytes);
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < dimension; c++)
            codes[i * bytes + c / 8] |= (uint8_t)((unsigned)(vectors[i * dimension + c] >= 0) << c % 8);
}

void akin_hamming_reset(akin_hamming_selector *s, uint32_t k, uint32_t greatest) {
    memset(s->histogram, 0, ((size_t)greatest + 1) * sizeof *s->histogram);
    s->count = 0;
    s->within = 0;
    s->k = k;
    s->top = greatest;
    s->bound = greatest + 1;
}

void akin_hamming_offer(akin_hamming_selector *s, uint32_t row, uint32_t distance) {
    if (distance >= s->bound)
        return;
    if (s->count == s->capacity)
        akin_hamming_compact(s);
    s->row[s->count] = row;
    s->distance[s->count++] = (uint16_t)distance;
    s->histogram[distance]++;
    if (++s->within < s->k)
        return;
    while (s->within - s->histogram[s->top] >= s->k)
        s->within -= s->histogram[s->top--];
    s->bound = s->top; // rows that follow come after those that are as near
}

void akin_hamming_compact(akin_hamming_selector *s) {
    if (s->within < s->k)
        return; // all of them may be wanted
    uint32_t nearer = s->within - s->histogram[s->top], ties = s->k - nearer, kept = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->distance[i] > s->top || (s->distance[i] == s->top && ties == 0))
            continue;
        ties -= s->distance[i] == s->top;
        s->row[kept] = s->row[i];
        s->distance[kept++] = s->distance[i];
    }
    s->count = kept;
    s->within = kept;
    s->histogram[s->top] = s->k - nearer;
}
