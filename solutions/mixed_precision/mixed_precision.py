"""Loss scaling, stochastic rounding and master weights: the reference."""

import torch
from jaxtyping import BFloat16, Float, Float16
from torch import Tensor


class LossScaler:
    """Dynamic loss scaling (Micikevicius et al., 2018, section 3.2).

    >>> scaler = LossScaler(initial=8.0)
    >>> scaler.step([torch.tensor([16.0, -4.0], dtype=torch.float16)])
    [tensor([ 2.0000, -0.5000])]
    """

    def __init__(
        self,
        initial: float = 65536.0,
        growth: float = 2.0,
        backoff: float = 0.5,
        interval: int = 2000,
    ) -> None:
        """Check the settings, and begin with the scale `initial`."""
        if initial <= 0:
            raise ValueError(f"initial = {initial} is not above 0")
        if growth <= 1:
            raise ValueError(f"growth = {growth} would not raise the scale")
        if not 0 < backoff < 1:
            raise ValueError(f"backoff = {backoff} would not lower the scale to a positive one")
        if interval < 1:
            raise ValueError(f"interval = {interval} is below 1")
        self.growth, self.backoff, self.interval = growth, backoff, interval
        self.scale = initial
        self.good_steps = 0

    def scale_loss(self, loss: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """Return the loss times the scale, which float16 could not hold."""
        return loss.float() * self.scale

    def step(
        self, gradients: list[Float16[Tensor, "..."]], max_norm: float | None = None
    ) -> list[Float[Tensor, "..."]] | None:
        """Return the unscaled gradients in float32, or None where the update is to be skipped."""
        if max_norm is not None and max_norm <= 0:
            raise ValueError(f"max_norm = {max_norm} is not above 0")
        if not all(gradient.isfinite().all() for gradient in gradients):
            self.scale *= self.backoff
            self.good_steps = 0
            return None

        # Cast before dividing: what was scaled up to survive in half precision would underflow.
        unscaled = [gradient.float() / self.scale for gradient in gradients]
        if max_norm is not None:
            unscaled = clipped(unscaled, max_norm)
        self.good_steps += 1
        if self.good_steps == self.interval:
            self.scale *= self.growth  # for the next loss: these gradients had the old scale
            self.good_steps = 0
        return unscaled


def stochastic_round(
    x: Float[Tensor, "*shape"], draws: Float[Tensor, "*shape"]
) -> BFloat16[Tensor, "*shape"]:
    """Round each number to one of its two neighbours in bfloat16, right on average.

    >>> stochastic_round(torch.full((2,), 256.5), torch.tensor([0.2, 0.3]))
    tensor([258., 256.], dtype=torch.bfloat16)
    """
    if x.shape != draws.shape:
        raise ValueError(f"x is {list(x.shape)}, draws {list(draws.shape)}")
    # bfloat16 is the upper half of a float32. Sign and magnitude are apart in the bits, so that
    # adding one to the upper half goes away from zero, over the exponent where it has to.
    bits = x.view(torch.int32)
    low = bits & 0xFFFF
    away = draws < low / 65536
    rounded = (bits - low + 65536 * away).to(torch.int32).view(torch.float32)
    return torch.where(x.isfinite(), rounded, x).to(torch.bfloat16)


def train_low_precision(
    weight: BFloat16[Tensor, "n"],
    gradients: Float[Tensor, "steps n"],
    lr: float,
    mode: str,
    draws: Float[Tensor, "steps n"] | None = None,
) -> BFloat16[Tensor, "n"]:
    """Return the weight after one step of plain SGD for each row of gradients.

    >>> weight, gradients = torch.tensor([256.0], dtype=torch.bfloat16), torch.full((100, 1), 0.5)
    >>> train_low_precision(weight, gradients, 0.5, "nearest")
    tensor([256.], dtype=torch.bfloat16)
    >>> train_low_precision(weight, gradients, 0.5, "master")
    tensor([231.], dtype=torch.bfloat16)
    """
    if mode not in ("nearest", "stochastic", "master"):
        raise ValueError(f"mode = {mode!r} is neither 'nearest', 'stochastic' nor 'master'")
    if mode == "stochastic" and draws is None:
        raise ValueError("mode 'stochastic' needs draws")
    w = weight.float()
    for step, gradient in enumerate(gradients):
        w = w - lr * gradient
        if mode == "nearest":
            w = w.to(torch.bfloat16).float()
        elif mode == "stochastic":
            w = stochastic_round(w, draws[step]).float()
    return w.to(torch.bfloat16)


def clipped(gradients: list[Float[Tensor, "..."]], max_norm: float) -> list[Float[Tensor, "..."]]:
    """Scale all gradients down by the same factor, so that their common norm is in bounds."""
    norm = sum(float((gradient.double() ** 2).sum()) for gradient in gradients) ** 0.5
    return [g * (max_norm / norm) for g in gradients] if norm > max_norm else gradients
