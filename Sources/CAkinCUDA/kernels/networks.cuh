// Sorting and merging networks over the registers of a warp, of any number of registers a lane.
//
// A *list* of R registers is R * 32 entries; entry r * 32 + lane lies in register r of a lane, ascending. Two sorted
// lists are merged by comparing one from its end with the other from its front, which leaves the smaller ones left and
// the larger ones right, both bitonic, and then by halving strides. Where a list is not a power of two long, the
// network is that of the next power, of which the comparisons with absent entries are left out: on the left side these
// would be smaller than all, in front; on the right larger than all, behind. (Batcher 1968; arXiv 1702.08734,
// section 4.2.)
//
// The number of lanes that hold a list is a parameter, so that networks are small enough to be tested on all inputs of
// zeros and ones: with fewer than 32, a warp works on several lists side by side.
#ifndef AKIN_NETWORKS_CUH
#define AKIN_NETWORKS_CUH

#include "order.cuh"

AKIN_DEVICE unsigned akin_lane() {
    return threadIdx.x % AKIN_WARP;
}

AKIN_DEVICE uint64_t akin_shuffle_xor(uint64_t entry, int bits) {
    uint32_t key = __shfl_xor_sync(AKIN_ALL_LANES, akin_entry_key(entry), bits);
    uint32_t id = __shfl_xor_sync(AKIN_ALL_LANES, akin_entry_id(entry), bits);
    return akin_entry(key, id);
}

AKIN_DEVICE uint64_t akin_shuffle(uint64_t entry, int lane) {
    uint32_t key = __shfl_sync(AKIN_ALL_LANES, akin_entry_key(entry), lane);
    uint32_t id = __shfl_sync(AKIN_ALL_LANES, akin_entry_id(entry), lane);
    return akin_entry(key, id);
}

AKIN_DEVICE uint64_t akin_smaller(uint64_t a, uint64_t b) {
    return b < a ? b : a;
}
AKIN_DEVICE uint64_t akin_larger(uint64_t a, uint64_t b) {
    return a < b ? b : a;
}

// Between lanes `Stride` apart: the lower one keeps the smaller.
template <int Stride> AKIN_DEVICE void akin_compare_lanes(uint64_t &entry) {
    uint64_t other = akin_shuffle_xor(entry, Stride);
    bool keepSmaller = (akin_lane() & Stride) == 0;
    entry = (other < entry) == keepSmaller ? other : entry;
}

template <int Stride> AKIN_DEVICE void akin_merge_lanes(uint64_t &entry) {
    if constexpr (Stride > 0) {
        akin_compare_lanes<Stride>(entry);
        akin_merge_lanes<Stride / 2>(entry);
    }
}

AKIN_DEVICE constexpr int akin_power_above(int n) {
    int power = 1;
    while (power < n)
        power *= 2;
    return power;
}

// Sorts a bitonic list. `Left`: of rising, then falling entries, as the left half of a comparison is.
template <bool Left, int R, int Lanes> AKIN_DEVICE void akin_merge_bitonic(uint64_t (&list)[R]) {
    constexpr int power = akin_power_above(R), absent = Left ? power - R : 0;
#pragma unroll
    for (int stride = power / 2; stride > 0; stride /= 2) {
#pragma unroll
        for (int i = 0; i < R; i++) {
            int place = i + absent;
            if ((place & stride) == 0 && i + stride < R) {
                uint64_t a = list[i], b = list[i + stride];
                list[i] = akin_smaller(a, b);
                list[i + stride] = akin_larger(a, b);
            }
        }
    }
#pragma unroll
    for (int i = 0; i < R; i++)
        akin_merge_lanes<Lanes / 2>(list[i]);
}

// Merges two sorted lists: the smallest into `left`, in order; the rest into `right`, in order if `KeepRight`.
template <bool KeepRight, int A, int B, int Lanes>
AKIN_DEVICE void akin_merge_lists(uint64_t (&left)[A], uint64_t (&right)[B]) {
    constexpr int pairs = A < B ? A : B;
#pragma unroll
    for (int i = 0; i < pairs; i++) {
        uint64_t a = left[A - 1 - i], b = right[i];
        uint64_t fromRight = akin_shuffle_xor(b, Lanes - 1);
        left[A - 1 - i] = akin_smaller(a, fromRight);
        if (KeepRight)
            right[i] = akin_larger(b, akin_shuffle_xor(a, Lanes - 1));
    }
    akin_merge_bitonic<true, A, Lanes>(left);
    if (KeepRight)
        akin_merge_bitonic<false, B, Lanes>(right);
}

// Sorts the 2, 4, ... Lanes lanes that hold one register of a list.
template <int Size, int Lanes> AKIN_DEVICE void akin_sort_lanes(uint64_t &entry) {
    if constexpr (Size <= Lanes) {
        // Two sorted runs of half the size: compare the first with the reversed second, then merge both.
        uint64_t other = akin_shuffle_xor(entry, Size - 1);
        bool keepSmaller = (akin_lane() & (Size / 2)) == 0;
        entry = (other < entry) == keepSmaller ? other : entry;
        akin_merge_lanes<Size / 4>(entry);
        akin_sort_lanes<Size * 2, Lanes>(entry);
    }
}

// Sorts a list in any order.
template <int R, int Lanes = AKIN_WARP> AKIN_DEVICE void akin_sort_list(uint64_t (&list)[R]) {
    if constexpr (R == 1) {
        akin_sort_lanes<2, Lanes>(list[0]);
    } else {
        constexpr int half = R / 2;
        uint64_t left[half], right[R - half];
#pragma unroll
        for (int i = 0; i < R; i++)
            (i < half ? left[i < half ? i : 0] : right[i < half ? 0 : i - half]) = list[i];
        akin_sort_list<half, Lanes>(left);
        akin_sort_list<R - half, Lanes>(right);
        akin_merge_lists<true, half, R - half, Lanes>(left, right);
#pragma unroll
        for (int i = 0; i < R; i++)
            list[i] = i < half ? left[i < half ? i : 0] : right[i < half ? 0 : i - half];
    }
}

#endif
