#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int akin_ort_providers(const akin_ort *ort, char **names, char **message) {
    *names = NULL;
    if (message)
        *message = NULL;
    char **list = NULL;
    int count = 0;
    int code = akin_ort_check(ort->api, ort->api->providers(&list, &count), message);
    if (code)
        return code;
    size_t bytes = 1;
    for (int i = 0; i < count; i++)
        bytes += strlen(list[i]) + 1;
    char *text = calloc(bytes, 1);
    for (int i = 0; text && i < count; i++) {
        if (i > 0)
            strcat(text, " ");
        strcat(text, list[i]);
    }
    code = akin_ort_check(ort->api, ort->api->release_providers(list, count), message);
    if (!code && !text)
        code = akin_ort_fail(AKIN_ORT_NO_MEMORY, "out of memory", message);
    if (code) {
        free(text);
        return code;
    }
    *names = text;
    return AKIN_ORT_OK;
}

// Puts a GPU before the processor. The provider's libraries are loaded here, so what they miss is known here.
static int use_cuda(const ort_api *api, ort_session_options *options, int device, char **message) {
    ort_cuda_options *cuda = NULL;
    int code = akin_ort_check(api, api->create_cuda_options(&cuda), message);
    if (code)
        return code;
    char number[16];
    snprintf(number, sizeof number, "%d", device);
    const char *keys[] = {"device_id"}, *values[] = {number};
    code = akin_ort_check(api, api->update_cuda_options(cuda, keys, values, 1), message);
    if (!code) {
        // Floats are to be multiplied as floats, as on the processor. Releases before 1.17 do not know the word.
        const char *precision[] = {"use_tf32"}, *off[] = {"0"};
        (void)akin_ort_check(api, api->update_cuda_options(cuda, precision, off, 1), NULL);
        code = akin_ort_check(api, api->append_cuda(options, cuda), message);
    }
    api->release_cuda_options(cuda);
    return code;
}

int akin_ort_session_open(const akin_ort *ort, const char *model_path, int threads, int cuda_device,
                          akin_ort_session **out, char **message) {
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
    if (!code && cuda_device >= 0)
        code = use_cuda(api, options, cuda_device, message);
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
