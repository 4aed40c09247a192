// The plain reading of every formula: the reference for the other levels.
#include "codes_internal.h"

#pragma clang fp contract(off)

#include "lists_common.inc"
#include "books_common.inc"

const akin_code_table akin_codes_scalar = {
    .level = AKIN_SIMD_SCALAR,
    .pq_encode = pq_encode,
    .pq_tables = pq_tables,
    .pq_quantize = pq_quantize,
    .scan_nibbles = scan_nibbles,
    .scan_bytes = scan_bytes,
    .scan_words = scan_words,
    .scan_sq8 = scan_sq8,
    .scan_sq6 = scan_sq6,
    .scan_sq4 = scan_sq4,
    .scan_fp16 = scan_fp16,
    .scan_bf16 = scan_bf16,
    .scan_signs = scan_signs,
    .key_l2 = key_l2,
    .key_ip = key_ip,
};
