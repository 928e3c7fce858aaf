"""DPO, IPO and SimPO: the reference."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F


def sequence_logps(
    logits: Float[Tensor, "batch tokens vocab"], labels: Int[Tensor, "batch tokens"]
) -> tuple[Float[Tensor, "batch"], Int[Tensor, "batch"]]:
    """Return the summed log-probability of each row's labels, and how many were scored.

    >>> sequence_logps(torch.zeros(1, 3, 2), torch.tensor([[-100, 0, 1]]))
    (tensor([-1.3863]), tensor([2]))
    """
    if logits.shape[:-1] != labels.shape or labels.ndim != 2:
        raise ValueError(f"logits {tuple(logits.shape)} do not fit labels {tuple(labels.shape)}")
    # The logits at a place predict the next label: the last logits and the first label have no
    # partner.
    logits, labels = logits[:, :-1], labels[:, 1:]
    scored = labels != -100
    places = labels.where(scored, 0)[..., None]
    logps = logits.log_softmax(dim=2).gather(2, places)[..., 0]
    return logps.where(scored, 0.0).sum(dim=1), scored.sum(dim=1)


def dpo_loss(
    policy_chosen: Float[Tensor, "n"],
    policy_rejected: Float[Tensor, "n"],
    reference_chosen: Float[Tensor, "n"],
    reference_rejected: Float[Tensor, "n"],
    beta: float = 0.1,
    label_smoothing: float = 0.0,
) -> tuple[Float[Tensor, ""], Float[Tensor, "n"], Float[Tensor, "n"]]:
    """Return the loss (Rafailov et al., 2023, eq. 7), and the rewards of chosen and of rejected.

    >>> dpo_loss(*torch.tensor([[-2.0], [-5.0], [-3.0], [-4.0]]), beta=0.5)
    (tensor(0.3133), tensor([0.5000]), tensor([-0.5000]))
    """
    if not 0 <= label_smoothing < 0.5:
        raise ValueError(f"label_smoothing must be in [0, 0.5), got {label_smoothing}")
    chosen, rejected = log_ratios(
        policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta
    )
    logits = beta * (chosen - rejected)
    # A label is wrong with the chance of label_smoothing (conservative DPO).
    losses = -(1 - label_smoothing) * F.logsigmoid(logits) - label_smoothing * F.logsigmoid(-logits)
    return losses.mean(), beta * chosen.detach(), beta * rejected.detach()


def ipo_loss(
    policy_chosen: Float[Tensor, "n"],
    policy_rejected: Float[Tensor, "n"],
    reference_chosen: Float[Tensor, "n"],
    reference_rejected: Float[Tensor, "n"],
    beta: float = 0.1,
) -> Float[Tensor, ""]:
    """Return the squared distance of the margin from 1 / (2 beta) (Azar et al., 2023, eq. 17).

    >>> ipo_loss(*torch.tensor([[-2.0], [-5.0], [-3.0], [-4.0]]), beta=0.1)
    tensor(9.)
    """
    chosen, rejected = log_ratios(
        policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta
    )
    return (chosen - rejected - 1 / (2 * beta)).square().mean()


def simpo_loss(
    policy_chosen: Float[Tensor, "n"],
    policy_rejected: Float[Tensor, "n"],
    chosen_tokens: Int[Tensor, "n"],
    rejected_tokens: Int[Tensor, "n"],
    beta: float = 2.0,
    gamma: float = 1.0,
) -> Float[Tensor, ""]:
    """Return the loss on log-probabilities a token, without a reference (Meng et al., 2024, eq. 6).

    >>> simpo_loss(*torch.tensor([[-2.0], [-6.0], [2.0], [3.0]]))
    tensor(0.3133)
    """
    require_pairs(beta, policy_chosen, policy_rejected, chosen_tokens, rejected_tokens)
    if (torch.minimum(chosen_tokens, rejected_tokens) < 1).any():
        raise ValueError("an answer has no token")
    margin = policy_chosen / chosen_tokens - policy_rejected / rejected_tokens
    return -F.logsigmoid(beta * margin - gamma).mean()


def log_ratios(
    policy_chosen: Float[Tensor, "n"],
    policy_rejected: Float[Tensor, "n"],
    reference_chosen: Float[Tensor, "n"],
    reference_rejected: Float[Tensor, "n"],
    beta: float,
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"]]:
    """Return log(policy / reference) of chosen and of rejected; the reference is a constant."""
    require_pairs(beta, policy_chosen, policy_rejected, reference_chosen, reference_rejected)
    return policy_chosen - reference_chosen.detach(), policy_rejected - reference_rejected.detach()


def require_pairs(beta: float, *values: Tensor) -> None:
    """Refuse a beta that is not above 0, no pair, and lengths that differ."""
    if beta <= 0:
        raise ValueError(f"beta must be above 0, got {beta}")
    shapes = {tuple(value.shape) for value in values}
    if len(shapes) > 1:
        raise ValueError(f"the lengths differ: {shapes}")
    if (0,) in shapes:
        raise ValueError("there is no pair")
