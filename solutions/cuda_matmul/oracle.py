"""The product in float64 numpy, with one kernel to carry it: a copy from array to array."""

import numpy as np

from autograder.gpu import RawKernel, xp

COPY = r"""
extern "C" __global__ void copy(const float* x, float* out, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        out[i] = x[i];
}
"""

SKIPS: dict[str, str] = {}


def carried(values):
    """Copy the values, in float32, by one launch: a suite refuses a result that no kernel wrote."""
    x = xp.empty(values.shape, dtype=xp.float32)
    x[...] = values
    out = xp.empty_like(x)
    RawKernel(COPY, "copy")((1,), (256,), (x, out, xp.int32(x.size)))
    return out


def naive_matmul(a, b):
    return carried(a.astype(np.float64) @ b)


def tiled_matmul(a, b):
    return carried(a.astype(np.float64) @ b)
