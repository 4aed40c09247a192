// Chooses the table of kernels once, from what the CPU and the operating system offer.
#include "kernels_internal.h"

#include <stdatomic.h>
#include <stdlib.h>

const akin_kernel_table *akin_kernels_at(akin_simd_level level) {
    switch (level) {
    case AKIN_SIMD_SCALAR:
        return &akin_table_scalar;
#if defined(__x86_64__)
    case AKIN_SIMD_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &akin_table_avx2 : NULL;
    case AKIN_SIMD_AVX512:
        if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
            !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
            return NULL;
        return __builtin_cpu_supports("avx512vnni") ? &akin_table_avx512_vnni : &akin_table_avx512;
#endif
#if defined(__aarch64__)
    case AKIN_SIMD_NEON:
        return &akin_table_neon;
#endif
    default:
        return NULL;
    }
}

static const akin_kernel_table *choose(void) {
    static const akin_simd_level best_first[] = {AKIN_SIMD_AVX512, AKIN_SIMD_AVX2, AKIN_SIMD_NEON, AKIN_SIMD_SCALAR};
    const char *wanted = getenv("AKIN_SIMD");
    const akin_kernel_table *best = NULL;
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++) {
        const akin_kernel_table *table = akin_kernels_at(best_first[i]);
        if (!table)
            continue;
        if (wanted && strcmp(wanted, table->name) == 0)
            return table;
        if (!best)
            best = table;
    }
    return best;
}

const akin_kernel_table *akin_kernels(void) {
    static _Atomic(const akin_kernel_table *) chosen;
    const akin_kernel_table *table = atomic_load_explicit(&chosen, memory_order_acquire);
    if (!table) {
        table = choose(); // the same from every thread
        atomic_store_explicit(&chosen, table, memory_order_release);
    }
    return table;
}
