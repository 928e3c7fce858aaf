"""Wrong kernels: source, launch, arguments and the findings, derived by hand in a comment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from autograder.gpu import xp
from tests.gpu.kernels import f32, i32

__all__ = ["WRONG", "Case"]


class Case(NamedTuple):
    """A kernel and what it must be told."""

    name: str
    source: str
    grid: Any
    block: Any
    args: Callable[[], tuple[Any, ...]]
    expected: list[str]
    counts: list[int] | None = None
    shared_mem: int = 0


def _y(count: int = 64) -> Callable[[], tuple[Any, ...]]:
    return lambda: (f32(count, value=0),)


WRONG = [
    Case(
        # Each of 64 threads writes s[t] (line 3) and reads s[63 − t] (line 4): 64 pairs. In each
        # thread line 3 comes before line 4: the read should have seen the write.
        "missing barrier",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[64];
    s[threadIdx.x] = threadIdx.x;
    y[threadIdx.x] = s[63 - threadIdx.x];
}""",
        1,
        64,
        _y(),
        ["race:read_too_early:3,4"],
        [64],
    ),
    Case(
        # Second turn: line 6 writes s[t] after line 8 of the first turn read s[63 − t]; between
        # turns no barrier. Interval 2 holds line 8 (turn 0), then line 6 (turn 1): the read's line
        # first in every thread. 3 turns: 2 such intervals, 64 pairs each.
        "missing second barrier",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[64];
    float sum = 0;
    int t = threadIdx.x;
    for (int r = 0; r < 3; r++) {
        s[t] = r + t;
        __syncthreads();
        sum += s[63 - t];
    }
    y[t] = sum;
}""",
        1,
        64,
        _y(),
        ["race:overwritten_too_early:6,8"],
        [128],
    ),
    Case(
        # All 64 threads store to s[0]: 64·63/2 pairs of writes. Thread 0 reads it after a barrier.
        "all write one place",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[1];
    s[0] = threadIdx.x;
    __syncthreads();
    y[threadIdx.x] = s[0];
}""",
        1,
        64,
        _y(),
        ["race:write_write:3"],
        [2016],
    ),
    Case(
        # Equal values do not excuse it.
        "all write one value",
        """extern "C" __global__ void k(float* y) {
    y[0] = 1;
}""",
        1,
        32,
        _y(),
        ["race:write_write:2"],
        [496],
    ),
    Case(
        # s[0] += v of 32 threads: writes 496 pairs, a read and another's write 32·31 = 992 pairs,
        # all of one line: the write's number is 2, the read's 1: overwritten too early wins.
        "unprotected sum",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[1];
    if (threadIdx.x == 0) s[0] = 0;
    __syncthreads();
    s[0] += threadIdx.x;
    __syncthreads();
    y[threadIdx.x] = s[0];
}""",
        1,
        32,
        _y(),
        ["race:overwritten_too_early:5"],
        [496 + 992],
    ),
    Case(
        # 2 blocks of 32 store to y[0]: inside a block 496 pairs each, between blocks 32·32.
        "two blocks write one place",
        """extern "C" __global__ void k(float* y) {
    y[0] = blockIdx.x;
}""",
        2,
        32,
        _y(),
        ["race:blocks:2"],
        [992 + 1024],
    ),
    Case(
        # Block 1 reads what block 0 writes, each thread one place: 32 pairs.
        "a block reads what another writes",
        """extern "C" __global__ void k(float* y) {
    int t = threadIdx.x;
    if (blockIdx.x == 0) y[t] = 1;
    else y[t + 32] = y[t] + 1;
}""",
        2,
        32,
        _y(),
        ["race:blocks:3,4"],
        [32],
    ),
    Case(
        # Thread 0 stores y[0] plainly (line 3), the other 31 add atomically (line 4).
        "plain store among atomics",
        """extern "C" __global__ void k(float* y) {
    int t = threadIdx.x;
    if (t == 0) y[0] = 1;
    else atomicAdd(y, 1.0f);
}""",
        1,
        32,
        _y(),
        ["race:mixed_atomic:3,4"],
        [31],
    ),
    Case(
        # In shared memory an atomic and a plain load race too: 32 atomics, 32 reads, not by the
        # same thread: 32·31.
        "plain load among shared atomics",
        """extern "C" __global__ void k(int* y) {
    __shared__ int s;
    if (threadIdx.x == 0) s = 0;
    __syncthreads();
    atomicAdd(&s, 1);
    y[threadIdx.x] = s;
}""",
        1,
        32,
        lambda: (i32(32, value=0),),
        ["race:mixed_atomic:5,6"],
        [992],
    ),
    Case(
        # A barrier between rows of one warp's work is not needed across warps only where a warp
        # keeps to itself; here warp 1 reads what warp 0 wrote: __syncwarp does not order it.
        "syncwarp between warps",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[64];
    s[threadIdx.x] = 1;
    __syncwarp();
    y[threadIdx.x] = s[threadIdx.x ^ 32];
}""",
        1,
        64,
        _y(),
        ["race:read_too_early:3,5"],
        [64],
    ),
    Case(
        # Warp-synchronous code without __syncwarp: s[t] += s[t + 16] by lanes 0–15, then + 8 by
        # lanes 0–7 on the next line. Writes of line 5 by lanes 8–15 and reads of line 6 by 0–7: 8
        # pairs, in lanes 0–7 line 5 first: read too early. Writes of line 6 (s[0–7]) and others'
        # accesses of line 5: s[t], own lane only. Line 6 alone: lane t writes s[t], lane t + 8 is
        # not there. So 8 pairs.
        "warp-synchronous without syncwarp",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[32];
    int t = threadIdx.x; s[t] = t;
    __syncwarp();
    if (t < 16) s[t] += s[t + 16];
    if (t < 8) s[t] += s[t + 8];
    __syncwarp();
    if (t < 8) y[t] = s[t];
}""",
        1,
        32,
        _y(),
        ["race:read_too_early:5,6"],
        [8],
    ),
    Case(
        # A shuffle orders nothing in memory: as the first case, within a warp.
        "shuffles order nothing",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[32];
    int t = threadIdx.x;
    s[t] = t;
    float v = __shfl_sync(0xffffffff, 1.0f, 0);
    y[t] = v + s[31 - t];
}""",
        1,
        32,
        _y(),
        ["race:read_too_early:4,6"],
        [32],
    ),
    Case(
        # A syncwarp of the lower half orders that half alone: lanes 16–31 (line 6) read s[0–15]
        # unordered: 16 pairs. No thread executes line 4 and not 6: line 4 first in each.
        "syncwarp of half a warp",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[32];
    int t = threadIdx.x;
    s[t] = t;
    if (t < 16) __syncwarp(0xffff);
    y[t] = s[t & 15];
}""",
        1,
        32,
        _y(),
        ["race:read_too_early:4,6"],
        [16],
    ),
    Case(
        # 64 threads read places that nobody writes.
        "uninitialised",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[128];
    s[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x + 64];
}""",
        1,
        64,
        _y(),
        ["uninitialized_shared:5"],
        [64],
    ),
    Case(
        # Half the tile is written: 32 of 64 reads find nothing.
        "tile not filled",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[64];
    if (threadIdx.x < 32) s[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x];
}""",
        1,
        64,
        _y(),
        ["uninitialized_shared:5"],
        [32],
    ),
    Case(
        # What is written after the next barrier was not there before.
        "written later",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[64];
    float v = s[threadIdx.x];
    __syncthreads();
    s[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = v + s[threadIdx.x];
}""",
        1,
        64,
        _y(),
        ["uninitialized_shared:3"],
        [64],
    ),
    Case(
        # Atomics on shared memory that nobody set: each is a read of nothing.
        "atomic on nothing",
        """extern "C" __global__ void k(int* y) {
    __shared__ int s;
    atomicAdd(&s, 1);
    __syncthreads();
    y[threadIdx.x] = s;
}""",
        1,
        32,
        lambda: (i32(32, value=0),),
        ["uninitialized_shared:3"],
        [32],
    ),
    Case(
        # A read that races with a write is a race only.
        "read of nothing that races",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[32];
    int t = threadIdx.x;
    if (t >= 16) y[t] = s[t - 16];
    else s[t] = 1;
}""",
        1,
        32,
        _y(),
        ["race:read_too_early:4,5"],
        [16],
    ),
    Case(
        # Half of a warp waits at line 3, half at line 4; the barriers complete together.
        "barrier in both branches",
        """extern "C" __global__ void k(float* y) {
    if (threadIdx.x % 2)
        __syncthreads();
    else __syncthreads();
    y[threadIdx.x] = 1;
}""",
        1,
        64,
        _y(),
        ["divergent_barrier:3,4"],
        [1],
    ),
    Case(
        # Threads 40–63 return: of warp 1 lanes 0–7 wait and others have returned.
        "return before the barrier",
        """extern "C" __global__ void k(float* y, int n) {
    if (threadIdx.x >= n) return;
    __syncthreads();
    y[threadIdx.x] = 1;
}""",
        1,
        64,
        lambda: (f32(64, value=0), xp.int32(40)),
        ["divergent_barrier:3"],
        [1],
    ),
    Case(
        # A lane that its own mask does not name.
        "not in its own mask",
        """extern "C" __global__ void k(float* y) {
    float v = __shfl_down_sync(0xffff, (float)threadIdx.x, 1);
    y[threadIdx.x] = v;
}""",
        # Lane 15 reads lane 16, which is not in the mask: one more of the same line.
        1,
        32,
        _y(),
        ["invalid_shuffle:2"],
        [17],
    ),
    Case(
        # The mask names all, 16 lanes come; they are let go.
        "mask names those who do not come",
        """extern "C" __global__ void k(float* y) {
    int t = threadIdx.x;
    float v = t;
    if (t < 16) v += __shfl_xor_sync(0xffffffff, v, 1);
    y[t] = v;
    __syncthreads();
}""",
        1,
        32,
        _y(),
        ["invalid_shuffle:4"],
        [1],
    ),
    Case(
        # Lanes that have returned may be named, but not read: lane 15 reads lane 16.
        "reads a lane that has returned",
        """extern "C" __global__ void k(float* y) {
    int t = threadIdx.x;
    if (t >= 16) return;
    y[t] = __shfl_down_sync(0xffffffff, (float)t, 1);
}""",
        1,
        32,
        _y(),
        ["invalid_shuffle:4"],
        [1],
    ),
    Case(
        # Two lines that want each other: the lowest is let go, then the other.
        "two lines with one mask",
        """extern "C" __global__ void k(float* y) {
    int t = threadIdx.x;
    float v = t;
    if (t < 16)
        v = __shfl_sync(0xffffffff, v, 0);
    else
        v = __shfl_sync(0xffffffff, v, 16);
    y[t] = v;
}""",
        # Lanes 0–15 are let go and return; then all live lanes of the mask are at line 7.
        1,
        32,
        _y(),
        ["invalid_shuffle:5"],
        [1],
    ),
    Case(
        # Threads 32–63 return after writing s; nothing orders that for those who go on: 32 reads.
        "a returned warp's writes",
        """extern "C" __global__ void k(float* y) {
    __shared__ float s[64];
    int t = threadIdx.x;
    s[t] = t;
    if (t >= 32) return;
    __syncthreads();
    y[t] = s[t + 32];
}""",
        1,
        64,
        _y(),
        ["race:read_too_early:4,7"],
        [32],
    ),
    Case(
        # Bytes of one word by different threads do not race; one byte does.
        "bytes",
        """extern "C" __global__ void k(unsigned char* y) {
    __shared__ unsigned char s[32];
    s[threadIdx.x] = 1;
    if (threadIdx.x == 1) s[0] = 2;
    y[threadIdx.x] = ((volatile unsigned char*)s)[threadIdx.x];
}""",
        # Line 3 of thread 0 and line 4 of thread 1 write s[0]; line 4 of 1 and line 5 of 0: thread
        # 1 executes both, line 4 first.
        1,
        32,
        lambda: (xp.zeros(32, xp.uint8),),
        ["race:read_too_early:4,5", "race:write_write:3,4"],
        [1, 1],
    ),
    Case(
        # A 16-byte store and 4-byte reads of its words by others: 4 reads a store, 8 lanes, but
        # lane t reads word t, its own when t = 4·0 … lane t's store covers words 4t … 4t + 3:
        # word w is written by w / 4 and read by w: equal only for w = 0: 31 pairs.
        "float4 against floats",
        """extern "C" __global__ void k(float* y) {
    __shared__ float4 s[8];
    int t = threadIdx.x;
    if (t < 8) s[t] = make_float4(t, t, t, t);
    y[t] = ((float*)s)[t];
}""",
        1,
        32,
        _y(),
        ["race:read_too_early:4,5"],
        [31],
    ),
    Case(
        # In a buffer: each thread reads its right neighbour and then writes its own place.
        # In each thread line 3 (read) comes before line 4 (write): overwritten too early, 63 pairs.
        "shift in place",
        """extern "C" __global__ void k(float* y) {
    int t = threadIdx.x;
    float v = t < 63 ? y[t + 1] : 0;
    y[t] = v;
}""",
        1,
        64,
        _y(),
        ["race:overwritten_too_early:3,4"],
        [63],
    ),
    Case(
        # Two spaces on the same lines are told as one pair of lines; here shared memory only.
        "dynamic shared memory",
        """extern "C" __global__ void k(float* y) {
    extern __shared__ float s[];
    s[threadIdx.x] = 1;
    y[threadIdx.x] = s[threadIdx.x ^ 1];
}""",
        1,
        32,
        _y(),
        ["race:read_too_early:3,4"],
        [32],
        128,
    ),
]
