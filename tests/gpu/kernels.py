"""How the tests launch kernels: source in, arrays and the `Launch` out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.gpu import RawKernel, xp
from autograder.gpu import kernel as seam
from autograder.gpu.analysis import Launch
from autograder.gpu.kernel import read_launch

__all__ = ["f32", "i32", "kinds", "profile", "run"]


def run(
    source: str,
    grid: Any,
    block: Any,
    args: Sequence[Any],
    *,
    name: str = "k",
    shared_mem: int = 0,
    options: Sequence[str] = (),
    **how: Any,
) -> dict[str, Any]:
    """Launch a kernel, change the arrays in place and return the whole result."""
    grid = (grid,) if isinstance(grid, int) else grid
    block = (block,) if isinstance(block, int) else block
    text = source if "__global__" in source else f'extern "C" __global__ void {source}'
    request = RawKernel(text, name, options).request(
        grid, block, tuple(args), shared_mem=shared_mem
    )
    result = seam.launch(request, **how)
    for array, content in zip(request["buffers"], result["buffers"], strict=False):
        array[...] = content
    return result


def profile(*args: Any, **how: Any) -> Launch:
    """Launch a kernel that must not fail, and return what it did."""
    result = run(*args, **how)
    assert result["error"] is None, result["error"]
    return read_launch(result["launch"])


def kinds(launch: Launch) -> list[str]:
    """The findings' kinds with hazards and lines, sorted."""
    return sorted(
        ":".join(
            [found.kind, *([found.hazard] if found.hazard else []), ",".join(map(str, found.lines))]
        )
        for found in launch.findings
    )


def f32(*shape: int, value: float | None = None) -> Any:
    """A float32 array: 0, 1, 2, … or one value, aligned."""
    array = xp.empty(shape, dtype=xp.float32)
    array[...] = np.arange(array.size).reshape(shape) if value is None else value
    return array


def i32(*shape: int, value: int | None = None) -> Any:
    """An int32 array: 0, 1, 2, … or one value, aligned."""
    array = xp.empty(shape, dtype=xp.int32)
    array[...] = np.arange(array.size).reshape(shape) if value is None else value
    return array
