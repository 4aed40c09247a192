// Decides points that half floats leave open, in doubles, as the CPU does.
#ifndef AKIN_NEAREST_DECIDE_CUH
#define AKIN_NEAREST_DECIDE_CUH

#include "exact_decide.cuh"

// Half a warp for each doubtful point, in turn: of its candidates, or of all centroids where there was no room for
// them, the one with the least key; of equal ones the smaller number.
template <int Metric>
AKIN_DEVICE void akin_nearest_decide(const float *points, const float *centroids, uint32_t centroidCount,
                                     uint32_t dimension, const uint32_t *doubtful, const uint32_t *doubtfulCount,
                                     const uint32_t *found, const uint32_t *candidates, uint32_t capacity,
                                     uint32_t *numbers) {
    uint32_t count = *doubtfulCount, halves = gridDim.x * (blockDim.x / 16);
    uint32_t half = blockIdx.x * (blockDim.x / 16) + threadIdx.x / 16;
    // Both halves of a warp go along to the end, if need be with a point that is not theirs.
    for (uint32_t first = half / 2 * 2; first < count; first += halves) {
        uint32_t place = min(first + half % 2, count - 1), point = doubtful[place];
        uint32_t held = found[place];
        bool listed = held - 1u < capacity; // of none found, all are looked at too
        held = listed ? held : centroidCount;
        const float *x = points + static_cast<uint64_t>(point) * dimension;
        uint64_t best = AKIN_NO_ENTRY;
        uint32_t most = max(held, __shfl_xor_sync(AKIN_ALL_LANES, held, 16));
        for (uint32_t i = 0; i < most; i++) {
            uint32_t at = min(i, held - 1);
            uint32_t number = listed ? candidates[static_cast<uint64_t>(place) * capacity + at] : at;
            float key = akin_exact_key<Metric>(x, centroids + static_cast<uint64_t>(number) * dimension, dimension);
            best = akin_smaller(best, akin_entry(akin_key(key), number));
        }
        if (first + half % 2 < count && threadIdx.x % 16 == 0)
            numbers[point] = akin_entry_id(best);
    }
}

// The key in doubles of each point and its centroid: the squared distance, or minus the inner product. Half a warp a
// point, in turn.
template <int Metric>
AKIN_DEVICE void akin_nearest_keys(const float *points, const float *centroids, uint32_t dimension, uint32_t count,
                                   const uint32_t *numbers, double *keys) {
    uint32_t halves = gridDim.x * (blockDim.x / 16), half = blockIdx.x * (blockDim.x / 16) + threadIdx.x / 16;
    for (uint32_t first = half / 2 * 2; first < count; first += halves) {
        uint32_t point = min(first + half % 2, count - 1);
        const float *x = points + static_cast<uint64_t>(point) * dimension,
                    *y = centroids + static_cast<uint64_t>(numbers[point]) * dimension;
        double key = akin_exact_sum<Metric == 0>(x, y, dimension);
        if (first + half % 2 < count && threadIdx.x % 16 == 0)
            keys[point] = Metric == 0 ? key : 0 - key;
    }
}

#endif
