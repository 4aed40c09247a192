// The plain reading of the join: the reference for the other levels.
#include "join_internal.h"

#include "join_plain.inc"
#include "join_common.inc"

const akin_join_table akin_join_scalar = {.join = join};
