"""Loss scaling, stochastic rounding and master weights. The question is in README.md."""

from jaxtyping import BFloat16, Float, Float16
from torch import Tensor


class LossScaler:
    """Dynamic loss scaling (Micikevicius et al., 2018).

    Attributes:
        scale: the present scale.
        good_steps: the steps without overflow since the last change of scale.
    """

    scale: float
    good_steps: int

    def __init__(
        self,
        initial: float = 65536.0,
        growth: float = 2.0,
        backoff: float = 0.5,
        interval: int = 2000,
    ) -> None:
        """Begin with the scale `initial`.

        Raises:
            ValueError: if `initial` is not above 0, `growth` not above 1, `backoff` outside (0, 1),
                or `interval` below 1.
        """
        raise NotImplementedError

    def scale_loss(self, loss: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """Return the loss times the scale, in float32. Its gradient flows."""
        raise NotImplementedError

    def step(
        self, gradients: list[Float16[Tensor, "..."]], max_norm: float | None = None
    ) -> list[Float[Tensor, "..."]] | None:
        """Return the unscaled gradients in float32, or None where the update is to be skipped.

        The gradients are those of the scaled loss, in float16, bfloat16 or float32. With
        `max_norm` their common L2 norm is at most that.

        Raises:
            ValueError: if `max_norm` is not above 0.
        """
        raise NotImplementedError


def stochastic_round(
    x: Float[Tensor, "*shape"], draws: Float[Tensor, "*shape"]
) -> BFloat16[Tensor, "*shape"]:
    """Round each number to one of its two neighbours in bfloat16, right on average.

    Draws lie in [0, 1). Infinities and NaN stay; the rest is at most 3e38.

    Raises:
        ValueError: if the shapes differ.
    """
    raise NotImplementedError


def train_low_precision(
    weight: BFloat16[Tensor, "n"],
    gradients: Float[Tensor, "steps n"],
    lr: float,
    mode: str,
    draws: Float[Tensor, "steps n"] | None = None,
) -> BFloat16[Tensor, "n"]:
    """Return the weight after one step of plain SGD for each row of gradients.

    `mode` is "nearest", "stochastic" (with a row of `draws` for each step) or "master". Only
    "stochastic" looks at the draws. Without steps the weight is returned.

    Raises:
        ValueError: if `mode` is another, or "stochastic" comes without draws.
    """
    raise NotImplementedError
