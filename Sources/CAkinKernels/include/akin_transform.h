// Kernels that turn vectors into vectors: matrices, rotations by signs and sums, and the sums behind covariances.
//
// Every result is computed in one order of operations with the roundings of fused multiply-add where one is used, so
// each instruction set gives the same bits, and a vector gives the same whichever vectors are beside it.
#ifndef AKIN_TRANSFORM_H
#define AKIN_TRANSFORM_H

#include "akin_kernels.h"

// Outputs that lie together in a packed matrix, and vectors that are rotated together.
enum { AKIN_TRANSFORM_PANEL = 32, AKIN_TRANSFORM_LANES = 16 };

typedef struct {
    // y[r][o] = bias[o] + sum over i of matrix[o][i] * x[r][i], i ascending, each step one rounding.
    // `packed` is [ceil(out / 32)][in][32], `bias` is padded likewise.
    void (*linear)(const float *x, size_t rows, size_t in, const float *packed, const float *bias, size_t out,
                   float *y);

    // c[i][j] += sum over r of x[r][i] * y[r][j] for first <= i < last, r ascending, each step one rounding.
    // x is [rows][dx], y is [rows][dy], c is [dx][dy].
    void (*gram)(const double *x, size_t dx, const double *y, size_t dy, size_t rows, size_t first, size_t last,
                 double *c);

    // Rounds of random signs, Walsh-Hadamard transforms and pairwise sums, undone with `reverse`; see
    // transform_common.inc. `signs` is [rounds][dimension] of 1 and -1, `scratch` is [dimension][16], aligned to 64
    // bytes; y may be x.
    void (*rotate)(const float *x, size_t rows, size_t dimension, const float *signs, size_t rounds, bool reverse,
                   float *y, float *scratch);
} akin_transform_table;

// The table of a level, or NULL where this CPU (or this build) lacks it.
const akin_transform_table *akin_transform_at(akin_simd_level level);

// Packs a matrix [out][in], row-major, for `linear`; `packed` is [ceil(out / 32)][in][32].
void akin_transform_pack(const float *matrix, size_t out, size_t in, float *packed);

#endif
