// The join with AVX-512 where it has no products of bytes: as the compiler vectorises it.
#include "join_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2"))),                   \
                             apply_to = function)

#include "join_plain.inc"
#include "join_common.inc"

const akin_join_table akin_join_avx512 = {.join = join};

#pragma clang attribute pop
#endif
