"""How fast kernels are compiled, run and traced, beside numba's CUDA simulator.

    python tests/benchmarks/gpu_speed.py [--numba]

Prints one line a figure with its budget; exit status 1 if one is missed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time

CACHE = tempfile.mkdtemp(prefix="kata-speed-")
os.environ["KATA_CACHE"] = CACHE

import numpy as np  # noqa: E402

from autograder.gpu import RawKernel, kernel, xp  # noqa: E402
from autograder.gpu.compile import compile_kernel, compile_runtime, find_compiler  # noqa: E402

MATMUL = """extern "C" __global__ void matmul(const float* a, const float* b, float* c, int n) {
    __shared__ float as[16][16], bs[16][16];
    int row = blockIdx.y * 16 + threadIdx.y, col = blockIdx.x * 16 + threadIdx.x;
    float sum = 0;
    for (int t = 0; t < n / 16; t++) {
        as[threadIdx.y][threadIdx.x] = a[row * n + t * 16 + threadIdx.x];
        bs[threadIdx.y][threadIdx.x] = b[(t * 16 + threadIdx.y) * n + col];
        __syncthreads();
        for (int k = 0; k < 16; k++) sum += as[threadIdx.y][k] * bs[k][threadIdx.x];
        __syncthreads();
    }
    c[row * n + col] = sum;
}"""

NUMBA = """
import time, numpy as np
from numba import cuda, float32
@cuda.jit
def matmul(a, b, c, n):
    sa = cuda.shared.array((16, 16), float32)
    sb = cuda.shared.array((16, 16), float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    row, col = cuda.blockIdx.y * 16 + ty, cuda.blockIdx.x * 16 + tx
    total = float32(0)
    for t in range(n // 16):
        sa[ty, tx] = a[row, t * 16 + tx]
        sb[ty, tx] = b[t * 16 + ty, col]
        cuda.syncthreads()
        for k in range(16):
            total += sa[ty, k] * sb[k, tx]
        cuda.syncthreads()
    c[row, col] = total
a = np.ones((64, 64), np.float32); c = np.zeros_like(a)
start = time.perf_counter()
matmul[(4, 4), (16, 16)](a, a, c, 64)
print(time.perf_counter() - start)
assert (c == 64).all()
"""


def best(function: object, times: int = 5) -> float:
    """Return the shortest of several runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        function()  # type: ignore[operator]
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> int:
    missed = 0

    def say(what: str, value: float, unit: str, budget: float, at_most: bool = True) -> None:
        nonlocal missed
        right = value <= budget if at_most else value >= budget
        missed += not right
        sign = "≤" if at_most else "≥"
        print(f"{what:52} {value:10.3f} {unit:12} {sign} {budget:g} {'' if right else 'MISSED'}")

    compiler = find_compiler()
    print(compiler.version)
    start = time.perf_counter()
    compile_runtime(compiler)
    print(f"{'runtime, once a machine and compiler':52} {time.perf_counter() - start:10.3f} s")
    counter = iter(range(1000))
    cold = best(lambda: compile_kernel(MATMUL + f"// {next(counter)}", "matmul"), 3)
    say("compile, cold", cold, "s", 0.6)
    compile_kernel(MATMUL, "matmul")
    say("compile, cached", best(lambda: compile_kernel(MATMUL, "matmul")) * 1e3, "ms", 10)

    a, c = xp.empty((64, 64), dtype=xp.float32), xp.empty((64, 64), dtype=xp.float32)
    a[...] = 1
    launcher = RawKernel(MATMUL, "matmul")
    args = (a, a.copy(), c, xp.int32(64))
    launcher((4, 4), (16, 16), args)
    traced = best(lambda: launcher((4, 4), (16, 16), args))
    say("tiled product 64×64×64, traced, whole call", traced * 1e3, "ms", 150)
    request = launcher.request((4, 4), (16, 16), args)
    plain = best(lambda: kernel.launch(request, trace=False))
    print(f"{'the same, not traced':52} {plain * 1e3:10.3f} ms")

    n = 512
    big, out = xp.empty((n, n), dtype=xp.float32), xp.empty((n, n), dtype=xp.float32)
    big[...] = 1
    request = launcher.request((n // 16, n // 16), (16, 16), (big, big.copy(), out, xp.int32(n)))
    accesses = n * n * (n // 16) * (4 + 32) + n * n
    small = best(lambda: launcher((4, 4), (16, 16), args))
    seconds = best(lambda: kernel.launch(request, seconds=100), 1)
    say(
        "traced accesses a second, tiled product",
        accesses / (seconds - small) / 1e6,
        "million",
        10,
        at_most=False,
    )
    copy = RawKernel(
        'extern "C" __global__ void copy(const float* x, float* y, int n, int r) {'
        " for (int k = 0; k < r; k++)"
        " for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)"
        " y[i] = x[i]; }",
        "copy",
    )
    x, y = xp.zeros(100_000, dtype=xp.float32), xp.empty(100_000, dtype=xp.float32)
    request = copy.request((30,), (256,), (x, y, xp.int32(x.size), xp.int32(100)))
    kernel.launch(request, seconds=100)
    seconds = best(lambda: kernel.launch(request, seconds=100), 2)
    say(
        "traced accesses a second, global copy",
        2 * 100 * x.size / seconds / 1e6,
        "million",
        10,
        at_most=False,
    )

    if "--numba" in sys.argv:
        done = subprocess.run(
            [sys.executable, "-c", NUMBA],
            capture_output=True,
            text=True,
            env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
            check=True,
        )
        numba = float(done.stdout)
        print(f"{'numba simulator, the same product':52} {numba:10.3f} s")
        say("times faster", numba / traced, "", 50, at_most=False)
    assert np.all(c == 64)
    return missed > 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(CACHE, ignore_errors=True)
