// Exact search, first half: 8-bit tiles that nominate candidates.
//
// Stored rows and queries are coded in 8 bits, r = scale * codes + error, with the length of every error known. For a
// query x and a row y
//     key = offset_x + b_y + w_y scale_x <c_x, c_y>,  within slack_x + x1_x e1_y + x2_x e2_y + e0_y
// (docs/exact-search.md has the proof; the CPU uses the same terms). The integer products come from the tensor cores.
// A pair is kept when the lower end of its interval does not exceed the query's bound, a value that at least k rows
// surely do not exceed. Nothing but the bound is decided here.
//
// A block holds the codes of 128 queries in shared memory, streams tiles of 128 rows, and has their products in
// registers (tile_products.cuh). Per pair that leaves a conversion, a product, a sum and a minimum; pairs in reach,
// fewer than one in a thousand, are appended to their query's list in device memory.
#ifndef AKIN_EXACT_TILES_CUH
#define AKIN_EXACT_TILES_CUH

#include "tile_products.cuh"

// Coded vectors, in the order of rows: codes are padded with zeros to a multiple of 64 bytes, rows to a multiple of
// 128. Rows that must not be found, those added and those that a filter holds back, have an infinite b: they are in no
// bound's reach.
struct akin_coded_rows {
    const int8_t *codes; // [rows][padded]
    const float *b, *w;  // [rows]
    const float *e0, *e1, *e2;
    const float *largest; // [rows / 128][3]: greatest e0, e1, e2 of each tile
};

struct akin_coded_queries {
    const int8_t *codes; // [queries][padded]
    const float *scale;  // [queries], and so on
    const float *offset, *slack, *x1, *x2;
};

// Candidates of each query: rows, and their integer products.
struct akin_candidates {
    uint32_t *rows;   // [queries][capacity]
    int32_t *dots;    // [queries][capacity]
    uint32_t *counts; // [queries]; more than capacity when some found no room
    uint32_t *bounds; // [queries], keys: AKIN_KEY_OF_NAN before k rows were seen
    uint32_t capacity;
};

// The interval that holds a key, lower and upper end.
AKIN_DEVICE void akin_interval(const akin_coded_queries &queries, uint32_t q, const akin_coded_rows &base, uint32_t row,
                               int32_t dot, float &low, float &high) {
    float value = base.b[row] + base.w[row] * queries.scale[q] * static_cast<float>(dot);
    float error = queries.slack[q] + queries.x1[q] * base.e1[row] + queries.x2[q] * base.e2[row] + base.e0[row];
    low = value + queries.offset[q] - error;
    high = value + queries.offset[q] + error;
}

// Two neighbouring numbers of an array that begins at a multiple of 8 bytes.
AKIN_DEVICE float2 akin_two(const float *x) {
    uint2 two = __ldg(reinterpret_cast<const uint2 *>(x));
    return {__uint_as_float(two.x), __uint_as_float(two.y)};
}

// Of each of a block's queries: the reach of its values but for the errors of rows, the factors of these, and its
// scale.
AKIN_DEVICE void akin_exact_terms(const akin_coded_queries &queries, uint32_t queryCount, uint32_t firstQuery,
                                  const uint32_t *bounds, float4 *terms) {
    if (threadIdx.x >= AKIN_TILE)
        return;
    uint32_t q = firstQuery + threadIdx.x;
    float4 mine = {-akin_infinity(), 0, 0, 0};
    if (q < queryCount) {
        float bound = akin_value(bounds[q]), offset = queries.offset[q];
        // The margin covers the float operations done with a bound here; without a bound everything is in reach.
        float margin = (fabsf(bound) + fabsf(offset)) * 0x1p-20f;
        if (akin_is_nan(bound))
            mine.x = akin_infinity();
        else if (bound > -akin_infinity())
            mine.x = bound - offset + margin + queries.slack[q];
        mine.y = queries.x1[q];
        mine.z = queries.x2[q];
        mine.w = queries.scale[q];
    }
    terms[threadIdx.x] = mine;
}

// Tiles firstTile and on of those that `tiles` lists, or of all if there is no list, `tilesPerBlock` for blockIdx.y;
// queries blockIdx.x * 128 and on. Shared memory: padded * 128 + AKIN_RING + 2048 bytes.
AKIN_DEVICE void akin_exact_nominate(const akin_coded_queries &queries, uint32_t queryCount,
                                     const akin_coded_rows &base, uint32_t padded, const uint32_t *tiles,
                                     uint32_t firstTile, uint32_t lastTile, uint32_t tilesPerBlock,
                                     const akin_candidates &found) {
    AKIN_SHARED(int8_t, shared);
    int8_t *ring = shared + padded * AKIN_TILE;
    float4 *terms = reinterpret_cast<float4 *>(ring + AKIN_RING);
    uint32_t firstQuery = blockIdx.x * AKIN_TILE, inTile = threadIdx.x / AKIN_WARP / 2 * 32 + akin_lane() / 4;
    uint32_t first = firstTile + blockIdx.y * tilesPerBlock;
    if (first >= lastTile)
        return;
    auto tileOf = [&](uint32_t t) { return tiles ? __ldg(tiles + first + t) : first + t; };
    akin_tile_products<true, int32_t>(
        shared, ring, padded, min(tilesPerBlock, lastTile - first),
        [&](uint32_t i) { return queries.codes + static_cast<uint64_t>(firstQuery + i) * padded; },
        [&](uint32_t t) { return base.codes + static_cast<uint64_t>(tileOf(t)) * AKIN_TILE * padded; },
        [&](uint32_t t, int32_t(&sums)[2][8][4]) {
            if (t == 0) // while the first codes are under way; a barrier follows before they are read
                akin_exact_terms(queries, queryCount, firstQuery, found.bounds, terms);
#pragma unroll
            for (int i = 0; i < 64; i++)
                sums[i / 32][i / 4 % 8][i % 4] = 0;
        },
        [&](uint32_t t, int32_t(&sums)[2][8][4]) {
            uint32_t at = tileOf(t), firstRow = at * AKIN_TILE + akin_sum_column(0);
            const float *b = base.b + firstRow, *w = base.w + firstRow, *largest = base.largest + at * 3;
            float e0 = __ldg(largest), e1 = __ldg(largest + 1), e2 = __ldg(largest + 2);
            // The least value of each query's 16 rows; what is known of two rows is read once for all four queries.
            float least[4], scale[4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                least[i] = akin_infinity();
                scale[i] = terms[inTile + i * 8].w;
            }
#pragma unroll
            for (int n = 0; n < 8; n++) {
                float2 bs = akin_two(b + n * 8), ws = akin_two(w + n * 8);
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    const int32_t *two = sums[i / 2][n] + i % 2 * 2;
                    least[i] = fminf(least[i], fminf(bs.x + ws.x * scale[i] * static_cast<float>(two[0]),
                                                     bs.y + ws.y * scale[i] * static_cast<float>(two[1])));
                }
            }
        // Against what the tile's largest errors allow.
#pragma unroll
            for (int i = 0; i < 4; i++) {
                float4 query = terms[inTile + i * 8];
                float limit = query.x + (query.y * e1 + query.z * e2 + e0) * (1 + 0x1p-20f);
                if (least[i] > limit)
                    continue;
                uint32_t hits = 0;
#pragma unroll
                for (int n = 0; n < 8; n++) {
                    float2 bs = akin_two(b + n * 8), ws = akin_two(w + n * 8);
                    const int32_t *two = sums[i / 2][n] + i % 2 * 2;
                    float one = bs.x + ws.x * query.w * static_cast<float>(two[0]),
                          other = bs.y + ws.y * query.w * static_cast<float>(two[1]);
                    hits |= one <= limit && one < akin_infinity() ? 1u << n * 2 : 0u;
                    hits |= other <= limit && other < akin_infinity() ? 2u << n * 2 : 0u;
                }
                for (; hits; hits &= hits - 1) {
                    int which = __ffs(hits) - 1;
                    int32_t dot = 0;
#pragma unroll
                    for (int j = 0; j < 16; j++)
                        dot = j == which ? sums[i / 2][j / 2][i % 2 * 2 + j % 2] : dot;
                    uint32_t q = firstQuery + inTile + i * 8, place = atomicAdd(found.counts + q, 1u);
                    if (place < found.capacity) {
                        uint64_t entry = static_cast<uint64_t>(q) * found.capacity + place;
                        found.rows[entry] = at * AKIN_TILE + akin_sum_column(which);
                        found.dots[entry] = dot;
                    }
                }
            }
        });
}

#endif
