// Selection of any number of elements: the k-th key by its digits, then the elements up to it, then a radix sort.
//
// One block works on a row: three passes find the k-th key, 11, 11 and 10 bits at a time; a fourth collects, in the
// order of columns, what comes before it and as many of its equals as are wanted; a stable sort by 8 bits at a time
// then keeps equal keys in the order of columns. O(count + k) whatever k is.
#ifndef AKIN_RADIX_SELECT_CUH
#define AKIN_RADIX_SELECT_CUH

#include "block.cuh"
#include "rows.cuh"

template <int Threads> struct akin_radix {
    static constexpr int warps = Threads / AKIN_WARP;
    static constexpr int bins = 2048;
    // Words of shared memory.
    static constexpr int words = (warps * 256 > bins ? warps * 256 : bins) + 256 + warps + 1 + 4;

    uint32_t *table; // [bins], or [warps][256]
    uint32_t *base;  // [256]
    uint32_t *sums;  // [warps + 1]
    uint32_t *found; // [3]

    AKIN_DEVICE explicit akin_radix(uint32_t *shared) {
        table = shared;
        base = table + (warps * 256 > bins ? warps * 256 : bins);
        sums = base + 256;
        found = sums + warps + 1;
    }

    // The k-th smallest key of a row; `before` becomes how many are smaller.
    template <bool Largest>
    AKIN_DEVICE uint32_t kthKey(const float *row, uint32_t count, uint32_t k, uint32_t &before) {
        uint32_t prefix = 0, known = 0; // the upper `known` bits
        before = 0;
        for (int pass = 0; pass < 3; pass++) {
            uint32_t bits = pass < 2 ? 11 : 10, shift = 32 - known - bits;
            for (uint32_t i = threadIdx.x; i < bins; i += Threads)
                table[i] = 0;
            __syncthreads();
            for (uint32_t i = threadIdx.x; i < count; i += Threads) {
                uint32_t key = akin_key(akin_signed<Largest>(__ldg(row + i)));
                if (known == 0 || key >> (32 - known) == prefix)
                    atomicAdd(&table[key >> shift & ((1u << bits) - 1)], 1u);
            }
            __syncthreads();
            constexpr uint32_t each = bins / Threads;
            uint32_t own = 0;
            for (uint32_t i = 0; i < each; i++)
                own += table[threadIdx.x * each + i];
            uint32_t total, through = before + akin_block_sum_before(own, sums, total);
            for (uint32_t i = 0; i < each; i++) {
                uint32_t bin = threadIdx.x * each + i, here = table[bin];
                if (through < k && k <= through + here) {
                    found[0] = bin;
                    found[1] = through;
                }
                through += here;
            }
            __syncthreads();
            prefix = prefix << bits | found[0];
            before = found[1];
            known += bits;
            __syncthreads();
        }
        return prefix;
    }

    // Entries of a row up to the k-th key, k of them, in the order of columns.
    template <bool Largest>
    AKIN_DEVICE void collect(const float *row, uint32_t count, uint32_t key, uint32_t equals, uint64_t *entries) {
        uint32_t smallerSeen = 0, equalSeen = 0;
        for (uint32_t first = 0; first < count; first += Threads) {
            uint32_t column = first + threadIdx.x;
            uint32_t mine = column < count ? akin_key(akin_signed<Largest>(__ldg(row + column))) : 0;
            bool isSmaller = column < count && mine < key, isEqual = column < count && mine == key;
            uint32_t total, sum = akin_block_sum_before(isSmaller | isEqual << 16, sums, total);
            uint32_t smallerBefore = smallerSeen + (sum & 0xffff), equalBefore = equalSeen + (sum >> 16);
            if (isSmaller || (isEqual && equalBefore < equals))
                entries[smallerBefore + min(equalBefore, equals)] = akin_entry(mine, column);
            smallerSeen += total & 0xffff;
            equalSeen += total >> 16;
            __syncthreads();
        }
    }

    // Sorts by key; equal keys keep their order. Gives which of the two arrays holds the result.
    AKIN_DEVICE uint64_t *sort(uint64_t *entries, uint64_t *spare, uint32_t count) {
        uint32_t warp = threadIdx.x / AKIN_WARP;
        for (int shift = 32; shift < 64; shift += 8) {
            if (threadIdx.x < 256)
                base[threadIdx.x] = 0;
            if (threadIdx.x == 0)
                found[2] = 0;
            __syncthreads();
            for (uint32_t i = threadIdx.x; i < count; i += Threads)
                atomicAdd(&base[entries[i] >> shift & 255], 1u);
            __syncthreads();
            uint32_t own = threadIdx.x < 256 ? base[threadIdx.x] : 0, total;
            if (own == count)
                found[2] = 1; // all alike: nothing to do
            uint32_t before = akin_block_sum_before(own, sums, total);
            if (threadIdx.x < 256)
                base[threadIdx.x] = before;
            bool alike = found[2];
            __syncthreads();
            if (alike)
                continue;
            for (uint32_t first = 0; first < count; first += Threads) {
                uint32_t i = first + threadIdx.x;
                uint64_t entry = i < count ? entries[i] : 0;
                uint32_t digit = i < count ? static_cast<uint32_t>(entry >> shift & 255) : 256;
                for (uint32_t bin = threadIdx.x; bin < warps * 256; bin += Threads)
                    table[bin] = 0;
                __syncthreads();
                uint32_t peers = __match_any_sync(AKIN_ALL_LANES, digit);
                uint32_t rank = __popc(peers & ((1u << akin_lane()) - 1));
                if (rank == 0 && digit < 256)
                    table[warp * 256 + digit] = __popc(peers);
                __syncthreads();
                if (threadIdx.x < 256) {
                    uint32_t next = base[threadIdx.x];
                    for (int w = 0; w < warps; w++) {
                        uint32_t these = table[w * 256 + threadIdx.x];
                        table[w * 256 + threadIdx.x] = next;
                        next += these;
                    }
                    base[threadIdx.x] = next;
                }
                __syncthreads();
                if (digit < 256)
                    spare[table[warp * 256 + digit] + rank] = entry;
                __syncthreads();
            }
            uint64_t *t = entries;
            entries = spare;
            spare = t;
        }
        return entries;
    }
};

// Rows [rows][count], `stride` apart, their min(k, count) best to [rows][k]. Each block has 2 k entries of `scratch`
// and takes every gridDim.x-th row.
template <bool Largest, int Threads>
AKIN_DEVICE void akin_radix_select(const float *values, uint64_t stride, uint32_t rows, uint32_t count, uint32_t k,
                                   uint64_t *scratch, akin_selected out) {
    AKIN_SHARED(uint32_t, shared);
    akin_radix<Threads> radix(shared);
    uint64_t *entries = scratch + static_cast<uint64_t>(blockIdx.x) * 2 * k;
    for (uint32_t r = blockIdx.x; r < rows; r += gridDim.x) {
        const float *row = values + r * stride;
        uint32_t wanted = min(k, count), before = 0;
        if (wanted > 0) {
            uint32_t key = radix.template kthKey<Largest>(row, count, wanted, before);
            radix.template collect<Largest>(row, count, key, wanted - before, entries);
        }
        __syncthreads();
        uint64_t *sorted = radix.sort(entries, entries + k, wanted);
        for (uint32_t i = threadIdx.x; i < k; i += Threads)
            out.put<Largest>(static_cast<uint64_t>(r) * k + i, i < wanted ? sorted[i] : AKIN_NO_ENTRY);
        __syncthreads();
    }
}

#endif
