// Vectors for measurements, made where they are used: any row can be made again, alone.
//
// A row lies near one of 2^18 places, which lie near 2^12, which lie near 2^6; around its place it varies in 12
// directions, the same for all, and a little in every component. So there are lists to find, neighbours at every
// distance, and fewer degrees of freedom than components, as with vectors of images. All sums are fused floats in the
// order written here, and the tests have the formula once more in Swift.
#include "akin.cuh"

#define AKIN_DIRECTIONS 12

// A word made of a word: the finaliser of SplitMix64 behind its constant.
AKIN_DEVICE uint64_t akin_mixed(uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

// About normal, of variance 1: the sum of four numbers of 16 bits.
AKIN_DEVICE float akin_normal(uint64_t word) {
    int32_t sum = static_cast<int32_t>((word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48));
    return __fmul_rn(static_cast<float>(sum - 131070), 0x1.bb67aep-16f); // sqrt(3) / 65,536
}

// rows[count][dimension] become rows first, first + 1, ... of a seed. A block makes 32 rows; (dimension + 32) * 12
// floats of shared memory.
extern "C" __global__ void __launch_bounds__(256)
    akin_synthetic(uint64_t seed, uint64_t first, uint32_t count, uint32_t dimension, float *rows) {
    AKIN_SHARED(float, directions);                          // [12][dimension]
    float *along = directions + AKIN_DIRECTIONS * dimension; // [32][12]
    uint64_t begin = static_cast<uint64_t>(blockIdx.x) * AKIN_WARP;
    for (uint32_t i = threadIdx.x; i < AKIN_DIRECTIONS * dimension; i += blockDim.x)
        directions[i] = akin_normal(akin_mixed(akin_mixed(seed + 4) + i));
    for (uint32_t i = threadIdx.x; i < AKIN_WARP * AKIN_DIRECTIONS; i += blockDim.x)
        along[i] = akin_normal(
            akin_mixed(akin_mixed(akin_mixed(seed + 5) + first + begin + i / AKIN_DIRECTIONS) + i % AKIN_DIRECTIONS));
    __syncthreads();
    for (uint32_t i = threadIdx.x; i < AKIN_WARP * dimension; i += blockDim.x) {
        uint64_t row = begin + i / dimension;
        if (row >= count)
            break;
        uint32_t c = i % dimension;
        uint64_t path = akin_mixed(akin_mixed(seed) + first + row);
        float x = 0;
#pragma unroll
        for (int level = 1; level <= 3; level++) {
            uint64_t place = akin_mixed(akin_mixed(seed + level) + (path >> (64 - 6 * level)));
            x = __fmaf_rn(1.25f - 0.25f * level, akin_normal(akin_mixed(place + c)), x);
        }
        for (uint32_t j = 0; j < AKIN_DIRECTIONS; j++)
            x = __fmaf_rn(0.15625f * along[i / dimension * AKIN_DIRECTIONS + j], directions[j * dimension + c], x);
        x = __fmaf_rn(0.125f, akin_normal(akin_mixed(akin_mixed(path) + c)), x);
        rows[row * dimension + c] = x;
    }
}
