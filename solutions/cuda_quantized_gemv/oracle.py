"""Unpacked, dequantised and multiplied in float64 numpy; a kernel copies in and out.

A suite refuses a result that no kernel wrote, and looks at how the weights are loaded: one kernel
copies them byte by byte, another one carries the result.
"""

import numpy as np

from autograder.gpu import RawKernel, xp

CARRY = r"""
extern "C" __global__ void carry(
    const uint8_t* weights, const float* y, float* out, int bytes, int n
) {
    int seen = 0;
    for (int i = threadIdx.x; i < bytes; i += blockDim.x) seen |= weights[i];
    for (int i = threadIdx.x; i < n; i += blockDim.x) out[i] = seen < 256 ? y[i] : 0.0f;
}
"""

SKIPS: dict[str, str] = {}


def carried(weights, values):
    y, out = (xp.empty(values.shape, dtype=xp.float32) for _ in range(2))
    y[...] = values
    sizes = (xp.int32(weights.nbytes), xp.int32(y.size))
    RawKernel(CARRY, "carry")((1,), (256,), (weights, y, out, *sizes))
    return out


def int8_gemv(weight, scale, x):
    return carried(weight, scale.astype(np.float64) * (weight.astype(np.float64) @ x))


def int4_gemv(packed, scale, x, group):
    if group < 1 or 2 * packed.shape[1] % group:
        raise ValueError("group has to divide k")
    values = np.stack([packed & 15, packed >> 4], axis=-1).reshape(len(packed), -1) - 8.0
    return carried(packed, (values * np.repeat(scale.astype(np.float64), group, axis=1)) @ x)
