#include "fibre.h"

#include <cstdint>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AKIN_HOST_ASAN 1
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_feature(thread_sanitizer)
#define AKIN_HOST_TSAN 1
#include <sanitizer/tsan_interface.h>
#endif
#endif

// akin_fibre_switch(save, load): keeps what a call must preserve on the stack, stores its pointer, takes the other's.
#if defined(__x86_64__)
asm(R"(
.text
.globl akin_fibre_switch
akin_fibre_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq (%rsi), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.globl akin_fibre_enter
akin_fibre_enter:
    movq %rbx, %rdi
    callq *%rbp
    ud2
)");
#elif defined(__aarch64__)
asm(R"(
.text
.globl akin_fibre_switch
akin_fibre_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    ldr x9, [x1]
    mov sp, x9
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
.globl akin_fibre_enter
akin_fibre_enter:
    mov x0, x19
    blr x20
    brk #1
)");
#else
#error "the host model switches stacks on x86-64 and arm64 only"
#endif

#if defined(__APPLE__)
extern "C" void akin_fibre_switch(void **save, void **load) asm("akin_fibre_switch");
extern "C" void akin_fibre_enter() asm("akin_fibre_enter");
#else
extern "C" void akin_fibre_switch(void **save, void **load);
extern "C" void akin_fibre_enter();
#endif

namespace akin_host {

namespace {
constexpr size_t stackBytes = 256 << 10;

size_t pageBytes() {
    static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return bytes;
}
} // namespace

Fibre::~Fibre() {
#ifdef AKIN_HOST_TSAN
    if (tracked)
        __tsan_destroy_fiber(tracked);
#endif
    if (stack)
        munmap(stack, stackBytes + pageBytes());
}

void Fibre::start(Fibre *self) {
    self->arrived();
    self->body(self->argument);
    abort();
}

void fibre_begin(Fibre *self) {
    Fibre::start(self);
}

void Fibre::prepare(void (*newBody)(void *), void *newArgument) {
    if (!stack) {
        // The page under the stack stays closed: an overflow stops the program instead of spoiling a neighbour.
        void *memory = mmap(nullptr, stackBytes + pageBytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
        if (memory == MAP_FAILED || mprotect(memory, pageBytes(), PROT_NONE) != 0)
            abort();
        stack = static_cast<char *>(memory);
        bottom = stack + pageBytes();
        extent = stackBytes;
    }
    body = newBody;
    argument = newArgument;
    shadow = nullptr;
#ifdef AKIN_HOST_TSAN
    // A new one each time: calls that a body has left for good would still be on the old one's record.
    if (tracked)
        __tsan_destroy_fiber(tracked);
    tracked = __tsan_create_fiber(0);
#endif
    uintptr_t *top = reinterpret_cast<uintptr_t *>(stack + pageBytes() + stackBytes);
#if defined(__x86_64__)
    *--top = 0; // alignment: the stack is 16-byte aligned where akin_fibre_enter begins
    *--top = 0;
    *--top = reinterpret_cast<uintptr_t>(&akin_fibre_enter);
    *--top = reinterpret_cast<uintptr_t>(&fibre_begin); // rbp
    *--top = reinterpret_cast<uintptr_t>(this);         // rbx
    for (int i = 0; i < 4; i++)
        *--top = 0;
#else
    top -= 20;
    for (int i = 0; i < 20; i++)
        top[i] = 0;
    top[0] = reinterpret_cast<uintptr_t>(this);         // x19
    top[1] = reinterpret_cast<uintptr_t>(&fibre_begin); // x20
    top[11] = reinterpret_cast<uintptr_t>(&akin_fibre_enter);
#endif
    pointer = top;
}

void Fibre::arrived() {
#ifdef AKIN_HOST_ASAN
    const void *oldBottom = nullptr;
    size_t oldExtent = 0;
    __sanitizer_finish_switch_fiber(shadow, &oldBottom, &oldExtent);
    if (entered && !entered->stack) {
        entered->bottom = oldBottom;
        entered->extent = oldExtent;
    }
#endif
}

void Fibre::change(Fibre &from, Fibre &to, [[maybe_unused]] bool last) {
    to.entered = &from;
#ifdef AKIN_HOST_ASAN
    __sanitizer_start_switch_fiber(last ? nullptr : &from.shadow, to.bottom, to.extent);
#endif
#ifdef AKIN_HOST_TSAN
    if (!from.stack)
        from.owner = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to.stack ? to.tracked : to.owner, 0);
#endif
    akin_fibre_switch(&from.pointer, &to.pointer);
    from.arrived();
}

} // namespace akin_host
