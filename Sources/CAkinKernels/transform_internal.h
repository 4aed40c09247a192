// What the files of the transform kernels share.
#ifndef AKIN_TRANSFORM_INTERNAL_H
#define AKIN_TRANSFORM_INTERNAL_H

#include "akin_transform.h"

#include <math.h>
#include <string.h>

extern const akin_transform_table akin_transform_scalar;
extern const akin_transform_table akin_transform_avx2;
extern const akin_transform_table akin_transform_avx512;
extern const akin_transform_table akin_transform_neon;

#endif
