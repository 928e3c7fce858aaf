"""Reward models and best-of-n: the reference."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F


def reward_at_last_token(
    hidden: Float[Tensor, "batch tokens d"],
    mask: Bool[Tensor, "batch tokens"],
    head: Float[Tensor, "d"],
) -> Float[Tensor, "batch"]:
    """Return hidden · head at the last token of each row.

    >>> hidden, mask = torch.tensor([[[1.0], [2.0], [3.0]]]), torch.tensor([[True, True, False]])
    >>> reward_at_last_token(hidden, mask, torch.tensor([10.0]))
    tensor([20.])
    """
    if hidden.shape != (*mask.shape, *head.shape):
        shapes = [tuple(given.shape) for given in (hidden, mask, head)]
        raise ValueError(f"hidden {shapes[0]}, mask {shapes[1]} and head {shapes[2]} do not fit")
    if not mask.any(dim=1).all():
        raise ValueError("a row of the mask has no token")
    # Counting tokens would find the last one only where no padding stands on the left.
    last = (mask * torch.arange(mask.shape[1])).amax(dim=1)
    return hidden[torch.arange(len(hidden)), last] @ head


def preference_loss(
    chosen: Float[Tensor, "n"],
    rejected: Float[Tensor, "n"],
    margin: Float[Tensor, "n"] | None = None,
    tie: Bool[Tensor, "n"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean of −log σ(chosen − rejected − margin) (Bradley and Terry, 1952).

    >>> preference_loss(torch.tensor([1.0, 1.0]), torch.tensor([0.0, 3.0]))
    tensor(1.2201)
    """
    if margin is None:
        margin = torch.zeros_like(chosen)
    if tie is None:
        tie = torch.zeros_like(chosen, dtype=torch.bool)
    if not chosen.shape == rejected.shape == margin.shape == tie.shape:
        raise ValueError("chosen, rejected, margin and tie must have one length")
    if len(chosen) == 0:
        raise ValueError("there is no pair")
    difference = chosen - rejected
    # logsigmoid never rounds to log 0.
    preferred = -F.logsigmoid(difference - margin)
    tied = -(F.logsigmoid(difference) + F.logsigmoid(-difference)) / 2
    return torch.where(tie, tied, preferred).mean()


def ranking_loss(rewards: list[Float[Tensor, "k"]], ranks: list[list[int]]) -> Float[Tensor, ""]:
    """Return the mean over prompts of the mean over pairs (Ouyang et al., 2022, eq. 1).

    >>> ranking_loss([torch.tensor([1.0, 0.0]), torch.zeros(3)], [[1, 2], [2, 1, 3]])
    tensor(0.5032)
    """
    if len(rewards) != len(ranks):
        raise ValueError(f"{len(rewards)} prompts have rewards, {len(ranks)} have ranks")
    losses = []
    for prompt, reward in enumerate(rewards):
        rank = torch.tensor(ranks[prompt])
        if reward.shape != rank.shape:
            raise ValueError(f"{len(reward)} rewards, but {len(rank)} ranks")
        better, worse = torch.nonzero(rank[:, None] < rank, as_tuple=True)
        if len(better):
            losses.append(-F.logsigmoid(reward[better] - reward[worse]).mean())
    if not losses:
        raise ValueError("no prompt has two responses of different rank")
    # A prompt's pairs share their responses: they are no independent samples.
    return torch.stack(losses).mean()


def expected_best_of_n(rewards: list[float], n: int) -> float:
    """Return the expected greatest of n rewards drawn without replacement from those given.

    >>> expected_best_of_n([2.0, 4.0, 1.0], 2)
    3.333333333333333
    """
    if not 1 <= n <= len(rewards):
        raise ValueError(f"n must be from 1 to {len(rewards)}, got {n}")
    # The chance that a reward above `smaller` others is the greatest drawn is
    # C(smaller, n − 1) / C(N, n). For the greatest of all it is n / N, and the ratio of one to the
    # next is a fraction: no binomial is ever needed.
    chance = n / len(rewards)
    expected = 0.0
    for smaller, reward in reversed(list(enumerate(sorted(rewards)))):
        expected += chance * reward
        if smaller:
            chance *= (smaller - n + 1) / smaller
    return expected
