"""Reward models and best-of-n. The question is in README.md."""

from jaxtyping import Bool, Float
from torch import Tensor


def reward_at_last_token(
    hidden: Float[Tensor, "batch tokens d"],
    mask: Bool[Tensor, "batch tokens"],
    head: Float[Tensor, "d"],
) -> Float[Tensor, "batch"]:
    """Return hidden · head at the last token of each row.

    `mask` is True on tokens, False on padding, which may stand on either side or both.

    Raises:
        ValueError: if a row has no token, or the shapes do not fit.
    """
    raise NotImplementedError


def preference_loss(
    chosen: Float[Tensor, "n"],
    rejected: Float[Tensor, "n"],
    margin: Float[Tensor, "n"] | None = None,
    tie: Bool[Tensor, "n"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean of −log σ(chosen − rejected − margin) (Bradley and Terry, 1952).

    A pair with `tie` True has (−log σ(d) − log σ(−d)) / 2 with d = chosen − rejected, whatever its
    margin. Value and gradients are right for differences up to ±10 000.

    Raises:
        ValueError: if there is no pair or the lengths differ.
    """
    raise NotImplementedError


def ranking_loss(rewards: list[Float[Tensor, "k"]], ranks: list[list[int]]) -> Float[Tensor, ""]:
    """Return the mean over prompts of the mean over pairs (Ouyang et al., 2022, eq. 1).

    Rank 1 is best; responses of equal rank are no pair. Prompts without a pair are left out, and
    each of the others weighs the same.

    Raises:
        ValueError: if no prompt has a pair or lengths differ.
    """
    raise NotImplementedError


def expected_best_of_n(rewards: list[float], n: int) -> float:
    """Return the expected greatest of n rewards drawn without replacement from those given.

    Exact to 1e-9 of the largest |reward| for up to 5000 rewards and any n.

    Raises:
        ValueError: if n is below 1 or above the number of rewards.
    """
    raise NotImplementedError
