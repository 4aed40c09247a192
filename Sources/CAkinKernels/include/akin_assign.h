// Assigning points to their nearest centroid: the kernels behind k-means and behind filling inverted lists.
//
// Terms are those of akin_kernels.h: centroids are stored in *panels* of 48, a *key* says how near one is. A *seeker*
// is a point that looks for its nearest centroid: it has an upper bound of the key it is looking for, and collects the
// centroids whose lower bound reaches it. Nearly all seekers end with a single one, which is then proven the nearest.
#ifndef AKIN_ASSIGN_H
#define AKIN_ASSIGN_H

#include "akin_kernels.h"

enum {
    AKIN_SEEKER_ROOM = 32,        // centroids that a seeker can hold
    AKIN_SEEKER_LOST = 0xffffffff // `found` of a seeker that met more: intervals cannot tell its centroids apart
};

// Centroids in panels, padded with rows whose b is infinite. key - a = b + w * dot, within x1 * e1 + x2 * e2 + e0,
// where a depends on the point alone.
typedef struct {
    size_t panels;
    size_t dimension;
    size_t padded;        // dimension rounded up to 4
    const float *floats;  // [panels][dimension][48], or NULL
    const int8_t *codes;  // [panels][padded / 4][48][4], or NULL
    const int32_t *start; // [48 panels] -128 * sum of codes
    const float *b;       // [48 panels], as are the following
    const float *w;       // factor of the dot product; 8-bit: of the integer dot product over the point's scale
    const float *e0;
    const float *e1;
    const float *e2;
    const float *largest; // [panels][3]: greatest e0, e1, e2
} akin_centroids;

// A block of points. Arrays are [count].
typedef struct {
    size_t count;
    const void *points; // centred floats [count][dimension], or codes + 128, bytes [count][padded]
    size_t stride;      // bytes from one point to the next
    const float *scale; // of the 8-bit codes
    const float *x1;    // factor of row terms e1
    const float *x2;    // factor of row terms e2
    const float *slack; // more than two keys that round to the same float may differ by
    float *bound;       // upper bound of the least key, less a, plus slack; +infinity where nothing is known
    uint32_t *found;    // centroids held, or AKIN_SEEKER_LOST
    float *lo;          // [count][AKIN_SEEKER_ROOM] their lower bounds, less a
    uint32_t *row;      // [count][AKIN_SEEKER_ROOM] their rows
} akin_seekers;

// What is known of each point of a block; all arrays are [count].
typedef struct {
    float *scale;
    float *a;     // the part of the key that does not depend on the centroid
    float *slack; // how far a may be off
    float *x1;
    float *x2;
    float *length; // upper bound of |x|, for the inner product
} akin_point_terms;

// Lower bounds of the keys of groups of panels, kept while centroids move, so that a group out of reach is not scanned.
// For L2 they are distances, for the inner product keys.
typedef struct {
    size_t groups;
    size_t group_panels; // panels a group; the last may have fewer
    size_t stride;       // points from one group's bounds to the next
    float *bounds;       // [groups][stride]
    const float *drift;  // [groups] the farthest that a centroid of the group moved, rounded up; NULL: bounds are void
    const float *upper;  // [count] upper bound of the distance (inner product: of the key) to the centroid at hand
} akin_group_bounds;

typedef struct {
    float norm2;   // |x - center|^2
    float along;   // <x - center, center>
    float raw2;    // |x|^2
    float largest; // max |x_i - center_i|
} akin_point_sums;

typedef struct {
    // Scans one panel for the seekers in list[n]. Lowers least[i] to the least lower bound (less a) that seeker list[i]
    // has of the panel, unless it is NULL.
    void (*scan_f32)(const akin_centroids *centroids, size_t panel, akin_seekers *seekers, const uint32_t *list,
                     size_t n, float *least);
    void (*scan_dot8)(const akin_centroids *centroids, size_t panel, akin_seekers *seekers, const uint32_t *list,
                      size_t n, float *least);
    // centred = x - center, and its sums.
    akin_point_sums (*measure)(const float *x, size_t dimension, const float *center, float *centred);
    // codes = round(centred / scale) + 128, padded with 128; gives the squared length of what is left over.
    float (*encode)(const float *centred, size_t dimension, float scale, uint8_t *codes);
    // bounds of a group, moved by its drift; gives the seekers within reach. `length` is NULL for L2.
    size_t (*select)(float *bounds, float drift, const float *upper, const float *length, size_t count, uint32_t *list);
    // New bounds of the seekers in list: the square roots, for L2, of least + a - slack.
    void (*raise)(float *bounds, const uint32_t *list, size_t n, float *least, const float *a, const float *slack,
                  bool squared);
    // sums[dimension] += x
    void (*add)(double *sums, const float *x, size_t dimension);
    // Few components: the least and the second least of b + <x, y> over all centroids, in floats. y is
    // [rows][1 + dimension], b first. Points are [count][dimension]; number, least and second are [count].
    void (*nearest_small)(const float *points, size_t count, size_t dimension, const float *y, size_t rows,
                          uint32_t *number, float *least, float *second);
} akin_assign_table;

// The kernels that belong to a level.
const akin_assign_table *akin_assign_at(const akin_kernel_table *level);

// Measures `count` points x[dimension] and packs them: centred floats where `codes` is NULL, else bytes. `spare` has
// room for one row of floats. `product`: for the inner product, where center2 is |center|^2.
// Gives false where a point is too long for floats.
bool akin_assign_prepare(const akin_assign_table *table, const float *x, size_t count, size_t dimension,
                         const float *center, bool product, double center2, const akin_point_terms *terms,
                         float *floats, uint8_t *codes, float *spare);

// Scans all panels; with `groups`, those within reach. `list` and `least` have room for `count`.
void akin_assign_scan(const akin_assign_table *table, const akin_centroids *centroids, akin_seekers *seekers,
                      const akin_point_terms *terms, bool product, const akin_group_bounds *groups, uint32_t *list,
                      float *least);

// What decides between the centroids that seekers hold.
typedef struct {
    const akin_kernel_table *kernels;
    bool product;
    const float *points;    // [count][dimension], as they were given
    const float *centroids; // [rows][dimension]
    size_t dimension;
    const uint32_t *numbers; // number of each row of the panels
    const double *penalty;   // [rows] added to the key, or NULL
    uint32_t first;          // added to the numbers
} akin_deciders;

// The exact key of one point and centroid.
double akin_assign_key(const akin_deciders *deciders, size_t point, uint32_t number);

// Decides for each seeker. Where `known` is set, number and key hold a centroid already met, which a nearer one
// replaces; of equal keys (as floats) the smaller number wins. Without `known`, keys may be NULL.
// Writes the lost seekers to `lost` and gives their number.
size_t akin_assign_settle(const akin_deciders *deciders, const akin_seekers *seekers, bool known, uint32_t *number,
                          double *keys, uint32_t *lost);

// The nearest of a point by exact keys of all rows; for lost seekers.
void akin_assign_exactly(const akin_deciders *deciders, size_t point, size_t rows, bool known, uint32_t *number,
                         double *key);

// Decides what akin_assign_table.nearest_small left open: where second - least is at most twice the error that
// points of length |x| can have, error_x * |x| + error, the keys within reach are computed exactly.
// numbers are in and out, centred is [count][dimension].
void akin_assign_settle_small(const akin_deciders *deciders, const float *centred, size_t count, const float *y,
                              size_t rows, float error_x, float error, const float *least, const float *second,
                              uint32_t *number);

#endif
