"""Matrix times vector with quantised weights: the reference."""

from jaxtyping import Float, Int8, UInt8
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp

WARPS = 4
"""Rows of a block: a warp of 32 threads for each."""

WARP_SUM = r"""
__device__ float warp_sum(float value) {
    for (int apart = 16; apart > 0; apart /= 2)
        value += __shfl_down_sync(0xffffffffu, value, apart);
    return value;  // of all lanes in lane 0
}
"""

INT8 = r"""
extern "C" __global__ void int8(
    const int8_t* weight, const float* scale, const float* x, float* out, int n, int k
) {
    int row = blockIdx.x * blockDim.y + threadIdx.y, lane = threadIdx.x;
    if (row >= n) return;  // a whole warp, so that none is missing from the shuffles
    float sum = 0.0f;
    for (int j = lane; j < k; j += 32) sum += weight[row * k + j] * x[j];
    sum = warp_sum(sum);
    if (lane == 0) out[row] = scale[row] * sum;
}
"""

INT4 = r"""
extern "C" __global__ void int4(
    const uint8_t* packed, const float* scale, const float* x, float* out,
    int n, int k, int group
) {
    int row = blockIdx.x * blockDim.y + threadIdx.y, lane = threadIdx.x;
    if (row >= n) return;
    float sum = 0.0f;
    for (int j = lane; j < k / 2; j += 32) {
        int byte = packed[row * (k / 2) + j];
        float low = (byte & 15) - 8, high = (byte >> 4) - 8;
        // Groups are even, so both elements of a byte are in one.
        sum += scale[row * (k / group) + 2 * j / group] * (low * x[2 * j] + high * x[2 * j + 1]);
    }
    sum = warp_sum(sum);
    if (lane == 0) out[row] = sum;
}
"""


def int8_gemv(
    weight: Int8[Array, "n k"], scale: Float[Array, "n"], x: Float[Array, "k"]
) -> Float[Array, "n"]:
    """Return scale · (weight @ x), a warp for each row.

    >>> weight = xp.asarray([[1, -2]], dtype=xp.int8)
    >>> int8_gemv(weight, xp.ones(1, dtype=xp.float32), xp.ones(2, dtype=xp.float32)).tolist()
    [-1.0]
    """
    n, k = weight.shape
    out = xp.empty(n, dtype=xp.float32)
    arguments = (weight, scale, x, out, xp.int32(n), xp.int32(k))
    RawKernel(WARP_SUM + INT8, "int8")((blocks_for(n),), (32, WARPS), arguments)
    return out


def int4_gemv(
    packed: UInt8[Array, "n k/2"],
    scale: Float[Array, "n k/group"],
    x: Float[Array, "k"],
    group: int,
) -> Float[Array, "n"]:
    """Return the sums of scale · value · x, a warp for each row; bytes are unpacked in registers.

    >>> packed, one = xp.asarray([[0x7A]], dtype=xp.uint8), xp.ones((1, 1), dtype=xp.float32)
    >>> int4_gemv(packed, one, xp.asarray([1, 10], dtype=xp.float32), group=2).tolist()
    [-8.0]
    """
    n, k = packed.shape[0], 2 * packed.shape[1]
    if group < 1 or k % group:
        raise ValueError(f"group is {group}: it has to divide k = {k}")
    out = xp.empty(n, dtype=xp.float32)
    arguments = (packed, scale, x, out, xp.int32(n), xp.int32(k), xp.int32(group))
    RawKernel(WARP_SUM + INT4, "int4")((blocks_for(n),), (32, WARPS), arguments)
    return out


def blocks_for(n: int) -> int:
    """Return how many blocks have a warp for each of n rows."""
    return -(-n // WARPS)
