"""Elo, Bradley-Terry, a judge, and a table of criteria: the reference."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

ROUNDS = 10_000  # more than a few models need, unless they hardly met


def elo_ratings(
    games: list[tuple[str, str, float]], k: float = 32.0, initial: float = 1000.0
) -> dict[str, float]:
    """Return the rating of each player after the games, which are played in list order.

    >>> elo_ratings([("ada", "bob", 1)])
    {'ada': 1016.0, 'bob': 984.0}
    """
    ratings: dict[str, float] = {}
    for first, second, score in games:
        if first == second:
            raise ValueError(f"games: {first!r} plays itself")
        if not 0 <= score <= 1:
            raise ValueError(f"games: the score {score} is outside [0, 1]")
        before = [ratings.get(name, initial) for name in (first, second)]
        expected = 1 / (1 + 10 ** ((before[1] - before[0]) / 400))
        # What one gains the other loses: the sum of all ratings stays.
        gain = k * (score - expected)
        ratings[first], ratings[second] = before[0] + gain, before[1] - gain
    return ratings


def bradley_terry(wins: Float[ndarray, "models models"]) -> Float[ndarray, "models"]:
    """Return the maximum-likelihood strengths of P(i beats j) = p_i/(p_i + p_j), summing to 1.

    >>> bradley_terry(np.array([[0.0, 3.0], [1.0, 0.0]])).tolist()
    [0.75, 0.25]
    """
    models = len(wins)
    if wins.shape != (models, models):
        raise ValueError(f"wins is not square, but {wins.shape}")
    if models == 0:
        raise ValueError("wins holds no model")
    wins = np.where(np.eye(models, dtype=bool), 0.0, wins)
    if not np.all(wins >= 0):
        raise ValueError("wins holds a negative entry or NaN")
    # Whoever is never beaten would be infinitely strong, and so would a group that only wins
    # against the others (Ford, 1957).
    if not np.all(reachable(wins > 0)):
        raise ValueError("wins: some model cannot be reached from another along wins")
    if models == 1:
        return np.ones(1)

    games, won = wins + wins.T, wins.sum(axis=1)
    strengths = np.full(models, 1 / models)
    for _ in range(ROUNDS):
        before = strengths
        # Hunter (2004), eq. 3: the likelihood rises with every round.
        strengths = won / (games / (before[:, None] + before)).sum(axis=1)
        strengths /= strengths.sum()
        if np.allclose(strengths, before, rtol=1e-12, atol=0):
            break
    return strengths


def judge_win_rate(
    prompts: list[str],
    answers_a: list[str],
    answers_b: list[str],
    judge: Callable[[str, str, str], str],
) -> dict[str, float]:
    """Return the win rate of A, and what a judge asked in both orders gives away of itself.

    >>> judge_win_rate(["2 + 2?"], ["4"], ["5"], lambda prompt, one, other: "first")
    {'win_rate': 0.5, 'consistency': 0.0, 'first_rate': 1.0}
    """
    if not len(prompts) == len(answers_a) == len(answers_b):
        raise ValueError(f"{len(prompts)} prompts, {len(answers_a)} and {len(answers_b)} answers")
    if not prompts:
        raise ValueError("prompts holds none")
    credit = consistent = 0.0
    places: list[str] = []
    for prompt, a, b in zip(prompts, answers_a, answers_b, strict=False):
        replies = [judge(prompt, *order).strip().lower() for order in ((a, b), (b, a))]
        better = [
            {"first": "a", "second": "b"}.get(replies[0]),
            {"first": "b", "second": "a"}.get(replies[1]),  # there B came first
        ]
        # A reply that the order can turn is a statement about the order.
        credit += {("a", "a"): 1.0, ("b", "b"): 0.0}.get(tuple(better), 0.5)
        consistent += better[0] == better[1]
        places += [reply for reply in replies if reply in ("first", "second")]
    return {
        "win_rate": credit / len(prompts),
        "consistency": consistent / len(prompts),
        "first_rate": places.count("first") / len(places) if places else 0.5,
    }


def decision_matrix(
    scores: Float[ndarray, "models criteria"],
    weights: Float[ndarray, "criteria"],
    higher_is_better: list[bool],
) -> tuple[Float[ndarray, "models"], list[int]]:
    """Return the weighted mean of the scaled criteria of each model, and the models, best first.

    >>> totals, order = decision_matrix(np.array([[3.0], [1.0], [2.0]]), np.ones(1), [False])
    >>> totals.tolist(), order
    ([0.0, 1.0, 0.5], [1, 2, 0])
    """
    models, criteria = scores.shape
    if models == 0:
        raise ValueError("scores holds no model")
    if not len(weights) == len(higher_is_better) == criteria:
        raise ValueError(
            f"{criteria} criteria, {len(weights)} weights, {len(higher_is_better)} directions"
        )
    if np.any(weights < 0):
        raise ValueError("weights holds a negative one")
    if weights.sum() == 0:
        raise ValueError("weights sum to 0")
    low, high = scores.min(axis=0), scores.max(axis=0)
    gained = np.where(higher_is_better, scores - low, high - scores)
    # Where all are equal nobody gains anything, and 0/0 becomes 0/1.
    scaled = gained / np.where(high == low, 1.0, high - low)
    totals = (scaled * weights).sum(axis=1) / weights.sum()
    return totals, np.argsort(-totals, kind="stable").tolist()


def reachable(beaten: Bool[ndarray, "models models"]) -> Bool[ndarray, "models models"]:
    """Say which models can be reached from which along wins (Warshall, 1962)."""
    reach = beaten | np.eye(len(beaten), dtype=bool)
    for between in range(len(beaten)):
        reach |= np.outer(reach[:, between], reach[between])
    return reach
