// Warp-wide requests: which accesses are one, how many sectors or wavefronts it takes.
#pragma once
#include "warp.h"

static List<Run> runs;         // since the last barrier, in the order in which they ran
static List<Place> places;
static u16* place_of_code;     // index + 1

static Place& place_of(u32 code, u32 log, u32 kind) {
    u16& index = place_of_code[code * 2 + (kind == WRITE)];
    if (UNLIKELY(!index)) {
        Place fresh;
        memset(&fresh, 0, sizeof fresh);
        fresh.code = code;
        fresh.line = line_of(code);
        fresh.log_size = log;
        fresh.kind = kind;
        places.push(fresh);
        index = (u16)places.size;
    }
    return places[index - 1];
}

// Count distinct values; those of neighbouring lanes are usually equal or ascending.
static inline u32 distinct(const u64* values, u32 count) {
    u64 seen[32];
    u32 found = 0;
    u64 highest = 0;
    for (u32 i = 0; i < count; i++) {
        u64 value = values[i];
        if (found && value == seen[found - 1]) continue;
        if (found && value <= highest) {
            u32 j = 0;
            while (j < found && seen[j] != value) j++;
            if (j < found) continue;
        }
        if (value > highest) highest = value;
        seen[found++] = value;
    }
    return found;
}

// The largest number of distinct words that one bank has to give.
static u32 wavefronts(const u64* offsets, u32 count, u32 log) {
    u32 words_each = log > 2 ? 1u << (log - 2) : 1;
    u64 words[64];
    u8 next[64], heads[32], amounts[32];
    memset(heads, 0xff, sizeof heads);
    memset(amounts, 0, sizeof amounts);
    u32 found = 0, most = 0;
    for (u32 i = 0; i < count; i++) {
        for (u32 k = 0; k < words_each; k++) {
            u64 word = (offsets[i] >> 2) + k;
            u32 bank = word & 31;
            u8 at = heads[bank];
            while (at != 0xff && words[at] != word) at = next[at];
            if (at != 0xff) continue;
            words[found] = word;
            next[found] = heads[bank];
            heads[bank] = (u8)found++;
            if (++amounts[bank] > most) most = amounts[bank];
        }
    }
    return most;
}

// One request: the accesses of some lanes by one instruction, all shared or all to buffers.
static void count_request(Place& place, const Record* lanes, const u8* numbers, u32 count,
                          u32 warp) {
    u64 offsets[32];
    u32 log = log_size(lanes[0]), kind = kind_of(lanes[0]);
    for (u32 i = 0; i < count; i++) offsets[i] = offset_of(lanes[i]);
    if (is_shared(lanes[0])) {
        u32 waves = wavefronts(offsets, count, log);
        place.shared_requests++;
        place.wavefronts += waves;
        if (kind == ATOMIC) place.shared_atomics += count;
        if (!place.shared_pictured) {
            for (u32 i = 0; i < count; i++) {
                place.shared_pictured |= 1u << numbers[i];
                place.shared_picture[numbers[i]] = offsets[i];
            }
        }
        return;
    }
    if (!place.pictured) {
        place.picture_block = (u32)block_number;
        place.picture_warp = warp;
        for (u32 i = 0; i < count; i++) {
            u32 buffer = buffer_at[offsets[i] >> 8];
            place.pictured |= 1u << numbers[i];
            place.picture[numbers[i]] = offsets[i] - buffers[buffer - 1].start;
            place.picture_buffer[numbers[i]] = (u16)buffer;
        }
    }
    u32 first = buffer_at[offsets[0] >> 8];
    bool one = true;
    for (u32 i = 1; i < count && one; i++) one = buffer_at[offsets[i] >> 8] == first;
    if (kind == ATOMIC) {
        place.atomics += count;
        for (u32 i = 0; i < count; i++) buffers[buffer_at[offsets[i] >> 8] - 1].atomics++;
        return;
    }
    u64 sectors[32], mine[32];
    for (u32 i = 0; i < count; i++) sectors[i] = offsets[i] >> 5;
    u32 total = distinct(sectors, count);
    place.requests++;
    place.sectors += total;
    place.bytes += (u64)count << log;
    for (u32 rest = 0; rest < count;) {
        // Usually once; a pointer chosen by the lane can lead to several buffers.
        u32 number = buffer_at[offsets[rest] >> 8], touched = 0, lanes_here = 0;
        if (one) {
            touched = total, lanes_here = count, rest = count;
        } else {
            bool before = false;
            for (u32 i = 0; i < rest; i++) before |= buffer_at[offsets[i] >> 8] == number;
            if (before) {
                rest++;
                continue;
            }
            for (u32 i = rest; i < count; i++)
                if (buffer_at[offsets[i] >> 8] == number) mine[lanes_here++] = sectors[i];
            touched = distinct(mine, lanes_here);
            rest++;
        }
        Buffer& buffer = buffers[number - 1];
        if (kind == READ) {
            buffer.load_requests++;
            buffer.load_sectors += touched;
            buffer.load_bytes += (u64)lanes_here << log;
        } else {
            buffer.store_requests++;
            buffer.store_sectors += touched;
            buffer.store_bytes += (u64)lanes_here << log;
        }
    }
}

// The accesses of one instruction by a warp: in halves or quarters where they are large.
static void count_instruction(const Record* lanes, const u8* numbers, u32 count, u32 warp) {
    Record first = lanes[0];
    u32 log = log_size(first);
    Place& place = place_of(code_of(first), log, kind_of(first));
    place.accesses += count;
    bool mixed = false;
    for (u32 i = 1; i < count; i++) mixed |= same_of(lanes[i]) != same_of(first);
    u32 group = log <= 2 ? 32 : log == 3 ? 16 : 8;
    if (LIKELY(!mixed && group == 32)) {
        count_request(place, lanes, numbers, count, warp);
        return;
    }
    // Rare: several spaces or sizes at one instruction, and the large ones.
    bool done[32] = {false};
    for (u32 i = 0; i < count; i++) {
        if (done[i]) continue;
        Record chosen[32];
        u8 chosen_numbers[32];
        u32 amount = 0;
        log = log_size(lanes[i]);
        group = log <= 2 ? 32 : log == 3 ? 16 : 8;
        for (u32 j = i; j < count; j++) {
            if (done[j] || same_of(lanes[j]) != same_of(lanes[i]) ||
                numbers[j] / group != numbers[i] / group)
                continue;
            done[j] = true;
            chosen[amount] = lanes[j];
            chosen_numbers[amount++] = numbers[j];
        }
        count_request(place, chosen, chosen_numbers, amount, warp);
    }
}

// Lanes that took different ways: group by instruction and its occurrence.
struct Slot {
    u32 mask, next;  // the next occurrence of the same instruction
    u32 count;
    Record lanes[32];
    u8 numbers[32];
};
static List<Slot> slots;
struct Chain { u32 stamp, first, at; u32 lane_stamp; };
static Chain* chains;  // by the place in the code
static u32 chain_stamp, lane_stamp;

static void group_divergent(Run** parts, u32 count, u32 warp) {
    slots.clear();
    chain_stamp++;
    for (u32 p = 0; p < count; p++) {
        u8 lane = (u8)(parts[p]->thread & 31);
        lane_stamp++;
        for (size_t i = parts[p]->start; i < parts[p]->end; i++) {
            Record record = log_start[i];
            // A read and a write of one callback are two instructions.
            Chain& chain = chains[code_of(record) * 2 + (kind_of(record) == WRITE)];
            u32 slot;
            if (chain.stamp != chain_stamp) {
                chain.stamp = chain_stamp;
                chain.lane_stamp = lane_stamp;
                slot = chain.first = (u32)slots.size;
            } else if (chain.lane_stamp != lane_stamp) {
                chain.lane_stamp = lane_stamp;
                slot = chain.first;
            } else {
                slot = slots[chain.at].next;
                if (slot == ~0u) slot = slots[chain.at].next = (u32)slots.size;
            }
            if (slot == slots.size) {
                slots.reserve(slots.size + 1);
                Slot& fresh = slots[slots.size++];
                fresh.next = ~0u;
                fresh.count = 0;
            }
            chain.at = slot;
            Slot& into = slots[slot];
            into.numbers[into.count] = lane;
            into.lanes[into.count++] = record;
        }
    }
    for (Slot& slot : slots) count_instruction(slot.lanes, slot.numbers, slot.count, warp);
}

// The runs of some lanes of one warp in one stretch between warp operations.
static void group_together(Run** parts, u32 count, u32 warp) {
    size_t length = parts[0]->end - parts[0]->start;
    bool equal = count <= 32;
    for (u32 p = 1; p < count && equal; p++) equal = parts[p]->end - parts[p]->start == length;
    if (equal) {
        const Record* streams[32];
        u8 numbers[32];
        for (u32 p = 0; p < count; p++) {
            streams[p] = log_start + parts[p]->start;
            numbers[p] = (u8)(parts[p]->thread & 31);
        }
        for (size_t i = 0; i < length && equal; i++) {
            u64 code = streams[0][i] >> 38;
            for (u32 p = 1; p < count; p++) equal &= streams[p][i] >> 38 == code;
        }
        if (equal) {
            Record lanes[32];
            for (size_t i = 0; i < length; i++) {
                for (u32 p = 0; p < count; p++) lanes[p] = streams[p][i];
                count_instruction(lanes, numbers, count, warp);
            }
            return;
        }
    }
    group_divergent(parts, count, warp);
}

static void count_requests() {
    static List<Run*> ordered;
    ordered.clear();
    for (Run& run : runs)
        if (run.end > run.start) ordered.push(&run);
    sort(ordered, [](Run* a, Run* b) {
        if (a->thread / 32 != b->thread / 32) return a->thread / 32 < b->thread / 32;
        if (a->operations != b->operations) return a->operations < b->operations;
        return a->thread < b->thread;
    });
    for (size_t i = 0; i < ordered.size;) {
        size_t j = i + 1;
        while (j < ordered.size && ordered[j]->thread / 32 == ordered[i]->thread / 32 &&
               ordered[j]->operations == ordered[i]->operations)
            j++;
        group_together(&ordered[i], (u32)(j - i), ordered[i]->thread / 32);
        i = j;
    }
}
