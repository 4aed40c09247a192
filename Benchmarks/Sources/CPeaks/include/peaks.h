// Rates that no program on one core of this machine can exceed by much; each call takes about a tenth of a second.
#ifndef AKIN_PEAKS_H
#define AKIN_PEAKS_H
#include <stddef.h>

// Fused multiply-adds of floats, two operations each, in 10^9 operations a second.
double akin_peak_fma(void);
// Products of bytes, two operations each, in 10^9 operations a second; 0 where the CPU has no VNNI.
double akin_peak_dot8(void);
// Reading `bytes` of memory once, in 10^9 bytes a second.
double akin_peak_read(const void *memory, size_t bytes);
#endif
