"""Dynamic context: budgets, history, chunks, tools. The question is in README.md.

All four raise ValueError if the budget is negative or lists differ in length.
"""

import numpy as np
from jaxtyping import Float


def allocate_budget(demands: list[int], weights: list[float], budget: int) -> list[int]:
    """Share a budget of tokens among sections by weight; none gets more than it demands.

    Where the demands exceed the budget, the result sums to it exactly. Left-over tokens go to the
    largest fractional parts; ties: the lower index.

    Raises:
        ValueError: also if a demand is negative, or a weight is not positive.
    """
    raise NotImplementedError


def choose_history(
    tokens: list[int], relevance: list[float], budget: int, keep_last: int
) -> list[int]:
    """Choose messages: the newest of the last `keep_last`, then by relevance; in time order.

    Messages are numbered in time order. Ties in relevance: the newer one first.

    Raises:
        ValueError: also if `keep_last` is negative.
    """
    raise NotImplementedError


def choose_chunks(
    scores: list[float],
    tokens: list[int],
    similarity: Float[np.ndarray, "n n"],
    budget: int,
    threshold: float,
) -> list[int]:
    """Choose chunks by score, without near-duplicates, and put the best at the two ends.

    Ties in score: the lower index. A similarity above `threshold` makes a near-duplicate.
    """
    raise NotImplementedError


def choose_tools(
    scores: list[float],
    tokens: list[int],
    requires: list[list[int]],
    budget: int,
    minimum: float = 0.0,
) -> list[int]:
    """Choose tools by score, each with all that it requires; in ascending order.

    `requires[i]` are the tools that tool i needs, which need others in turn, perhaps in a circle.
    Ties in score: the lower index. Only required tools may score below `minimum`.
    """
    raise NotImplementedError
