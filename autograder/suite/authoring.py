"""The words an author writes katas with: marks, misconceptions, and inputs drawn from `rng`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    import numpy as np
    import torch

T = TypeVar("T")


def points(value: float, *, task: str | None = None) -> pytest.MarkDecorator:
    """Say what a test is worth, and its task where the body does not name it first."""
    return pytest.mark.points(value, task=task)


def hint(text: str) -> pytest.MarkDecorator:
    """Give the question that leads to the answer; never the line of code."""
    return pytest.mark.hint(text)


whole_blocks = pytest.mark.whole_blocks
"""Marks a CUDA kata's test of values whose sizes are multiples of every usual block."""
worker_only = pytest.mark.worker_only
"""Marks a test of what only a process of the submission's own can show: its peak memory."""


@dataclass(frozen=True)
class Misconception:
    """A wrong turn that people take: one task of the reference replaced by a wrong one."""

    id: str
    replaces: str
    says: str
    hint: str
    implementation: Any


def misconception(
    *, replaces: str, says: str, hint: str = "", id: str | None = None
) -> Callable[[T], T]:
    """Mark a function or class as a misconception of the task that it replaces.

    Args:
        replaces: the task's name.
        says: what a report says of it, after "your result is exactly what you get when".
        hint: the next step for who made it.
        id: its name in reports; the function's own name where None. Several variants may share one.
    """

    def mark(implementation: T) -> T:
        name = id or implementation.__name__  # type: ignore[attr-defined]
        described = Misconception(name, replaces, says, hint, implementation)
        implementation.__misconception__ = described  # type: ignore[attr-defined]
        return implementation

    return mark


def gradients(
    function: Callable[..., Any],
    *args: Any,
    wrt: Sequence[int | str] = (0,),
    upstream: Any = None,
    **kwargs: Any,
) -> tuple[Any, ...]:
    """Return the gradients of a function of ours, as `submission.gradients` does of a task."""
    from autograder.sandbox.probes import gradients as found

    return found(function, args, kwargs, tuple(wrt), upstream)


def shuffled(rng: np.random.Generator, items: Sequence[T]) -> list[T]:
    """Return `items` in a drawn order, as the Python objects that they are."""
    return [items[i] for i in rng.permutation(len(items))]


def tensor(
    rng: np.random.Generator, *shape: int, dtype: torch.dtype | None = None, scale: float = 1.0
) -> torch.Tensor:
    """Draw a standard normal tensor of `shape` times `scale`; float32 unless `dtype` says."""
    import torch

    drawn = torch.as_tensor(rng.standard_normal(shape) * scale)
    return drawn.to(torch.float32 if dtype is None else dtype)


def array(
    rng: np.random.Generator, *shape: int, dtype: Any = "float64", scale: float = 1.0
) -> np.ndarray[Any, Any]:
    """Draw a standard normal array of `shape` times `scale`; float64 unless `dtype` says."""
    import numpy as np

    return np.asarray(rng.standard_normal(shape) * scale, dtype=dtype)
