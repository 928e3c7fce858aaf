// The findings of a launch, one for each kind and set of lines.
#pragma once
#include "trace.h"

static List<Finding> findings;

static Finding* find(u32 kind, u32 line, u32 other_line) {
    u32 low = line, high = other_line;
    u32 count = high && high != low ? 2 : 1;
    if (count == 2 && low > high) low = other_line, high = line;
    if (count == 1) high = 0;
    for (Finding& finding : findings)
        if (finding.kind == kind && finding.line_count == count && finding.lines[0] == low &&
            finding.lines[1] == high)
            return &finding;
    Finding fresh;
    memset(&fresh, 0, sizeof fresh);
    fresh.kind = kind;
    fresh.lines[0] = low;
    fresh.lines[1] = high;
    fresh.line_count = count;
    fresh.shared = -1;
    fresh.block = fresh.other_block = block_number;
    return &findings.push(fresh);
}

// The threads named are the lowest pair of the first block, whatever the order of discovery.
static void add_example(Finding* finding, u32 thread, u32 other, u64 count = 1) {
    u32 low = thread < other ? thread : other, high = thread < other ? other : thread;
    bool first = !finding->count;
    finding->count += count;
    bool better = finding->block == block_number &&
                  (low < finding->threads[0] ||
                   (low == finding->threads[0] && high < finding->threads[1]));
    if (first || better) {
        finding->threads[0] = low;
        finding->threads[1] = high;
        finding->thread_count = low == high ? 1 : 2;
        finding->block = finding->other_block = block_number;
    }
}

static void explain(Finding* finding, const char* text) {
    if (!finding->detail[0]) snprintf(finding->detail, sizeof finding->detail, "%s", text);
}
