// Happens-before: which words are shared in a dangerous way, then every pair of accesses to them.
#pragma once
#include "requests.h"

// What is known of a 4-byte word since the last barrier (and, for buffers, in the launch).
struct Shadow {
    u32 stamp;
    u16 thread;
    u8 flags, launch_flags;
    u32 block;
};
enum { DID_READ = 1, DID_WRITE = 2, DID_ATOMIC = 4, SEVERAL = 8, FLAGGED = 16 };
static Shadow* buffer_shadow;
static Shadow* shared_shadow;
static u8* written;            // for each word of shared memory its written bytes, as 4 bits
static u32 stamp;
static List<u64> flagged;      // words, bit 40 set for shared memory
static List<u64> flagged_between_blocks;
static const u64 SHARED_WORD = 1ull << 40;

// An access to one word that needs a closer look.
struct Entry {
    u64 word;
    u32 thread, clock, epoch, number, code, line;
    u8 kind, bytes, first, old;  // bytes: 4 bits; first: the access begins in this word
};
static List<Entry> entries;

// Accesses of threads that returned without coming to the barrier: ordered before nothing later.
struct Carried {
    Record record;
    u32 thread, number, epoch;
    bool ordered;  // by __syncwarp and the barrier: kept for the order of lines alone
};
static List<Carried> carried;

struct Candidate { u64 word; u32 thread, clock, epoch, number, code; u8 bytes, kind; };
static List<Candidate> candidates;  // reads of shared bytes that nobody had written
static u32* numbers_shared;         // accesses of each thread since the last barrier
static u32* numbers_buffer;

static inline u8 bytes_in_word(Record r) {
    u32 log = log_size(r);
    return log >= 2 ? 15 : (u8)(((1u << (1u << log)) - 1) << (offset_of(r) & 3));
}
static inline u32 words_of(Record r) { return log_size(r) > 2 ? 1u << (log_size(r) - 2) : 1; }
static inline bool dangerous(u8 flags, bool shared) {
    return (flags & DID_WRITE) || ((flags & DID_ATOMIC) && (flags & DID_READ) && shared);
}

static inline void touch(Record record, u32 thread, bool shared, bool now) {
    u64 word = offset_of(record) >> 2;
    u8 did = (u8)(1u << kind_of(record));
    for (u32 k = words_of(record); k; k--, word++) {
        Shadow& s = (shared ? shared_shadow : buffer_shadow)[word];
        if (s.stamp != stamp) {
            s.stamp = stamp;
            s.thread = (u16)thread;
            s.flags = did;
        } else {
            u8 flags = s.flags | did | (s.thread != thread ? SEVERAL : 0);
            if (UNLIKELY(flags != s.flags)) {
                if ((flags & SEVERAL) && !(flags & FLAGGED) && dangerous(flags, shared)) {
                    flags |= FLAGGED;
                    flagged.push(word | (shared ? SHARED_WORD : 0));
                }
                s.flags = flags;
            }
        }
        if (shared || !now) continue;
        u32 block = (u32)block_number + 1;
        u8 before = s.launch_flags;
        u8 flags = before | did | (s.block && s.block != block ? SEVERAL : 0);
        s.block = s.block ? s.block : block;
        if (UNLIKELY(flags != before)) {
            if ((flags & SEVERAL) && !(flags & FLAGGED) && dangerous(flags, false)) {
                flags |= FLAGGED;
                flagged_between_blocks.push(word);
            }
            s.launch_flags = flags;
        }
    }
}

// A shared read of what nobody wrote is a candidate; atomics count as writes at the barrier only.
static void touch_shared_values(Record record, Run& run, u32 number) {
    u64 word = offset_of(record) >> 2;
    u8 bytes = bytes_in_word(record);
    for (u32 k = words_of(record); k; k--, word++) {
        u8 missing = bytes & ~written[word];
        if (kind_of(record) == WRITE) {
            written[word] |= bytes;
        } else if (UNLIKELY(missing)) {
            candidates.push({word, run.thread, run.clock, run.epoch, number, code_of(record),
                             missing, (u8)kind_of(record)});
            if (kind_of(record) == ATOMIC && !(shared_shadow[word].flags & FLAGGED)) {
                shared_shadow[word].flags |= FLAGGED;
                flagged.push(word | SHARED_WORD);
            }
        }
    }
}

static void touch_all() {
    for (Run& run : runs) {
        u32 number = numbers_shared[run.thread];
        for (size_t i = run.start; i < run.end; i++) {
            Record record = log_start[i];
            bool shared = is_shared(record);
            touch(record, run.thread, shared, true);
            if (shared) touch_shared_values(record, run, ++number);
        }
        numbers_shared[run.thread] = number;
    }
}

static void add_entries(Record record, u32 thread, u32 clock, u32 epoch, u32 number, bool old) {
    bool shared = is_shared(record);
    u64 word = offset_of(record) >> 2;
    for (u32 k = 0; k < words_of(record); k++, word++) {
        Shadow& s = (shared ? shared_shadow : buffer_shadow)[word];
        if (s.stamp != stamp || !(s.flags & FLAGGED)) continue;
        entries.push({word | (shared ? SHARED_WORD : 0), thread, clock, epoch, number,
                      code_of(record), line_of(code_of(record)), (u8)kind_of(record),
                      bytes_in_word(record), (u8)(k == 0), (u8)old});
    }
}

static inline bool same_warp(const Entry& a, const Entry& b) {
    return a.thread / 32 == b.thread / 32;
}
// By __syncwarp alone: everything here is since one block barrier.
static inline bool before(const Entry& a, const Entry& b) {
    if (a.thread == b.thread) return a.number < b.number;
    return same_warp(a, b) && !a.old && !b.old &&
           clocks[b.clock].seen[a.thread & 31] > a.epoch;
}
static inline bool unordered(const Entry& a, const Entry& b) {
    return a.thread != b.thread && !(a.old && b.old) && !before(a, b) && !before(b, a);
}
static inline bool conflict(u32 a, u32 b, bool shared) {
    if (a == ATOMIC && b == ATOMIC) return false;
    if (a == WRITE || b == WRITE) return true;
    return shared && a != b;  // an atomic and a read
}

// In which order each thread that executes both lines does so.
struct Span { u32 first, last; };
static List<u32> span_lines;
static List<Span> spans;  // [line][thread] of reads, then of writes, for each space

static size_t span_at(u32 line, bool shared, bool write) {
    for (size_t i = 0; i < span_lines.size; i++)
        if (span_lines[i] == line) return ((i * 2 + shared) * 2 + write) * thread_count;
    return ~(size_t)0;
}
static void see_span(Record record, u32 thread, u32 number) {
    u32 kind = kind_of(record);
    if (kind == ATOMIC) return;
    size_t at = span_at(line_of(code_of(record)), is_shared(record), kind == WRITE);
    if (at == ~(size_t)0) return;
    Span& span = spans[at + thread];
    if (!span.first) span.first = number;
    span.last = number;
}

// 0: the read is too early, 1: it is overwritten too early, −1: look at each pair.
static int order_of_lines(u32 write_line, u32 read_line, bool shared) {
    if (write_line == read_line) return -1;
    size_t w = span_at(write_line, shared, true), r = span_at(read_line, shared, false);
    int order = -1;
    for (u32 t = 0; t < thread_count; t++) {
        Span& writes = spans[w + t];
        Span& reads = spans[r + t];
        if (!writes.first || !reads.first) continue;
        int mine = writes.last < reads.first ? 0 : reads.last < writes.first ? 1 : -1;
        if (mine < 0 || (order >= 0 && order != mine)) return -1;
        order = mine;
    }
    return order;
}
