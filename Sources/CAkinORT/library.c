#include "internal.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

char *akin_ort_copy(const char *text) {
    size_t bytes = strlen(text) + 1;
    char *copy = malloc(bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

int akin_ort_fail(int code, const char *text, char **message) {
    if (message)
        *message = text ? akin_ort_copy(text) : NULL;
    return code;
}

int akin_ort_check(const ort_api *api, ort_status *status, char **message) {
    if (!status)
        return AKIN_ORT_OK;
    int code = api->error_code(status);
    akin_ort_fail(code, api->error_message(status), message);
    api->release_status(status);
    return code == AKIN_ORT_OK ? AKIN_ORT_UNEXPECTED : code;
}

int akin_ort_open(const char *path, akin_ort **out, char **message) {
    *out = NULL;
    if (message)
        *message = NULL;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return akin_ort_fail(AKIN_ORT_CANNOT_OPEN, dlerror(), message);

    // POSIX lets dlsym hand out functions as data pointers; ISO C wants the copy.
    void *symbol = dlsym(library, "OrtGetApiBase");
    const ort_api_base *(*get_base)(void);
    memcpy(&get_base, &symbol, sizeof get_base);
    if (!symbol) {
        dlclose(library);
        return akin_ort_fail(AKIN_ORT_NOT_ORT, "it exports no OrtGetApiBase", message);
    }
    const ort_api_base *base = get_base();
    const ort_api *api = base->api(AKIN_ORT_API_VERSION);
    if (!api)
        return akin_ort_fail(AKIN_ORT_TOO_OLD, base->version(), message);

    akin_ort *ort = calloc(1, sizeof *ort);
    if (!ort)
        return akin_ort_fail(AKIN_ORT_NO_MEMORY, "out of memory", message);
    ort->api = api;
    ort->version = base->version();
    // Errors come back as statuses; a library must not write to its host's standard error.
    int code = akin_ort_check(api, api->create_env(ORT_LOG_FATAL, "akin", &ort->env), message);
    if (!code) {
        code = akin_ort_check(api, api->create_cpu_memory_info(ORT_ARENA_ALLOCATOR, ORT_MEMORY_DEFAULT, &ort->memory),
                              message);
    }
    if (!code)
        code = akin_ort_check(api, api->default_allocator(&ort->allocator), message);
    if (code) {
        akin_ort_close(ort);
        return code;
    }
    *out = ort;
    return AKIN_ORT_OK;
}

void akin_ort_close(akin_ort *ort) {
    if (!ort)
        return;
    if (ort->memory)
        ort->api->release_memory_info(ort->memory);
    if (ort->env)
        ort->api->release_env(ort->env);
    free(ort);
}

const char *akin_ort_version(const akin_ort *ort) {
    return ort->version;
}
