"""From logits to the next token: the reference."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def apply_repetition_penalty(
    logits: Float[Tensor, "vocab"],
    previous: list[int],
    penalty: float,
) -> Float[Tensor, "vocab"]:
    """Make tokens that came before less likely (Keskar et al., 2019, CTRL, section 4.1).

    >>> apply_repetition_penalty(torch.tensor([2.0, -2.0, 2.0]), [0, 1, 0], 2.0)
    tensor([ 1., -4.,  2.])
    """
    if penalty <= 0:
        raise ValueError(f"penalty = {penalty}, which is not above 0")
    vocab = len(logits)
    if any(not 0 <= token < vocab for token in previous):
        raise ValueError(f"previous holds an id outside 0 … {vocab - 1}")
    # A mask, not a loop: a token is penalised once, however often it came.
    seen = torch.zeros(vocab, dtype=torch.bool)
    seen[torch.tensor(previous, dtype=torch.long)] = True
    # Dividing a negative logit would bring it closer to 0, and so make the token likelier.
    penalised = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(seen, penalised, logits)


def next_token_distribution(
    logits: Float[Tensor, "vocab"],
    previous: list[int] | None = None,
    repetition_penalty: float = 1.0,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> Float[Tensor, "vocab"]:
    """Apply penalty, temperature, top-k, top-p (Holtzman et al., 2020) and min-p, in this order.

    >>> next_token_distribution(torch.tensor([0.4, 0.1, 0.5]).log(), top_k=2)
    tensor([0.4444, 0.0000, 0.5556])
    """
    refuse_settings(temperature, top_k, top_p, min_p)
    logits = apply_repetition_penalty(logits, previous or [], repetition_penalty)
    if logits.max() == -torch.inf:
        raise ValueError("every logit is −inf: no token is allowed")

    # Logits are sorted rather than probabilities, so that rounding cannot break a tie.
    by_rank = torch.argsort(logits, descending=True, stable=True)
    if temperature == 0:
        return torch.zeros_like(logits).index_fill(0, by_rank[:1], 1.0)
    probs = torch.softmax(logits / temperature, dim=-1)[by_rank]
    if top_k is not None:
        probs = renormalised(probs, torch.arange(len(probs)) < top_k)
    if top_p is not None and top_p < 1:
        # A token stays while those before it have not reached top_p: the one that crosses stays.
        before = probs.cumsum(dim=-1) - probs
        probs = renormalised(probs, before < top_p)
    if min_p is not None:
        probs = renormalised(probs, probs >= min_p * probs.max())
    return probs[torch.argsort(by_rank)]  # back to the tokens' own places


def sample(probs: Float[Tensor, "... vocab"], uniform: Float[Tensor, "..."]) -> Int[Tensor, "..."]:
    """Draw one token for each row, by inverting the cumulative sum.

    >>> sample(torch.tensor([[0.0, 2.0, 2.0], [1.0, 0.0, 1.0]]), torch.tensor([0.25, 0.5]))
    tensor([1, 2])
    """
    if probs.shape[:-1] != uniform.shape:
        raise ValueError(f"probs has {probs.shape[:-1]} rows, but uniform {uniform.shape}")
    if (probs < 0).any():
        raise ValueError("probs holds a negative probability")
    if not ((uniform >= 0) & (uniform < 1)).all():
        raise ValueError("uniform is outside [0, 1)")
    cumulative = probs.double().cumsum(dim=-1)
    total = cumulative[..., -1:]
    if (total == 0).any():
        raise ValueError("probs has a row that sums to 0")
    # In float64 a float32 draw below 1 stays below the total, so that there always is an index.
    return (cumulative <= uniform.double().unsqueeze(-1) * total).sum(dim=-1)


def refuse_settings(
    temperature: float, top_k: int | None, top_p: float | None, min_p: float | None
) -> None:
    """Raise where a setting has no meaning; at temperature 0 too, which uses no filter."""
    if temperature < 0:
        raise ValueError(f"temperature = {temperature} is negative")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k = {top_k} keeps no token")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p = {top_p} is outside (0, 1]")
    if min_p is not None and not 0 <= min_p <= 1:
        raise ValueError(f"min_p = {min_p} is outside [0, 1]")


def renormalised(
    probs: Float[Tensor, "vocab"],
    keep: Tensor,
) -> Float[Tensor, "vocab"]:
    """Set all but the tokens to keep to 0, and let these sum to 1 again."""
    kept = torch.where(keep, probs, 0.0)
    return kept / kept.sum()
