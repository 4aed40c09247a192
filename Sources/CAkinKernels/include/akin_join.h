// Joining points with points: the kernels behind k-nearest-neighbour graphs.
//
// Points are 8-bit codes of one scale, so that what a pair has to do with each other is one whole number, its *worth*,
// the same from both sides: worth = <code_i, code_j> - half_i - half_j, larger is nearer. A key (see akin_kernels.h) is
// - unit * worth - offset, within unit * margin, margin = length_i * error_j + error_i * length_j + AKIN_WORTH_SLACK.
//
// A tile is 8 points (rows) against a panel of 48 (columns). Every pair that reaches the `need` of its row or its
// column is offered to the list of nearest that each point keeps. docs/graphs.md explains and proves it.
#ifndef AKIN_JOIN_H
#define AKIN_JOIN_H

#include "akin_kernels.h"

enum {
    AKIN_JOIN_DIMENSION = 8192,  // most components: worths stay below 2^29
    AKIN_HALF_LIMIT = 1 << 27,   // greatest magnitude of half
    AKIN_NEED_ALL = -(1 << 29),  // every pair of points reaches it
    AKIN_HALF_PADDING = 1 << 30, // half of what is no point: no pair with it reaches AKIN_NEED_ALL
    AKIN_WORTH_SLACK = 3,        // rounding of two halves, and of whole numbers to halves
};

// The nearest found so far of each point, in any order of arrival: a list is the k least words offered, and a word
// offered twice counts once.
//
// A word is the key as 32 ordered bits over the number of the other point. With `exact` the key is that of the
// vectors, computed by difference and rounded to float; without, it is the worth.
typedef struct {
    size_t k;
    uint64_t *words; // [points][k], ascending, UINT64_MAX where free
    int32_t *need;   // [points] the worth that a pair must reach, margin left out; atomic
    uint8_t *locks;  // [lock_mask + 1] a byte for some points each, or NULL where one thread does all; atomic
    size_t lock_mask;

    const struct akin_exact_keys *exact; // or NULL
} akin_nearest;

typedef struct akin_exact_keys {
    const akin_kernel_table *kernels;
    const float *vectors;   // [points][dimension]
    const uint32_t *row;    // [points] where the vector of each point is among them, or NULL: in the order of points
    const uint32_t *number; // [points] the caller's number of each point
    size_t dimension;
    bool product;          // keys are negated products, divided by both lengths where there are any
    const double *lengths; // [points], or NULL
    double unit;
    double offset;
    double slack; // what keys may be off beside the margin
} akin_exact_keys;

// All points, in codes. Arrays are [points].
typedef struct {
    size_t padded;        // dimension rounded up to 4
    const uint8_t *codes; // [points][padded], code + 128
    const int32_t *half;
    const float *length; // rounded up; with `error` NULL where worths need no margin
    const float *error;
} akin_points;

// Points as columns.
typedef struct {
    size_t panels;
    int8_t *codes;   // [panels][padded / 4][48][4]
    int32_t *start;  // [48 panels] - 128 * sum of codes - half
    uint32_t *point; // [48 panels] number of the point, UINT32_MAX for padding
    float *length;   // [48 panels], as is error
    float *error;
    float *most; // [panels][2] greatest length and error
} akin_columns;

typedef struct {
    // Offers every pair of the `count` points in `rows` with the columns of panels first ..< last to the list of the
    // row and, with `both`, to that of the column. Pairs of a point with itself are left out.
    // Gives the number of pairs that reached a need.
    uint64_t (*join)(const akin_points *points, const uint32_t *rows, size_t count, const akin_columns *columns,
                     size_t first, size_t last, bool both, akin_nearest *nearest);
} akin_join_table;

const akin_join_table *akin_join_at(const akin_kernel_table *level);

// Puts a point into column `column` of the panels.
void akin_columns_put(const akin_points *points, uint32_t point, size_t column, const akin_columns *columns);
// Makes a column padding.
void akin_columns_clear(size_t padded, size_t column, const akin_columns *columns);
// Finds `most` of some panels.
void akin_columns_measure(const akin_columns *columns, size_t first, size_t last);

// The worth that a pair must reach, margin left out, for its key to be at most `key`.
int32_t akin_need_of(const akin_exact_keys *exact, float key);

// Offers a word to the list of a point.
void akin_nearest_offer(akin_nearest *nearest, uint32_t point, uint64_t word);

// The exact key of two points, as a float.
float akin_pair_key(const akin_exact_keys *exact, uint32_t a, uint32_t b);

// The words of `count` points in `candidates` for point `a` by exact keys and the caller's numbers, sorted; UINT32_MAX
// and `a` itself are left out. Gives how many there are.
size_t akin_exact_words(const akin_exact_keys *exact, uint32_t a, const uint32_t *candidates, size_t count,
                        uint64_t *words);

// codes = round((sigma * y - center) / scale) + 128, clamped to -127...127 (-128 allowed for scale 1), padded with 128.
typedef struct {
    double norm2;      // |r|^2
    double center_dot; // <r, center>
    double error2;     // |r - scale * codes|^2
    double largest;    // max |r_i|
} akin_point_stats;

akin_point_stats akin_point_encode(const float *y, size_t dimension, double sigma, const float *center, double scale,
                                   uint8_t *codes);

#endif
