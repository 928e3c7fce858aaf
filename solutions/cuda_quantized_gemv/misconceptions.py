"""The wrong turns of cuda_quantized_gemv.

Right but for one thing each, with a block of the learner's own shape for each row, whose partial
sums come together in shared memory.
"""

from math import prod

from autograder.gpu import RawKernel, learners_block, xp
from autograder.suite import misconception

REDUCTION = r"""
#define THREADS (blockDim.x * blockDim.y)
#define THREAD (threadIdx.x + threadIdx.y * blockDim.x)
__device__ float total_of(float* partial, float sum) {
    partial[THREAD] = sum;
    __syncthreads();
    float total = 0.0f;
    for (int t = 0; THREAD == 0 && t < THREADS; t++) total += partial[t];
    return total;
}
"""
# Further ways to add up partial sums; in each a barrier can be left out.
TREE = r"""
#define THREADS (blockDim.x * blockDim.y)
#define THREAD (threadIdx.x + threadIdx.y * blockDim.x)
__device__ float total_of(float* partial, float sum) {
    partial[THREAD] = sum;
    __syncthreads(); /*first*/
    int count = THREADS;
    while (count > 1) {
        int half = (count + 1) / 2;
        if (THREAD < count - half) partial[THREAD] += partial[THREAD + half];
        count = half;
        __syncthreads(); /*step*/
    }
    return partial[0];
}
"""
WARPS = r"""
#define THREADS (blockDim.x * blockDim.y)
#define THREAD (threadIdx.x + threadIdx.y * blockDim.x)
__device__ float total_of(float* partial, float sum) {
    for (int apart = 16; apart > 0; apart /= 2) {
        float other = __shfl_down_sync(0xffffffffu, sum, apart);
        if (THREAD % 32 + apart < min(32, (int)(THREADS - THREAD / 32 * 32))) sum += other;
    }
    if (THREAD % 32 == 0) partial[THREAD / 32] = sum;
    __syncthreads(); /*first*/
    float total = 0.0f;
    for (int w = 0; THREAD == 0 && w < (THREADS + 31) / 32; w++) total += partial[w];
    return total;
}
"""
INT8 = r"""
extern "C" __global__ void int8(
    const int8_t* weight, const float* scale, const float* x, float* out, int n, int k
) {
    __shared__ float partial[1024];
    int row = blockIdx.x;
    float sum = 0.0f;
    for (int j = THREAD; j < k; j += THREADS) sum += weight[row * k + j] * x[j];
    sum = total_of(partial, sum);
    if (THREAD == 0) out[row] = scale[row] * sum;
}
"""
INT4 = r"""
extern "C" __global__ void int4(
    const uint8_t* packed, const float* scale, const float* x, float* out,
    int n, int k, int group
) {
    __shared__ float partial[1024];
    int row = blockIdx.x;
    float sum = 0.0f;
    for (int j = THREAD; j < k / 2; j += THREADS) {
        int byte = packed[row * (k / 2) + j];
        int low = byte & 15, high = byte >> 4;
        float by = scale[row * (k / group) + 2 * j / group];
        sum += by * ((low - 8) * x[2 * j] + (high - 8) * x[2 * j + 1]);
    }
    sum = total_of(partial, sum);
    if (THREAD == 0) out[row] = sum;
}
"""


def own_block():
    """Return a block with as many threads as the learner's."""
    return (prod(learners_block((64, 1))),)


def run_int8(weight, scale, x, *changes, reduction=REDUCTION):
    """Right but for what is replaced in the source."""
    n, k = weight.shape
    out = xp.empty(n, dtype=xp.float32)
    source = reduction + INT8
    for old, new in changes:
        source = source.replace(old, new)
    arguments = (weight, scale, x, out, xp.int32(n), xp.int32(k))
    RawKernel(source, "int8")((n,), own_block(), arguments)
    return out


def run_int4(packed, scale, x, group, *changes, reduction=REDUCTION):
    """Right but for what is replaced in the source."""
    n, k = packed.shape[0], 2 * packed.shape[1]
    if group < 1 or k % group:
        raise ValueError("group has to divide k")
    out = xp.empty(n, dtype=xp.float32)
    source = reduction + INT4
    for old, new in changes:
        source = source.replace(old, new)
    arguments = (packed, scale, x, out, xp.int32(n), xp.int32(k), xp.int32(group))
    RawKernel(source, "int4")((n,), own_block(), arguments)
    return out


STRIDED = {
    "id": "strided_access",
    "replaces": "int8_gemv",
    "says": "a thread handles a whole row, so neighbouring threads read bytes a row apart",
    "hint": "Threads 0 and 1 read the first bytes of rows 0 and 1. How far apart are these?",
}
ROW_A_THREAD = r"""
extern "C" __global__ void int8(
    const int8_t* weight, const float* scale, const float* x, float* out, int n, int k
) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= n) return;
    float sum = 0.0f;
    for (int j = 0; j < k; j++) sum += weight[row * k + j] * x[j];
    out[row] = scale[row] * sum;
}
"""


@misconception(**STRIDED)
def strided_access(weight, scale, x):
    n, k = weight.shape
    out = xp.empty(n, dtype=xp.float32)
    (threads,) = own_block()
    arguments = (weight, scale, x, out, xp.int32(n), xp.int32(k))
    RawKernel(ROW_A_THREAD, "int8")((-(-n // threads),), (threads,), arguments)
    return out


PIECE = (
    "for (int j = THREAD; j < k; j += THREADS) sum",
    "int piece = (k + THREADS - 1) / THREADS;\n"
    "    for (int j = THREAD * piece; j < min((int)(THREAD * piece + piece), k); j++) sum",
)


@misconception(
    id="strided_access",
    replaces="int8_gemv",
    says="a thread takes a contiguous piece of a row, so neighbouring threads read bytes far apart",
    hint="Thread 0 reads byte 0. Which byte does thread 1 read at the same time?",
)
def contiguous_pieces(weight, scale, x):
    (threads,) = own_block()
    if threads > 64:  # pieces of a few bytes lie in one sector with their neighbours
        return strided_access(weight, scale, x)
    return run_int8(weight, scale, x, PIECE)


@misconception(
    replaces="int8_gemv",
    says="the weights are read as unsigned bytes, so negative ones become large",
    hint="What is the byte 0xFF as unsigned char, and as signed char?",
)
def unsigned_weights(weight, scale, x):
    return run_int8(weight, scale, x, ("const int8_t*", "const uint8_t*"))


UNORDERED = {
    "id": "missing_barrier",
    "replaces": "int8_gemv",
    "says": "partial sums are read from shared memory before they are written",
    "hint": "One thread adds up what others have stored. How does it know that they have?",
}
FIRST, STEP = "__syncthreads(); /*first*/", "__syncthreads(); /*step*/"


@misconception(**UNORDERED)
def missing_barrier(weight, scale, x):
    return run_int8(weight, scale, x, ("__syncthreads();", ""))


@misconception(**UNORDERED)
def tree_without_first_barrier(weight, scale, x):
    return run_int8(weight, scale, x, (FIRST, ""), reduction=TREE)


@misconception(**UNORDERED)
def tree_without_barriers_between_steps(weight, scale, x):
    return run_int8(weight, scale, x, (STEP, ""), reduction=TREE)


@misconception(**UNORDERED)
def tree_without_barriers(weight, scale, x):
    return run_int8(weight, scale, x, (STEP, ""), (FIRST, ""), reduction=TREE)


@misconception(**UNORDERED)
def sums_of_warps_without_barrier(weight, scale, x):
    return run_int8(weight, scale, x, (FIRST, ""), reduction=WARPS)


@misconception(
    replaces="int8_gemv",
    says="the scale of the first row is used for all rows",
    hint="Which index does the scale have in your kernel?",
)
def one_scale_for_all_rows(weight, scale, x):
    return run_int8(weight, scale, x, ("scale[row]", "scale[0]"))


@misconception(
    replaces="int8_gemv",
    says="the result is not multiplied by the scale",
    hint="Double a scale. Does the result double?",
)
def scale_left_out(weight, scale, x):
    return run_int8(weight, scale, x, ("scale[row] * sum", "sum"))


@misconception(
    replaces="int8_gemv",
    says="products are summed as whole numbers, so what x has after the point is lost",
    hint="Which type has your sum, and what is 3 · 0.5 in it?",
)
def summed_as_int(weight, scale, x):
    return run_int8(weight, scale, x, ("sum += weight", "sum = (int)sum + (int)(weight"), END)


END = ("* x[j];", "* x[j]);")


@misconception(
    replaces="int4_gemv",
    says="the high nibble is taken as the even element",
    hint="0x79 holds two elements. Which of them is multiplied by x[0]?",
)
def nibbles_swapped(packed, scale, x, group):
    swapped = ("low = byte & 15, high = byte >> 4", "low = byte >> 4, high = byte & 15")
    return run_int4(packed, scale, x, group, swapped)


@misconception(
    replaces="int4_gemv",
    says="the stored nibble is used without subtracting 8",
    hint="Which stored nibble stands for 0?",
)
def no_zero_point(packed, scale, x, group):
    return run_int4(packed, scale, x, group, ("(low - 8)", "low"), ("(high - 8)", "high"))


@misconception(
    replaces="int4_gemv",
    says="the first scale of a row is used for all its groups",
    hint="How many scales does a row have, and which of them belongs to element j?",
)
def one_scale_per_row(packed, scale, x, group):
    return run_int4(packed, scale, x, group, ("+ 2 * j / group]", "]"))


@misconception(
    id="one_scale_per_row",
    replaces="int4_gemv",
    says="scale[row] is used for a whole row, as if there were one scale for each",
    hint="Which shape have the scales? How far apart are those of two rows?",
)
def scale_of_shape_n(packed, scale, x, group):
    wrong = ("row * (k / group) + 2 * j / group", "row")
    return run_int4(packed, scale, x, group, wrong)


@misconception(
    replaces="int4_gemv",
    says="the group is found from the byte's index, not from the element's",
    hint="Byte 3 holds elements 6 and 7. In which group of 4 do they lie?",
)
def scale_by_byte(packed, scale, x, group):
    return run_int4(packed, scale, x, group, ("2 * j / group]", "j / group]"))


@misconception(
    replaces="int4_gemv",
    says="the byte is shifted as a signed value, so high nibbles of 8 and more come out negative",
    hint="What is (signed char)0xF8 >> 4?",
)
def sign_extension(packed, scale, x, group):
    return run_int4(packed, scale, x, group, ("const uint8_t* packed", "const int8_t* packed"))


@misconception(
    replaces="int4_gemv",
    says="nibbles are taken for two's complement, so 8 … 15 stand for −8 … −1",
    hint="Which value does the stored nibble 8 stand for here, and which does 0?",
)
def twos_complement(packed, scale, x, group):
    changes = [("(low - 8)", "(low < 8 ? low : low - 16)")]
    changes += [("(high - 8)", "(high < 8 ? high : high - 16)")]
    return run_int4(packed, scale, x, group, *changes)


@misconception(
    replaces="int4_gemv",
    says="zero point and scale are applied to the low nibble only",
    hint="Work out 0x88 by hand: both elements are 0.",
)
def high_nibble_without_zero_point(packed, scale, x, group):
    return run_int4(packed, scale, x, group, ("(high - 8)", "high"))


FIRST_HALF = (
    "low - 8) * x[2 * j] + (high - 8) * x[2 * j + 1]",
    "low - 8) * x[j] + (high - 8) * x[k / 2 + j]",
)


@misconception(
    replaces="int4_gemv",
    says="low nibbles are taken as the first half of a row, high ones as the second half",
    hint="Which two elements does byte 0 hold?",
)
def halves_not_pairs(packed, scale, x, group):
    return run_int4(packed, scale, x, group, FIRST_HALF)


@misconception(**{**UNORDERED, "replaces": "int4_gemv"})
def int4_missing_barrier(packed, scale, x, group):
    return run_int4(packed, scale, x, group, ("__syncthreads();", ""))


@misconception(**{**UNORDERED, "replaces": "int4_gemv"})
def int4_tree_without_barriers_between_steps(packed, scale, x, group):
    return run_int4(packed, scale, x, group, (STEP, ""), reduction=TREE)


ROW_A_THREAD_INT4 = r"""
extern "C" __global__ void int4(
    const uint8_t* packed, const float* scale, const float* x, float* out,
    int n, int k, int group
) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= n) return;
    float sum = 0.0f;
    for (int j = 0; j < k / 2; j++) {
        int byte = packed[row * (k / 2) + j];
        float by = scale[row * (k / group) + 2 * j / group];
        sum += by * (((byte & 15) - 8) * x[2 * j] + ((byte >> 4) - 8) * x[2 * j + 1]);
    }
    out[row] = sum;
}
"""


@misconception(**{**STRIDED, "replaces": "int4_gemv"})
def int4_strided_access(packed, scale, x, group):
    n, k = packed.shape[0], 2 * packed.shape[1]
    if group < 1 or k % group:
        raise ValueError("group has to divide k")
    out = xp.empty(n, dtype=xp.float32)
    (threads,) = own_block()
    arguments = (packed, scale, x, out, xp.int32(n), xp.int32(k), xp.int32(group))
    RawKernel(ROW_A_THREAD_INT4, "int4")((-(-n // threads),), (threads,), arguments)
    return out


@misconception(
    replaces="int4_gemv",
    says="a thread takes one element, so two threads load the same byte",
    hint="How many bytes does your kernel load in all, and how many are there?",
)
def byte_loaded_for_each_element(packed, scale, x, group):
    changes = [
        ("j < k / 2;", "j < k;"),
        ("(k / 2) + j]", "(k / 2) + j / 2]"),
        ("+ 2 * j / group]", "+ j / group]"),
        (
            "(low - 8) * x[2 * j] + (high - 8) * x[2 * j + 1]",
            "((j % 2 ? high : low) - 8) * x[j]",
        ),
    ]
    return run_int4(packed, scale, x, group, *changes)
