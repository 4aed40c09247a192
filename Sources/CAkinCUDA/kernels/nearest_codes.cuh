// Vectors as half floats around a centre, and how far these can be from what they stand for.
//
// A vector v is coded as h = f16(s (v - m)), with the same power of two s and the same centre m for all: 11 bits, as
// TF32 has, at the speed of 16-bit matrix products. The error of each code is measured, not bounded: nothing is assumed
// of the size of components. Centroids are coded with their sign changed, so that products count downwards.
#ifndef AKIN_NEAREST_CODES_CUH
#define AKIN_NEAREST_CODES_CUH

#include "half.cuh"
#include "networks.cuh"

// The term of rows that fill up a tile: larger than all others.
#define AKIN_NO_CENTROID 1.7e38f

// Rows are padded with zeros to a multiple of 32 half floats. Centroids are padded to a multiple of 128 rows, of
// which those added have the term above.
struct akin_half_rows {
    uint16_t *codes; // [rows][padded]
    float *length;   // [rows] at least s |v - m|
    float *error;    // [rows] at least |s (v - m) - h|
    float *term;     // [rows], centroids: s^2 |v - m|^2 / 2, or 0 for the inner product
    float *largest;  // [3], centroids: greatest |h|, error and term, as far as rows were coded; zero before
};

AKIN_DEVICE double akin_warp_sum(double x) {
#pragma unroll
    for (int apart = 16; apart > 0; apart /= 2)
        x += __shfl_xor_sync(AKIN_ALL_LANES, x, apart);
    return x;
}

// A warp for each row. `centre` may be null: zero. Rows from `count` on, up to `rows`, are those that fill up.
template <bool Centroids>
AKIN_DEVICE void akin_code_halves(const float *vectors, const float *centre, float scale, uint32_t count, uint32_t rows,
                                  uint32_t dimension, uint32_t padded, bool product, akin_half_rows out) {
    uint32_t row = blockIdx.x * (blockDim.x / AKIN_WARP) + threadIdx.x / AKIN_WARP;
    if (row >= rows)
        return;
    uint16_t *code = out.codes + static_cast<uint64_t>(row) * padded;
    double length2 = 0, error2 = 0;
    for (uint32_t c = akin_lane(); c < padded; c += AKIN_WARP) {
        double x = 0;
        if (row < count && c < dimension) {
            // In doubles neither the difference nor the power of two rounds.
            x = vectors[static_cast<uint64_t>(row) * dimension + c];
            if (centre)
                x -= static_cast<double>(centre[c]);
            x *= static_cast<double>(Centroids ? -scale : scale);
        }
        uint16_t half = akin_half(static_cast<float>(x));
        double left = x - static_cast<double>(akin_from_half(half));
        code[c] = half;
        length2 += x * x;
        error2 += left * left;
    }
    length2 = akin_warp_sum(length2);
    error2 = akin_warp_sum(error2);
    if (akin_lane() != 0)
        return;
    // Rounded to floats they must not become smaller.
    float length = static_cast<float>(sqrt(length2) * (1 + 0x1p-20)),
          error = static_cast<float>(sqrt(error2) * (1 + 0x1p-20));
    out.length[row] = length;
    out.error[row] = error;
    if (!Centroids)
        return;
    float term = row >= count ? AKIN_NO_CENTROID : product ? 0.0f : static_cast<float>(length2 / 2);
    out.term[row] = term;
    if (row >= count)
        return;
    // None is negative, so their bits are ordered as they are. An infinite length makes all points doubtful.
    uint32_t *largest = reinterpret_cast<uint32_t *>(out.largest);
    atomicMax(largest, __float_as_uint((length + error) * (1 + 0x1p-20f)));
    atomicMax(largest + 1, __float_as_uint(error));
    atomicMax(largest + 2, __float_as_uint(term));
}

#endif
