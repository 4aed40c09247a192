// A grid of thread blocks on the host: what akin.cuh offers kernels when no CUDA compiler reads them.
//
// Blocks run one after the other, the threads of a block as fibres that go from one collective to the next. The order
// in which threads get their turn is a parameter: a kernel whose answer depends on it has a race. The model stops a
// launch with a message when
//   - a lane named in the mask of a collective does something else, or has ended;
//   - a thread does not come to a barrier that others wait at;
//   - a lane reads from a lane outside the mask;
//   - a wide load is not aligned;
//   - memory around the shared array was written.
// Shared memory begins as NaN in every format. Reading what an asynchronous copy has not yet brought gives what was
// there before: such copies happen when they are waited for, not earlier.
#ifndef AKIN_HOST_MODEL_HH
#define AKIN_HOST_MODEL_HH

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>

namespace akin_host {

struct Dim3 {
    unsigned x = 1, y = 1, z = 1;
};

struct Launch {
    Dim3 grid, block;
    size_t sharedBytes = 0; // of the dynamic array
    uint32_t order = 0;     // 0: threads in order; 1: reversed; others: shuffled by this seed
};

// Runs `kernel` in every thread of the grid. Gives what went wrong, or nothing.
std::string run(const Launch &launch, const std::function<void()> &kernel);

// What a thread knows of itself.
struct Place {
    Dim3 threadIndex, blockIndex, blockSize, gridSize;
};
const Place &place();
unsigned lane(); // 0..31

// Stops the launch.
[[noreturn]] void fail(const std::string &why);

// The shared array of the block; arrays of fixed size are known by the address of `key`.
void *dynamicShared();
void *staticShared(const void *key, size_t bytes);

// Waits for the lanes in `mask`, this one among them; the last to come calls `evaluate` with what each brought.
using Evaluate = void (*)(void *const *brought, uint32_t mask);
void collective(uint32_t mask, const char *name, Evaluate evaluate, void *mine);

// Waits for the whole block; gives how many threads came with a predicate that holds.
int barrier(const char *name, bool predicate);

// Copies that are under way, in groups.
void copyLater(void *to, const void *from, size_t bytes, size_t taken);
void closeCopies();
void waitForCopies(int groupsThatMayRemain);

template <typename T> struct Shuffle {
    T value;
    unsigned source;
    T result;
};

template <typename T> T shuffle(uint32_t mask, T value, unsigned source, const char *name) {
    Shuffle<T> mine{value, source, value};
    collective(
        mask, name,
        [](void *const *brought, uint32_t mask) {
            for (unsigned i = 0; i < 32; i++) {
                if (!(mask >> i & 1))
                    continue;
                auto *shuffle = static_cast<Shuffle<T> *>(brought[i]);
                if (!(mask >> shuffle->source & 1))
                    fail("lane " + std::to_string(i) + " reads lane " + std::to_string(shuffle->source) +
                         ", which is not in the mask");
                shuffle->result = static_cast<Shuffle<T> *>(brought[shuffle->source])->value;
            }
        },
        &mine);
    return mine.result;
}

// Every lane brings a word and takes away one word made of all.
template <typename T, typename Combine> T reduce(uint32_t mask, T value, const char *name, Combine) {
    struct Pair {
        T value, result;
    } mine{value, value};
    collective(
        mask, name,
        [](void *const *brought, uint32_t mask) {
            bool first = true;
            T all{};
            for (unsigned i = 0; i < 32; i++)
                if (mask >> i & 1) {
                    T one = static_cast<Pair *>(brought[i])->value;
                    all = first ? one : Combine{}(all, one);
                    first = false;
                }
            for (unsigned i = 0; i < 32; i++)
                if (mask >> i & 1)
                    static_cast<Pair *>(brought[i])->result = all;
        },
        &mine);
    return mine.result;
}

template <typename T> void checkAligned(const T *address) {
    if (reinterpret_cast<uintptr_t>(address) % sizeof(T) != 0)
        fail("an access of " + std::to_string(sizeof(T)) + " bytes is not aligned");
}

} // namespace akin_host

#include "host_intrinsics.h"
#include "host_matrix.h"

#endif
