// Selection by nomination: a block streams a row and keeps in shared memory what comes before its bound.
//
// The bound is an entry that at least k of the entries seen do not exceed. What comes before it is appended to a
// buffer; when the buffer is full, the bound is moved to (about) the k-th best of the entries held and the others are
// dropped. On rows in no particular order every filling lets the row grow by the factor capacity / k before the next: k
// = 100 of 128,000 elements takes 4 fillings of 2,048, and a row costs little more than reading it. The worst order,
// best last, fills the buffer count / (capacity - k) times.
//
// Cost of an element that no warp wants: a sixteenth of a 16-byte load for each 4, one minimum, and a sixteenth of a
// vote.
#ifndef AKIN_NOMINATE_SELECT_CUH
#define AKIN_NOMINATE_SELECT_CUH

#include "networks.cuh"
#include "rows.cuh"

// Entries of a row in shared memory. Capacity: a multiple of Threads.
template <int Threads, int Capacity> struct akin_nominees {
    static constexpr int perThread = Capacity / Threads;
    // Words of shared memory.
    static constexpr int words = 2 * Capacity + 8;

    uint32_t *keys, *ids; // [Capacity]
    uint32_t *count;      // entries appended; more than Capacity when some found no room
    uint32_t *counters;   // [3] of the search for the bound, and [2] least and greatest key
    uint64_t bound;       // the same in all threads
    float reach;          // value of the bound, NaN while there is none

    AKIN_DEVICE void begin(uint32_t *shared) {
        keys = shared;
        ids = shared + Capacity;
        count = ids + Capacity;
        counters = count + 1;
        bound = AKIN_NO_ENTRY;
        reach = akin_value(AKIN_KEY_OF_NAN);
        if (threadIdx.x == 0)
            *count = 0;
        __syncthreads();
    }

    // Appends what the lanes in need bring and gives the lanes that found no room. All lanes of a warp call.
    AKIN_DEVICE bool add(bool has, uint64_t entry) {
        has = has && entry < bound;
        uint32_t lanes = __ballot_sync(AKIN_ALL_LANES, has);
        if (lanes == 0)
            return false;
        uint32_t first = 0;
        int leader = __ffs(lanes) - 1;
        if (akin_lane() == static_cast<unsigned>(leader))
            first = atomicAdd(count, static_cast<uint32_t>(__popc(lanes)));
        first = __shfl_sync(AKIN_ALL_LANES, first, leader);
        uint32_t place = first + __popc(lanes & ((1u << akin_lane()) - 1));
        if (has && place < Capacity) {
            keys[place] = akin_entry_key(entry);
            ids[place] = akin_entry_id(entry);
        }
        return has && place >= Capacity;
    }

    // Appends what the threads in need bring; where there is no room, cuts back to about the `wanted` best first. All
    // threads call, again and again.
    AKIN_DEVICE void take(bool has, uint64_t entry, uint32_t wanted) {
        for (;;) {
            has = add(has, entry);
            if (!__syncthreads_or(has))
                break;
            keep(wanted, wanted + (Capacity - wanted) / 8);
        }
    }

    // Moves the bound to an entry that at least k of those held do not exceed, at most `enough`, and drops the others.
    // Needs k or more entries, written before a barrier. Gives how many remain.
    AKIN_DEVICE uint32_t keep(uint32_t k, uint32_t enough) {
        uint32_t held = min(*count, static_cast<uint32_t>(Capacity));
        uint32_t key[perThread], id[perThread];
        uint32_t least = 0xffffffffu, greatest = 0;
        if (threadIdx.x == 0) {
            counters[0] = counters[1] = counters[2] = 0;
            counters[3] = 0xffffffffu;
            counters[4] = 0;
        }
#pragma unroll
        for (int i = 0; i < perThread; i++) {
            uint32_t place = i * Threads + threadIdx.x;
            key[i] = id[i] = 0xffffffffu;
            if (place < held) {
                key[i] = keys[place];
                id[i] = ids[place];
                least = min(least, key[i]);
                greatest = max(greatest, key[i]);
            }
        }
        __syncthreads();
        least = __reduce_min_sync(AKIN_ALL_LANES, least);
        greatest = __reduce_max_sync(AKIN_ALL_LANES, greatest);
        if (akin_lane() == 0) {
            atomicMin(&counters[3], least);
            atomicMax(&counters[4], greatest);
        }
        __syncthreads();

        uint32_t kept = held, turn = 0;
        uint32_t keyBound = counters[4], idBound = 0xffffffffu;
        // Fewer than k keys are at most `below`, which may be one less than the least: hence 64 bits.
        int64_t below = static_cast<int64_t>(counters[3]) - 1;
        uint32_t atBelow = 0;
        while (kept > enough && keyBound - below > 1) {
            uint32_t middle = static_cast<uint32_t>(below + (keyBound - below) / 2);
            uint32_t found = 0;
#pragma unroll
            for (int i = 0; i < perThread; i++)
                found += key[i] <= middle;
            found = sum(found, turn++);
            if (found < k) {
                below = middle;
                atBelow = found;
            } else {
                keyBound = middle;
                kept = found;
            }
        }
        if (kept > enough) {
            // Too many share the k-th key: of these, the smaller ids.
            uint32_t low = 0, high = 0xfffffffeu; // fewer than k ids are under `low`, k are at most `high`
            while (low < high) {
                uint32_t middle = low + (high - low) / 2, found = 0;
#pragma unroll
                for (int i = 0; i < perThread; i++)
                    found += key[i] == keyBound && id[i] <= middle;
                found = atBelow + sum(found, turn++);
                if (found < k) {
                    low = middle + 1;
                } else {
                    high = middle;
                    kept = found;
                    if (found <= enough)
                        break;
                }
            }
            idBound = high;
        }
        bound = akin_entry(keyBound, idBound);
        reach = akin_value(keyBound);

        if (threadIdx.x == 0)
            *count = 0;
        __syncthreads();
#pragma unroll
        for (int i = 0; i < perThread; i++) {
            bool stays = i * Threads + threadIdx.x < held && akin_entry(key[i], id[i]) <= bound;
            uint32_t lanes = __ballot_sync(AKIN_ALL_LANES, stays), first = 0;
            if (akin_lane() == 0 && lanes)
                first = atomicAdd(count, static_cast<uint32_t>(__popc(lanes)));
            first = __shfl_sync(AKIN_ALL_LANES, first, 0);
            if (stays) {
                uint32_t place = first + __popc(lanes & ((1u << akin_lane()) - 1));
                keys[place] = key[i];
                ids[place] = id[i];
            }
        }
        __syncthreads();
        return *count;
    }

    // Sorts the entries 0 ..< held, at most Capacity. Bitonic, in shared memory.
    AKIN_DEVICE void sort(uint32_t held) {
        uint32_t size = 1;
        while (size < held)
            size *= 2;
        for (uint32_t place = held + threadIdx.x; place < size; place += Threads)
            keys[place] = ids[place] = 0xffffffffu;
        __syncthreads();
        for (uint32_t run = 2; run <= size; run *= 2) {
            for (uint32_t stride = run / 2; stride > 0; stride /= 2) {
                for (uint32_t pair = threadIdx.x; pair < size / 2; pair += Threads) {
                    uint32_t a = 2 * pair - (pair & (stride - 1));
                    // The first step compares a run's two halves from both ends, so that all runs ascend.
                    uint32_t b = stride == run / 2 ? a ^ (run - 1) : a + stride;
                    uint64_t x = akin_entry(keys[a], ids[a]), y = akin_entry(keys[b], ids[b]);
                    if (y < x) {
                        keys[a] = akin_entry_key(y);
                        ids[a] = akin_entry_id(y);
                        keys[b] = akin_entry_key(x);
                        ids[b] = akin_entry_id(x);
                    }
                }
                __syncthreads();
            }
        }
    }

  private:
    // The sum over the block. Three counters take turns, so that one barrier is enough: the one used next but one is
    // cleared, which everybody has read.
    AKIN_DEVICE uint32_t sum(uint32_t word, uint32_t turn) {
        word = __reduce_add_sync(AKIN_ALL_LANES, word);
        uint32_t *counter = &counters[turn % 3];
        if (akin_lane() == 0 && word)
            atomicAdd(counter, word);
        __syncthreads();
        uint32_t all = *counter;
        if (threadIdx.x == 0)
            counters[(turn + 2) % 3] = 0;
        return all;
    }
};

// Parts of rows as in akin_warp_select, a block for each; k at most Capacity / 2.
template <bool Largest, int Threads, int Capacity>
AKIN_DEVICE void akin_nominate_select(const float *values, const uint32_t *ids, uint64_t stride, uint32_t count,
                                      uint32_t chunk, uint32_t chunks, uint32_t k, akin_selected out) {
    using Tile = akin_tile<4, Threads>;
    AKIN_SHARED(uint32_t, shared);
    uint64_t part = blockIdx.x, row = part / chunks;
    uint32_t begin = static_cast<uint32_t>(part % chunks) * chunk;
    uint32_t length = begin < count ? min(chunk, count - begin) : 0;
    uint32_t wanted = min(k, length);
    akin_nominees<Threads, Capacity> nominees;
    nominees.begin(shared);
    akin_row view(values + row * stride, begin, begin + length);

    Tile now, next;
    if (length > 0)
        next.template load<Largest>(view, 0, threadIdx.x);
    for (uint32_t at = 0; length > 0 && at < view.end; at += Tile::positions) {
        now = next;
        if (at + Tile::positions < view.end)
            next.template load<Largest>(view, at + Tile::positions,
                                        threadIdx.x); // under way while this one is looked at
        uint32_t mine = 0;
        if (__any_sync(AKIN_ALL_LANES, now.mayPass(nominees.reach)))
            mine = now.passing(nominees.reach);
        for (;;) {
            uint32_t left = 0;
            for (uint32_t any = __reduce_or_sync(AKIN_ALL_LANES, mine); any; any &= any - 1) {
                int j = __ffs(any) - 1;
                bool has = mine >> j & 1;
                uint32_t position = Tile::place(at, threadIdx.x, j);
                uint64_t entry = AKIN_NO_ENTRY;
                if (has)
                    entry =
                        akin_entry(akin_key(akin_signed<Largest>(__ldg(view.aligned + position))), view.id(position));
                left |= static_cast<uint32_t>(nominees.add(has, entry)) << j;
            }
            mine = left;
            if (!__syncthreads_or(mine != 0))
                break;
            nominees.keep(k, k + (Capacity - k) / 8);
        }
    }
    __syncthreads();
    uint32_t held = *nominees.count;
    if (held > wanted)
        held = nominees.keep(wanted, wanted);
    nominees.sort(held);
    for (uint32_t place = threadIdx.x; place < k; place += Threads) {
        uint64_t entry = place < held ? akin_entry(nominees.keys[place], nominees.ids[place]) : AKIN_NO_ENTRY;
        out.put<Largest>(part * k + place, entry, ids ? ids + row * stride : nullptr);
    }
}

#endif
