// What the files of code kernels share; every function here is static, as in kernels_internal.h.
#ifndef AKIN_CODES_INTERNAL_H
#define AKIN_CODES_INTERNAL_H

#include "akin_codes.h"

#include <math.h>
#include <string.h>

extern const akin_code_table akin_codes_scalar;
extern const akin_code_table akin_codes_avx2;
extern const akin_code_table akin_codes_avx512;
extern const akin_code_table akin_codes_avx512_vbmi;
extern const akin_code_table akin_codes_neon;

// Where the parts of a block of signs lie, in floats behind the terms.
enum { FACTORS = 32, NORMS2 = 64, FINE_TERMS = 96, FINE_FACTORS = 128, FINE_CODES = 160 };

// Parts of keys stay below this, so that no sum of a few of them overflows.
#define AKIN_LARGEST_PART 1e37f

#endif
