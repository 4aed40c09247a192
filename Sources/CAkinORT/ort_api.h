#ifndef AKIN_ORT_API_H
#define AKIN_ORT_API_H

#include <stddef.h>
#include <stdint.h>

// ONNX Runtime's C interface is a table of function pointers that only ever grows at its end, so a function is known by
// its place in the table. These are the places and the types of the functions used here; every other place is skipped.

typedef struct ort_status ort_status;
typedef struct ort_env ort_env;
typedef struct ort_session ort_session;
typedef struct ort_session_options ort_session_options;
typedef struct ort_run_options ort_run_options;
typedef struct ort_type_info ort_type_info;
typedef struct ort_tensor_info ort_tensor_info;
typedef struct ort_memory_info ort_memory_info;
typedef struct ort_value ort_value;
typedef struct ort_allocator ort_allocator;
typedef struct ort_cuda_options ort_cuda_options;

enum { ORT_LOG_FATAL = 4, ORT_OPTIMIZE_ALL = 99, ORT_TYPE_TENSOR = 1, ORT_ARENA_ALLOCATOR = 1, ORT_MEMORY_DEFAULT = 0 };

typedef struct ort_api {
    void *_0[1];
    int (*error_code)(const ort_status *);                                    // 1
    const char *(*error_message)(const ort_status *);                         // 2
    ort_status *(*create_env)(int log_level, const char *log_id, ort_env **); // 3
    void *_4[3];
    ort_status *(*create_session)(const ort_env *, const char *path, const ort_session_options *, ort_session **); // 7
    void *_8[1];
    ort_status *(*run)(ort_session *, const ort_run_options *, const char *const *input_names,
                       const ort_value *const *inputs, size_t input_count, const char *const *output_names,
                       size_t output_count, ort_value **outputs);  // 9
    ort_status *(*create_session_options)(ort_session_options **); // 10
    void *_11[11];
    ort_status *(*set_log_level)(ort_session_options *, int level);          // 22
    ort_status *(*set_optimization_level)(ort_session_options *, int level); // 23
    ort_status *(*set_intra_op_threads)(ort_session_options *, int threads); // 24
    ort_status *(*set_inter_op_threads)(ort_session_options *, int threads); // 25
    void *_26[4];
    ort_status *(*input_count)(const ort_session *, size_t *);  // 30
    ort_status *(*output_count)(const ort_session *, size_t *); // 31
    void *_32[1];
    ort_status *(*input_type)(const ort_session *, size_t index, ort_type_info **);  // 33
    ort_status *(*output_type)(const ort_session *, size_t index, ort_type_info **); // 34
    void *_35[1];
    ort_status *(*input_name)(const ort_session *, size_t index, ort_allocator *, char **);  // 36
    ort_status *(*output_name)(const ort_session *, size_t index, ort_allocator *, char **); // 37
    void *_38[11];
    ort_status *(*create_tensor_over)(const ort_memory_info *, void *data, size_t bytes, const int64_t *shape,
                                      size_t rank, int element_type,
                                      ort_value **);    // 49
    ort_status *(*is_tensor)(const ort_value *, int *); // 50
    ort_status *(*tensor_data)(ort_value *, void **);   // 51
    void *_52[3];
    ort_status *(*type_as_tensor)(const ort_type_info *, const ort_tensor_info **); // 55
    void *_56[4];
    ort_status *(*element_type)(const ort_tensor_info *, int *);                      // 60
    ort_status *(*rank)(const ort_tensor_info *, size_t *);                           // 61
    ort_status *(*shape)(const ort_tensor_info *, int64_t *dimensions, size_t count); // 62
    void *_63[2];
    ort_status *(*value_tensor_info)(const ort_value *, ort_tensor_info **); // 65
    void *_66[3];
    ort_status *(*create_cpu_memory_info)(int allocator_type, int memory_type, ort_memory_info **); // 69
    void *_70[6];
    ort_status *(*allocator_free)(ort_allocator *, void *); // 76
    void *_77[1];
    ort_status *(*default_allocator)(ort_allocator **); // 78
    void *_79[13];
    void (*release_env)(ort_env *);                 // 92
    void (*release_status)(ort_status *);           // 93
    void (*release_memory_info)(ort_memory_info *); // 94
    void (*release_session)(ort_session *);         // 95
    void (*release_value)(ort_value *);             // 96
    void *_97[1];
    void (*release_type_info)(ort_type_info *);             // 98
    void (*release_tensor_info)(ort_tensor_info *);         // 99
    void (*release_session_options)(ort_session_options *); // 100
    void *_101[24];
    ort_status *(*providers)(char ***names, int *count);       // 125
    ort_status *(*release_providers)(char **names, int count); // 126
    void *_127[3];
    ort_status *(*add_config_entry)(ort_session_options *, const char *key, const char *value); // 130
    void *_131[73];
    ort_status *(*append_cuda)(ort_session_options *, const ort_cuda_options *); // 204
    ort_status *(*create_cuda_options)(ort_cuda_options **);                     // 205
    ort_status *(*update_cuda_options)(ort_cuda_options *, const char *const *keys, const char *const *values,
                                       size_t count); // 206
    void *_207[1];
    void (*release_cuda_options)(ort_cuda_options *); // 208
} ort_api;

#define ORT_PLACE(name, place)                                                                                         \
    _Static_assert(offsetof(ort_api, name) == (place) * sizeof(void *), #name " is at the wrong place")
ORT_PLACE(error_code, 1);
ORT_PLACE(create_env, 3);
ORT_PLACE(create_session, 7);
ORT_PLACE(run, 9);
ORT_PLACE(create_session_options, 10);
ORT_PLACE(set_log_level, 22);
ORT_PLACE(set_inter_op_threads, 25);
ORT_PLACE(input_count, 30);
ORT_PLACE(input_type, 33);
ORT_PLACE(input_name, 36);
ORT_PLACE(create_tensor_over, 49);
ORT_PLACE(type_as_tensor, 55);
ORT_PLACE(element_type, 60);
ORT_PLACE(value_tensor_info, 65);
ORT_PLACE(create_cpu_memory_info, 69);
ORT_PLACE(allocator_free, 76);
ORT_PLACE(default_allocator, 78);
ORT_PLACE(release_env, 92);
ORT_PLACE(release_type_info, 98);
ORT_PLACE(release_session_options, 100);
ORT_PLACE(providers, 125);
ORT_PLACE(add_config_entry, 130);
ORT_PLACE(append_cuda, 204);
ORT_PLACE(release_cuda_options, 208);
#undef ORT_PLACE

typedef struct ort_api_base {
    const ort_api *(*api)(uint32_t version);
    const char *(*version)(void);
} ort_api_base;

#endif
