#include "internal.h"

#include <stdlib.h>
#include <string.h>

int akin_ort_session_open(const akin_ort *ort, const char *model_path, int threads, akin_ort_session **out,
                          char **message) {
    *out = NULL;
    if (message)
        *message = NULL;
    const ort_api *api = ort->api;
    akin_ort_session *session = calloc(1, sizeof *session);
    if (!session)
        return akin_ort_fail(AKIN_ORT_NO_MEMORY, "out of memory", message);
    session->ort = ort;

    ort_session_options *options = NULL;
    int code = akin_ort_check(api, api->create_session_options(&options), message);
    if (!code)
        code = akin_ort_check(api, api->set_log_level(options, ORT_LOG_FATAL), message);
    if (!code)
        code = akin_ort_check(api, api->set_optimization_level(options, ORT_OPTIMIZE_ALL), message);
    if (!code)
        code = akin_ort_check(api, api->set_intra_op_threads(options, threads), message);
    if (!code)
        code = akin_ort_check(api, api->set_inter_op_threads(options, 1), message);
    // A thread that spins while it waits for the next operator takes the core from one that decodes pictures.
    if (!code) {
        code = akin_ort_check(api, api->add_config_entry(options, "session.intra_op.allow_spinning", "0"), message);
    }
    if (!code)
        code = akin_ort_check(api, api->create_session(ort->env, model_path, options, &session->session), message);
    if (options)
        api->release_session_options(options);
    if (code) {
        akin_ort_session_close(session);
        return code;
    }
    *out = session;
    return AKIN_ORT_OK;
}

void akin_ort_session_close(akin_ort_session *session) {
    if (!session)
        return;
    if (session->session)
        session->ort->api->release_session(session->session);
    free(session);
}

int akin_ort_session_counts(const akin_ort_session *session, size_t *inputs, size_t *outputs, char **message) {
    if (message)
        *message = NULL;
    const ort_api *api = session->ort->api;
    int code = akin_ort_check(api, api->input_count(session->session, inputs), message);
    return code ? code : akin_ort_check(api, api->output_count(session->session, outputs), message);
}

static int read_shape(const ort_api *api, const ort_tensor_info *tensor, int32_t *element_type, size_t *rank,
                      int64_t *shape, char **message) {
    int type = 0;
    int code = akin_ort_check(api, api->element_type(tensor, &type), message);
    if (!code)
        code = akin_ort_check(api, api->rank(tensor, rank), message);
    if (code)
        return code;
    *element_type = type;
    if (*rank > AKIN_ORT_MAX_RANK) {
        return akin_ort_fail(AKIN_ORT_UNEXPECTED, "a tensor has more than 8 axes", message);
    }
    return akin_ort_check(api, api->shape(tensor, shape, *rank), message);
}

static int describe(const akin_ort_session *session, size_t index, akin_ort_tensor_info *info, char **message,
                    ort_status *(*get_name)(const ort_session *, size_t, ort_allocator *, char **),
                    ort_status *(*get_type)(const ort_session *, size_t, ort_type_info **)) {
    if (message)
        *message = NULL;
    memset(info, 0, sizeof *info);
    const ort_api *api = session->ort->api;
    ort_type_info *type = NULL;
    int code = akin_ort_check(api, get_type(session->session, index, &type), message);
    if (code)
        return code;
    const ort_tensor_info *tensor = NULL; // belongs to `type`; NULL for sequences and maps
    code = akin_ort_check(api, api->type_as_tensor(type, &tensor), message);
    if (!code && tensor)
        code = read_shape(api, tensor, &info->element_type, &info->rank, info->shape, message);
    api->release_type_info(type);
    if (code)
        return code;

    char *name = NULL;
    code = akin_ort_check(api, get_name(session->session, index, session->ort->allocator, &name), message);
    if (code)
        return code;
    info->name = akin_ort_copy(name);
    code = akin_ort_check(api, api->allocator_free(session->ort->allocator, name), message);
    if (!code && !info->name)
        code = akin_ort_fail(AKIN_ORT_NO_MEMORY, "out of memory", message);
    if (code) {
        free(info->name);
        info->name = NULL;
    }
    return code;
}

int akin_ort_session_input(const akin_ort_session *session, size_t index, akin_ort_tensor_info *info, char **message) {
    const ort_api *api = session->ort->api;
    return describe(session, index, info, message, api->input_name, api->input_type);
}

int akin_ort_session_output(const akin_ort_session *session, size_t index, akin_ort_tensor_info *info, char **message) {
    const ort_api *api = session->ort->api;
    return describe(session, index, info, message, api->output_name, api->output_type);
}

// Reads the shape of a run's output and finds its data.
static int read_output(const ort_api *api, ort_value *value, akin_ort_result *result, char **message) {
    int is_tensor = 0;
    int code = akin_ort_check(api, api->is_tensor(value, &is_tensor), message);
    if (code)
        return code;
    if (!is_tensor)
        return akin_ort_fail(AKIN_ORT_UNEXPECTED, "the output is not a tensor", message);
    ort_tensor_info *tensor = NULL;
    code = akin_ort_check(api, api->value_tensor_info(value, &tensor), message);
    if (code)
        return code;
    int32_t element_type = 0;
    code = read_shape(api, tensor, &element_type, &result->rank, result->shape, message);
    api->release_tensor_info(tensor);
    if (code)
        return code;
    if (element_type != AKIN_ORT_FLOAT) {
        return akin_ort_fail(AKIN_ORT_UNEXPECTED, "the output does not hold 32-bit floats", message);
    }
    void *data = NULL;
    code = akin_ort_check(api, api->tensor_data(value, &data), message);
    result->data = data;
    return code;
}

int akin_ort_run(const akin_ort_session *session, const char *input_name, const float *data, const int64_t *shape,
                 size_t rank, const char *output_name, akin_ort_result *result, char **message) {
    if (message)
        *message = NULL;
    memset(result, 0, sizeof *result);
    const ort_api *api = session->ort->api;
    size_t bytes = sizeof(float);
    for (size_t axis = 0; axis < rank; axis++)
        bytes *= (size_t)shape[axis];
    ort_value *input = NULL;
    // The interface has one function for inputs and outputs, hence not const; inputs are only read.
    int code = akin_ort_check(
        api, api->create_tensor_over(session->ort->memory, (void *)data, bytes, shape, rank, AKIN_ORT_FLOAT, &input),
        message);
    if (code)
        return code;
    const ort_value *inputs[1] = {input};
    ort_value *output = NULL;
    code = akin_ort_check(api, api->run(session->session, NULL, &input_name, inputs, 1, &output_name, 1, &output),
                          message);
    api->release_value(input);
    if (!code)
        code = read_output(api, output, result, message);
    if (code) {
        if (output)
            api->release_value(output);
        memset(result, 0, sizeof *result);
        return code;
    }
    result->value = output;
    return AKIN_ORT_OK;
}

void akin_ort_result_release(const akin_ort_session *session, akin_ort_result *result) {
    if (result->value)
        session->ort->api->release_value(result->value);
    memset(result, 0, sizeof *result);
}
