"""Choosing few-shot examples: near, different, balanced, packed: the reference."""

import numpy as np
from jaxtyping import Float


def knn_examples(
    query: Float[np.ndarray, "d"], examples: Float[np.ndarray, "n d"], k: int
) -> list[int]:
    """Return the k examples most similar to the query by cosine, the most similar first.

    >>> knn_examples(np.array([1.0, 0.0]), np.array([[0.0, 9.0], [1.0, 1.0], [2.0, 0.0]]), k=2)
    [2, 1]
    """
    refuse_choice(k, query, examples)
    similarities = unit_rows(examples) @ unit_rows(query)
    # A stable sort of the negatives keeps the lower index first among equals.
    return np.argsort(-similarities, kind="stable")[:k].tolist()


def mmr_examples(
    query: Float[np.ndarray, "d"], examples: Float[np.ndarray, "n d"], k: int, trade_off: float
) -> list[int]:
    """Pick k examples by maximal marginal relevance (Carbonell and Goldstein, 1998), in order.

    >>> examples = np.array([[3.0, 1.0], [3.0, 1.0], [1.0, -1.0]])
    >>> mmr_examples(np.array([1.0, 0.0]), examples, k=2, trade_off=0.5)
    [0, 2]
    """
    refuse_choice(k, query, examples)
    if not 0 <= trade_off <= 1:
        raise ValueError(f"trade_off = {trade_off} is outside [0, 1]")
    units = unit_rows(examples)
    relevance = units @ unit_rows(query)
    redundancy = np.zeros(len(units))
    picked: list[int] = []
    left = list(range(len(units)))
    while left and len(picked) < k:
        scores = trade_off * relevance - (1 - trade_off) * redundancy
        best = max(left, key=lambda index: scores[index])  # the first of equals
        left.remove(best)
        # Its most similar picked example is what makes an example redundant, and that similarity
        # may be negative: an example opposite to all that was picked gains by it.
        similarities = units @ units[best]
        redundancy = np.maximum(redundancy, similarities) if picked else similarities
        picked.append(best)
    return picked


def balanced_examples(ranking: list[int], labels: list[str], k: int) -> list[int]:
    """Take examples in rounds, the best one left of every label in each, until there are k.

    >>> balanced_examples([3, 2, 1, 0], ["no", "yes", "yes", "yes"], k=3)
    [3, 0, 2]
    """
    if k < 0:
        raise ValueError(f"k = {k} is negative")
    # A dictionary keeps its keys in the order in which the labels first appear.
    queues: dict[str, list[int]] = {}
    for index in ranking:
        queues.setdefault(labels[index], []).append(index)
    taken = [
        queue[turn]
        for turn in range(len(ranking))
        for queue in queues.values()
        if turn < len(queue)
    ]
    return taken[:k]


def pack_examples(
    ranking: list[int], tokens: list[int], budget: int, separator: int = 0
) -> list[int]:
    """Take what fits the budget, from the best on, and return it with the best last.

    >>> pack_examples([0, 1, 2], tokens=[50, 80, 30], budget=100)  # 80 more would be too many
    [2, 0]
    """
    if budget < 0:
        raise ValueError(f"budget = {budget} is negative")
    if separator < 0:
        raise ValueError(f"separator = {separator} is negative")
    taken = []
    for index in ranking:
        cost = tokens[index] + separator
        if cost <= budget:
            taken.append(index)
            budget -= cost
    # Models lean on what they read last (Zhao et al., 2021): the best stands next to the query.
    return taken[::-1]


def unit_rows(vectors: Float[np.ndarray, "... d"]) -> Float[np.ndarray, "... d"]:
    """Divide vectors by their length, but leave zero vectors zero: similar to nothing."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def refuse_choice(
    k: int, query: Float[np.ndarray, "d"], examples: Float[np.ndarray, "n d"]
) -> None:
    """Raise where similarities do not exist, or fewer than none are asked for."""
    if k < 0:
        raise ValueError(f"k = {k} is negative")
    if query.shape[-1] != examples.shape[-1]:
        raise ValueError(f"query has width {query.shape[-1]}, but examples {examples.shape[-1]}")
