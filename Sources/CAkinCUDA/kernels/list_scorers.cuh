// How vectors of inverted lists are compared with a query: floats, product codes of 5 to 8 bits, and of 4 bits.
//
// With c the centroid of a list and r what a code stands for, the squared distance of a query x falls apart into
//     |x - c|^2  +  (|r|^2 + 2 <c, r>)  -  2 <x, r>
// (arXiv 1702.08734, section 5). The first part comes with the coarse quantizer, one number for a query and a list; the
// second is a float stored beside each code, instead of a table for each list: 4 bytes a vector spare half of all table
// building and let one table serve all lists of a query. The third is a sum over that table: entry (s, j) is -2 times
// the product of part s of the query with codeword j. For the inner product there are the first, -<x, c>, and the
// third.
#ifndef AKIN_LIST_SCORERS_CUH
#define AKIN_LIST_SCORERS_CUH

#include "list_scan.cuh"
#include "list_tables.cuh"

// Rows of floats, four components a row. The query lies in shared memory, 16 bytes a row.
template <bool Product> struct akin_flat_scorer {
    const float *queries; // [queries][dimension]
    uint32_t dimension;
    const float *codes; // [blocks][rows][32][4]
    uint32_t rows;
    const float4 *x;

    AKIN_DEVICE void begin(uint32_t q, unsigned char *shared) {
        float *query = reinterpret_cast<float *>(shared);
        for (uint32_t c = threadIdx.x; c < rows * 4; c += blockDim.x)
            query[c] = c < dimension ? queries[static_cast<uint64_t>(q) * dimension + c] : 0;
        x = reinterpret_cast<const float4 *>(shared);
    }

    AKIN_DEVICE float score(uint32_t block) const {
        const float4 *y =
            reinterpret_cast<const float4 *>(codes) + static_cast<uint64_t>(block) * rows * AKIN_WARP + akin_lane();
        float sum[4] = {0, 0, 0, 0};
#pragma unroll 4
        for (uint32_t r = 0; r < rows; r++) {
            float4 a = x[r], b = __ldg(y + r * AKIN_WARP);
            add(sum[0], a.x, b.x);
            add(sum[1], a.y, b.y);
            add(sum[2], a.z, b.z);
            add(sum[3], a.w, b.w);
        }
        float all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        return Product ? 0 - all : all;
    }

  private:
    AKIN_DEVICE static void add(float &sum, float a, float b) {
        float difference = a - b;
        sum += Product ? a * b : difference * difference;
    }
};

// Sums over a table of floats. A scale is not needed.
struct akin_float_sums {
    using Entry = float;
    using Sum = float;
    AKIN_DEVICE void begin(uint32_t) {}
    AKIN_DEVICE float value(float sum) const { return sum; }
};
// Sums over a table of 16 bits: whole numbers.
struct akin_short_sums {
    using Entry = uint16_t;
    using Sum = uint32_t;
    const akin_short_scale *scales; // [queries]
    float base, step;
    AKIN_DEVICE void begin(uint32_t q) {
        base = scales[q].base;
        step = scales[q].step;
    }
    AKIN_DEVICE float value(uint32_t sum) const { return base + step * static_cast<float>(sum); }
};

// Numbers of codewords as bytes, four a word; the table of the query in shared memory.
template <typename Sums> struct akin_pq_scorer {
    using Entry = typename Sums::Entry;
    const Entry *tables; // [queries][m][ksub], a multiple of 4 bytes for each query
    uint32_t m, ksub;
    const uint32_t *codes; // [blocks][(m + 3) / 4][32]
    const float *terms;    // [blocks][32], or null
    Sums sums;
    const Entry *table;

    AKIN_DEVICE void begin(uint32_t q, unsigned char *shared) {
        uint32_t words = m * ksub * sizeof(Entry) / 4;
        uint32_t *own = reinterpret_cast<uint32_t *>(shared);
        const uint32_t *from = reinterpret_cast<const uint32_t *>(tables) + static_cast<uint64_t>(q) * words;
        for (uint32_t i = threadIdx.x; i < words; i += blockDim.x)
            own[i] = from[i];
        table = reinterpret_cast<const Entry *>(shared);
        sums.begin(q);
    }

    AKIN_DEVICE float score(uint32_t block) const {
        uint32_t words = (m + 3) / 4;
        const uint32_t *y = codes + static_cast<uint64_t>(block) * words * AKIN_WARP + akin_lane();
        float term = terms ? __ldg(terms + static_cast<uint64_t>(block) * AKIN_WARP + akin_lane()) : 0;
        typename Sums::Sum one = 0, other = 0;
        const Entry *at = table;
#pragma unroll 4
        for (uint32_t w = 0; w < m / 4; w++) {
            uint32_t four = __ldg(y + w * AKIN_WARP);
            one += at[four & 255];
            other += at[ksub + (four >> 8 & 255)];
            one += at[2 * ksub + (four >> 16 & 255)];
            other += at[3 * ksub + (four >> 24)];
            at += 4 * ksub;
        }
        if (m % 4) {
            uint32_t four = __ldg(y + m / 4 * AKIN_WARP);
            for (uint32_t s = 0; s < m % 4; s++)
                one += at[s * ksub + (four >> 8 * s & 255)];
        }
        return term + sums.value(one + other);
    }
};

// Codes of 4 bits, eight a word. The table lies in registers: register i of a lane holds entry lane % 16 of part 2 i +
// lane / 16, and a look-up is a shuffle, which has no bank conflicts. m is at most 8 Words.
template <int Words> struct akin_nibble_scorer {
    const float *tables; // [queries][m][16]
    uint32_t m;
    const uint32_t *codes; // [blocks][Words][32]
    const float *terms;    // [blocks][32], or null
    float table[4 * Words];

    AKIN_DEVICE void begin(uint32_t q, unsigned char *) {
        const float *from = tables + static_cast<uint64_t>(q) * m * 16;
#pragma unroll
        for (int i = 0; i < 4 * Words; i++) {
            uint32_t entry = i * AKIN_WARP + akin_lane();
            table[i] = entry < m * 16 ? __ldg(from + entry) : 0; // parts beyond m add nothing
        }
    }

    AKIN_DEVICE float score(uint32_t block) const {
        const uint32_t *y = codes + static_cast<uint64_t>(block) * Words * AKIN_WARP + akin_lane();
        float one = terms ? __ldg(terms + static_cast<uint64_t>(block) * AKIN_WARP + akin_lane()) : 0, other = 0;
#pragma unroll
        for (int w = 0; w < Words; w++) {
            uint32_t eight = __ldg(y + w * AKIN_WARP);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                one += __shfl_sync(AKIN_ALL_LANES, table[w * 4 + i], static_cast<int>(eight >> 8 * i & 15));
                other +=
                    __shfl_sync(AKIN_ALL_LANES, table[w * 4 + i], static_cast<int>((eight >> 8 * i >> 4 & 15) | 16));
            }
        }
        return one + other;
    }
};

#endif
