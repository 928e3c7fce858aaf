"""The wrong turns of cuda_elementwise."""

from autograder.gpu import RawKernel, learners_block, xp
from autograder.suite import misconception
from solutions.cuda_elementwise.cuda_elementwise import FUSED, GELU, GRID_STRIDE, SAXPY


def ceil(n, size):
    return -(-n // size)


def run_saxpy(a, x, y, *, source=SAXPY, blocks=None, out=None, n=None):
    """Right but for the source, the number of blocks, the new array or the type of n."""
    out = xp.empty_like(x) if out is None else out
    (threads,) = learners_block((256,))
    blocks = ceil(x.size, threads) if blocks is None else blocks
    if x.size:
        n = xp.int32(x.size) if n is None else n
        RawKernel(source, "saxpy")((blocks,), (threads,), (xp.float32(a), x, y, out, n))
    return out


@misconception(
    replaces="saxpy",
    says="threads beyond n read and write outside the buffers",
    hint="A block has as many threads for the last element as for any other. What do they do?",
)
def no_bounds_check(a, x, y):
    return run_saxpy(a, x, y, source=SAXPY.replace("if (i < n)", ""))


SAYS_MULTIPLE = (
    "the number of blocks is rounded down, so elements past the last whole block are never computed"
)
HINT_MULTIPLE = "How many blocks do you launch for 300 elements, and how many for 10?"


@misconception(replaces="saxpy", says=SAYS_MULTIPLE, hint=HINT_MULTIPLE)
def assumes_multiple_of_block(a, x, y):
    (threads,) = learners_block((256,))
    return run_saxpy(a, x, y, blocks=x.size // threads)


@misconception(
    id="assumes_multiple_of_block", replaces="saxpy", says=SAYS_MULTIPLE, hint=HINT_MULTIPLE
)
def rounded_down_over_a_copy(a, x, y):
    (threads,) = learners_block((256,))
    return run_saxpy(a, x, y, blocks=x.size // threads, out=y.copy())


@misconception(
    id="assumes_multiple_of_block", replaces="saxpy", says=SAYS_MULTIPLE, hint=HINT_MULTIPLE
)
def rounded_down_over_zeros(a, x, y):
    (threads,) = learners_block((256,))
    return run_saxpy(a, x, y, blocks=x.size // threads, out=xp.zeros_like(x))


@misconception(
    id="assumes_multiple_of_block", replaces="saxpy", says=SAYS_MULTIPLE, hint=HINT_MULTIPLE
)
def rounded_down_but_one(a, x, y):
    (threads,) = learners_block((256,))
    return run_saxpy(a, x, y, blocks=max(1, x.size // threads))


@misconception(
    id="assumes_multiple_of_block", replaces="saxpy", says=SAYS_MULTIPLE, hint=HINT_MULTIPLE
)
def rounded_down_but_one_over_a_copy(a, x, y):
    (threads,) = learners_block((256,))
    return run_saxpy(a, x, y, blocks=max(1, x.size // threads), out=y.copy())


@misconception(
    id="assumes_multiple_of_block", replaces="saxpy", says=SAYS_MULTIPLE, hint=HINT_MULTIPLE
)
def rounded_down_but_one_over_zeros(a, x, y):
    (threads,) = learners_block((256,))
    return run_saxpy(a, x, y, blocks=max(1, x.size // threads), out=xp.zeros_like(x))


@misconception(
    replaces="saxpy",
    says="a bare Python int is passed where the kernel takes an int",
    hint="How many bytes does CuPy give a Python int, and how many does your kernel read?",
)
def python_int_argument(a, x, y):
    return run_saxpy(a, x, y, n=int(x.size))


@misconception(
    replaces="saxpy",
    says="the index is that of the thread in its block, so all blocks compute the same elements",
    hint="Which elements does the second block compute?",
)
def block_index_ignored(a, x, y):
    return run_saxpy(a, x, y, source=SAXPY.replace("blockIdx.x * blockDim.x + ", ""))


@misconception(
    replaces="saxpy",
    says="the result is written into y, which belongs to the caller",
    hint="Print y before and after the call.",
)
def overwrites_y(a, x, y):
    return run_saxpy(a, x, y, out=y)


@misconception(
    replaces="saxpy",
    says="a is passed as a double, so it is not rounded to float32",
    hint="Which float32 is nearest to 2²⁴ + 1?",
)
def a_stays_double(a, x, y):
    out = xp.empty_like(x)
    (threads,) = learners_block((256,))
    if x.size:
        source = SAXPY.replace("float a", "double a")
        arguments = (xp.float64(a), x, y, out, xp.int32(x.size))
        RawKernel(source, "saxpy")((ceil(x.size, threads),), (threads,), arguments)
    return out


def run_gelu(x, max_blocks, *, source=GELU + GRID_STRIDE, limited=True, out=None):
    """Right but for the source, a grid without limit, or the new array."""
    if max_blocks < 1:
        raise ValueError("max_blocks has to be at least 1")
    out = xp.empty_like(x) if out is None else out
    (threads,) = learners_block((256,))
    blocks = ceil(x.size, threads)
    if x.size:
        grid = (min(blocks, max_blocks) if limited else blocks,)
        RawKernel(source, "grid_stride")(grid, (threads,), (x, out, xp.int32(x.size)))
    return out


ONE_ELEMENT = """
extern "C" __global__ void grid_stride(const float* x, float* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = gelu(x[i]);
}
"""
SAYS_ONE = "each thread computes one element only, so elements beyond the grid are never computed"
HINT_ONE = "Two blocks of 256 threads, and 5000 elements. Who computes element 1000?"


@misconception(replaces="grid_stride_gelu", says=SAYS_ONE, hint=HINT_ONE)
def one_element_per_thread(x, max_blocks):
    return run_gelu(x, max_blocks, source=GELU + ONE_ELEMENT)


@misconception(
    id="one_element_per_thread", replaces="grid_stride_gelu", says=SAYS_ONE, hint=HINT_ONE
)
def one_element_over_zeros(x, max_blocks):
    return run_gelu(x, max_blocks, source=GELU + ONE_ELEMENT, out=xp.zeros_like(x))


@misconception(
    id="one_element_per_thread", replaces="grid_stride_gelu", says=SAYS_ONE, hint=HINT_ONE
)
def one_element_over_a_copy(x, max_blocks):
    return run_gelu(x, max_blocks, source=GELU + ONE_ELEMENT, out=x.copy())


@misconception(
    replaces="grid_stride_gelu",
    says="each thread takes a contiguous chunk, so neighbouring threads read and write addresses "
    "far apart",
    hint="Which element does thread 0 begin with, and which thread 1? How many bytes apart?",
)
def strided_access(x, max_blocks):
    source = """
extern "C" __global__ void grid_stride(const float* x, float* out, int n) {
    int threads = gridDim.x * blockDim.x;
    int chunk = (n + threads - 1) / threads;
    int start = (blockIdx.x * blockDim.x + threadIdx.x) * chunk;
    for (int i = start; i < min(start + chunk, n); i++) out[i] = gelu(x[i]);
}
"""
    return run_gelu(x, max_blocks, source=GELU + source)


@misconception(
    replaces="grid_stride_gelu",
    says="as many blocks are launched as n needs, whatever max_blocks says",
    hint="What does your grid look like for max_blocks = 1 and a million elements?",
)
def grid_ignores_limit(x, max_blocks):
    return run_gelu(x, max_blocks, limited=False)


@misconception(
    replaces="grid_stride_gelu",
    says="the stride is the size of one block, not of the grid, so blocks do each other's work",
    hint="Which elements does the first block compute in its second round, and which the second "
    "block in its first?",
)
def stride_of_one_block(x, max_blocks):
    source = GELU + GRID_STRIDE.replace("gridDim.x * blockDim.x", "blockDim.x")
    return run_gelu(x, max_blocks, source=source)


@misconception(
    replaces="grid_stride_gelu",
    says="the GELU is that of the normal distribution (erf), not its approximation by tanh",
    hint="Compare gelu(2) with the formula of the README to six digits.",
)
def erf_gelu(x, max_blocks):
    source = """
__device__ float gelu(float x) { return 0.5f * x * (1.0f + erff(x * 0.70710678f)); }
"""
    return run_gelu(x, max_blocks, source=source + GRID_STRIDE)


@misconception(
    replaces="grid_stride_gelu",
    says="tanh is a quotient of exponentials that overflow, so large inputs give NaN",
    hint="What is exp(90) in float32? And infinity divided by infinity?",
)
def overflowing_tanh(x, max_blocks):
    source = """
__device__ float gelu(float x) {
    float e = expf(2.0f * 0.7978845608f * (x + 0.044715f * x * x * x));
    return 0.5f * x * (1.0f + (e - 1.0f) / (e + 1.0f));
}
"""
    return run_gelu(x, max_blocks, source=source + GRID_STRIDE)


def run_fused(x, bias, residual, source):
    """Right but for the source."""
    out = xp.empty_like(x)
    (threads,) = learners_block((256,))
    if x.size:
        arguments = (x, bias, residual, out, xp.int32(x.size), xp.int32(bias.size))
        RawKernel(GELU + source, "fused")((ceil(x.size, threads),), (threads,), arguments)
    return out


@misconception(
    replaces="fused_bias_gelu_residual",
    says="the operations are separate launches and their intermediate results go through global "
    "memory",
    hint="Count the arrays that are written and read again before the result is there.",
)
def three_launches(x, bias, residual):
    source = (
        GELU
        + r"""
extern "C" __global__ void add_bias(const float* x, const float* bias, float* out, int n, int d) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = x[i] + bias[i % d];
}
extern "C" __global__ void activate(const float* x, float* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = gelu(x[i]);
}
extern "C" __global__ void add(const float* x, const float* residual, float* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = x[i] + residual[i];
}
"""
    )
    shifted, active, out = xp.empty_like(x), xp.empty_like(x), xp.empty_like(x)
    (threads,) = learners_block((256,))
    if x.size:
        n, grid, block = xp.int32(x.size), (ceil(x.size, threads),), (threads,)
        RawKernel(source, "add_bias")(grid, block, (x, bias, shifted, n, xp.int32(bias.size)))
        RawKernel(source, "activate")(grid, block, (shifted, active, n))
        RawKernel(source, "add")(grid, block, (active, residual, out, n))
    return out


@misconception(
    replaces="fused_bias_gelu_residual",
    says="the bias is indexed by the row, not by the column",
    hint="The bias has d elements. Which of the two indices of x runs to d?",
)
def bias_by_row(x, bias, residual):
    return run_fused(x, bias, residual, FUSED.replace("i % d", "i / d"))


@misconception(
    replaces="fused_bias_gelu_residual",
    says="the bias is indexed by the element of the whole matrix, so it is read beyond its end",
    hint="Which element of the bias belongs to the first element of the second row?",
)
def bias_by_element(x, bias, residual):
    return run_fused(x, bias, residual, FUSED.replace("i % d", "i"))


@misconception(
    replaces="fused_bias_gelu_residual",
    says="the residual is added before the GELU",
    hint="What comes out for x = bias = 0 and a residual of −1?",
)
def residual_inside_gelu(x, bias, residual):
    source = FUSED.replace(
        "residual[i] + gelu(x[i] + bias[i % d])", "gelu(residual[i] + x[i] + bias[i % d])"
    )
    return run_fused(x, bias, residual, source)


@misconception(
    replaces="fused_bias_gelu_residual",
    says="the bias is added after the GELU",
    hint="What comes out for x = residual = 0 and a bias of −1?",
)
def bias_after_gelu(x, bias, residual):
    source = FUSED.replace("gelu(x[i] + bias[i % d])", "gelu(x[i]) + bias[i % d]")
    return run_fused(x, bias, residual, source)
