"""RMS norm in CUDA, alone and fused with the residual sum: the reference."""

from jaxtyping import Float
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp

THREADS = 256
"""A block, which has a row to itself. The tree halves it, so it is a power of two."""

BLOCK_SUM = r"""
// The sum over the threads of a block, for all of them. Every thread has to call this.
__device__ float block_sum(float value) {
    __shared__ float partial[256];
    partial[threadIdx.x] = value;
    for (int step = blockDim.x / 2; step > 0; step /= 2) {
        __syncthreads();
        if (threadIdx.x < step) partial[threadIdx.x] += partial[threadIdx.x + step];
    }
    __syncthreads();
    return partial[0];
}
"""

# Zhang and Sennrich, 2019, equation 4, with eps under the root as in LLaMA.
RMS_NORM = r"""
extern "C" __global__ void rms_norm(
    const float* x, const float* weight, float* out, int d, float eps
) {
    x += blockIdx.x * d;
    out += blockIdx.x * d;
    float squares = 0.0f;
    for (int i = threadIdx.x; i < d; i += blockDim.x) squares += x[i] * x[i];
    float scale = 1.0f / sqrtf(block_sum(squares) / d + eps);
    for (int i = threadIdx.x; i < d; i += blockDim.x) out[i] = x[i] * scale * weight[i];
}
"""

FUSED = r"""
extern "C" __global__ void fused_add_rms_norm(
    const float* x, const float* residual, const float* weight, float* out, float* sums,
    int d, float eps
) {
    __shared__ float row[4096];  // each thread reads again only what it wrote: no barrier
    int start = blockIdx.x * d;
    float squares = 0.0f;
    for (int i = threadIdx.x; i < d; i += blockDim.x) {
        float sum = x[start + i] + residual[start + i];
        row[i] = sum;
        sums[start + i] = sum;
        squares += sum * sum;
    }
    float scale = 1.0f / sqrtf(block_sum(squares) / d + eps);
    for (int i = threadIdx.x; i < d; i += blockDim.x) out[start + i] = row[i] * scale * weight[i];
}
"""


def rms_norm(
    x: Float[Array, "rows d"],
    weight: Float[Array, "d"],
    eps: float,
) -> Float[Array, "rows d"]:
    """Return each row divided by the root of its mean square, times the weight.

    >>> x = xp.array([[3, 4]], dtype=xp.float32)
    >>> rms_norm(x, xp.array([1, 2], dtype=xp.float32), 12.5).round(4).tolist()
    [[0.6, 1.6]]
    """
    rows, d = x.shape
    out = xp.empty_like(x)
    if rows:
        arguments = (x, weight, out, xp.int32(d), xp.float32(eps))
        RawKernel(BLOCK_SUM + RMS_NORM, "rms_norm")((rows,), (THREADS,), arguments)
    return out


def fused_add_rms_norm(
    x: Float[Array, "rows d"],
    residual: Float[Array, "rows d"],
    weight: Float[Array, "d"],
    eps: float,
) -> tuple[Float[Array, "rows d"], Float[Array, "rows d"]]:
    """Return the RMS norm of x + residual, and x + residual, with each input loaded once."""
    rows, d = x.shape
    out, sums = xp.empty_like(x), xp.empty_like(x)
    if rows:
        arguments = (x, residual, weight, out, sums, xp.int32(d), xp.float32(eps))
        RawKernel(BLOCK_SUM + FUSED, "fused_add_rms_norm")((rows,), (THREADS,), arguments)
    return out, sums
