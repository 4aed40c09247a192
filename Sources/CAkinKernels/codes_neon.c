// NEON: tables in registers for codes of 4 bits; for the rest, the plain loops as the compiler vectorises them.
#include "codes_internal.h"
#if defined(__aarch64__)
#include <arm_neon.h>
#pragma clang fp contract(off)

#define UNROLL _Pragma("clang loop unroll(full)")
#define HAS_SUMS_NIBBLES

// A load takes the bytes of four parts apart; sums of bytes stay within 16 bits.
static inline void sums_nibbles(const uint8_t *block, const uint8_t *tables, size_t rows, uint32_t *sums) {
    uint16x8_t s[4];
    UNROLL for (int j = 0; j < 4; j++) s[j] = vdupq_n_u16(0);
    for (size_t r = 0; r < rows; r++)
        UNROLL for (int h = 0; h < 2; h++) {
            uint8x16x4_t codes = vld4q_u8(block + 128 * r + 64 * (size_t)h);
            UNROLL for (int t = 0; t < 4; t++) {
                const uint8_t *table = tables + 128 * r + 16 * (size_t)t;
                uint8x16_t a = vqtbl1q_u8(vld1q_u8(table), vandq_u8(codes.val[t], vdupq_n_u8(15)));
                uint8x16_t b = vqtbl1q_u8(vld1q_u8(table + 64), vshrq_n_u8(codes.val[t], 4));
                s[2 * h] = vaddq_u16(s[2 * h], vaddl_u8(vget_low_u8(a), vget_low_u8(b)));
                s[2 * h + 1] = vaddq_u16(s[2 * h + 1], vaddl_u8(vget_high_u8(a), vget_high_u8(b)));
            }
        }
    UNROLL for (int j = 0; j < 4; j++) {
        vst1q_u32(sums + 8 * j, vmovl_u16(vget_low_u16(s[j])));
        vst1q_u32(sums + 8 * j + 4, vmovl_u16(vget_high_u16(s[j])));
    }
}

#include "books_common.inc"
#include "lists_common.inc"

const akin_code_table akin_codes_neon = {
    .level = AKIN_SIMD_NEON,
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

#endif
