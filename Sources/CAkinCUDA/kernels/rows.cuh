// Reading rows of floats 16 bytes at a time, wherever they begin and end.
#ifndef AKIN_ROWS_CUH
#define AKIN_ROWS_CUH

#include "order.cuh"

// Part of a row of floats. *Positions* count from the multiple of 16 bytes at or before its first element, so that
// position 4 v begins a vector; elements lie at positions first ..< end.
struct akin_row {
    const float *aligned;
    uint32_t first; // 0 ... 3
    uint32_t end;
    uint32_t column; // of position `first`

    AKIN_DEVICE akin_row(const float *row, uint32_t from, uint32_t to) {
        const float *start = row + from;
        first = static_cast<uint32_t>(reinterpret_cast<uint64_t>(start) / sizeof(float) % 4);
        aligned = start - first;
        end = first + (to - from);
        column = from;
    }

    AKIN_DEVICE uint32_t id(uint32_t position) const { return column + (position - first); }
};

// The elements that one thread of `Threads` reads of a *tile*, 4 * Vectors * Threads positions: vector u of a thread
// lies u * Threads vectors behind its first, so that neighbours read neighbours. Bit 4 u + c of a mask is component c
// of it.
template <int Vectors, int Threads> struct akin_tile {
    static constexpr uint32_t positions = 4 * Vectors * Threads;
    static constexpr uint32_t allPresent = (1u << 4 * Vectors) - 1;
    static_assert(Vectors < 8, "a mask has 32 bits");

    float x[4 * Vectors]; // sign changed when the largest are wanted; what is absent is NaN
    uint32_t present;

    AKIN_DEVICE static uint32_t place(uint32_t tile, uint32_t thread, int j) {
        return tile + (j / 4 * Threads + thread) * 4 + j % 4;
    }

    template <bool Largest> AKIN_DEVICE void load(const akin_row &row, uint32_t tile, uint32_t thread) {
        present = allPresent;
        if (tile >= row.first && tile + positions <= row.end) {
#pragma unroll
            for (int u = 0; u < Vectors; u++)
                put<Largest>(u, __ldg(reinterpret_cast<const float4 *>(row.aligned + place(tile, thread, 4 * u))));
            return;
        }
#pragma unroll
        for (int u = 0; u < Vectors; u++) {
            uint32_t position = place(tile, thread, 4 * u);
            if (position >= row.first && position + 4 <= row.end) {
                put<Largest>(u, __ldg(reinterpret_cast<const float4 *>(row.aligned + position)));
                continue;
            }
#pragma unroll
            for (int c = 0; c < 4; c++) {
                bool here = position + c >= row.first && position + c < row.end;
                x[4 * u + c] =
                    here ? akin_signed<Largest>(__ldg(row.aligned + position + c)) : __uint_as_float(0x7fc00000u);
                if (!here)
                    present &= ~(1u << (4 * u + c));
            }
        }
    }

    // Whether some element may come before `reach`. NaN on either side counts as yes, unless a number says no for it:
    // what precedes NaN, and NaN itself, is for the comparison of entries to decide.
    AKIN_DEVICE bool mayPass(float reach) const {
        float least = x[0];
#pragma unroll
        for (int j = 1; j < 4 * Vectors; j++)
            least = fminf(least, x[j]);
        return !(least >= reach);
    }

    // Which elements may come before `reach`.
    AKIN_DEVICE uint32_t passing(float reach) const {
        uint32_t mask = 0;
#pragma unroll
        for (int j = 0; j < 4 * Vectors; j++)
            mask |= x[j] >= reach ? 0u : 1u << j;
        return mask & present;
    }

  private:
    template <bool Largest> AKIN_DEVICE void put(int u, float4 v) {
        x[4 * u] = akin_signed<Largest>(v.x);
        x[4 * u + 1] = akin_signed<Largest>(v.y);
        x[4 * u + 2] = akin_signed<Largest>(v.z);
        x[4 * u + 3] = akin_signed<Largest>(v.w);
    }
};

// What a selection writes: the entries of a row, best first.
struct akin_selected {
    float *values;
    uint32_t *ids;

    // `ids` of the caller, if given, name the columns.
    template <bool Largest>
    AKIN_DEVICE void put(uint64_t place, uint64_t entry, const uint32_t *callerIds = nullptr) const {
        values[place] = akin_signed<Largest>(akin_value(akin_entry_key(entry))) + 0.0f; // 0 for -0
        uint32_t id = akin_entry_id(entry);
        ids[place] = callerIds && entry != AKIN_NO_ENTRY ? callerIds[id] : id;
    }
};

#endif
