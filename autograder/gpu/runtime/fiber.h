// One stack a thread, and the switch between them.
#pragma once
#include "state.h"

static const size_t STACK_BYTES = 256 * 1024;
static char* stacks;
static size_t stack_area;
static void* scheduler_stack_pointer;

#if defined(__x86_64__)
extern "C" void kata_switch(void** save, void* load);
__asm__(
    ".text\n.globl kata_switch\n.hidden kata_switch\nkata_switch:\n"
    "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
    "movq %rsp, (%rdi)\nmovq %rsi, %rsp\n"
    "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n");
static const int FRAME_WORDS = 8;  // six registers, where to go, and one to keep 16 bytes
static const int FRAME_RETURN = 6;
#define HAS_SWITCH 1
#elif defined(__aarch64__)
extern "C" void kata_switch(void** save, void* load);
__asm__(
    ".text\n.globl kata_switch\n.hidden kata_switch\nkata_switch:\n"
    "sub sp, sp, #160\n"
    "stp x19, x20, [sp, #0]\nstp x21, x22, [sp, #16]\nstp x23, x24, [sp, #32]\n"
    "stp x25, x26, [sp, #48]\nstp x27, x28, [sp, #64]\nstp x29, x30, [sp, #80]\n"
    "stp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\nstp d12, d13, [sp, #128]\n"
    "stp d14, d15, [sp, #144]\n"
    "mov x9, sp\nstr x9, [x0]\nmov sp, x1\n"
    "ldp x19, x20, [sp, #0]\nldp x21, x22, [sp, #16]\nldp x23, x24, [sp, #32]\n"
    "ldp x25, x26, [sp, #48]\nldp x27, x28, [sp, #64]\nldp x29, x30, [sp, #80]\n"
    "ldp d8, d9, [sp, #96]\nldp d10, d11, [sp, #112]\nldp d12, d13, [sp, #128]\n"
    "ldp d14, d15, [sp, #144]\nadd sp, sp, #160\nret\n");
static const int FRAME_WORDS = 20;
static const int FRAME_RETURN = 11;
#define HAS_SWITCH 1
#else
#include <ucontext.h>
static ucontext_t contexts[1025];
static void kata_switch(void** save, void* load) {
    // The saved "stack pointer" is the context's number; the scheduler's is the last.
    ucontext_t* from = save == &scheduler_stack_pointer ? &contexts[1024]
                                                         : &contexts[(u64)(size_t)*save];
    ucontext_t* to = load == scheduler_stack_pointer ? &contexts[1024]
                                                     : &contexts[(u64)(size_t)load];
    swapcontext(from, to);
}
#endif

static void fiber_main() {
    config.entry(config.arguments);
    current->state = RETURNED;
    kata_switch(&current->stack_pointer, scheduler_stack_pointer);
    abort();
}

static void prepare_fiber(u32 number) {
    Fiber* fiber = &fibers[number];
    char* top = stacks + (number + 1) * STACK_BYTES;
#if defined(HAS_SWITCH)
    // A little apart from each other, or all stacks would share the same few lines of the cache.
    top -= (number & 31) * 192;
    void** frame = (void**)top - FRAME_WORDS;
    memset(frame, 0, FRAME_WORDS * sizeof(void*));
    frame[FRAME_RETURN] = (void*)fiber_main;
    fiber->stack_pointer = frame;
#else
    (void)top;
    getcontext(&contexts[number]);
    contexts[number].uc_stack.ss_sp = stacks + number * STACK_BYTES;
    contexts[number].uc_stack.ss_size = STACK_BYTES;
    makecontext(&contexts[number], fiber_main, 0);
    fiber->stack_pointer = (void*)(size_t)number;
    scheduler_stack_pointer = (void*)(size_t)1024;
#endif
    fiber->state = READY;
    fiber->operations = fiber->epoch = fiber->clock = 0;
}

static void make_stacks() {
    stack_area = (size_t)thread_count * STACK_BYTES;
    stacks = (char*)mmap(nullptr, stack_area + 8192, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stacks == MAP_FAILED) abort();
    // Below the first, so that what runs over the end of a thread's stack is seen at least there.
    mprotect(stacks, 4096, PROT_NONE);
    stacks += 4096;
}

static inline void leave_fiber() {
    kata_switch(&current->stack_pointer, scheduler_stack_pointer);
}
