// The callbacks that the compiler puts before every load and store.
#pragma once
#include "fiber.h"

static const size_t LOG_RECORDS = 64ull << 20;
static Record* log_start;
static Record* log_next;
static Record* log_limit;
static u16* buffer_at;        // for each 256 bytes of the arena the buffer's number + 1
static u64* buffer_ends;      // by that number
static u64* buffer_begins;

static Finding final_finding;
static bool has_final;

// End the launch at once: never returns to the fiber.
[[noreturn]] static void end_launch(u32 kind, u32 code, const char* detail) {
    if (!has_final) {
        memset(&final_finding, 0, sizeof final_finding);
        final_finding.kind = kind;
        final_finding.lines[0] = line_of(code);
        final_finding.line_count = 1;
        final_finding.block = block_number;
        final_finding.count = 1;
        final_finding.shared = -1;
        if (current) {
            final_finding.threads[0] = number_of(current);
            final_finding.thread_count = 1;
        }
        snprintf(final_finding.detail, sizeof final_finding.detail, "%s", detail);
        has_final = true;
    }
    void* ignored = nullptr;
    kata_switch(current ? &current->stack_pointer : &ignored, scheduler_stack_pointer);
    abort();
}

static inline u32 code_at(void* address) {
    u64 code = (u64)address - config.text_start;
    return code <= config.text_bytes ? (u32)code : 0;
}

static void describe_outside(u64 address, unsigned size, u32 kind, char* text, size_t length) {
    const char* verb = kind == READ ? "read" : kind == WRITE ? "write" : "atomic";
    u64 offset = address - (u64)config.arena;
    if (offset < config.arena_bytes) {
        u64 nearest = ~0ull, distance = ~0ull;
        bool after = false;
        for (u32 i = 0; i < config.buffer_count; i++) {
            u64 start = buffers[i].start, end = start + buffers[i].bytes;
            u64 past = offset + size > end ? offset + size - end : ~0ull;
            u64 before = offset < start ? start - offset : ~0ull;
            if (past < distance) distance = past, nearest = i, after = true;
            if (before < distance) distance = before, nearest = i, after = false;
        }
        if (nearest != ~0ull) {
            Buffer* b = &buffers[nearest];
            snprintf(text, length, "%s of %u bytes at byte %lld of array %llu, which has %llu bytes",
                     verb, size, (long long)(offset - b->start), (unsigned long long)nearest,
                     (unsigned long long)b->bytes);
            (void)after;
            return;
        }
    }
    snprintf(text, length, "%s of %u bytes at an address outside all arrays", verb, size);
}

[[noreturn]] static void out_of_bounds(u64 address, unsigned size, u32 kind, u32 code) {
    char text[160];
    describe_outside(address, size, kind, text, sizeof text);
    end_launch(OUT_OF_BOUNDS, code, text);
}
[[noreturn]] static void misaligned(u64 address, unsigned size, u32 kind, u32 code) {
    char text[160];
    snprintf(text, sizeof text, "%s of %u bytes at an address that is %u past a multiple of %u",
             kind == READ ? "read" : kind == WRITE ? "write" : "atomic", size,
             (unsigned)(address & (size - 1)), size);
    end_launch(MISALIGNED, code, text);
}

static __attribute__((noinline)) void log_is_full() {
    if (time_is_up) end_launch(TIMEOUT, code_of(log_next[-1]), "the launch ran past its time limit");
    end_launch(TIMEOUT, code_of(log_next[-1]), "too many accesses between two barriers");
}

// What is neither in a buffer nor in shared memory: a thread's own, constants, or nowhere.
static __attribute__((noinline)) void other_access(u64 address, unsigned size, u32 kind, u32 code) {
    if (address - (u64)stacks < stack_area) {
        if (UNLIKELY(time_is_up)) end_launch(TIMEOUT, code, "the launch ran past its time limit");
        return;
    }
    if (address - config.image_start < config.image_bytes && kind == READ) return;
    out_of_bounds(address, size, kind, code);
}

static inline __attribute__((always_inline)) void access(
    u64 address, unsigned log, u32 kind, void* from, bool aligned = true) {
    const unsigned size = 1u << log;
    u64 code = (u64)from - config.text_start;
    u64 offset = address - (u64)config.arena;
    Record record;
    if (LIKELY(offset < config.arena_bytes)) {
        u32 number = buffer_at[offset >> 8];
        if (UNLIKELY(offset < buffer_begins[number] || offset + size > buffer_ends[number]))
            out_of_bounds(address, size, kind, (u32)code);
        record = offset;
    } else if (LIKELY((offset = address - (u64)static_shared) < static_shared_bytes)) {
        if (UNLIKELY(offset + size > static_shared_bytes))
            out_of_bounds(address, size, kind, (u32)code);
        record = offset | 1ull << 34;
    } else if (LIKELY((offset = address - (u64)kata_dynamic_shared) < config.dynamic_bytes)) {
        if (UNLIKELY(offset + size > config.dynamic_bytes))
            out_of_bounds(address, size, kind, (u32)code);
        record = (offset + dynamic_start) | 1ull << 34;
    } else {
        other_access(address, size, kind, (u32)code);
        return;
    }
    if (aligned && UNLIKELY(address & (size - 1))) misaligned(address, size, kind, (u32)code);
    *log_next++ = record | (u64)log << 35 | (u64)kind << 38 | code << 40;
    if (UNLIKELY(log_next >= log_limit)) log_is_full();
}

// A copy of a struct: one access where it can be one, else pieces.
static __attribute__((noinline)) void range(u64 address, u64 size, u32 kind, void* from) {
    if (!size) return;
    if (address - (u64)stacks < stack_area) return;
    if (size <= 16 && !(size & (size - 1)) && !(address & (size - 1))) {
        access(address, (unsigned)__builtin_ctz((unsigned)size), kind, from);
        return;
    }
    unsigned piece = (address | size) & 3 ? 0 : 2;
    for (u64 done = 0; done < size; done += 1u << piece) access(address + done, piece, kind, from);
}

#define HERE __builtin_return_address(0)
#define CALLBACKS(size, log)                                                                    \
    void __tsan_read##size(void* a) { access((u64)a, log, READ, HERE); }                        \
    void __tsan_write##size(void* a) { access((u64)a, log, WRITE, HERE); }                      \
    void __tsan_volatile_read##size(void* a) { access((u64)a, log, READ, HERE); }               \
    void __tsan_volatile_write##size(void* a) { access((u64)a, log, WRITE, HERE); }             \
    void __tsan_unaligned_volatile_read##size(void* a) { access((u64)a, log, READ, HERE); }     \
    void __tsan_unaligned_volatile_write##size(void* a) { access((u64)a, log, WRITE, HERE); }   \
    void __tsan_read_write##size(void* a) {                                                     \
        access((u64)a, log, READ, HERE);                                                        \
        access((u64)a, log, WRITE, HERE);                                                       \
    }                                                                                           \
    void __tsan_unaligned_read##size(void* a) { range((u64)a, size, READ, HERE); }              \
    void __tsan_unaligned_write##size(void* a) { range((u64)a, size, WRITE, HERE); }            \
    void __tsan_unaligned_read_write##size(void* a) {                                           \
        range((u64)a, size, READ, HERE);                                                        \
        range((u64)a, size, WRITE, HERE);                                                       \
    }

extern "C" {
CALLBACKS(1, 0)
CALLBACKS(2, 1)
CALLBACKS(4, 2)
CALLBACKS(8, 3)
CALLBACKS(16, 4)
void __tsan_read_range(void* a, size_t size) { range((u64)a, size, READ, HERE); }
void __tsan_write_range(void* a, size_t size) { range((u64)a, size, WRITE, HERE); }
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
// Copies that clang leaves to the library.
void* kata_copy(void* to, const void* from, size_t size, void* where) {
    range((u64)from, size, READ, where);
    range((u64)to, size, WRITE, where);
    return memmove(to, from, size);
}
void* __wrap_memcpy(void* to, const void* from, size_t n) { return kata_copy(to, from, n, HERE); }
void* __wrap_memmove(void* to, const void* from, size_t n) { return kata_copy(to, from, n, HERE); }
void* __tsan_memcpy(void* to, const void* from, size_t n) { return kata_copy(to, from, n, HERE); }
void* __tsan_memmove(void* to, const void* from, size_t n) { return kata_copy(to, from, n, HERE); }
void* __wrap_memset(void* to, int value, size_t n) {
    range((u64)to, n, WRITE, HERE);
    return memset(to, value, n);
}
void* __tsan_memset(void* to, int value, size_t n) {
    range((u64)to, n, WRITE, HERE);
    return memset(to, value, n);
}
}
