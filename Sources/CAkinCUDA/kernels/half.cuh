// Floats of 16 bits: half floats, 1 + 5 + 10 bits, as words, and what vectors are kept in.
#ifndef AKIN_HALF_CUH
#define AKIN_HALF_CUH

#include "akin.cuh"

#if defined(__CUDACC_RTC__)

// To nearest, ties to even; infinity beyond 65,504.
AKIN_DEVICE uint16_t akin_half(float x) {
    uint16_t bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
}
AKIN_DEVICE float akin_from_half(uint16_t bits) {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
}

#else

AKIN_DEVICE uint16_t akin_half(float x) {
    uint32_t bits = __float_as_uint(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return 0x7fff;
    if (magnitude >= 0x47800000u) // 65,536
        return static_cast<uint16_t>(sign | 0x7c00);
    if (magnitude < 0x38800000u) // 2^-14: adding 1/2 leaves the multiple of 2^-24 in the last bits
        return static_cast<uint16_t>(sign | (__float_as_uint(__uint_as_float(magnitude) + 0.5f) - 0x3f000000u));
    uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return static_cast<uint16_t>(sign | (rounded - 0x38000000u) >> 13);
}
AKIN_DEVICE float akin_from_half(uint16_t bits) {
    return akin_host::fromHalf(bits);
}

#endif

// Components of stored vectors: half floats, the upper halves of floats (1 + 8 + 7 bits), floats.
struct akin_f16 {
    uint16_t bits;
};
struct akin_bf16 {
    uint16_t bits;
};
AKIN_DEVICE float akin_number(akin_f16 x) {
    return akin_from_half(x.bits);
}
AKIN_DEVICE float akin_number(akin_bf16 x) {
    return __uint_as_float(static_cast<uint32_t>(x.bits) << 16);
}
AKIN_DEVICE float akin_number(float x) {
    return x;
}

#endif
