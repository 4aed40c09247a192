#define _POSIX_C_SOURCE 199309L
#include "peaks.h"

#include <stdint.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static volatile float sink;

#define UNROLL _Pragma("clang loop unroll(full)")

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vnni"))), apply_to = function)
static double fma512(void) {
    __m512 acc[12];
    UNROLL for (int i = 0; i < 12; i++) acc[i] = _mm512_set1_ps((float)i);
    const __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
    const long rounds = 8000000;
    double start = now();
    for (long r = 0; r < rounds; r++) {
        UNROLL for (int i = 0; i < 12; i++) acc[i] = _mm512_fmadd_ps(acc[i], a, b);
    }
    double seconds = now() - start;
    UNROLL for (int i = 1; i < 12; i++) acc[0] = _mm512_add_ps(acc[0], acc[i]);
    sink = _mm512_cvtss_f32(acc[0]);
    return (double)rounds * 12 * 16 * 2 / seconds * 1e-9;
}

static double dot512(void) {
    __m512i acc[12];
    UNROLL for (int i = 0; i < 12; i++) acc[i] = _mm512_set1_epi32(i);
    __m512i a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(1);
    const long rounds = 8000000;
    double start = now();
    for (long r = 0; r < rounds; r++) {
        UNROLL for (int i = 0; i < 12; i++) acc[i] = _mm512_dpbusd_epi32(acc[i], a, b);
        __asm__ volatile("" : "+v"(a), "+v"(b));
    }
    double seconds = now() - start;
    UNROLL for (int i = 1; i < 12; i++) acc[0] = _mm512_add_epi32(acc[0], acc[i]);
    sink = (float)_mm512_cvtsi512_si32(acc[0]);
    return (double)rounds * 12 * 64 * 2 / seconds * 1e-9;
}

static double read512(const void *memory, size_t bytes) {
    const char *p = memory;
    __m512i s[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    double start = now();
    for (size_t b = 0; b + 256 <= bytes; b += 256)
        for (int i = 0; i < 4; i++)
            s[i] = _mm512_xor_si512(s[i], _mm512_loadu_si512(p + b + 64 * i));
    double seconds = now() - start;
    s[0] = _mm512_xor_si512(_mm512_xor_si512(s[0], s[1]), _mm512_xor_si512(s[2], s[3]));
    sink = (float)_mm512_cvtsi512_si32(s[0]);
    return (double)bytes / seconds * 1e-9;
}
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
static double fma256(void) {
    __m256 acc[12];
    UNROLL for (int i = 0; i < 12; i++) acc[i] = _mm256_set1_ps((float)i);
    const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
    const long rounds = 16000000;
    double start = now();
    for (long r = 0; r < rounds; r++) {
        UNROLL for (int i = 0; i < 12; i++) acc[i] = _mm256_fmadd_ps(acc[i], a, b);
    }
    double seconds = now() - start;
    UNROLL for (int i = 1; i < 12; i++) acc[0] = _mm256_add_ps(acc[0], acc[i]);
    sink = _mm256_cvtss_f32(acc[0]);
    return (double)rounds * 12 * 8 * 2 / seconds * 1e-9;
}
#pragma clang attribute pop
#endif

static double read_plain(const void *memory, size_t bytes) {
    const uint64_t *p = memory;
    uint64_t s = 0;
    double start = now();
    for (size_t i = 0; i < bytes / 8; i++)
        s ^= p[i];
    double seconds = now() - start;
    sink = (float)s;
    return (double)bytes / seconds * 1e-9;
}

double akin_peak_fma(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return fma512();
    if (__builtin_cpu_supports("fma"))
        return fma256();
#endif
    return 0;
}

double akin_peak_dot8(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vnni"))
        return dot512();
#endif
    return 0;
}

double akin_peak_read(const void *memory, size_t bytes) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni"))
        return read512(memory, bytes);
#endif
    return read_plain(memory, bytes);
}
