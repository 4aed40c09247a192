// The kernels that select: see akin_warp_select, akin_nominate_select and akin_radix_select.
//
// All of them take half a minute to compile. A program that wants one defines AKIN_CAPACITY: the entries that it holds,
// or 0 for radix.
#include "nominate_select.cuh"
#include "radix_select.cuh"
#include "warp_select.cuh"

// K entries in a warp's registers, Q waiting in each lane; 128 threads, BLOCKS of which fit a multiprocessor's
// registers.
#define AKIN_WARP_SELECT(K, Q, BLOCKS)                                                                                 \
    extern "C" __global__ void __launch_bounds__(128, BLOCKS) akin_warp_select_##K##_smallest(                         \
        const float *values, const uint32_t *ids, uint64_t stride, uint32_t rows, uint32_t count, uint32_t chunk,      \
        uint32_t chunks, uint32_t k, uint32_t warpsPerRow, float *outValues, uint32_t *outIds) {                       \
        akin_warp_select<false, K, Q>(values, ids, stride, rows, count, chunk, chunks, k, warpsPerRow,                 \
                                      {outValues, outIds});                                                            \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(128, BLOCKS) akin_warp_select_##K##_largest(                          \
        const float *values, const uint32_t *ids, uint64_t stride, uint32_t rows, uint32_t count, uint32_t chunk,      \
        uint32_t chunks, uint32_t k, uint32_t warpsPerRow, float *outValues, uint32_t *outIds) {                       \
        akin_warp_select<true, K, Q>(values, ids, stride, rows, count, chunk, chunks, k, warpsPerRow,                  \
                                     {outValues, outIds});                                                             \
    }

#if !defined(AKIN_CAPACITY) || AKIN_CAPACITY == 32
AKIN_WARP_SELECT(32, 2, 8)
#endif
#if !defined(AKIN_CAPACITY) || AKIN_CAPACITY == 64
AKIN_WARP_SELECT(64, 3, 8)
#endif
#if !defined(AKIN_CAPACITY) || AKIN_CAPACITY == 128
AKIN_WARP_SELECT(128, 3, 7)
#endif
#if !defined(AKIN_CAPACITY) || AKIN_CAPACITY == 256
AKIN_WARP_SELECT(256, 4, 6)
#endif
#if !defined(AKIN_CAPACITY) || AKIN_CAPACITY == 512
AKIN_WARP_SELECT(512, 8, 4)
#endif
#if !defined(AKIN_CAPACITY) || AKIN_CAPACITY == 1024
AKIN_WARP_SELECT(1024, 8, 3)
#endif

// A block of 256 threads for each part, that holds CAPACITY entries in shared memory; k at most half of it.
#define AKIN_NOMINATE_SELECT(CAPACITY)                                                                                 \
    extern "C" __global__ void __launch_bounds__(256, 3) akin_nominate_select_##CAPACITY##_smallest(                   \
        const float *values, const uint32_t *ids, uint64_t stride, uint32_t count, uint32_t chunk, uint32_t chunks,    \
        uint32_t k, float *outValues, uint32_t *outIds) {                                                              \
        akin_nominate_select<false, 256, CAPACITY>(values, ids, stride, count, chunk, chunks, k, {outValues, outIds}); \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256, 3) akin_nominate_select_##CAPACITY##_largest(                    \
        const float *values, const uint32_t *ids, uint64_t stride, uint32_t count, uint32_t chunk, uint32_t chunks,    \
        uint32_t k, float *outValues, uint32_t *outIds) {                                                              \
        akin_nominate_select<true, 256, CAPACITY>(values, ids, stride, count, chunk, chunks, k, {outValues, outIds});  \
    }

#if !defined(AKIN_CAPACITY) || AKIN_CAPACITY == 2048
AKIN_NOMINATE_SELECT(2048)
#endif
#if !defined(AKIN_CAPACITY) || AKIN_CAPACITY == 4096
AKIN_NOMINATE_SELECT(4096)
#endif

#if !defined(AKIN_CAPACITY) || AKIN_CAPACITY == 0
// 512 threads; 2 k entries of scratch for each block.
extern "C" __global__ void __launch_bounds__(512)
    akin_radix_select_smallest(const float *values, uint64_t stride, uint32_t rows, uint32_t count, uint32_t k,
                               uint64_t *scratch, float *outValues, uint32_t *outIds) {
    akin_radix_select<false, 512>(values, stride, rows, count, k, scratch, {outValues, outIds});
}
extern "C" __global__ void __launch_bounds__(512)
    akin_radix_select_largest(const float *values, uint64_t stride, uint32_t rows, uint32_t count, uint32_t k,
                              uint64_t *scratch, float *outValues, uint32_t *outIds) {
    akin_radix_select<true, 512>(values, stride, rows, count, k, scratch, {outValues, outIds});
}
#endif
