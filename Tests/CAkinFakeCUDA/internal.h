#ifndef AKIN_FAKE_INTERNAL_H
#define AKIN_FAKE_INTERNAL_H

#include "akin_fake_cuda.h"

enum { PARAMETERS = 32 };

typedef struct range {
    struct range *next;
    char *start;
    size_t bytes;
} range;

typedef struct kernel {
    struct kernel *next;
    char *name;
    akin_fake_kernel run;
    int count;
    size_t bytes[PARAMETERS];
} kernel;

typedef enum { OP_COPY, OP_FILL8, OP_FILL32, OP_KERNEL, OP_RECORD, OP_WAIT } op_kind;

typedef struct op {
    struct op *next;
    op_kind kind;
    void *to;
    const void *from;
    void *staged; // of a copy from memory that is not pinned; released with the op
    size_t bytes;
    unsigned value;
    akin_cuda_event event;
    uint64_t mark;
    const kernel *kernel;
    uint32_t sizes[7];
    uint64_t places[PARAMETERS];
} op;

struct akin_cuda_stream_s {
    akin_cuda_stream next;
    int device;
    op *first, *last;
};

struct akin_cuda_event_s {
    int device;
    int timed;
    int references;          // the test's, and one for each work that names it
    akin_cuda_stream stream; // where it was recorded last
    uint64_t recorded, reached;
    uint64_t time; // operations done when it was reached
};

struct akin_cuda_module_s {
    int device;
};

struct akin_cuda_context_s {
    int device;
};

typedef struct {
    akin_fake_settings settings;
    struct akin_cuda_context_s context;
    akin_fake_counts counts;
    range *memory, *pinned;
    akin_cuda_stream streams;
    int broken;     // the code that every call gives from now on
    char fails[64]; // the call that is to fail
    int fail_code, fail_after, fail_for_good;
    uint64_t random;
    uint64_t clock;
} device_state;

extern device_state fake_devices[AKIN_FAKE_DEVICES];

// Does work of a stream: all of it, or until an event has reached a mark.
void fake_run(akin_cuda_stream stream);
void fake_run_event(akin_cuda_event event, uint64_t mark);
// Puts work into a stream; takes `work` over.
void fake_push(akin_cuda_stream stream, op *work);
// Does some work that may be done, where the device has a seed.
void fake_pump(device_state *device);
range *fake_find(range *list, const void *start, size_t bytes);
void fake_release(akin_cuda_event event);

#endif
