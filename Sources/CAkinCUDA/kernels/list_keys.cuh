// Keys of every vector in the lists of some queries: for what scanning does not answer.
#ifndef AKIN_LIST_KEYS_CUH
#define AKIN_LIST_KEYS_CUH

#include "list_decide.cuh"

// Where a vector is, seen from a query.
struct akin_list_place {
    uint32_t query, rank, list; // its list, and which of the query's that is
    uint32_t block, lane;
};

// keys[query][width][32] of blocks firstBlock and on of the lists that query blockIdx.x looks at, counted through these
// in the order of its probes; before[query][nprobe + 1] are the blocks before each, and all. What is no vector, or none
// that is allowed, has NaN. A warp takes a block of vectors, a lane one of them. `Keys` has `begin(query, shared)`,
// called by all threads, and `key(place)`.
template <typename Keys>
AKIN_DEVICE void akin_list_keys(const akin_lists &lists, const akin_probes &probes, const uint32_t *before,
                                uint32_t firstBlock, uint32_t width, Keys own, float *keys) {
    AKIN_SHARED(unsigned char, shared);
    uint32_t q = blockIdx.x, lane = akin_lane();
    own.begin(q, shared);
    __syncthreads();
    const uint32_t *probed = probes.lists + static_cast<uint64_t>(q) * probes.nprobe;
    before += static_cast<uint64_t>(q) * (probes.nprobe + 1);
    constexpr uint32_t warps = AKIN_SCAN_THREADS / AKIN_WARP;
    uint32_t total = before[probes.nprobe];
    for (uint64_t place = blockIdx.y * warps + threadIdx.x / AKIN_WARP; place < width; place += gridDim.y * warps) {
        uint64_t mine = firstBlock + place;
        float key = akin_value(AKIN_KEY_OF_NAN);
        if (mine < total) {
            uint32_t rank = akin_list_of(before, probes.nprobe, static_cast<uint32_t>(mine)), list = probed[rank];
            uint32_t inList = static_cast<uint32_t>(mine) - before[rank], block = lists.blocks[list] + inList;
            if (inList * AKIN_WARP + lane < lists.starts[list + 1] - lists.starts[list] &&
                (probes.bits(block) >> lane & 1))
                key = own.key({q, rank, list, block, lane});
        }
        keys[(static_cast<uint64_t>(q) * width + place) * AKIN_WARP + lane] = key;
    }
}

// Adds sums pairwise, Apart places apart, then half as many; a template, so that they stay in registers.
template <int Apart> AKIN_DEVICE void akin_fold(double (&sums)[16]) {
#pragma unroll
    for (int i = 0; i < Apart; i++)
        sums[i] = __dadd_rn(sums[i], sums[i + Apart]);
    if constexpr (Apart > 1)
        akin_fold<Apart / 2>(sums);
}

// The key that decides: a lane has the 16 sums of akin_list_key.
template <bool Product, typename Decoder> struct akin_deciding_keys {
    const float *queries, *centroids;
    uint32_t dimension;
    Decoder decoder;

    AKIN_DEVICE void begin(uint32_t, unsigned char *) const {}

    AKIN_DEVICE float key(const akin_list_place &at) const {
        const float *x = queries + static_cast<uint64_t>(at.query) * dimension;
        const float *centroid = centroids ? centroids + static_cast<uint64_t>(at.list) * dimension : nullptr;
        double sums[16] = {};
        for (uint32_t first = 0; first < dimension; first += 16)
#pragma unroll
            for (uint32_t i = 0; i < 16; i++)
                if (first + i < dimension)
                    sums[i] = akin_list_term<Product>(sums[i], decoder, x, centroid, at.block, at.lane, first + i);
        akin_fold<8>(sums);
        return static_cast<float>(Product ? 0 - sums[0] : sums[0]);
    }
};

#endif
