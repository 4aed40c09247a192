// The plain reading of the formula, and the reference for the other files.
#include "hamming_internal.h"

static uint16_t bits_that_differ(const uint16_t *code, const uint16_t *query, size_t words, size_t lane) {
    unsigned sum = 0;
    for (size_t w = 0; w < words; w++)
        sum += (unsigned)__builtin_popcount((unsigned)(code[w * LANES + lane] ^ query[w * LANES + lane]));
    return (uint16_t)sum;
}

static void distances(const akin_hamming_codes *codes, size_t first, size_t last, const uint16_t *query,
                      uint16_t *out) {
    for (size_t p = first; p < last; p++)
        for (size_t lane = 0; lane < LANES; lane++)
            *out++ = bits_that_differ(codes->panels + p * codes->words * LANES, query, codes->words, lane);
}

static void scan(const akin_hamming_codes *codes, size_t first, size_t last, const akin_hamming_query *queries,
                 size_t count) {
    uint16_t found[LANES];
    for (size_t q = 0; q < count; q++)
        for (size_t p = first; p < last; p++) {
            uint32_t mask = present(codes, p);
            if (!mask)
                continue;
            distances(codes, p, p + 1, queries[q].words, found);
            offer_panel(queries[q].selector, p, mask, found);
        }
}

static void some(const uint64_t *query, const uint64_t *codes, size_t words64, const uint32_t *rows, size_t count,
                 uint16_t *out) {
    for (size_t i = 0; i < count; i++) {
        const uint64_t *code = codes + (size_t)rows[i] * words64;
        int sum = 0;
        for (size_t w = 0; w < words64; w++)
            sum += __builtin_popcountll(code[w] ^ query[w]);
        out[i] = (uint16_t)sum;
    }
}

const akin_hamming_table akin_hamming_scalar = {.scan = scan, .distances = distances, .some = some};
