// What the files of the assignment share.
#ifndef AKIN_ASSIGN_INTERNAL_H
#define AKIN_ASSIGN_INTERNAL_H

#include "akin_assign.h"
#include "kernels_internal.h"

extern const akin_assign_table akin_assign_scalar;
extern const akin_assign_table akin_assign_avx2;
extern const akin_assign_table akin_assign_avx512;
extern const akin_assign_table akin_assign_avx512_vnni;
extern const akin_assign_table akin_assign_neon;

#if defined(__x86_64__)
void akin_assign_scan_dot8_vnni(const akin_centroids *centroids, size_t panel, akin_seekers *seekers,
                                const uint32_t *list, size_t n, float *least);
#endif

#endif
