// Filling inverted lists: codes of vectors, and their places in blocks of 32.
//
// All of it gives the bits of the CPU: its sums of floats are fused products in the order of components, those of
// doubles are not fused.
#ifndef AKIN_LIST_BUILD_CUH
#define AKIN_LIST_BUILD_CUH

#include "list_numbers.cuh"

#define AKIN_ENCODE_THREADS 256

// Bytes of shared memory: codewords of a part, and that part of 256 vectors.
AKIN_DEVICE constexpr uint32_t akin_encode_bytes(uint32_t ksub, uint32_t dsub) {
    return (ksub + AKIN_ENCODE_THREADS) * dsub * 4;
}

// codes[count][rows] words of numbers of the codewords nearest to the parts of each vector, less the centroid of its
// list where there are centroids; of equally near ones the first. A block takes 256 vectors (x) and the parts of a byte
// (y): one, or two of 4 bits, of which the first takes the lower half. Codewords are a multiple of 16.
AKIN_DEVICE void akin_encode_parts(const float *points, const uint32_t *lists, const float *centroids, uint32_t count,
                                   uint32_t dimension, const float *codebooks, uint32_t m, uint32_t ksub, uint32_t dsub,
                                   uint32_t rows, uint32_t *codes) {
    AKIN_SHARED(float, words); // [dsub][ksub]
    float *part = words + dsub * ksub + threadIdx.x;
    uint64_t vector = static_cast<uint64_t>(blockIdx.x) * AKIN_ENCODE_THREADS + threadIdx.x;
    uint32_t parts = ksub == 16 ? 2 : 1, byte = 0;
    bool has = vector < count;
    for (uint32_t half = 0; half < parts; half++) {
        uint32_t s = blockIdx.y * parts + half;
        if (s >= m) // for all threads
            break;
        __syncthreads(); // the codewords before are no longer read
        for (uint32_t i = threadIdx.x; i < ksub * dsub; i += AKIN_ENCODE_THREADS)
            words[i % dsub * ksub + i / dsub] = __ldg(codebooks + static_cast<uint64_t>(s) * ksub * dsub + i);
        if (has) {
            const float *x = points + vector * dimension + s * dsub;
            const float *middle =
                centroids ? centroids + static_cast<uint64_t>(lists[vector]) * dimension + s * dsub : nullptr;
            for (uint32_t d = 0; d < dsub; d++)
                part[d * AKIN_ENCODE_THREADS] = middle ? __fsub_rn(x[d], __ldg(middle + d)) : x[d];
        }
        __syncthreads();
        if (!has)
            continue;
        float best = __uint_as_float(0x7f800000u);
        uint32_t number = 0;
        for (uint32_t k = 0; k < ksub; k += 16) {
            float distance[16] = {};
            for (uint32_t d = 0; d < dsub; d++) {
                float x = part[d * AKIN_ENCODE_THREADS];
                const float4 *word = reinterpret_cast<const float4 *>(words + d * ksub + k);
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    float4 four = word[j];
                    float difference[4] = {__fsub_rn(x, four.x), __fsub_rn(x, four.y), __fsub_rn(x, four.z),
                                           __fsub_rn(x, four.w)};
#pragma unroll
                    for (int c = 0; c < 4; c++)
                        distance[4 * j + c] = __fmaf_rn(difference[c], difference[c], distance[4 * j + c]);
                }
            }
#pragma unroll
            for (int j = 0; j < 16; j++)
                if (distance[j] < best) {
                    best = distance[j];
                    number = k + j;
                }
        }
        byte |= number << 4 * half;
    }
    if (has)
        reinterpret_cast<uint8_t *>(codes)[vector * rows * 4 + blockIdx.y] = static_cast<uint8_t>(byte);
}

// terms[count]: |r|^2 + 2 <c, r> of what a code stands for, r, and the centroid of its list, c; NaN beyond 1e37. A
// thread a vector.
AKIN_DEVICE void akin_code_terms(const uint32_t *codes, const uint32_t *lists, const float *centroids, uint32_t count,
                                 uint32_t dimension, const float *codebooks, uint32_t ksub, uint32_t dsub,
                                 uint32_t rows, float *terms) {
    uint64_t vector = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (vector >= count)
        return;
    const uint8_t *code = reinterpret_cast<const uint8_t *>(codes) + vector * rows * 4;
    const float *middle = centroids ? centroids + static_cast<uint64_t>(lists[vector]) * dimension : nullptr;
    double sums[8] = {};
    for (uint32_t first = 0; first < dimension; first += 8)
#pragma unroll
        for (uint32_t j = 0; j < 8; j++) {
            uint32_t d = first + j;
            if (d >= dimension)
                break;
            uint32_t s = d / dsub, number = ksub == 16 ? code[s / 2] >> s % 2 * 4 & 15 : code[s];
            double r = __ldg(codebooks + (static_cast<uint64_t>(s) * ksub + number) * dsub + d % dsub);
            double twice = middle ? 2.0 * static_cast<double>(__ldg(middle + d)) : 0.0;
            sums[j] = __dadd_rn(sums[j], __dmul_rn(r, __dadd_rn(r, twice)));
        }
    double term = 0;
#pragma unroll
    for (int j = 0; j < 8; j++)
        term = __dadd_rn(term, sums[j]);
    terms[vector] = fabs(term) < static_cast<double>(1e37f) ? static_cast<float>(term) : __uint_as_float(0x7fc00000u);
}

// Puts codes[count][rows] and terms[count] (or null) into blocks of 32 in the order of lists: place p of all is vector
// order[p]. A thread a place; what fills up the last block of a list stays as it is.
AKIN_DEVICE void akin_place_codes(const uint32_t *order, const uint32_t *starts, const uint32_t *blocks, uint32_t nlist,
                                  const uint32_t *codes, uint32_t rows, const float *terms, uint32_t count,
                                  uint32_t *outCodes, float *outTerms) {
    uint64_t place = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (place >= count)
        return;
    uint32_t list = akin_list_of(starts, nlist, static_cast<uint32_t>(place));
    uint32_t position = static_cast<uint32_t>(place) - starts[list], lane = position % AKIN_WARP;
    uint64_t block = blocks[list] + position / AKIN_WARP, from = order[place];
    for (uint32_t r = 0; r < rows; r++)
        outCodes[(block * rows + r) * AKIN_WARP + lane] = codes[from * rows + r];
    if (terms)
        outTerms[block * AKIN_WARP + lane] = terms[from];
}

// The greatest magnitude, as bits, of those before and values[count]; NaN counts as infinity.
AKIN_DEVICE void akin_greatest_magnitude(const float *values, uint64_t count, uint32_t *greatest) {
    uint32_t most = 0;
    uint64_t stride = static_cast<uint64_t>(gridDim.x) * blockDim.x;
    for (uint64_t i = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride)
        most = max(most, min(__float_as_uint(values[i]) & 0x7fffffffu, 0x7f800000u));
    most = __reduce_max_sync(AKIN_ALL_LANES, most);
    if (threadIdx.x % AKIN_WARP == 0)
        atomicMax(greatest, most);
}

#endif
