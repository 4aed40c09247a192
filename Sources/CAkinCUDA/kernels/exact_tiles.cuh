// Exact search, first half: 8-bit tiles that nominate candidates.
//
// Stored rows and queries are coded in 8 bits, r = scale * codes + error, with the length of every error known. For a
// query x and a row y
//     key = offset_x + b_y + w_y scale_x <c_x, c_y>,  within slack_x + x1_x e1_y + x2_x e2_y + e0_y
// (docs/exact-search.md has the proof; the CPU uses the same terms). The integer products come from the tensor cores.
// A pair is kept when the lower end of its interval does not exceed the query's bound, a value that at least k rows
// surely do not exceed. Nothing but the bound is decided here.
//
// A block of 256 threads holds the codes of 128 queries in shared memory, streams tiles of 128 rows through a ring of
// three stages of 64 bytes of each row, and sums 128 x 128 products in registers: 8 warps, 4 by 2, of 32 x 64. Per pair
// that leaves a conversion, a product, a sum and a minimum; pairs in reach, fewer than one in a thousand, are appended
// to their query's list in device memory.
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

// Begins to copy 64 bytes of each of 128 rows.
AKIN_DEVICE void akin_copy_stage(int8_t *stage, const int8_t *codes, uint32_t padded, uint32_t from) {
#pragma unroll
    for (uint32_t i = threadIdx.x; i < AKIN_TILE * 4; i += 256)
        akin_copy_async(stage + akin_unit(i / 4, i % 4),
                        codes + static_cast<uint64_t>(i / 4) * padded + from + i % 4 * 16);
}

// Tiles firstTile and on of those that `tiles` lists, or of all if there is no list, `tilesPerBlock` for blockIdx.y;
// queries blockIdx.x * 128 and on. Shared memory: padded * 128 + 3 * 8192 + 2048 bytes.
AKIN_DEVICE void akin_exact_nominate(const akin_coded_queries &queries, uint32_t queryCount,
                                     const akin_coded_rows &base, uint32_t padded, const uint32_t *tiles,
                                     uint32_t firstTile, uint32_t lastTile, uint32_t tilesPerBlock,
                                     const akin_candidates &found) {
    AKIN_SHARED(int8_t, shared);
    constexpr uint32_t stageBytes = AKIN_TILE * AKIN_STAGE_BYTES;
    int8_t *ring = shared + padded * AKIN_TILE;
    uint32_t lane = akin_lane(), warp = threadIdx.x / AKIN_WARP;
    uint32_t warpQuery = warp / 2 * 32, warpRow = warp % 2 * 64;
    uint32_t group = lane / 4, pair = lane % 4 * 2;
    uint32_t firstQuery = blockIdx.x * AKIN_TILE;
    uint32_t tile = firstTile + blockIdx.y * tilesPerBlock;
    if (tile >= lastTile)
        return;
    uint32_t endTile = min(tile + tilesPerBlock, lastTile);
    uint32_t depth = padded / AKIN_STAGE_BYTES, steps = (endTile - tile) * depth;

    const int8_t *queryCodes = queries.codes + static_cast<uint64_t>(firstQuery) * padded;
    for (uint32_t part = 0; part < depth; part++)
        akin_copy_stage(shared + part * stageBytes, queryCodes, padded, part * AKIN_STAGE_BYTES);
    akin_copy_commit();
    auto tileOf = [&](uint32_t step) {
        uint32_t place = tile + step / depth;
        return tiles ? __ldg(tiles + place) : place;
    };
    auto copyStep = [&](uint32_t step) {
        if (step < steps)
            akin_copy_stage(ring + step % 3 * stageBytes,
                            base.codes + static_cast<uint64_t>(tileOf(step)) * AKIN_TILE * padded, padded,
                            step % depth * AKIN_STAGE_BYTES);
        akin_copy_commit();
    };
    copyStep(0);
    copyStep(1);

    // Of each query: the reach of its values but for the errors of rows, the factors of these, and its scale.
    float4 *terms = reinterpret_cast<float4 *>(ring + AKIN_RING);
    if (threadIdx.x < AKIN_TILE) {
        uint32_t q = firstQuery + threadIdx.x;
        float4 mine = {-akin_infinity(), 0, 0, 0};
        if (q < queryCount) {
            float bound = akin_value(found.bounds[q]), offset = queries.offset[q];
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

    int32_t sums[2][8][4];
#pragma unroll
    for (int i = 0; i < 64; i++)
        sums[i / 32][i / 4 % 8][i % 4] = 0;
    for (uint32_t step = 0; step < steps; step++) {
        akin_copy_wait<1>();
        __syncthreads(); // this step's codes are there, and everybody has left the stage that is filled next
        copyStep(step + 2);
        const int8_t *left = shared + step % depth * stageBytes;
        const int8_t *right = ring + step % 3 * stageBytes;
#pragma unroll
        for (uint32_t half = 0; half < 2; half++) {
            uint32_t a[2][4];
#pragma unroll
            for (int m = 0; m < 2; m++)
                akin_load_matrices(a[m], left + akin_unit(warpQuery + m * 16 + lane % 16, half * 2 + lane / 16));
#pragma unroll
            for (int n = 0; n < 8; n += 2) {
                uint32_t four[4];
                akin_load_matrices(
                    four, right + akin_unit(warpRow + n * 8 + lane / 16 * 8 + lane % 8, half * 2 + lane / 8 % 2));
                const uint32_t one[2] = {four[0], four[1]}, other[2] = {four[2], four[3]};
#pragma unroll
                for (int m = 0; m < 2; m++) {
                    akin_mma_s8(sums[m][n], a[m], one);
                    akin_mma_s8(sums[m][n + 1], a[m], other);
                }
            }
        }
        if (step % depth != depth - 1)
            continue;

        // A tile is summed. The least value of each query's 16 rows against what the tile's largest errors allow.
        uint32_t at = tileOf(step), firstRow = at * AKIN_TILE + warpRow + pair;
        float e0 = __ldg(base.largest + at * 3), e1 = __ldg(base.largest + at * 3 + 1),
              e2 = __ldg(base.largest + at * 3 + 2);
#pragma unroll
        for (int m = 0; m < 2; m++) {
#pragma unroll
            for (int h = 0; h < 2; h++) {
                uint32_t inTile = warpQuery + m * 16 + h * 8 + group;
                float4 query = terms[inTile];
                float limit = query.x + (query.y * e1 + query.z * e2 + e0) * (1 + 0x1p-20f);
                float least = akin_infinity();
#pragma unroll
                for (int i = 0; i < 16; i++) {
                    uint32_t row = firstRow + i / 2 * 8 + i % 2;
                    float value = __ldg(base.b + row) +
                                  __ldg(base.w + row) * query.w * static_cast<float>(sums[m][i / 2][h * 2 + i % 2]);
                    least = fminf(least, value);
                }
                if (least > limit)
                    continue;
                uint32_t hits = 0;
#pragma unroll
                for (int i = 0; i < 16; i++) {
                    uint32_t row = firstRow + i / 2 * 8 + i % 2;
                    float value = __ldg(base.b + row) +
                                  __ldg(base.w + row) * query.w * static_cast<float>(sums[m][i / 2][h * 2 + i % 2]);
                    hits |= value <= limit && value < akin_infinity() ? 1u << i : 0u;
                }
                for (; hits; hits &= hits - 1) {
                    int which = __ffs(hits) - 1;
                    int32_t dot = 0;
#pragma unroll
                    for (int i = 0; i < 16; i++)
                        dot = i == which ? sums[m][i / 2][h * 2 + i % 2] : dot;
                    uint32_t q = firstQuery + inTile, place = atomicAdd(found.counts + q, 1u);
                    if (place < found.capacity) {
                        uint64_t entry = static_cast<uint64_t>(q) * found.capacity + place;
                        found.rows[entry] = firstRow + which / 2 * 8 + which % 2;
                        found.dots[entry] = dot;
                    }
                }
            }
        }
#pragma unroll
        for (int i = 0; i < 64; i++)
            sums[i / 32][i / 4 % 8][i % 4] = 0;
    }
    akin_copy_wait<0>();
}

#endif
