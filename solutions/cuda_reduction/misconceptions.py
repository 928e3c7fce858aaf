"""The wrong turns of cuda_reduction.

Blocks are flat and have as many threads as the learner's. The trees here are right for any number
of threads: THREADS is put into the text, and half of the numbers, rounded up, stays.
"""

from math import prod

from autograder.gpu import RawKernel, learners_block, xp
from autograder.suite import misconception
from solutions.cuda_reduction.cuda_reduction import ARGMAX, WARP_MAX


def threads_of_block(default=256):
    """Return the number of threads in the learner's block."""
    return prod(learners_block((default, 1, 1)))


def ceil(n, size):
    return -(-n // size)


# ── block_sum ─────────────────────────────────────────────────────────────────────────────────

LOAD = """
    float sum = 0.0f;
    for (int i = blockIdx.x * THREADS + threadIdx.x; i < n; i += gridDim.x * THREADS) sum += x[i];
"""
TREE = """
    __shared__ float sums[THREADS];
    sums[t] = sum;
    for (int count = THREADS; count > 1; count = (count + 1) / 2) {
        int half = (count + 1) / 2;
        __syncthreads();
        if (t + half < count) sums[t] += sums[t + half];
    }
    if (t == 0) atomicAdd(total, sums[0]);
"""


def run_sum(x, *, load=LOAD, tree=TREE, per_thread=4, blocks=None, default=256, total=None):
    """Right but for the kernel's parts, the grid, or what the sum begins with."""
    threads = threads_of_block(default)
    total = xp.zeros(1, dtype=xp.float32) if total is None else total
    blocks = ceil(x.size, threads * per_thread) if blocks is None else blocks
    source = (
        'extern "C" __global__ void add(const float* x, float* total, int n) {\n'
        f"    int t = threadIdx.x;\n{load}{tree}}}"
    ).replace("THREADS", str(threads))
    if x.size and blocks:
        RawKernel(source, "add")((blocks,), (threads,), (x, total, xp.int32(x.size)))
    return float(total[0]) if x.size else 0.0


def summing(says, hint, **known):
    """Mark a wrong sum."""
    return misconception(replaces="block_sum", says=says, hint=hint, **known)


MISSING = (
    "a step of the tree reads sums that other threads have not written yet: no barrier between "
    "steps",
    "Which thread wrote the number that a thread adds, and in which step?",
)


@summing(*MISSING)
def missing_barrier(x):
    return run_sum(x, tree=TREE.replace("__syncthreads();", ""))


@summing(*MISSING, id="missing_barrier")
def missing_barrier_between_steps(x):
    tree = TREE.replace("__syncthreads();", "").replace("sums[t] = sum;", "sums[t] = sum; SYNC")
    return run_sum(x, tree=tree.replace("SYNC", "__syncthreads();"))


@summing(*MISSING, id="missing_barrier")
def missing_barrier_before_the_first_step(x):
    tree = TREE.replace("__syncthreads();", "if (count < THREADS) __syncthreads();")
    return run_sum(x, tree=tree)


@summing(*MISSING, id="missing_barrier")
def missing_barrier_of_neighbours(x):
    return run_sum(x, tree=NEIGHBOURS)


@summing(*MISSING, id="missing_barrier")
def missing_barrier_of_neighbours_but_the_first(x):
    return run_sum(x, tree=NEIGHBOURS.replace("sums[t] = sum;", "sums[t] = sum; __syncthreads();"))


EVERYBODY = "float other = t + half < count ? sums[t + half] : 0.0f;\n        sums[t] += other;"


@summing(*MISSING, id="missing_barrier")
def missing_barrier_where_all_write(x):
    tree = TREE.replace("if (t + half < count) sums[t] += sums[t + half];", EVERYBODY)
    return run_sum(x, tree=tree.replace("__syncthreads();", ""))


@summing(*MISSING, id="missing_barrier")
def missing_barrier_between_steps_where_all_write(x):
    tree = TREE.replace("if (t + half < count) sums[t] += sums[t + half];", EVERYBODY)
    return run_sum(
        x, tree=tree.replace("__syncthreads();", "if (count == THREADS) __syncthreads();")
    )


NEIGHBOURS = """
    __shared__ float sums[THREADS];
    sums[t] = sum;
    for (int step = 1; step < THREADS; step *= 2)
        if (t % (2 * step) == 0 && t + step < THREADS) sums[t] += sums[t + step];
    if (t == 0) atomicAdd(total, sums[0]);
"""


@summing(*MISSING, id="missing_barrier")
def missing_barrier_in_the_last_warp(x):
    return run_sum(x, tree=LAST_WARP)


@summing(*MISSING, id="missing_barrier")
def missing_barrier_in_the_last_warp_where_half_adds(x):
    tree = LAST_WARP.replace("LANES", "t < 16 &&").replace("t < 32", "t < 16")
    return run_sum(x, tree=tree)


@summing(*MISSING, id="missing_barrier")
def missing_barrier_in_a_loop_of_the_last_warp(x):
    start = LAST_WARP.index("    if (t < 32) {")
    loop = "    for (int step = 16; step > 0; step /= 2) if (t < step) sums[t] += sums[t + step];\n"
    return run_sum(
        x, tree=LAST_WARP[:start] + loop + LAST_WARP[LAST_WARP.index("    if (t == 0)") :]
    )


LAST_WARP = """
    __shared__ float sums[THREADS + 32];
    sums[t] = sum;
    if (t < 32) sums[THREADS + t] = 0.0f;
    int size = 32;
    while (size < THREADS) size *= 2;
    for (int step = size / 2; step > 16; step /= 2) {
        __syncthreads();
        if (t < step && t + step < THREADS) sums[t] += sums[t + step];
    }
    __syncthreads();
    if (t < 32) {
        sums[t] += sums[t + 16];
        sums[t] += sums[t + 8];
        sums[t] += sums[t + 4];
        sums[t] += sums[t + 2];
        sums[t] += sums[t + 1];
    }
    if (t == 0) atomicAdd(total, sums[0]);
"""
WARP_SUM = """
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffff, sum, step);
"""


@summing(*MISSING, id="missing_barrier")
def missing_barrier_between_warps(x):
    tree = """
    __shared__ float sums[32];
    if (t % 32 == 0) sums[t / 32] = sum;
    if (t == 0) {
        for (int warp = 1; warp < (THREADS + 31) / 32; warp++) sum += sums[warp];
        atomicAdd(total, sum);
    }
"""
    return run_whole_warps(x, WARP_SUM + tree)


@summing(*MISSING, id="missing_barrier")
def missing_barrier_before_the_first_warp(x):
    tree = """
    __shared__ float sums[32];
    if (t % 32 == 0) sums[t / 32] = sum;
    if (t < 32) {
        sum = t < (THREADS + 31) / 32 ? sums[t] : 0.0f;
"""
    return run_whole_warps(x, WARP_SUM + tree + WARP_SUM + "if (t == 0) atomicAdd(total, sum); }\n")


@summing(*MISSING, id="missing_barrier")
def missing_barrier_before_a_shared_atomic(x):
    return run_whole_warps(
        x, WARP_SUM + SHARED_ATOMIC.replace("FIRST", "").replace("LAST", BARRIER)
    )


@summing(*MISSING, id="missing_barrier")
def missing_barrier_after_a_shared_atomic(x):
    return run_whole_warps(
        x, WARP_SUM + SHARED_ATOMIC.replace("LAST", "").replace("FIRST", BARRIER)
    )


BARRIER = "__syncthreads();"
SHARED_ATOMIC = """
    __shared__ float block;
    if (t == 0) block = 0.0f;
    FIRST
    if (t % 32 == 0) atomicAdd(&block, sum);
    LAST
    if (t == 0) atomicAdd(total, block);
"""


def run_whole_warps(x, tree):
    """Right but for the tree; a warp is whole only in blocks of multiples of 32."""
    return run_sum(x, tree=tree.replace("0xffffffff", "__activemask()"))


IN_BRANCH = (
    "`__syncthreads` is inside the branch of the threads that still add",
    "How many threads of the block come to that line, and how many does it wait for?",
)


@summing(*IN_BRANCH)
def barrier_in_branch(x):
    tree = TREE.replace("__syncthreads();", "").replace(
        "sums[t] += sums[t + half];", "{ __syncthreads(); sums[t] += sums[t + half]; }"
    )
    return run_sum(x, tree=tree)


@summing(*IN_BRANCH, id="barrier_in_branch")
def barrier_after_adding_in_the_branch(x):
    tree = (
        TREE.replace("__syncthreads();", "")
        .replace("sums[t] = sum;", "sums[t] = sum; __syncthreads();")
        .replace("sums[t] += sums[t + half];", "{ sums[t] += sums[t + half]; __syncthreads(); }")
    )
    return run_sum(x, tree=tree)


@summing(*IN_BRANCH, id="barrier_in_branch")
def barrier_after_others_have_returned(x):
    tree = TREE.replace(
        "if (t + half < count) sums", "if (t + half >= count) return;\n        sums"
    )
    return run_sum(x, tree=tree)


@summing(*IN_BRANCH, id="barrier_in_branch")
def barrier_of_threads_with_an_element(x):
    load = "    int i = blockIdx.x * THREADS + t;\n    if (i >= n) return;\n    float sum = x[i];\n"
    tree = TREE.replace("t + half < count)", "t + half < count && i + half < n)")
    return run_sum(x, load=load, tree=tree, per_thread=1)


POWER = (
    "the tree halves the count of elements and drops one whenever it is odd (in the last block, or "
    "in a block size that is not a power of two)",
    "Halve 21 until 1 is left, as your tree does. Where does the odd one go?",
)
HALVING = """
    __shared__ float sums[THREADS];
    sums[t] = sum;
    for (int half = COUNT / 2; half > 0; half /= 2) {
        __syncthreads();
        if (t < half) sums[t] += sums[t + half];
    }
    if (t == 0) atomicAdd(total, sums[0]);
"""
ONE = "    int i = blockIdx.x * THREADS + t;\n    float sum = i < n ? x[i] : 0.0f;\n"
TWO = """
    int i = blockIdx.x * THREADS * 2 + t;
    float sum = (i < n ? x[i] : 0.0f) + (i + THREADS < n ? x[i + THREADS] : 0.0f);
"""


@summing(*POWER)
def assumes_power_of_two(x):
    tree = HALVING.replace("COUNT", "min(THREADS, n - (int)blockIdx.x * THREADS)")
    return run_sum(x, load=ONE, tree=tree, per_thread=1)


@summing(*POWER, id="assumes_power_of_two")
def halves_its_share_in_the_last_block(x):
    return run_sum(x, tree=HALVING.replace("COUNT", "min(THREADS, n - (int)blockIdx.x * THREADS)"))


@summing(*POWER, id="assumes_power_of_two")
def halves_any_block(x):
    return run_sum(x, load=ONE, tree=HALVING.replace("COUNT", "THREADS"), per_thread=1, default=96)


@summing(*POWER, id="assumes_power_of_two")
def halves_any_block_of_two_elements_a_thread(x):
    return run_sum(x, load=TWO, tree=HALVING.replace("COUNT", "THREADS"), per_thread=2, default=96)


@summing(*POWER, id="assumes_power_of_two")
def halves_any_block_of_shares(x):
    return run_sum(x, tree=HALVING.replace("COUNT", "THREADS"), default=96)


@summing(
    "every element is added with a global atomic of its own",
    "How many atomics wait for one address? What could a block do before it needs one?",
)
def atomic_per_element(x):
    load = LOAD.replace("sum += x[i]", "atomicAdd(total, x[i])")
    return run_sum(x, load=load, tree="")


@summing(
    "every element is added to one word of shared memory with an atomic of its own",
    "32 lanes add to the same word. In how many turns?",
)
def shared_atomic_per_element(x):
    load = """
    __shared__ float block;
    if (t == 0) block = 0.0f;
    __syncthreads();
""" + LOAD.replace("sum += x[i]", "atomicAdd(&block, x[i])")
    return run_sum(x, load=load, tree="__syncthreads();\nif (t == 0) atomicAdd(total, block);\n")


@summing(
    "blocks add to the sum with a plain +=, so one overwrites what another has added",
    "Two blocks read the sum at the same time, and both write it. What is lost?",
)
def no_atomic_between_blocks(x):
    return run_sum(x, tree=TREE.replace("atomicAdd(total, sums[0])", "*total += sums[0]"))


@summing(
    "a thread adds a contiguous chunk, so neighbouring threads read addresses far apart",
    "Which element does thread 0 begin with, and which thread 1? How many bytes apart?",
)
def chunk_per_thread(x):
    load = """
    float sum = 0.0f;
    int chunk = (n + gridDim.x * THREADS - 1) / (gridDim.x * THREADS);
    int start = (blockIdx.x * THREADS + t) * chunk;
    for (int i = start; i < min(start + chunk, n); i++) sum += x[i];
"""
    return run_sum(x, load=load)


@summing(
    "the sum begins with what the memory of a new array happens to hold",
    "What is in an array of xp.empty?",
)
def sum_not_zeroed(x):
    return run_sum(x, total=xp.empty(1, dtype=xp.float32))


@summing(
    "the number of blocks is rounded down, so elements past the last whole block are not added",
    "How many blocks do you launch for 300 elements, and how many for 10?",
)
def assumes_multiple_of_block(x):
    return run_sum(x, load=ONE, per_thread=1, blocks=x.size // threads_of_block())


# ── warp_max ──────────────────────────────────────────────────────────────────────────────────


def run_max(x, *, source=WARP_MAX, lanes=32):
    """Right but for the source, or the threads that a row has."""
    rows, cols = x.shape
    if cols == 0:
        raise ValueError("x has no columns")
    out = xp.empty(rows, dtype=xp.float32)
    threads = max(32, threads_of_block() // 32 * 32)
    if rows:
        arguments = (x, out, xp.int32(rows), xp.int32(cols))
        RawKernel(source, "warp_max")((ceil(rows * lanes, threads),), (threads,), arguments)
    return out


ZERO = (
    "the maximum starts at 0, so a row of negative numbers gives 0",
    "What is the maximum of −3 and −5, and which number leaves every other as it is?",
)


@misconception(replaces="warp_max", says=ZERO[0], hint=ZERO[1])
def starts_at_zero(x):
    return run_max(x, source=WARP_MAX.replace("-INFINITY", "0.0f"))


@misconception(id="starts_at_zero", replaces="warp_max", says=ZERO[0], hint=ZERO[1])
def lanes_without_an_element_hold_zero(x):
    source = WARP_MAX.replace(
        "best = -INFINITY", "best = lane < cols ? x[row * cols + lane] : 0.0f"
    )
    return run_max(x, source=source.replace("col = lane;", "col = lane + 32;"))


@misconception(
    replaces="warp_max",
    says="the maximum starts at a large negative number that −inf is still below",
    hint="What is the maximum of a row that holds −inf only?",
)
def starts_at_lowest_finite(x):
    return run_max(x, source=WARP_MAX.replace("-INFINITY", "-FLT_MAX"))


INACTIVE = (
    "lanes beyond the row's end leave before the shuffle that still reads from them",
    "In a row of 21 columns, which lanes come to the first shuffle, and from which do they read?",
)


@misconception(replaces="warp_max", says=INACTIVE[0], hint=INACTIVE[1])
def inactive_lane_shuffle(x):
    return run_max(x, source=WARP_MAX.replace("row >= rows", "row >= rows || lane >= cols"))


@misconception(id="inactive_lane_shuffle", replaces="warp_max", says=INACTIVE[0], hint=INACTIVE[1])
def shuffle_in_the_loop(x):
    source = WARP_MAX.replace(
        "best = fmaxf(best, x[row * cols + col]);\n    for",
        "{ best = fmaxf(best, x[row * cols + col]);\n    for",
    ).replace("best, step));", "best, step)); }")
    return run_max(x, source=source)


SAYS_STRIDED = (
    "a thread walks through a row alone, so neighbouring threads read addresses a row apart"
)
HINT_STRIDED = "Which addresses do threads 0, 1 and 2 load from at the same time?"


@misconception(replaces="warp_max", says=SAYS_STRIDED, hint=HINT_STRIDED)
def strided_access(x):
    source = """
extern "C" __global__ void warp_max(const float* x, float* out, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    float best = -INFINITY;
    for (int col = 0; col < cols; col++) best = fmaxf(best, x[row * cols + col]);
    out[row] = best;
}
"""
    return run_max(x, source=source, lanes=1)


@misconception(id="strided_access", replaces="warp_max", says=SAYS_STRIDED, hint=HINT_STRIDED)
def strided_chunks(x):
    source = WARP_MAX.replace(
        "for (int col = lane; col < cols; col += 32)",
        "for (int col = lane * ((cols + 31) / 32); "
        "col < min((lane + 1) * ((cols + 31) / 32), cols); col++)",
    )
    return run_max(x, source=source)


@misconception(
    replaces="warp_max",
    says="each lane takes one element only, so columns beyond the 32nd are left out",
    hint="Who looks at column 40?",
)
def one_element_per_lane(x):
    return run_max(
        x, source=WARP_MAX.replace("col < cols; col += 32", "col < min(cols, 32); col += 32")
    )


@misconception(
    replaces="warp_max",
    says="the lanes' maxima go through shared memory, not through shuffles",
    hint="Which instruction reads a register of another lane?",
)
def through_shared_memory(x):
    source = WARP_MAX.replace(
        "for (int step = 16; step > 0; step /= 2)\n"
        "        best = fmaxf(best, __shfl_down_sync(0xffffffff, best, step));",
        """
    __shared__ float bests[1024];
    for (int step = 16; step > 0; step /= 2) {
        __syncwarp();
        bests[threadIdx.x] = best;
        __syncwarp();
        best = fmaxf(best, bests[threadIdx.x ^ step]);
    }""",
    )
    return run_max(x, source=source)


# ── argmax ────────────────────────────────────────────────────────────────────────────────────


def run_keys(x, changes):
    """Right but for some of the text of the reference."""
    if x.size == 0:
        raise ValueError("x is empty")
    source = ARGMAX
    for before, after in changes:
        source = source.replace(before, after)
    best = xp.zeros(1, dtype=xp.uint64)
    arguments = (x, best, xp.int32(x.size))
    RawKernel(source, "argmax")((ceil(x.size, 1024),), (256,), arguments)
    return 0xFFFFFFFF - (int(best[0]) & 0xFFFFFFFF)


PAIRS = r"""
extern "C" __global__ void pairs(
    const float* x, const int* places, int given, float* values, int* indices, int n
) {
    __shared__ float bests[THREADS];
    __shared__ int ats[THREADS];
    int t = threadIdx.x;
    float best = -INFINITY;
    int at = INT_MAX;
    for (int i = blockIdx.x * THREADS + t; i < n; i += gridDim.x * THREADS) {
        float value = x[i];
        int place = given ? places[i] : INDEX;
        if (IN_LOOP) { best = value; at = place; }
    }
    bests[t] = best;
    ats[t] = at;
    for (int count = THREADS; count > 1; count = (count + 1) / 2) {
        int half = (count + 1) / 2;
        __syncthreads();
        if (t + half < count) {
            float value = bests[t + half];
            int place = ats[t + half];
            best = bests[t], at = ats[t];
            if (IN_TREE) { bests[t] = value; ats[t] = place; }
        }
    }
    if (t == 0) { values[blockIdx.x] = bests[0]; indices[blockIdx.x] = ats[0]; }
}
"""
LOWEST = "value > best || (value == best && place < at)"
HIGHEST = "value > best || (value == best && (at == INT_MAX || (place > at && place < INT_MAX)))"
LATER = "value > best || (value == best && place < INT_MAX)"
FIRST_MET = "value > best || (value == best && at == INT_MAX)"


def run_pairs(x, *, in_loop=LOWEST, in_tree=LOWEST, in_blocks=None, index="i", share=4):
    """Right but for how equal values are treated: a launch over x, and one over its blocks."""
    if x.size == 0:
        raise ValueError("x is empty")
    threads = threads_of_block()
    source = PAIRS.replace("THREADS", str(threads)).replace("INDEX", index)
    source = source.replace("IN_LOOP", in_loop)
    first = source.replace("IN_TREE", in_tree)
    second = source.replace("IN_TREE", in_tree if in_blocks is None else in_blocks)
    blocks = ceil(x.size, threads * share)
    values, indices = xp.empty(blocks, dtype=xp.float32), xp.empty(blocks, dtype=xp.int32)
    value, place = xp.empty(1, dtype=xp.float32), xp.empty(1, dtype=xp.int32)
    arguments = (x, xp.empty(1, dtype=xp.int32), xp.int32(0), values, indices, xp.int32(x.size))
    RawKernel(first, "pairs")((blocks,), (threads,), arguments)
    arguments = (values, indices, xp.int32(1), value, place, xp.int32(blocks))
    RawKernel(second, "pairs")((1,), (threads,), arguments)
    return int(place[0])


SAYS_LAST = "among equal maxima the last one (or the one whose thread comes last) wins"
HINT_LAST = "Two threads hold equal numbers. Which of them stays, and does it have the lower index?"


@misconception(replaces="argmax", says=SAYS_LAST, hint=HINT_LAST)
def last_index_wins(x):
    return run_pairs(x, in_loop=HIGHEST, in_tree=HIGHEST)


@misconception(id="last_index_wins", replaces="argmax", says=SAYS_LAST, hint=HINT_LAST)
def later_wins_in_loop_and_tree(x):
    return run_pairs(x, in_loop=LATER, in_tree=LATER)


@misconception(id="last_index_wins", replaces="argmax", says=SAYS_LAST, hint=HINT_LAST)
def later_wins_in_the_loop(x):
    return run_pairs(x, in_loop=LATER)


@misconception(id="last_index_wins", replaces="argmax", says=SAYS_LAST, hint=HINT_LAST)
def later_wins_in_the_tree(x):
    return run_pairs(x, in_tree=LATER)


@misconception(id="last_index_wins", replaces="argmax", says=SAYS_LAST, hint=HINT_LAST)
def later_wins_in_the_tree_with_an_element_a_thread(x):
    return run_pairs(x, in_tree=LATER, share=1)


SAYS_LOCAL = "the index within the block is returned, not the index in x"
HINT_LOCAL = "Which index does the first thread of the second block have in x?"


@misconception(replaces="argmax", says=SAYS_LOCAL, hint=HINT_LOCAL)
def local_index(x):
    return run_pairs(x, index="t")


@misconception(id="local_index", replaces="argmax", says=SAYS_LOCAL, hint=HINT_LOCAL)
def local_index_with_an_element_a_thread(x):
    return run_pairs(x, index="t", share=1)


@misconception(
    replaces="argmax",
    says="equal maxima are left to the order of the tree, in which a later element may come first",
    hint="In a tree over 32 numbers, which elements meet first? Does the earlier one always stay?",
)
def ties_left_to_the_tree(x):
    return run_pairs(x, in_loop=FIRST_MET, in_tree=FIRST_MET)


@misconception(
    replaces="argmax",
    says="the bits of floats are compared as integers, which turns the order of negative numbers",
    hint="Which bits have −1 and −2? Which of them is the greater integer?",
)
def bits_of_negative_numbers(x):
    return run_keys(x, [("bits >> 31 ? ~bits : bits | 0x80000000u", "bits ^ 0x80000000u")])


@misconception(
    replaces="argmax",
    says="keys made of bits tell −0.0 from 0.0, which are equal numbers",
    hint="Which bits has −0.0?",
)
def zeros_differ(x):
    return run_keys(x, [("value + 0.0f", "value")])


@misconception(
    replaces="argmax",
    says="the index begins at −1 and −inf never beats what the maximum begins with",
    hint="What does your kernel return for a row of −inf?",
)
def nothing_beats_minus_infinity(x):
    found = run_pairs(x, in_loop="value > best")
    return -1 if found == 2147483647 else found
