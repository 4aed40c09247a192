// Chooses the graph kernels of a level; what needs no instruction set.
#include "graph_internal.h"

#pragma clang fp contract(off)

const akin_graph_table *akin_graph_at(akin_simd_level level) {
    if (!akin_kernels_at(level))
        return NULL;
    switch (level) {
    case AKIN_SIMD_SCALAR:
        return &akin_graph_scalar;
#if defined(__x86_64__)
    case AKIN_SIMD_AVX2:
        return __builtin_cpu_supports("f16c") ? &akin_graph_avx2 : &akin_graph_scalar;
    case AKIN_SIMD_AVX512:
        return __builtin_cpu_supports("avx512vnni") ? &akin_graph_avx512_vnni : &akin_graph_avx512;
#endif
#if defined(__aarch64__)
    case AKIN_SIMD_NEON:
        return &akin_graph_neon;
#endif
    default:
        return NULL;
    }
}

void akin_graph_keys_pq(const float *table, size_t m, unsigned bits, const akin_graph_rows *rows, const uint32_t *which,
                        size_t count, float *keys) {
    size_t ahead = rows_ahead(rows);
    for (size_t i = 0; i < count && i < ahead; i++)
        ask_for_row(rows, which[i]);
    for (size_t i = 0; i < count; i++) {
        if (i + ahead < count)
            ask_for_row(rows, which[i + ahead]);
        const uint8_t *row = rows->rows + (size_t)which[i] * rows->stride;
        float sum = 0;
        if (bits == 8)
            for (size_t s = 0; s < m; s++)
                sum += table[256 * s + row[s]];
        else
            for (size_t s = 0; s < m; s++)
                sum += table[16 * s + (row[s / 2] >> s % 2 * 4 & 15)];
        keys[i] = sum;
    }
}

void akin_graph_table_pq(const float *x, const float *codewords, size_t m, size_t ksub, size_t dsub, float *table) {
    for (size_t s = 0; s < m; s++)
        for (size_t j = 0; j < ksub; j++) {
            const float *word = codewords + (s * ksub + j) * dsub;
            float sum = 0;
            for (size_t d = 0; d < dsub; d++)
                sum += (x[s * dsub + d] - word[d]) * (x[s * dsub + d] - word[d]);
            table[s * ksub + j] = sum;
        }
}

// Where component d lies in a row of nibbles: its byte, and whether it is the upper half.
static inline size_t place_u4(size_t d, size_t width, size_t *upper) {
    size_t full = width / 64 * 128, half = d < full ? 64 : 32, inner = d < full ? d % 128 : d - full;
    *upper = inner >= half;
    return (d < full ? d / 128 * 64 : full / 2) + inner % half;
}

void akin_graph_pack_u4(const uint8_t *numbers, size_t dimension, size_t width, uint8_t *row) {
    memset(row, 0, width);
    for (size_t d = 0; d < dimension; d++) {
        size_t upper, at = place_u4(d, width, &upper);
        row[at] |= (uint8_t)(numbers[d] << 4 * upper);
    }
}

void akin_graph_unpack_u4(const uint8_t *row, size_t dimension, size_t width, uint8_t *numbers) {
    for (size_t d = 0; d < dimension; d++) {
        size_t upper, at = place_u4(d, width, &upper);
        numbers[d] = row[at] >> 4 * upper & 15;
    }
}

void akin_graph_grid_places(const float *x, const float *offsets, size_t dimension, float step, float *places) {
    for (size_t d = 0; d < dimension; d++)
        places[d] = (x[d] - offsets[d]) / step;
}

void akin_graph_widen_u4(const uint8_t *row, size_t width, int8_t *query) {
    for (size_t at = 0; at < width; at += 64) {
        size_t half = width - at < 64 ? 32 : 64;
        for (size_t i = 0; i < half; i++) {
            query[2 * at + i] = (int8_t)((row[at + i] & 15) * 8);
            query[2 * at + half + i] = (int8_t)((row[at + i] >> 4) * 8);
        }
    }
}

void akin_graph_grid_numbers(const float *x, const float *offsets, size_t dimension, float step, float least,
                             float most, int16_t *numbers) {
    for (size_t d = 0; d < dimension; d++) {
        float place = (x[d] - offsets[d]) / step;
        place = place > least ? place : least;
        place = place < most ? place : most;
        // Whole and positive, a half rounds up.
        numbers[d] = (int16_t)((int32_t)(place - least + 0.5f) + (int32_t)least);
    }
}

double akin_graph_grid_error(const float *x, size_t count, size_t dimension, const float *middle, float step,
                             float last) {
    double total = 0;
    float inverse = 1 / step, half = last / 2;
    for (size_t i = 0; i < count; i++) {
        float sums[8] = {0};
        for (size_t d = 0; d < dimension; d++) {
            float place = (x[i * dimension + d] - middle[d]) * inverse + half;
            float near = place > 0 ? place : 0;
            near = near < last ? near : last;
            near = (float)(int32_t)(near + 0.5f);
            sums[d % 8] += (place - near) * (place - near);
        }
        for (int j = 0; j < 8; j++)
            total += sums[j];
    }
    return total * (double)step * (double)step;
}
