// AVX2 with FMA and F16C.
#include "codes_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

#include "books_avx2.inc"
#include "lists_avx2.inc"
#include "lists_common.inc"

const akin_code_table akin_codes_avx2 = {
    .level = AKIN_SIMD_AVX2,
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

#pragma clang attribute pop
#endif
