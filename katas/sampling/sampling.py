"""From logits to the next token. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def apply_repetition_penalty(
    logits: Float[Tensor, "vocab"],
    previous: list[int],
    penalty: float,
) -> Float[Tensor, "vocab"]:
    """Make the tokens of `previous` less likely (Keskar et al., 2019, CTRL).

    A positive logit is divided by `penalty`, a negative one multiplied by it; once a token.

    Raises:
        ValueError: if `penalty` is not above 0, or an id is outside 0 … vocab − 1.
    """
    raise NotImplementedError


def next_token_distribution(
    logits: Float[Tensor, "vocab"],
    previous: list[int] | None = None,
    repetition_penalty: float = 1.0,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> Float[Tensor, "vocab"]:
    """Apply penalty, temperature, softmax, top-k, top-p and min-p, in this order.

    Each filter looks at the renormalised distribution that the one before left; None is no filter.
    Temperature 0 puts all on the highest logit after the penalty. A logit of −inf is forbidden.

    Raises:
        ValueError: if `temperature` is negative, `top_k` below 1, `top_p` outside (0, 1], `min_p`
            outside [0, 1], every logit −inf, or as the penalty does; at temperature 0 too.
    """
    raise NotImplementedError


def sample(probs: Float[Tensor, "... vocab"], uniform: Float[Tensor, "..."]) -> Int[Tensor, "..."]:
    """Draw one token for each row, by inverting the cumulative sum.

    A draw u gives the smallest index whose cumulative sum is above u times the sum of the row,
    which need not be 1; never a token of probability 0. The result is int64.

    Raises:
        ValueError: if a probability is negative, a row sums to 0, a draw is outside [0, 1), or
            `uniform` has not the leading shape of `probs`.
    """
    raise NotImplementedError
