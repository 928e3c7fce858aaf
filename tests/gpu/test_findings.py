"""Findings are exact, and the same for any order of threads."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.gpu import xp
from tests.gpu.findings import WRONG, Case
from tests.gpu.kernels import f32, kinds, profile, run


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.name.replace(" ", "_"))
def test_wrong_kernels_have_exactly_these_findings(case: Case) -> None:
    launch = profile(case.source, case.grid, case.block, case.args(), shared_mem=case.shared_mem)
    assert kinds(launch) == case.expected
    if case.counts is not None:
        assert [found.count for found in launch.findings] == case.counts


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.name.replace(" ", "_"))
def test_findings_do_not_depend_on_the_order_of_threads(case: Case) -> None:
    plain = profile(case.source, case.grid, case.block, case.args(), shared_mem=case.shared_mem)
    for seed in range(1, 6):
        launch = profile(
            case.source,
            case.grid,
            case.block,
            case.args(),
            shared_mem=case.shared_mem,
            shuffle=seed,
        )
        assert launch.findings == plain.findings
        assert (launch.requests, launch.sectors) == (plain.requests, plain.sectors)
        assert (launch.shared_requests, launch.bank_conflicts) == (
            plain.shared_requests,
            plain.bank_conflicts,
        )


@pytest.mark.parametrize(
    ("body", "args", "kind", "line"),
    [
        ("float* y) {\n y[threadIdx.x] = 1;\n}", lambda: (f32(31, value=0),), "out_of_bounds", 2),
        ("float* y) {\n float v = y[-1];\n y[0] = v;\n}", lambda: (f32(31),), "out_of_bounds", 2),
        ("float* y) {\n atomicAdd(y + 31, 1.0f);\n}", lambda: (f32(31),), "out_of_bounds", 2),
        (
            "float* y) {\n __shared__ float s[4];\n s[threadIdx.x] = 1;\n}",
            lambda: (f32(1),),
            "out_of_bounds",
            3,
        ),
        ("char* y) {\n *(float*)(y + 2) = 1;\n}", lambda: (f32(8),), "misaligned", 2),
        (
            "float* y) {\n *(float4*)(y + 1) = make_float4(1, 2, 3, 4);\n}",
            lambda: (f32(32),),
            "misaligned",
            2,
        ),
        (
            "float* y) {\n y[0] = 1;\n while (y[0] > 0)\n y[0] += 1;\n}",
            lambda: (f32(8),),
            "timeout",
            4,
        ),
        (
            "float* y) {\n volatile int i = 0;\n while (i < 1)\n ;\n}",
            lambda: (f32(8),),
            "timeout",
            3,
        ),
        ("float* y) {\n while (true)\n __syncthreads();\n}", lambda: (f32(8),), "timeout", 0),
    ],
)
def test_what_ends_a_launch(body: str, args: Any, kind: str, line: int) -> None:
    result = run(f'extern "C" __global__ void k({body}', 1, 32, args(), seconds=0.2)
    assert result["error"]["type"] == "LaunchError"
    finding = result["error"]["finding"]
    assert finding["kind"] == kind
    assert not line or tuple(finding["lines"]) in ((line,), (line - 1,), (line + 1,))
    assert kind == "timeout" or tuple(finding["lines"]) == (line,)


def test_arrays_keep_what_was_stored_before_the_end() -> None:
    y = f32(20, value=0)
    result = run("k(float* y) { y[threadIdx.x] = 1; }", 1, 32, (y,))
    assert result["error"]["finding"]["kind"] == "out_of_bounds"
    assert (y == 1).all()
    assert result["launch"]["findings"][-1]["threads"] == (20,)


def test_whole_warps_that_have_returned_do_not_count() -> None:
    launch = profile(
        "k(float* y) { if (threadIdx.x >= 32) return;\n __syncthreads(); y[threadIdx.x] = 1; }",
        1,
        96,
        (f32(32, value=0),),
    )
    assert kinds(launch) == []
    assert launch.barriers == 1


def test_lanes_that_the_block_does_not_have_may_be_named() -> None:
    launch = profile(
        "k(int* y) { y[threadIdx.x] = __ballot_sync(0xffffffff, threadIdx.x % 2); }",
        1,
        8,
        (y := xp.zeros(8, xp.int32),),
    )
    assert kinds(launch) == []
    assert (y == 0b10101010).all()
