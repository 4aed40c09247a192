// Matrix instructions of a warp, and copies into shared memory, as the host model does them. Included by
// akin_host_model.h.
//
// Fragments are those of PTX. With g = lane / 4 and t = lane % 4, a 16 x K tile A, a K x 8 tile B and a 16 x 8 tile C:
// register r of A holds row g + 8 (r % 2), of B column g; C holds rows g (c0, c1) and g + 8 (c2, c3), columns 2t, 2t+1.
#ifndef AKIN_HOST_MATRIX_H
#define AKIN_HOST_MATRIX_H

namespace akin_host {

inline float fromBrain(uint16_t bits) {
    return akin_host_cast<float>(uint32_t(bits) << 16);
}

inline float fromHalf(uint16_t bits) {
    uint32_t sign = uint32_t(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (exponent == 0) {
        float value = std::ldexp(float(fraction), -24);
        return sign ? -value : value;
    }
    return akin_host_cast<float>(sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13);
}

inline float fromTF32(uint32_t bits) {
    return akin_host_cast<float>(bits & 0xffffe000u);
}

// Element i of the row (or column) that a register begins, PerRegister of them in 32 bits.
struct Signed8 {
    static constexpr int perRegister = 4;
    using Sum = int32_t;
    static int32_t element(uint32_t word, int i) { return int8_t(word >> 8 * i); }
};
struct Brain {
    static constexpr int perRegister = 2;
    using Sum = float;
    static float element(uint32_t word, int i) { return fromBrain(uint16_t(word >> 16 * i)); }
};
struct Half {
    static constexpr int perRegister = 2;
    using Sum = float;
    static float element(uint32_t word, int i) { return fromHalf(uint16_t(word >> 16 * i)); }
};
struct TF32 {
    static constexpr int perRegister = 1;
    using Sum = float;
    static float element(uint32_t word, int) { return fromTF32(word); }
};

template <typename Format> struct MatrixArguments {
    uint32_t a[4], b[2];
    typename Format::Sum c[4];
};

// C += A B for 16 x 8 x (8 perRegister).
template <typename Format> void multiply(typename Format::Sum (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    using Arguments = MatrixArguments<Format>;
    Arguments mine;
    std::memcpy(mine.a, a, sizeof a);
    std::memcpy(mine.b, b, sizeof b);
    std::memcpy(mine.c, c, sizeof c);
    collective(
        0xffffffffu, "mma",
        [](void *const *brought, uint32_t) {
            constexpr int per = Format::perRegister, depth = 8 * per;
            using Value = decltype(Format::element(0, 0));
            Value left[16][depth], right[8][depth];
            for (int lane = 0; lane < 32; lane++) {
                auto *argument = static_cast<Arguments *>(brought[lane]);
                int g = lane / 4, t = lane % 4;
                for (int i = 0; i < per; i++) {
                    for (int r = 0; r < 4; r++)
                        left[g + 8 * (r % 2)][(r / 2) * 4 * per + t * per + i] = Format::element(argument->a[r], i);
                    for (int r = 0; r < 2; r++)
                        right[g][r * 4 * per + t * per + i] = Format::element(argument->b[r], i);
                }
            }
            for (int lane = 0; lane < 32; lane++) {
                auto *argument = static_cast<Arguments *>(brought[lane]);
                for (int r = 0; r < 4; r++) {
                    int row = lane / 4 + 8 * (r / 2), column = lane % 4 * 2 + r % 2;
                    typename Format::Sum sum = argument->c[r];
                    for (int i = 0; i < depth; i++)
                        sum += left[row][i] * right[column][i];
                    argument->c[r] = sum;
                }
            }
        },
        &mine);
    std::memcpy(c, mine.c, sizeof c);
}

// Four 8 x 8 tiles of 16-bit elements: lane l gives the address of row l % 8 of tile l / 8.
inline void loadMatrices(uint32_t (&result)[4], const void *row) {
    struct Arguments {
        const void *row;
        uint32_t result[4];
    } mine{row, {}};
    checkAligned(static_cast<const uint4 *>(row));
    collective(
        0xffffffffu, "ldmatrix",
        [](void *const *brought, uint32_t) {
            for (int lane = 0; lane < 32; lane++)
                for (int tile = 0; tile < 4; tile++) {
                    auto *source = static_cast<Arguments *>(brought[tile * 8 + lane / 4]);
                    std::memcpy(&static_cast<Arguments *>(brought[lane])->result[tile],
                                static_cast<const char *>(source->row) + lane % 4 * 4, 4);
                }
        },
        &mine);
    std::memcpy(result, mine.result, sizeof result);
}

} // namespace akin_host

#endif
