// Selection in the registers of a warp: WarpSelect (arXiv 1702.08734, section 4.3).
//
// A warp keeps the K best entries it has seen as a sorted list, and each lane a few newer ones that came before the
// k-th best. When some lane's are full, the warp sorts all of them and merges them into the list, which moves the k-th
// best nearer. Entries after the k-th best cost a comparison.
#ifndef AKIN_WARP_SELECT_CUH
#define AKIN_WARP_SELECT_CUH

#include "networks.cuh"
#include "rows.cuh"

// K: a multiple of 32. Q: entries that wait in each lane.
template <int K, int Q> struct akin_warp_queue {
    static constexpr int registers = K / AKIN_WARP;
    uint64_t best[registers]; // sorted list
    uint64_t waiting[Q];
    int count;      // that wait in this lane
    uint32_t k;     // wanted, at most K
    uint64_t bound; // the k-th best, or AKIN_NO_ENTRY: what does not come before it is of no use
    float reach;    // value of the bound, NaN while there is none

    AKIN_DEVICE void begin(uint32_t wanted) {
        k = wanted;
#pragma unroll
        for (int i = 0; i < registers; i++)
            best[i] = AKIN_NO_ENTRY;
        empty();
        bound = AKIN_NO_ENTRY;
        reach = akin_value(AKIN_KEY_OF_NAN);
    }

    // Takes an entry of each lane that has one, and what waits into the list when a lane is full or at the `end`. All
    // lanes call.
    AKIN_DEVICE void add(bool has, uint64_t entry, bool end) {
        if (has && entry < bound) {
#pragma unroll
            for (int i = Q - 1; i > 0; i--)
                waiting[i] = waiting[i - 1];
            waiting[0] = entry;
            count++;
        }
        if (__any_sync(AKIN_ALL_LANES, count == Q || end)) {
            akin_sort_list(waiting);
            akin_merge_lists<false, registers, Q, AKIN_WARP>(best, waiting);
            empty();
            findBound();
        }
    }

    // Takes in the list of another warp.
    AKIN_DEVICE void merge(uint64_t (&other)[registers]) {
        akin_merge_lists<false, registers, registers, AKIN_WARP>(best, other);
        findBound();
    }

  private:
    AKIN_DEVICE void empty() {
        count = 0;
#pragma unroll
        for (int i = 0; i < Q; i++)
            waiting[i] = AKIN_NO_ENTRY;
    }

    AKIN_DEVICE void findBound() {
        uint64_t held = best[0];
#pragma unroll
        for (int i = 1; i < registers; i++)
            if (i == static_cast<int>((k - 1) / AKIN_WARP))
                held = best[i];
        bound = akin_shuffle(held, (k - 1) % AKIN_WARP);
        reach = akin_value(akin_entry_key(bound));
    }
};

// Elements first ..< last of a row into a queue.
//
// A tile is looked at as a whole: its least element against the k-th best. Elements come in the order of their ids from
// tile to tile, so equal to the k-th best of earlier tiles is not enough. Only where the warp finds one does it make a
// mask and walk the elements in question; these are read again, from the cache, because registers have no index.
template <bool Largest, int K, int Q>
AKIN_DEVICE void akin_warp_scan(akin_warp_queue<K, Q> &queue, const float *values, uint32_t first, uint32_t last) {
    using Tile = akin_tile<4, AKIN_WARP>;
    akin_row row(values, first, last);
    Tile tile;
    for (uint32_t at = 0;; at += Tile::positions) {
        bool end = at >= row.end;
        uint32_t mine = 0, any = 1; // at the end once, with nothing: networks are long, and compiled at one place only
        if (!end) {
            tile.template load<Largest>(row, at, akin_lane());
            if (!__any_sync(AKIN_ALL_LANES, tile.mayPass(queue.reach)))
                continue;
            mine = tile.passing(queue.reach);
            any = __reduce_or_sync(AKIN_ALL_LANES, mine);
        }
        for (; any; any &= any - 1) {
            int j = __ffs(any) - 1;
            bool has = mine >> j & 1;
            uint32_t position = Tile::place(at, akin_lane(), j);
            uint64_t entry = AKIN_NO_ENTRY;
            if (has)
                entry = akin_entry(akin_key(akin_signed<Largest>(__ldg(row.aligned + position))), row.id(position));
            queue.add(has, entry, end);
        }
        if (end)
            return;
    }
}

// Rows [rows][count], `stride` apart; each of `chunks` parts of a row gives its k best, values and columns:
// [rows][chunks][k]. `warpsPerRow` warps share a part and merge in shared memory, K * 8 bytes for each warp when there
// are several. With `ids`, these [rows][count] (`stride` apart) are given instead of columns.
// Places beyond the end of a part are filled with NaN and 0xffffffff.
template <bool Largest, int K, int Q>
AKIN_DEVICE void akin_warp_select(const float *values, const uint32_t *ids, uint64_t stride, uint32_t rows,
                                  uint32_t count, uint32_t chunk, uint32_t chunks, uint32_t k, uint32_t warpsPerRow,
                                  akin_selected out) {
    constexpr int registers = K / AKIN_WARP;
    uint32_t warp = threadIdx.x / AKIN_WARP, warps = blockDim.x / AKIN_WARP;
    uint64_t part = static_cast<uint64_t>(blockIdx.x) * (warps / warpsPerRow) + warp / warpsPerRow;
    uint32_t member = warp % warpsPerRow;
    bool has = part < static_cast<uint64_t>(rows) * chunks;
    uint64_t row = has ? part / chunks : 0;
    uint32_t begin = static_cast<uint32_t>(has ? part % chunks : 0) * chunk;
    uint32_t length = has && begin < count ? min(chunk, count - begin) : 0;

    // Each warp of a part takes a stretch of it, in whole tiles.
    uint32_t stretch = ((length + warpsPerRow - 1) / warpsPerRow + 511) / 512 * 512;
    uint32_t from = min(member * stretch, length), to = min(from + stretch, length);
    akin_warp_queue<K, Q> queue;
    queue.begin(k);
    akin_warp_scan<Largest>(queue, values + row * stride, begin + from, begin + to);

    if (warpsPerRow > 1) {
        AKIN_SHARED(uint64_t, lists); // [warps][K]
        for (uint32_t apart = 1; apart < warpsPerRow; apart *= 2) {
            bool gives = member % (2 * apart) == apart;
            bool takes = member % (2 * apart) == 0 && member + apart < warpsPerRow;
            if (gives) {
#pragma unroll
                for (int i = 0; i < registers; i++)
                    lists[warp * K + i * AKIN_WARP + akin_lane()] = queue.best[i];
            }
            __syncthreads();
            if (takes) {
                uint64_t other[registers];
#pragma unroll
                for (int i = 0; i < registers; i++)
                    other[i] = lists[(warp + apart) * K + i * AKIN_WARP + akin_lane()];
                queue.merge(other);
            }
        }
    }
    if (!has || member != 0)
        return;
#pragma unroll
    for (int i = 0; i < registers; i++) {
        uint32_t place = i * AKIN_WARP + akin_lane();
        if (place < k)
            out.put<Largest>(part * k + place, queue.best[i], ids ? ids + row * stride : nullptr);
    }
}

#endif
