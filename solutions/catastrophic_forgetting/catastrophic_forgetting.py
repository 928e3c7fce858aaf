"""Catastrophic forgetting: Fisher, EWC, replay, metrics: the reference."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


def diagonal_fisher(
    weight: Float[Tensor, "classes d"],
    x: Float[Tensor, "n d"],
    labels: Int[Tensor, "n"] | None = None,
) -> Float[Tensor, "classes d"]:
    """Return the diagonal of the Fisher information of `weight` in softmax(x weightᵀ).

    >>> diagonal_fisher(torch.zeros(2, 1), torch.tensor([[2.0]]))
    tensor([[1.],
            [1.]])
    """
    if len(x) == 0:
        raise ValueError("x holds no examples")
    if labels is not None and len(labels) != len(x):
        raise ValueError(f"x holds {len(x)} examples, but there are {len(labels)} labels")

    p = (x @ weight.T).softmax(dim=-1)
    if labels is None:
        # Class c is drawn with probability p and then adds (1 − p)², otherwise p²:
        # p (1 − p)² + (1 − p) p² = p (1 − p).
        squares = p * (1 - p)
    else:
        squares = (torch.nn.functional.one_hot(labels, len(weight)) - p) ** 2
    # The gradient of log p(y) is (e_y − p) xᵀ. The square of an outer product is the outer product
    # of the squares, so the mean over the examples is one matrix product.
    return squares.T @ x**2 / len(x)


def ewc_penalty(
    parameters: list[Float[Tensor, "..."]],
    anchors: list[Float[Tensor, "..."]],
    fishers: list[Float[Tensor, "..."]],
    strength: float,
) -> Float[Tensor, ""]:
    """Return the penalty of elastic weight consolidation (Kirkpatrick et al., 2017, eq. 3).

    >>> theta, anchor, fisher = torch.tensor([3.0]), torch.tensor([1.0]), torch.tensor([5.0])
    >>> ewc_penalty([theta], [anchor], [fisher], strength=2.0)
    tensor(20.)
    """
    shapes = [[t.shape for t in tensors] for tensors in (parameters, anchors, fishers)]
    if not shapes[0] == shapes[1] == shapes[2]:
        raise ValueError(f"parameters, anchors and fishers have the same shapes, got {shapes}")

    penalty = torch.zeros(())
    for i, parameter in enumerate(parameters):
        distance = parameter - anchors[i].detach()
        penalty = penalty + (fishers[i].detach() * distance**2).sum()
    return strength / 2 * penalty


def replay_stream(new: int, old: int, percent: int) -> list[tuple[str, int]]:
    """Mix old examples into new ones, so that `percent` of the stream are old.

    >>> replay_stream(new=3, old=1, percent=50)
    [('new', 0), ('old', 0), ('new', 1), ('old', 0), ('new', 2)]
    """
    if not 0 <= percent <= 99:
        raise ValueError(f"percent is from 0 to 99, got {percent}")
    if new < 0 or old < 0:
        raise ValueError(f"new and old are not negative, got {new} and {old}")
    if percent > 0 and old == 0:
        raise ValueError("there is nothing old to replay, but percent is above 0")

    stream: list[tuple[str, int]] = []
    replays = 0
    while len(stream) - replays < new:
        i = len(stream)
        # Of the first i items ⌊i · percent / 100⌋ are old; a replay stands where that rises.
        if (i + 1) * percent // 100 > i * percent // 100:
            stream.append(("old", replays % old))
            replays += 1
        else:
            stream.append(("new", i - replays))
    return stream


def continual_metrics(accuracy: Float[np.ndarray, "tasks tasks"]) -> dict[str, float]:
    """Return `average_accuracy`, `forgetting` and `backward_transfer`.

    >>> metrics = continual_metrics(np.array([[0.75, 0.25], [0.5, 1.0]]))
    >>> {name: float(value) for name, value in metrics.items()}
    {'average_accuracy': 0.75, 'forgetting': 0.25, 'backward_transfer': -0.25}
    """
    tasks = len(accuracy)
    if tasks == 0 or accuracy.shape != (tasks, tasks):
        raise ValueError(f"accuracy is a square matrix, got {accuracy.shape}")

    average = accuracy[-1].mean()
    if tasks == 1:
        # Nothing came after the only task.
        return {"average_accuracy": average, "forgetting": 0.0, "backward_transfer": 0.0}
    # The last task is no old one: it had no time to be forgotten.
    before, last = accuracy[:-1, :-1], accuracy[-1, :-1]
    return {
        "average_accuracy": average,
        "forgetting": (before.max(axis=0) - last).mean(),
        "backward_transfer": (last - before.diagonal()).mean(),
    }
