// The order in which values are selected.
//
// Best first: the smallest value, or the largest one; NaN after every number; -0 equals 0; equal values by smaller id.
// This is one total order, so what is selected does not depend on the order of work. Two 32-bit words say it: a *key*
// made of the value, and the id. Together they are an *entry*, one 64-bit word, the key in its upper half.
#ifndef AKIN_ORDER_CUH
#define AKIN_ORDER_CUH

#include "akin.cuh"

// After every entry of a value.
#define AKIN_NO_ENTRY 0xffffffffffffffffull
#define AKIN_KEY_OF_NAN 0xffffffffu

AKIN_DEVICE float akin_infinity() {
    return __uint_as_float(0x7f800000u);
}
AKIN_DEVICE bool akin_is_nan(float x) {
    return !(x == x);
}

// Selecting the largest is selecting the smallest of the values with their sign changed.
template <bool Largest> AKIN_DEVICE float akin_signed(float x) {
    return Largest ? -x : x;
}

AKIN_DEVICE uint32_t akin_key(float x) {
    if (akin_is_nan(x))
        return AKIN_KEY_OF_NAN;
    uint32_t bits = __float_as_uint(x + 0.0f); // makes -0 to 0
    return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

// The value that akin_key maps to `key`: a NaN for that of NaN.
AKIN_DEVICE float akin_value(uint32_t key) {
    return __uint_as_float(key == AKIN_KEY_OF_NAN ? 0x7fc00000u : key ^ (key >> 31 ? 0x80000000u : 0xffffffffu));
}

AKIN_DEVICE uint64_t akin_entry(uint32_t key, uint32_t id) {
    return static_cast<uint64_t>(key) << 32 | id;
}
AKIN_DEVICE uint32_t akin_entry_key(uint64_t entry) {
    return static_cast<uint32_t>(entry >> 32);
}
AKIN_DEVICE uint32_t akin_entry_id(uint64_t entry) {
    return static_cast<uint32_t>(entry);
}

#endif
