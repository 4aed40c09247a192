// Kernels that compare one query with some rows of a graph: squared differences, smaller is nearer.
//
// Rows lie a multiple of 32 bytes apart, so that none touches a cache line more than its length asks for. A row has
// `width` bytes, a multiple of 32; what pads it counts nothing. Integers are summed exactly, modulo 2^32, which 65,536
// components do not exceed; floats go to 64 sums, component i to sum i % 64, each step one rounding, and the sums are
// then folded: 64 to 32, 16, 8, 4, 2, 1. So every instruction set gives the same bits.
#ifndef AKIN_GRAPH_H
#define AKIN_GRAPH_H

#include "akin_kernels.h"

// How the rows of a graph are coded.
typedef enum {
    AKIN_ROWS_F32,  // floats; the query too
    AKIN_ROWS_FP16, // halves; the query is of floats, two bytes of a row for four of it
    AKIN_ROWS_BF16, // the upper halves of floats; the query is of floats
    AKIN_ROWS_U8,   // bytes; the query too
    AKIN_ROWS_U4,   // 64 bytes hold components 0..<64 in their lower and 64..<128 in their upper halves, 32 bytes at
                    // the end likewise; the query has a signed byte for each, in their order, -7...127, in units of
                    // 1/8 of a step
    AKIN_ROWS_U8F,  // bytes; the query is of floats, in steps
    AKIN_ROW_KINDS
} akin_row_kind;

// Rows of one kind, from an address aligned to 64 bytes.
typedef struct {
    const uint8_t *rows;
    size_t stride; // bytes from one row to the next
    size_t width;  // bytes of a row that are compared
} akin_graph_rows;

// keys[i] = the squared difference of the query and row which[i], for 0 <= i < count.
typedef void (*akin_graph_keys)(const void *query, const akin_graph_rows *rows, const uint32_t *which, size_t count,
                                float *keys);

#define AKIN_NO_LINK UINT32_MAX

// One level of a graph.
typedef struct {
    akin_graph_rows rows;
    const uint32_t *links;  // [members][degree], AKIN_NO_LINK behind the last
    const uint32_t *places; // [members][2]: its row, and its number one level down; NULL where members are rows
    size_t degree;
} akin_graph_layer;

// Walks that take turns, at most.
enum { AKIN_GRAPH_WALKS = 8 };

// The walk of one query; belongs to one thread.
typedef struct {
    const void *query;
    uint32_t member;   // where it begins; the one walked from last
    uint64_t *pool;    // [ef]: key's bits << 32 | member << 1 | whether it was walked from, ascending
    size_t count;      // of the pool, in the end
    uint32_t *met;     // a bit for each member: all zero before and after
    uint32_t *seen;    // [members + degree + 16]: the members met
    size_t seen_count; // rows compared, in the end
    size_t next, fresh;
} akin_graph_walk;

// Walks a level, each walk from its member, and leaves the best `ef` met in its pool. Of equal keys the smaller member
// is the better (Malkov, Yashunin 2018, algorithm 2, with one list for candidates and results). `number` walks take
// turns, so that one computes while others wait for memory; none depends on another.
typedef void (*akin_graph_beam)(const akin_graph_layer *layer, akin_graph_walk *walks, size_t number, size_t ef);

// Goes from a member of a higher level to ever nearer ones, and gives the number of the last one level down; writes
// seen, [degree], and seen_count.
typedef uint32_t (*akin_graph_descend)(const akin_graph_layer *layer, akin_graph_walk *walk);

typedef struct {
    akin_graph_keys keys[AKIN_ROW_KINDS];
    akin_graph_beam beam[AKIN_ROW_KINDS];
    akin_graph_descend descend[AKIN_ROW_KINDS];
} akin_graph_table;

// The table of a level, or NULL where this CPU (or this build) lacks it.
const akin_graph_table *akin_graph_at(akin_simd_level level);

// The kernels of a kind of rows.
static inline akin_graph_keys akin_graph_keys_of(const akin_graph_table *table, akin_row_kind kind) {
    return table->keys[kind];
}
static inline akin_graph_beam akin_graph_beam_of(const akin_graph_table *table, akin_row_kind kind) {
    return table->beam[kind];
}
static inline akin_graph_descend akin_graph_descend_of(const akin_graph_table *table, akin_row_kind kind) {
    return table->descend[kind];
}

// keys[i] = the sum over s of table[s][number s of row which[i]], s ascending. Rows have m numbers of 8 bits, or of 4,
// two a byte, the lower first; `table` is [m][256] or [m][16]. The same code at every level.
void akin_graph_keys_pq(const float *table, size_t m, unsigned bits, const akin_graph_rows *rows, const uint32_t *which,
                        size_t count, float *keys);

// table[s][j] = the squared difference of part s of x and codeword j of part s; codewords are [m][ksub][dsub].
void akin_graph_table_pq(const float *x, const float *codewords, size_t m, size_t ksub, size_t dsub, float *table);

// Puts numbers below 16, [dimension], in the order of AKIN_ROWS_U4, and back; `width` is the row's.
void akin_graph_pack_u4(const uint8_t *numbers, size_t dimension, size_t width, uint8_t *row);
void akin_graph_unpack_u4(const uint8_t *row, size_t dimension, size_t width, uint8_t *numbers);
// What a row of AKIN_ROWS_U4 is as a query, 2 * width bytes.
void akin_graph_widen_u4(const uint8_t *row, size_t width, int8_t *query);

// numbers[d] = (x[d] - offsets[d]) / step, rounded to the nearest and kept within least...most, all below 2^15.
void akin_graph_grid_numbers(const float *x, const float *offsets, size_t dimension, float step, float least,
                             float most, int16_t *numbers);

// places[d] = (x[d] - offsets[d]) / step.
void akin_graph_grid_places(const float *x, const float *offsets, size_t dimension, float step, float *places);

// What vectors [count][dimension] lose, squared and summed, to the nearest of the numbers 0...last of a grid whose
// middle is `middle`.
double akin_graph_grid_error(const float *x, size_t count, size_t dimension, const float *middle, float step,
                             float last);

#endif
