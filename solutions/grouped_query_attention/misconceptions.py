"""The wrong turns of grouped-query attention."""

import math

import torch

from autograder.suite import misconception
from solutions.grouped_query_attention.grouped_query_attention import (
    attention_costs,
    grouped_query_attention,
    merge_kv_heads,
)

# ── grouped_query_attention ───────────────────────────────────────────────────────────────────


def refuse(query, key, value):
    """Raise what the task has to raise."""
    if query.shape[1] % key.shape[1]:
        raise ValueError("kv_heads does not divide heads")
    if key.shape[1:3] != value.shape[1:3]:
        raise ValueError("key and value differ in heads or keys")
    if query.shape[-1] != key.shape[-1]:
        raise ValueError("query and key differ in d")


@misconception(
    replaces="grouped_query_attention",
    says="query head h reads kv head h mod kv_heads, so neighbours do not share",
    hint="Of 4 query heads and 2 kv heads: which kv head does query head 1 read?",
)
def alternating_groups(query, key, value, mask=None):
    refuse(query, key, value)
    group = query.shape[1] // key.shape[1]
    key, value = key.repeat(1, group, 1, 1), value.repeat(1, group, 1, 1)
    return grouped_query_attention(query, key, value, mask)


@misconception(
    replaces="grouped_query_attention",
    says="all query heads read the first kv head",
    hint="Change the last kv head only. Which outputs should change?",
)
def first_kv_head_for_all(query, key, value, mask=None):
    refuse(query, key, value)
    return grouped_query_attention(query, key[:, :1], value[:, :1], mask)


@misconception(
    replaces="grouped_query_attention",
    says="the scores are divided by √(heads·d), not by √d",
    hint="How many products does one score of one head add up?",
)
def scaled_by_all_heads(query, key, value, mask=None):
    refuse(query, key, value)
    return grouped_query_attention(query / math.sqrt(query.shape[1]), key, value, mask)


@misconception(
    replaces="grouped_query_attention",
    says="the scores are not divided by √d",
    hint="Print the standard deviation of the scores as d grows.",
)
def unscaled(query, key, value, mask=None):
    refuse(query, key, value)
    return grouped_query_attention(query * math.sqrt(query.shape[-1]), key, value, mask)


@misconception(
    replaces="grouped_query_attention",
    says="the mask is read the wrong way round: True means may attend",
    hint="What does masked_fill do where its mask is True, and what does True mean in ours?",
)
def mask_inverted(query, key, value, mask=None):
    return grouped_query_attention(query, key, value, None if mask is None else ~mask)


def attend(query, key, value, mask, fill):
    """Right but for queries that may attend nowhere: those get a softmax over `fill` alone."""
    refuse(query, key, value)
    group = query.shape[1] // key.shape[1]
    key, value = (x.repeat_interleave(group, dim=1) for x in (key, value))
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, fill)
    return torch.softmax(scores, dim=-1) @ value


@misconception(
    replaces="grouped_query_attention",
    says="a query that may attend nowhere gives NaN",
    hint="What is the softmax of a row that holds only −inf? Work out its denominator.",
)
def nan_when_fully_masked(query, key, value, mask=None):
    return attend(query, key, value, mask, -math.inf)


@misconception(
    replaces="grouped_query_attention",
    says="a query that may attend nowhere gets the average of all values, not zeros",
    hint="If every score of a row is −1e9, what are its weights?",
)
def average_when_fully_masked(query, key, value, mask=None):
    return attend(query, key, value, mask, torch.finfo(query.dtype).min)


# ── merge_kv_heads ────────────────────────────────────────────────────────────────────────────


def refuse_heads(weight, heads, kv_heads):
    """Raise what the merge has to raise."""
    if len(weight) % heads or heads % kv_heads:
        raise ValueError("the heads do not divide")


@misconception(
    replaces="merge_kv_heads",
    says="the first head of each group is kept instead of the mean of the group",
    hint="What becomes of what the other heads of the group have learnt?",
)
def keeps_first_head(weight, heads, kv_heads):
    refuse_heads(weight, heads, kv_heads)
    by_head = weight.reshape(kv_heads, heads // kv_heads, len(weight) // heads, -1)
    return by_head[:, 0].flatten(0, 1)


@misconception(
    replaces="merge_kv_heads",
    says="heads that lie kv_heads apart are merged instead of neighbours",
    hint="Which query heads will read new head 0? Are those the heads that it was made of?",
)
def merges_strided_heads(weight, heads, kv_heads):
    refuse_heads(weight, heads, kv_heads)
    by_head = weight.reshape(heads // kv_heads, kv_heads, len(weight) // heads, -1)
    return by_head.mean(dim=0).flatten(0, 1)


@misconception(
    replaces="merge_kv_heads",
    says="the heads of a group are added, not averaged",
    hint="Merge heads that are all the same. How large are the scores then?",
)
def sums_heads(weight, heads, kv_heads):
    return merge_kv_heads(weight, heads, kv_heads) * (heads // kv_heads)


@misconception(
    replaces="merge_kv_heads",
    says="neighbouring rows are averaged, not the same row of neighbouring heads",
    hint="Number the rows of two heads of three rows. Which of them belong together?",
)
def averages_neighbouring_rows(weight, heads, kv_heads):
    refuse_heads(weight, heads, kv_heads)
    by_row = weight.reshape(kv_heads * (len(weight) // heads), heads // kv_heads, -1)
    return by_row.mean(dim=1)


# ── attention_costs ───────────────────────────────────────────────────────────────────────────


def changed(arguments, **entries):
    """Return the right costs with other entries, and the intensity that these give."""
    costs = {**attention_costs(*arguments), **entries}
    return {**costs, "intensity": costs["decode_flops"] / costs["kv_bytes"]}


@misconception(
    replaces="attention_costs",
    says="the cache counts keys but not values",
    hint="What does attention read of a token besides its key?",
)
def keys_without_values(d_model, heads, kv_heads, layers, tokens, bytes_per_value=2):
    arguments = d_model, heads, kv_heads, layers, tokens, bytes_per_value
    return changed(arguments, kv_bytes=attention_costs(*arguments)["kv_bytes"] // 2)


@misconception(
    replaces="attention_costs",
    says="the cache is counted for all query heads, not for the kv heads",
    hint="Which heads does each token leave behind in the cache?",
)
def query_heads_cached(d_model, heads, kv_heads, layers, tokens, bytes_per_value=2):
    arguments = d_model, heads, kv_heads, layers, tokens, bytes_per_value
    right = attention_costs(*arguments)["kv_bytes"]
    return changed(arguments, kv_bytes=right * heads // kv_heads)


@misconception(
    replaces="attention_costs",
    says="the key and value projections are counted at full size d_model × d_model",
    hint="How many rows does w_k have?",
)
def full_kv_projections(d_model, heads, kv_heads, layers, tokens, bytes_per_value=2):
    arguments = d_model, heads, kv_heads, layers, tokens, bytes_per_value
    attention_costs(*arguments)
    return changed(arguments, parameters=4 * layers * d_model**2)


@misconception(
    replaces="attention_costs",
    says="the output projection is left out of the parameters",
    hint="Which four projections does an attention layer have?",
)
def no_output_projection(d_model, heads, kv_heads, layers, tokens, bytes_per_value=2):
    arguments = d_model, heads, kv_heads, layers, tokens, bytes_per_value
    right = attention_costs(*arguments)["parameters"]
    return changed(arguments, parameters=right - layers * d_model**2)


@misconception(
    replaces="attention_costs",
    says="a multiply-add is counted as one FLOP, not as two",
    hint="How many operations is a · b + c?",
)
def multiply_adds_counted_once(d_model, heads, kv_heads, layers, tokens, bytes_per_value=2):
    arguments = d_model, heads, kv_heads, layers, tokens, bytes_per_value
    return changed(arguments, decode_flops=attention_costs(*arguments)["decode_flops"] // 2)


@misconception(
    replaces="attention_costs",
    says="the FLOPs are counted for the kv heads, though every query head computes its own scores",
    hint="Two query heads share a key. How many dot products do they take with it?",
)
def flops_of_kv_heads(d_model, heads, kv_heads, layers, tokens, bytes_per_value=2):
    arguments = d_model, heads, kv_heads, layers, tokens, bytes_per_value
    right = attention_costs(*arguments)["decode_flops"]
    return changed(arguments, decode_flops=right * kv_heads // heads)
