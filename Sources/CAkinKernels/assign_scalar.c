// The plain reading of the assignment: the reference for the other levels.
#include "assign_internal.h"

#define SMALL_LANES 4
#include "assign_hits.inc"
#include "assign_common.inc"
#include "assign_table.inc"

static void seek_f32(const float *const *points, const float *panel, size_t dimension, float *dots) {
    memset(dots, 0, sizeof(float) * G * P);
    for (size_t c = 0; c < dimension; c++)
        for (size_t i = 0; i < G; i++)
            for (size_t j = 0; j < P; j++)
                dots[i * P + j] += points[i][c] * panel[c * P + j];
}

#include "assign_plain.inc"

const akin_assign_table akin_assign_scalar = {ASSIGN_COMMON, .scan_f32 = scan_f32, .scan_dot8 = scan_dot8};
