// The plain reading of every formula: the reference for the other levels, and what runs where there is no SIMD.
#include "kernels_internal.h"

// The order of summation that all levels share: 16 running sums, component c in sum c mod 16, then pairwise.
// No fused multiply-add: a level without it must give the same bits.
#pragma clang fp contract(off)

static double sum16(const double *s) {
    double a[8], b[4], c[2];
    for (int i = 0; i < 8; i++)
        a[i] = s[i] + s[i + 8];
    for (int i = 0; i < 4; i++)
        b[i] = a[i] + a[i + 4];
    for (int i = 0; i < 2; i++)
        c[i] = b[i] + b[i + 2];
    return c[0] + c[1];
}

static double distance(const float *x, const float *y, size_t dimension) {
    double s[16] = {0};
    for (size_t c = 0; c < dimension; c++) {
        double difference = (double)x[c] - (double)y[c];
        double square = difference * difference;
        s[c % 16] += square;
    }
    return sum16(s);
}

static double product(const float *x, const float *y, size_t dimension) {
    double s[16] = {0};
    for (size_t c = 0; c < dimension; c++)
        s[c % 16] += (double)x[c] * (double)y[c]; // exact in doubles
    return sum16(s);
}

static void tile_f32(const float *queries, const float *panel, size_t dimension, float *dots) {
    memset(dots, 0, sizeof(float) * G * P);
    for (size_t c = 0; c < dimension; c++)
        for (size_t i = 0; i < G; i++)
            for (size_t j = 0; j < P; j++)
                dots[i * P + j] += queries[c * G + i] * panel[c * P + j];
}

static void row_values(const float *rows, size_t stride, size_t n, const float *queries, size_t count, size_t dimension,
                       bool difference, float *values) {
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < n; j++) {
            const float *x = queries + i * dimension, *y = rows + j * stride;
            float s = 0;
            for (size_t c = 0; c < dimension; c++)
                s += difference ? (x[c] - y[c]) * (x[c] - y[c]) : x[c] * y[c];
            values[i * P + j] = s;
        }
}

#include "selection_common.inc"
#include "tiles_common.inc"
#include "panels_common.inc"
#include "dot8_scalar.inc"
#include "codes_common.inc"
#include "rows_common.inc"

const akin_kernel_table akin_table_scalar = {
    .level = AKIN_SIMD_SCALAR,
    .name = "scalar",
    .has_dot8 = false,
    .distance = distance,
    .product = product,
    .nominate_f32 = nominate_f32,
    .nominate_dot8 = nominate_dot8,
    .nominate_exact8 = nominate_exact8,
    .nominate_difference = nominate_difference,
    .nominate_product = nominate_product,
    .compact = compact,
    .make_room = make_room,
};
