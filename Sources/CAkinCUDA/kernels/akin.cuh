// What every kernel includes first. Compiled by NVRTC it adds the fixed-width types, which come with no header there,
// and wraps the instructions that CUDA C++ has no name for; compiled by anything else it brings in the host model of a
// block, which the tests put on the include path, so that the same source runs without a device, in a debugger or a
// sanitizer.
//
// Rules for kernels, so that both work:
// - entry points are `extern "C" __global__ void akin_...`: found by that name, compiled by NVRTC without lowering;
// - no header but this one and .cuh files of this folder;
// - warps are addressed with explicit masks (`__shfl_sync`, `__ballot_sync`, `__syncwarp`), never by lockstep;
// - shared memory is AKIN_SHARED, as long as the launch says, never a __shared__ variable.
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

#define AKIN_DEVICE __device__ __forceinline__

// The shared array of the block, as long as the launch says.
#define AKIN_SHARED(type, name)                                                                                        \
    extern __shared__ __align__(128) unsigned char akin_shared_bytes[];                                                \
    type *name = reinterpret_cast<type *>(akin_shared_bytes)

// D = A B + C of a warp, 16 x 8 x 32 bytes.
AKIN_DEVICE void akin_mma_s8(int32_t (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// 16 x 8 x 16 bfloat16, summed in floats.
AKIN_DEVICE void akin_mma_bf16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// 16 x 8 x 16 half floats, summed in floats.
AKIN_DEVICE void akin_mma_f16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// 16 x 8 x 8 floats of which the upper 19 bits count, summed in floats.
AKIN_DEVICE void akin_mma_tf32(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

AKIN_DEVICE uint32_t akin_shared_address(const void *p) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

// Four 8 x 8 tiles of 16 bits from shared memory: lane l gives row l % 8 of tile l / 8, 16 bytes, aligned.
AKIN_DEVICE void akin_load_matrices(uint32_t (&r)[4], const void *row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(akin_shared_address(row))
                 : "memory");
}

// Begins to copy 16 bytes to shared memory, of which `taken` (0 or 16) are read and the rest become zero.
AKIN_DEVICE void akin_copy_async(void *shared, const void *global, uint32_t taken = 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(akin_shared_address(shared)), "l"(global),
                 "r"(taken)
                 : "memory");
}
AKIN_DEVICE void akin_copy_commit() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}
// Waits until at most `Remaining` of this thread's groups are under way; a barrier must follow for the others'.
template <int Remaining> AKIN_DEVICE void akin_copy_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(Remaining) : "memory");
}

#else

#include "akin_host_model.h"

#define AKIN_DEVICE inline
#define AKIN_SHARED(type, name) type *name = static_cast<type *>(akin_host::dynamicShared())

AKIN_DEVICE void akin_mma_s8(int32_t (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    akin_host::multiply<akin_host::Signed8>(c, a, b);
}
AKIN_DEVICE void akin_mma_bf16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    akin_host::multiply<akin_host::Brain>(c, a, b);
}
AKIN_DEVICE void akin_mma_f16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    akin_host::multiply<akin_host::Half>(c, a, b);
}
AKIN_DEVICE void akin_mma_tf32(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    akin_host::multiply<akin_host::TF32>(c, a, b);
}
AKIN_DEVICE void akin_load_matrices(uint32_t (&r)[4], const void *row) {
    akin_host::loadMatrices(r, row);
}
AKIN_DEVICE void akin_copy_async(void *shared, const void *global, uint32_t taken = 16) {
    akin_host::copyLater(shared, global, 16, taken);
}
AKIN_DEVICE void akin_copy_commit() {
    akin_host::closeCopies();
}
template <int Remaining> AKIN_DEVICE void akin_copy_wait() {
    akin_host::waitForCopies(Remaining);
}

#endif

#define AKIN_WARP 32
#define AKIN_ALL_LANES 0xffffffffu

#endif
