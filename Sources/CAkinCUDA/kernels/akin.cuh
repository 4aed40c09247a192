// What every kernel includes first. Compiled by NVRTC it adds the fixed-width types, which come with no header there;
// compiled by anything else it brings in the host model of a block, which the tests put on the include path, so that
// the same source runs without a device.
//
// Rules for kernels, so that both work:
// - entry points are `extern "C" __global__ void akin_...`: found by that name, compiled by NVRTC without lowering;
// - no header but this one and .cuh files of this folder;
// - warps are addressed with explicit masks (`__shfl_sync`, `__ballot_sync`, `__syncwarp`), never by lockstep.
#ifndef AKIN_CUH
#define AKIN_CUH

#if defined(__CUDACC_RTC__)

typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;

#else
#include "akin_host_model.h"
#endif

#define AKIN_WARP 32
#define AKIN_ALL_LANES 0xffffffffu

#endif
