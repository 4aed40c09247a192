// What the files of the graph kernels share; every function here is static, as in kernels_internal.h.
#ifndef AKIN_GRAPH_INTERNAL_H
#define AKIN_GRAPH_INTERNAL_H

#include "akin_graph.h"

#include <math.h>
#include <string.h>

extern const akin_graph_table akin_graph_scalar;
extern const akin_graph_table akin_graph_avx2;
extern const akin_graph_table akin_graph_avx512;
extern const akin_graph_table akin_graph_avx512_vnni;
extern const akin_graph_table akin_graph_neon;

enum { LINE = 64, IN_FLIGHT = 64 };

// Rows that are asked for before the first is read.
static inline size_t rows_ahead(const akin_graph_rows *rows) {
    size_t lines = (rows->width + LINE - 1) / LINE;
    return lines < IN_FLIGHT ? IN_FLIGHT / lines : 1;
}

static inline void ask_for_row(const akin_graph_rows *rows, uint32_t row) {
    const uint8_t *at = rows->rows + (size_t)row * rows->stride;
    for (size_t b = 0; b < rows->width; b += LINE)
        __builtin_prefetch(at + b);
}

#endif
