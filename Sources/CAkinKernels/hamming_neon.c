// NEON: bits are counted in bytes as long as those hold them.
#include "hamming_internal.h"
#if defined(__aarch64__)
#include <arm_neon.h>

static inline void panel_distances(const uint16_t *panel, const uint16_t *query, size_t words, uint16_t *out) {
    uint16x8_t sum[4] = {vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0)};
    for (size_t first = 0; first < words; first += 31) { // 31 counts of up to 8 fit into a byte
        size_t last = words - first < 31 ? words : first + 31;
        uint8x16_t part[4] = {vdupq_n_u8(0), vdupq_n_u8(0), vdupq_n_u8(0), vdupq_n_u8(0)};
        for (size_t w = first; w < last; w++)
            for (int i = 0; i < 4; i++) {
                uint16x8_t x = veorq_u16(vld1q_u16(panel + w * LANES + 8 * i), vld1q_u16(query + w * LANES + 8 * i));
                part[i] = vaddq_u8(part[i], vcntq_u8(vreinterpretq_u8_u16(x)));
            }
        for (int i = 0; i < 4; i++)
            sum[i] = vpadalq_u8(sum[i], part[i]);
    }
    for (int i = 0; i < 4; i++)
        vst1q_u16(out + 8 * i, sum[i]);
}

static inline uint32_t near_mask(const uint16_t *distances, uint32_t bound) {
    const uint16_t weights[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    uint16x8_t limit = vdupq_n_u16((uint16_t)bound), weight = vld1q_u16(weights);
    uint32_t mask = 0;
    for (int i = 0; i < 4; i++)
        mask |= (uint32_t)vaddvq_u16(vandq_u16(vcltq_u16(vld1q_u16(distances + 8 * i), limit), weight)) << (8 * i);
    return mask;
}

#include "hamming_common.inc"

const akin_hamming_table akin_hamming_neon = {.scan = scan, .distances = distances, .some = some};

#endif
