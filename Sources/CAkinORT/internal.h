#ifndef AKIN_ORT_INTERNAL_H
#define AKIN_ORT_INTERNAL_H

#include "akin_ort.h"
#include "ort_api.h"

struct akin_ort {
    const ort_api *api;
    const char *version;
    ort_env *env;
    ort_memory_info *memory;
    ort_allocator *allocator; // ONNX Runtime's own, never released
};

struct akin_ort_session {
    const akin_ort *ort;
    ort_session *session;
};

// A copy to be released with free(), or NULL. (strdup is POSIX, not C11.)
char *akin_ort_copy(const char *text);

// Copies `text` into `*message` and returns `code`.
int akin_ort_fail(int code, const char *text, char **message);

// Turns a status into a code and releases it; NULL is success.
int akin_ort_check(const ort_api *api, ort_status *status, char **message);

#endif
