// Kernels that compare binary codes by the number of bits in which they differ.
//
// Codes lie in *panels* of 32: word w (16 bits) of all 32 codes together, so that a register holds one word of each and
// counts need no sums across lanes. A selector keeps the nearest that were seen. Distances are small whole numbers, so
// it counts how many candidates have each, and knows the k-th smallest at any time without sorting.
#ifndef AKIN_HAMMING_H
#define AKIN_HAMMING_H

#include "akin_kernels.h"

enum { AKIN_HAMMING_PANEL = 32 };

// Candidates of one query. Rows come in ascending order; of equal distances the first seen wins.
typedef struct {
    uint32_t *row;       // [capacity]
    uint16_t *distance;  // [capacity]
    uint32_t *histogram; // [greatest distance + 1] candidates ever held, by distance
    uint32_t count;      // candidates held
    uint32_t capacity;   // more than k
    uint32_t k;          // neighbours wanted
    uint32_t top;        // at least k candidates are within this distance, or it is the greatest that there is
    uint32_t within;     // candidates ever held that are
    uint32_t bound;      // a candidate must be nearer than this
} akin_hamming_selector;

// One query against panels.
typedef struct {
    const uint16_t *words; // [words][32]: each word 32 times, aligned to 64 bytes
    akin_hamming_selector *selector;
} akin_hamming_query;

typedef struct {
    const uint16_t *panels;  // [panels][words][32], aligned to 64 bytes; rows beyond `count` are never candidates
    size_t words;            // 16-bit words of a code
    size_t count;            // codes
    const uint32_t *allowed; // a bit for each code of each panel, set where a filter lets it pass; or NULL
} akin_hamming_codes;

typedef struct {
    // Offers the codes of panels first ..< last to the selectors of some queries.
    void (*scan)(const akin_hamming_codes *codes, size_t first, size_t last, const akin_hamming_query *queries,
                 size_t count);
    // The distances of all codes of panels first ..< last to one query, [(last - first) * 32].
    void (*distances)(const akin_hamming_codes *codes, size_t first, size_t last, const uint16_t *query,
                      uint16_t *distances);
    // The distances of some codes, which lie row after row as `words64` words of 64 bits, to a query.
    void (*some)(const uint64_t *query, const uint64_t *codes, size_t words64, const uint32_t *rows, size_t count,
                 uint16_t *distances);
} akin_hamming_table;

// The table of a level, or NULL where this CPU (or this build) lacks it.
const akin_hamming_table *akin_hamming_at(akin_simd_level level);

// Puts codes of `bytes` bytes, `stride` bytes from one to the next, at places first ... of panels that are zero there.
void akin_hamming_pack(const uint8_t *rows, size_t stride, size_t count, size_t first, uint16_t *panels, size_t words,
                       size_t bytes);

// Takes the code at one place of panels.
void akin_hamming_unpack(const uint16_t *panels, size_t words, size_t place, uint8_t *row, size_t bytes);

// A code as a query: each 16-bit word 32 times.
void akin_hamming_spread(const uint8_t *code, size_t bytes, size_t words, uint16_t *query);

// A bit for each component that is not negative, the first the lowest of the first byte; `bytes` bytes a row, all bits
// beyond the dimension zero.
void akin_signs(const float *vectors, size_t count, size_t dimension, uint8_t *codes, size_t bytes);

// Makes a selector ready; histogram is [greatest + 1].
void akin_hamming_reset(akin_hamming_selector *selector, uint32_t k, uint32_t greatest);

// Offers one code.
void akin_hamming_offer(akin_hamming_selector *selector, uint32_t row, uint32_t distance);

// Drops the candidates that are not among the k nearest, and leaves the others in the order of their rows.
void akin_hamming_compact(akin_hamming_selector *selector);

#endif
