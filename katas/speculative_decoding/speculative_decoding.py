"""Speculative decoding: verify, residual, draft length. The question is in README.md."""

from jaxtyping import Float, Int64
from torch import Tensor


def residual_distribution(
    target: Float[Tensor, "vocab"], draft: Float[Tensor, "vocab"]
) -> Float[Tensor, "vocab"]:
    """Return the distribution to draw from where a draft was rejected.

    Equal distributions, whose residual is empty, give the target.

    Raises:
        ValueError: if the shapes differ.
    """
    raise NotImplementedError


def verify(
    draft_tokens: Int64[Tensor, "k"],
    draft_probs: Float[Tensor, "k vocab"],
    target_probs: Float[Tensor, "k+1 vocab"],
    accept_draws: Float[Tensor, "k"],
    sample_draw: float,
) -> list[int]:
    """Return the accepted tokens, and one more (Leviathan et al., 2023, algorithm 1).

    The last one comes from the residual at the first rejection, or from the target after all the
    drafts. k may be 0; draws lie in [0, 1).

    Raises:
        ValueError: if the shapes disagree, or a drafted token has the draft probability 0.
    """
    raise NotImplementedError


def expected_tokens(acceptance: float, k: int) -> float:
    """Return the tokens per pass of the target, with k drafts accepted independently.

    Raises:
        ValueError: if `acceptance` is outside [0, 1] or `k` is negative.
    """
    raise NotImplementedError


def best_draft_length(acceptance: float, cost: float, max_k: int) -> int:
    """Return the number of drafts with the largest speed-up, from 0 to `max_k`.

    `cost` is the time of a draft pass over that of a target pass. Of equal speed-ups, within 1e-12,
    the smallest number.

    Raises:
        ValueError: if `acceptance` is outside [0, 1], or `cost` or `max_k` is negative.
    """
    raise NotImplementedError
