// Exact search, second half: bounds from candidates, and the distances that decide. A block for each query.
#ifndef AKIN_EXACT_DECIDE_CUH
#define AKIN_EXACT_DECIDE_CUH

#include "exact_tiles.cuh"
#include "half.cuh"
#include "nominate_select.cuh"

// Moves the bound of a query to the k-th smallest upper end of its candidates' intervals, and drops the candidates
// whose lower end lies beyond it. A list that overflowed has lost candidates: its query is marked, and its bound
// becomes -infinity so that nothing is appended any more.
template <int Threads, int Capacity>
AKIN_DEVICE void akin_exact_tighten(const akin_coded_queries &queries, const akin_coded_rows &base,
                                    const akin_candidates &found, uint32_t k, uint32_t *overflowed) {
    AKIN_SHARED(uint32_t, shared);
    uint32_t q = blockIdx.x, held = found.counts[q];
    uint32_t *rows = found.rows + static_cast<uint64_t>(q) * found.capacity;
    int32_t *dots = found.dots + static_cast<uint64_t>(q) * found.capacity;
    __syncthreads();
    if (overflowed[q] || held > found.capacity) {
        if (threadIdx.x == 0) {
            overflowed[q] = 1;
            found.counts[q] = 0;
            found.bounds[q] = akin_key(-akin_infinity());
        }
        return;
    }
    if (held < k)
        return;
    akin_nominees<Threads, Capacity> nominees;
    nominees.begin(shared);
    constexpr int each = Capacity / Threads;
    uint32_t row[each], low[each];
    int32_t dot[each];
#pragma unroll
    for (int i = 0; i < each; i++) {
        uint32_t place = i * Threads + threadIdx.x;
        low[i] = 0xffffffffu;
        if (place < held) {
            row[i] = rows[place];
            dot[i] = dots[place];
            float least, greatest;
            akin_interval(queries, q, base, row[i], dot[i], least, greatest);
            low[i] = akin_key(least);
            nominees.keys[place] = akin_key(greatest);
            nominees.ids[place] = row[i];
        }
    }
    if (threadIdx.x == 0)
        *nominees.count = held;
    __syncthreads();
    if (held > k)
        nominees.keep(k, k);
    else
        nominees.keep(k, held);
    // Of a base that comes in pieces, an earlier piece may have given a better one.
    uint32_t bound = min(akin_entry_key(nominees.bound), found.bounds[q]);
    __syncthreads();
    if (threadIdx.x == 0) {
        *nominees.count = 0;
        found.bounds[q] = bound;
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < each; i++) {
        bool stays = i * Threads + threadIdx.x < held && low[i] <= bound;
        if (stays) {
            uint32_t place = atomicAdd(nominees.count, 1u);
            rows[place] = row[i];
            dots[place] = dot[i];
        }
    }
    __syncthreads();
    if (threadIdx.x == 0)
        found.counts[q] = *nominees.count;
}

// Sums of half a warp in the order that the CPU has: component c in sum c mod 16, then pairwise, 8 apart, 4, 2, 1. All
// lanes of the warp call and get the sum of their half. Nothing is fused. Components of either may be kept in 16 bits.
template <bool Difference, typename X, typename Y>
AKIN_DEVICE double akin_exact_sum(const X *x, const Y *y, uint32_t dimension) {
    double sum = 0;
    for (uint32_t c = akin_lane() % 16; c < dimension; c += 16) {
        double a = akin_number(x[c]), b = akin_number(y[c]);
        if (Difference) {
            double difference = a - b;
            sum = __dadd_rn(sum, __dmul_rn(difference, difference));
        } else {
            sum = __dadd_rn(sum, __dmul_rn(a, b));
        }
    }
#pragma unroll
    for (int apart = 8; apart > 0; apart /= 2)
        sum = __dadd_rn(sum, __shfl_xor_sync(AKIN_ALL_LANES, sum, apart));
    return sum;
}

// Metric: 0 squared distance, 1 inner product, 2 cosine. The key that decides, as the CPU computes it.
template <int Metric, typename Row> AKIN_DEVICE float akin_exact_key(const float *x, const Row *y, uint32_t dimension) {
    if (Metric == 0)
        return static_cast<float>(akin_exact_sum<true>(x, y, dimension));
    double product = akin_exact_sum<false>(x, y, dimension);
    if (Metric == 1)
        return static_cast<float>(0 - product);
    double length =
        __dmul_rn(sqrt(akin_exact_sum<false>(x, x, dimension)), sqrt(akin_exact_sum<false>(y, y, dimension)));
    return length > 0 ? static_cast<float>(0 - product / length) : 0.0f;
}

// The k nearest of each query's candidates, nearest first, ties by smaller row; fewer than k are filled up with NaN and
// 0xffffffff. Queries that overflowed get none: they are for another way.
template <int Metric, int Threads, int Capacity, typename Row>
AKIN_DEVICE void akin_exact_decide(const float *queries, const Row *rows, uint32_t dimension,
                                   const akin_candidates &found, const uint32_t *overflowed, uint32_t k,
                                   akin_selected out) {
    AKIN_SHARED(uint32_t, shared);
    uint32_t q = blockIdx.x, held = overflowed[q] ? 0 : found.counts[q];
    const uint32_t *candidates = found.rows + static_cast<uint64_t>(q) * found.capacity;
    const float *x = queries + static_cast<uint64_t>(q) * dimension;
    akin_nominees<Threads, Capacity> nominees;
    nominees.begin(shared);
    uint32_t half = threadIdx.x / 16;
    for (uint32_t first = 0; first < held; first += Threads / 16) {
        // Both halves of a warp go along, if need be with a candidate that is not theirs.
        uint32_t place = first + half, row = candidates[min(place, held - 1)];
        float key = akin_exact_key<Metric>(x, rows + static_cast<uint64_t>(row) * dimension, dimension);
        if (place < held && threadIdx.x % 16 == 0) {
            nominees.keys[place] = akin_key(key);
            nominees.ids[place] = row;
        }
    }
    if (threadIdx.x == 0)
        *nominees.count = held;
    __syncthreads();
    if (held > k)
        held = nominees.keep(k, k);
    nominees.sort(held);
    for (uint32_t place = threadIdx.x; place < k; place += Threads) {
        uint64_t entry = place < held ? akin_entry(nominees.keys[place], nominees.ids[place]) : AKIN_NO_ENTRY;
        out.put<(Metric != 0)>(static_cast<uint64_t>(q) * k + place, entry);
    }
}

// The key that decides of `rowCount` rows, those `listed` or the first if there is no list, for a query, blockIdx.x:
// [queries][rowCount]. Half a warp a row; blocks that run together share rows, which come from the second-level cache
// for all but the first.
template <int Metric, int Threads, typename Row>
AKIN_DEVICE void akin_exact_compare(const float *queries, const Row *rows, const uint32_t *listed, uint32_t rowCount,
                                    uint32_t dimension, float *keys) {
    constexpr uint32_t halves = Threads / 16;
    const float *x = queries + static_cast<uint64_t>(blockIdx.x) * dimension;
    float *out = keys + static_cast<uint64_t>(blockIdx.x) * rowCount;
    for (uint64_t first = static_cast<uint64_t>(blockIdx.y) * halves; first < rowCount; first += gridDim.y * halves) {
        // Both halves of a warp go along, if need be with a row that is not theirs.
        uint64_t mine = first + threadIdx.x / 16, row = mine < rowCount ? mine : rowCount - 1;
        if (listed)
            row = __ldg(listed + row);
        float key = akin_exact_key<Metric>(x, rows + row * dimension, dimension);
        if (mine < rowCount && threadIdx.x % 16 == 0)
            out[mine] = key;
    }
}

// The kernels that compare rows of a type.
#define AKIN_EXACT_METRIC(METRIC, ROW, NAME)                                                                           \
    extern "C" __global__ void __launch_bounds__(256) akin_exact_nearest_##NAME(                                       \
        const float *queries, const ROW *rows, uint32_t dimension, uint32_t *foundRows, uint32_t *counts,              \
        uint32_t capacity, const uint32_t *overflowed, uint32_t k, float *outValues, uint32_t *outIds) {               \
        akin_exact_decide<METRIC, 256, 2048>(queries, rows, dimension,                                                 \
                                             {foundRows, nullptr, counts, nullptr, capacity}, overflowed, k,           \
                                             {outValues, outIds});                                                     \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256)                                                                  \
        akin_exact_keys_##NAME(const float *queries, const ROW *rows, const uint32_t *listed, uint32_t rowCount,       \
                               uint32_t dimension, float *keys) {                                                      \
        akin_exact_compare<METRIC, 256>(queries, rows, listed, rowCount, dimension, keys);                             \
    }

#endif
