// The join with NEON, as the compiler vectorises it.
#include "join_internal.h"
#if defined(__aarch64__)

#include "join_plain.inc"
#include "join_common.inc"

const akin_join_table akin_join_neon = {.join = join};
#endif
