// What the operating system says of the machine.
#define _GNU_SOURCE
#include "akin_kernels.h"

#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

int akin_available_cores(void) {
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
        return CPU_COUNT(&allowed);
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}
