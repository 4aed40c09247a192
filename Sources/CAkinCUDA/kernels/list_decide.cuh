// The second pass over inverted lists: the best of what all blocks of a query found, compared again in doubles.
#ifndef AKIN_LIST_DECIDE_CUH
#define AKIN_LIST_DECIDE_CUH

#include "list_numbers.cuh"
#include "list_scorers.cuh"

// What a code of a list stands for, component by component, less the centroid that was taken off.
struct akin_flat_decoder {
    const float *codes;
    uint32_t rows;
    AKIN_DEVICE float component(uint32_t block, uint32_t lane, uint32_t c) const {
        return __ldg(codes + ((static_cast<uint64_t>(block) * rows + c / 4) * AKIN_WARP + lane) * 4 + c % 4);
    }
};
struct akin_pq_decoder {
    const uint32_t *codes;
    const float *codebooks; // [m][ksub][dsub]
    uint32_t rows, ksub, dsub;
    AKIN_DEVICE float component(uint32_t block, uint32_t lane, uint32_t c) const {
        uint32_t part = c / dsub, bits = ksub == 16 ? 4 : 8, perWord = 32 / bits;
        uint32_t word = __ldg(codes + (static_cast<uint64_t>(block) * rows + part / perWord) * AKIN_WARP + lane);
        uint32_t number = word >> part % perWord * bits & (bits == 4 ? 15 : 255);
        return __ldg(codebooks + (static_cast<uint64_t>(part) * ksub + number) * dsub + c % dsub);
    }
};

// How far the floats of a scan may be from the keys: growth * (|x| radius + greatest |offset| + fixed + |value|), and
// what tables of 16 bits lose.
struct akin_scan_error {
    float growth, radius, fixed;
    const akin_short_scale *scales; // [queries], or null
};

// A sum with the part that component c of a vector has in its key, nothing fused.
template <bool Product, typename Decoder>
AKIN_DEVICE double akin_list_term(double sum, const Decoder &decoder, const float *x, const float *centroid,
                                  uint32_t block, uint32_t lane, uint32_t c) {
    double r = decoder.component(block, lane, c), middle = centroid ? centroid[c] : 0.0f;
    if (Product)
        return __dadd_rn(sum, __dmul_rn(x[c], __dadd_rn(middle, r)));
    double difference = __dadd_rn(__dadd_rn(x[c], -middle), -r);
    return __dadd_rn(sum, __dmul_rn(difference, difference));
}

// The key in doubles of a vector, summed as the CPU does: component c in sum c mod 16, then pairwise. Half a warp; all
// lanes of the warp call.
template <bool Product, typename Decoder>
AKIN_DEVICE double akin_list_key(const Decoder &decoder, const float *x, const float *centroid, uint32_t dimension,
                                 uint32_t block, uint32_t lane) {
    double sum = 0;
    for (uint32_t c = akin_lane() % 16; c < dimension; c += 16)
        sum = akin_list_term<Product>(sum, decoder, x, centroid, block, lane, c);
#pragma unroll
    for (int apart = 8; apart > 0; apart /= 2)
        sum = __dadd_rn(sum, __shfl_xor_sync(AKIN_ALL_LANES, sum, apart));
    return Product ? 0 - sum : sum;
}

// Of entries[query][chunks][wanted] the `wanted` best, with the keys that decide: keys[query][wanted] ascending, ties
// by smaller number, filled up with NaN and 0xffffffff. certain[query] says that no vector left out can be among the k
// nearest: then the first k, ties at the end included, are those of the CPU. `centroids` is null where codes are of
// vectors as they are.
template <bool Product, typename Decoder>
AKIN_DEVICE void akin_decide_lists(const uint64_t *entries, uint32_t chunks, uint32_t wanted, uint32_t k,
                                   const akin_lists &lists, uint32_t nlist, const akin_probes &probes,
                                   const float *queries, const float *centroids, uint32_t dimension, Decoder decoder,
                                   akin_scan_error error, float *keys, uint32_t *numbers, uint32_t *certain) {
    AKIN_SHARED(uint32_t, shared);
    uint32_t q = blockIdx.x, total = chunks * wanted;
    const uint64_t *mine = entries + static_cast<uint64_t>(q) * total;
    const float *x = queries + static_cast<uint64_t>(q) * dimension;
    akin_nominees<AKIN_SCAN_THREADS, AKIN_SCAN_CAPACITY> nominees;
    nominees.begin(shared);
    for (uint32_t first = 0; first < total; first += AKIN_SCAN_THREADS) {
        uint64_t entry = first + threadIdx.x < total ? mine[first + threadIdx.x] : AKIN_NO_ENTRY;
        nominees.take(entry != AKIN_NO_ENTRY, entry, wanted);
    }
    __syncthreads();
    uint32_t held = *nominees.count;
    if (held > wanted)
        held = nominees.keep(wanted, wanted);
    __syncthreads();

    // The greatest value kept: what was left out is not below it.
    uint32_t *greatest = shared + 2 * AKIN_SCAN_CAPACITY + 8;
    if (threadIdx.x < 2)
        greatest[threadIdx.x] = 0;
    __syncthreads();
    uint32_t key = 0, offset = 0;
    for (uint32_t place = threadIdx.x; place < held; place += AKIN_SCAN_THREADS)
        key = max(key, nominees.keys[place]);
    for (uint32_t i = threadIdx.x; probes.offsets && i < probes.nprobe; i += AKIN_SCAN_THREADS)
        offset = max(offset, __float_as_uint(fabsf(probes.offsets[static_cast<uint64_t>(q) * probes.nprobe + i])));
    atomicMax(greatest, key);
    atomicMax(greatest + 1, offset);
    __syncthreads();
    float last = akin_value(greatest[0]), most = __uint_as_float(greatest[1]);

    uint32_t half = threadIdx.x / 16;
    double length2 = 0;
    for (uint32_t c = threadIdx.x % 16; c < dimension; c += 16)
        length2 += static_cast<double>(x[c]) * x[c];
#pragma unroll
    for (int apart = 8; apart > 0; apart /= 2)
        length2 += __shfl_xor_sync(AKIN_ALL_LANES, length2, apart);
    for (uint32_t first = 0; first < held; first += AKIN_SCAN_THREADS / 16) {
        // Both halves of a warp go along, if need be with a vector that is not theirs.
        uint32_t place = min(first + half, held - 1), number = nominees.ids[place];
        uint32_t list = akin_list_of(lists.starts, nlist, number), position = number - lists.starts[list];
        double exact = akin_list_key<Product>(
            decoder, x, centroids ? centroids + static_cast<uint64_t>(list) * dimension : nullptr, dimension,
            lists.blocks[list] + position / AKIN_WARP, position % AKIN_WARP);
        if (first + half < held && threadIdx.x % 16 == 0)
            nominees.keys[place] = akin_key(static_cast<float>(exact));
    }
    __syncthreads();
    nominees.sort(held);
    for (uint32_t place = threadIdx.x; place < wanted; place += AKIN_SCAN_THREADS) {
        uint64_t at = static_cast<uint64_t>(q) * wanted + place;
        keys[at] = akin_value(place < held ? nominees.keys[place] : AKIN_KEY_OF_NAN);
        numbers[at] = place < held ? nominees.ids[place] : 0xffffffffu;
    }
    if (threadIdx.x == 0) {
        bool sure = held < wanted; // nothing was left out
        if (!sure && k <= held) {
            float kth = akin_value(nominees.keys[k - 1]);
            float length = static_cast<float>(sqrt(length2)) * (1 + 0x1p-20f);
            float off = error.growth * (length * error.radius + most + error.fixed + fabsf(last));
            off += error.scales ? error.scales[q].slack : 0;
            sure = last - off * (1 + 0x1p-10f) > kth + fabsf(kth) * 0x1p-20f;
        }
        certain[q] = sure;
    }
}

#endif
