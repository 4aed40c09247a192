#ifndef AKIN_ORT_H
#define AKIN_ORT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

// ONNX Runtime behind a handful of plain functions. The library is opened at run time; nothing of it is needed to
// build.
//
// Functions that can fail return 0 for success, one of the codes below, or ONNX Runtime's own error code (1 and up).
// When they fail and `message` is not NULL, `*message` receives text to be released with free(), or NULL.

enum {
    AKIN_ORT_OK = 0,
    AKIN_ORT_CANNOT_OPEN = -1, // The file cannot be loaded as a shared library.
    AKIN_ORT_NOT_ORT = -2,     // It is one, but exports no OrtGetApiBase.
    AKIN_ORT_TOO_OLD = -3,     // It offers only API versions below AKIN_ORT_API_VERSION; `message` is its version.
    AKIN_ORT_NO_MEMORY = -4,
    AKIN_ORT_UNEXPECTED = -5, // ONNX Runtime gave something that these functions do not handle.
};

// The API version asked for: that of ONNX Runtime 1.12. Later releases offer it too.
#define AKIN_ORT_API_VERSION 12

// The element type of 32-bit floats, as ONNX numbers types.
#define AKIN_ORT_FLOAT 1

// Axes a tensor may have here.
#define AKIN_ORT_MAX_RANK 8

typedef struct akin_ort akin_ort;
typedef struct akin_ort_session akin_ort_session;

// What a model says of one input or output.
typedef struct akin_ort_tensor_info {
    char *name;           // to be released with free()
    int32_t element_type; // 0 where it is not a tensor
    size_t rank;
    int64_t shape[AKIN_ORT_MAX_RANK]; // -1 where the model leaves a size open
} akin_ort_tensor_info;

// The output of a run. `data` belongs to the result.
typedef struct akin_ort_result {
    void *value;
    const float *data;
    size_t rank;
    int64_t shape[AKIN_ORT_MAX_RANK];
} akin_ort_result;

// Opens the shared library at `path`, a file or a name that the system's loader knows.
int akin_ort_open(const char *path, akin_ort **out, char **message);

// Lets go of what akin_ort_open made, after the last session; NULL is allowed. The library itself stays loaded until
// the process ends, because ONNX Runtime does not support unloading.
void akin_ort_close(akin_ort *ort);

// The library's version, "1.31.1"; valid for as long as the library.
const char *akin_ort_version(const akin_ort *ort);

// What the library can run models on, names separated by spaces: "CPUExecutionProvider". To be released with free().
int akin_ort_providers(const akin_ort *ort, char **names, char **message);

// Loads a model. `threads` is how many threads share one run, the caller's included. They sleep between operators.
// `cuda_device` is the GPU to run it on, or -1 for the processor. Inputs and outputs lie in the host's memory anyway.
int akin_ort_session_open(const akin_ort *ort, const char *model_path, int threads, int cuda_device,
                          akin_ort_session **out, char **message);

// Releases a session; NULL is allowed.
void akin_ort_session_close(akin_ort_session *session);

int akin_ort_session_counts(const akin_ort_session *session, size_t *inputs, size_t *outputs, char **message);

// Describes input or output number `index`. On success the caller owns `info->name`.
int akin_ort_session_input(const akin_ort_session *session, size_t index, akin_ort_tensor_info *info, char **message);
int akin_ort_session_output(const akin_ort_session *session, size_t index, akin_ort_tensor_info *info, char **message);

// Runs the model on one input of 32-bit floats and asks for one output of 32-bit floats. Safe from many threads.
// `data` is only read. On success `result` must be given to akin_ort_result_release.
int akin_ort_run(const akin_ort_session *session, const char *input_name, const float *data, const int64_t *shape,
                 size_t rank, const char *output_name, akin_ort_result *result, char **message);

void akin_ort_result_release(const akin_ort_session *session, akin_ort_result *result);

#if defined(__cplusplus)
}
#endif
#endif
