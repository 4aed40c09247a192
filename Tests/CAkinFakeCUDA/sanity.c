// The kernels of sanity.cu for the device made of host memory.
#include "akin_fake_cuda.h"

static int add(const akin_fake_launch *launch, void **parameters) {
    (void)launch;
    const float *a = *(const float **)parameters[0];
    const float *b = *(const float **)parameters[1];
    float *out = *(float **)parameters[2];
    const uint64_t n = *(const uint64_t *)parameters[3];
    for (uint64_t i = 0; i < n; i++)
        out[i] = a[i] + b[i];
    return AKIN_CUDA_OK;
}

static int nothing(const akin_fake_launch *launch, void **parameters) {
    (void)launch;
    (void)parameters;
    return AKIN_CUDA_OK;
}

void akin_fake_register_sanity(void) {
    akin_fake_register("akin_add", add, 4, (const size_t[]){8, 8, 8, 8});
    akin_fake_register("akin_nothing", nothing, 0, (const size_t[]){0});
}
