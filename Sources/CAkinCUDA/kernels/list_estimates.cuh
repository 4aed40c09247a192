// Estimates by product codes as the CPU's scan makes them, bit by bit: they nominate candidates that are compared again
// by second codes, so equal estimates are what makes equal answers.
//
// The tables are those of the CPU, too. A sum begins at a base, one for each query and list, or NaN where sums say
// nothing; a vector's term comes last. What is not finite counts as infinite, behind all others.
#ifndef AKIN_LIST_ESTIMATES_CUH
#define AKIN_LIST_ESTIMATES_CUH

#include "list_keys.cuh"

struct akin_estimate_parts {
    const uint32_t *codes; // [blocks][rows][32]
    const float *terms;    // [blocks][32], or null
    const float *bases;    // [queries][nprobe]
    uint32_t rows, nprobe;

    AKIN_DEVICE uint32_t word(const akin_list_place &at, uint32_t row) const {
        return __ldg(codes + (static_cast<uint64_t>(at.block) * rows + row) * AKIN_WARP + at.lane);
    }
    AKIN_DEVICE float base(const akin_list_place &at) const {
        return bases[static_cast<uint64_t>(at.query) * nprobe + at.rank];
    }
    AKIN_DEVICE float key(const akin_list_place &at, float value) const {
        if (terms)
            value = __fadd_rn(value, __ldg(terms + static_cast<uint64_t>(at.block) * AKIN_WARP + at.lane));
        return fabsf(value) < akin_infinity() ? value : akin_infinity();
    }
};

// Sums of floats in the order of the parts. The table lies in shared memory where it fits.
struct akin_float_estimates {
    akin_estimate_parts parts;
    const float *tables; // [queries][m][ksub]
    uint32_t m, ksub;
    bool isShared;
    const float *table;

    AKIN_DEVICE void begin(uint32_t q, unsigned char *shared) {
        uint32_t size = m * ksub;
        table = tables + static_cast<uint64_t>(q) * size;
        if (!isShared)
            return;
        float *own = reinterpret_cast<float *>(shared);
        for (uint32_t i = threadIdx.x; i < size; i += blockDim.x)
            own[i] = table[i];
        table = own;
    }

    AKIN_DEVICE float key(const akin_list_place &at) const {
        uint32_t bits = ksub == 16 ? 4 : 8, perWord = 32 / bits, mask = bits == 4 ? 15 : 255;
        const float *entries = table;
        float sum = 0;
        for (uint32_t first = 0; first < m; first += perWord) {
            uint32_t word = parts.word(at, first / perWord);
            for (uint32_t s = first; s < m && s < first + perWord; s++) {
                sum = __fadd_rn(sum, entries[word & mask]);
                entries += ksub;
                word >>= bits;
            }
        }
        return parts.key(at, __fadd_rn(parts.base(at), sum));
    }
};

// Sums of integers from tables of 16 bytes, in shared memory: lanes read the same 16 bytes, without bank conflicts.
struct akin_byte_estimates {
    akin_estimate_parts parts;
    const uint32_t *tables; // [queries][stride / 4] words of four bytes
    const float *steps;     // [queries]
    uint32_t m, stride;
    const unsigned char *table;

    AKIN_DEVICE void begin(uint32_t q, unsigned char *shared) {
        uint32_t *own = reinterpret_cast<uint32_t *>(shared);
        for (uint32_t i = threadIdx.x; i < stride / 4; i += blockDim.x)
            own[i] = tables[static_cast<uint64_t>(q) * (stride / 4) + i];
        table = shared;
    }

    AKIN_DEVICE float key(const akin_list_place &at) const {
        uint32_t sum = 0;
        for (uint32_t first = 0; first < m; first += 8) {
            uint32_t word = parts.word(at, first / 8);
            // Tables behind the last part are zero.
#pragma unroll
            for (uint32_t s = 0; s < 8; s++)
                sum += table[(first + s) * 16 + (word >> 4 * s & 15)];
        }
        return parts.key(at, __fmaf_rn(steps[at.query], static_cast<float>(sum), parts.base(at)));
    }
};

#endif
