// The numeric kernels behind exact search: one table of functions per instruction set, chosen once.
//
// Terms. A *panel* is 48 stored rows, transposed so that one component of all 48 lies together. A *group* is 8
// queries, transposed likewise. A *tile* is one group against one panel. Kernels *nominate*: for every query they
// append to its selector each row whose lower bound of the key is under the selector's bound. A *key* says how near
// a row is, smaller is nearer: the squared distance, or the inner product or cosine with its sign changed.
//
// What makes the bounds sound is proven in docs/exact-search.md.
#ifndef AKIN_KERNELS_H
#define AKIN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AKIN_PANEL_ROWS = 48, AKIN_GROUP_QUERIES = 8 };

typedef enum {
    AKIN_SIMD_SCALAR = 0,
    AKIN_SIMD_AVX2 = 1,
    AKIN_SIMD_AVX512 = 2,
    AKIN_SIMD_NEON = 3,
} akin_simd_level;

// Candidates of one query: an interval [lo, hi] that holds the key of each, as ordered integers (see akin_ordered).
// A whole panel always fits behind the candidates held.
typedef struct akin_selector {
    int32_t *lo;       // [capacity]
    int32_t *hi;       // [capacity]
    uint32_t *row;     // [capacity]
    uint32_t count;    // candidates held
    uint32_t limit;    // count at which to discard the hopeless
    uint32_t capacity; // a multiple of 16, at least k + 4 * AKIN_PANEL_ROWS
    uint32_t k;        // neighbours wanted
    int32_t bound;     // at least k rows have hi <= bound: others must reach it; INT32_MAX before k rows were seen
} akin_selector;

struct akin_queries;

// Called when a selector holds too many candidates that intervals cannot tell apart: it must make them exact
// (lo == hi) and leave at most k of them.
typedef void (*akin_resolve)(void *context, struct akin_queries *queries, size_t query);

// A block of queries, in groups of 8; the last group is padded with queries whose bound is -infinity.
typedef struct akin_queries {
    size_t count;           // queries, padding excluded
    size_t groups;          // ceil(count / 8)
    const void *packed;     // floats [groups][dimension][8], or bytes [groups][padded dimension / 4][8][4], code + 128
    float *bound;           // [8 groups] selector bound less `offset`, rounded up: what a tile's values must stay under
    int32_t *bound8;        // [8 groups] the same for exact 8-bit keys: a tile's halved dot products must reach it
    const float *scale;     // [8 groups] of the 8-bit codes
    const float *offset;    // [8 groups] the part of the key that does not depend on the row
    const double *offset64; // [8 groups] the same in full
    const float *slack;     // [8 groups] uncertainty that does not depend on the row
    const float *x1;        // [8 groups] factor of row terms e1
    const float *x2;        // [8 groups] factor of row terms e2
    akin_selector *selectors; // [count]
    bool strict;              // rows come in the order of ids: of equal keys the first seen wins
    bool exact8;              // keys are whole numbers, not ordered floats
    uint64_t appended;        // candidates appended, for the plan
    akin_resolve resolve;
    void *context;
} akin_queries;

// Stored rows in panels, and what is known of each row, padded to whole panels.
// key = offset + b + w * dot, within slack + x1 * e1 + x2 * e2 + e0.
typedef struct {
    size_t rows; // rows present; the rest of the last panel is padding
    // 32 bits: where the rows are, row-major, and how they become r = sigma * y - center
    const float *source; // [rows][dimension]
    const float *sigma;
    const float *center; // [dimension]
    float *scratch;      // [dimension][48], aligned to 64 bytes: the panel at hand
    // 8 bits
    const int8_t *codes;   // [panels][padded / 4][48][4]
    const int32_t *start;  // what accumulators begin with: -128 * sum of codes (exact: - b / 2 too)
    const int32_t *parity; // exact: b modulo 2

    const float *b;
    const float *w; // factor of the dot product; 8-bit: of the integer dot product over the query's scale
    const float *e0;
    const float *e1;
    const float *e2;
    const float *largest; // [panels][3]: greatest e0, e1, e2
} akin_panels;

// Rows as they are stored, row-major, for few queries and for the plan without cancellation.
typedef struct {
    const float *data;  // [rows][dimension]
    const float *sigma; // [rows] factor that makes a row what the metric compares: 1, or 1 / |row|
    const float *norm;  // [rows] length after that factor
    uint32_t first_row; // number of data's first row
    uint32_t rows;
} akin_rows;

typedef struct {
    akin_simd_level level;
    const char *name;
    bool has_dot8; // integer dot products run faster than floats

    // sum((x - y)^2) and sum(x * y) in doubles, in an order of summation that is the same at every level.
    double (*distance)(const float *x, const float *y, size_t dimension);
    double (*product)(const float *x, const float *y, size_t dimension);

    // Tiles of panels first ..< last with every group.
    void (*nominate_f32)(const akin_panels *panels, size_t first, size_t last, akin_queries *queries, size_t dimension);
    // 8 bits with rounding errors: `padded` is the dimension rounded up to 4.
    void (*nominate_dot8)(const akin_panels *panels, size_t first, size_t last, akin_queries *queries, size_t padded);
    // 8 bits without any error: keys are integers.
    void (*nominate_exact8)(const akin_panels *panels, size_t first, size_t last, akin_queries *queries, size_t padded);

    // Row-major: key = sum((x - y)^2), known within a factor 1 +- relative; queries are [count][dimension].
    void (*nominate_difference)(const akin_rows *rows, akin_queries *queries, size_t dimension, float relative);
    // Row-major: key = - sigma * sum(x * y), known within x1 * norm.
    void (*nominate_product)(const akin_rows *rows, akin_queries *queries, size_t dimension);

    // Drops the candidates that cannot be among the k nearest and lowers the bound. O(capacity).
    void (*compact)(akin_selector *selector);
    // Compacts the selector of a query, resolving it where that is not enough, until a whole panel has room.
    void (*make_room)(akin_queries *queries, size_t query);
} akin_kernel_table;

// The best table of this CPU; AKIN_SIMD=scalar|avx2|avx512|neon chooses another that the CPU has.
const akin_kernel_table *akin_kernels(void);
// The table of a level, or NULL where this CPU (or this build) lacks it.
const akin_kernel_table *akin_kernels_at(akin_simd_level level);

// Maps floats to integers of the same order; -0, which a sum that is too small for a float may become, equals 0.
static inline int32_t akin_ordered(float key) {
    union {
        float f;
        int32_t i;
    } u = {key + 0.0f};
    return u.i ^ ((u.i >> 31) & 0x7fffffff);
}

// The float that akin_ordered maps to `ordered`.
static inline float akin_unordered(int32_t ordered) {
    union {
        int32_t i;
        float f;
    } u = {ordered ^ ((ordered >> 31) & 0x7fffffff)};
    return u.f;
}

// Recomputes bound or bound8 of a query from its selector.
void akin_queries_update_bound(akin_queries *queries, size_t query);

// Sorts words in ascending order; `spare` is as long. O(count), radix.
void akin_sort_words(uint64_t *words, uint64_t *spare, size_t count);

// What a row is made of: r = sigma * y - center, in doubles.
typedef struct {
    double norm2;        // |r|^2
    double scaled_norm2; // |sigma * y|^2
    double center_dot;   // <center, r>
    double largest;      // max |r_i|
} akin_row_stats;

akin_row_stats akin_row_measure(const float *y, size_t dimension, double sigma, const float *center);

// Codes round(r / scale) in -127...127 (-128 allowed for scale 1), padded with zeros.
// Gives the sum of the codes, |scale * codes|^2 and the exact |r - scale * codes|^2.
typedef struct {
    int32_t sum;
    double norm2;
    double error2;
} akin_code_stats;

akin_code_stats akin_row_encode(const float *y, size_t dimension, double sigma, const float *center, double scale,
                                int8_t *codes);

// Puts the codes of one row into column `column` of a panel of bytes.
void akin_panel_put_codes(const int8_t *codes, size_t padded, size_t column, int8_t *panel);

// Adds sigma times each of `rows` rows to sums[dimension].
void akin_add_rows(const float *rows, size_t count, size_t dimension, const float *sigma, double *sums);

// x[dimension] of one query into column `column` of a group: floats, or codes + 128.
void akin_group_put_floats(const float *x, size_t dimension, size_t column, float *group);
void akin_group_put_codes(const int8_t *codes, size_t padded, size_t column, uint8_t *group);

// The exact keys of some rows of `data`: distances, or products, to `x`.
void akin_exact_many(const akin_kernel_table *table, bool product, const float *x, const float *data, size_t dimension,
                     const uint32_t *rows, size_t count, double *keys);

// The same for rows that lie anywhere.
void akin_exact_scattered(const akin_kernel_table *table, bool product, const float *x, const float *const *rows,
                          size_t dimension, size_t count, double *keys);

// Cores that this process may use.
int akin_available_cores(void);

// The greatest |x|.
float akin_largest_magnitude(const float *x, size_t count);

// Index of the first element that is NaN or infinite, or count.
size_t akin_first_not_finite(const float *x, size_t count);

// Whether all elements are whole numbers; their least and greatest.
bool akin_whole_numbers(const float *x, size_t count, float *least, float *greatest);

#endif
