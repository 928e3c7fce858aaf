"""FlashAttention: exact attention in tiles: the reference."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

State = tuple[Float[Tensor, "rows"], Float[Tensor, "rows"], Float[Tensor, "rows d_v"]]


def online_step(
    state: State | None,
    scores: Float[Tensor, "rows block"],
    value: Float[Tensor, "block d_v"],
) -> State:
    """Take one more block of keys into an online softmax (Milakov and Gimelshein, 2018).

    >>> state = online_step(None, torch.zeros(1, 1), torch.tensor([[6.0]]))
    >>> m, l, a = online_step(state, torch.tensor([[math.log(2.0)]]), torch.tensor([[3.0]]))
    >>> l.item(), a.item(), (a / l).item()
    (1.5, 6.0, 4.0)
    """
    if state is None:
        rows, d_v = scores.shape[0], value.shape[1]
        state = (
            scores.new_full((rows,), -math.inf),
            scores.new_zeros(rows),
            value.new_zeros(rows, d_v),
        )
    old_maximum, total, accumulated = state

    maximum = torch.maximum(old_maximum, scores.amax(dim=1))
    # Where only −inf has been seen, −inf − (−inf) would be NaN. Against 0 all terms become 0.
    reference = maximum.masked_fill(maximum == -math.inf, 0.0)
    rescale = torch.exp(old_maximum - reference)
    terms = torch.exp(scores - reference[:, None])
    return (
        maximum,
        rescale * total + terms.sum(dim=1),
        rescale[:, None] * accumulated + terms @ value,
    )


def flash_attention(
    query: Float[Tensor, "queries d"],
    load: Callable[[int, int], tuple[Float[Tensor, "block d"], Float[Tensor, "block d_v"]]],
    keys: int,
    block_q: int,
    block_k: int,
    causal: bool = False,
) -> tuple[Float[Tensor, "queries d_v"], Float[Tensor, "queries"]]:
    """Return the output of attention and its lse (Dao, 2023, algorithm 1).

    >>> values = torch.tensor([[1.0], [2.0], [6.0]])
    >>> load = lambda start, stop: (values[start:stop], values[start:stop])
    >>> flash_attention(torch.zeros(2, 1), load, keys=3, block_q=1, block_k=2, causal=True)[0]
    tensor([[1.5000],
            [3.0000]])
    """
    if min(keys, block_q, block_k) < 1:
        raise ValueError(
            f"sizes are at least 1, got keys={keys}, block_q={block_q}, block_k={block_k}"
        )
    require_queries_within_keys(len(query), keys, causal)

    outputs, lses = [], []
    for number, block in enumerate(query.split(block_q)):
        # Row r of the block sees the keys up to r + row_sees.
        row_sees = number * block_q + keys - len(query)
        seen = row_sees + len(block) if causal else keys
        state = None
        for first_key in range(0, seen, block_k):
            key, value = load(first_key, min(first_key + block_k, keys))
            diagonal = row_sees - first_key if causal else None
            state = online_step(state, tile_scores(block, key, diagonal), value)
        maximum, total, accumulated = state
        # One division at the end, not one a block (Dao, 2023, section 3.1).
        outputs.append(accumulated / total[:, None])
        lses.append(maximum + torch.log(total))
    return torch.cat(outputs), torch.cat(lses)


def merge_partials(
    outputs: Float[Tensor, "parts ... d_v"], lses: Float[Tensor, "parts ..."]
) -> tuple[Float[Tensor, "... d_v"], Float[Tensor, "..."]]:
    """Join attention of the same queries over disjoint sets of keys: output and lse.

    >>> output, lse = merge_partials(torch.tensor([[4.0], [8.0]]), torch.tensor([3.0, 1.0]).log())
    >>> output.item(), lse.exp().item()
    (5.0, 4.0)
    """
    if len(outputs) == 0:
        raise ValueError("there is no part to join")
    if outputs.shape[:-1] != lses.shape:
        raise ValueError(
            f"outputs {list(outputs.shape)} and lses {list(lses.shape)} do not fit: "
            "lses have to have the shape of outputs without its last axis"
        )
    lse = torch.logsumexp(lses, dim=0)
    # What saw no keys is set aside twice: −inf − (−inf) is NaN, and so is 0 · NaN.
    empty = lses == -math.inf
    weights = torch.exp(lses - lse).masked_fill(empty, 0.0)
    return (weights[..., None] * outputs.masked_fill(empty[..., None], 0.0)).sum(dim=0), lse


def flash_backward(
    query: Float[Tensor, "queries d"],
    key: Float[Tensor, "keys d"],
    value: Float[Tensor, "keys d_v"],
    output: Float[Tensor, "queries d_v"],
    lse: Float[Tensor, "queries"],
    grad_output: Float[Tensor, "queries d_v"],
    block_k: int,
    causal: bool = False,
) -> tuple[Float[Tensor, "queries d"], Float[Tensor, "keys d"], Float[Tensor, "keys d_v"]]:
    """Return the gradients of query, key and value (Dao, 2023, algorithm 2).

    >>> one = torch.ones(1, 1)
    >>> flash_backward(one, one, 3 * one, 3 * one, one.flatten(), one, block_k=1)
    (tensor([[0.]]), tensor([[0.]]), tensor([[1.]]))
    """
    if block_k < 1:
        raise ValueError(f"block_k is at least 1, got {block_k}")
    require_queries_within_keys(len(query), len(key), causal)

    scale = 1 / math.sqrt(query.shape[1])
    # Σ_j P_ij dP_ij over *all* keys is dO_i · O_i: known before the first block.
    correction = (grad_output * output).sum(dim=1, keepdim=True)
    grad_query = torch.zeros_like(query)
    grad_keys, grad_values = [], []
    blocks = zip(key.split(block_k), value.split(block_k), strict=True)
    for number, (block, block_value) in enumerate(blocks):
        diagonal = len(key) - len(query) - number * block_k if causal else None
        probabilities = torch.exp(tile_scores(query, block, diagonal) - lse[:, None])
        grad_probabilities = grad_output @ block_value.T
        grad_scores = probabilities * (grad_probabilities - correction)
        grad_query += scale * grad_scores @ block
        grad_keys.append(scale * grad_scores.T @ query)
        grad_values.append(probabilities.T @ grad_output)
    return grad_query, torch.cat(grad_keys), torch.cat(grad_values)


def tile_scores(
    query: Float[Tensor, "rows d"], key: Float[Tensor, "block d"], diagonal: int | None
) -> Float[Tensor, "rows block"]:
    """Return the scaled scores of a tile, −inf where column > row + diagonal."""
    scores = query @ key.T / math.sqrt(query.shape[1])
    if diagonal is None:
        return scores
    hidden = torch.ones(scores.shape, dtype=torch.bool).triu(diagonal + 1)
    return scores.masked_fill(hidden, -math.inf)


def require_queries_within_keys(queries: int, keys: int, causal: bool) -> None:
    """Refuse causal attention in which the first queries would see nothing."""
    if causal and queries > keys:
        raise ValueError(f"causal attention of {queries} queries needs as many keys, got {keys}")
