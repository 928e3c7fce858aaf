"""Reductions in CUDA: the reference."""

from jaxtyping import Float
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp

THREADS = 256
"""A block. The trees below halve it, so it is a power of two."""

SHARE = 4
"""Elements that a thread takes before the block adds: the more, the fewer atomics."""

BLOCK_SUM = r"""
extern "C" __global__ void block_sum(const float* x, float* total, int n) {
    __shared__ float sums[256];
    float sum = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        sum += x[i];
    sums[threadIdx.x] = sum;
    for (int step = blockDim.x / 2; step > 0; step /= 2) {
        __syncthreads();  // for all threads, not only for those that still add
        if (threadIdx.x < step) sums[threadIdx.x] += sums[threadIdx.x + step];
    }
    if (threadIdx.x == 0) atomicAdd(total, sums[0]);
}
"""

WARP_MAX = r"""
extern "C" __global__ void warp_max(const float* x, float* out, int rows, int cols) {
    int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
    if (row >= rows) return;  // the whole warp: nobody will wait for one of its lanes
    float best = -INFINITY;  // what a lane without elements has must not win
    for (int col = lane; col < cols; col += 32) best = fmaxf(best, x[row * cols + col]);
    for (int step = 16; step > 0; step /= 2)
        best = fmaxf(best, __shfl_down_sync(0xffffffff, best, step));
    if (lane == 0) out[row] = best;
}
"""

ARGMAX = r"""
// Value and index in one integer. A key is greater where the value is, and among equal values where
// the index is lower, so the order in which keys are compared can't matter.
__device__ unsigned long long key_of(float value, unsigned int index) {
    unsigned int bits = __float_as_uint(value + 0.0f);  // -0.0 + 0.0 is 0.0
    // The bits of floats are ordered as integers are, but for the sign: negative ones backwards.
    bits = bits >> 31 ? ~bits : bits | 0x80000000u;
    return (unsigned long long)bits << 32 | ~index;
}

extern "C" __global__ void argmax(const float* x, unsigned long long* best, int n) {
    __shared__ unsigned long long keys[256];
    unsigned long long key = 0;  // below the key of any number
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        key = max(key, key_of(x[i], i));
    keys[threadIdx.x] = key;
    for (int step = blockDim.x / 2; step > 0; step /= 2) {
        __syncthreads();
        if (threadIdx.x < step)
            keys[threadIdx.x] = max(keys[threadIdx.x], keys[threadIdx.x + step]);
    }
    if (threadIdx.x == 0) atomicMax(best, keys[0]);
}
"""


def block_sum(x: Float[Array, "n"]) -> float:
    """Return the sum: registers, then a tree in shared memory, then one atomic a block.

    >>> block_sum(xp.ones(5, dtype=xp.float32))
    5.0
    """
    total = xp.zeros(1, dtype=xp.float32)
    if x.size:
        grid = (blocks_for(x.size, THREADS * SHARE),)
        RawKernel(BLOCK_SUM, "block_sum")(grid, (THREADS,), (x, total, xp.int32(x.size)))
    return float(total[0])


def warp_max(x: Float[Array, "rows cols"]) -> Float[Array, "rows"]:
    """Return the maximum of each row, by a warp a row that exchanges registers."""
    rows, cols = x.shape
    if cols == 0:
        raise ValueError("x has no columns, and nothing has no maximum")
    out = xp.empty(rows, dtype=xp.float32)
    if rows:
        arguments = (x, out, xp.int32(rows), xp.int32(cols))
        RawKernel(WARP_MAX, "warp_max")((blocks_for(rows * 32, THREADS),), (THREADS,), arguments)
    return out


def argmax(x: Float[Array, "n"]) -> int:
    """Return the lowest index of a maximum: the maximum of keys that hold value and index.

    >>> argmax(xp.array([1, 3, 3], dtype=xp.float32))
    1
    """
    if x.size == 0:
        raise ValueError("x is empty, and nothing has no maximum")
    best = xp.zeros(1, dtype=xp.uint64)
    grid = (blocks_for(x.size, THREADS * SHARE),)
    RawKernel(ARGMAX, "argmax")(grid, (THREADS,), (x, best, xp.int32(x.size)))
    return 0xFFFFFFFF - (int(best[0]) & 0xFFFFFFFF)


def blocks_for(n: int, size: int) -> int:
    """Return how many blocks of `size` things n things need: n / size, rounded up."""
    return -(-n // size)
