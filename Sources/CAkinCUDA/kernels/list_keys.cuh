// The keys that decide, of every vector in the lists of some queries: for what scanning does not answer.
#ifndef AKIN_LIST_KEYS_CUH
#define AKIN_LIST_KEYS_CUH

#include "list_decide.cuh"

// keys[query][width][32] of blocks firstBlock and on of the lists that query blockIdx.x looks at, counted through these
// in the order of its probes; before[query][nprobe + 1] are the blocks before each, and all. What is no vector, or none
// that is allowed, has NaN.
// A warp takes a block of vectors, a lane one of them: its 16 sums are those of akin_list_key.
template <bool Product, typename Decoder>
AKIN_DEVICE void akin_list_keys(const akin_lists &lists, const akin_probes &probes, const uint32_t *before,
                                uint32_t firstBlock, uint32_t width, const float *queries, const float *centroids,
                                uint32_t dimension, Decoder decoder, float *keys) {
    uint32_t q = blockIdx.x, lane = akin_lane();
    const uint32_t *own = probes.lists + static_cast<uint64_t>(q) * probes.nprobe;
    before += static_cast<uint64_t>(q) * (probes.nprobe + 1);
    const float *x = queries + static_cast<uint64_t>(q) * dimension;
    constexpr uint32_t warps = AKIN_SCAN_THREADS / AKIN_WARP;
    uint32_t total = before[probes.nprobe];
    for (uint64_t place = blockIdx.y * warps + threadIdx.x / AKIN_WARP; place < width; place += gridDim.y * warps) {
        uint64_t mine = firstBlock + place;
        float key = akin_value(AKIN_KEY_OF_NAN);
        if (mine < total) {
            uint32_t rank = akin_list_of(before, probes.nprobe, static_cast<uint32_t>(mine)), list = own[rank];
            uint32_t inList = static_cast<uint32_t>(mine) - before[rank], block = lists.blocks[list] + inList;
            if (inList * AKIN_WARP + lane < lists.starts[list + 1] - lists.starts[list] &&
                (probes.bits(block) >> lane & 1)) {
                const float *centroid = centroids ? centroids + static_cast<uint64_t>(list) * dimension : nullptr;
                double sums[16] = {};
                for (uint32_t first = 0; first < dimension; first += 16)
#pragma unroll
                    for (uint32_t i = 0; i < 16; i++)
                        if (first + i < dimension)
                            sums[i] = akin_list_term<Product>(sums[i], decoder, x, centroid, block, lane, first + i);
#pragma unroll
                for (int apart = 8; apart > 0; apart /= 2)
#pragma unroll
                    for (int i = 0; i < apart; i++)
                        sums[i] = __dadd_rn(sums[i], sums[i + apart]);
                key = static_cast<float>(Product ? 0 - sums[0] : sums[0]);
            }
        }
        keys[(static_cast<uint64_t>(q) * width + place) * AKIN_WARP + lane] = key;
    }
}

#endif
