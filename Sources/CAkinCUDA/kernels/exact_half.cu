// Deciding exact search among vectors kept as 16-bit floats: see exact_decide.cuh. Tiles and bounds are those of
// exact.cu. There is no cosine: vectors are coded at length one for it, and compared by the inner product.
#include "exact_decide.cuh"

AKIN_EXACT_METRIC(0, akin_f16, l2_f16)
AKIN_EXACT_METRIC(1, akin_f16, ip_f16)
AKIN_EXACT_METRIC(0, akin_bf16, l2_bf16)
AKIN_EXACT_METRIC(1, akin_bf16, ip_bf16)
