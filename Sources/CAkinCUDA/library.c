#include "akin_cuda.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A call's name and where its pointer goes in the table.
typedef struct {
    const char *name;
    size_t offset;
    int optional;
} entry;

#define DRIVER_ENTRY(name, parameters) {#name, offsetof(akin_cuda_driver, name), 0},
#define DRIVER_OPTIONAL_ENTRY(name, parameters) {#name, offsetof(akin_cuda_driver, name), 1},
static const entry driver_entries[] = {AKIN_CUDA_DRIVER_CALLS(DRIVER_ENTRY)
                                           AKIN_CUDA_DRIVER_OPTIONAL_CALLS(DRIVER_OPTIONAL_ENTRY)};

#define NVRTC_ENTRY(name, parameters) {#name, offsetof(akin_nvrtc, name), 0},
static const entry nvrtc_entries[] = {AKIN_NVRTC_CALLS(NVRTC_ENTRY) NVRTC_ENTRY(nvrtcGetErrorString, (int code))};

// (strdup is POSIX, not C11.)
static int fail(int code, const char *text, char **message) {
    size_t bytes = text ? strlen(text) + 1 : 0;
    *message = bytes ? malloc(bytes) : NULL;
    if (*message)
        memcpy(*message, text, bytes);
    return code;
}

static int fill(const char *path, void *table, const entry *entries, size_t count, char **message) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return fail(AKIN_CUDA_CANNOT_OPEN, dlerror(), message);
    for (size_t i = 0; i < count; i++) {
        void *symbol = dlsym(library, entries[i].name);
        if (!symbol && !entries[i].optional) {
            dlclose(library);
            return fail(AKIN_CUDA_TOO_OLD, entries[i].name, message);
        }
        // POSIX lets dlsym hand out functions as data pointers; ISO C wants the copy.
        memcpy((char *)table + entries[i].offset, &symbol, sizeof symbol);
    }
    return AKIN_CUDA_OK;
}

static int open_table(const char *path, size_t bytes, const entry *entries, size_t count, const void **out,
                      char **message) {
    *out = NULL;
    *message = NULL;
    void *table = calloc(1, bytes);
    if (!table)
        return fail(AKIN_CUDA_CANNOT_OPEN, "out of memory", message);
    int code = fill(path, table, entries, count, message);
    if (code)
        free(table);
    else
        *out = table;
    return code;
}

int akin_cuda_driver_open(const char *path, const akin_cuda_driver **out, char **message) {
    return open_table(path, sizeof **out, driver_entries, sizeof driver_entries / sizeof *driver_entries,
                      (const void **)out, message);
}

// NVRTC opens a second library by its name alone when it first compiles. Some versions (13.0) do not tell the loader
// that it lies beside them, but what is loaded already is found. Where it is not there nothing is lost.
static void open_builtins(const char *path, const akin_nvrtc *nvrtc) {
    const char *slash = strrchr(path, '/');
    int major = 0, minor = 0, folder = slash ? (int)(slash - path) : 0;
    char place[4096];
    if (!slash || nvrtc->nvrtcVersion(&major, &minor))
        return;
    int length = snprintf(place, sizeof place, "%.*s/libnvrtc-builtins.so.%d.%d", folder, path, major, minor);
    if (length > 0 && (size_t)length < sizeof place)
        (void)dlopen(place, RTLD_NOW | RTLD_LOCAL); // stays open, as NVRTC does
}

int akin_nvrtc_open(const char *path, const akin_nvrtc **out, char **message) {
    int code = open_table(path, sizeof **out, nvrtc_entries, sizeof nvrtc_entries / sizeof *nvrtc_entries,
                          (const void **)out, message);
    if (!code)
        open_builtins(path, *out);
    return code;
}
