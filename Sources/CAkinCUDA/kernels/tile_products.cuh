// Products of 128 coded rows by tiles of 128 others, summed in the registers of a block: what exact search and k-means
// have in common.
//
// A block has 256 threads; its 8 warps, 4 by 2, have sums of 32 x 64 pairs each. Rows go through shared memory in
// stages of 64 bytes of each, three of which form a ring: one that is multiplied, two under way. A stage is 32 matrix
// products a warp, so every other instruction of a step counts: places in memory are carried along, not computed from a
// number.
#ifndef AKIN_TILE_PRODUCTS_CUH
#define AKIN_TILE_PRODUCTS_CUH

#include "networks.cuh"

#define AKIN_TILE 128
#define AKIN_STAGE_BYTES 64
// A stage of all rows of a tile, and a ring of three.
#define AKIN_STAGE (AKIN_TILE * AKIN_STAGE_BYTES)
#define AKIN_RING (3 * AKIN_STAGE)

// Where 16 bytes of a row of a stage lie: rows are 64 bytes apart, and the four units of a row change places from pair
// of rows to pair of rows, so that the eight rows that are read together lie in different banks. Rows that are a
// multiple of 8 apart have their units in the same order.
AKIN_DEVICE uint32_t akin_unit(uint32_t row, uint32_t unit) {
    return row * AKIN_STAGE_BYTES + ((unit ^ (row / 2 % 4)) * 16);
}

// Which row of a tile the i-th of a thread's 16 sums for a row on the left is.
AKIN_DEVICE uint32_t akin_sum_column(uint32_t i) {
    return threadIdx.x / AKIN_WARP % 2 * 64 + akin_lane() % 4 * 2 + i / 2 * 8 + i % 2;
}

AKIN_DEVICE void akin_multiply(int32_t (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    akin_mma_s8(sums, a, b);
}
AKIN_DEVICE void akin_multiply(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    akin_mma_f16(sums, a, b);
}

// Of each tile t of 0 ..< tiles: `begin(t, sums)` gives the sums their first values, `end(t, sums)` takes them. Sum
// [m][n][h * 2 + i] of a thread belongs to row warp / 2 * 32 + m * 16 + h * 8 + lane / 4 on the left and to the tile's
// row akin_sum_column(n * 2 + i).
//
// Rows are `bytes` long, a multiple of 64: those of tile t begin at `tile(t)` and follow each other, the i-th on the
// left begins at `row(i)`. `ring` is AKIN_RING bytes of shared memory, `left` as much, or bytes * 128 if `Resident`:
// then the rows on the left are copied once for all tiles.
template <bool Resident, typename Sum, typename Row, typename Tile, typename Begin, typename End>
AKIN_DEVICE void akin_tile_products(int8_t *left, int8_t *ring, uint32_t bytes, uint32_t tiles, Row row, Tile tile,
                                    Begin begin, End end) {
    uint32_t lane = akin_lane(), warp = threadIdx.x / AKIN_WARP;
    // A thread copies 16 bytes of two rows of a stage.
    uint32_t copied = threadIdx.x / 4, byte = threadIdx.x % 4 * 16, place = akin_unit(copied, threadIdx.x % 4);
    auto copyTwo = [&](int8_t *stage, const int8_t *one, const int8_t *other) {
        akin_copy_async(stage + place, one);
        akin_copy_async(stage + place + AKIN_STAGE / 2, other);
    };
    auto begins = [&](uint32_t t) { return tile(t) + static_cast<uint64_t>(copied) * bytes + byte; };
    uint32_t nextTile = 0, nextFrom = 0, nextStage = 0;
    const int8_t *source = begins(0);
    auto copyNext = [&]() {
        if (nextTile < tiles) {
            copyTwo(ring + nextStage, source, source + static_cast<uint64_t>(bytes) * (AKIN_TILE / 2));
            if (!Resident)
                copyTwo(left + nextStage, row(copied) + nextFrom + byte, row(copied + AKIN_TILE / 2) + nextFrom + byte);
            source += AKIN_STAGE_BYTES;
            nextStage = nextStage == 2 * AKIN_STAGE ? 0 : nextStage + AKIN_STAGE;
            nextFrom += AKIN_STAGE_BYTES;
            if (nextFrom == bytes) {
                nextFrom = 0;
                if (++nextTile < tiles)
                    source = begins(nextTile);
            }
        }
        akin_copy_commit();
    };
    if (Resident) {
        const int8_t *one = row(copied) + byte, *other = row(copied + AKIN_TILE / 2) + byte;
#pragma unroll 1
        for (uint32_t from = 0; from < bytes; from += AKIN_STAGE_BYTES)
            copyTwo(left + from * AKIN_TILE, one + from, other + from);
        akin_copy_commit();
    }
    copyNext();
    copyNext();

    // Of what a thread reads for its warp: the second half of a stage's bytes is two units on, which is a bit.
    uint32_t a = akin_unit(warp / 2 * 32 + lane % 16, lane / 16),
             b = akin_unit(warp % 2 * 64 + lane / 16 * 8 + lane % 8, lane / 8 % 2);
    uint32_t stage = 0;
    for (uint32_t t = 0; t < tiles; t++) {
        Sum sums[2][8][4];
        begin(t, sums);
        uint32_t from = 0;
        do {
            akin_copy_wait<1>();
            __syncthreads(); // this stage's codes are there, and everybody has left the one that is filled next
            copyNext();
            const int8_t *rows = left + (Resident ? from * AKIN_TILE : stage), *others = ring + stage;
            stage = stage == 2 * AKIN_STAGE ? 0 : stage + AKIN_STAGE;
            from += AKIN_STAGE_BYTES;
#pragma unroll
            for (uint32_t half = 0; half < 2; half++) {
                uint32_t some[2][4];
#pragma unroll
                for (int m = 0; m < 2; m++)
                    akin_load_matrices(some[m], rows + (a ^ half * 32) + m * 16 * AKIN_STAGE_BYTES);
#pragma unroll
                for (int n = 0; n < 8; n += 2) {
                    uint32_t four[4];
                    akin_load_matrices(four, others + (b ^ half * 32) + n * 8 * AKIN_STAGE_BYTES);
                    const uint32_t one[2] = {four[0], four[1]}, other[2] = {four[2], four[3]};
#pragma unroll
                    for (int m = 0; m < 2; m++) {
                        akin_multiply(sums[m][n], some[m], one);
                        akin_multiply(sums[m][n + 1], some[m], other);
                    }
                }
            }
        } while (from < bytes);
        end(t, sums);
    }
    akin_copy_wait<0>();
    __syncthreads();
}

#endif
