"""Catastrophic forgetting: Fisher, EWC, replay, metrics. The question is in README.md."""

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor


def diagonal_fisher(
    weight: Float[Tensor, "classes d"],
    x: Float[Tensor, "n d"],
    labels: Int[Tensor, "n"] | None = None,
) -> Float[Tensor, "classes d"]:
    """Return the diagonal of the Fisher information of `weight` in softmax(x weightᵀ).

    With `labels` it is the empirical one; without, the true one, whose labels are drawn from the
    model: an expectation that is computed exactly. No gradient need flow.

    Raises:
        ValueError: if there is no example, or x and labels differ in length.
    """
    raise NotImplementedError


def ewc_penalty(
    parameters: list[Float[Tensor, "..."]],
    anchors: list[Float[Tensor, "..."]],
    fishers: list[Float[Tensor, "..."]],
    strength: float,
) -> Float[Tensor, ""]:
    """Return the penalty of elastic weight consolidation (Kirkpatrick et al., 2017, eq. 3).

    Args:
        parameters: those in training. Only these get gradients.
        anchors: their values after the old task.
        fishers: how much each of them matters for it.
        strength: λ.

    Raises:
        ValueError: if the lists differ in length, or in the shapes of their tensors.
    """
    raise NotImplementedError


def replay_stream(new: int, old: int, percent: int) -> list[tuple[str, int]]:
    """Mix old examples into new ones, so that `percent` of the stream are old.

    Returns:
        ("new", 0), ("new", 1), … in order, with ("old", 0), …, cyclically, in between. The last
        item is the last new example.

    Raises:
        ValueError: if a count is negative, percent is not in 0 … 99, or there is nothing old to
            replay although percent is above 0.
    """
    raise NotImplementedError


def continual_metrics(accuracy: Float[np.ndarray, "tasks tasks"]) -> dict[str, float]:
    """Return `average_accuracy`, `forgetting` and `backward_transfer`.

    `accuracy[i, j]` is the accuracy on task j after training on task i.

    Raises:
        ValueError: if the matrix is not square, or empty.
    """
    raise NotImplementedError
