"""Right kernels have no findings, in any order of threads, and right values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograder.gpu import xp
from tests.gpu.kernels import f32, i32, kinds, profile


class Right(NamedTuple):
    name: str
    source: str
    grid: Any
    block: Any
    args: Callable[[], tuple[Any, ...]]
    check: Callable[..., bool]
    shared_mem: int = 0


SUM_512 = 512 * 511 / 2
RIGHT = [
    Right(
        "tree reduction",
        """extern "C" __global__ void k(const float* x, float* y) {
    __shared__ float s[256];
    int t = threadIdx.x;
    s[t] = x[blockIdx.x * 256 + t];
    __syncthreads();
    for (int half = 128; half > 0; half >>= 1) {
        if (t < half) s[t] += s[t + half];
        __syncthreads();
    }
    if (t == 0) atomicAdd(y, s[0]);
}""",
        2,
        256,
        lambda: (f32(512), f32(1, value=0)),
        lambda x, y: y[0] == SUM_512,
    ),
    Right(
        "warp-synchronous reduction",
        """extern "C" __global__ void k(const float* x, float* y) {
    __shared__ float s[64];
    int t = threadIdx.x;
    s[t] = x[t];
    __syncwarp();
    for (int half = 16; half > 0; half >>= 1) {
        float v = (t & 31) < half ? s[t + half] : 0;
        __syncwarp();
        s[t] += v;
        __syncwarp();
    }
    if ((t & 31) == 0) y[t / 32] = s[t];
}""",
        1,
        64,
        lambda: (f32(64), f32(2, value=0)),
        lambda x, y: (y == [31 * 16, 31 * 16 + 1024]).all(),
    ),
    Right(
        "shuffle reduction",
        """extern "C" __global__ void k(const float* x, float* y) {
    float v = x[blockIdx.x * 64 + threadIdx.x];
    for (int d = 16; d; d >>= 1) v += __shfl_down_sync(0xffffffff, v, d);
    __shared__ float parts[2];
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = v;
    __syncthreads();
    if (threadIdx.x == 0) y[blockIdx.x] = parts[0] + parts[1];
}""",
        8,
        64,
        lambda: (f32(512), f32(8, value=0)),
        lambda x, y: y.sum() == SUM_512,
    ),
    Right(
        "butterfly over rows",
        """extern "C" __global__ void k(const float* x, float* y, int cols) {
    int row = blockIdx.x * blockDim.y + threadIdx.y;
    float best = -INFINITY;
    for (int c = threadIdx.x; c < cols; c += 32) best = fmaxf(best, x[row * cols + c]);
    for (int d = 16; d; d /= 2) best = fmaxf(best, __shfl_xor_sync(0xffffffffu, best, d));
    if (threadIdx.x == 0) y[row] = best;
}""",
        2,
        (32, 4),
        lambda: (f32(8, 50), f32(8, value=0), xp.int32(50)),
        lambda x, y, cols: (y == x.max(1)).all(),
    ),
    Right(
        "Hillis-Steele scan",
        """extern "C" __global__ void k(const int* x, int* y, int n) {
    extern __shared__ int s[];
    int t = threadIdx.x, in = 0;
    s[t] = t < n ? x[t] : 0;
    __syncthreads();
    for (int d = 1; d < blockDim.x; d *= 2) {
        int out = 1 - in;
        s[out * blockDim.x + t] = s[in * blockDim.x + t]
            + (t >= d ? s[in * blockDim.x + t - d] : 0);
        in = out;
        __syncthreads();
    }
    if (t < n) y[t] = s[in * blockDim.x + t];
}""",
        1,
        128,
        lambda: (i32(100), i32(100, value=0), xp.int32(100)),
        lambda x, y, n: (y == np.cumsum(x)).all(),
        1024,
    ),
    Right(
        "Blelloch scan",
        """extern "C" __global__ void k(int* x) {
    __shared__ int s[128];
    int t = threadIdx.x, offset = 1;
    s[2 * t] = x[2 * t]; s[2 * t + 1] = x[2 * t + 1];
    for (int d = 64; d > 0; d >>= 1) {
        __syncthreads();
        if (t < d) s[offset * (2 * t + 2) - 1] += s[offset * (2 * t + 1) - 1];
        offset *= 2;
    }
    if (t == 0) s[127] = 0;
    for (int d = 1; d < 128; d *= 2) {
        offset >>= 1;
        __syncthreads();
        if (t < d) {
            int a = offset * (2 * t + 1) - 1, b = offset * (2 * t + 2) - 1, v = s[a];
            s[a] = s[b];
            s[b] += v;
        }
    }
    __syncthreads();
    x[2 * t] = s[2 * t]; x[2 * t + 1] = s[2 * t + 1];
}""",
        1,
        64,
        lambda: (i32(128, value=1),),
        lambda x: (x == np.arange(128)).all(),
    ),
    Right(
        "warp scan",
        """extern "C" __global__ void k(const int* x, int* y) {
    int v = x[threadIdx.x], lane = threadIdx.x & 31;
    for (int d = 1; d < 32; d <<= 1) {
        int other = __shfl_up_sync(0xffffffff, v, d);
        if (lane >= d) v += other;
    }
    y[threadIdx.x] = v;
}""",
        1,
        32,
        lambda: (i32(32), i32(32, value=0)),
        lambda x, y: (y == np.cumsum(x)).all(),
    ),
    Right(
        "tiled product",
        """#define T 8
extern "C" __global__ void k(const float* a, const float* b, float* c, int m, int n, int p) {
    __shared__ float as[T][T], bs[T][T];
    int r = blockIdx.y * T + threadIdx.y, q = blockIdx.x * T + threadIdx.x;
    float sum = 0;
    for (int t = 0; t < (p + T - 1) / T; t++) {
        int ac = t * T + threadIdx.x, br = t * T + threadIdx.y;
        as[threadIdx.y][threadIdx.x] = r < m && ac < p ? a[r * p + ac] : 0;
        bs[threadIdx.y][threadIdx.x] = br < p && q < n ? b[br * n + q] : 0;
        __syncthreads();
        for (int i = 0; i < T; i++) sum += as[threadIdx.y][i] * bs[i][threadIdx.x];
        __syncthreads();
    }
    if (r < m && q < n) c[r * n + q] = sum;
}""",
        (3, 2),
        (8, 8),
        lambda: (f32(11, 13), f32(13, 19), f32(11, 19, value=0), *map(xp.int32, (11, 19, 13))),
        lambda a, b, c, *_: np.allclose(c, a @ b),
    ),
    Right(
        "transpose",
        """extern "C" __global__ void k(const float* x, float* y, int rows, int cols) {
    __shared__ float tile[32][33];
    int c = blockIdx.x * 32 + threadIdx.x, r = blockIdx.y * 32 + threadIdx.y;
    for (int i = 0; i < 32; i += 8)
        if (r + i < rows && c < cols) tile[threadIdx.y + i][threadIdx.x] = x[(r + i) * cols + c];
    __syncthreads();
    c = blockIdx.y * 32 + threadIdx.x; r = blockIdx.x * 32 + threadIdx.y;
    for (int i = 0; i < 32; i += 8)
        if (r + i < cols && c < rows) y[(r + i) * rows + c] = tile[threadIdx.x][threadIdx.y + i];
}""",
        (3, 2),
        (32, 8),
        lambda: (f32(37, 65), f32(65, 37, value=0), xp.int32(37), xp.int32(65)),
        lambda x, y, *_: (y == x.T).all(),
    ),
    Right(
        "histogram in shared memory",
        """extern "C" __global__ void k(const int* x, int* y, int n, int bins) {
    extern __shared__ int h[];
    for (int b = threadIdx.x; b < bins; b += blockDim.x) h[b] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&h[x[i] % bins], 1);
    __syncthreads();
    for (int b = threadIdx.x; b < bins; b += blockDim.x)
        if (h[b]) atomicAdd(&y[b], h[b]);
}""",
        3,
        64,
        lambda: (i32(1000), i32(10, value=0), xp.int32(1000), xp.int32(10)),
        lambda x, y, *_: (y == 100).all(),
        40,
    ),
    Right(
        "histogram in global memory",
        """extern "C" __global__ void k(const int* x, unsigned* y) {
    atomicAdd(&y[x[blockIdx.x * 32 + threadIdx.x] % 7], 1u);
}""",
        7,
        32,
        lambda: (i32(224), xp.zeros(7, xp.uint32)),
        lambda x, y: (y == 32).all(),
    ),
    Right(
        "float maximum by compare and swap",
        """__device__ void raise(float* a, float v) {
    int* bits = (int*)a;
    int old = *bits;
    while (__int_as_float(old) < v) {
        int seen = atomicCAS(bits, old, __float_as_int(v));
        if (seen == old) break;
        old = seen;
    }
}
extern "C" __global__ void k(const float* x, float* y) {
    raise(y, x[blockIdx.x * 64 + threadIdx.x]);
}""",
        4,
        64,
        lambda: (f32(256), f32(1, value=-1)),
        lambda x, y: y[0] == 255,
    ),
    Right(
        "grid stride",
        """extern "C" __global__ void k(const float* __restrict__ x, float* __restrict__ y, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        y[i] = 2 * __ldg(&x[i]);
}""",
        3,
        128,
        lambda: (f32(1000), f32(1000, value=0), xp.int32(1000)),
        lambda x, y, n: (y == 2 * x).all(),
    ),
    Right(
        "in place, each its own",
        'extern "C" __global__ void k(float* x) { x[threadIdx.x] += 1; x[threadIdx.x] *= 2; }',
        1,
        100,
        lambda: (f32(100),),
        lambda x: (x == 2 * (np.arange(100) + 1)).all(),
    ),
    Right(
        "a leader writes, all read",
        """extern "C" __global__ void k(const float* x, float* y) {
    __shared__ float mean;
    if (threadIdx.x == 0) {
        float s = 0;
        for (int i = 0; i < 64; i++) s += x[i];
        mean = s / 64;
    }
    __syncthreads();
    y[threadIdx.x] = x[threadIdx.x] - mean;
}""",
        1,
        64,
        lambda: (f32(64), f32(64, value=0)),
        lambda x, y: y.sum() == 0,
    ),
    Right(
        "double buffer",
        """extern "C" __global__ void k(const float* x, float* y) {
    __shared__ float s[2][32];
    int t = threadIdx.x;
    float sum = 0;
    s[0][t] = x[t];
    for (int r = 0; r < 4; r++) {
        __syncthreads();
        if (r < 3) s[(r + 1) % 2][t] = x[(r + 1) * 32 + t];
        sum += s[r % 2][31 - t];
    }
    y[t] = sum;
}""",
        1,
        32,
        lambda: (f32(128), f32(32, value=0)),
        lambda x, y: y.sum() == x.sum(),
    ),
    Right(
        "stencil with a halo",
        """extern "C" __global__ void k(const float* x, float* y, int n) {
    __shared__ float s[34];
    int i = blockIdx.x * 32 + threadIdx.x, t = threadIdx.x + 1;
    s[t] = i < n ? x[i] : 0;
    if (threadIdx.x == 0) s[0] = i > 0 ? x[i - 1] : 0;
    if (threadIdx.x == 31) s[33] = i + 1 < n ? x[i + 1] : 0;
    __syncthreads();
    if (i < n) y[i] = s[t - 1] + s[t] + s[t + 1];
}""",
        4,
        32,
        lambda: (f32(100), f32(100, value=0), xp.int32(100)),
        lambda x, y, n: (y[1:-1] == 3 * x[1:-1]).all(),
    ),
    Right(
        "half-warps by themselves",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[32];
    int t = threadIdx.x;
    unsigned mask = t < 16 ? 0xffffu : 0xffff0000u;
    s[t] = t;
    __syncwarp(mask);
    float v = s[t ^ 15];
    y[t] = v + __shfl_sync(mask, v, 0, 16);
}""",
        1,
        32,
        lambda: (f32(32, value=0),),
        lambda y: (y[:16] == np.arange(15, -1, -1) + 15).all(),
    ),
    Right(
        "order through a third lane",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[1];
    int t = threadIdx.x;
    if (t == 0) s[0] = 5;
    if (t < 2) __syncwarp(3);
    if (t == 1 || t == 2) __syncwarp(6);
    if (t == 2) y[0] = s[0];
}""",
        1,
        32,
        lambda: (f32(1, value=0),),
        lambda y: y[0] == 5,
    ),
    Right(
        "last block by a counter",
        """extern "C" __global__ void k(const float* x, float* y, unsigned* done) {
    __shared__ bool last;
    if (threadIdx.x == 0) {
        atomicAdd(y, x[blockIdx.x]);
        last = atomicAdd(done, 1u) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && threadIdx.x == 0) atomicExch(y, atomicAdd(y, 0.0f) / gridDim.x);
}""",
        4,
        32,
        lambda: (f32(4), f32(1, value=0), xp.zeros(1, xp.uint32)),
        lambda x, y, done: y[0] == 1.5,
    ),
    Right(
        "votes",
        """extern "C" __global__ void k(const float* x, int* y) {
    int any = __syncthreads_or(x[threadIdx.x] > 62);
    int all = __syncthreads_and(x[threadIdx.x] >= 0);
    int count = __syncthreads_count(x[threadIdx.x] < 10);
    unsigned ballot = __ballot_sync(__activemask(), x[threadIdx.x] > 40);
    y[threadIdx.x] = any + 2 * all + 4 * count + 1000 * __popc(ballot);
}""",
        1,
        64,
        lambda: (f32(64), i32(64, value=0)),
        lambda x, y: y[0] == 43 and y[40] == 43 + 23000,
    ),
    Right(
        "whole warps return early",
        """extern "C" __global__ void k(const float* x, float* y, int n) {
    __shared__ float s[128];
    int t = threadIdx.x;
    if (t >= n) return;
    s[t] = x[t];
    __syncthreads();
    y[t] = s[n - 1 - t];
}""",
        1,
        128,
        lambda: (f32(64), f32(64, value=0), xp.int32(64)),
        lambda x, y, n: (y == x[::-1]).all(),
    ),
    Right(
        "a returned lane was ordered by syncwarp before the barrier",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[64];
    int t = threadIdx.x;
    s[t] = t;
    __syncwarp();
    if (t >= 32) { if (t < 64) y[t] = s[t ^ 1]; return; }
    __syncthreads();
    y[t] = s[t];
}""",
        1,
        64,
        lambda: (f32(64, value=0),),
        lambda y: (y[:32] == np.arange(32)).all(),
    ),
]


@pytest.mark.parametrize("right", RIGHT, ids=lambda right: right.name.replace(" ", "_"))
def test_right_kernels_have_no_findings(right: Right) -> None:
    for seed in (0, 1, 2, 3):
        args = right.args()
        launch = profile(
            right.source, right.grid, right.block, args, shared_mem=right.shared_mem, shuffle=seed
        )
        assert kinds(launch) == []
        assert right.check(*args)
