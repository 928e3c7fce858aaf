"""Random programs of threads, judged by the runtime and by a plain model of the contract.

A kernel interprets a program: for each thread and step an operation on one word of shared memory or
of a buffer. The model enumerates all pairs of accesses with vector clocks of every thread.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograder.gpu import xp
from tests.gpu.kernels import profile

THREADS, WORDS = 64, 24
NOTHING, BARRIER, SYNC, RETURN = 0, 20, 21, 22
# Operation → line, kind and space. The lines are those of the kernel below.
ACCESSES = {
    1: (8, "read", "shared"),
    2: (9, "read", "shared"),
    3: (10, "write", "shared"),
    4: (11, "write", "shared"),
    5: (12, "atomic", "shared"),
    6: (13, "read", "buffer"),
    7: (14, "write", "buffer"),
    8: (15, "atomic", "buffer"),
    9: (16, "read", "buffer"),
}
KERNEL = """extern "C" __global__ void k(const int2* program, const unsigned* masks, int steps,
    int* data) {
    __shared__ volatile int s[24];
    int t = threadIdx.x, b = blockIdx.x;
    volatile int* buffer = data;
    for (int i = 0; i < steps; i++) {
        int at = (b * 64 + t) * steps + i, v; int2 o = program[at]; int w = o.y; switch (o.x) {
        case 1: v = s[w]; break;
        case 2: v = s[w]; break;
        case 3: s[w] = t; break;
        case 4: s[w] = t + 1; break;
        case 5: atomicAdd((int*)&s[w], 1); break;
        case 6: v = buffer[w]; break;
        case 7: buffer[w] = t; break;
        case 8: atomicAdd(data + w, 1); break;
        case 9: v = buffer[w]; break;
        case 20: __syncthreads(); break;
        case 21: __syncwarp(masks[at]); break;
        case 22: return;
        }
    }
}"""


class Access(NamedTuple):
    block: int
    thread: int
    line: int
    kind: str
    space: str
    word: int
    interval: int
    number: int  # of the thread's accesses to this space since its last barrier
    own: int  # of all the thread's accesses
    clock: dict[int, int]  # what the thread knows: for each thread, how many of its accesses


def make_program(rng: np.random.Generator, blocks: int, steps: int) -> tuple[Any, Any]:
    program = np.zeros((blocks, THREADS, steps, 2), np.int32)
    masks = np.zeros((blocks, THREADS, steps), np.uint32)
    kinds = rng.choice(["access", "access", "access", "sync", "barrier"], steps)
    favoured = rng.permutation(list(ACCESSES))[: rng.integers(2, 5)]
    for b in range(blocks):
        gone = np.zeros(THREADS, bool)
        for i, kind in enumerate(kinds):
            if kind == "barrier":
                program[b, :, i, 0] = BARRIER
            elif kind == "sync":
                for warp in (0, 1):
                    groups = rng.integers(0, 3, 32)  # group 2 does not come
                    for lane in range(32):
                        if groups[lane] < 2 and not gone[warp * 32 + lane]:
                            mask = sum(1 << j for j in range(32) if groups[j] == groups[lane])
                            program[b, warp * 32 + lane, i, 0] = SYNC
                            masks[b, warp * 32 + lane, i] = mask
            else:
                active = rng.random(THREADS) < 0.25
                ops = rng.choice(favoured, THREADS)
                program[b, :, i, 0] = np.where(active, ops, NOTHING)
                program[b, :, i, 1] = rng.integers(0, WORDS, THREADS)
            if rng.random() < 0.08 and not gone.all():  # a whole warp returns
                warp = rng.integers(0, 2)
                program[b, 32 * warp : 32 * warp + 32, i, 0] = RETURN
                gone[32 * warp : 32 * warp + 32] = True
    return program, masks


def accesses_of(program: Any, masks: Any) -> list[Access]:
    """Run the program in the model; threads wait for each other only at these operations."""
    found = []
    for b, block in enumerate(program):
        clocks = [defaultdict(int) for _ in range(THREADS)]
        own, intervals = [0] * THREADS, [0] * THREADS
        numbers: list[Counter[str]] = [Counter() for _ in range(THREADS)]
        alive = [True] * THREADS
        for i in range(block.shape[1]):
            groups = defaultdict(list)
            for t in range(THREADS):
                if not alive[t]:
                    continue
                op, word = block[t, i]
                numbers[t]["buffer"] += 1 + (op == SYNC)  # the loads of program and masks
                if op == RETURN:
                    alive[t] = False
                elif op == BARRIER:
                    groups["all"].append(t)
                elif op == SYNC:
                    groups[(t // 32, int(masks[b, t, i]))].append(t)
                elif op != NOTHING:
                    line, kind, space = ACCESSES[int(op)]
                    own[t] += 1
                    numbers[t][space] += 1
                    clocks[t][t] = own[t]
                    found.append(
                        Access(
                            b,
                            t,
                            line,
                            kind,
                            space,
                            int(word),
                            intervals[t],
                            numbers[t][space],
                            own[t],
                            dict(clocks[t]),
                        )
                    )
            for group, members in groups.items():
                joined: dict[int, int] = defaultdict(int)
                for t in members:
                    for other, seen in clocks[t].items():
                        joined[other] = max(joined[other], seen)
                for t in members:
                    clocks[t] = defaultdict(int, joined)
                    if group == "all":
                        intervals[t] += 1
                        numbers[t].clear()
    return found


def before(a: Access, b: Access) -> bool:
    return a.block == b.block and b.clock.get(a.thread, 0) >= a.own


def races(a: Access, b: Access) -> bool:
    kinds = {a.kind, b.kind}
    if kinds in ({"read"}, {"atomic"}) or (a.block == b.block and a.thread == b.thread):
        return False
    if kinds == {"read", "atomic"} and a.space == "buffer":
        return False
    return not before(a, b) and not before(b, a)


def hazard(a: Access, b: Access, everything: list[Access]) -> str:
    if a.block != b.block:
        return "blocks"
    if "atomic" in (a.kind, b.kind):
        return "mixed_atomic"
    if a.kind == b.kind == "write":
        return "write_write"
    write, read = (a, b) if a.kind == "write" else (b, a)
    late = max(a.interval, b.interval)
    orders = set()
    if write.line != read.line:
        last: dict[int, int] = {}
        for each in everything:
            if each.block == a.block and each.interval <= late:
                last[each.thread] = max(last.get(each.thread, 0), each.interval)
        for t in range(THREADS):
            # A thread that goes on has come to the last barrier, a returned one has not.
            mine = [
                each
                for each in everything
                if each.block == a.block
                and each.thread == t
                and each.space == a.space
                and each.interval == ENDS[a.block][t][late]
            ]
            writes = [each.own for each in mine if each.line == write.line]
            reads = [each.own for each in mine if each.line == read.line]
            if writes and reads:
                orders.add(
                    "read_too_early"
                    if max(writes) < min(reads)
                    else "overwritten_too_early"
                    if max(reads) < min(writes)
                    else "mixed"
                )
    if len(orders) == 1 and orders != {"mixed"}:
        return orders.pop()
    return "read_too_early" if write.number <= read.number else "overwritten_too_early"


ENDS: list[list[dict[int, int]]] = []


def last_intervals(program: Any) -> None:
    """For each thread and interval of the block the thread's own: lower once it has returned."""
    ENDS.clear()
    for block in program:
        rows = []
        for t in range(THREADS):
            ops = list(block[t, :, 0])
            end = ops.index(RETURN) if RETURN in ops else len(ops)
            reached = ops[:end].count(BARRIER)
            rows.append({late: min(late, reached) for late in range(len(ops) + 1)})
        ENDS.append(rows)


def expected(program: Any, masks: Any) -> list[tuple[Any, ...]]:
    last_intervals(program)
    everything = accesses_of(program, masks)
    places = defaultdict(list)
    for each in everything:
        places[each.space, each.word, each.block if each.space == "shared" else 0].append(each)
    hazards: dict[Any, Counter[str]] = defaultdict(Counter)
    memo: dict[Any, str] = {}
    uninitialized: Counter[int] = Counter()
    for (space, _, _), here in places.items():
        for i, a in enumerate(here):
            for b in here[i + 1 :]:
                if races(a, b):
                    key = (
                        a.block,
                        b.block,
                        a.line,
                        b.line,
                        a.kind,
                        b.kind,
                        a.number,
                        b.number,
                        a.interval,
                        b.interval,
                    )
                    if key not in memo:
                        memo[key] = hazard(a, b, everything)
                    hazards[tuple(sorted({a.line, b.line}))][memo[key]] += 1
        if space == "shared":
            for a in here:
                others = [each for each in here if each.kind != "read" and each is not a]
                if a.kind != "write" and not any(before(b, a) or races(a, b) for b in others):
                    uninitialized[a.line] += 1
    order = ["read_too_early", "overwritten_too_early", "write_write", "mixed_atomic", "blocks"]
    found: list[tuple[Any, ...]] = []
    for lines, counts in hazards.items():
        most = max(order, key=lambda name, c=counts: (c[name], -order.index(name)))
        found.append(("race", most, lines, sum(counts.values())))
    found += [("uninitialized_shared", "", (line,), n) for line, n in uninitialized.items()]
    return sorted(found)


@pytest.mark.parametrize("seed", range(24))
def test_the_runtime_finds_what_the_model_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks = 1 if seed % 3 else 2
    program, masks = make_program(rng, blocks, int(rng.integers(4, 14)))
    steps = program.shape[2]
    for shuffle in (0, seed + 1):
        args = (
            xp.asarray(program),
            xp.asarray(masks),
            xp.int32(steps),
            xp.zeros(WORDS, xp.int32),
        )
        launch = profile(KERNEL, blocks, THREADS, args, shuffle=shuffle)
        found = sorted((each.kind, each.hazard, each.lines, each.count) for each in launch.findings)
        assert found == expected(program, masks)
