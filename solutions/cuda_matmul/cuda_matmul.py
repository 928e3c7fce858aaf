"""Matrix products in CUDA: the reference."""

from jaxtyping import Float
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp

NAIVE = r"""
extern "C" __global__ void naive(const float* a, const float* b, float* out, int m, int n, int k) {
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    int column = blockIdx.x * blockDim.x + threadIdx.x;  // neighbouring threads go along n
    if (row >= m || column >= n) return;
    float sum = 0.0f;
    for (int i = 0; i < k; i++) sum += a[row * k + i] * b[i * n + column];
    out[row * n + column] = sum;
}
"""

TILED = r"""
#define TILE 16
extern "C" __global__ void tiled(const float* a, const float* b, float* out, int m, int n, int k) {
    __shared__ float a_tile[TILE][TILE], b_tile[TILE][TILE];
    int x = threadIdx.x, y = threadIdx.y;
    int row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
    float sum = 0.0f;
    for (int start = 0; start < k; start += TILE) {
        // Every thread loads, whether or not it has a result of its own: others need its share.
        a_tile[y][x] = row < m && start + x < k ? a[row * k + start + x] : 0.0f;
        b_tile[y][x] = start + y < k && column < n ? b[(start + y) * n + column] : 0.0f;
        __syncthreads();  // all is loaded before anyone reads
        for (int i = 0; i < TILE; i++) sum += a_tile[y][i] * b_tile[i][x];
        __syncthreads();  // all is read before anyone loads the next tiles
    }
    if (row < m && column < n) out[row * n + column] = sum;
}
"""

TILE = 16


def naive_matmul(a: Float[Array, "m k"], b: Float[Array, "k n"]) -> Float[Array, "m n"]:
    """Multiply with one thread for each element of the result.

    >>> naive_matmul(xp.ones((1, 3), dtype=xp.float32), xp.ones((3, 2), dtype=xp.float32)).tolist()
    [[3.0, 3.0]]
    """
    return launch(RawKernel(NAIVE, "naive"), a, b)


def tiled_matmul(a: Float[Array, "m k"], b: Float[Array, "k n"]) -> Float[Array, "m n"]:
    """Multiply through tiles in shared memory: each element loaded is used TILE times."""
    return launch(RawKernel(TILED, "tiled"), a, b)


def launch(kernel: RawKernel, a: Float[Array, "m k"], b: Float[Array, "k n"]):
    """Launch a kernel with a block of TILE×TILE threads for each tile of the result."""
    (m, k), n = a.shape, b.shape[1]
    if b.shape[0] != k:
        raise ValueError(f"a has {k} columns and b has {b.shape[0]} rows: they have to be equal")
    out = xp.empty((m, n), dtype=xp.float32)
    grid = (-(-n // TILE), -(-m // TILE))  # rounded up: the last tiles stand over the edge
    kernel(grid, (TILE, TILE), (a, b, out, xp.int32(m), xp.int32(n), xp.int32(k)))
    return out
