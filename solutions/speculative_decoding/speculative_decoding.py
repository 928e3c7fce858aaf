"""Speculative decoding: verify, residual, draft length: the reference."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def residual_distribution(
    target: Float[Tensor, "vocab"], draft: Float[Tensor, "vocab"]
) -> Float[Tensor, "vocab"]:
    """Return the distribution to draw from where a draft was rejected.

    >>> residual_distribution(torch.tensor([0.3, 0.3, 0.4]), torch.tensor([0.6, 0.3, 0.1]))
    tensor([0., 0., 1.])
    """
    if target.shape != draft.shape:
        raise ValueError(f"target is {list(target.shape)}, draft {list(draft.shape)}")
    # Accepted drafts have given min(target, draft); this is what is missing to the target.
    missing = (target - draft).clamp(min=0)
    total = missing.sum()
    return torch.where(total > 0, missing / total, target)


def verify(
    draft_tokens: Int64[Tensor, "k"],
    draft_probs: Float[Tensor, "k vocab"],
    target_probs: Float[Tensor, "k+1 vocab"],
    accept_draws: Float[Tensor, "k"],
    sample_draw: float,
) -> list[int]:
    """Return the accepted tokens, and one more (Leviathan et al., 2023, algorithm 1).

    >>> draft, target = torch.tensor([[0.6, 0.4]]), torch.tensor([[0.3, 0.7], [0.5, 0.5]])
    >>> verify(torch.tensor([0]), draft, target, torch.tensor([0.4]), 0.6)
    [0, 1]
    >>> verify(torch.tensor([0]), draft, target, torch.tensor([0.7]), 0.6)
    [1]
    """
    require_shapes(draft_tokens, draft_probs, target_probs, accept_draws)
    tokens = draft_tokens.tolist()
    if any(q[token] == 0 for token, q in zip(tokens, draft_probs, strict=True)):
        raise ValueError("draft_tokens: one has the draft probability 0, so it was not drawn")
    for place, token in enumerate(tokens):
        p, q = target_probs[place], draft_probs[place]
        # With probability min(1, p / q), multiplied out.
        if not accept_draws[place] * q[token] < p[token]:
            return [*tokens[:place], drawn(residual_distribution(p, q), sample_draw)]
    return [*tokens, drawn(target_probs[-1], sample_draw)]


def expected_tokens(acceptance: float, k: int) -> float:
    """Return the tokens per pass of the target, with k drafts accepted independently.

    >>> expected_tokens(0.5, 2)
    1.75
    """
    if not 0 <= acceptance <= 1:
        raise ValueError(f"acceptance = {acceptance} is no probability")
    if k < 0:
        raise ValueError(f"k = {k} is negative")
    # The i-th draft counts when it and all before it are accepted; the 1 is the target's own token.
    return sum(acceptance**i for i in range(k + 1))


def best_draft_length(acceptance: float, cost: float, max_k: int) -> int:
    """Return the number of drafts with the largest speed-up, from 0 to `max_k`.

    >>> best_draft_length(0.5, cost=0.1, max_k=4)
    2
    """
    if cost < 0:
        raise ValueError(f"cost = {cost} is negative")
    if max_k < 0:
        raise ValueError(f"max_k = {max_k} is negative")
    speed_ups = [expected_tokens(acceptance, k) / (1 + k * cost) for k in range(max_k + 1)]
    best = max(speed_ups) - 1e-12  # rounding may make the later of two equal ones the larger
    return next(k for k, value in enumerate(speed_ups) if value >= best)


def require_shapes(
    draft_tokens: Tensor, draft_probs: Tensor, target_probs: Tensor, accept_draws: Tensor
) -> None:
    """Raise unless all of them speak of the same k drafts and the same vocabulary."""
    k, vocab = len(draft_tokens), target_probs.shape[-1]
    shapes = draft_tokens.shape, draft_probs.shape, target_probs.shape, accept_draws.shape
    if shapes != ((k,), (k, vocab), (k + 1, vocab), (k,)):
        raise ValueError(
            "draft_tokens, draft_probs, target_probs and accept_draws have to be [k], [k, vocab], "
            f"[k + 1, vocab] and [k], got {[list(shape) for shape in shapes]}"
        )


def drawn(probs: Float[Tensor, "vocab"], draw: float) -> int:
    """Return the lowest token whose cumulative probability exceeds the draw."""
    # The cumulative sum does not move at a token of probability 0, so it is none of these.
    above = torch.nonzero(probs.double().cumsum(dim=0) > draw).flatten()
    return int(above[0] if len(above) else torch.nonzero(probs).max())
