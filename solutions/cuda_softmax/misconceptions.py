"""The wrong turns of cuda_softmax.

Each row has a block, with as many threads as the learner's. The trees here are right for any number
of threads: THREADS is put into the text, and half of the partners, rounded up, stays.
"""

from math import prod

from autograder.gpu import RawKernel, learners_block, xp
from autograder.suite import misconception

HEAD = r"""
extern "C" __global__ void kernel(const float* x, float* out, int rows, int cols, float given) {
    int t = threadIdx.x;
    x += blockIdx.x * cols;
    out += blockIdx.x * cols;
"""
TREE = """
    partial[t] = VALUE;
    for (int count = THREADS; count > 1; count = (count + 1) / 2) {
        int half = (count + 1) / 2;
        __syncthreads();
        if (t + half < count) partial[t] = MERGE(partial[t], partial[t + half]);
    }
    __syncthreads(); /*written*/
    VALUE = partial[0];
    __syncthreads(); /*read*/
"""
WARPS = """
    for (int step = 16; step > 0; step /= 2)
        VALUE = MERGE(VALUE, __shfl_xor_sync(__activemask(), VALUE, step));
    if (t % 32 == 0) partial[t / 32] = VALUE;
    __syncthreads(); /*written*/
    VALUE = partial[0];
    for (int warp = 1; warp < (THREADS + 31) / 32; warp++) VALUE = MERGE(VALUE, partial[warp]);
    __syncthreads(); /*read*/
"""
BROADCAST = """
    partial[t] = VALUE;
    for (int count = THREADS; count > 1; count = (count + 1) / 2) {
        int half = (count + 1) / 2;
        __syncthreads();
        if (t + half < count) partial[t] = MERGE(partial[t], partial[t + half]);
    }
    if (t == 0) result = partial[0];
    __syncthreads(); /*written*/
    VALUE = result;
    __syncthreads(); /*read*/
"""
LOOP = "for (int col = t; col < cols; col += THREADS)"
MAXIMUM = f"    float best = -INFINITY;\n    {LOOP} best = fmaxf(best, x[col]);\n"
SUM = f"    float sum = 0.0f;\n    {LOOP} sum += expf(x[col] - best);\n"
RESULT = f"    {LOOP} out[col] = expf(x[col] - best) / sum;\n"
BUFFERS = "    __shared__ float partial[THREADS], result;\n"
PLUS = "#define PLUS(a, b) ((a) + (b))\n"


def maximum_of_block(tree=TREE):
    return tree.replace("VALUE", "best").replace("MERGE", "fmaxf")


def sum_of_block(tree=TREE):
    return tree.replace("VALUE", "sum").replace("MERGE", "PLUS")


def written_without_barrier(tree=TREE):
    return tree.replace("__syncthreads(); /*written*/", "")


def read_without_barrier(tree=TREE):
    return tree.replace("__syncthreads(); /*read*/", "")


def threads_of_block():
    """Return the number of threads in the learner's block, in whole warps."""
    return -(-prod(learners_block((256, 1, 1))) // 32) * 32


def launch(x, source, *, given=0.0, grid=None):
    """Launch a kernel over the rows of x."""
    rows, cols = x.shape
    threads = threads_of_block()
    out = xp.empty_like(x)
    if x.size:
        text = source.replace("THREADS", str(threads))
        arguments = (x, out, xp.int32(rows), xp.int32(cols), xp.float32(given))
        RawKernel(text, "kernel")(grid or (rows,), (threads,), arguments)
    return out


def three_pass(x, *, top=None, bottom=None, head=HEAD, **known):
    """Right but for how the maximum or the sum comes about."""
    top = MAXIMUM + maximum_of_block() if top is None else top
    bottom = SUM + sum_of_block() + RESULT if bottom is None else bottom
    return launch(x, PLUS + head + BUFFERS + top + bottom + "}", **known)


# ── softmax ───────────────────────────────────────────────────────────────────────────────────


def about_softmax(says, hint, **known):
    """Mark a wrong softmax."""
    return misconception(replaces="softmax", says=says, hint=hint, **known)


@about_softmax(
    "the maximum is not subtracted, so large inputs overflow to NaN",
    "What is exp(100) in float32, and infinity divided by infinity?",
)
def no_max_subtraction(x):
    return three_pass(x, top="    float best = 0.0f;\n")


GLOBAL = (
    "one maximum for all rows is subtracted, so rows far below it underflow",
    "Which number do you subtract from a row whose numbers lie a thousand below another row's?",
)


@about_softmax(*GLOBAL)
def global_max(x):
    return three_pass(x, top="    float best = given;\n", given=x.max() if x.size else 0.0)


@about_softmax(*GLOBAL, id="global_max")
def global_max_of_each_block(x):
    everything = MAXIMUM.replace("x[col]", "all[col]").replace("col < cols", "col < rows * cols")
    start = "    const float* all = x - blockIdx.x * cols;\n"
    return three_pass(x, top=start + everything + maximum_of_block())


@about_softmax(*GLOBAL, id="global_max")
def global_max_of_a_launch(x):
    if x.size == 0:
        return xp.empty_like(x)
    source = (
        'extern "C" __global__ void maximum(const float* x, float* out, int cols) {\n'
        f"    int t = threadIdx.x;\n{BUFFERS}{MAXIMUM}{maximum_of_block()}"
        "    if (t == 0) *out = best;\n}"
    ).replace("THREADS", str(threads_of_block()))
    most = xp.empty(1, dtype=xp.float32)
    arguments = (x, most, xp.int32(x.size))
    RawKernel(source, "maximum")((1,), (threads_of_block(),), arguments)
    return three_pass(x, top="    float best = given;\n", given=most[0])


MISSING = (
    "the shared result of the reduction is read before it is written",
    "Which thread writes the maximum of the row, and how do the others know that it is there?",
)


@about_softmax(*MISSING)
def missing_barrier(x):
    tree = written_without_barrier()
    return three_pass(x, top=MAXIMUM + maximum_of_block(tree))


@about_softmax(*MISSING, id="missing_barrier")
def missing_barrier_before_the_sum_is_read(x):
    return three_pass(x, bottom=SUM + sum_of_block(written_without_barrier()) + RESULT)


@about_softmax(*MISSING, id="missing_barrier")
def missing_barrier_before_both(x):
    tree = written_without_barrier()
    bottom = SUM + sum_of_block(tree) + RESULT
    return three_pass(x, top=MAXIMUM + maximum_of_block(tree), bottom=bottom)


@about_softmax(*MISSING, id="missing_barrier")
def missing_barrier_between_steps(x):
    return three_pass(
        x, top=MAXIMUM + maximum_of_block(TREE.replace("__syncthreads();\n        if", "if"))
    )


@about_softmax(*MISSING, id="missing_barrier")
def missing_barrier_between_warps(x):
    top = MAXIMUM + maximum_of_block(written_without_barrier(WARPS))
    bottom = SUM + sum_of_block(written_without_barrier(WARPS)) + RESULT
    return three_pass(x, top=top, bottom=bottom)


@about_softmax(*MISSING, id="missing_barrier")
def missing_barrier_before_a_broadcast(x):
    tree = written_without_barrier(BROADCAST)
    bottom = SUM + sum_of_block(tree) + RESULT
    return three_pass(x, top=MAXIMUM + maximum_of_block(tree), bottom=bottom)


@about_softmax(*MISSING, id="missing_barrier")
def missing_all_barriers(x):
    tree = TREE.replace("__syncthreads();", "")
    bottom = SUM + sum_of_block(tree) + RESULT
    return three_pass(x, top=MAXIMUM + maximum_of_block(tree), bottom=bottom)


@about_softmax(*MISSING, id="missing_barrier")
def missing_all_barriers_of_warps(x):
    tree = WARPS.replace("__syncthreads();", "")
    bottom = SUM + sum_of_block(tree) + RESULT
    return three_pass(x, top=MAXIMUM + maximum_of_block(tree), bottom=bottom)


SECOND = (
    "the shared reduction buffer is reused for the sum while others still read the maximum",
    "A fast thread begins to write its sum. Has a slow one read the maximum yet?",
)


@about_softmax(*SECOND)
def missing_second_barrier(x):
    return three_pass(x, top=MAXIMUM + maximum_of_block(read_without_barrier()))


@about_softmax(*SECOND, id="missing_second_barrier")
def missing_second_barrier_of_warps(x):
    top = MAXIMUM + maximum_of_block(read_without_barrier(WARPS))
    return three_pass(x, top=top, bottom=SUM + sum_of_block(WARPS) + RESULT)


BOUNDS = (
    "threads beyond cols read the next row or past the buffer: there is no check against cols",
    "Which columns do 256 threads read in a row of 21?",
)


@about_softmax(*BOUNDS)
def no_bounds_check(x):
    rounds = "for (int col = t; col < (cols + THREADS - 1) / THREADS * THREADS; col += THREADS)"
    top = (MAXIMUM + maximum_of_block()).replace(LOOP, rounds)
    bottom = (SUM + sum_of_block() + RESULT).replace(LOOP, rounds)
    return three_pass(x, top=top, bottom=bottom)


@about_softmax(
    "each thread takes one column only, so columns beyond the block are left out",
    "Who computes column 300, in a block of 256 threads?",
)
def one_column_per_thread(x):
    once = "for (int col = t; col < cols && col == t; col += THREADS)"
    top = (MAXIMUM + maximum_of_block()).replace(LOOP, once)
    bottom = (SUM + sum_of_block() + RESULT).replace(LOOP, once)
    return three_pass(x, top=top, bottom=bottom)


@about_softmax(
    "a thread has a row to itself, so neighbouring threads read addresses a row apart",
    "Which addresses do threads 0, 1 and 2 load from at the same time?",
)
def row_per_thread(x):
    head = HEAD.replace("int t = threadIdx.x;", "int row = blockIdx.x * THREADS + threadIdx.x;")
    head = head.replace("blockIdx.x * cols", "row * cols") + "    if (row >= rows) return;\n"
    alone = "for (int col = 0; col < cols; col++)"
    top, bottom = MAXIMUM.replace(LOOP, alone), (SUM + RESULT).replace(LOOP, alone)
    threads = threads_of_block()
    return three_pass(x, head=head, top=top, bottom=bottom, grid=(-(-x.shape[0] // threads),))


@about_softmax(
    "the softmax is taken over the columns of x, not over its rows",
    "Which of the sums is 1, that of a row or that of a column?",
)
def over_columns(x):
    return three_pass(x.T.copy()).T.copy()


@about_softmax(
    "each launch does one of maximum, sum and result, and what they share goes through memory",
    "Who needs the maximum of a row besides the block that has found it?",
)
def three_launches(x):
    if x.size == 0:
        return xp.empty_like(x)
    rows, cols = x.shape
    best, sums = xp.empty(rows, dtype=xp.float32), xp.empty(rows, dtype=xp.float32)
    threads = threads_of_block()
    out = xp.empty_like(x)
    maxima = (
        'extern "C" __global__ void maxima(const float* x, float* bests, int cols) {\n'
        "    int t = threadIdx.x;\n    x += blockIdx.x * cols;\n"
    )
    maxima += (
        BUFFERS + MAXIMUM + maximum_of_block() + "    if (t == 0) bests[blockIdx.x] = best;\n}"
    )
    adding = (
        'extern "C" __global__ void add(const float* x, const float* bests, float* sums, int cols)'
        "{\n    int t = threadIdx.x;\n    x += blockIdx.x * cols;\n"
        "    float best = bests[blockIdx.x];\n"
    )
    adding += BUFFERS + SUM + sum_of_block() + "    if (t == 0) sums[blockIdx.x] = sum;\n}"
    dividing = (
        'extern "C" __global__ void divide(const float* x, const float* bests, const float* sums, '
        "float* out, int cols) {\n    int t = threadIdx.x;\n    x += blockIdx.x * cols;\n"
        "    out += blockIdx.x * cols;\n"
        "    float best = bests[blockIdx.x], sum = sums[blockIdx.x];\n"
    )
    dividing += RESULT + "}"
    n = xp.int32(cols)
    for name, text, arguments in [
        ("maxima", maxima, (x, best, n)),
        ("add", PLUS + adding, (x, best, sums, n)),
        ("divide", dividing, (x, best, sums, out, n)),
    ]:
        source = text.replace("THREADS", str(threads))
        RawKernel(source, name)((rows,), (threads,), arguments)
    return out


# ── online_softmax ────────────────────────────────────────────────────────────────────────────

SEEN = r"""
struct Seen { float max, sum; };
__device__ Seen merge(Seen a, Seen b) {
    float most = fmaxf(a.max, b.max);
    if (most == -INFINITY) return a;
    return {most, a.sum * expf(a.max - most) + b.sum * expf(b.max - most)};
}
__device__ Seen add(Seen a, float value) {
    float most = fmaxf(a.max, value);
    if (most == -INFINITY) return a;
    return {most, a.sum * expf(a.max - most) + expf(value - most)};
}
"""
ONLINE = HEAD + (
    "    __shared__ Seen partial[LANES];\n"
    "    Seen seen = {-INFINITY, 0.0f};\n"
    "    for (int col = t; col < cols; col += LANES) seen = add(seen, x[col]);\n"
    "    partial[t] = seen;\n"
    "    for (int count = LANES; count > 1; count = (count + 1) / 2) {\n"
    "        int half = (count + 1) / 2;\n"
    "        __syncthreads();\n"
    "        if (t + half < count)\n"
    "            partial[t] = merge(partial[t], partial[t + half]);\n"
    "    }\n"
    "    __syncthreads();\n"
    "    seen = partial[0];\n"
    "    for (int col = t; col < cols; col += LANES)\n"
    "        out[col] = expf(x[col] - seen.max) / seen.sum;\n"
    "}\n"
)


def online(x, *, seen=SEEN):
    """Right but for what is seen, with a block for a row."""
    return launch(x, seen + ONLINE.replace("LANES", "THREADS"))


def online_by_warps(x, *, seen=SEEN):
    """Right but for what is seen, with a warp for a row: a block of 32 threads."""
    rows, cols = x.shape
    out = xp.empty_like(x)
    if x.size:
        arguments = (x, out, xp.int32(rows), xp.int32(cols), xp.float32(0))
        RawKernel(seen + ONLINE.replace("LANES", "32"), "kernel")((rows,), (32,), arguments)
    return out


def about_online(says, hint, **known):
    """Mark a wrong online softmax."""
    return misconception(replaces="online_softmax", says=says, hint=hint, **known)


NOT_RESCALED = (
    "the running sum is not multiplied by exp(old maximum − new maximum) (in a thread's own loop, "
    "in the merging, or in both)",
    "A sum was taken for the maximum 3, and now the maximum is 5. What does each term become?",
)
IN_LOOP = SEEN.replace(
    "a.sum * expf(a.max - most) + expf(value - most)", "a.sum + expf(value - most)"
)
MERGED = "a.sum * expf(a.max - most) + b.sum * expf(b.max - most)"
IN_MERGING = SEEN.replace(MERGED, "a.sum + b.sum")
IN_BOTH = IN_LOOP.replace(MERGED, "a.sum + b.sum")


@about_online(*NOT_RESCALED)
def sum_not_rescaled(x):
    return online(x, seen=IN_LOOP)


@about_online(*NOT_RESCALED, id="sum_not_rescaled")
def sum_not_rescaled_in_merging(x):
    return online(x, seen=IN_MERGING)


@about_online(*NOT_RESCALED, id="sum_not_rescaled")
def sum_not_rescaled_in_both(x):
    return online(x, seen=IN_BOTH)


@about_online(*NOT_RESCALED, id="sum_not_rescaled")
def sum_not_rescaled_in_the_loop_of_a_warp(x):
    return online_by_warps(x, seen=IN_LOOP)


@about_online(*NOT_RESCALED, id="sum_not_rescaled")
def sum_not_rescaled_in_merging_lanes(x):
    return online_by_warps(x, seen=IN_MERGING)


@about_online(*NOT_RESCALED, id="sum_not_rescaled")
def sum_not_rescaled_in_both_of_a_warp(x):
    return online_by_warps(x, seen=IN_BOTH)


@about_online(
    "maximum and sum are found in two passes over x, so x is read three times",
    "What can be done to a sum when the maximum that it was taken for turns out too low?",
)
def three_passes(x):
    return three_pass(x)


NAN = (
    "a thread that has seen no finite element computes exp(−inf − (−inf)), which is NaN",
    "What is −inf − (−inf)? Which threads compute it in a row of 3 columns?",
)
LOOP_NAN = SEEN.replace(
    "if (most == -INFINITY) return a;\n    return {most, a.sum * expf(a.max - most) + expf(value",
    "return {most, a.sum * expf(a.max - most) + expf(value",
)
MERGING_NAN = SEEN.replace(
    "if (most == -INFINITY) return a;\n    return {most, a.sum * expf(a.max - most) + b",
    "return {most, a.sum * expf(a.max - most) + b",
)
BOTH_NAN = SEEN.replace("if (most == -INFINITY) return a;", "")


@about_online(*NAN)
def infinity_minus_infinity(x):
    return online(x, seen=BOTH_NAN)


@about_online(*NAN, id="infinity_minus_infinity")
def infinity_minus_infinity_in_the_loop(x):
    return online(x, seen=LOOP_NAN)


@about_online(*NAN, id="infinity_minus_infinity")
def infinity_minus_infinity_in_merging(x):
    return online(x, seen=MERGING_NAN)


@about_online(*NAN, id="infinity_minus_infinity")
def infinity_minus_infinity_in_a_warp(x):
    return online_by_warps(x, seen=BOTH_NAN)


@about_online(*NAN, id="infinity_minus_infinity")
def infinity_minus_infinity_in_the_loop_of_a_warp(x):
    return online_by_warps(x, seen=LOOP_NAN)


@about_online(*NAN, id="infinity_minus_infinity")
def infinity_minus_infinity_in_merging_lanes(x):
    return online_by_warps(x, seen=MERGING_NAN)


@about_online(
    "no maximum is kept at all: the exponentials themselves are added and overflow",
    "One pass is enough for a sum of exponentials. Which inputs does it not survive?",
)
def no_running_maximum(x):
    seen = SEEN.replace("fmaxf(a.max, b.max)", "0.0f").replace("fmaxf(a.max, value)", "0.0f")
    return online(x, seen=seen)
