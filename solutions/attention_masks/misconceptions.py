"""The wrong turns of attention masks, entropy and supervision."""

import math

import torch

from autograder.suite import misconception
from solutions.attention_masks.attention_masks import (
    attention_mask,
    attention_supervision_loss,
)

# ── attention_mask ────────────────────────────────────────────────────────────────────────────


def parts(real, causal, window, sinks, global_tokens):
    """Return what the definition is made of, each broadcast to [batch tokens tokens]."""
    attention_mask(real, causal, window, sinks, global_tokens)
    place = torch.arange(real.shape[1])
    distance = place[:, None] - place
    is_global = torch.tensor([column in global_tokens for column in range(real.shape[1])])
    return {
        "distance": distance,
        "near": distance.abs() < (math.inf if window is None else window),
        "sink": (real.cumsum(dim=1) <= sinks)[:, None, :],
        "global query": is_global[:, None],
        "global key": is_global,
        "ordered": distance >= (0 if causal else -math.inf),
        "real query": real[:, :, None],
        "real key": real[:, None, :],
    }


def joined(p):
    """Put the parts together as the definition does."""
    opened = p["near"] | p["sink"] | p["global query"] | p["global key"]
    return opened & p["ordered"] & p["real query"] & p["real key"]


@misconception(
    replaces="attention_mask",
    says="the window reaches `window` tokens away, one more than it should, "
    "since it counts the token itself",
    hint="How many keys does a causal query see with a window of 1? Which ones?",
)
def window_excludes_itself(real, causal=True, window=None, sinks=0, global_tokens=()):
    attention_mask(real, causal, window, sinks, global_tokens)
    wider = None if window is None else window + 1
    return attention_mask(real, causal, wider, sinks, global_tokens)


@misconception(
    replaces="attention_mask",
    says="the sinks are the first columns, not the first real tokens",
    hint="A row starts with three columns of padding. Which token is its sink?",
)
def sinks_on_padding(real, causal=True, window=None, sinks=0, global_tokens=()):
    p = parts(real, causal, window, sinks, global_tokens)
    p["sink"] = torch.arange(real.shape[1]) < sinks
    return joined(p)


@misconception(
    replaces="attention_mask",
    says="global tokens are seen by all but do not see all",
    hint="Look at the row of a global token: how many keys does it attend to?",
)
def global_seen_only(real, causal=True, window=None, sinks=0, global_tokens=()):
    p = parts(real, causal, window, sinks, global_tokens)
    p["global query"] = torch.tensor(False)
    return joined(p)


@misconception(
    replaces="attention_mask",
    says="global tokens see all but are not seen by all",
    hint="Look at the column of a global token: how many queries attend to it?",
)
def global_sees_only(real, causal=True, window=None, sinks=0, global_tokens=()):
    p = parts(real, causal, window, sinks, global_tokens)
    p["global key"] = torch.tensor(False)
    return joined(p)


@misconception(
    replaces="attention_mask",
    says="global tokens may attend to, or be seen from, the wrong side of the causal boundary",
    hint="May a token that is being generated depend on one that comes later, global or not?",
)
def global_breaks_causality(real, causal=True, window=None, sinks=0, global_tokens=()):
    p = parts(real, causal, window, sinks, global_tokens)
    opened = (p["near"] | p["sink"]) & p["ordered"] | p["global query"] | p["global key"]
    return opened & p["real query"] & p["real key"]


@misconception(
    replaces="attention_mask",
    says="sinks are seen by earlier tokens too, across the causal boundary",
    hint="Two sinks: may the first token attend to the second?",
)
def sinks_break_causality(real, causal=True, window=None, sinks=0, global_tokens=()):
    p = parts(real, causal, window, sinks, global_tokens)
    opened = (p["near"] | p["global query"] | p["global key"]) & p["ordered"] | p["sink"]
    return opened & p["real query"] & p["real key"]


@misconception(
    replaces="attention_mask",
    says="only padding keys are masked, so padding queries still attend",
    hint="What does the row of a padding query hold, and what should it?",
)
def padding_queries_attend(real, causal=True, window=None, sinks=0, global_tokens=()):
    p = parts(real, causal, window, sinks, global_tokens)
    p["real query"] = torch.tensor(True)
    return joined(p)


@misconception(
    replaces="attention_mask",
    says="the window reaches back only, although the mask is not causal",
    hint="Without causality, which tokens are near token 5: 4 only, or 6 as well?",
)
def window_reaches_back_only(real, causal=True, window=None, sinks=0, global_tokens=()):
    p = parts(real, causal, window, sinks, global_tokens)
    if window is not None:
        p["near"] = p["near"] & (p["distance"] >= 0)
    return joined(p)


@misconception(
    replaces="attention_mask",
    says="the mask is True where a query may not attend",
    hint="What does True mean in the first row of your mask, and what does it mean in README.md?",
)
def true_where_blocked(real, causal=True, window=None, sinks=0, global_tokens=()):
    return ~attention_mask(real, causal, window, sinks, global_tokens)


# ── attention_entropy ─────────────────────────────────────────────────────────────────────────


def allowed_keys(weights, mask):
    """Return the number of keys that each query may attend to."""
    return (torch.ones_like(weights) if mask is None else mask.expand_as(weights)).sum(dim=-1)


def plain_entropy(weights):
    """Return the entropy in nats."""
    return -(weights * weights.masked_fill(weights == 0, 1.0).log()).sum(dim=-1)


@misconception(
    replaces="attention_entropy",
    says="the entropy is not divided by the log of the number of allowed keys",
    hint="What do you get for uniform rows of 2 and of 8 keys? What should both be?",
)
def entropy_not_normalised(weights, mask=None):
    return plain_entropy(weights).masked_fill(allowed_keys(weights, mask) < 2, 0.0)


@misconception(
    replaces="attention_entropy",
    says="a weight of zero gives NaN",
    hint="What is 0 · ln 0 on paper, and what does your machine make of it?",
)
def log_of_zero(weights, mask=None):
    keys = allowed_keys(weights, mask)
    entropy = -(weights * weights.log()).sum(dim=-1) / keys.clamp(min=2).log()
    return entropy.masked_fill(keys < 2, 0.0)


@misconception(
    replaces="attention_entropy",
    says="the entropy is divided by the log of the number of all keys, allowed or not",
    hint="A query may attend to 2 of 8 keys, and does so evenly. What should its entropy be?",
)
def normalised_by_all_keys(weights, mask=None):
    keys = allowed_keys(weights, mask)
    entropy = plain_entropy(weights) / math.log(max(weights.shape[-1], 2))
    return entropy.masked_fill(keys < 2, 0.0)


@misconception(
    replaces="attention_entropy",
    says="keys of weight zero are not counted, although they are allowed",
    hint="A query may attend to 4 keys and splits its weight evenly between 2. Is that uniform?",
)
def counted_by_weight(weights, mask=None):
    keys = (weights > 0).sum(dim=-1)
    return (plain_entropy(weights) / keys.clamp(min=2).log()).masked_fill(keys < 2, 0.0)


@misconception(
    replaces="attention_entropy",
    says="the entropy is divided by the number of allowed keys, not by its log",
    hint="What is the entropy of a uniform row of n keys, before you divide?",
)
def divided_by_the_number(weights, mask=None):
    keys = allowed_keys(weights, mask)
    return (plain_entropy(weights) / keys.clamp(min=2)).masked_fill(keys < 2, 0.0)


@misconception(
    replaces="attention_entropy",
    says="a query with a single allowed key gives NaN",
    hint="What is the log of 1? What do you divide by it?",
)
def nan_for_a_single_key(weights, mask=None):
    return plain_entropy(weights) / allowed_keys(weights, mask).log()


@misconception(
    replaces="attention_entropy",
    says="the entropy is right, but its gradient is infinite or NaN where a weight is zero",
    hint="The derivative of w ln w is ln w + 1. What is it at 0? "
    "Does torch.where keep it out of the backward pass?",
)
def gradient_of_log_zero(weights, mask=None):
    keys = allowed_keys(weights, mask)
    entropy = torch.special.entr(weights).sum(dim=-1)
    return (entropy / keys.clamp(min=2).log()).masked_fill(keys < 2, 0.0)


@misconception(
    id="gradient_of_log_zero",
    replaces="attention_entropy",
    says="the entropy is right, but its gradient is infinite or NaN where a weight is zero",
    hint="The derivative of w ln w is ln w + 1. What is it at 0? "
    "Does torch.where keep it out of the backward pass?",
)
def gradient_of_a_replaced_nan(weights, mask=None):
    keys = allowed_keys(weights, mask)
    entropy = -torch.where(weights > 0, weights * weights.log(), 0.0).sum(dim=-1)
    return (entropy / keys.clamp(min=2).log()).masked_fill(keys < 2, 0.0)


# ── attention_supervision_loss ────────────────────────────────────────────────────────────────


def prepared(scores, target, mask):
    """Return log-attention, shares of the target and which rows count, as [… queries (keys)]."""
    attention_supervision_loss(scores, target, mask)
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask
    target = target.masked_fill(~allowed, 0.0)
    total = target.sum(dim=-1, keepdim=True)
    shares = target / total.masked_fill(total == 0, 1.0)
    lowest = torch.finfo(scores.dtype).min
    attention = torch.log_softmax(scores.masked_fill(~allowed, lowest), dim=-1)
    return attention, shares, total[..., 0] > 0


def divergences(attention, shares):
    """Return the KL divergence of each row."""
    return (torch.xlogy(shares, shares) - shares * attention).sum(dim=-1)


def mean_of(rows, counted):
    """Return the mean over the rows that count."""
    return rows.masked_fill(~counted, 0.0).sum() / counted.sum().clamp(min=1)


@misconception(
    replaces="attention_supervision_loss",
    says="log-softmax is taken of weights that are already a softmax",
    hint="What range do the logs have that you compare with the target? "
    "Can they ever reach a target of 1?",
)
def softmax_twice(scores, target, mask=None):
    attention, shares, counted = prepared(scores, target, mask)
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask
    weights = attention.exp().masked_fill(~allowed, 0.0)
    return mean_of(divergences(torch.log_softmax(weights, dim=-1), shares), counted)


@misconception(
    replaces="attention_supervision_loss",
    says="rows without a target are counted in the mean",
    hint="Add ten rows of padding to the batch. Should the loss become smaller?",
)
def mean_over_all_rows(scores, target, mask=None):
    attention, shares, counted = prepared(scores, target, mask)
    return divergences(attention, shares).sum() / counted.numel()


@misconception(
    replaces="attention_supervision_loss",
    says="the sum over the rows is divided by the first dimension only, "
    'as reduction="batchmean" does',
    hint="How many rows does a tensor of [batch heads queries keys] have?",
)
def divided_by_the_batch(scores, target, mask=None):
    attention, shares, _ = prepared(scores, target, mask)
    return divergences(attention, shares).sum() / scores.shape[0]


@misconception(
    replaces="attention_supervision_loss",
    says='the mean is taken over all elements, as reduction="mean" does, not over the rows',
    hint="Is a KL divergence the mean of its terms over the keys, or their sum?",
)
def mean_over_elements(scores, target, mask=None):
    attention, shares, _ = prepared(scores, target, mask)
    return divergences(attention, shares).sum() / scores.numel()


@misconception(
    replaces="attention_supervision_loss",
    says="the divergences of the rows are added up, not averaged",
    hint="Repeat the batch twice. Should the loss become larger?",
)
def summed_over_rows(scores, target, mask=None):
    attention, shares, _ = prepared(scores, target, mask)
    return divergences(attention, shares).sum()


@misconception(
    replaces="attention_supervision_loss",
    says="the loss is a cross-entropy: the entropy of the target is missing",
    hint="What should the loss be when the attention is exactly the target?",
)
def cross_entropy_of_the_target(scores, target, mask=None):
    attention, shares, counted = prepared(scores, target, mask)
    return mean_of(-(shares * attention).sum(dim=-1), counted)


@misconception(
    replaces="attention_supervision_loss",
    says="the divergence is KL(attention ‖ target), the wrong way round",
    hint="Which of the two distributions stands in front of the logarithm?",
)
def divergence_reversed(scores, target, mask=None):
    attention, shares, counted = prepared(scores, target, mask)
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask
    terms = attention.exp() * (attention - shares.log())
    return mean_of(terms.masked_fill(~allowed, 0.0).sum(dim=-1), counted)


@misconception(
    replaces="attention_supervision_loss",
    says="the rows of the target are not divided by their sum",
    hint="What do the rows of the target sum to once the forbidden keys are dropped?",
)
def target_not_normalised(scores, target, mask=None):
    attention, _, counted = prepared(scores, target, mask)
    kept = target if mask is None else target.masked_fill(~mask, 0.0)
    return mean_of(divergences(attention, kept), counted)


@misconception(
    replaces="attention_supervision_loss",
    says="the softmax runs over all keys, so forbidden ones take their share of it",
    hint="What do the weights of the allowed keys sum to?",
)
def softmax_over_forbidden_keys(scores, target, mask=None):
    _, shares, counted = prepared(scores, target, mask)
    return mean_of(divergences(torch.log_softmax(scores, dim=-1), shares), counted)


@misconception(
    replaces="attention_supervision_loss",
    says="a target of zero gives NaN",
    hint="What is 0 · ln 0 on paper, and what does your machine make of it?",
)
def log_of_a_zero_target(scores, target, mask=None):
    attention, shares, counted = prepared(scores, target, mask)
    return mean_of((shares * (shares.log() - attention)).sum(dim=-1), counted)
