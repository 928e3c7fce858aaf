// What the runtime knows while a launch runs. No C++ library: any compiler can link this alone.
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

// An array that grows. Memory is never given back: the process ends with the launch.
template <class T> struct List {
    T* data = nullptr;
    size_t size = 0, capacity = 0;
    void reserve(size_t wanted) {
        if (wanted <= capacity) return;
        size_t larger = capacity ? capacity : 64;
        while (larger < wanted) larger *= 2;
        data = (T*)realloc((void*)data, larger * sizeof(T));
        if (!data) abort();
        capacity = larger;
    }
    T& push(const T& value) {
        if (UNLIKELY(size == capacity)) reserve(size + 1);
        return data[size++] = value;
    }
    void resize(size_t wanted) {
        reserve(wanted);
        if (wanted > size) memset((void*)(data + size), 0, (wanted - size) * sizeof(T));
        size = wanted;
    }
    void clear() { size = 0; }
    T& operator[](size_t i) { return data[i]; }
    T* begin() { return data; }
    T* end() { return data + size; }
};

// A stable merge sort.
template <class T, class Less> void sort(T* data, size_t count, T* spare, Less less) {
    if (count <= 12) {
        for (size_t i = 1; i < count; i++) {
            T value = data[i];
            size_t j = i;
            for (; j && less(value, data[j - 1]); j--) data[j] = data[j - 1];
            data[j] = value;
        }
        return;
    }
    size_t half = count / 2;
    sort(data, half, spare, less);
    sort(data + half, count - half, spare, less);
    if (!less(data[half], data[half - 1])) return;
    memcpy((void*)spare, (void*)data, half * sizeof(T));
    size_t i = 0, j = half, k = 0;
    while (i < half && j < count) data[k++] = less(data[j], spare[i]) ? data[j++] : spare[i++];
    while (i < half) data[k++] = spare[i++];
}
template <class T, class Less> void sort(List<T>& list, Less less) {
    static List<T> spare;
    spare.reserve(list.size / 2 + 1);
    sort(list.data, list.size, spare.data, less);
}

// An access is 64 bits: where, how much, what, and the place in the code.
//   bits 0–33 offset, bit 34 shared, bits 35–37 log2 of the size, bits 38–39 kind, bits 40–63 code.
enum Kind { READ = 0, WRITE = 1, ATOMIC = 2 };
typedef u64 Record;
static const u64 OFFSET_MASK = (1ull << 34) - 1;
static inline u64 offset_of(Record r) { return r & OFFSET_MASK; }
static inline bool is_shared(Record r) { return r >> 34 & 1; }
static inline unsigned log_size(Record r) { return r >> 35 & 7; }
static inline unsigned kind_of(Record r) { return r >> 38 & 3; }
static inline u32 code_of(Record r) { return (u32)(r >> 40); }
// Everything but the offset: equal in lanes that do the same thing.
static inline u64 same_of(Record r) { return r >> 34; }

// What one thread did from one switch to the next.
struct Run {
    u32 thread, operations;  // the count of warp operations since the last barrier
    u32 clock;               // index into `clocks`: what the thread knows of its warp
    u32 epoch;               // its own count of __syncwarp
    size_t start, end;
};
struct Clock { u32 seen[32]; };

enum State : u8 { READY, AT_BARRIER, AT_WARP, RETURNED };
enum Operation : u8 { SYNCWARP, SHUFFLE, BALLOT, ANY, ALL };

struct Fiber {
    void* stack_pointer;
    State state;
    u8 warp_operation;
    int predicate;      // of a vote or a barrier that counts
    u32 mask, code;     // of the operation that it waits in
    int source;         // the lane that a shuffle reads, -1 for its own
    u64 value, result;
    u32 operations, epoch, clock;
    u32 x, y, z;
};

struct Buffer {
    u64 start, bytes;  // in the arena
    u64 load_bytes, store_bytes, load_requests, load_sectors, store_requests, store_sectors;
    u64 atomics;
};

// Figures of one place in the code.
struct Place {
    u32 code, line, log_size, kind;
    u64 accesses, bytes, requests, sectors, shared_requests, wavefronts, atomics, shared_atomics;
    u32 pictured, shared_pictured;      // the lanes of the pictured request
    u64 picture[32], shared_picture[32];
    u16 picture_buffer[32];
    u32 picture_block, picture_warp;
};

enum FindingKind {
    OUT_OF_BOUNDS, MISALIGNED, RACE, DIVERGENT_BARRIER, UNINITIALIZED_SHARED, INVALID_SHUFFLE,
    TIMEOUT, CRASHED,
};
enum Hazard { READ_TOO_EARLY, OVERWRITTEN_TOO_EARLY, WRITE_WRITE, MIXED_ATOMIC, BLOCKS, HAZARDS };
struct Finding {
    u32 kind, lines[2], line_count;
    u64 block, other_block, count, hazards[HAZARDS];
    u32 threads[2], thread_count;
    int shared;            // the space: 1 shared memory, 0 buffers, −1 neither
    char detail[160];
};

struct Configuration {
    u32 grid[3], block[3];
    u64 dynamic_bytes;
    u8* arena;
    u64 arena_bytes;
    u32 buffer_count;
    const u64* buffer_starts;
    const u64* buffer_bytes;
    void** arguments;
    void (*entry)(void**);
    void (*shared_range)(char**, char**);
    u64 text_start, text_bytes;    // the code of the kernel's library in memory
    u64 image_start, image_bytes;  // all of the library
    u32 row_count;                 // the table of lines: addresses from text_start, ascending
    const u32* row_addresses;
    const u32* row_lines;
    double seconds;
    u64 shuffle_seed;              // 0 for the order of thread numbers
    u32 trace;                     // 0 to compute values alone
};

extern "C" {
// Read by kernels as constants.
unsigned kata_thread_x, kata_thread_y, kata_thread_z, kata_block_x, kata_block_y, kata_block_z;
unsigned kata_block_size_x, kata_block_size_y, kata_block_size_z;
unsigned kata_grid_size_x, kata_grid_size_y, kata_grid_size_z;
alignas(256) char kata_dynamic_shared[48 * 1024 + 256];
}

static Configuration config;
static u32 thread_count, warp_count;
static u64 block_number;
static Fiber* fibers;
static Fiber* current;
static Buffer* buffers;
static u64 static_shared_bytes, dynamic_start, shared_bytes;
static char* static_shared;
static u16* lines_of_code;   // a line for each byte of code, 0 for none of the learner's
static volatile sig_atomic_t time_is_up;
static u64 barrier_total;

static inline u32 line_of(u32 code) {
    // The address is that after the call, the call is before it.
    return code && code <= config.text_bytes ? lines_of_code[code - 1] : 0;
}
static inline u32 number_of(Fiber* fiber) { return (u32)(fiber - fibers); }
