// Scanning inverted lists: the codes of one list against some queries.
//
// A list is a sequence of blocks. What a block looks like is its codec's affair: `n` codes in an order that suits the
// kernel, and the terms of the key that belong to each vector. A kernel appends to each query's selector the vectors
// whose lower bound of the key is within the selector's bound, as the kernels of exact search do.
#ifndef AKIN_LISTS_H
#define AKIN_LISTS_H

#include "akin_kernels.h"

// One query against the list at hand.
typedef struct {
    uint32_t query; // its number among the queries that were prepared
    float offset;   // the part of the key that query and list make without the vector, such as |x - c|^2
    akin_selector *selector;
} akin_list_query;

typedef struct akin_list_scan {
    const uint8_t *blocks;
    uint32_t count;          // vectors in the list
    uint32_t first;          // number of the list's first vector among candidates
    const uint64_t *allowed; // a bit for each vector, set where the filter lets it pass; or NULL
    const akin_list_query *queries;
    size_t query_count;
    // Called when a selector has reached its limit: leaves room for AKIN_PANEL_ROWS more and may change its bound.
    void (*make_room)(struct akin_list_scan *scan, uint32_t query, akin_selector *selector);
    void *context;     // of make_room
    uint64_t appended; // candidates appended
} akin_list_scan;

#endif
