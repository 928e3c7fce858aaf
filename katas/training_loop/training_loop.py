"""The training loop: rate, AdamW, clipping, accumulation. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def learning_rate(
    step: int, peak: float, warmup_steps: int, total_steps: int, floor: float = 0.0
) -> float:
    """Return the rate of update number `step`, counted from 1.

    It rises in a line from 0 to `peak` over `warmup_steps`, falls in half a cosine to `floor` at
    `total_steps`, and stays there.

    Raises:
        ValueError: if step or total_steps is below 1, or warmup_steps is not in 0 … total_steps.
    """
    raise NotImplementedError


def adamw_step(
    parameter: Float[Tensor, "..."],
    gradient: Float[Tensor, "..."],
    first: Float[Tensor, "..."],
    second: Float[Tensor, "..."],
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."], Float[Tensor, "..."]]:
    """Make one update of AdamW (Loshchilov and Hutter, 2019).

    Args:
        parameter: what is updated.
        gradient: its gradient.
        first: the first moment before this step.
        second: the second moment before this step.
        step: the number of this step, counted from 1.
        lr: the learning rate.
        betas: the decay rates of the two moments.
        eps: is added to the root of the corrected second moment.
        weight_decay: pulls the parameter to zero, decoupled from the gradient.

    Returns:
        The new parameter, first and second moment. No gradient need flow.

    Raises:
        ValueError: if step is below 1, or the four shapes differ.
    """
    raise NotImplementedError


def clip_gradients(
    gradients: list[Float[Tensor, "..."]], max_norm: float
) -> tuple[list[Float[Tensor, "..."]], float]:
    """Scale all gradients together so that their common norm is at most `max_norm`.

    Returns:
        The gradients, and the norm before clipping. No gradients give ([], 0.0).

    Raises:
        ValueError: if max_norm is not above 0, or a gradient holds a NaN or an infinity.
    """
    raise NotImplementedError


def accumulate_gradients(
    weight: Float[Tensor, "vocab d"],
    micro_batches: list[tuple[Float[Tensor, "tokens d"], Int[Tensor, "tokens"]]],
) -> tuple[float, Float[Tensor, "vocab d"]]:
    """Return the loss of a batch that comes in parts, and its gradient in `weight`.

    Args:
        weight: makes the logits, x weightᵀ.
        micro_batches: inputs and labels. A label of -100 carries no loss; a part may hold no
            other, or no tokens at all.

    Returns:
        The mean cross-entropy over all labels of all parts that are not -100, and its gradient,
        with no graph. Without any label: (0.0, zeros).
    """
    raise NotImplementedError
