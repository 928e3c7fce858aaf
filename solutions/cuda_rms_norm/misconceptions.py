"""The wrong turns of cuda_rms_norm.

Each row has a block, with as many threads as the learner's. The trees here are right for any number
of threads: THREADS is put into the text, and half of the partners, rounded up, stays.
"""

from math import prod

from autograder.gpu import RawKernel, learners_block, xp
from autograder.suite import misconception

LOOP = "for (int i = t; i < d; i += THREADS)"
SQUARES = f"    float value = 0.0f;\n    {LOOP} value += x[i] * x[i];\n"
TREE = """
    __shared__ float partial[THREADS];
    partial[t] = value;
    for (int count = THREADS; count > 1; count = (count + 1) / 2) {
        int half = (count + 1) / 2;
        __syncthreads();
        if (t + half < count) partial[t] += partial[t + half];
    }
    __syncthreads(); /*written*/
    float total = partial[0];
"""
WARPS = """
    __shared__ float partial[32];
    for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffff, value, step);
    if (t % 32 == 0) partial[t / 32] = value;
    __syncthreads(); /*written*/
    float total = 0.0f;
    for (int warp = 0; warp < THREADS / 32; warp++) total += partial[warp];
"""
BROADCAST = """
    __shared__ float partial[THREADS], shared_total;
    partial[t] = value;
    for (int count = THREADS; count > 1; count = (count + 1) / 2) {
        int half = (count + 1) / 2;
        __syncthreads();
        if (t + half < count) partial[t] += partial[t + half];
    }
    if (t == 0) shared_total = partial[0];
    __syncthreads(); /*written*/
    float total = shared_total;
"""
SHARED_ATOMIC = """
    __shared__ float total;
    if (t == 0) total = 0.0f;
    __syncthreads(); /*zeroed*/
    atomicAdd(&total, value);
    __syncthreads(); /*written*/
"""
SCALE = "    float scale = 1.0f / sqrtf(total / d + eps);\n"
RESULT = f"    {LOOP} out[i] = x[i] * scale * weight[i];\n"


def threads_of_block():
    """Return the number of threads in the learner's block, in whole warps."""
    return -(-prod(learners_block((256, 1, 1))) // 32) * 32


def without(barrier, tree):
    return tree.replace(f"__syncthreads(); /*{barrier}*/", "")


def norm(x, weight, eps, *, squares=SQUARES, tree=TREE, scale=SCALE, result=RESULT):
    """Right but for some parts of the kernel."""
    rows, d = x.shape
    out = xp.empty_like(x)
    threads = threads_of_block()
    source = (
        'extern "C" __global__ void norm(\n'
        "    const float* x, const float* weight, float* out, int d, float eps\n) {\n"
        "    int t = threadIdx.x;\n    x += blockIdx.x * d;\n    out += blockIdx.x * d;\n"
        f"{squares}{tree}{scale}{result}}}"
    ).replace("THREADS", str(threads))
    if rows:
        arguments = (x, weight, out, xp.int32(d), xp.float32(eps))
        RawKernel(source, "norm")((rows,), (threads,), arguments)
    return out


# ── rms_norm ──────────────────────────────────────────────────────────────────────────────────


def about_norm(says, hint, **known):
    """Mark a wrong norm."""
    return misconception(replaces="rms_norm", says=says, hint=hint, **known)


@about_norm(
    "eps is added to the root, not to the mean square under it",
    "What do you divide by when the row is 0 and eps is 0.25?",
)
def eps_outside_root(x, weight, eps):
    scale = "    float scale = 1.0f / (sqrtf(total / d) + eps);\n"
    return norm(x, weight, eps, scale=scale)


@about_norm(
    "the sum of squares is not divided by d",
    "What does a row of ones become, with 4 columns and with 400?",
)
def sum_not_mean(x, weight, eps):
    return norm(x, weight, eps, scale=SCALE.replace("total / d", "total"))


MEAN = (
    "the mean is subtracted first, which is layer norm",
    "What does a row of equal numbers become?",
)


@about_norm(*MEAN)
def subtracts_mean(x, weight, eps):
    first = SQUARES.replace("value += x[i] * x[i]", "value += x[i]").replace("value", "plain")
    first += TREE.replace("value", "plain").replace("partial", "first").replace("total", "added")
    first += "    float mean = added / d;\n"
    squares = SQUARES.replace("x[i] * x[i]", "(x[i] - mean) * (x[i] - mean)")
    result = RESULT.replace("x[i]", "(x[i] - mean)")
    return norm(x, weight, eps, squares=first + squares, result=result)


@about_norm(*MEAN, id="subtracts_mean")
def subtracts_mean_in_one_pass(x, weight, eps):
    squares = (
        f"    float value = 0.0f, plain = 0.0f;\n"
        f"    {LOOP} {{ float v = x[i]; value += v * v; plain += v; }}\n"
    )
    tree = TREE.replace("value", "plain").replace("partial", "first").replace("total", "added")
    scale = (
        "    float mean = added / d;\n"
        "    float scale = 1.0f / sqrtf(fmaxf(total / d - mean * mean, 0.0f) + eps);\n"
    )
    result = RESULT.replace("x[i]", "(x[i] - mean)")
    return norm(x, weight, eps, squares=squares, tree=tree + TREE, scale=scale, result=result)


MISSING = (
    "the shared sum is read before all partial sums are in it",
    "Which thread writes the sum of the row, and how do the others know that it is there?",
)


@about_norm(*MISSING)
def missing_barrier(x, weight, eps):
    return norm(x, weight, eps, tree=without("written", TREE))


@about_norm(*MISSING, id="missing_barrier")
def missing_barrier_between_steps(x, weight, eps):
    return norm(x, weight, eps, tree=TREE.replace("__syncthreads();\n", "\n", 1))


@about_norm(*MISSING, id="missing_barrier")
def missing_barrier_between_steps_but_the_first(x, weight, eps):
    tree = TREE.replace("__syncthreads();\n", "if (count == THREADS) __syncthreads();\n", 1)
    return norm(x, weight, eps, tree=tree)


@about_norm(*MISSING, id="missing_barrier")
def missing_barrier_between_steps_where_all_write(x, weight, eps):
    everybody = "float other = t + half < count ? partial[t + half] : 0.0f; partial[t] += other;"
    tree = TREE.replace("__syncthreads();\n", "if (count == THREADS) __syncthreads();\n", 1)
    tree = tree.replace("if (t + half < count) partial[t] += partial[t + half];", everybody)
    return norm(x, weight, eps, tree=tree)


@about_norm(*MISSING, id="missing_barrier")
def missing_all_barriers(x, weight, eps):
    return norm(x, weight, eps, tree=TREE.replace("__syncthreads();", ""))


@about_norm(*MISSING, id="missing_barrier")
def missing_barrier_between_warps(x, weight, eps):
    return norm(x, weight, eps, tree=without("written", WARPS))


@about_norm(*MISSING, id="missing_barrier")
def missing_barrier_before_a_broadcast(x, weight, eps):
    return norm(x, weight, eps, tree=without("written", BROADCAST))


@about_norm(*MISSING, id="missing_barrier")
def missing_barrier_after_atomics(x, weight, eps):
    return norm(x, weight, eps, tree=without("written", SHARED_ATOMIC))


@about_norm(*MISSING, id="missing_barrier")
def missing_barrier_before_atomics(x, weight, eps):
    return norm(x, weight, eps, tree=without("zeroed", SHARED_ATOMIC))


IN_BRANCH = (
    "`__syncthreads` is inside a branch that not all threads take",
    "How many threads of the block come to that line, and how many does it wait for?",
)


@about_norm(*IN_BRANCH)
def barrier_in_branch(x, weight, eps):
    tree = TREE.replace("        __syncthreads();\n", "").replace(
        "partial[t] += partial[t + half];", "{ __syncthreads(); partial[t] += partial[t + half]; }"
    )
    return norm(x, weight, eps, tree=tree)


@about_norm(*IN_BRANCH, id="barrier_in_branch")
def barrier_after_adding_in_the_branch(x, weight, eps):
    tree = (
        TREE.replace("        __syncthreads();\n", "")
        .replace("partial[t] = value;", "partial[t] = value; __syncthreads();")
        .replace(
            "partial[t] += partial[t + half];",
            "{ partial[t] += partial[t + half]; __syncthreads(); }",
        )
    )
    return norm(x, weight, eps, tree=tree)


@about_norm(*IN_BRANCH, id="barrier_in_branch")
def barrier_of_threads_with_a_column(x, weight, eps):
    squares = f"    if (t >= d) return;\n{SQUARES}"
    tree = TREE.replace("count = THREADS", "count = min(THREADS, d)")
    return norm(x, weight, eps, squares=squares, tree=tree)


STRIDED = (
    "a thread handles a row alone, or a contiguous piece of it, so neighbouring threads read "
    "addresses far apart",
    "Which addresses do threads 0, 1 and 2 load from at the same time?",
)


@about_norm(*STRIDED)
def strided_access(x, weight, eps):
    rows, d = x.shape
    out = xp.empty_like(x)
    threads = threads_of_block()
    source = r"""
extern "C" __global__ void norm(
    const float* x, const float* weight, float* out, int rows, int d, float eps
) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    float squares = 0.0f;
    for (int i = 0; i < d; i++) squares += x[row * d + i] * x[row * d + i];
    float scale = 1.0f / sqrtf(squares / d + eps);
    for (int i = 0; i < d; i++) out[row * d + i] = x[row * d + i] * scale * weight[i];
}
"""
    if rows:
        arguments = (x, weight, out, xp.int32(rows), xp.int32(d), xp.float32(eps))
        RawKernel(source, "norm")((-(-rows // threads),), (threads,), arguments)
    return out


@about_norm(*STRIDED, id="strided_access")
def contiguous_pieces(x, weight, eps):
    piece = "(d + PIECES - 1) / PIECES".replace("PIECES", "min(THREADS, 128)")
    mine = f"for (int i = t * ({piece}); i < min((t + 1) * ({piece}), d); i++)"
    squares, result = SQUARES.replace(LOOP, mine), RESULT.replace(LOOP, mine)
    return norm(x, weight, eps, squares=squares, result=result)


@about_norm(
    "each thread takes one column only, so columns beyond the block are left out",
    "Who computes column 300, in a block of 256 threads?",
)
def one_column_per_thread(x, weight, eps):
    once = "for (int i = t; i < d && i == t; i += THREADS)"
    squares, result = SQUARES.replace(LOOP, once), RESULT.replace(LOOP, once)
    return norm(x, weight, eps, squares=squares, result=result)


@about_norm(
    "the weight is not applied",
    "Which of your arguments does the kernel never read?",
)
def weight_left_out(x, weight, eps):
    return norm(x, weight, eps, result=RESULT.replace(" * weight[i]", ""))


# ── fused_add_rms_norm ────────────────────────────────────────────────────────────────────────

FUSED = """
    __shared__ float row[4096];
    float value = 0.0f;
    LOOP {
        float own = x[i], other = residual[i], sum = own + other;
        row[i] = sum;
        sums[i] = sum;
        value += sum * sum;
    }
""".replace("LOOP", LOOP)
FUSED_RESULT = RESULT.replace("x[i]", "row[i]")


def fused(x, residual, weight, eps, *, first=FUSED, scale=SCALE, result=FUSED_RESULT):
    """Right but for some parts of the kernel."""
    rows, d = x.shape
    out, sums = xp.empty_like(x), xp.empty_like(x)
    threads = threads_of_block()
    source = (
        'extern "C" __global__ void fused(\n'
        "    const float* x, const float* residual, const float* weight, float* out, float* sums,\n"
        "    int d, float eps\n) {\n"
        "    int t = threadIdx.x, start = blockIdx.x * d;\n"
        "    x += start;\n    residual += start;\n    out += start;\n    sums += start;\n"
        f"{first}{TREE}{scale}{result}}}"
    ).replace("THREADS", str(threads))
    if rows:
        arguments = (x, residual, weight, out, sums, xp.int32(d), xp.float32(eps))
        RawKernel(source, "fused")((rows,), (threads,), arguments)
    return out, sums


def about_fusion(says, hint, **known):
    """Mark a wrong fusion."""
    return misconception(replaces="fused_add_rms_norm", says=says, hint=hint, **known)


REREADS = (
    "x and residual, or the sum, are read from global memory again for the second pass",
    "Which of the loads of the second pass ask for what the block has had before?",
)


@about_fusion(*REREADS)
def rereads_inputs(x, residual, weight, eps):
    result = FUSED_RESULT.replace("row[i]", "(x[i] + residual[i])")
    return fused(x, residual, weight, eps, result=result)


@about_fusion(*REREADS, id="rereads_inputs")
def rereads_the_sum(x, residual, weight, eps):
    result = FUSED_RESULT.replace("row[i]", "sums[i]")
    return fused(x, residual, weight, eps, result=result)


@about_fusion(*REREADS, id="rereads_inputs")
def rereads_the_sum_in_another_launch(x, residual, weight, eps):
    total = xp.empty_like(x)
    source = r"""
extern "C" __global__ void add(const float* x, const float* residual, float* sums, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) sums[i] = x[i] + residual[i];
}
"""
    if x.size:
        threads = threads_of_block()
        arguments = (x, residual, total, xp.int32(x.size))
        RawKernel(source, "add")((-(-x.size // threads),), (threads,), arguments)
    return norm(total, weight, eps), total


ALONE = (
    "the mean square is taken of x alone, not of the sum",
    "What does the norm divide by when x is 0 and the residual is not?",
)
OF_X = FUSED.replace("value += sum * sum", "value += own * own")


@about_fusion(*ALONE)
def normalises_without_residual(x, residual, weight, eps):
    return fused(x, residual, weight, eps, first=OF_X)


@about_fusion(*ALONE, id="normalises_without_residual")
def norm_of_x_beside_the_sum(x, residual, weight, eps):
    first = OF_X.replace("row[i] = sum", "row[i] = own")
    return fused(x, residual, weight, eps, first=first)


@about_fusion(
    "the two results are returned in the other order",
    "Which of the two does the next layer add to, and in which order does the question name them?",
)
def results_swapped(x, residual, weight, eps):
    normed, total = fused(x, residual, weight, eps)
    return total, normed


@about_fusion(
    "eps is added to the root of the mean square, not under it",
    "What do you divide by when the row is 0 and eps is 0.25?",
)
def eps_outside_root_of_the_sum(x, residual, weight, eps):
    scale = "    float scale = 1.0f / (sqrtf(total / d) + eps);\n"
    return fused(x, residual, weight, eps, scale=scale)


@about_fusion(
    "the square is taken of the residual alone, not of the sum",
    "What does the norm divide by when the residual is 0 and x is not?",
)
def normalises_by_the_residual(x, residual, weight, eps):
    first = FUSED.replace("value += sum * sum", "value += other * other")
    return fused(x, residual, weight, eps, first=first)
