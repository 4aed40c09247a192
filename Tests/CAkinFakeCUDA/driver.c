// The driver's calls.
#define _XOPEN_SOURCE 700 // recursive mutexes
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static kernel *kernels;
static _Thread_local akin_cuda_context current;

static void make_lock(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &attributes);
}

static void enter(void) {
    pthread_once(&once, make_lock);
    pthread_mutex_lock(&lock);
}

static int leave(int code) {
    pthread_mutex_unlock(&lock);
    return code;
}

// The code that the call of that name is to give now.
static int fault(device_state *device, const char *call) {
    if (device->broken)
        return device->broken;
    if (strcmp(device->fails, call) != 0)
        return AKIN_CUDA_OK;
    if (device->fail_after > 0) {
        device->fail_after--;
        return AKIN_CUDA_OK;
    }
    if (!device->fail_for_good)
        device->fails[0] = 0;
    return device->fail_code;
}

// Begins a call on the current context's device: returns from the function with an error, or goes on with `device`.
#define BEGIN(call)                                                                                                    \
    enter();                                                                                                           \
    if (!current)                                                                                                      \
        return leave(201); /* CUDA_ERROR_INVALID_CONTEXT */                                                            \
    device_state *device = &fake_devices[current->device];                                                             \
    {                                                                                                                  \
        const int code = fault(device, call);                                                                          \
        if (code)                                                                                                      \
            return leave(code);                                                                                        \
    }

static int finish(device_state *device) {
    fake_pump(device);
    return leave(AKIN_CUDA_OK);
}

static int fake_init(unsigned flags) {
    return flags ? AKIN_CUDA_ERROR_INVALID_VALUE : AKIN_CUDA_OK;
}
static int driver_version(int *version) {
    *version = 13000;
    return 0;
}

static int error_name(int code, const char **name) {
    switch (code) {
    case AKIN_CUDA_ERROR_OUT_OF_MEMORY:
        *name = "CUDA_ERROR_OUT_OF_MEMORY";
        return 0;
    case AKIN_CUDA_ERROR_INVALID_VALUE:
        *name = "CUDA_ERROR_INVALID_VALUE";
        return 0;
    case AKIN_CUDA_ERROR_ILLEGAL_ADDRESS:
        *name = "CUDA_ERROR_ILLEGAL_ADDRESS";
        return 0;
    case AKIN_CUDA_ERROR_NOT_FOUND:
        *name = "CUDA_ERROR_NOT_FOUND";
        return 0;
    case AKIN_CUDA_ERROR_UNKNOWN:
        *name = "CUDA_ERROR_UNKNOWN";
        return 0;
    default:
        return AKIN_CUDA_ERROR_INVALID_VALUE;
    }
}
static int error_text(int code, const char **text) {
    if (code == AKIN_CUDA_ERROR_UNKNOWN)
        return AKIN_CUDA_ERROR_INVALID_VALUE;
    *text = "as the test asked";
    return 0;
}

static int device_count(int *count) {
    *count = AKIN_FAKE_DEVICES;
    return 0;
}
static int device_get(int *device, int ordinal) {
    *device = ordinal;
    return ordinal >= 0 && ordinal < AKIN_FAKE_DEVICES ? 0 : AKIN_CUDA_ERROR_INVALID_DEVICE;
}
static int device_name(char *name, int bytes, int device) {
    (void)device;
    strncpy(name, "a device made of host memory", (size_t)bytes);
    return 0;
}
static int device_attribute(int *value, int attribute, int device) {
    const akin_fake_settings *settings = &fake_devices[device].settings;
    switch (attribute) {
    case AKIN_CUDA_MAX_THREADS_PER_BLOCK:
        *value = 1024;
        break;
    case AKIN_CUDA_MAX_SHARED_MEMORY_PER_BLOCK:
        *value = 48 << 10;
        break;
    case AKIN_CUDA_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
        *value = 227 << 10;
        break;
    case AKIN_CUDA_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
        *value = 228 << 10;
        break;
    case AKIN_CUDA_CLOCK_KHZ:
        *value = 1000000;
        break;
    case AKIN_CUDA_MULTIPROCESSORS:
        *value = 4;
        break;
    case AKIN_CUDA_MEMORY_CLOCK_KHZ:
        *value = 500000;
        break;
    case AKIN_CUDA_MEMORY_BUS_BITS:
        *value = 512;
        break;
    case AKIN_CUDA_L2_BYTES:
        *value = 1 << 20;
        break;
    case AKIN_CUDA_CAPABILITY_MAJOR:
        *value = settings->capability_major;
        break;
    case AKIN_CUDA_CAPABILITY_MINOR:
        *value = settings->capability_minor;
        break;
    default:
        return AKIN_CUDA_ERROR_INVALID_VALUE;
    }
    return 0;
}
static int device_memory(size_t *bytes, int device) {
    *bytes = fake_devices[device].settings.memory;
    return 0;
}

static int context_retain(akin_cuda_context *context, int ordinal) {
    enter();
    device_state *device = &fake_devices[ordinal];
    const int code = fault(device, "cuDevicePrimaryCtxRetain");
    if (code)
        return leave(code);
    device->context.device = ordinal;
    device->counts.contexts++;
    *context = &device->context;
    return leave(0);
}
static int context_release(int ordinal) {
    enter();
    fake_devices[ordinal].counts.contexts--;
    return leave(0);
}
static int context_set(akin_cuda_context context) {
    current = context;
    return 0;
}
static int context_synchronize(void) {
    enter();
    if (!current)
        return leave(201);
    device_state *device = &fake_devices[current->device];
    const int code = fault(device, "cuCtxSynchronize");
    // As for a stream: work has ended.
    for (akin_cuda_stream s = device->streams; s; s = s->next)
        fake_run(s);
    return leave(code ? code : device->broken);
}

static int memory_info(size_t *free_bytes, size_t *total) {
    BEGIN("cuMemGetInfo")
    *total = device->settings.memory;
    *free_bytes = *total - device->counts.bytes;
    return leave(0);
}

static int take(range **list, void **start, size_t bytes) {
    range *r = malloc(sizeof *r);
    *start = aligned_alloc(256, (bytes + 255) / 256 * 256);
    if (!r || !*start)
        return AKIN_CUDA_ERROR_OUT_OF_MEMORY;
    memset(*start, 0xA5, bytes); // nobody may count on zeros
    *r = (range){*list, *start, bytes};
    *list = r;
    return 0;
}
static int drop(range **list, const void *start, size_t *bytes) {
    for (range **r = list; *r; r = &(*r)->next) {
        if ((*r)->start != start)
            continue;
        range *gone = *r;
        *bytes = gone->bytes;
        *r = gone->next;
        free(gone->start);
        free(gone);
        return 0;
    }
    return AKIN_CUDA_ERROR_INVALID_VALUE;
}

static int memory_allocate(akin_cuda_address *address, size_t bytes) {
    BEGIN("cuMemAlloc")
    device->counts.allocation_calls++;
    if (bytes == 0)
        return leave(AKIN_CUDA_ERROR_INVALID_VALUE);
    if (bytes > device->settings.memory - device->counts.bytes)
        return leave(AKIN_CUDA_ERROR_OUT_OF_MEMORY);
    void *start = NULL;
    const int code = take(&device->memory, &start, bytes);
    if (code)
        return leave(code);
    device->counts.bytes += bytes;
    device->counts.allocations++;
    *address = (akin_cuda_address)(uintptr_t)start;
    return leave(0);
}
static int memory_free(akin_cuda_address address) {
    // Also on a broken device: the test wants to see that everything is given back.
    enter();
    if (!current)
        return leave(201);
    device_state *device = &fake_devices[current->device];
    size_t bytes = 0;
    const int code = drop(&device->memory, (void *)(uintptr_t)address, &bytes);
    if (!code) {
        device->counts.bytes -= bytes;
        device->counts.allocations--;
    }
    return leave(code);
}
static int pinned_allocate(void **pointer, size_t bytes, unsigned flags) {
    (void)flags;
    BEGIN("cuMemHostAlloc")
    const int code = take(&device->pinned, pointer, bytes);
    if (!code)
        device->counts.pinned++;
    return leave(code);
}
static int pinned_free(void *pointer) {
    enter();
    if (!current)
        return leave(201);
    device_state *device = &fake_devices[current->device];
    size_t bytes = 0;
    const int code = drop(&device->pinned, pointer, &bytes);
    if (!code)
        device->counts.pinned--;
    return leave(code);
}

// Puts a copy of `work` into a stream.
static int push(device_state *device, akin_cuda_stream stream, op work) {
    op *copy = malloc(sizeof *copy);
    if (!copy || !stream)
        return leave(AKIN_CUDA_ERROR_INVALID_VALUE);
    *copy = work;
    fake_push(stream, copy);
    return finish(device);
}

static int copy_in(akin_cuda_address to, const void *from, size_t bytes, akin_cuda_stream stream) {
    BEGIN("cuMemcpyHtoDAsync")
    op work = {.kind = OP_COPY, .to = (void *)(uintptr_t)to, .from = from, .bytes = bytes};
    if (!fake_find(device->pinned, from, bytes)) {
        // Memory that is not pinned is read before the call returns.
        work.staged = malloc(bytes);
        memcpy(work.staged, from, bytes);
    }
    return push(device, stream, work);
}
static int copy_out(void *to, akin_cuda_address from, size_t bytes, akin_cuda_stream stream) {
    BEGIN("cuMemcpyDtoHAsync")
    if (fake_find(device->pinned, to, bytes))
        return push(device, stream, (op){.kind = OP_COPY, .to = to, .from = (void *)(uintptr_t)from, .bytes = bytes});
    // Into memory that is not pinned, the copy is done when the call returns.
    fake_run(stream);
    if (!device->broken && !fake_find(device->memory, (void *)(uintptr_t)from, bytes))
        device->broken = AKIN_CUDA_ERROR_ILLEGAL_ADDRESS;
    if (!device->broken)
        memcpy(to, (void *)(uintptr_t)from, bytes);
    device->counts.copies++;
    return leave(device->broken);
}
static int copy_within(akin_cuda_address to, akin_cuda_address from, size_t bytes, akin_cuda_stream stream) {
    BEGIN("cuMemcpyDtoDAsync")
    return push(device, stream,
                (op){.kind = OP_COPY, .to = (void *)(uintptr_t)to, .from = (void *)(uintptr_t)from, .bytes = bytes});
}
static int copy_across(akin_cuda_address to, akin_cuda_context to_context, akin_cuda_address from,
                       akin_cuda_context from_context, size_t bytes, akin_cuda_stream stream) {
    BEGIN("cuMemcpyPeerAsync")
    device_state *source = &fake_devices[from_context->device], *target = &fake_devices[to_context->device];
    if (!fake_find(source->memory, (void *)(uintptr_t)from, bytes) ||
        !fake_find(target->memory, (void *)(uintptr_t)to, bytes))
        return leave(AKIN_CUDA_ERROR_INVALID_VALUE);
    fake_run(stream);
    memcpy((void *)(uintptr_t)to, (void *)(uintptr_t)from, bytes);
    device->counts.copies++;
    return finish(device);
}
static int fill8(akin_cuda_address to, unsigned char value, size_t count, akin_cuda_stream stream) {
    BEGIN("cuMemsetD8Async")
    return push(device, stream, (op){.kind = OP_FILL8, .to = (void *)(uintptr_t)to, .bytes = count, .value = value});
}
static int fill32(akin_cuda_address to, unsigned value, size_t count, akin_cuda_stream stream) {
    BEGIN("cuMemsetD32Async")
    return push(device, stream,
                (op){.kind = OP_FILL32, .to = (void *)(uintptr_t)to, .bytes = count * 4, .value = value});
}

static int stream_create(akin_cuda_stream *stream, unsigned flags) {
    (void)flags;
    BEGIN("cuStreamCreate")
    *stream = calloc(1, sizeof **stream);
    (*stream)->device = current->device;
    (*stream)->next = device->streams;
    device->streams = *stream;
    device->counts.streams++;
    return leave(0);
}
static int stream_destroy(akin_cuda_stream stream) {
    enter();
    device_state *device = &fake_devices[stream->device];
    fake_run(stream);
    for (akin_cuda_stream *s = &device->streams; *s; s = &(*s)->next) {
        if (*s == stream) {
            *s = stream->next;
            break;
        }
    }
    device->counts.streams--;
    free(stream);
    return leave(0);
}
static int stream_synchronize(akin_cuda_stream stream) {
    enter();
    if (!current)
        return leave(201);
    device_state *device = &fake_devices[current->device];
    const int code = fault(device, "cuStreamSynchronize");
    // Waiting may fail, but work has ended then, too: whoever waited may free what it used.
    fake_run(stream);
    return leave(code ? code : device->broken);
}
static int stream_wait(akin_cuda_stream stream, akin_cuda_event event, unsigned flags) {
    (void)flags;
    BEGIN("cuStreamWaitEvent")
    return push(device, stream, (op){.kind = OP_WAIT, .event = event, .mark = event->recorded});
}

static int event_create(akin_cuda_event *event, unsigned flags) {
    BEGIN("cuEventCreate")
    *event = calloc(1, sizeof **event);
    (*event)->device = current->device;
    (*event)->references = 1;
    (*event)->timed = flags == AKIN_CUDA_EVENT_DEFAULT;
    device->counts.events++;
    return leave(0);
}
static int event_destroy(akin_cuda_event event) {
    // The driver keeps an event for as long as work names it.
    enter();
    fake_release(event);
    return leave(0);
}
static int event_record(akin_cuda_event event, akin_cuda_stream stream) {
    BEGIN("cuEventRecord")
    // Marks are numbered in the order of one stream; one that moves to another is reached first.
    if (event->stream != stream)
        fake_run_event(event, event->recorded);
    event->stream = stream;
    event->recorded++;
    return push(device, stream, (op){.kind = OP_RECORD, .event = event, .mark = event->recorded});
}
static int event_query(akin_cuda_event event) {
    BEGIN("cuEventQuery")
    return leave(event->reached < event->recorded ? AKIN_CUDA_ERROR_NOT_READY : device->broken);
}
static int event_synchronize(akin_cuda_event event) {
    BEGIN("cuEventSynchronize")
    fake_run_event(event, event->recorded);
    return leave(device->broken);
}
static int event_elapsed(float *milliseconds, akin_cuda_event start, akin_cuda_event end) {
    BEGIN("cuEventElapsedTime")
    if (!start->timed || !end->timed || !start->recorded || !end->recorded)
        return leave(400); // CUDA_ERROR_INVALID_HANDLE
    if (start->reached < start->recorded || end->reached < end->recorded)
        return leave(AKIN_CUDA_ERROR_NOT_READY);
    *milliseconds = (float)(end->time - start->time);
    return leave(0);
}

static int module_load(akin_cuda_module *module, const void *image) {
    BEGIN("cuModuleLoadData")
    if (!image)
        return leave(AKIN_CUDA_ERROR_INVALID_VALUE);
    *module = calloc(1, sizeof **module);
    (*module)->device = current->device;
    device->counts.modules++;
    return leave(0);
}
static int module_unload(akin_cuda_module module) {
    enter();
    fake_devices[module->device].counts.modules--;
    free(module);
    return leave(0);
}
static int module_function(akin_cuda_function *function, akin_cuda_module module, const char *name) {
    (void)module;
    BEGIN("cuModuleGetFunction")
    (void)device;
    for (kernel *k = kernels; k; k = k->next) {
        if (strcmp(k->name, name) == 0) {
            *function = (akin_cuda_function)k;
            return leave(0);
        }
    }
    return leave(AKIN_CUDA_ERROR_NOT_FOUND);
}
static int function_attribute(int *value, int attribute, akin_cuda_function function) {
    (void)function;
    *value = attribute == AKIN_CUDA_FUNCTION_REGISTERS ? 32 : 0;
    return 0;
}
static int function_set(akin_cuda_function function, int attribute, int value) {
    (void)function;
    return attribute == AKIN_CUDA_FUNCTION_MAX_DYNAMIC_SHARED_BYTES && value <= 227 << 10
               ? 0
               : AKIN_CUDA_ERROR_INVALID_VALUE;
}
static int function_parameter(akin_cuda_function function, size_t index, size_t *offset, size_t *bytes) {
    const kernel *k = (const kernel *)function;
    if (index >= (size_t)k->count)
        return AKIN_CUDA_ERROR_INVALID_VALUE;
    *offset = index * 8;
    *bytes = k->bytes[index];
    return 0;
}
static int occupancy(int *blocks, akin_cuda_function function, int threads, size_t shared_bytes) {
    (void)function;
    (void)shared_bytes;
    *blocks = 2048 / threads;
    return 0;
}
static int launch(akin_cuda_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                  unsigned block_y, unsigned block_z, unsigned shared_bytes, akin_cuda_stream stream, void **parameters,
                  void **extra) {
    (void)extra;
    BEGIN("cuLaunchKernel")
    op work = {.kind = OP_KERNEL, .kernel = (const kernel *)function};
    memcpy(work.sizes, (uint32_t[]){grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes},
           sizeof work.sizes);
    for (int i = 0; i < work.kernel->count; i++)
        memcpy(&work.places[i], parameters[i], work.kernel->bytes[i]);
    return push(device, stream, work);
}

const akin_cuda_driver *akin_fake_driver(void) {
    static const akin_cuda_driver driver = {
        .cuInit = fake_init,
        .cuDriverGetVersion = driver_version,
        .cuGetErrorName = error_name,
        .cuGetErrorString = error_text,
        .cuDeviceGetCount = device_count,
        .cuDeviceGet = device_get,
        .cuDeviceGetName = device_name,
        .cuDeviceGetAttribute = device_attribute,
        .cuDeviceTotalMem_v2 = device_memory,
        .cuDevicePrimaryCtxRetain = context_retain,
        .cuDevicePrimaryCtxRelease_v2 = context_release,
        .cuCtxSetCurrent = context_set,
        .cuCtxSynchronize = context_synchronize,
        .cuMemGetInfo_v2 = memory_info,
        .cuMemAlloc_v2 = memory_allocate,
        .cuMemFree_v2 = memory_free,
        .cuMemHostAlloc = pinned_allocate,
        .cuMemFreeHost = pinned_free,
        .cuMemcpyHtoDAsync_v2 = copy_in,
        .cuMemcpyDtoHAsync_v2 = copy_out,
        .cuMemcpyDtoDAsync_v2 = copy_within,
        .cuMemcpyPeerAsync = copy_across,
        .cuMemsetD8Async = fill8,
        .cuMemsetD32Async = fill32,
        .cuStreamCreate = stream_create,
        .cuStreamDestroy_v2 = stream_destroy,
        .cuStreamSynchronize = stream_synchronize,
        .cuStreamWaitEvent = stream_wait,
        .cuEventCreate = event_create,
        .cuEventDestroy_v2 = event_destroy,
        .cuEventRecord = event_record,
        .cuEventQuery = event_query,
        .cuEventSynchronize = event_synchronize,
        .cuEventElapsedTime = event_elapsed,
        .cuModuleLoadData = module_load,
        .cuModuleUnload = module_unload,
        .cuModuleGetFunction = module_function,
        .cuFuncGetAttribute = function_attribute,
        .cuFuncSetAttribute = function_set,
        .cuOccupancyMaxActiveBlocksPerMultiprocessor = occupancy,
        .cuLaunchKernel = launch,
        .cuFuncGetParamInfo = function_parameter,
    };
    return &driver;
}

void akin_fake_set_up(int ordinal, akin_fake_settings settings) {
    enter();
    fake_devices[ordinal].settings = settings;
    fake_devices[ordinal].random = settings.seed;
    leave(0);
}

akin_fake_counts akin_fake_count(int ordinal) {
    enter();
    const akin_fake_counts counts = fake_devices[ordinal].counts;
    leave(0);
    return counts;
}

void akin_fake_fail(int ordinal, const char *call, int code, int after, int for_good) {
    enter();
    device_state *device = &fake_devices[ordinal];
    strncpy(device->fails, call, sizeof device->fails - 1);
    device->fail_code = code;
    device->fail_after = after;
    device->fail_for_good = for_good;
    leave(0);
}

void akin_fake_register(const char *name, akin_fake_kernel run, int count, const size_t *bytes) {
    enter();
    for (kernel *k = kernels; k; k = k->next) {
        if (strcmp(k->name, name) == 0) {
            leave(0);
            return;
        }
    }
    kernel *k = calloc(1, sizeof *k);
    k->next = kernels;
    k->name = calloc(strlen(name) + 1, 1);
    memcpy(k->name, name, strlen(name));
    k->run = run;
    k->count = count;
    memcpy(k->bytes, bytes, (size_t)count * sizeof *bytes);
    kernels = k;
    leave(0);
}
