#ifndef AKIN_CUDA_H
#define AKIN_CUDA_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

// CUDA's driver (libcuda) and its run-time compiler (NVRTC) as two tables of function pointers, filled from shared
// libraries that are opened at run time. Neither headers nor libraries of CUDA are needed to build: the few calls used
// here are declared by hand. Both interfaces are C and only ever gain entries, a changed call getting a new name with
// a suffix (_v2), so that declarations made once stay right.
//
// A table can also be filled by hand, which is how the tests stand in for a device.

enum {
    AKIN_CUDA_OK = 0,
    AKIN_CUDA_CANNOT_OPEN = -1, // The file cannot be loaded as a shared library; `message` says why.
    AKIN_CUDA_TOO_OLD = -2,     // It lacks a call; `message` is that call's name.
};

// Codes of the driver that are told apart here; all others only have their name and text shown.
enum {
    AKIN_CUDA_ERROR_INVALID_VALUE = 1,
    AKIN_CUDA_ERROR_OUT_OF_MEMORY = 2,
    AKIN_CUDA_ERROR_NOT_INITIALIZED = 3,
    AKIN_CUDA_ERROR_NO_DEVICE = 100,
    AKIN_CUDA_ERROR_INVALID_DEVICE = 101,
    AKIN_CUDA_ERROR_INVALID_IMAGE = 200,
    AKIN_CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
    AKIN_CUDA_ERROR_ECC_UNCORRECTABLE = 214,
    AKIN_CUDA_ERROR_NOT_FOUND = 500,
    AKIN_CUDA_ERROR_NOT_READY = 600,
    AKIN_CUDA_ERROR_ILLEGAL_ADDRESS = 700,
    AKIN_CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701,
    AKIN_CUDA_ERROR_LAUNCH_FAILED = 719,
    AKIN_CUDA_ERROR_SYSTEM_DRIVER_MISMATCH = 803,
    AKIN_CUDA_ERROR_UNKNOWN = 999,
};

// Attributes of a device that are asked for (CUdevice_attribute).
enum {
    AKIN_CUDA_MAX_THREADS_PER_BLOCK = 1,
    AKIN_CUDA_MAX_SHARED_MEMORY_PER_BLOCK = 8,
    AKIN_CUDA_CLOCK_KHZ = 13,
    AKIN_CUDA_MULTIPROCESSORS = 16,
    AKIN_CUDA_MEMORY_CLOCK_KHZ = 36,
    AKIN_CUDA_MEMORY_BUS_BITS = 37,
    AKIN_CUDA_L2_BYTES = 38,
    AKIN_CUDA_CAPABILITY_MAJOR = 75,
    AKIN_CUDA_CAPABILITY_MINOR = 76,
    AKIN_CUDA_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR = 81,
    AKIN_CUDA_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
};

// Attributes of a kernel (CUfunction_attribute).
enum {
    AKIN_CUDA_FUNCTION_SHARED_BYTES = 1,
    AKIN_CUDA_FUNCTION_LOCAL_BYTES = 3, // per thread: registers that spilled, and arrays with computed indexes
    AKIN_CUDA_FUNCTION_REGISTERS = 4,
    AKIN_CUDA_FUNCTION_MAX_DYNAMIC_SHARED_BYTES = 8,
};

// Flags.
enum {
    AKIN_CUDA_STREAM_NON_BLOCKING = 1,
    AKIN_CUDA_EVENT_DEFAULT = 0,
    AKIN_CUDA_EVENT_DISABLE_TIMING = 2,
    AKIN_CUDA_HOST_ALLOC_PORTABLE = 1, // pinned for every device's context
};

typedef int akin_cuda_result;
typedef int akin_cuda_device;
typedef uint64_t akin_cuda_address;
typedef struct akin_cuda_context_s *akin_cuda_context;
typedef struct akin_cuda_stream_s *akin_cuda_stream;
typedef struct akin_cuda_event_s *akin_cuda_event;
typedef struct akin_cuda_module_s *akin_cuda_module;
typedef struct akin_cuda_function_s *akin_cuda_function;

// Every call of the driver that is used: X(member and the driver's name for it, parameters). The newest is of CUDA 11.
#define AKIN_CUDA_DRIVER_CALLS(X)                                                                                      \
    X(cuInit, (unsigned flags))                                                                                        \
    X(cuDriverGetVersion, (int *version))                                                                              \
    X(cuGetErrorName, (akin_cuda_result code, const char **name))                                                      \
    X(cuGetErrorString, (akin_cuda_result code, const char **text))                                                    \
    X(cuDeviceGetCount, (int *count))                                                                                  \
    X(cuDeviceGet, (akin_cuda_device * device, int ordinal))                                                           \
    X(cuDeviceGetName, (char *name, int bytes, akin_cuda_device device))                                               \
    X(cuDeviceGetAttribute, (int *value, int attribute, akin_cuda_device device))                                      \
    X(cuDeviceTotalMem_v2, (size_t * bytes, akin_cuda_device device))                                                  \
    X(cuDevicePrimaryCtxRetain, (akin_cuda_context * context, akin_cuda_device device))                                \
    X(cuDevicePrimaryCtxRelease_v2, (akin_cuda_device device))                                                         \
    X(cuCtxSetCurrent, (akin_cuda_context context))                                                                    \
    X(cuCtxSynchronize, (void))                                                                                        \
    X(cuMemGetInfo_v2, (size_t * free, size_t * total))                                                                \
    X(cuMemAlloc_v2, (akin_cuda_address * address, size_t bytes))                                                      \
    X(cuMemFree_v2, (akin_cuda_address address))                                                                       \
    X(cuMemHostAlloc, (void **pointer, size_t bytes, unsigned flags))                                                  \
    X(cuMemFreeHost, (void *pointer))                                                                                  \
    X(cuMemcpyHtoDAsync_v2, (akin_cuda_address to, const void *from, size_t bytes, akin_cuda_stream stream))           \
    X(cuMemcpyDtoHAsync_v2, (void *to, akin_cuda_address from, size_t bytes, akin_cuda_stream stream))                 \
    X(cuMemcpyDtoDAsync_v2, (akin_cuda_address to, akin_cuda_address from, size_t bytes, akin_cuda_stream stream))     \
    X(cuMemcpyPeerAsync, (akin_cuda_address to, akin_cuda_context to_context, akin_cuda_address from,                  \
                          akin_cuda_context from_context, size_t bytes, akin_cuda_stream stream))                      \
    X(cuMemsetD8Async, (akin_cuda_address to, unsigned char value, size_t count, akin_cuda_stream stream))             \
    X(cuMemsetD32Async, (akin_cuda_address to, unsigned value, size_t count, akin_cuda_stream stream))                 \
    X(cuStreamCreate, (akin_cuda_stream * stream, unsigned flags))                                                     \
    X(cuStreamDestroy_v2, (akin_cuda_stream stream))                                                                   \
    X(cuStreamSynchronize, (akin_cuda_stream stream))                                                                  \
    X(cuStreamWaitEvent, (akin_cuda_stream stream, akin_cuda_event event, unsigned flags))                             \
    X(cuEventCreate, (akin_cuda_event * event, unsigned flags))                                                        \
    X(cuEventDestroy_v2, (akin_cuda_event event))                                                                      \
    X(cuEventRecord, (akin_cuda_event event, akin_cuda_stream stream))                                                 \
    X(cuEventQuery, (akin_cuda_event event))                                                                           \
    X(cuEventSynchronize, (akin_cuda_event event))                                                                     \
    X(cuEventElapsedTime, (float *milliseconds, akin_cuda_event start, akin_cuda_event end))                           \
    X(cuModuleLoadData, (akin_cuda_module * module, const void *image))                                                \
    X(cuModuleUnload, (akin_cuda_module module))                                                                       \
    X(cuModuleGetFunction, (akin_cuda_function * function, akin_cuda_module module, const char *name))                 \
    X(cuFuncGetAttribute, (int *value, int attribute, akin_cuda_function function))                                    \
    X(cuFuncSetAttribute, (akin_cuda_function function, int attribute, int value))                                     \
    X(cuOccupancyMaxActiveBlocksPerMultiprocessor,                                                                     \
      (int *blocks, akin_cuda_function function, int threads, size_t shared_bytes))                                    \
    X(cuLaunchKernel, (akin_cuda_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z,                 \
                       unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,                    \
                       akin_cuda_stream stream, void **parameters, void **extra))

// Calls that older drivers lack; their members may be NULL.
#define AKIN_CUDA_DRIVER_OPTIONAL_CALLS(X)                                                                             \
    X(cuFuncGetParamInfo, (akin_cuda_function function, size_t index, size_t * offset, size_t * bytes)) // 12.4

// Every call of NVRTC that is used. All but nvrtcGetErrorString return a result.
typedef struct akin_nvrtc_program_s *akin_nvrtc_program;
#define AKIN_NVRTC_CALLS(X)                                                                                            \
    X(nvrtcVersion, (int *major, int *minor))                                                                          \
    X(nvrtcGetNumSupportedArchs, (int *count))                                                                         \
    X(nvrtcGetSupportedArchs, (int *architectures))                                                                    \
    X(nvrtcCreateProgram, (akin_nvrtc_program * program, const char *source, const char *name, int header_count,       \
                           const char *const *headers, const char *const *header_names))                               \
    X(nvrtcDestroyProgram, (akin_nvrtc_program * program))                                                             \
    X(nvrtcCompileProgram, (akin_nvrtc_program program, int option_count, const char *const *options))                 \
    X(nvrtcGetCUBINSize, (akin_nvrtc_program program, size_t * bytes))                                                 \
    X(nvrtcGetCUBIN, (akin_nvrtc_program program, char *cubin))                                                        \
    X(nvrtcGetProgramLogSize, (akin_nvrtc_program program, size_t * bytes))                                            \
    X(nvrtcGetProgramLog, (akin_nvrtc_program program, char *log))

#define AKIN_CUDA_MEMBER(name, parameters) akin_cuda_result(*name) parameters;
typedef struct akin_cuda_driver {
    AKIN_CUDA_DRIVER_CALLS(AKIN_CUDA_MEMBER)
    AKIN_CUDA_DRIVER_OPTIONAL_CALLS(AKIN_CUDA_MEMBER)
} akin_cuda_driver;

typedef struct akin_nvrtc {
    AKIN_NVRTC_CALLS(AKIN_CUDA_MEMBER)
    const char *(*nvrtcGetErrorString)(int code);
} akin_nvrtc;
#undef AKIN_CUDA_MEMBER

// Opens the shared library at `path`, a file or a name that the system's loader knows, and fills a table that is never
// released: neither library supports being unloaded. On failure `*out` is NULL and `*message` text for free(), or NULL.
int akin_cuda_driver_open(const char *path, const akin_cuda_driver **out, char **message);
int akin_nvrtc_open(const char *path, const akin_nvrtc **out, char **message);

// A source of kernels as it was in the package when this was built.
typedef struct akin_cuda_source {
    const char *name; // "sanity.cu", "akin.cuh"
    const char *text; // ends with a zero
    size_t bytes;     // without that zero
} akin_cuda_source;

// All of them, headers and kernels, by name. Empty when the compiler of this build knows no #embed (clang 18 and
// older).
const akin_cuda_source *akin_cuda_sources(size_t *count);

#if defined(__cplusplus)
}
#endif
#endif
