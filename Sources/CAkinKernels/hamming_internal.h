// What the files of the Hamming kernels share; every function here is static, as in kernels_internal.h.
#ifndef AKIN_HAMMING_INTERNAL_H
#define AKIN_HAMMING_INTERNAL_H

#include "akin_hamming.h"

#include <string.h>

extern const akin_hamming_table akin_hamming_scalar;
extern const akin_hamming_table akin_hamming_avx2;
extern const akin_hamming_table akin_hamming_avx512;
extern const akin_hamming_table akin_hamming_neon;

enum { LANES = AKIN_HAMMING_PANEL };

// The codes of a panel that there are and that a filter lets pass.
static inline uint32_t present(const akin_hamming_codes *codes, size_t panel) {
    size_t left = codes->count - panel * LANES;
    uint32_t mask = left >= LANES ? UINT32_MAX : (1u << left) - 1;
    return codes->allowed ? mask & codes->allowed[panel] : mask;
}

// Offers the codes of a panel whose bit is set.
static inline void offer_panel(akin_hamming_selector *selector, size_t panel, uint32_t near,
                               const uint16_t *distances) {
    while (near) {
        uint32_t lane = (uint32_t)__builtin_ctz(near);
        near &= near - 1;
        akin_hamming_offer(selector, (uint32_t)(panel * LANES) + lane, distances[lane]);
    }
}

#endif
