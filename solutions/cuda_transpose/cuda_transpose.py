"""A tiled transpose in CUDA: the reference."""

from jaxtyping import Float
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp

TILE = 32
"""Rows and columns of a tile: as many as a warp has threads and shared memory has banks."""

STEP = 8
"""Rows of threads: 32 × 8 = 256 threads a block, each of which moves four elements of a tile."""

TRANSPOSE = r"""
#define TILE 32

extern "C" __global__ void transpose(const float* x, float* out, int rows, int cols) {
    // 33 columns: a column of the tile then lies in 32 different banks.
    __shared__ float tile[TILE][TILE + 1];

    int col = blockIdx.x * TILE + threadIdx.x;
    for (int j = threadIdx.y; j < TILE; j += blockDim.y) {
        int row = blockIdx.y * TILE + j;
        if (row < rows && col < cols) tile[j][threadIdx.x] = x[row * cols + col];
    }
    __syncthreads();

    // The block at (x, y) of the input is at (y, x) of the output. Neighbouring threads walk along
    // the rows of the output: it is in shared memory that they read a column.
    col = blockIdx.y * TILE + threadIdx.x;
    for (int j = threadIdx.y; j < TILE; j += blockDim.y) {
        int row = blockIdx.x * TILE + j;
        if (row < cols && col < rows) out[row * rows + col] = tile[threadIdx.x][j];
    }
}
"""


def transpose(x: Float[Array, "rows cols"]) -> Float[Array, "cols rows"]:
    """Return the transpose, through tiles in shared memory (Harris, 2013).

    >>> transpose(xp.ones((1, 3), dtype=xp.float32)).tolist()
    [[1.0], [1.0], [1.0]]
    """
    rows, cols = x.shape
    out = xp.empty((cols, rows), dtype=x.dtype)
    grid = (-(-cols // TILE), -(-rows // TILE))  # tiles, those at the edges included
    arguments = (x, out, xp.int32(rows), xp.int32(cols))
    RawKernel(TRANSPOSE, "transpose")(grid, (TILE, STEP), arguments)
    return out
