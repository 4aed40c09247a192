// Small kernels whose answers anyone can work out: they show that a device, its driver and the compiler work together
// before anything larger is blamed.
#include "akin.cuh"
#include "half.cuh"

// out[i] = a[i] + b[i] for i < n.
extern "C" __global__ void akin_add(const float *a, const float *b, float *out, uint64_t n) {
    const uint64_t stride = (uint64_t)gridDim.x * blockDim.x;
    for (uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride)
        out[i] = a[i] + b[i];
}

// Does nothing: what a launch costs.
extern "C" __global__ void akin_nothing() {}

// `steps` times eight products of 16 x 8 x 16 half floats in each warp, all of ones, so that each of the 32 sums of a
// thread becomes 16 * steps: the rate at which `mma` multiplies when it waits for nothing else.
extern "C" __global__ void __launch_bounds__(256) akin_half_products(uint32_t steps, float *sums) {
    float c[8][4] = {};
    uint32_t ones = akin_half(1.0f) * 0x10001u;
    uint32_t a[4] = {ones, ones, ones, ones}, b[2] = {ones, ones};
    for (uint32_t step = 0; step < steps; step++)
#pragma unroll
        for (int i = 0; i < 8; i++)
            akin_mma_f16(c[i], a, b);
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 8; i++)
        sum += (c[i][0] + c[i][1]) + (c[i][2] + c[i][3]);
    sums[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}
