// Streams and events: when work is done.
#include "internal.h"

#include <stdlib.h>
#include <string.h>

device_state fake_devices[AKIN_FAKE_DEVICES];

range *fake_find(range *list, const void *start, size_t bytes) {
    for (range *r = list; r; r = r->next) {
        const size_t offset = (size_t)((const char *)start - r->start);
        if ((const char *)start >= r->start && offset <= r->bytes && bytes <= r->bytes - offset)
            return r;
    }
    return NULL;
}

void fake_push(akin_cuda_stream stream, op *work) {
    work->next = NULL;
    if (work->event)
        work->event->references++;
    if (stream->last)
        stream->last->next = work;
    else
        stream->first = work;
    stream->last = work;
}

void fake_release(akin_cuda_event event) {
    if (--event->references > 0)
        return;
    fake_devices[event->device].counts.events--;
    free(event);
}

// Memory of a device or of the host: work on neither breaks the device.
static int reachable(const device_state *device, const void *start, size_t bytes, int may_be_host) {
    return fake_find(device->memory, start, bytes) || (may_be_host && fake_find(device->pinned, start, bytes));
}

static void perform(device_state *device, op *work) {
    device->clock++;
    if (device->broken)
        return;
    switch (work->kind) {
    case OP_COPY:
        if ((!work->staged && !reachable(device, work->from, work->bytes, 1)) ||
            !reachable(device, work->to, work->bytes, 1)) {
            device->broken = AKIN_CUDA_ERROR_ILLEGAL_ADDRESS;
            return;
        }
        memcpy(work->to, work->staged ? work->staged : work->from, work->bytes);
        device->counts.copies++;
        break;
    case OP_FILL8:
    case OP_FILL32:
        if (!reachable(device, work->to, work->bytes, 0)) {
            device->broken = AKIN_CUDA_ERROR_ILLEGAL_ADDRESS;
            return;
        }
        if (work->kind == OP_FILL8)
            memset(work->to, (int)work->value, work->bytes);
        else
            for (size_t i = 0; i < work->bytes / 4; i++)
                ((uint32_t *)work->to)[i] = work->value;
        break;
    case OP_KERNEL: {
        void *parameters[PARAMETERS];
        for (int i = 0; i < PARAMETERS; i++)
            parameters[i] = &work->places[i];
        device->broken = work->kernel->run(work->sizes, parameters);
        device->counts.launches++;
        break;
    }
    case OP_RECORD:
        work->event->reached = work->mark;
        work->event->time = device->clock;
        break;
    case OP_WAIT:
        break;
    }
}

// The first work of a stream; 0 where there is none, or it has to wait and may not.
static int step(akin_cuda_stream stream, int force) {
    op *work = stream->first;
    if (!work)
        return 0;
    if (work->kind == OP_WAIT && work->event->reached < work->mark) {
        if (!force)
            return 0;
        fake_run_event(work->event, work->mark);
    }
    stream->first = work->next;
    if (!stream->first)
        stream->last = NULL;
    perform(&fake_devices[stream->device], work);
    if (work->event)
        fake_release(work->event);
    free(work->staged);
    free(work);
    return 1;
}

void fake_run(akin_cuda_stream stream) {
    while (step(stream, 1)) {
    }
}

void fake_run_event(akin_cuda_event event, uint64_t mark) {
    while (event->reached < mark && event->stream && step(event->stream, 1)) {
    }
}

// xorshift64*
static uint64_t next_random(device_state *device) {
    device->random ^= device->random >> 12;
    device->random ^= device->random << 25;
    device->random ^= device->random >> 27;
    return device->random * 0x2545F4914F6CDD1Dull;
}

void fake_pump(device_state *device) {
    if (!device->settings.seed)
        return;
    for (akin_cuda_stream s = device->streams; s; s = s->next) {
        for (uint64_t n = next_random(device) >> 61; n > 0 && step(s, 0); n--) {
        }
    }
}
