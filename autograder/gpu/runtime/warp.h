// Block barriers and what the lanes of a warp do together.
#pragma once
#include "findings.h"

static List<Clock> clocks;   // 0: nothing seen; since the last barrier
static u32 live_count;
static u64 live_lanes(u32 warp) {
    u32 mask = 0, first = warp * 32;
    for (u32 lane = 0; lane < 32 && first + lane < thread_count; lane++)
        if (fibers[first + lane].state != RETURNED) mask |= 1u << lane;
    return mask;
}

static void wait_at_barrier(int predicate, void* from) {
    current->state = AT_BARRIER;
    current->predicate = predicate;
    current->code = code_at(from);
    leave_fiber();
}

// The functions of the language.
void __syncthreads() { wait_at_barrier(0, HERE); }
int __syncthreads_or(int predicate) {
    wait_at_barrier(predicate != 0, HERE);
    return current->result > 0;
}
int __syncthreads_and(int predicate) {
    wait_at_barrier(predicate != 0, HERE);
    return current->result == live_count;
}
int __syncthreads_count(int predicate) {
    wait_at_barrier(predicate != 0, HERE);
    return (int)current->result;
}

static u64 warp_operation(Operation operation, u32 mask, u64 value, int source, void* from) {
    Fiber* self = current;
    u32 lane = number_of(self) & 31, code = code_at(from);
    self->result = value;
    if (UNLIKELY(!(mask >> lane & 1))) {
        // It takes no part, and so waits for nobody.
        Finding* finding = find(INVALID_SHUFFLE, line_of(code), 0);
        add_example(finding, number_of(self), number_of(self));
        explain(finding, "a lane that its own mask does not name");
        self->mask = 0;
        self->warp_operation = operation;
        self->predicate = (int)value;
        self->code = code;
        self->state = AT_WARP;
        leave_fiber();
        return operation >= BALLOT ? (operation == BALLOT ? (u64)(value != 0) << lane : value != 0)
                                   : self->result;
    }
    self->warp_operation = operation;
    self->mask = mask;
    self->code = code;
    self->value = value;
    self->source = source;
    self->predicate = value != 0;
    self->state = AT_WARP;
    leave_fiber();
    return self->result;
}

void __syncwarp(unsigned mask) { warp_operation(SYNCWARP, mask, 0, -1, HERE); }
unsigned __ballot_sync(unsigned mask, int predicate) {
    return (unsigned)warp_operation(BALLOT, mask, predicate != 0, -1, HERE);
}
int __any_sync(unsigned mask, int predicate) {
    return (int)warp_operation(ANY, mask, predicate != 0, -1, HERE);
}
int __all_sync(unsigned mask, int predicate) {
    return (int)warp_operation(ALL, mask, predicate != 0, -1, HERE);
}
unsigned __activemask() { return (unsigned)live_lanes(number_of(current) / 32); }

static inline int segment_of(int lane, int width) { return lane & ~(width - 1); }
static inline int lane_now() { return (int)(number_of(current) & 31); }
static inline int fixed_width(int width) {
    return width > 0 && width <= 32 && !(width & (width - 1)) ? width : 32;
}
static int source_idx(int lane, int width) {
    width = fixed_width(width);
    return segment_of(lane_now(), width) | (lane & (width - 1));
}
static int source_up(unsigned delta, int width) {
    int from = (int)(lane_now() - (int64_t)delta < 0 ? -1 : lane_now() - (int64_t)delta);
    return from < segment_of(lane_now(), fixed_width(width)) ? -1 : from;
}
static int source_down(unsigned delta, int width) {
    width = fixed_width(width);
    int64_t from = lane_now() + (int64_t)delta;
    return from >= segment_of(lane_now(), width) + width ? -1 : (int)from;
}
static int source_xor(int lanes, int width) {
    width = fixed_width(width);
    int from = lane_now() ^ lanes;
    return from < 0 || from >= segment_of(lane_now(), width) + width ? -1 : from;
}

#define SHUFFLE_OF(type, name, count, source)                                                   \
    type name(unsigned mask, type value, count amount, int width) {                             \
        u64 bits = 0;                                                                           \
        memcpy(&bits, &value, sizeof(type));                                                    \
        bits = warp_operation(SHUFFLE, mask, bits, source(amount, width), HERE);                \
        memcpy(&value, &bits, sizeof(type));                                                    \
        return value;                                                                           \
    }
#define SHUFFLES_OF(type)                                                                       \
    SHUFFLE_OF(type, __shfl_sync, int, source_idx)                                              \
    SHUFFLE_OF(type, __shfl_up_sync, unsigned, source_up)                                       \
    SHUFFLE_OF(type, __shfl_down_sync, unsigned, source_down)                                   \
    SHUFFLE_OF(type, __shfl_xor_sync, int, source_xor)
SHUFFLES_OF(int)
SHUFFLES_OF(unsigned)
SHUFFLES_OF(long)
SHUFFLES_OF(unsigned long)
SHUFFLES_OF(long long)
SHUFFLES_OF(unsigned long long)
SHUFFLES_OF(float)
SHUFFLES_OF(double)

static inline void resume_after_operation(Fiber* fiber) {
    fiber->state = READY;
    fiber->operations++;
}

// Let these lanes of a warp go on together: each gets what the operation gives it.
static void complete_operation(u32 warp, u32 lanes) {
    Fiber* first = &fibers[warp * 32];
    u32 leader = (u32)__builtin_ctz(lanes);
    u32 votes = 0, line = line_of(first[leader].code);
    for (u32 rest = lanes; rest; rest &= rest - 1) {
        u32 lane = (u32)__builtin_ctz(rest);
        if (first[lane].predicate) votes |= 1u << lane;
    }
    for (u32 rest = lanes; rest; rest &= rest - 1) {
        u32 lane = (u32)__builtin_ctz(rest);
        Fiber* fiber = &first[lane];
        switch (fiber->warp_operation) {
        case SHUFFLE: {
            fiber->result = fiber->value;
            int source = fiber->source;
            if (source < 0 || source == (int)lane) break;
            if (lanes >> source & 1) {
                fiber->result = first[source].value;
            } else {
                bool late = fiber->mask >> source & 1 && warp * 32 + (u32)source < thread_count
                            && first[source].state != RETURNED;
                if (late) break;  // named, alive and not there: that is a finding already
                Finding* finding = find(INVALID_SHUFFLE, line, 0);
                add_example(finding, warp * 32 + lane, warp * 32 + (u32)source);
                explain(finding, "a lane reads from one that takes no part");
            }
            break;
        }
        case BALLOT: fiber->result = votes; break;
        case ANY: fiber->result = votes != 0; break;
        case ALL: fiber->result = votes == lanes; break;
        default: break;
        }
    }
    if (first[leader].warp_operation == SYNCWARP) {
        // All that each knew, and the others' accesses until now.
        Clock joined;
        memset(&joined, 0, sizeof joined);
        for (u32 rest = lanes; rest; rest &= rest - 1) {
            u32 lane = (u32)__builtin_ctz(rest);
            Clock& known = clocks[first[lane].clock];
            for (int i = 0; i < 32; i++)
                if (known.seen[i] > joined.seen[i]) joined.seen[i] = known.seen[i];
        }
        for (u32 rest = lanes; rest; rest &= rest - 1) {
            u32 lane = (u32)__builtin_ctz(rest);
            joined.seen[lane] = ++first[lane].epoch;
        }
        u32 place = (u32)clocks.size;
        clocks.push(joined);
        for (u32 rest = lanes; rest; rest &= rest - 1) first[__builtin_ctz(rest)].clock = place;
    }
    for (u32 rest = lanes; rest; rest &= rest - 1)
        resume_after_operation(&first[__builtin_ctz(rest)]);
}

// The lanes that wait in one operation with this one: same line, same mask, same function.
static u32 lanes_with(u32 warp, u32 lane) {
    Fiber* first = &fibers[warp * 32];
    u32 lanes = 0, line = line_of(first[lane].code);
    for (u32 other = 0; other < 32 && warp * 32 + other < thread_count; other++) {
        Fiber* fiber = &first[other];
        if (fiber->state == AT_WARP && fiber->mask == first[lane].mask &&
            fiber->warp_operation == first[lane].warp_operation &&
            (fiber->code == first[lane].code || (line && line_of(fiber->code) == line)))
            lanes |= 1u << other;
    }
    return lanes;
}

// Complete what can be completed in a warp.
static bool advance_warp(u32 warp) {
    Fiber* first = &fibers[warp * 32];
    bool advanced = false;
    u32 live = (u32)live_lanes(warp), handled = 0;
    for (u32 lane = 0; lane < 32 && warp * 32 + lane < thread_count; lane++) {
        if (first[lane].state != AT_WARP || handled >> lane & 1) continue;
        if (first[lane].mask == 0) {  // not in its own mask
            resume_after_operation(&first[lane]);
            advanced = true;
            continue;
        }
        u32 lanes = lanes_with(warp, lane);
        handled |= lanes;
        if ((first[lane].mask & live) == lanes) {
            complete_operation(warp, lanes);
            advanced = true;
        }
    }
    return advanced;
}

// No thread can run: the lowest that waits in a warp operation goes on without the missing.
static bool let_go() {
    for (u32 number = 0; number < thread_count; number++) {
        if (fibers[number].state != AT_WARP) continue;
        u32 warp = number / 32, lanes = lanes_with(warp, number & 31);
        Finding* finding = find(INVALID_SHUFFLE, line_of(fibers[number].code), 0);
        u32 missing = fibers[number].mask & (u32)live_lanes(warp) & ~lanes;
        add_example(finding, number, warp * 32 + (u32)__builtin_ctz(missing ? missing : lanes));
        explain(finding, "the mask names a lane that never comes there");
        complete_operation(warp, lanes);
        return true;
    }
    return false;
}

// All that are left wait at a barrier.
static void complete_barrier() {
    u32 waiting = 0, predicates = 0;
    u32 lowest = ~0u, highest = 0;
    u32 lines[2] = {~0u, 0}, threads[2] = {0, 0};
    for (u32 number = 0; number < thread_count; number++) {
        Fiber* fiber = &fibers[number];
        if (fiber->state != AT_BARRIER) continue;
        waiting++;
        predicates += fiber->predicate != 0;
        u32 line = line_of(fiber->code);
        if (line < lines[0]) lines[0] = line, threads[0] = number;
        if (line > lines[1]) lines[1] = line, threads[1] = number;
        (void)lowest, (void)highest;
    }
    live_count = waiting;
    if (lines[0] != lines[1]) {
        Finding* finding = find(DIVERGENT_BARRIER, lines[0], lines[1]);
        add_example(finding, threads[0], threads[1]);
        explain(finding, "threads of a block wait at barriers on different lines");
    }
    for (u32 warp = 0; warp < warp_count; warp++) {
        int there = -1, gone = -1;
        for (u32 number = warp * 32; number < warp * 32 + 32 && number < thread_count; number++) {
            if (fibers[number].state == AT_BARRIER && there < 0) there = (int)number;
            if (fibers[number].state == RETURNED && gone < 0) gone = (int)number;
        }
        if (there >= 0 && gone >= 0) {
            Finding* finding = find(DIVERGENT_BARRIER, line_of(fibers[there].code), 0);
            add_example(finding, (u32)there, (u32)gone);
            explain(finding, "of one warp some threads wait at a barrier and others have returned");
        }
    }
    barrier_total++;
    for (u32 number = 0; number < thread_count; number++) {
        Fiber* fiber = &fibers[number];
        if (fiber->state != AT_BARRIER) continue;
        fiber->state = READY;
        fiber->result = predicates;
        fiber->operations = 0;
    }
}
