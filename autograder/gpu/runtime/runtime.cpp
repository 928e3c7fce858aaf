// Runs one launch of a kernel, thread block after thread block, and tells what it saw.
#include "atomics.h"
#include "interval.h"
#include "report.h"

static u64 random_state;
static u32 random_below(u32 bound) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (u32)((random_state >> 11) % bound);
}

static bool in_fiber;
static volatile sig_atomic_t alarms;

static u64 place_of_signal(void* context) {
#if defined(__x86_64__) && defined(__linux__)
    struct Head { unsigned long flags; void* link; stack_t stack; long long registers[23]; };
    return (u64)((Head*)context)->registers[16];
#else
    (void)context;
    return 0;
#endif
}

static void on_alarm(int, siginfo_t*, void* context) {
    time_is_up = 1;
    log_limit = log_start;
    alarms = alarms + 1;
    if (!in_fiber || alarms < 2) return;
    u64 place = place_of_signal(context) - config.text_start;
    if (place >= config.text_bytes && alarms < 6) return;  // in a callback: let it end
    end_launch(TIMEOUT, place < config.text_bytes ? (u32)place + 1 : 0,
               "the launch ran past its time limit");
}

static void on_crash(int number, siginfo_t*, void* context) {
    u64 place = place_of_signal(context) - config.text_start;
    if (!in_fiber) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    const char* why = number == SIGFPE ? "an integer was divided by zero"
                                       : "the kernel crashed: too large arrays of its own?";
    end_launch(CRASHED, place < config.text_bytes ? (u32)place + 1 : 0, why);
}

static void watch() {
    static char signal_stack[64 * 1024];
    stack_t stack;
    memset(&stack, 0, sizeof stack);
    stack.ss_sp = signal_stack;
    stack.ss_size = sizeof signal_stack;
    sigaltstack(&stack, nullptr);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    action.sa_sigaction = on_alarm;
    sigaction(SIGPROF, &action, nullptr);
    action.sa_sigaction = on_crash;
    const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    for (int number : crashes) sigaction(number, &action, nullptr);
    struct itimerval timer;
    timer.it_interval.tv_sec = 0;
    timer.it_interval.tv_usec = 20000;
    timer.it_value.tv_sec = (long)config.seconds;
    timer.it_value.tv_usec = (long)((config.seconds - (double)(long)config.seconds) * 1e6);
    if (!timer.it_value.tv_sec && !timer.it_value.tv_usec) timer.it_value.tv_usec = 1;
    setitimer(ITIMER_PROF, &timer, nullptr);
}

static void resume(u32 number) {
    Fiber* fiber = current = &fibers[number];
    kata_thread_x = fiber->x;
    kata_thread_y = fiber->y;
    kata_thread_z = fiber->z;
    Run run = {number, fiber->operations, fiber->clock, fiber->epoch,
               (size_t)(log_next - log_start), 0};
    in_fiber = true;
    kata_switch(&scheduler_stack_pointer, fiber->stack_pointer);
    in_fiber = false;
    current = nullptr;
    run.end = (size_t)(log_next - log_start);
    if (run.end > run.start) runs.push(run);
    if (!config.trace) log_next = log_start;
}

// One pass over the threads: each that can run does so once.
static bool run_threads() {
    static u32 order[1024];
    bool ran = false;
    for (u32 i = 0; i < thread_count; i++) order[i] = i;
    if (config.shuffle_seed)
        for (u32 i = thread_count; i > 1; i--) {
            u32 j = random_below(i), kept = order[i - 1];
            order[i - 1] = order[j];
            order[j] = kept;
        }
    for (u32 i = 0; i < thread_count; i++) {
        if (fibers[order[i]].state != READY) continue;
        resume(order[i]);
        ran = true;
        if (has_final) return false;
    }
    return ran;
}

static void run_block() {
    memset(static_shared, 0xff, static_shared_bytes);
    memset(kata_dynamic_shared, 0xff, config.dynamic_bytes);
    memset(written, 0, (shared_bytes >> 2) + 1);
    for (u32 number = 0; number < thread_count; number++) prepare_fiber(number);
    clocks.size = 1;
    runs.clear();
    log_next = log_start;
    while (!has_final) {
        if (UNLIKELY(time_is_up)) {
            current = nullptr;
            end_outside_fiber();
            return;
        }
        if (run_threads()) {
            for (u32 warp = 0; warp < warp_count; warp++) advance_warp(warp);
            continue;
        }
        if (has_final) break;
        bool advanced = false, alive = false;
        for (u32 warp = 0; warp < warp_count; warp++) advanced |= advance_warp(warp);
        if (advanced || let_go()) continue;
        for (u32 number = 0; number < thread_count; number++)
            alive |= fibers[number].state == AT_BARRIER;
        end_interval(!alive);
        if (!alive) return;
        complete_barrier();
    }
    // Ended in the middle: what was done until then counts.
    if (config.trace && !collecting) count_requests();
}

static void run_blocks() {
    u64 total = (u64)config.grid[0] * config.grid[1] * config.grid[2];
    for (block_number = 0; block_number < total && !has_final; block_number++) {
        kata_block_x = (u32)(block_number % config.grid[0]);
        kata_block_y = (u32)(block_number / config.grid[0] % config.grid[1]);
        kata_block_z = (u32)(block_number / config.grid[0] / config.grid[1]);
        run_block();
    }
}

template <class T> static T* zeroed(size_t count) {
    void* memory = mmap(nullptr, count * sizeof(T) + 64, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) abort();
    return (T*)memory;
}

static void prepare() {
    thread_count = config.block[0] * config.block[1] * config.block[2];
    warp_count = (thread_count + 31) / 32;
    kata_block_size_x = config.block[0], kata_block_size_y = config.block[1];
    kata_block_size_z = config.block[2];
    kata_grid_size_x = config.grid[0], kata_grid_size_y = config.grid[1];
    kata_grid_size_z = config.grid[2];
    char *start, *stop;
    config.shared_range(&start, &stop);
    static_shared = start;
    static_shared_bytes = (u64)(stop - start);
    dynamic_start = (static_shared_bytes + 255) & ~255ull;
    shared_bytes = dynamic_start + config.dynamic_bytes;
    buffers = zeroed<Buffer>(config.buffer_count + 1);
    buffer_begins = zeroed<u64>(config.buffer_count + 1);
    buffer_ends = zeroed<u64>(config.buffer_count + 1);
    buffer_at = zeroed<u16>((config.arena_bytes >> 8) + 2);
    for (u32 i = 0; i < config.buffer_count; i++) {
        u64 begin = config.buffer_starts[i], bytes = config.buffer_bytes[i];
        buffers[i].start = buffer_begins[i + 1] = begin;
        buffers[i].bytes = bytes;
        buffer_ends[i + 1] = begin + bytes;
        for (u64 at = begin >> 8; at << 8 < begin + bytes; at++) buffer_at[at] = (u16)(i + 1);
    }
    buffer_begins[0] = ~0ull;
    log_start = log_next = zeroed<Record>(LOG_RECORDS + 64);
    log_limit = log_start + LOG_RECORDS;
    buffer_shadow = zeroed<Shadow>((config.arena_bytes >> 2) + 8);
    shared_shadow = zeroed<Shadow>((shared_bytes >> 2) + 8);
    written = zeroed<u8>((shared_bytes >> 2) + 8);
    place_of_code = zeroed<u16>(config.text_bytes * 2 + 8);
    chains = zeroed<Chain>(config.text_bytes * 2 + 8);
    lines_of_code = zeroed<u16>(config.text_bytes + 8);
    for (u32 i = 0; i < config.row_count; i++) {
        u64 from = config.row_addresses[i];
        u64 to = i + 1 < config.row_count ? config.row_addresses[i + 1] : config.text_bytes + 1;
        for (u64 at = from; at < to && at <= config.text_bytes; at++)
            lines_of_code[at] = (u16)config.row_lines[i];
    }
    numbers_shared = zeroed<u32>(thread_count);
    numbers_buffer = zeroed<u32>(thread_count);
    fibers = zeroed<Fiber>(thread_count);
    for (u32 t = 0; t < thread_count; t++) {
        fibers[t].x = t % config.block[0];
        fibers[t].y = t / config.block[0] % config.block[1];
        fibers[t].z = t / config.block[0] / config.block[1];
    }
    Clock nothing;
    memset(&nothing, 0, sizeof nothing);
    clocks.push(nothing);
    random_state = config.shuffle_seed * 0x9e3779b97f4a7c15ull + 1;
    make_stacks();
}

// Returns the report, a JSON text that ends in a zero.
extern "C" __attribute__((visibility("default"))) const char* kata_run(const Configuration* given) {
    config = *given;
    prepare();
    u64 blocks = (u64)config.grid[0] * config.grid[1] * config.grid[2];
    u8* before = nullptr;
    if (blocks > 1 && config.trace) {
        before = zeroed<u8>(config.arena_bytes);
        memcpy(before, config.arena, config.arena_bytes);
    }
    watch();
    run_blocks();
    if (flagged_between_blocks.size && !has_final) {
        // Again, with an eye on the words that several blocks touch.
        u8* after = zeroed<u8>(config.arena_bytes);
        memcpy(after, config.arena, config.arena_bytes);
        memcpy(config.arena, before, config.arena_bytes);
        collecting = true;
        u64 barriers = barrier_total;
        size_t kept_printed = printed_length;
        static List<Finding> kept;
        for (Finding& finding : findings) kept.push(finding);
        random_state = config.shuffle_seed * 0x9e3779b97f4a7c15ull + 1;
        run_blocks();
        has_final = false;  // only out of time; what was seen until then is judged
        memcpy(config.arena, after, config.arena_bytes);
        barrier_total = barriers;
        printed_length = kept_printed;
        findings.clear();
        for (Finding& finding : kept) findings.push(finding);
        judge_blocks();
    }
    struct itimerval off;
    memset(&off, 0, sizeof off);
    setitimer(ITIMER_PROF, &off, nullptr);
    return write_report();
}
