#ifndef AKIN_FAKE_CUDA_H
#define AKIN_FAKE_CUDA_H

#include "akin_cuda.h"

#if defined(__cplusplus)
extern "C" {
#endif

// A driver whose devices are made of host memory, for tests without a GPU.
//
// It is as unhelpful as the real one may be: work put into a stream is done only when somebody waits for it, or, with a
// seed, at random moments before that. A copy that is missing a wait therefore finds the wrong bytes. Every address is
// checked against what is allocated; work on memory that was given back breaks the device, as on a real one.
//
// Each of its devices stands alone, so that tests which run at the same time each take their own.

enum { AKIN_FAKE_DEVICES = 512 };

const akin_cuda_driver *akin_fake_driver(void);

// How a device is set up, before it is used.
typedef struct akin_fake_settings {
    size_t memory; // bytes in all
    uint64_t seed; // 0: work is done as late as possible; else at random moments
    int capability_major;
    int capability_minor;
} akin_fake_settings;
void akin_fake_set_up(int device, akin_fake_settings settings);

// What is alive on a device, for leaks, and what was done.
typedef struct akin_fake_counts {
    size_t bytes;
    size_t allocations; // alive
    size_t pinned;      // alive
    size_t streams;     // alive
    size_t events;      // alive
    size_t modules;     // alive
    size_t contexts;    // retained and not released
    size_t launches;    // done
    size_t copies;      // done
    size_t allocation_calls;
} akin_fake_counts;
akin_fake_counts akin_fake_count(int device);

// The call of that name gives `code` on this device, after being well `after` times; once, or for good.
void akin_fake_fail(int device, const char *call, int code, int after, int for_good);

// A kernel: a host function under the name that cuModuleGetFunction asks for. It is given the sizes of the launch (grid
// x, y, z, block x, y, z, bytes of shared memory) and pointers to the values of its parameters, and does the work of
// the whole grid. It gives 0, or the code that breaks the device.
typedef int (*akin_fake_kernel)(const uint32_t *sizes, void **parameters);
void akin_fake_register(const char *name, akin_fake_kernel kernel, int parameter_count, const size_t *parameter_bytes);

#if defined(__cplusplus)
}
#endif
#endif
