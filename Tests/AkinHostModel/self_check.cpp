// The model looked at itself: faults that it must find, and collectives whose results are known.
#include "include/AkinHostModel.h"

#include "akin.cuh"
#include "guarded.h"

namespace {

volatile uint32_t sink;

struct Fault {
    const char *name;
    void (*kernel)();
};

const Fault faults[] = {
    {"a lane of the mask takes another path",
     [] {
         if (threadIdx.x == 3)
             return;
         sink = __shfl_xor_sync(AKIN_ALL_LANES, 1u, 1);
     }},
    {"lanes meet in different collectives",
     [] {
         if (threadIdx.x % 2)
             sink = __ballot_sync(AKIN_ALL_LANES, 1);
         else
             sink = __shfl_sync(AKIN_ALL_LANES, 1u, 0);
     }},
    {"a lane is not in the mask it gives", [] { sink = __ballot_sync(0xfffffffeu, 1); }},
    {"a lane reads one outside the mask",
     [] {
         if (threadIdx.x % 32 < 16)
             sink = __shfl_sync(0x0000ffffu, 1u, 20);
     }},
    {"a thread ends before the barrier",
     [] {
         if (threadIdx.x == 40)
             return;
         __syncthreads();
     }},
    {"a warp passes a barrier by",
     [] {
         if (threadIdx.x < 32)
             __syncthreads();
         else
             sink = static_cast<uint32_t>(__syncthreads_count(1));
     }},
    {"a write behind the shared array",
     [] {
         AKIN_SHARED(uint32_t, words);
         words[64 + threadIdx.x % 2] = 1;
     }},
    {"a wide read that is not aligned",
     [] {
         AKIN_SHARED(float, words);
         sink = __float_as_uint(__ldg(reinterpret_cast<const float4 *>(words + 1)).x);
     }},
    {"copies that nobody waits for",
     [] {
         AKIN_SHARED(uint4, words);
         static const uint4 source = {};
         akin_copy_async(words, &source);
         akin_copy_commit();
     }},
    {"more shared memory than a block has", [] { akin_host::fail("reached only where the launch was not refused"); }},
};

// Stops the launch where `holds` is false.
void expect(bool holds, const char *what) {
    if (!holds)
        akin_host::fail(what);
}

template <typename Element> uint32_t pack(const Element *elements) {
    uint32_t word;
    std::memcpy(&word, elements, 4);
    return word;
}

void collectives() {
    uint32_t lane = threadIdx.x % 32;
    expect(__shfl_sync(AKIN_ALL_LANES, lane * 3, 5) == 15, "__shfl_sync");
    expect(__shfl_sync(AKIN_ALL_LANES, lane, 1, 8) == lane / 8 * 8 + 1, "__shfl_sync in groups of 8");
    expect(__shfl_up_sync(AKIN_ALL_LANES, lane, 3) == (lane < 3 ? lane : lane - 3), "__shfl_up_sync");
    expect(__shfl_down_sync(AKIN_ALL_LANES, lane, 3, 16) == (lane % 16 < 13 ? lane + 3 : lane), "__shfl_down_sync");
    expect(__shfl_xor_sync(AKIN_ALL_LANES, lane, 9) == (lane ^ 9), "__shfl_xor_sync");
    expect(__ballot_sync(AKIN_ALL_LANES, lane % 3 == 0) == 0x49249249u, "__ballot_sync");
    if (lane < 8)
        expect(__reduce_add_sync(0xffu, lane) == 28, "__reduce_add_sync of eight lanes");
    else
        expect(__reduce_max_sync(0xffffff00u, lane) == 31, "__reduce_max_sync of the other lanes");
    expect(__any_sync(AKIN_ALL_LANES, lane == 31) && !__all_sync(AKIN_ALL_LANES, lane == 31), "votes");
    expect(__match_any_sync(AKIN_ALL_LANES, lane % 4) == 0x11111111u << lane % 4, "__match_any_sync");
    expect(__reduce_min_sync(AKIN_ALL_LANES, 100 - lane) == 69, "__reduce_min_sync");
    expect(__syncthreads_count(lane < 2) == 2 * int(blockDim.x / 32), "__syncthreads_count");
    expect(__syncthreads_or(threadIdx.x == 5) && !__syncthreads_and(threadIdx.x == 5), "barriers that vote");
    AKIN_SHARED(float, words);
    expect(akin_host::dynamicShared() == words && words[0] != words[0], "shared memory begins as NaN");
}

// Small whole numbers, so that every format holds them and sums are exact.
int left(int row, int k) {
    return (row * 7 + k * 3) % 11 - 5;
}
int right(int k, int column) {
    return (column * 5 + k * 2) % 9 - 4;
}

template <typename Sum> void checkProduct(const Sum (&c)[4], int depth, const char *what) {
    int lane = int(threadIdx.x % 32);
    for (int r = 0; r < 4; r++) {
        int sum = 0, row = lane / 4 + 8 * (r / 2), column = lane % 4 * 2 + r % 2;
        for (int k = 0; k < depth; k++)
            sum += left(row, k) * right(k, column);
        expect(c[r] == Sum(sum + 1), what);
    }
}

void products() {
    int lane = int(threadIdx.x % 32), g = lane / 4, t = lane % 4;
    uint32_t a[4], b[2];
    {
        int32_t c[4] = {1, 1, 1, 1};
        for (int r = 0; r < 4; r++) {
            int8_t bytes[4];
            for (int i = 0; i < 4; i++)
                bytes[i] = int8_t(left(g + r % 2 * 8, r / 2 * 16 + t * 4 + i));
            a[r] = pack(bytes);
        }
        for (int r = 0; r < 2; r++) {
            int8_t bytes[4];
            for (int i = 0; i < 4; i++)
                bytes[i] = int8_t(right(r * 16 + t * 4 + i, g));
            b[r] = pack(bytes);
        }
        akin_mma_s8(c, a, b);
        checkProduct(c, 32, "akin_mma_s8");
    }
    {
        float c[4] = {1, 1, 1, 1};
        for (int r = 0; r < 4; r++) {
            uint16_t halves[2];
            for (int i = 0; i < 2; i++)
                halves[i] = uint16_t(__float_as_uint(float(left(g + r % 2 * 8, r / 2 * 8 + t * 2 + i))) >> 16);
            a[r] = pack(halves);
        }
        for (int r = 0; r < 2; r++) {
            uint16_t halves[2];
            for (int i = 0; i < 2; i++)
                halves[i] = uint16_t(__float_as_uint(float(right(r * 8 + t * 2 + i, g))) >> 16);
            b[r] = pack(halves);
        }
        akin_mma_bf16(c, a, b);
        checkProduct(c, 16, "akin_mma_bf16");
    }
    {
        float c[4] = {1, 1, 1, 1};
        for (int r = 0; r < 4; r++)
            a[r] = __float_as_uint(float(left(g + r % 2 * 8, r / 2 * 4 + t)));
        for (int r = 0; r < 2; r++)
            b[r] = __float_as_uint(float(right(r * 4 + t, g)));
        akin_mma_tf32(c, a, b);
        checkProduct(c, 8, "akin_mma_tf32");
    }
    // Half floats: 1.5, -2, 2^-14 and the smallest subnormal.
    expect(akin_host::fromHalf(0x3e00) == 1.5f && akin_host::fromHalf(0xc000) == -2.0f &&
               akin_host::fromHalf(0x0400) == 0x1p-14f && akin_host::fromHalf(0x0001) == 0x1p-24f,
           "half floats");

    // 16 rows of 32 bytes as the left side of akin_mma_s8 wants them.
    AKIN_SHARED(uint8_t, bytes);
    for (int i = lane; i < 512; i += 32)
        bytes[i] = uint8_t(i / 32 * 8 + i % 32 / 4); // row * 8 + word
    __syncthreads();
    uint32_t loaded[4];
    akin_load_matrices(loaded, bytes + lane % 16 * 32 + lane / 16 * 16);
    for (int r = 0; r < 4; r++)
        expect(loaded[r] == 0x01010101u * uint32_t((g + r % 2 * 8) * 8 + r / 2 * 4 + t), "akin_load_matrices");
}

void copies() {
    AKIN_SHARED(uint32_t, words);
    alignas(16) static const uint32_t source[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    if (threadIdx.x == 0) {
        akin_copy_async(words, source);
        akin_copy_commit();
        akin_copy_async(words + 4, source + 4, 0);
        akin_copy_commit();
        akin_copy_wait<1>();
        expect(words[0] == 1 && words[3] == 4 && words[4] == 0xffffffffu, "the first of two copies");
        akin_copy_wait<0>();
        expect(words[4] == 0 && words[7] == 0, "a copy of nothing clears");
    }
}

} // namespace

const char *akin_host_fault_name(uint32_t number) {
    return number < sizeof faults / sizeof faults[0] ? faults[number].name : nullptr;
}

int akin_host_fault(uint32_t number, uint32_t order, char *error, size_t errorBytes) {
    bool last = number + 1 == sizeof faults / sizeof faults[0];
    auto problem = akin_host::run({{1, 1, 1}, {64, 1, 1}, last ? size_t(1) << 20 : 256, order}, faults[number].kernel);
    return akin_host::report(problem, error, errorBytes);
}

int akin_host_self_check(uint32_t order, char *error, size_t errorBytes) {
    std::string problem = akin_host::run({{2, 1, 1}, {96, 1, 1}, 64, order}, collectives);
    if (problem.empty())
        problem = akin_host::run({{1, 1, 1}, {32, 1, 1}, 512, order}, products);
    if (problem.empty())
        problem = akin_host::run({{1, 1, 1}, {32, 1, 1}, 512, order}, copies);
    return akin_host::report(problem, error, errorBytes);
}
