"""Dynamic context: budgets, history, chunks, tools: the reference."""

import math
from collections.abc import Sized

import numpy as np
from jaxtyping import Float


def allocate_budget(demands: list[int], weights: list[float], budget: int) -> list[int]:
    """Share a budget of tokens among sections by weight; none gets more than it demands.

    >>> allocate_budget([10, 100, 100], [1.0, 1.0, 2.0], budget=100)  # 10, then 90 as 1 to 2
    [10, 30, 60]
    """
    refuse(budget, demands, weights)
    if any(demand < 0 for demand in demands):
        raise ValueError("demands holds a negative one")
    if any(weight <= 0 for weight in weights):
        raise ValueError("weights holds one that is not positive")

    given: dict[int, int] = {}
    unmet, left = list(range(len(demands))), budget
    while True:
        total = sum(weights[section] for section in unmet)
        shares = {section: left * weights[section] / total for section in unmet}
        met = [section for section in unmet if demands[section] <= shares[section]]
        if not met:
            break
        # What these do not need raises the shares of the others, so that more may be met; all of
        # them in the end, if the budget is enough.
        for section in met:
            given[section] = demands[section]
            left -= demands[section]
            unmet.remove(section)

    for section in unmet:
        given[section] = math.floor(shares[section])
    # Largest remainders: the sort is stable, so equal ones stay in order of index.
    nearest_above = sorted(unmet, key=lambda section: given[section] - shares[section])
    for section in nearest_above[: budget - sum(given.values())]:
        given[section] += 1
    return [given[section] for section in range(len(demands))]


def choose_history(
    tokens: list[int], relevance: list[float], budget: int, keep_last: int
) -> list[int]:
    """Choose messages: the newest of the last `keep_last`, then by relevance; in time order.

    >>> choose_history([40, 10, 30, 20], [0.9, 0.2, 0.1, 0.3], budget=70, keep_last=1)
    [0, 1, 3]
    """
    refuse(budget, tokens, relevance)
    if keep_last < 0:
        raise ValueError(f"keep_last = {keep_last} is negative")
    taken: list[int] = []
    left = budget
    messages = range(len(tokens))
    newest = messages[-keep_last:] if keep_last else messages[:0]  # [-0:] would be all
    for message in reversed(newest):
        if tokens[message] > left:
            break  # no holes in the latest turns: an answer without its question misleads
        taken.append(message)
        left -= tokens[message]
    others = [message for message in messages if message not in taken]
    for message in sorted(others, key=lambda message: (-relevance[message], -message)):
        if tokens[message] <= left:
            taken.append(message)
            left -= tokens[message]
    return sorted(taken)


def choose_chunks(
    scores: list[float],
    tokens: list[int],
    similarity: Float[np.ndarray, "n n"],
    budget: int,
    threshold: float,
) -> list[int]:
    """Choose chunks by score, without near-duplicates, and put the best at the two ends.

    >>> choose_chunks([0.5, 0.9, 0.7], [10, 10, 10], np.eye(3), budget=30, threshold=0.8)
    [1, 0, 2]
    """
    refuse(budget, scores, tokens, similarity)
    chosen: list[int] = []
    left = budget
    for chunk in by_score(scores):
        repeats = any(similarity[chunk, other] > threshold for other in chosen)
        if not repeats and tokens[chunk] <= left:
            chosen.append(chunk)
            left -= tokens[chunk]
    # Models use best what stands at the ends of a long context (Liu et al., 2024).
    return chosen[::2] + chosen[1::2][::-1]


def choose_tools(
    scores: list[float],
    tokens: list[int],
    requires: list[list[int]],
    budget: int,
    minimum: float = 0.0,
) -> list[int]:
    """Choose tools by score, each with all that it requires; in ascending order.

    >>> choose_tools([0.9, 0.8, 0.0], [50, 40, 30], [[2], [], []], budget=100)
    [0, 2]
    """
    refuse(budget, scores, tokens, requires)
    chosen: set[int] = set()
    left = budget
    for tool in by_score(scores):
        if scores[tool] < minimum:
            break
        added = with_required(tool, requires) - chosen
        cost = sum(tokens[one] for one in added)
        if cost <= left:
            chosen |= added
            left -= cost
    return sorted(chosen)


def by_score(scores: list[float]) -> list[int]:
    """Return the indices, the highest score first and the lower index among equals."""
    return sorted(range(len(scores)), key=lambda index: -scores[index])


def with_required(tool: int, requires: list[list[int]]) -> set[int]:
    """Return a tool and all that it needs, directly or through others; circles end."""
    needed: set[int] = set()
    waiting = [tool]
    while waiting:
        one = waiting.pop()
        if one not in needed:
            needed.add(one)
            waiting += requires[one]
    return needed


def refuse(budget: int, *lists: Sized) -> None:
    """Raise where the budget is negative, or the lists are not about the same things."""
    if budget < 0:
        raise ValueError(f"budget = {budget} is negative")
    lengths = [len(one) for one in lists]
    if len(set(lengths)) > 1:
        raise ValueError(f"the lists are of different lengths: {lengths}")
