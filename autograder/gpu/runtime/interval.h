// What is done at the end of each stretch between two block barriers.
#pragma once
#include "pairs.h"

// How often one line of one block touches a word that several blocks touch.
struct Visit {
    u64 word, block, count;
    u32 line, thread;
    u8 kind, bytes, first;
};
static List<Visit> visits;
static bool collecting;  // the second run, for races between blocks

static inline bool same_visits(const Visit& a, const Visit& b) {
    return a.word == b.word && a.line == b.line && a.kind == b.kind && a.bytes == b.bytes &&
           a.first == b.first;
}
static inline bool visits_less(const Visit& a, const Visit& b) {
    if (a.word != b.word) return a.word < b.word;
    if (a.line != b.line) return a.line < b.line;
    if (a.kind != b.kind) return a.kind < b.kind;
    if (a.bytes != b.bytes) return a.bytes < b.bytes;
    if (a.first != b.first) return a.first < b.first;
    if (a.block != b.block) return a.block < b.block;
    return a.thread < b.thread;
}

static void merge_visits(size_t from) {
    static List<Visit> part;
    part.clear();
    for (size_t i = from; i < visits.size; i++) part.push(visits[i]);
    sort(part, visits_less);
    visits.size = from;
    for (Visit& visit : part) {
        if (visits.size > from && same_visits(visits[visits.size - 1], visit) &&
            visits[visits.size - 1].block == visit.block)
            visits[visits.size - 1].count += visit.count;
        else
            visits.push(visit);
    }
}

static void collect_visits() {
    size_t from = visits.size;
    for (Run& run : runs) {
        for (size_t i = run.start; i < run.end; i++) {
            Record record = log_start[i];
            if (is_shared(record)) continue;
            u64 word = offset_of(record) >> 2;
            for (u32 k = 0; k < words_of(record); k++, word++) {
                if (!(buffer_shadow[word].launch_flags & FLAGGED)) continue;
                visits.push({word, block_number, 1, line_of(code_of(record)), run.thread,
                             (u8)kind_of(record), bytes_in_word(record), (u8)(k == 0)});
            }
        }
    }
    merge_visits(from);
}

static void report_between_blocks(size_t a, size_t a_end, size_t b, size_t b_end) {
    u64 total_a = 0, total_b = 0, same_block = 0, own = 0;
    for (size_t i = a; i < a_end; i++) total_a += visits[i].count;
    for (size_t j = b; j < b_end; j++) total_b += visits[j].count;
    for (size_t i = a, j = b; i < a_end && j < b_end;) {
        if (visits[i].block < visits[j].block) i++;
        else if (visits[j].block < visits[i].block) j++;
        else own += visits[i].count * visits[j].count, i++, j++;
    }
    same_block = own;
    u64 pairs = total_a * total_b - same_block;
    if (a == b) pairs /= 2;
    if (!pairs) return;
    Visit x = visits[a], y = visits[b];
    for (size_t j = b; j < b_end && y.block == x.block; j++) y = visits[j];
    if (y.block == x.block)
        for (size_t i = a; i < a_end && y.block == x.block; i++) x = visits[i];
    Finding* finding = find(RACE, x.line, y.line);
    finding->shared = 0;
    if (!finding->count) {
        finding->block = x.block < y.block ? x.block : y.block;
        finding->other_block = x.block < y.block ? y.block : x.block;
        finding->threads[0] = x.thread, finding->threads[1] = y.thread;
        finding->thread_count = 2;
    }
    finding->count += pairs;
    finding->hazards[BLOCKS] += pairs;
}

static void judge_blocks() {
    merge_visits(0);
    for (size_t start = 0; start < visits.size;) {
        size_t end = start;
        while (end < visits.size && visits[end].word == visits[start].word) end++;
        for (size_t a = start; a < end;) {
            size_t a_end = a;
            while (a_end < end && same_visits(visits[a_end], visits[a])) a_end++;
            for (size_t b = a; b < end;) {
                size_t b_end = b;
                while (b_end < end && same_visits(visits[b_end], visits[b])) b_end++;
                if ((visits[a].bytes & visits[b].bytes) && (visits[a].first || visits[b].first) &&
                    conflict(visits[a].kind, visits[b].kind, false))
                    report_between_blocks(a, a_end, b, b_end);
                b = b_end;
            }
            a = a_end;
        }
        start = end;
    }
}

static void judge_words() {
    entries.clear();
    for (Carried& old : carried)
        if (!old.ordered) add_entries(old.record, old.thread, 0, old.epoch, old.number, true);
    memset(numbers_shared, 0, thread_count * sizeof(u32));
    memset(numbers_buffer, 0, thread_count * sizeof(u32));
    for (Run& run : runs) {
        for (size_t i = run.start; i < run.end; i++) {
            Record record = log_start[i];
            u32 number = ++(is_shared(record) ? numbers_shared : numbers_buffer)[run.thread];
            add_entries(record, run.thread, run.clock, run.epoch, number, false);
        }
    }
    sort_entries();
    make_spans(numbers_shared, numbers_buffer);
    for (size_t start = 0; start < entries.size;) {
        size_t end = start;
        while (end < entries.size && entries[end].word == entries[start].word) end++;
        pairs_of_word(start, end);
        start = end;
    }
}

// Up to which of its own epochs those who wait at the barrier know a thread that has returned.
static u32 known_epoch(u32 thread) {
    u32 seen = 0, first = thread & ~31u;
    for (u32 other = first; other < first + 32 && other < thread_count; other++) {
        if (fibers[other].state != AT_BARRIER) continue;
        u32 known = clocks[fibers[other].clock].seen[thread & 31];
        if (known > seen) seen = known;
    }
    return seen;
}

// A thread that returned since the last barrier: what nobody alive has seen stays unordered.
static void carry_returned() {
    memset(numbers_shared, 0, thread_count * sizeof(u32));
    memset(numbers_buffer, 0, thread_count * sizeof(u32));
    for (Run& run : runs) {
        if (fibers[run.thread].state != RETURNED) continue;
        u32 seen = known_epoch(run.thread);
        for (size_t i = run.start; i < run.end; i++) {
            Record record = log_start[i];
            u32 number = ++(is_shared(record) ? numbers_shared : numbers_buffer)[run.thread];
            carried.push({record, run.thread, number, run.epoch, run.epoch < seen});
        }
    }
}

static void judge_waiting() {
    size_t kept = 0;
    for (Candidate& candidate : waiting) {
        size_t start, end;
        if (word_range(candidate.word | SHARED_WORD, &start, &end))
            for (size_t i = start; i < end; i++)
                if (!entries[i].old && entries[i].kind != READ &&
                    conflict(entries[i].kind, candidate.kind, true))
                    candidate.bytes &= (u8)~entries[i].bytes;
        if (candidate.bytes) waiting[kept++] = candidate;
    }
    waiting.size = kept;
}

static void end_interval(bool last) {
    if (collecting) {
        collect_visits();
    } else if (config.trace) {
        count_requests();
        stamp++;
        flagged.clear();
        candidates.clear();
        memset(numbers_shared, 0, thread_count * sizeof(u32));
        for (Carried& old : carried)
            if (!old.ordered) touch(old.record, old.thread, is_shared(old.record), false);
        touch_all();
        entries.clear();
        if (flagged.size) judge_words();
        if (waiting.size) judge_waiting();
        for (Candidate& candidate : candidates) {
            judge_candidate(candidate, last);
            // An atomic of a thread that has returned is before nobody's.
            bool lost = fibers[candidate.thread].state == RETURNED &&
                        candidate.epoch >= known_epoch(candidate.thread);
            if (candidate.kind == ATOMIC && !lost) written[candidate.word] |= candidate.bytes;
        }
        if (!last) carry_returned();
        if (last) {
            for (Candidate& candidate : waiting) {
                Finding* finding = find(UNINITIALIZED_SHARED, line_of(candidate.code), 0);
                finding->shared = 1;
                add_example(finding, candidate.thread, candidate.thread);
            }
            waiting.clear();
            carried.clear();
        }
    }
    runs.clear();
    log_next = log_start;
    clocks.size = 1;
    for (u32 t = 0; t < thread_count; t++) fibers[t].epoch = fibers[t].clock = 0;
}
