"""Softmax in CUDA, in three passes and in two: the reference."""

from jaxtyping import Float
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp

THREADS = 256
"""A block, which has a row to itself. The trees halve it, so it is a power of two."""

SOFTMAX = r"""
extern "C" __global__ void softmax(const float* x, float* out, int cols) {
    __shared__ float partial[256];
    int t = threadIdx.x, threads = blockDim.x;
    x += blockIdx.x * cols;
    out += blockIdx.x * cols;

    float best = -INFINITY;
    for (int col = t; col < cols; col += threads) best = fmaxf(best, x[col]);
    partial[t] = best;
    for (int step = threads / 2; step > 0; step /= 2) {
        __syncthreads();
        if (t < step) partial[t] = fmaxf(partial[t], partial[t + step]);
    }
    __syncthreads();  // the maximum is there
    best = partial[0];
    __syncthreads();  // and everybody has it: the buffer is free for the sums

    float sum = 0.0f;
    for (int col = t; col < cols; col += threads) sum += expf(x[col] - best);
    partial[t] = sum;
    for (int step = threads / 2; step > 0; step /= 2) {
        __syncthreads();
        if (t < step) partial[t] += partial[t + step];
    }
    __syncthreads();
    sum = partial[0];

    for (int col = t; col < cols; col += threads) out[col] = expf(x[col] - best) / sum;
}
"""

ONLINE = r"""
// Numbers seen so far: their maximum, and the sum of exp(number - maximum).
struct Seen { float max, sum; };

// Milakov and Gimelshein, 2018, equation 4: both sums are brought to the common maximum.
__device__ Seen merge(Seen a, Seen b) {
    float most = fmaxf(a.max, b.max);
    if (most == -INFINITY) return a;  // -inf - -inf is NaN, and neither has anything to add
    return {most, a.sum * expf(a.max - most) + b.sum * expf(b.max - most)};
}

extern "C" __global__ void online_softmax(const float* x, float* out, int cols) {
    __shared__ Seen partial[256];
    int t = threadIdx.x, threads = blockDim.x;
    x += blockIdx.x * cols;
    out += blockIdx.x * cols;

    Seen seen = {-INFINITY, 0.0f};
    for (int col = t; col < cols; col += threads) seen = merge(seen, {x[col], 1.0f});
    partial[t] = seen;
    for (int step = threads / 2; step > 0; step /= 2) {
        __syncthreads();
        if (t < step) partial[t] = merge(partial[t], partial[t + step]);
    }
    __syncthreads();
    seen = partial[0];

    for (int col = t; col < cols; col += threads) out[col] = expf(x[col] - seen.max) / seen.sum;
}
"""


def softmax(x: Float[Array, "rows cols"]) -> Float[Array, "rows cols"]:
    """Return the softmax of each row: a pass for the maximum, one for the sum, one to write.

    >>> softmax(xp.zeros((1, 4), dtype=xp.float32)).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    return by_rows(SOFTMAX, "softmax", x)


def online_softmax(x: Float[Array, "rows cols"]) -> Float[Array, "rows cols"]:
    """Return the softmax of each row: maximum and sum in one pass, and one to write."""
    return by_rows(ONLINE, "online_softmax", x)


def by_rows(source: str, name: str, x: Float[Array, "rows cols"]) -> Float[Array, "rows cols"]:
    """Launch a kernel with a block for each row."""
    rows, cols = x.shape
    out = xp.empty_like(x)
    if x.size:
        RawKernel(source, name)((rows,), (THREADS,), (x, out, xp.int32(cols)))
    return out
