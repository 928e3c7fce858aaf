// The report of a launch as JSON.
#pragma once
#include "interval.h"


static const char* const FINDING_NAMES[] = {
    "out_of_bounds", "misaligned", "race", "divergent_barrier", "uninitialized_shared",
    "invalid_shuffle", "timeout", "crashed"};
static const char* const HAZARD_NAMES[] = {"read_too_early", "overwritten_too_early",
                                           "write_write", "mixed_atomic", "blocks"};
static List<char> text;

__attribute__((format(printf, 1, 2))) static void say(const char* format, ...) {
    va_list arguments;
    text.reserve(text.size + 4096);
    va_start(arguments, format);
    int length = vsnprintf(text.data + text.size, 4096, format, arguments);
    va_end(arguments);
    text.size += (size_t)(length < 4096 ? length : 4095);
}
static unsigned long long big(u64 value) { return value; }

static void say_string(const char* string, size_t length) {
    say("\"");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)string[i];
        if (c == '"' || c == '\\') say("\\%c", c);
        else if (c < 32 || c > 126) say("\\u%04x", c);
        else text.push((char)c);
    }
    say("\"");
}

static void say_finding(Finding& finding) {
    u32 hazard = READ_TOO_EARLY;
    for (u32 h = 1; h < HAZARDS; h++)
        if (finding.hazards[h] > finding.hazards[hazard]) hazard = h;
    say("{\"kind\":\"%s\",\"hazard\":\"%s\",\"lines\":[%u", FINDING_NAMES[finding.kind],
        finding.kind == RACE ? HAZARD_NAMES[hazard] : "", finding.lines[0]);
    if (finding.line_count == 2) say(",%u", finding.lines[1]);
    say("],\"space\":\"%s\",\"count\":%llu,\"threads\":[",
        finding.shared < 0 ? "" : finding.shared ? "shared" : "buffer", big(finding.count));
    for (u32 i = 0; i < finding.thread_count; i++) say(i ? ",%u" : "%u", finding.threads[i]);
    say("],\"blocks\":[%llu", big(finding.block));
    if (finding.other_block != finding.block && finding.kind == RACE)
        say(",%llu", big(finding.other_block));
    say("],\"detail\":");
    say_string(finding.detail, strlen(finding.detail));
    say("}");
}

static void say_lanes(u32 mask, const u64* offsets) {
    say("[");
    for (u32 i = 0; i < 32; i++)
        if (mask >> i & 1) say("%s%llu", i ? "," : "", big(offsets[i]));
        else say("%s-1", i ? "," : "");
    say("]");
}

static void say_place(Place& place) {
    const char* kinds[] = {"load", "store", "atomic"};
    say("{\"line\":%u,\"code\":%u,\"kind\":\"%s\",\"size\":%u,\"accesses\":%llu,\"bytes\":%llu,"
        "\"requests\":%llu,\"sectors\":%llu,\"shared_requests\":%llu,\"wavefronts\":%llu,"
        "\"atomics\":%llu,\"shared_atomics\":%llu",
        place.line, place.code, kinds[place.kind], 1u << place.log_size, big(place.accesses),
        big(place.bytes), big(place.requests), big(place.sectors), big(place.shared_requests),
        big(place.wavefronts), big(place.atomics), big(place.shared_atomics));
    if (place.pictured) {
        u32 lane = (u32)__builtin_ctz(place.pictured);
        say(",\"buffer\":%u,\"block\":%u,\"warp\":%u,\"lanes\":", place.picture_buffer[lane] - 1u,
            place.picture_block, place.picture_warp);
        say_lanes(place.pictured, place.picture);
    }
    if (place.shared_pictured) {
        say(",\"shared_lanes\":");
        say_lanes(place.shared_pictured, place.shared_picture);
    }
    say("}");
}

static const char* write_report() {
    say("{\"shared_bytes\":%llu,\"barriers\":%llu,\"buffers\":[",
        big(static_shared_bytes + config.dynamic_bytes), big(barrier_total));
    for (u32 i = 0; i < config.buffer_count; i++) {
        Buffer& b = buffers[i];
        say("%s{\"load_bytes\":%llu,\"store_bytes\":%llu,\"load_requests\":%llu,"
            "\"load_sectors\":%llu,\"store_requests\":%llu,\"store_sectors\":%llu,"
            "\"atomics\":%llu}",
            i ? "," : "", big(b.load_bytes), big(b.store_bytes), big(b.load_requests),
            big(b.load_sectors), big(b.store_requests), big(b.store_sectors), big(b.atomics));
    }
    say("],\"places\":[");
    for (size_t i = 0; i < places.size; i++) {
        if (i) say(",");
        say_place(places[i]);
    }
    say("],\"findings\":[");
    bool some = false;
    for (Finding& finding : findings) {
        if (some) say(",");
        say_finding(finding);
        some = true;
    }
    if (has_final) {
        if (some) say(",");
        say_finding(final_finding);
    }
    say("],\"ended\":%s,\"printed\":", has_final ? "true" : "false");
    say_string(printed, printed_length);
    say("}");
    text.push('\0');
    return text.data;
}

static void end_outside_fiber() {
    memset(&final_finding, 0, sizeof final_finding);
    final_finding.kind = TIMEOUT;
    final_finding.line_count = 1;
    final_finding.lines[0] = runs.size ? line_of(code_of(log_start[runs[runs.size - 1].end - 1])) : 0;
    final_finding.block = final_finding.other_block = block_number;
    final_finding.count = 1;
    final_finding.shared = -1;
    snprintf(final_finding.detail, sizeof final_finding.detail, "the launch ran past its time limit");
    has_final = true;
}
