"""pass@k, pass^k, the best of k, and an interval. The question is in README.md."""

from jaxtyping import Float, Int
from numpy import ndarray


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return how likely k of n samples, c of them correct, hold a correct one (Chen et al., 2021).

    The k are drawn without replacement. Right to 1e-9 for n up to 100 000, without a warning.

    Raises:
        ValueError: unless n ≥ 1, 0 ≤ c ≤ n and 1 ≤ k ≤ n.
    """
    raise NotImplementedError


def pass_hat_k(n: int, c: int, k: int) -> float:
    """Return how likely k of n samples, c of them correct, are all correct (Yao et al., 2024).

    Raises:
        ValueError: unless n ≥ 1, 0 ≤ c ≤ n and 1 ≤ k ≤ n.
    """
    raise NotImplementedError


def best_of_k(scores: Float[ndarray, "samples"], k: int) -> float:
    """Return the expected maximum of k of the scores, drawn without replacement, exactly.

    Scores may be negative and repeat. Right to a relative 1e-6 for up to 10 000 samples.

    Raises:
        ValueError: unless 1 ≤ k ≤ the number of samples.
    """
    raise NotImplementedError


def pass_at_k_interval(
    counts: Int[ndarray, "problems 2"],
    k: int,
    resamples: Int[ndarray, "draws problems"],
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Return the mean pass@k over the problems and the ends of its bootstrap interval.

    A row of `counts` holds samples drawn and samples correct; a row of `resamples` the problems of
    one bootstrap draw, which may repeat. Quantiles are interpolated linearly.

    Raises:
        ValueError: if there is no problem or no draw, `resamples` lists a problem that does not
            exist (a negative one too), `level` is not strictly between 0 and 1, or where
            `pass_at_k` does for any problem.
    """
    raise NotImplementedError
