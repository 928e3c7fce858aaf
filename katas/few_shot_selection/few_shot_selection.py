"""Choosing few-shot examples: near, different, balanced, packed. The question is in README.md."""

import numpy as np
from jaxtyping import Float


def knn_examples(
    query: Float[np.ndarray, "d"], examples: Float[np.ndarray, "n d"], k: int
) -> list[int]:
    """Return the k examples most similar to the query by cosine, the most similar first.

    A zero vector has similarity 0 with everything. Ties: the lower index. There may be no
    examples, and fewer than k.

    Raises:
        ValueError: if `k` is negative, or query and examples differ in width.
    """
    raise NotImplementedError


def mmr_examples(
    query: Float[np.ndarray, "d"], examples: Float[np.ndarray, "n d"], k: int, trade_off: float
) -> list[int]:
    """Pick k examples by maximal marginal relevance (Carbonell and Goldstein, 1998), in order.

    `trade_off` is λ, the weight of the similarity to the query. Ties: the lower index.

    Raises:
        ValueError: if `k` is negative, query and examples differ in width, or `trade_off` is
            outside [0, 1].
    """
    raise NotImplementedError


def balanced_examples(ranking: list[int], labels: list[str], k: int) -> list[int]:
    """Take examples in rounds, the best one left of every label in each, until there are k.

    `ranking` holds distinct indices of examples, best first, perhaps not all of them; `labels[i]`
    is the label of example i.

    Raises:
        ValueError: if `k` is negative.
    """
    raise NotImplementedError


def pack_examples(
    ranking: list[int], tokens: list[int], budget: int, separator: int = 0
) -> list[int]:
    """Take what fits the budget, from the best on, and return it with the best last.

    Example i costs `tokens[i]`, and `separator` besides.

    Raises:
        ValueError: if `budget` or `separator` is negative.
    """
    raise NotImplementedError
