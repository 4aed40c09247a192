// Kernels of the quantizers: encoding, the tables of a query, and scanning the codes of inverted lists.
//
// key = offset + bias + scale * sum + term, where `sum` is what a kernel adds up from codes and tables. The parts are
// those of `akin_lists.h`; an interval around the key covers whatever a kernel rounds. A term that is NaN says that
// the parts of a key leave the range of floats: the vector is a candidate whatever the bound.
#ifndef AKIN_CODES_H
#define AKIN_CODES_H

#include "akin_lists.h"

// Vectors in a block. Codes of less than a byte, and scalar codes, come in blocks of 32, rows of [32][4] bytes: four
// bytes of a vector lie together, so that one instruction adds what they stand for.
enum { AKIN_SMALL_BLOCK = 32, AKIN_LARGE_BLOCK = 64 };

// One prepared query.
typedef struct {
    float bias;
    float scale;
    float slack; // uncertainty that depends on neither list nor vector
    float reach; // at least |bias| + |scale * sum| for every code
    float norm;  // uncertainty for each unit of a vector's norm, where blocks hold norms
    // Product codes of up to 8 bits: `bias` and `slack` belong to tables of floats, these to tables of bytes.
    float byte_bias;
    float byte_slack;
} akin_code_query;

// Prepared queries of one codec, and the shape of its blocks: rows of codes, a float term for each vector, and for
// 16-bit floats a float norm for each.
typedef struct {
    size_t rows;        // rows of codes
    size_t terms;       // byte offset of the terms in a block
    size_t block_bytes; // of a block
    const akin_code_query *queries;
    const uint8_t *bytes; // tables or queries of small integers, `byte_stride` a query
    size_t byte_stride;
    const float *floats; // tables or queries of floats, `float_stride` a query
    size_t float_stride;
    size_t ksub;     // entries of a table of floats
    float relative;  // uncertainty for each unit of |offset| and |term|
    bool is_bounded; // candidates get intervals; otherwise estimates
    // Signs of rotated vectors: behind the terms come 32 factors and 32 squared norms; with more than one bit 32 finer
    // terms, 32 finer factors and the lower bits, `fine_bytes` a vector.
    unsigned bits; // of a component, its sign included
    size_t dimension;
    size_t fine_bytes;
    float epsilon;    // the error of a product is at most this times the lengths, with the probability wanted
    bool bounds_true; // intervals hold the key of the vector rather than that of its code
    bool is_l2;
} akin_code_scan;

// Codewords of a product quantizer, component-major: [m][dsub][ksub]. ksub is a multiple of 16.
typedef struct {
    const float *codewords;
    size_t m, dsub, ksub;
} akin_codebooks;

typedef struct {
    akin_simd_level level;
    bool has_byte_permute; // scan_bytes looks up 64 codes at a time in tables of bytes

    // The nearest codeword of each part of each vector, the first of equals: numbers[count][m].
    void (*pq_encode)(const akin_codebooks *books, const float *vectors, size_t count, uint16_t *numbers);
    // tables[m][ksub] = factor * <x, codeword>; least and greatest of each table.
    void (*pq_tables)(const akin_codebooks *books, const float *x, float factor, float *tables, float *least,
                      float *greatest);
    // bytes[m][ksub] = round((table - least) * inverse).
    void (*pq_quantize)(const float *tables, const float *least, size_t m, size_t ksub, float inverse, uint8_t *bytes);

    // Product codes of 4 bits: rows [m / 8][32][4], byte t of row g has number 8g + t in its lower and 8g + 4 + t in
    // its upper half; tables of bytes [8 * rows][16]; blocks of 32.
    void (*scan_nibbles)(const akin_code_scan *codes, akin_list_scan *scan);
    // Product codes of up to 8 bits: rows [m][64], vector v in column akin_column(v); tables of floats [m][ksub] and,
    // with byte permutes, of bytes [m][256]; blocks of 64.
    void (*scan_bytes)(const akin_code_scan *codes, akin_list_scan *scan);
    // Product codes of more than 8 bits: rows of 64 16-bit numbers, tables of floats.
    void (*scan_words)(const akin_code_scan *codes, akin_list_scan *scan);
    // Scalar codes: integers times a query of 16-bit integers, split in bytes of 4 components [dimension / 4][2][4];
    // scale belongs to the lower byte. Blocks of 32.
    void (*scan_sq8)(const akin_code_scan *codes, akin_list_scan *scan); // rows [dimension / 4][32][4]
    void (*scan_sq6)(const akin_code_scan *codes, akin_list_scan *scan); // rows [dimension / 16][3][32][4]
    void (*scan_sq4)(const akin_code_scan *codes, akin_list_scan *scan); // rows [dimension / 8][32][4]
    // 16-bit floats times a query of floats: rows [dimension][32].
    void (*scan_fp16)(const akin_code_scan *codes, akin_list_scan *scan);
    void (*scan_bf16)(const akin_code_scan *codes, akin_list_scan *scan);

    // Signs of four components a number, laid out as product codes of 4 bits: key = offset + factor * (bias + scale *
    // sum) + term. What the signs cannot exclude is summed from all bits and `floats`, the query of [dimension].
    void (*scan_signs)(const akin_code_scan *codes, akin_list_scan *scan);

    // The keys that decide, in doubles and in an order of summation that is the same at every level: the square of
    // x - c - r, or minus the product of x and c + r. `c` may be NULL.
    double (*key_l2)(const float *x, const float *c, const float *r, size_t dimension);
    double (*key_ip)(const float *x, const float *c, const float *r, size_t dimension);
} akin_code_table;

// The table of a level, or NULL where this CPU (or this build) lacks it.
const akin_code_table *akin_code_kernels_at(akin_simd_level level);

// The column of vector `v` in rows of 64 bytes: every fourth byte belongs to neighbours, so that sums of bytes widen
// to floats in the order of the vectors.
static inline size_t akin_column(size_t v) {
    return 4 * (v % 16) + v / 16;
}

// |r|^2 + 2 <c, r>, or NaN where that is too large for sums of floats; `c` may be NULL.
float akin_code_term(const float *r, const float *c, size_t dimension);

// The step of tables of bytes that makes every sum of bytes fit 16 bits, and what the query needs beside them.
// `magnitude` bounds the absolute products that the tables add up, and `relative` what each may be off.
akin_code_query akin_quantize_step(const float *least, const float *greatest, size_t m, double magnitude,
                                   double relative, float *inverse);

// Scalar codes of `bits` 8, 6 or 4: one number a component, `floor((x - least) / range * (2^bits - 1))` within bounds.
void akin_sq_encode(int bits, const float *x, const float *least, const float *range, size_t dimension,
                    uint8_t *numbers);
// least + range * (number + 0.5) / (2^bits - 1)
void akin_sq_decode(int bits, const uint8_t *numbers, const float *least, const float *range, size_t dimension,
                    float *x);
// Numbers to and from packed codes, lower bits first; `code` has (bits * dimension + 7) / 8 bytes.
void akin_sq_pack(int bits, const uint8_t *numbers, size_t dimension, uint8_t *code);
void akin_sq_unpack(int bits, const uint8_t *code, size_t dimension, uint8_t *numbers);
// Numbers, padded with zeros to whole rows, to and from place `v` of a block.
void akin_sq_put(int bits, const uint8_t *numbers, size_t padded, size_t v, uint8_t *block);
void akin_sq_take(int bits, const uint8_t *block, size_t padded, size_t v, uint8_t *numbers);
// Prepares factor * <x, decoded> as `bytes`, [padded / 4][2][4]: 16-bit integers in two signed bytes.
akin_code_query akin_sq_query(int bits, const float *x, const float *least, const float *range, size_t dimension,
                              double factor, int8_t *bytes);

// Floats [dimension] factor * x for 16-bit codes, and what bounds their products.
akin_code_query akin_half_query(const float *x, size_t dimension, float factor, float *scaled);
// |r|, or NaN where squares leave the range of floats.
float akin_code_norm(const float *r, size_t dimension);
// |x| in full.
double akin_code_length(const float *x, size_t dimension);

// Codes a rotated vector `u` in `bits` bits a component, the sign highest: numbers[dimension] in 0 ..< 2^bits. Gives
// |u|^2, and |u|^2 over the product of u with its signs and with its numbers, which stand for number - (2^bits - 1) /
// 2; factors are 0 for a vector of zeros.
typedef struct {
    float norm2, factor, fine_factor;
} akin_rabitq_code;
akin_rabitq_code akin_rabitq_encode(const float *u, size_t dimension, unsigned bits, uint16_t *numbers);

// Packed product codes: number s in bits s * bits and on, lowest first; `code` has (m * bits + 7) / 8 bytes.
void akin_pq_pack(const uint16_t *numbers, size_t m, unsigned bits, uint8_t *code);
void akin_pq_unpack(const uint8_t *code, size_t m, unsigned bits, uint16_t *numbers);

// What place `v` of a block of product codes stands for: of 4 bits, or of up to 8 bits.
// words[m][ksub][dsub]
void akin_nibbles_decode(const uint8_t *block, size_t v, const float *words, size_t m, size_t dsub, float *x);
void akin_bytes_decode(const uint8_t *block, size_t v, const float *words, size_t m, size_t ksub, size_t dsub,
                       float *x);

// 16-bit floats, rounded to the nearest, ties to even; what is too large becomes the largest that is finite.
uint16_t akin_narrow_bf16(float x);
float akin_widen_bf16(uint16_t code);

#endif
