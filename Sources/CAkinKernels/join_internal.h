// What the files of the join share.
#ifndef AKIN_JOIN_INTERNAL_H
#define AKIN_JOIN_INTERNAL_H

#include "akin_join.h"
#include "kernels_internal.h"

// Offers a pair whose worth reached a need to the row's list and, with `both`, to the column's.
void akin_join_offer(akin_nearest *nearest, uint32_t row, uint32_t column, int32_t worth, bool both);

extern const akin_join_table akin_join_scalar;
extern const akin_join_table akin_join_avx2;
extern const akin_join_table akin_join_avx512;
extern const akin_join_table akin_join_avx512_vnni;
extern const akin_join_table akin_join_neon;

#endif
