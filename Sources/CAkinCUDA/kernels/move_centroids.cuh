// The step of k-means that moves centroids: the mean of the points of each, summed in doubles in the order of the
// points, which is what the CPU adds up; no atomic addition of floats, so the same bits each time.
//
// Points are sorted by centroid first, stably: counted in chunks, the counts added up over chunks and centroids, the
// points put in place by chunk.
#ifndef AKIN_MOVE_CENTROIDS_CUH
#define AKIN_MOVE_CENTROIDS_CUH

#include "block.cuh"

// counts[chunk][k]: points of each centroid in each chunk. A block a chunk.
AKIN_DEVICE void akin_count_points(const uint32_t *numbers, uint32_t count, uint32_t k, uint32_t chunk,
                                   uint32_t *counts) {
    uint32_t *mine = counts + static_cast<uint64_t>(blockIdx.x) * k;
    for (uint32_t c = threadIdx.x; c < k; c += blockDim.x)
        mine[c] = 0;
    __syncthreads();
    uint64_t first = static_cast<uint64_t>(blockIdx.x) * chunk;
    for (uint64_t p = first + threadIdx.x; p < count && p < first + chunk; p += blockDim.x)
        atomicAdd(mine + numbers[p], 1u);
}

// counts[chunk][k] becomes the points of the centroid in earlier chunks; sizes[k]: in all. A thread a centroid.
AKIN_DEVICE void akin_add_chunks(uint32_t *counts, uint32_t chunks, uint32_t k, uint32_t *sizes) {
    uint32_t c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c >= k)
        return;
    // Sixteen counts are under way at a time, or a thread would wait for each.
    constexpr uint32_t most = 16;
    uint32_t before = 0;
    for (uint32_t first = 0; first < chunks; first += most) {
        uint32_t held[most];
#pragma unroll
        for (uint32_t i = 0; i < most; i++)
            held[i] = first + i < chunks ? counts[static_cast<uint64_t>(first + i) * k + c] : 0;
#pragma unroll
        for (uint32_t i = 0; i < most; i++) {
            if (first + i < chunks)
                counts[static_cast<uint64_t>(first + i) * k + c] = before;
            before += held[i];
        }
    }
    sizes[c] = before;
}

// starts[k + 1]: where the points of each centroid begin. One block; 33 words of shared memory.
AKIN_DEVICE void akin_add_sizes(const uint32_t *sizes, uint32_t k, uint32_t *starts) {
    AKIN_SHARED(uint32_t, sums);
    uint32_t before = 0;
    for (uint32_t first = 0; first < k; first += blockDim.x) {
        uint32_t c = first + threadIdx.x, total = 0;
        uint32_t own = akin_block_sum_before(c < k ? sizes[c] : 0, sums, total);
        if (c < k)
            starts[c] = before + own;
        before += total;
        __syncthreads();
    }
    if (threadIdx.x == 0)
        starts[k] = before;
}

// order[count]: the points by centroid, those of one in their own order. A warp a chunk, 32 points at a time.
AKIN_DEVICE void akin_place_points(const uint32_t *numbers, uint32_t count, uint32_t k, uint32_t chunk, uint32_t chunks,
                                   const uint32_t *starts, uint32_t *counts, uint32_t *order) {
    uint32_t mine = blockIdx.x * (blockDim.x / AKIN_WARP) + threadIdx.x / AKIN_WARP, lane = akin_lane();
    if (mine >= chunks)
        return;
    uint32_t *before = counts + static_cast<uint64_t>(mine) * k;
    uint64_t first = static_cast<uint64_t>(mine) * chunk;
    for (uint64_t at = first; at < count && at < first + chunk; at += AKIN_WARP) {
        uint64_t p = at + lane;
        bool has = p < count && p < first + chunk;
        uint32_t number = has ? numbers[p] : 0xffffffffu;
        uint32_t same = __match_any_sync(AKIN_ALL_LANES, number);
        uint32_t rank = __popc(same & ((1u << lane) - 1)), seen = has ? before[number] : 0;
        __syncwarp(); // all have read before the first of each kind writes
        if (has) {
            order[starts[number] + seen + rank] = static_cast<uint32_t>(p);
            if (rank == 0)
                before[number] = seen + __popc(same);
        }
        __syncwarp();
    }
}

// centroids[k][dimension]: means over the size, or sums of length 1 where `spherical`; what has no points, or a sum of
// length zero, stays as in `old`. A block a centroid; (dimension + 1) doubles of shared memory.
AKIN_DEVICE void akin_average_points(const float *points, uint32_t dimension, const uint32_t *starts,
                                     const uint32_t *order, const float *old, bool spherical, float *centroids) {
    AKIN_SHARED(double, sums);
    uint32_t begin = starts[blockIdx.x], end = starts[blockIdx.x + 1];
    uint64_t row = static_cast<uint64_t>(blockIdx.x) * dimension;
    for (uint32_t c = threadIdx.x; c < dimension; c += blockDim.x) {
        double sum = 0;
        uint32_t i = begin;
        for (; i + 8 <= end; i += 8) { // eight rows under way at a time, added one after the other
            float x[8];
#pragma unroll
            for (int j = 0; j < 8; j++)
                x[j] = __ldg(points + static_cast<uint64_t>(__ldg(order + i + j)) * dimension + c);
#pragma unroll
            for (int j = 0; j < 8; j++)
                sum = __dadd_rn(sum, x[j]);
        }
        for (; i < end; i++)
            sum = __dadd_rn(sum, __ldg(points + static_cast<uint64_t>(__ldg(order + i)) * dimension + c));
        sums[c] = sum;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        double scale = end - begin;
        if (spherical) {
            scale = 0;
            for (uint32_t c = 0; c < dimension; c++)
                scale = __dadd_rn(scale, __dmul_rn(sums[c], sums[c]));
            scale = sqrt(scale);
        }
        sums[dimension] = scale;
    }
    __syncthreads();
    double scale = sums[dimension];
    for (uint32_t c = threadIdx.x; c < dimension; c += blockDim.x)
        centroids[row + c] = end > begin && scale > 0 ? static_cast<float>(sums[c] / scale) : old[row + c];
}

#endif
