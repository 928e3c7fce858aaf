"""Requests, sectors and wavefronts of random accesses, counted again by a plain model."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest

from autograder.gpu import xp
from tests.gpu.kernels import f32, profile

THREADS, BYTES = 80, 2048
SYNC, BARRIER = 20, 21
# Operation → size, kind, space.
ACCESSES = {
    1: (4, "load", "buffer"),
    2: (8, "load", "buffer"),
    3: (16, "load", "buffer"),
    4: (1, "load", "buffer"),
    5: (4, "store", "buffer"),
    6: (16, "store", "buffer"),
    7: (4, "load", "shared"),
    8: (8, "load", "shared"),
    9: (16, "load", "shared"),
    10: (1, "load", "shared"),
    11: (4, "atomic", "shared"),
    12: (2, "load", "buffer"),
}
KERNEL = """extern "C" __global__ void k(const int2* program, int steps, float* data, float* out) {
    __shared__ float4 store[128];
    char* s = (char*)store;
    char* d = (char*)data;
    float sum = 0;
    for (int i = 0; i < steps; i++) {
        int2 o = program[threadIdx.x * steps + i];
        int at = o.y;
        float4 v = make_float4(0, 0, 0, 0);
        double e = 0;
        switch (o.x) {
        case 1: sum += *(volatile float*)(d + at); break;
        case 2: sum += *(volatile double*)(d + at); break;
        case 3: v = *(float4*)(d + at); sum += v.x + v.y + v.z + v.w; break;
        case 4: sum += *(volatile char*)(d + at); break;
        case 5: *(volatile float*)(d + at) = sum; break;
        case 6: v = make_float4(sum, 1, 2, 3); *(float4*)(d + at) = v; break;
        case 7: sum += *(volatile float*)(s + at); break;
        case 8: e = *(volatile double*)(s + at); sum += e; break;
        case 9: v = *(float4*)(s + at); sum += v.x + v.y + v.z + v.w; break;
        case 10: sum += *(volatile char*)(s + at); break;
        case 11: atomicAdd((int*)(s + at), 1); break;
        case 12: sum += *(volatile short*)(d + at); break;
        case 20: __syncwarp(); break;
        case 21: __syncthreads(); break;
        }
    }
    out[threadIdx.x] = sum;
}"""


def count(program: Any) -> dict[str, int]:
    requests: dict[Any, list[int]] = defaultdict(list)
    for t in range(THREADS):
        barriers = operations = 0
        seen: Counter[int] = Counter()
        for op, at in program[t]:
            if op in (SYNC, BARRIER):
                barriers += op == BARRIER
                operations = 0 if op == BARRIER else operations + 1
                seen.clear()
                continue
            size = ACCESSES[int(op)][0]
            lanes = 32 if size <= 4 else 128 // size
            key = (t // 32, t % 32 // lanes, barriers, operations, int(op), seen[int(op)])
            seen[int(op)] += 1
            requests[key].append(int(at))
    totals: Counter[str] = Counter()
    for (*_, op, _), places in requests.items():
        size, kind, space = ACCESSES[op]
        if space == "buffer":
            totals[f"{kind}_requests"] += 1
            totals[f"{kind}_sectors"] += len({at // 32 for at in places})
            totals[f"{kind}_bytes"] += size * len(places)
        else:
            words = {(at + step) // 4 for at in places for step in range(0, size, 4)}
            totals["shared_requests"] += 1
            totals["bank_conflicts"] += max(Counter(word % 32 for word in words).values()) - 1
    return totals


@pytest.mark.parametrize("seed", range(20))
def test_the_runtime_counts_what_the_model_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(3, 16))
    program = np.zeros((THREADS, steps, 2), np.int32)
    for i in range(steps):
        if rng.random() < 0.25:
            program[:, i, 0] = rng.choice([SYNC, BARRIER])
            continue
        together = rng.random() < 0.5
        ops = rng.choice(list(ACCESSES), 1 if together else THREADS)
        program[:, i, 0] = ops
        sizes = np.array([ACCESSES[int(op)][0] for op in program[:, i, 0]])
        spread = rng.choice([1, 2, 3, 8, 32])
        units = (
            np.arange(THREADS) * spread if rng.random() < 0.5 else rng.integers(0, 10**6, THREADS)
        )
        program[:, i, 1] = units % (BYTES // sizes) * sizes
    expected = count(program)
    args = (xp.asarray(program), xp.int32(steps), f32(BYTES // 4), f32(THREADS, value=0))
    for shuffle in (0, seed + 1):
        launch = profile(KERNEL, 1, THREADS, args, shuffle=shuffle)
        data = launch.buffers[1]
        for name in (
            "load_requests",
            "load_sectors",
            "load_bytes",
            "store_requests",
            "store_sectors",
            "store_bytes",
        ):
            assert getattr(data, name) == expected[name], name
        assert launch.shared_requests == expected["shared_requests"]
        assert launch.bank_conflicts == expected["bank_conflicts"]
