// CUDA's names for what the host model does. Included by akin_host_model.h.
#ifndef AKIN_HOST_INTRINSICS_H
#define AKIN_HOST_INTRINSICS_H

#define __global__
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __restrict__

#define threadIdx (akin_host::place().threadIndex)
#define blockIdx (akin_host::place().blockIndex)
#define blockDim (akin_host::place().blockSize)
#define gridDim (akin_host::place().gridSize)

struct alignas(8) uint2 {
    uint32_t x, y;
};
struct alignas(16) uint4 {
    uint32_t x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(16) int4 {
    int32_t x, y, z, w;
};

template <typename To, typename From> inline To akin_host_cast(From value) {
    static_assert(sizeof(To) == sizeof(From));
    To result;
    std::memcpy(&result, &value, sizeof result);
    return result;
}
inline uint32_t __float_as_uint(float x) {
    return akin_host_cast<uint32_t>(x);
}
inline int32_t __float_as_int(float x) {
    return akin_host_cast<int32_t>(x);
}
inline float __uint_as_float(uint32_t x) {
    return akin_host_cast<float>(x);
}
inline float __int_as_float(int32_t x) {
    return akin_host_cast<float>(x);
}

// Each rounds by itself: no compiler joins two calls into one operation.
inline double __dadd_rn(double a, double b) {
    return a + b;
}
inline double __dmul_rn(double a, double b) {
    return a * b;
}

inline float __fadd_rn(float a, float b) {
    return a + b;
}
inline float __fsub_rn(float a, float b) {
    return a - b;
}
inline float __fmul_rn(float a, float b) {
    return a * b;
}
inline float __fmaf_rn(float a, float b, float c) {
    return std::fma(a, b, c);
}

inline int __popc(uint32_t x) {
    return __builtin_popcount(x);
}
inline int __popcll(uint64_t x) {
    return __builtin_popcountll(x);
}
inline int __ffs(uint32_t x) {
    return __builtin_ffs(static_cast<int>(x));
}
inline int __clz(uint32_t x) {
    return x ? __builtin_clz(x) : 32;
}

template <typename T> inline T min(T a, T b) {
    return b < a ? b : a;
}
template <typename T> inline T max(T a, T b) {
    return a < b ? b : a;
}

template <typename T> inline T __ldg(const T *p) {
    akin_host::checkAligned(p);
    return *p;
}
template <typename T> inline T __ldcs(const T *p) {
    return __ldg(p);
}

// Threads run one at a time, so plain reads and writes are atomic.
template <typename T> inline T atomicAdd(T *p, T value) {
    T old = *p;
    *p = old + value;
    return old;
}
template <typename T> inline T atomicMin(T *p, T value) {
    T old = *p;
    *p = value < old ? value : old;
    return old;
}
template <typename T> inline T atomicMax(T *p, T value) {
    T old = *p;
    *p = old < value ? value : old;
    return old;
}
template <typename T> inline T atomicOr(T *p, T value) {
    T old = *p;
    *p = old | value;
    return old;
}
template <typename T> inline T atomicExch(T *p, T value) {
    T old = *p;
    *p = value;
    return old;
}
template <typename T> inline T atomicCAS(T *p, T expected, T value) {
    T old = *p;
    if (old == expected)
        *p = value;
    return old;
}
inline void __threadfence() {}
inline void __threadfence_block() {}

template <typename T> inline T __shfl_sync(uint32_t mask, T value, int source, int width = 32) {
    unsigned lane = akin_host::lane(), base = lane & ~unsigned(width - 1);
    return akin_host::shuffle(mask, value, base + (unsigned(source) & unsigned(width - 1)), "__shfl_sync");
}
template <typename T> inline T __shfl_xor_sync(uint32_t mask, T value, int bits, int width = 32) {
    unsigned lane = akin_host::lane(), source = lane ^ unsigned(bits), end = (lane & ~unsigned(width - 1)) + width;
    return akin_host::shuffle(mask, value, source < end ? source : lane, "__shfl_xor_sync");
}
template <typename T> inline T __shfl_up_sync(uint32_t mask, T value, unsigned delta, int width = 32) {
    unsigned lane = akin_host::lane(), inside = lane & unsigned(width - 1);
    return akin_host::shuffle(mask, value, inside >= delta ? lane - delta : lane, "__shfl_up_sync");
}
template <typename T> inline T __shfl_down_sync(uint32_t mask, T value, unsigned delta, int width = 32) {
    unsigned lane = akin_host::lane(), inside = lane & unsigned(width - 1);
    return akin_host::shuffle(mask, value, inside + delta < unsigned(width) ? lane + delta : lane, "__shfl_down_sync");
}

inline uint32_t __ballot_sync(uint32_t mask, int predicate) {
    struct Or {
        uint32_t operator()(uint32_t a, uint32_t b) const { return a | b; }
    };
    return akin_host::reduce(mask, uint32_t(predicate != 0) << akin_host::lane(), "__ballot_sync", Or{});
}
inline int __any_sync(uint32_t mask, int predicate) {
    return __ballot_sync(mask, predicate) != 0;
}
inline int __all_sync(uint32_t mask, int predicate) {
    return __ballot_sync(mask, predicate) == mask;
}

template <typename T> inline uint32_t __match_any_sync(uint32_t mask, T value) {
    struct Match {
        T value;
        uint32_t result;
    } mine{value, 0};
    akin_host::collective(
        mask, "__match_any_sync",
        [](void *const *brought, uint32_t mask) {
            for (unsigned i = 0; i < 32; i++)
                for (unsigned j = 0; j < 32; j++)
                    if ((mask >> i & 1) && (mask >> j & 1)) {
                        auto *a = static_cast<Match *>(brought[i]);
                        a->result |= uint32_t(a->value == static_cast<Match *>(brought[j])->value) << j;
                    }
        },
        &mine);
    return mine.result;
}

#define AKIN_HOST_REDUCE(NAME, EXPRESSION)                                                                             \
    template <typename T> inline T NAME(uint32_t mask, T value) {                                                      \
        struct Combine {                                                                                               \
            T operator()(T a, T b) const { return EXPRESSION; }                                                        \
        };                                                                                                             \
        return akin_host::reduce(mask, value, #NAME, Combine{});                                                       \
    }
AKIN_HOST_REDUCE(__reduce_add_sync, a + b)
AKIN_HOST_REDUCE(__reduce_min_sync, b < a ? b : a)
AKIN_HOST_REDUCE(__reduce_max_sync, a < b ? b : a)
AKIN_HOST_REDUCE(__reduce_and_sync, a &b)
AKIN_HOST_REDUCE(__reduce_or_sync, a | b)
AKIN_HOST_REDUCE(__reduce_xor_sync, a ^ b)
#undef AKIN_HOST_REDUCE

inline void __syncwarp(uint32_t mask = 0xffffffffu) {
    akin_host::collective(
        mask, "__syncwarp", [](void *const *, uint32_t) {}, nullptr);
}
inline void __syncthreads() {
    akin_host::barrier("__syncthreads", false);
}
inline int __syncthreads_count(int predicate) {
    return akin_host::barrier("__syncthreads_count", predicate != 0);
}
inline int __syncthreads_or(int predicate) {
    return akin_host::barrier("__syncthreads_or", predicate != 0) != 0;
}
inline int __syncthreads_and(int predicate) {
    return akin_host::barrier("__syncthreads_and", predicate == 0) == 0;
}

#endif
