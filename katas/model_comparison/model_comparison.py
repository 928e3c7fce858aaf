"""Elo, Bradley-Terry, a judge, and a table of criteria. The question is in README.md."""

from collections.abc import Callable

from jaxtyping import Float
from numpy import ndarray


def elo_ratings(
    games: list[tuple[str, str, float]], k: float = 32.0, initial: float = 1000.0
) -> dict[str, float]:
    """Return the rating of each player after the games, which are played in list order.

    A game is (first, second, score of the first), with a score from 0 (lost) to 1 (won). A player
    starts at `initial`. No games: {}.

    Raises:
        ValueError: if a score is outside [0, 1] or a model plays itself.
    """
    raise NotImplementedError


def bradley_terry(wins: Float[ndarray, "models models"]) -> Float[ndarray, "models"]:
    """Return the maximum-likelihood strengths of P(i beats j) = p_i/(p_i + p_j), summing to 1.

    `wins[i, j]` holds how often i won against j, with halves for ties; the diagonal is ignored.
    Each strength is right to a relative 1e-5.

    Raises:
        ValueError: if there is no model, `wins` is not square or holds a negative entry or NaN off
            its diagonal, or some model cannot be reached from another along wins.
    """
    raise NotImplementedError


def judge_win_rate(
    prompts: list[str],
    answers_a: list[str],
    answers_b: list[str],
    judge: Callable[[str, str, str], str],
) -> dict[str, float]:
    """Return `win_rate` (of A), `consistency` and `first_rate` of a judge asked in both orders.

    `judge(prompt, one answer, other answer)` says "first" or "second" for the better answer, in any
    case and with white space around it; anything else is a tie. It is asked twice for each item.

    Raises:
        ValueError: if there is no item or the lists differ in length.
    """
    raise NotImplementedError


def decision_matrix(
    scores: Float[ndarray, "models criteria"],
    weights: Float[ndarray, "criteria"],
    higher_is_better: list[bool],
) -> tuple[Float[ndarray, "models"], list[int]]:
    """Return the weighted mean of the scaled criteria of each model, and the models, best first.

    Of equal totals the lower index comes first.

    Raises:
        ValueError: if there is no model, the sizes do not fit, a weight is negative, or the weights
            sum to 0.
    """
    raise NotImplementedError
