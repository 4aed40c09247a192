// The nearest of some centroids, for many points: tiles of half floats on tensor cores, and a proof for each point.
//
// With x and y the coded point and centroid (nearest_codes.cuh, y with its sign changed) and t_y the centroid's term,
//     a = t_y + <x, y>
// is half the squared distance (or minus the inner product), times s^2, but for what all centroids of a point share.
// The tensor cores begin with t_y and add the products, so a pair costs nothing but its comparison. The float that
// comes out is off by at most half of the point's `doubt`
//     D = 2 (X e + e_x Y + g ((X + e_x) Y + t)) + 2^-22 (X + Y)^2
// where X, e_x belong to the point, Y, e, t are the greatest of all centroids, and g = (padded + 32) 2^-22 + 2^-19
// covers float sums of any order, cut off or rounded, and the four bits that carry a column. The last part are keys
// that become equal when they are rounded to floats. So a centroid that leads by more than D is the nearest, also in
// the order of the CPU: keys in doubles, rounded to floats, ties to the smaller number.
//
// Points with less of a lead, a few in a hundred, are looked at once more, now with a known reach: the centroids within
// it are listed, and decided in doubles.
#ifndef AKIN_NEAREST_TILES_CUH
#define AKIN_NEAREST_TILES_CUH

#include "nearest_codes.cuh"
#include "tile_products.cuh"

#define AKIN_NOBODY 0xffffffffu

// The first values of all sums: the centroids' terms.
AKIN_DEVICE void akin_begin_with_terms(const float *term, uint32_t tile, float (&sums)[2][8][4]) {
    uint32_t column = tile * AKIN_TILE + threadIdx.x / AKIN_WARP % 2 * 64 + akin_lane() % 4 * 2;
#pragma unroll
    for (int n = 0; n < 8; n++) {
        uint2 two = __ldg(reinterpret_cast<const uint2 *>(term + column + n * 8));
#pragma unroll
        for (int m = 0; m < 2; m++) {
            sums[m][n][0] = sums[m][n][2] = __uint_as_float(two.x);
            sums[m][n][1] = sums[m][n][3] = __uint_as_float(two.y);
        }
    }
}

struct akin_half_points {
    const int8_t *codes;
    const float *length, *error;
    uint32_t count;

    AKIN_DEVICE const int8_t *row(uint32_t i, uint32_t bytes) const { return codes + static_cast<uint64_t>(i) * bytes; }
};
struct akin_half_centroids {
    const int8_t *codes;
    const float *term, *largest;
    uint32_t tiles;

    AKIN_DEVICE const int8_t *tile(uint32_t t, uint32_t bytes) const {
        return codes + static_cast<uint64_t>(t) * AKIN_TILE * bytes;
    }
};

// D of the comment above.
AKIN_DEVICE float akin_doubt(float length, float error, const float *largest, uint32_t padded) {
    float y = largest[0], e = largest[1], t = largest[2], both = length + y;
    float g = static_cast<float>(padded + 32) * 0x1p-22f + 0x1p-19f;
    float doubt = 2 * (length * e + error * y + g * ((length + error) * y + t)) + 0x1p-22f * both * both;
    return doubt * (1 + 0x1p-10f) + 1e-30f;
}

// The sum of half a point's products with a centroid, in floats; the two threads of a pair add theirs.
AKIN_DEVICE float akin_half_product(const int8_t *x, const int8_t *y, uint32_t bytes) {
    float sum = 0;
    for (uint32_t i = threadIdx.x % 2; i < bytes / 4; i += 2) {
        uint32_t a = __ldg(reinterpret_cast<const uint32_t *>(x) + i),
                 b = __ldg(reinterpret_cast<const uint32_t *>(y) + i);
        sum += akin_from_half(static_cast<uint16_t>(a)) * akin_from_half(static_cast<uint16_t>(b));
        sum += akin_from_half(static_cast<uint16_t>(a >> 16)) * akin_from_half(static_cast<uint16_t>(b >> 16));
    }
    return sum + __shfl_xor_sync(AKIN_ALL_LANES, sum, 1);
}

// What a thread knows of a point: its best sum, where that is, and a bound that all its other sums reach.
struct akin_leader {
    float best, second;
    uint32_t column;

    AKIN_DEVICE void meet(float value, float next, uint32_t at) {
        bool wins = value < best || (value == best && at < column);
        second = fminf(fminf(second, next), wins ? best : value);
        best = wins ? value : best;
        column = wins ? at : column;
    }
};

// Points blockIdx.x * 128 and on, against all centroids. `previous`, if given, names a centroid of each point that is
// likely near: the answer does not depend on it, the time does. Gives the numbers of centroids that are proven, and
// appends the other points to `doubtful`, with the reach of the centroids that are in question, and none found yet.
//
// Points stay in shared memory if `Resident`, or are streamed like centroids. Shared memory: AKIN_RING bytes, bytes *
// 128 or as many again, and 512.
template <bool Resident>
AKIN_DEVICE void akin_nearest(akin_half_points points, akin_half_centroids centroids, uint32_t bytes,
                              const uint32_t *previous, uint32_t *numbers, uint32_t *doubtful, float *reach,
                              uint32_t *found, uint32_t *doubtfulCount) {
    AKIN_SHARED(int8_t, shared);
    uint32_t first = blockIdx.x * AKIN_TILE, lane = akin_lane(), warp = threadIdx.x / AKIN_WARP;
    // Behind the codes: what bounds each point from the start, and at last the leaders of both halves of columns.
    float *start = reinterpret_cast<float *>(shared + AKIN_RING + (Resident ? bytes * AKIN_TILE : AKIN_RING));
    {
        uint32_t inTile = threadIdx.x / 2, p = min(first + inTile, points.count - 1);
        float bound = akin_infinity();
        if (previous) { // the same for the whole block
            uint32_t number = previous[p];
            float sum = __ldg(centroids.term + number) +
                        akin_half_product(points.codes + static_cast<uint64_t>(p) * bytes,
                                          centroids.codes + static_cast<uint64_t>(number) * bytes, bytes);
            // Twice the doubt: whatever the tensor cores make of this pair stays well under it.
            sum += 2 * akin_doubt(points.length[p], points.error[p], centroids.largest, bytes / 2);
            bound = sum < bound ? sum : bound;
        }
        if (threadIdx.x % 2 == 0)
            start[inTile] = bound;
    }
    __syncthreads();
    akin_leader leaders[2][2];
    uint32_t firstInWarp = warp / 2 * 32 + lane / 4;
#pragma unroll
    for (int i = 0; i < 4; i++)
        leaders[i / 2][i % 2] = {akin_infinity(), start[firstInWarp + i * 8], AKIN_NOBODY};

    akin_tile_products<Resident, float>(
        shared + AKIN_RING, shared, bytes, centroids.tiles,
        [&](uint32_t i) { return points.row(min(first + i, points.count - 1), bytes); },
        [&](uint32_t tile) { return centroids.tile(tile, bytes); },
        [&](uint32_t tile, float(&sums)[2][8][4]) { akin_begin_with_terms(centroids.term, tile, sums); },
        [&](uint32_t tile, float(&sums)[2][8][4]) {
#pragma unroll
            for (int m = 0; m < 2; m++) {
#pragma unroll
                for (int h = 0; h < 2; h++) {
                    // The last four bits of a sum give way to its place.
                    float least = akin_infinity();
#pragma unroll
                    for (uint32_t i = 0; i < 16; i++) {
                        float &sum = sums[m][i / 2][h * 2 + i % 2];
                        sum = __uint_as_float((__float_as_uint(sum) & ~15u) | i);
                        least = fminf(least, sum);
                    }
                    akin_leader &leader = leaders[m][h];
                    if (!__any_sync(AKIN_ALL_LANES, least < leader.second))
                        continue;
                    float next = akin_infinity();
#pragma unroll
                    for (int i = 0; i < 16; i++) {
                        float sum = sums[m][i / 2][h * 2 + i % 2];
                        next = fminf(next, sum > least ? sum : akin_infinity());
                    }
                    leader.meet(least, next, tile * AKIN_TILE + akin_sum_column(__float_as_uint(least) & 15));
                }
            }
        });

    // Among the four lanes of a point, then between the two warps that have its columns.
    akin_leader *halves = reinterpret_cast<akin_leader *>(shared);
#pragma unroll
    for (int i = 0; i < 4; i++) {
        akin_leader leader = leaders[i / 2][i % 2];
#pragma unroll
        for (int apart = 1; apart < 4; apart *= 2) {
            float best = __shfl_xor_sync(AKIN_ALL_LANES, leader.best, apart);
            float second = __shfl_xor_sync(AKIN_ALL_LANES, leader.second, apart);
            uint32_t column = __shfl_xor_sync(AKIN_ALL_LANES, leader.column, apart);
            leader.meet(best, second, column);
        }
        if (lane % 4 == 0)
            halves[(firstInWarp + i * 8) * 2 + warp % 2] = leader;
    }
    __syncthreads();
    uint32_t p = first + threadIdx.x;
    if (threadIdx.x >= AKIN_TILE || p >= points.count)
        return;
    akin_leader leader = halves[threadIdx.x * 2], other = halves[threadIdx.x * 2 + 1];
    leader.meet(other.best, other.second, other.column);
    float limit = leader.best + akin_doubt(points.length[p], points.error[p], centroids.largest, bytes / 2);
    if (leader.second > limit) {
        numbers[p] = leader.column;
        return;
    }
    uint32_t place = atomicAdd(doubtfulCount, 1u);
    doubtful[place] = p;
    reach[place] = limit;
    found[place] = 0;
}

// The doubtful points once more: lists the centroids in reach of each, `capacity` at most. found counts also those that
// found no room. Blocks take 128 points in turn, however many there are.
template <bool Resident>
AKIN_DEVICE void akin_nearest_candidates(akin_half_points points, akin_half_centroids centroids, uint32_t bytes,
                                         uint32_t centroidCount, const uint32_t *doubtful, const float *reach,
                                         const uint32_t *doubtfulCount, uint32_t *found, uint32_t *candidates,
                                         uint32_t capacity) {
    AKIN_SHARED(int8_t, shared);
    uint32_t lane = akin_lane(), warp = threadIdx.x / AKIN_WARP, count = *doubtfulCount;
    uint32_t firstInWarp = warp / 2 * 32 + lane / 4;
    for (uint32_t first = blockIdx.x * AKIN_TILE; first < count; first += gridDim.x * AKIN_TILE) {
        akin_tile_products<Resident, float>(
            shared + AKIN_RING, shared, bytes, centroids.tiles,
            [&](uint32_t i) { return points.row(__ldg(doubtful + min(first + i, count - 1)), bytes); },
            [&](uint32_t tile) { return centroids.tile(tile, bytes); },
            [&](uint32_t tile, float(&sums)[2][8][4]) { akin_begin_with_terms(centroids.term, tile, sums); },
            [&](uint32_t tile, float(&sums)[2][8][4]) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    uint32_t place = first + firstInWarp + i * 8;
                    if (place >= count)
                        continue;
                    float limit = __ldg(reach + place);
                    uint32_t hits = 0;
#pragma unroll
                    for (int j = 0; j < 16; j++) // what is not a number may be anything
                        hits |= sums[i / 2][j / 2][i % 2 * 2 + j % 2] > limit ? 0u : 1u << j;
                    for (; hits; hits &= hits - 1) {
                        uint32_t column = tile * AKIN_TILE + akin_sum_column(__ffs(hits) - 1);
                        if (column >= centroidCount)
                            break;
                        uint32_t at = atomicAdd(found + place, 1u);
                        if (at < capacity)
                            candidates[static_cast<uint64_t>(place) * capacity + at] = column;
                    }
                }
            });
    }
}

#endif
