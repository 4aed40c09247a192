// Assignment with NEON: a tile is done in four blocks of 8 points x 12 centroids.
#include "assign_internal.h"
#if defined(__aarch64__)
#include <arm_neon.h>

#define UNROLL _Pragma("clang loop unroll(full)")

#define SMALL_LANES 4
#include "assign_hits.inc"
#include "assign_common.inc"
#include "assign_table.inc"

static void seek_f32(const float *const *points, const float *panel, size_t dimension, float *dots) {
    for (size_t j = 0; j < P; j += 12) {
        float32x4_t acc[G][3];
        UNROLL for (int i = 0; i < G; i++) UNROLL for (int v = 0; v < 3; v++) acc[i][v] = vdupq_n_f32(0);
        for (size_t c = 0; c < dimension; c++) {
            const float *y = panel + c * P + j;
            float32x4_t y0 = vld1q_f32(y), y1 = vld1q_f32(y + 4), y2 = vld1q_f32(y + 8);
            UNROLL for (int i = 0; i < G; i++) {
                float32x4_t q = vld1q_dup_f32(points[i] + c);
                acc[i][0] = vfmaq_f32(acc[i][0], q, y0);
                acc[i][1] = vfmaq_f32(acc[i][1], q, y1);
                acc[i][2] = vfmaq_f32(acc[i][2], q, y2);
            }
        }
        UNROLL for (int i = 0; i < G; i++) UNROLL for (int v = 0; v < 3; v++)
            vst1q_f32(dots + i * P + j + 4 * v, acc[i][v]);
    }
}

#include "assign_plain.inc"

const akin_assign_table akin_assign_neon = {ASSIGN_COMMON, .scan_f32 = scan_f32, .scan_dot8 = scan_dot8};
#endif
