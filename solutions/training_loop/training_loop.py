"""The training loop: rate, AdamW, clipping, accumulation: the reference."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def learning_rate(
    step: int, peak: float, warmup_steps: int, total_steps: int, floor: float = 0.0
) -> float:
    """Return the rate of update number `step`, counted from 1.

    >>> [round(learning_rate(step, 8.0, 2, 6, floor=2.0), 2) for step in range(1, 8)]
    [4.0, 8.0, 7.12, 5.0, 2.88, 2.0, 2.0]
    """
    if step < 1:
        raise ValueError(f"step counts from 1, got {step}")
    if total_steps < 1:
        raise ValueError(f"total_steps is at least 1, got {total_steps}")
    if not 0 <= warmup_steps <= total_steps:
        raise ValueError(f"warmup_steps is from 0 to {total_steps}, got {warmup_steps}")

    if step <= warmup_steps:
        return peak * step / warmup_steps
    if step > total_steps:
        return floor
    # The cosine starts where the warm-up ends, not at step 0, so the rate does not jump.
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress)) / 2


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
    """Make one update of AdamW (Loshchilov and Hutter, 2019, algorithm 2).

    >>> parameter, gradient, zero = torch.tensor(2.0), torch.tensor(8.0), torch.tensor(0.0)
    >>> adamw_step(parameter, gradient, zero, zero, 1, 0.5, (0.75, 0.5), weight_decay=0.5)
    (tensor(1.), tensor(2.), tensor(32.))
    """
    if step < 1:
        raise ValueError(f"step counts from 1, got {step}")
    shapes = {tuple(t.shape) for t in (parameter, gradient, first, second)}
    if len(shapes) > 1:
        raise ValueError(f"parameter, gradient and moments have one shape, got {sorted(shapes)}")

    beta1, beta2 = betas
    first = beta1 * first + (1 - beta1) * gradient
    second = beta2 * second + (1 - beta2) * gradient**2
    # The moments start at zero; after t steps they hold 1 − βᵗ of what they estimate (Kingma and
    # Ba, 2015, section 3).
    mean = first / (1 - beta1**step)
    square = second / (1 - beta2**step)
    # The decay acts on the parameter itself: in the gradient it would be divided by the root too.
    decayed = parameter * (1 - lr * weight_decay)
    return decayed - lr * mean / (square.sqrt() + eps), first, second


def clip_gradients(
    gradients: list[Float[Tensor, "..."]], max_norm: float
) -> tuple[list[Float[Tensor, "..."]], float]:
    """Scale all gradients together so that their common norm is at most `max_norm`.

    >>> clip_gradients([torch.tensor([3.0]), torch.tensor([4.0])], max_norm=2.5)
    ([tensor([1.5000]), tensor([2.])], 5.0)
    """
    if max_norm <= 0:
        raise ValueError(f"max_norm is above 0, got {max_norm}")
    if not all(gradient.isfinite().all() for gradient in gradients):
        # One NaN would make the norm NaN and, by it, every gradient.
        raise ValueError("the gradients hold a NaN or an infinity")

    # One norm for all: the direction of the whole step stays.
    norm = math.sqrt(sum(gradient.square().sum().item() for gradient in gradients))
    if norm <= max_norm:
        return [gradient.clone() for gradient in gradients], norm
    return [gradient * (max_norm / norm) for gradient in gradients], norm


def accumulate_gradients(
    weight: Float[Tensor, "vocab d"],
    micro_batches: list[tuple[Float[Tensor, "tokens d"], Int[Tensor, "tokens"]]],
) -> tuple[float, Float[Tensor, "vocab d"]]:
    """Return the loss of a batch that comes in parts, and its gradient in `weight`.

    >>> x, labels = torch.tensor([[1.0], [1.0]]), torch.tensor([0, -100])
    >>> loss, gradient = accumulate_gradients(torch.zeros(2, 1), [(x, labels)])
    >>> round(loss, 4), gradient
    (0.6931, tensor([[-0.5000],
            [ 0.5000]]))
    """
    loss, gradient, count = 0.0, torch.zeros_like(weight), 0
    for x, labels in micro_batches:
        part_loss, part_gradient, part_count = summed_loss(weight, x, labels)
        loss, gradient, count = loss + part_loss, gradient + part_gradient, count + part_count
    # Sums are added up and divided once, so every token weighs the same in whichever part it is.
    return loss / max(count, 1), gradient / max(count, 1)


def summed_loss(weight: Tensor, x: Tensor, labels: Tensor) -> tuple[float, Tensor, int]:
    """Return the sum of the cross-entropies, its gradient in `weight`, and how many there are."""
    learned = labels != -100
    x, labels = x[learned], labels[learned]
    log_p = (x @ weight.T).log_softmax(dim=-1)
    target = torch.nn.functional.one_hot(labels, len(weight))
    # The gradient of −log p(y) in the logits is p − e_y.
    return -(log_p * target).sum().item(), (log_p.exp() - target).T @ x, len(labels)
