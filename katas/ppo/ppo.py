"""PPO for language models. The question is in README.md.

`mask` is True on the tokens of the response: in each row one run without gaps, anywhere in it, or
nowhere. What stands outside it, NaN too, does not matter, and results are 0 there.
"""

from jaxtyping import Bool, Float
from torch import Tensor


def token_rewards(
    scores: Float[Tensor, "batch"],
    logp: Float[Tensor, "batch tokens"],
    reference_logp: Float[Tensor, "batch tokens"],
    mask: Bool[Tensor, "batch tokens"],
    beta: float,
    estimator: str = "k1",
) -> Float[Tensor, "batch tokens"]:
    """Return −beta times the estimate of the KL at each token, and the score added at the last one.

    Gradients need not flow.

    Raises:
        ValueError: if the estimator is not "k1" or "k3", or beta is negative.
    """
    raise NotImplementedError


def gae(
    rewards: Float[Tensor, "batch tokens"],
    values: Float[Tensor, "batch tokens"],
    mask: Bool[Tensor, "batch tokens"],
    gamma: float = 1.0,
    lam: float = 0.95,
) -> tuple[Float[Tensor, "batch tokens"], Float[Tensor, "batch tokens"]]:
    """Return generalised advantages, and advantages plus values (Schulman et al., 2015, eq. 16).

    After the last token of the response the episode has ended. Gradients need not flow.

    Raises:
        ValueError: if gamma or lam is not in [0, 1].
    """
    raise NotImplementedError


def masked_whiten(
    x: Float[Tensor, "batch tokens"], mask: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, "batch tokens"]:
    """Return (x − mean) / √(variance + 1e-8), both over all tokens of the batch together.

    The variance is the population's. Gradients need not flow.
    """
    raise NotImplementedError


def ppo_losses(
    logp: Float[Tensor, "batch tokens"],
    old_logp: Float[Tensor, "batch tokens"],
    advantages: Float[Tensor, "batch tokens"],
    values: Float[Tensor, "batch tokens"],
    old_values: Float[Tensor, "batch tokens"],
    returns: Float[Tensor, "batch tokens"],
    mask: Bool[Tensor, "batch tokens"],
    clip: float = 0.2,
    value_clip: float = 0.2,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""], float]:
    """Return policy loss (Schulman et al., 2017, eq. 7), value loss and clipped share of tokens.

    A token is clipped where the clipped term of its policy loss is strictly greater than the other.
    Gradients reach `logp` and `values` only. Without a token all three are 0.

    Raises:
        ValueError: if clip or value_clip is negative.
    """
    raise NotImplementedError
