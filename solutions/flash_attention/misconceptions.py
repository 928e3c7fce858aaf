"""The wrong turns of FlashAttention."""

import math

import torch

from autograder.suite import misconception
from solutions.flash_attention.flash_attention import (
    flash_backward,
    merge_partials,
    online_step,
    require_queries_within_keys,
    tile_scores,
)

# ── online_step ───────────────────────────────────────────────────────────────────────────────


def start(state, scores, value):
    """Return the state, or that before the first block."""
    if state is not None:
        return state
    rows = len(scores)
    return torch.full((rows,), -math.inf), torch.zeros(rows), torch.zeros(rows, value.shape[1])


def step(state, scores, value):
    """Return the new maximum, what the old sums are to be multiplied by, and the new terms."""
    maximum = torch.maximum(state[0], scores.amax(dim=1))
    reference = maximum.masked_fill(maximum == -math.inf, 0.0)
    return maximum, torch.exp(state[0] - reference), torch.exp(scores - reference[:, None])


@misconception(
    replaces="online_step",
    says="what was summed before is not rescaled when a larger maximum comes",
    hint="The old terms are exp(s − m) with the old m. What would they be with the new one?",
)
def never_rescaled(state, scores, value):
    state = start(state, scores, value)
    maximum, _, terms = step(state, scores, value)
    return maximum, state[1] + terms.sum(dim=1), state[2] + terms @ value


@misconception(
    replaces="online_step",
    says="the sum is rescaled when the maximum grows, but the accumulated output is not",
    hint="l and a are sums of the same exponentials. What happens to both when m grows?",
)
def only_sum_rescaled(state, scores, value):
    state = start(state, scores, value)
    maximum, rescale, terms = step(state, scores, value)
    return maximum, rescale * state[1] + terms.sum(dim=1), state[2] + terms @ value


@misconception(
    replaces="online_step",
    says="a row that has only seen masked scores becomes NaN",
    hint="What is −inf − (−inf)? Where does your code work that out?",
)
def nan_when_all_masked(state, scores, value):
    maximum, total, accumulated = start(state, scores, value)
    new = torch.maximum(maximum, scores.amax(dim=1))
    rescale, terms = torch.exp(maximum - new), torch.exp(scores - new[:, None])
    return new, rescale * total + terms.sum(1), rescale[:, None] * accumulated + terms @ value


@misconception(
    replaces="online_step",
    says="m is the maximum of the newest block, not of all blocks so far",
    hint="A block of low scores follows one of high scores. Which m should be left?",
)
def maximum_of_the_block(state, scores, value):
    if state is None or (state[0] == -math.inf).any() or (scores.amax(dim=1) == -math.inf).any():
        return online_step(state, scores, value)
    maximum = scores.amax(dim=1)
    rescale, terms = torch.exp(state[0] - maximum), torch.exp(scores - maximum[:, None])
    return (
        maximum,
        rescale * state[1] + terms.sum(dim=1),
        rescale[:, None] * state[2] + terms @ value,
    )


@misconception(
    replaces="online_step",
    says="a is divided by l in each step, where the state holds the undivided sum",
    hint="If a is an average, what does the next block add to it?",
)
def divided_in_each_step(state, scores, value):
    maximum, total, accumulated = online_step(state, scores, value)
    divisor = total.masked_fill(total == 0, 1.0)
    return maximum, total, accumulated / divisor[:, None]


# ── flash_attention ───────────────────────────────────────────────────────────────────────────


def tiled(
    query,
    load,
    keys,
    block_q,
    block_k,
    causal,
    *,
    skip=True,
    past_the_end=False,
    diagonal=None,
    sharpen=1.0,
    normalised=True,
    full_lse=True,
    visible=None,
):
    """Right but for what the keywords say."""
    queries = len(query)
    if min(keys, block_q, block_k) < 1:
        raise ValueError("a size is below 1")
    require_queries_within_keys(queries, keys, causal)
    diagonal = diagonal or (lambda first_query, first_key: first_query + keys - queries - first_key)
    outputs, lses = [], []
    for first_query in range(0, queries, block_q):
        block = query[first_query : first_query + block_q]
        seen = first_query + len(block) + keys - queries if causal and skip else keys
        if visible is not None:
            seen = visible(seen, first_query + len(block))
        state = torch.full((len(block),), -math.inf), torch.zeros(len(block)), torch.zeros(1, 1)
        for first_key in range(0, seen, block_k):
            stop = first_key + block_k
            key, value = load(first_key, stop if past_the_end else min(stop, keys))
            offset = diagonal(first_query, first_key) if causal else None
            state = online_step(state, tile_scores(sharpen * block, key, offset), value)
        maximum, total, accumulated = state
        outputs.append(accumulated / total[:, None] if normalised else accumulated)
        lses.append(maximum + torch.log(total) if full_lse else torch.log(total))
    return torch.cat(outputs), torch.cat(lses)


@misconception(
    replaces="flash_attention",
    says="the last key block is skipped when it is not full",
    hint="Of 5 keys in blocks of 2: how many blocks are there?",
)
def tail_dropped(query, load, keys, block_q, block_k, causal=False):
    full = keys - keys % block_k
    return tiled(
        query, load, keys, block_q, block_k, causal, visible=lambda seen, _: min(seen, full)
    )


@misconception(
    replaces="flash_attention",
    says="the causal mask compares places inside the tile, not in the sequence",
    hint="Column 0 of the third tile: which key of the sequence is it, and who may see it?",
)
def tile_local_causal(query, load, keys, block_q, block_k, causal=False):
    return tiled(query, load, keys, block_q, block_k, causal, diagonal=lambda *_: 0)


@misconception(
    replaces="flash_attention",
    says="the causal mask is aligned to the first key, not to the last",
    hint="Two new queries, five keys: which keys does the last query see?",
)
def top_left_causal(query, load, keys, block_q, block_k, causal=False):
    return tiled(
        query,
        load,
        keys,
        block_q,
        block_k,
        causal,
        diagonal=lambda first_query, first_key: first_query - first_key,
        visible=lambda seen, stop: min(stop, keys) if causal else seen,
    )


@misconception(
    id="top_left_causal",
    replaces="flash_attention",
    says="the causal mask is aligned to the first key, not to the last",
    hint="Two new queries, five keys: which keys does the last query see?",
)
def top_left_causal_that_loads_as_it_should(query, load, keys, block_q, block_k, causal=False):
    return tiled(
        query,
        load,
        keys,
        block_q,
        block_k,
        causal,
        diagonal=lambda first_query, first_key: first_query - first_key,
    )


@misconception(
    replaces="flash_attention",
    says="the returned lse is the log of the sum without the maximum added back",
    hint="l is a sum of exp(s − m). What is the log of the sum of exp(s)?",
)
def lse_without_maximum(query, load, keys, block_q, block_k, causal=False):
    return tiled(query, load, keys, block_q, block_k, causal, full_lse=False)


@misconception(
    replaces="flash_attention",
    says="the accumulated output is not divided by the sum of the exponentials",
    hint="If all values are 1, what must the output be?",
)
def never_divided(query, load, keys, block_q, block_k, causal=False):
    return tiled(query, load, keys, block_q, block_k, causal, normalised=False)


@misconception(
    replaces="flash_attention",
    says="the scores are not divided by √d",
    hint="Print the standard deviation of the scores as d grows.",
)
def unscaled(query, load, keys, block_q, block_k, causal=False):
    sharpen = math.sqrt(query.shape[1])
    return tiled(query, load, keys, block_q, block_k, causal, sharpen=sharpen)


@misconception(
    replaces="flash_attention",
    says="key blocks are loaded that no query of the block sees",
    hint="Which key blocks lie wholly above the diagonal? What do they add to the sums?",
)
def masked_blocks_loaded(query, load, keys, block_q, block_k, causal=False):
    return tiled(query, load, keys, block_q, block_k, causal, skip=False)


@misconception(
    replaces="flash_attention",
    says="the last key block is loaded past the last key",
    hint="Where does the last block of 5 keys in blocks of 2 end?",
)
def loads_past_the_end(query, load, keys, block_q, block_k, causal=False):
    return tiled(query, load, keys, block_q, block_k, causal, past_the_end=True)


# ── merge_partials ────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="merge_partials",
    says="parts are averaged without regard to their lse",
    hint="One part saw a key with nearly all the weight, the other the rest. Which counts more?",
)
def mean_of_parts(outputs, lses):
    _, lse = merge_partials(outputs, lses)
    empty = lses == -math.inf
    total = outputs.masked_fill(empty[..., None], 0.0).sum(dim=0)
    return total / (~empty).sum(dim=0).clamp_min(1)[..., None], lse


@misconception(
    replaces="merge_partials",
    says="the NaN of a part that saw no keys is multiplied by a weight of 0, which leaves NaN",
    hint="What is 0 · NaN?",
)
def nan_of_an_empty_part(outputs, lses):
    _, lse = merge_partials(outputs, lses)
    weights = torch.exp(lses - lse).masked_fill(lses == -math.inf, 0.0)
    return (weights[..., None] * outputs).sum(dim=0), lse


@misconception(
    replaces="merge_partials",
    says="the output is NaN where no part saw any key",
    hint="What is −inf − (−inf)?",
)
def nan_when_nothing_was_seen(outputs, lses):
    _, lse = merge_partials(outputs, lses)
    safe = outputs.masked_fill((lses == -math.inf)[..., None], 0.0)
    return (torch.exp(lses - lse)[..., None] * safe).sum(dim=0), lse


@misconception(
    replaces="merge_partials",
    says="exponentials are taken of the lse as they are, so large ones overflow",
    hint="exp(89) is no float32 any more. What may be taken from all of them first?",
)
def overflowing_weights(outputs, lses):
    if (lses == -math.inf).all(dim=0).any():
        return merge_partials(outputs, lses)
    merge_partials(outputs, lses)
    empty = lses == -math.inf
    exponentials = torch.exp(lses)
    total = exponentials.sum(dim=0)
    weighted = exponentials[..., None] * outputs.masked_fill(empty[..., None], 0.0)
    return weighted.sum(dim=0) / total[..., None], torch.log(total)


# ── flash_backward ────────────────────────────────────────────────────────────────────────────


def backward(query, key, value, output, lse, grad_output, block_k, causal, p_of=None, d_of=None):
    """Right but for the probabilities and the correction of each block, where given."""
    flash_backward(query, key, value, output, lse, grad_output, block_k, causal)
    scale = 1 / math.sqrt(query.shape[1])
    whole = (grad_output * output).sum(dim=1, keepdim=True)
    grad_query, grad_keys, grad_values = torch.zeros_like(query), [], []
    for first in range(0, len(key), block_k):
        k, v = key[first : first + block_k], value[first : first + block_k]
        diagonal = len(key) - len(query) - first if causal else None
        scores = tile_scores(query, k, diagonal)
        p = torch.exp(scores - lse[:, None]) if p_of is None else p_of(scores)
        grad_p = grad_output @ v.T
        grad_s = p * (grad_p - (whole if d_of is None else d_of(p, grad_p)))
        grad_query = grad_query + scale * grad_s @ k
        grad_keys.append(scale * grad_s.T @ query)
        grad_values.append(p.T @ grad_output)
    return grad_query, torch.cat(grad_keys), torch.cat(grad_values)


@misconception(
    replaces="flash_backward",
    says="the row sum of grad_output·output is not subtracted from dP",
    hint="Add a constant to all scores of a row. What should that do to the output, and to Σ dS?",
)
def no_row_correction(query, key, value, output, lse, grad_output, block_k, causal=False):
    return backward(
        query, key, value, output, lse, grad_output, block_k, causal, d_of=lambda p, grad_p: 0.0
    )


@misconception(
    replaces="flash_backward",
    says="the row correction is summed over each block of keys by itself, not over all keys",
    hint="D is one number for a row. Which of your sums has seen only a part of the keys?",
)
def correction_of_the_block(query, key, value, output, lse, grad_output, block_k, causal=False):
    return backward(
        query,
        key,
        value,
        output,
        lse,
        grad_output,
        block_k,
        causal,
        d_of=lambda p, grad_p: (p * grad_p).sum(dim=1, keepdim=True),
    )


@misconception(
    replaces="flash_backward",
    says="the gradients of query and key lack the factor 1/√d",
    hint="S is q kᵀ/√d. What is its derivative by q?",
)
def gradients_unscaled(query, key, value, output, lse, grad_output, block_k, causal=False):
    right = flash_backward(query, key, value, output, lse, grad_output, block_k, causal)
    root = math.sqrt(query.shape[1])
    return root * right[0], root * right[1], right[2]


@misconception(
    replaces="flash_backward",
    says="the probabilities are normalised in each block by itself, not by the saved lse",
    hint="Sum your P over all blocks of a row. What should it be?",
)
def softmax_of_the_block(query, key, value, output, lse, grad_output, block_k, causal=False):
    return backward(
        query,
        key,
        value,
        output,
        lse,
        grad_output,
        block_k,
        causal,
        p_of=lambda scores: torch.softmax(scores, dim=1).nan_to_num(0.0),
    )
