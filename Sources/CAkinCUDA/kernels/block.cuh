// Sums over the threads of a block.
#ifndef AKIN_BLOCK_CUH
#define AKIN_BLOCK_CUH

#include "networks.cuh"

// The sum of the words of all threads before this one. `sums` has a word for each warp and one more, and is free again
// after the next barrier; `total` becomes the sum of all. A multiple of 32 threads, all of which call.
AKIN_DEVICE uint32_t akin_block_sum_before(uint32_t word, uint32_t *sums, uint32_t &total) {
    uint32_t warp = threadIdx.x / AKIN_WARP, warps = blockDim.x / AKIN_WARP, lane = akin_lane();
    uint32_t sum = word; // through this lane
#pragma unroll
    for (int delta = 1; delta < AKIN_WARP; delta *= 2) {
        uint32_t before = __shfl_up_sync(AKIN_ALL_LANES, sum, delta);
        sum += lane >= static_cast<uint32_t>(delta) ? before : 0;
    }
    if (lane == AKIN_WARP - 1)
        sums[warp] = sum;
    __syncthreads();
    if (warp == 0) {
        uint32_t own = lane < warps ? sums[lane] : 0, through = own;
#pragma unroll
        for (int delta = 1; delta < AKIN_WARP; delta *= 2) {
            uint32_t before = __shfl_up_sync(AKIN_ALL_LANES, through, delta);
            through += lane >= static_cast<uint32_t>(delta) ? before : 0;
        }
        __syncwarp();
        if (lane < warps)
            sums[lane] = through - own;
        if (lane == AKIN_WARP - 1)
            sums[warps] = through;
    }
    __syncthreads();
    total = sums[warps];
    return sums[warp] + sum - word;
}

#endif
