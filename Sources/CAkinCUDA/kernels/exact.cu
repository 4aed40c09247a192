// Certified exact search in 8 bits: see exact_tiles.cuh and exact_decide.cuh.
#include "exact_decide.cuh"

extern "C" __global__ void __launch_bounds__(256, 2)
    akin_exact_tiles(const int8_t *queryCodes, const float *scale, const float *offset, const float *slack,
                     const float *x1, const float *x2, uint32_t queryCount, const int8_t *codes, const float *b,
                     const float *w, const float *e0, const float *e1, const float *e2, const float *largest,
                     uint32_t padded, const uint32_t *tiles, uint32_t firstTile, uint32_t lastTile,
                     uint32_t tilesPerBlock, uint32_t *foundRows, int32_t *foundDots, uint32_t *counts,
                     uint32_t *bounds, uint32_t capacity) {
    akin_exact_nominate({queryCodes, scale, offset, slack, x1, x2}, queryCount, {codes, b, w, e0, e1, e2, largest},
                        padded, tiles, firstTile, lastTile, tilesPerBlock,
                        {foundRows, foundDots, counts, bounds, capacity});
}

// b of the rows whose bit of `allowed` is set, infinity of the others. `count` is a multiple of 32.
extern "C" __global__ void __launch_bounds__(256)
    akin_exact_allowed(const float *b, const uint32_t *allowed, uint32_t count, float *out) {
    uint32_t row = blockIdx.x * 256 + threadIdx.x;
    if (row < count)
        out[row] = __ldg(allowed + row / 32) >> row % 32 & 1 ? __ldg(b + row) : akin_infinity();
}

// `capacity` is 2,048 at most in both that follow, k half of it.
extern "C" __global__ void __launch_bounds__(256)
    akin_exact_bounds(const float *scale, const float *offset, const float *slack, const float *x1, const float *x2,
                      const float *b, const float *w, const float *e0, const float *e1, const float *e2,
                      uint32_t *foundRows, int32_t *foundDots, uint32_t *counts, uint32_t *bounds, uint32_t capacity,
                      uint32_t k, uint32_t *overflowed) {
    akin_exact_tighten<256, 2048>({nullptr, scale, offset, slack, x1, x2}, {nullptr, b, w, e0, e1, e2, nullptr},
                                  {foundRows, foundDots, counts, bounds, capacity}, k, overflowed);
}

AKIN_EXACT_METRIC(0, float, l2)
AKIN_EXACT_METRIC(1, float, ip)
AKIN_EXACT_METRIC(2, float, cosine)
