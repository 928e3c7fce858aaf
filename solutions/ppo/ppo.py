"""PPO for language models: the reference."""

import torch
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

    >>> logp, reference = torch.tensor([[-1.0, -2.0]]), torch.tensor([[-2.0, -1.5]])
    >>> token_rewards(torch.tensor([3.0]), logp, reference, torch.tensor([[True, True]]), beta=0.5)
    tensor([[-0.5000,  3.2500]])
    """
    if estimator not in ("k1", "k3"):
        raise ValueError(f"estimator must be 'k1' or 'k3', not {estimator!r}")
    if beta < 0:
        raise ValueError(f"beta must not be negative, got {beta}")
    difference = within(mask, logp - reference_logp)
    # The mean of both over the policy's samples is the KL; k3 is never negative (Schulman, 2020).
    kl = difference if estimator == "k1" else torch.expm1(-difference) + difference
    last = mask & ~one_later(mask)
    return within(last, scores[:, None].expand_as(logp)) - beta * kl


def gae(
    rewards: Float[Tensor, "batch tokens"],
    values: Float[Tensor, "batch tokens"],
    mask: Bool[Tensor, "batch tokens"],
    gamma: float = 1.0,
    lam: float = 0.95,
) -> tuple[Float[Tensor, "batch tokens"], Float[Tensor, "batch tokens"]]:
    """Return generalised advantages, and advantages plus values (Schulman et al., 2015, eq. 16).

    >>> rewards, values = torch.tensor([[1.0, 2.0]]), torch.tensor([[4.0, 3.0]])
    >>> gae(rewards, values, torch.tensor([[True, True]]), lam=0.5)
    (tensor([[-0.5000, -1.0000]]), tensor([[3.5000, 2.0000]]))
    """
    for name, factor in (("gamma", gamma), ("lam", lam)):
        if not 0 <= factor <= 1:
            raise ValueError(f"{name} must be in [0, 1], got {factor}")
    rewards, values = within(mask, rewards), within(mask, values)
    # The values are 0 outside: after the last token nothing follows.
    deltas = within(mask, rewards + gamma * one_later(values) - values)
    backwards = []
    following = torch.zeros_like(deltas[:, 0])
    for delta in reversed(deltas.unbind(dim=1)):
        following = delta + gamma * lam * following
        backwards.append(following)
    advantages = within(mask, torch.stack(backwards[::-1], dim=1))
    return advantages, advantages + values


def masked_whiten(
    x: Float[Tensor, "batch tokens"], mask: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, "batch tokens"]:
    """Return (x − mean) / √(variance + 1e-8), both over all tokens of the batch together.

    >>> masked_whiten(torch.tensor([[1.0, 5.0, 100.0]]), torch.tensor([[True, True, False]]))
    tensor([[-1.,  1.,  0.]])
    """
    mean = x[mask].mean()
    variance = (x[mask] - mean).square().mean()
    # Without a token both are NaN, and nothing of it lies within the mask.
    return within(mask, (x - mean) / (variance + 1e-8).sqrt())


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

    >>> zero, one, token = torch.zeros(1, 1), torch.ones(1, 1), torch.tensor([[True]])
    >>> ppo_losses(one, zero, one, one, zero, zero, token)
    (tensor(-1.2000), tensor(0.5000), 1.0)
    """
    if clip < 0 or value_clip < 0:
        raise ValueError(f"clip and value_clip must not be negative, got {clip} and {value_clip}")
    if not mask.any():
        return logp.new_zeros(()), values.new_zeros(()), 0.0
    # Only tokens are kept, so nothing outside can reach a loss or a gradient.
    logp, values = logp[mask], values[mask]
    old_logp, advantages = old_logp[mask].detach(), advantages[mask].detach()
    old_values, returns = old_values[mask].detach(), returns[mask].detach()

    ratio = (logp - old_logp).exp()
    unclipped = -advantages * ratio
    clipped = -advantages * ratio.clamp(1 - clip, 1 + clip)
    # The greater loss is the pessimistic one: leaving the bounds never pays.
    policy_loss = torch.maximum(unclipped, clipped).mean()

    near = old_values + (values - old_values).clamp(-value_clip, value_clip)
    value_loss = torch.maximum((values - returns).square(), (near - returns).square()).mean() / 2
    return policy_loss, value_loss, float((clipped > unclipped).float().mean())


def within(mask: Bool[Tensor, "*shape"], x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return x on the mask and 0 outside, also where x is NaN there."""
    return x.where(mask, 0.0)


def one_later(x: Tensor) -> Tensor:
    """Return what stands one place later in each row, and 0 (or False) for the last place."""
    return torch.cat([x[:, 1:], torch.zeros_like(x[:, :1])], dim=1)
