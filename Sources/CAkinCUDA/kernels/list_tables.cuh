// Tables of products of a query with codewords, which scans of product codes add up: in floats, or in 16 bits.
//
// Entries of 16 bits are whole numbers of one step, counted from the least entry of their part: half the shared memory,
// so more blocks of threads beside each other where codes are long, and sums that are exact. What they lose is measured
// entry by entry and goes into the bound of the second pass. (Half floats, as in arXiv 1702.08734, would lose more: 11
// bits of each entry instead of 16 of the widest range.)
#ifndef AKIN_LIST_TABLES_CUH
#define AKIN_LIST_TABLES_CUH

#include "networks.cuh"

// Bytes of shared memory of both makers: a query, and for those of 16 bits three words for each part.
AKIN_DEVICE constexpr uint32_t akin_tables_bytes(uint32_t dimension, uint32_t m, bool isShort) {
    return (dimension + (isShort ? 3 * m : 0)) * 4;
}

// factor * <part s of the query, codeword j>, for entry i = s * ksub + j.
AKIN_DEVICE float akin_table_entry(const float *x, const float *codebooks, uint32_t ksub, uint32_t dsub, float factor,
                                   uint32_t i) {
    const float *word = codebooks + static_cast<uint64_t>(i) * dsub, *part = x + i / ksub * dsub;
    float sum = 0;
    for (uint32_t c = 0; c < dsub; c++)
        sum += part[c] * __ldg(word + c);
    return factor * sum;
}

// The query of a block, in shared memory.
AKIN_DEVICE void akin_table_query(const float *queries, uint32_t dimension, float *x) {
    for (uint32_t c = threadIdx.x; c < dimension; c += blockDim.x)
        x[c] = queries[static_cast<uint64_t>(blockIdx.x) * dimension + c];
    __syncthreads();
}

// tables[queries][m][ksub]. A block a query.
AKIN_DEVICE void akin_pq_tables(const float *queries, const float *codebooks, uint32_t m, uint32_t ksub, uint32_t dsub,
                                float factor, float *tables) {
    AKIN_SHARED(float, x);
    akin_table_query(queries, m * dsub, x);
    for (uint32_t i = threadIdx.x; i < m * ksub; i += blockDim.x)
        tables[static_cast<uint64_t>(blockIdx.x) * m * ksub + i] =
            akin_table_entry(x, codebooks, ksub, dsub, factor, i);
}

// What the entries of a query stand for: a sum of m of them, s, for base + step * s, which is off by at most slack but
// for the rounding of floats.
struct akin_short_scale {
    float base, step, slack;
};

// tables[queries][m][ksub] in 16 bits, and their scales. A block a query; ksub is a multiple of 32, so that a warp is
// in one part at a time.
AKIN_DEVICE void akin_pq_tables_short(const float *queries, const float *codebooks, uint32_t m, uint32_t ksub,
                                      uint32_t dsub, float factor, uint16_t *tables, akin_short_scale *scales) {
    AKIN_SHARED(float, x);
    uint32_t *least = reinterpret_cast<uint32_t *>(x + m * dsub), *greatest = least + m, *lost = greatest + m;
    for (uint32_t s = threadIdx.x; s < m; s += blockDim.x) {
        least[s] = 0xffffffffu;
        greatest[s] = lost[s] = 0;
    }
    akin_table_query(queries, m * dsub, x);
    for (uint32_t i = threadIdx.x; i < m * ksub; i += blockDim.x) {
        uint32_t key = akin_key(akin_table_entry(x, codebooks, ksub, dsub, factor, i));
        uint32_t low = __reduce_min_sync(AKIN_ALL_LANES, key), high = __reduce_max_sync(AKIN_ALL_LANES, key);
        if (akin_lane() == 0) {
            atomicMin(least + i / ksub, low);
            atomicMax(greatest + i / ksub, high);
        }
    }
    __syncthreads();
    // All threads alike: the widest part decides.
    float widest = 0;
    for (uint32_t s = 0; s < m; s++) {
        float range = akin_value(greatest[s]) - akin_value(least[s]);
        widest = range <= widest ? widest : range; // an entry that is NaN makes the loss of its part NaN: never certain
    }
    float step = widest / 65535, perStep = widest > 0 ? 65535 / widest : 0;
    for (uint32_t i = threadIdx.x; i < m * ksub; i += blockDim.x) {
        float entry = akin_table_entry(x, codebooks, ksub, dsub, factor, i), low = akin_value(least[i / ksub]);
        float steps = (entry - low) * perStep + 0.5f;
        uint32_t number = steps >= 1 ? static_cast<uint32_t>(min(steps, 65535.0f)) : 0; // NaN becomes 0
        tables[static_cast<uint64_t>(blockIdx.x) * m * ksub + i] = static_cast<uint16_t>(number);
        double off = fabs(static_cast<double>(entry) - (static_cast<double>(low) + static_cast<double>(step) * number));
        // Rounded up; of floats that are not negative, and of NaN, bits have the order of values.
        uint32_t most = __reduce_max_sync(AKIN_ALL_LANES, __float_as_uint(static_cast<float>(off) * (1 + 0x1p-20f)));
        if (akin_lane() == 0)
            atomicMax(lost + i / ksub, most);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        double base = 0, slack = 0;
        for (uint32_t s = 0; s < m; s++) {
            base += akin_value(least[s]);
            slack += __uint_as_float(lost[s]);
        }
        scales[blockIdx.x] = {static_cast<float>(base), step, static_cast<float>(slack) * (1 + 0x1p-20f)};
    }
}

#endif
