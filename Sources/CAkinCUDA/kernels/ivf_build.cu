// Filling inverted lists with product codes: list_build.cuh.
#include "list_build.cuh"

extern "C" __global__ void __launch_bounds__(256)
    akin_ivf_encode(const float *points, const uint32_t *lists, const float *centroids, uint32_t count,
                    uint32_t dimension, const float *codebooks, uint32_t m, uint32_t ksub, uint32_t dsub, uint32_t rows,
                    uint32_t *codes) {
    akin_encode_parts(points, lists, centroids, count, dimension, codebooks, m, ksub, dsub, rows, codes);
}

extern "C" __global__ void __launch_bounds__(256)
    akin_ivf_terms(const uint32_t *codes, const uint32_t *lists, const float *centroids, uint32_t count,
                   uint32_t dimension, const float *codebooks, uint32_t ksub, uint32_t dsub, uint32_t rows,
                   float *terms) {
    akin_code_terms(codes, lists, centroids, count, dimension, codebooks, ksub, dsub, rows, terms);
}

extern "C" __global__ void __launch_bounds__(256)
    akin_ivf_place(const uint32_t *order, const uint32_t *starts, const uint32_t *blocks, uint32_t nlist,
                   const uint32_t *codes, uint32_t rows, const float *terms, uint32_t count, uint32_t *outCodes,
                   float *outTerms) {
    akin_place_codes(order, starts, blocks, nlist, codes, rows, terms, count, outCodes, outTerms);
}

extern "C" __global__ void __launch_bounds__(256)
    akin_ivf_greatest(const float *values, uint64_t count, uint32_t *greatest) {
    akin_greatest_magnitude(values, count, greatest);
}
