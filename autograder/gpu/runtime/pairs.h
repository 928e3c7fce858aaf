// Counting the pairs of a race, and what is left uninitialised.
#pragma once
#include "races.h"

struct Group { size_t start, end; };  // entries of one word with equal line, kind, bytes, first

struct Tally { u64 low, high; u32 threads[2]; };  // pairs whose write's number is not above / above

static void tally_pair(Tally& tally, const Entry& a, const Entry& b, const Entry& write,
                       const Entry& read) {
    if (!tally.low && !tally.high) tally.threads[0] = tally.threads[1] = ~0u;
    (write.number <= read.number ? tally.low : tally.high)++;
    u32 x = a.thread < b.thread ? a.thread : b.thread, y = a.thread < b.thread ? b.thread : a.thread;
    if (x < tally.threads[0] || (x == tally.threads[0] && y < tally.threads[1]))
        tally.threads[0] = x, tally.threads[1] = y;
}

// Pairs of two lists of numbers, both ascending, with a ≤ b.
static u64 not_above(const u32* a, size_t n, const u32* b, size_t m) {
    u64 pairs = 0;
    size_t i = 0;
    for (size_t j = 0; j < m; j++) {
        while (i < n && a[i] <= b[j]) i++;
        pairs += i;
    }
    return pairs;
}

static void collect(List<u32>& into, Entry* from, size_t count) {
    into.clear();
    for (size_t i = 0; i < count; i++) into.push(from[i].number);
    sort(into, [](u32 x, u32 y) { return x < y; });
}

// All unordered pairs of two groups (entries sorted by thread); `a` has the write of a mixed pair.
static Tally count_pairs(Group ga, Group gb) {
    Tally tally = {0, 0, {~0u, ~0u}};
    Entry* a = &entries[ga.start];
    Entry* b = &entries[gb.start];
    size_t n = ga.end - ga.start, m = gb.end - gb.start;
    bool same = ga.start == gb.start;
    bool any_old = a[0].old || b[0].old;
    if (n * m <= 1 << 16 || any_old) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = same ? i + 1 : 0; j < m; j++)
                if (unordered(a[i], b[j])) tally_pair(tally, a[i], b[j], a[i], b[j]);
        return tally;
    }
    // Many: warps are unordered, so count by numbers and treat each warp's own pairs one by one;
    // without __syncwarp all threads are unordered, and there are none of one thread to count.
    static List<u32> left, right;
    collect(left, a, n);
    collect(right, b, m);
    u64 low = not_above(left.data, n, right.data, m), all = (u64)n * m;
    u64 low_in_warps = 0, all_in_warps = 0;
    Tally inside = {0, 0, {~0u, ~0u}};
    const u32 together = clocks.size > 1 ? 32 : 1;
    for (size_t i = 0, j = 0; i < n && j < m;) {
        u32 warp = a[i].thread / together, other = b[j].thread / together;
        if (warp < other) { i++; continue; }
        if (other < warp) { j++; continue; }
        size_t i_end = i, j_end = j;
        while (i_end < n && a[i_end].thread / together == warp) i_end++;
        while (j_end < m && b[j_end].thread / together == warp) j_end++;
        collect(left, a + i, i_end - i);
        collect(right, b + j, j_end - j);
        low_in_warps += not_above(left.data, left.size, right.data, right.size);
        all_in_warps += (u64)(i_end - i) * (j_end - j);
        for (size_t x = i; x < i_end && together > 1; x++)
            for (size_t y = j; y < j_end; y++)
                if (unordered(a[x], b[y])) tally_pair(inside, a[x], b[y], a[x], b[y]);
        i = i_end, j = j_end;
    }
    tally.low = low - low_in_warps + inside.low;
    tally.high = (all - low) - (all_in_warps - low_in_warps) + inside.high;
    if (same) {
        // Each pair was counted from both sides.
        u64 total = (tally.low + tally.high) / 2;
        tally.low = total, tally.high = 0;
    }
    // The lowest pair: of one warp if there is one, else each group's lowest thread.
    u32 x = a[0].thread, y = b[0].thread;
    if (x == y) {
        u32 other_x = x, other_y = y;
        for (size_t i = 0; i < n && other_x == x; i++) other_x = a[i].thread;
        for (size_t j = 0; j < m && other_y == y; j++) other_y = b[j].thread;
        if (other_y != y && (other_x == x || other_y <= other_x)) y = other_y;
        else x = other_x;
    }
    tally.threads[0] = x < y ? x : y, tally.threads[1] = x < y ? y : x;
    if (inside.low || inside.high)
        tally.threads[0] = inside.threads[0], tally.threads[1] = inside.threads[1];
    return tally;
}

static void report_race(const Entry& a, const Entry& b, Tally& tally, bool shared) {
    if (!tally.low && !tally.high) return;
    u64 save = tally.low + tally.high;
    Finding* finding = find(RACE, a.line, b.line);
    finding->shared = shared;
    add_example(finding, tally.threads[0], tally.threads[1], save);
    if (a.kind == ATOMIC || b.kind == ATOMIC) {
        finding->hazards[MIXED_ATOMIC] += save;
    } else if (a.kind == WRITE && b.kind == WRITE) {
        finding->hazards[WRITE_WRITE] += save;
    } else {
        int order = order_of_lines(a.line, b.line, shared);
        if (order == 0) tally.low = save, tally.high = 0;
        if (order == 1) tally.low = 0, tally.high = save;
        finding->hazards[READ_TOO_EARLY] += tally.low;
        finding->hazards[OVERWRITTEN_TOO_EARLY] += tally.high;
    }
}

static void pairs_of_word(size_t start, size_t end) {
    bool shared = entries[start].word & SHARED_WORD;
    static List<Group> groups;
    groups.clear();
    for (size_t i = start; i < end;) {
        size_t j = i + 1;
        while (j < end && entries[j].line == entries[i].line && entries[j].kind == entries[i].kind &&
               entries[j].bytes == entries[i].bytes && entries[j].first == entries[i].first &&
               entries[j].old == entries[i].old)
            j++;
        groups.push({i, j});
        i = j;
    }
    for (size_t x = 0; x < groups.size; x++) {
        for (size_t y = x; y < groups.size; y++) {
            Group ga = groups[x], gb = groups[y];
            Entry a = entries[ga.start], b = entries[gb.start];
            if (!(a.bytes & b.bytes) || !conflict(a.kind, b.kind, shared)) continue;
            if (!a.first && !b.first) continue;  // counted at the first word that they share
            if (a.old && b.old) continue;
            bool swapped = a.kind == READ;       // the write first
            if (swapped) {
                Group g = ga;
                ga = gb, gb = g;
            }
            Tally tally = count_pairs(ga, gb);
            report_race(entries[ga.start], entries[gb.start], tally, shared);
        }
    }
}

static void sort_entries() {
    sort(entries, [](const Entry& a, const Entry& b) {
        if (a.word != b.word) return a.word < b.word;
        if (a.old != b.old) return a.old < b.old;
        if (a.line != b.line) return a.line < b.line;
        if (a.kind != b.kind) return a.kind < b.kind;
        if (a.bytes != b.bytes) return a.bytes < b.bytes;
        if (a.first != b.first) return a.first < b.first;
        if (a.thread != b.thread) return a.thread < b.thread;
        return a.number < b.number;
    });
}

// The spans of all lines that an entry is on, over everything since the last barrier.
static void make_spans(u32* shared_numbers, u32* buffer_numbers) {
    span_lines.clear();
    for (Entry& entry : entries) {
        bool known = false;
        for (u32 line : span_lines) known |= line == entry.line;
        if (!known) span_lines.push(entry.line);
    }
    spans.clear();
    spans.resize(span_lines.size * 4 * thread_count);
    for (Carried& old : carried) see_span(old.record, old.thread, old.number);
    memset(shared_numbers, 0, thread_count * sizeof(u32));
    memset(buffer_numbers, 0, thread_count * sizeof(u32));
    for (Run& run : runs)
        for (size_t i = run.start; i < run.end; i++) {
            u32* numbers = is_shared(log_start[i]) ? shared_numbers : buffer_numbers;
            see_span(log_start[i], run.thread, ++numbers[run.thread]);
        }
}

static bool word_range(u64 word, size_t* start, size_t* end) {
    size_t low = 0, high = entries.size;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (entries[middle].word < word) low = middle + 1;
        else high = middle;
    }
    *start = low;
    while (low < entries.size && entries[low].word == word) low++;
    *end = low;
    return *start < *end;
}

static List<Candidate> waiting;  // of threads that returned: a later write may still race

static void judge_candidate(Candidate& candidate, bool last) {
    Entry self = {candidate.word | SHARED_WORD, candidate.thread, candidate.clock, candidate.epoch,
                  candidate.number, candidate.code, 0, candidate.kind, candidate.bytes, 1, 0};
    u8 missing = candidate.bytes;
    size_t start, end;
    if (word_range(self.word, &start, &end)) {
        for (size_t i = start; i < end; i++) {
            Entry& other = entries[i];
            if (other.kind == READ || !(other.bytes & missing)) continue;
            bool wrote_before = before(other, self);
            bool races = unordered(other, self) && conflict(other.kind, self.kind, true);
            if (wrote_before || races) missing &= ~other.bytes;
        }
    }
    if (!missing) return;
    if (!last && fibers[candidate.thread].state == RETURNED) {
        candidate.bytes = missing;
        waiting.push(candidate);
        return;
    }
    Finding* finding = find(UNINITIALIZED_SHARED, line_of(candidate.code), 0);
    finding->shared = 1;
    add_example(finding, candidate.thread, candidate.thread);
}
