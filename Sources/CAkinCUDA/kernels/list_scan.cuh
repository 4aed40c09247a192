// Scanning inverted lists, the k best kept on the way.
//
// On a device a list is a sequence of *blocks* of 32 vectors, so that lane i of a warp reads vector i and neighbours
// read neighbours: row r of a block holds 4 bytes of the code of each of its vectors ([rows][32] words), or 16 bytes of
// floats ([rows][32][4]). The last block of a list is filled up with zeros. Vectors have numbers, counted through all
// lists without the filling. See docs/gpu-kernels.md for the way from and to the lists of the CPU.
//
// A block of threads takes some of the lists of one query, one after the other as if they were one: each of its warps a
// block of 32 vectors at a time, whatever list that belongs to, so short lists leave no warp idle. What comes before
// the bound goes to a buffer in shared memory (akin_nominees). A second launch selects from what the first found.
#ifndef AKIN_LIST_SCAN_CUH
#define AKIN_LIST_SCAN_CUH

#include "block.cuh"
#include "nominate_select.cuh"

struct akin_lists {
    const uint32_t *codes;  // [blocks][rows][32] words or vectors of four floats
    const float *terms;     // [blocks][32], or null
    const uint32_t *starts; // [nlist + 1]: number of each list's first vector
    const uint32_t *blocks; // [nlist + 1]: its first block
    uint32_t rows;
};

// Which lists each query looks at, and what a list adds to the keys of its vectors.
struct akin_probes {
    const uint32_t *lists; // [queries][nprobe]
    const float *offsets;  // [queries][nprobe], or null
    uint32_t nprobe;
    const uint32_t *allowed; // [blocks]: bit i says whether vector i of a block may be found; or null, for all

    AKIN_DEVICE uint32_t bits(uint32_t block) const { return allowed ? __ldg(allowed + block) : 0xffffffffu; }
};

// What a block of threads knows of one of its lists.
struct akin_probed {
    uint32_t before; // blocks in the lists before it
    uint32_t first;  // its first block
    uint32_t number; // of its first vector
    uint32_t count;
    float offset;
};

#define AKIN_SCAN_THREADS 256
#define AKIN_SCAN_CAPACITY 2048

// Bytes of shared memory in front of what a scorer keeps, a multiple of 16.
AKIN_DEVICE constexpr uint32_t akin_scan_bytes(uint32_t perBlock) {
    return ((2 * AKIN_SCAN_CAPACITY + 8 + 16) * 4 + perBlock * sizeof(akin_probed) + 15) / 16 * 16;
}

// Lists blockIdx.x % chunks * perBlock and on of query blockIdx.x / chunks, at most 256. entries[blockIdx.x][wanted]
// become the best of them, in no order, filled up with AKIN_NO_ENTRY. `wanted` is half the capacity at most. A scorer
// has `begin(query, shared)`, called by all threads, and `score(block)`, called by all lanes of a warp.
template <typename Scorer>
AKIN_DEVICE void akin_scan_lists(const akin_lists &lists, const akin_probes &probes, uint32_t chunks, uint32_t perBlock,
                                 uint32_t wanted, uint64_t *entries, Scorer scorer) {
    AKIN_SHARED(uint32_t, shared);
    uint32_t q = blockIdx.x / chunks, first = blockIdx.x % chunks * perBlock;
    uint32_t held = first < probes.nprobe ? min(perBlock, probes.nprobe - first) : 0;
    akin_nominees<AKIN_SCAN_THREADS, AKIN_SCAN_CAPACITY> nominees;
    uint32_t *sums = shared + 2 * AKIN_SCAN_CAPACITY + 8;
    akin_probed *probed = reinterpret_cast<akin_probed *>(sums + 16);
    nominees.begin(shared);
    scorer.begin(q, reinterpret_cast<unsigned char *>(shared) + akin_scan_bytes(perBlock));
    akin_probed own = {0, 0, 0, 0, 0};
    uint32_t ownBlocks = 0, total = 0;
    if (threadIdx.x < held) {
        uint64_t place = static_cast<uint64_t>(q) * probes.nprobe + first + threadIdx.x;
        uint32_t list = probes.lists[place];
        own.first = lists.blocks[list];
        ownBlocks = lists.blocks[list + 1] - own.first;
        own.number = lists.starts[list];
        own.count = lists.starts[list + 1] - own.number;
        own.offset = probes.offsets ? probes.offsets[place] : 0;
    }
    own.before = akin_block_sum_before(ownBlocks, sums, total);
    if (threadIdx.x < held)
        probed[threadIdx.x] = own;
    __syncthreads();

    uint32_t at = 0;
    constexpr uint32_t warps = AKIN_SCAN_THREADS / AKIN_WARP;
    for (uint32_t next = 0; next < total; next += warps) {
        uint32_t mine = next + threadIdx.x / AKIN_WARP;
        bool has = false;
        uint64_t entry = AKIN_NO_ENTRY;
        if (mine < total) { // the same for a warp
            while (at + 1 < held && mine >= probed[at + 1].before)
                at++;
            akin_probed list = probed[at];
            uint32_t inList = mine - list.before, position = inList * AKIN_WARP + akin_lane();
            uint32_t bits = probes.bits(list.first + inList);
            if (bits) { // the same for a warp
                float value = scorer.score(list.first + inList) + list.offset;
                has = position < list.count && (bits >> akin_lane() & 1) && !(value > nominees.reach);
                entry = akin_entry(akin_key(value), list.number + position);
            }
        }
        nominees.take(has, entry, wanted);
    }
    __syncthreads();
    uint32_t found = *nominees.count;
    if (found > wanted)
        found = nominees.keep(wanted, wanted);
    for (uint32_t place = threadIdx.x; place < wanted; place += AKIN_SCAN_THREADS)
        entries[static_cast<uint64_t>(blockIdx.x) * wanted + place] =
            place < found ? akin_entry(nominees.keys[place], nominees.ids[place]) : AKIN_NO_ENTRY;
}

#endif
