"""The wrong turns of sampling."""

import torch

from autograder.suite import misconception
from solutions.sampling.sampling import (
    apply_repetition_penalty,
    next_token_distribution,
    refuse_settings,
    renormalised,
    sample,
)


def penalised_logits(logits, previous, penalty, temperature, top_k, top_p, min_p):
    """Raise what has to be raised, and apply the penalty."""
    refuse_settings(temperature, top_k, top_p, min_p)
    logits = apply_repetition_penalty(logits, previous or [], penalty)
    if logits.max() == -torch.inf:
        raise ValueError("every logit is −inf")
    return logits


def sorted_by(logits):
    return torch.argsort(logits, descending=True, stable=True)


def in_place(probs, by_rank):
    """Carry sorted probabilities back to their tokens."""
    return torch.zeros_like(probs).scatter(0, by_rank, probs)


def keep_top_k(probs, top_k):
    return probs if top_k is None else renormalised(probs, torch.arange(len(probs)) < top_k)


def keep_top_p(probs, top_p):
    if top_p is None or top_p == 1:
        return probs
    return renormalised(probs, probs.cumsum(0) - probs < top_p)


def keep_min_p(probs, min_p):
    return probs if min_p is None else renormalised(probs, probs >= min_p * probs.max())


# ── apply_repetition_penalty ──────────────────────────────────────────────────────────────────


@misconception(
    replaces="apply_repetition_penalty",
    says="negative logits are divided too, which makes those tokens likelier",
    hint="Divide −4 by 2. Has the token become more or less likely?",
)
def divides_negative_logits(logits, previous, penalty):
    apply_repetition_penalty(logits, previous, penalty)
    result = logits.clone()
    for token in set(previous):
        result[token] = logits[token] / penalty
    return result


@misconception(
    replaces="apply_repetition_penalty",
    says="a token is penalised again for each of its occurrences",
    hint="Loop over the set of the tokens, and compare.",
)
def penalised_each_time(logits, previous, penalty):
    apply_repetition_penalty(logits, previous, penalty)
    result = logits.clone()
    for token in previous:
        result[token] = result[token] / penalty if result[token] > 0 else result[token] * penalty
    return result


@misconception(
    replaces="apply_repetition_penalty",
    says="the penalty is subtracted from the logits, as presence penalties are",
    hint="Which penalty leaves the logits as they are: 0 or 1?",
)
def penalty_subtracted(logits, previous, penalty):
    apply_repetition_penalty(logits, previous, penalty)
    result = logits.clone()
    for token in set(previous):
        result[token] = logits[token] - penalty
    return result


# ── next_token_distribution ───────────────────────────────────────────────────────────────────


@misconception(
    replaces="next_token_distribution",
    says="the logits are multiplied by the temperature, so hot is cold",
    hint="Print the largest probability at temperatures 0.1, 1 and 10.",
)
def multiplies_by_temperature(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    given = previous, repetition_penalty
    inverse = 1 / temperature if temperature > 0 else temperature
    return next_token_distribution(logits, *given, inverse, top_k, top_p, min_p)


@misconception(
    replaces="next_token_distribution",
    says="top-p and min-p choose before the temperature is applied, so the temperature does not "
    "change which tokens stay",
    hint="Count the tokens that top_p = 0.9 keeps at temperatures 0.5 and 2.",
)
def temperature_last(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    given = previous, repetition_penalty
    if temperature <= 0:
        return next_token_distribution(logits, *given, temperature, top_k, top_p, min_p)
    kept = next_token_distribution(logits, *given, 1.0, top_k, top_p, min_p) > 0
    penalised = apply_repetition_penalty(logits, previous or [], repetition_penalty)
    return torch.softmax(penalised.masked_fill(~kept, -torch.inf) / temperature, dim=-1)


@misconception(
    replaces="next_token_distribution",
    says="the token that crosses top_p is dropped: only tokens with a cumulative probability ≤ p "
    "stay (the most likely one at least)",
    hint="Sum the probabilities that you keep. Do they reach top_p?",
)
def nucleus_stops_short(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    settings = temperature, top_k, top_p, min_p
    logits = penalised_logits(logits, previous, repetition_penalty, *settings)
    if temperature == 0:
        return next_token_distribution(logits, temperature=0.0)
    by_rank = sorted_by(logits)
    probs = keep_top_k(torch.softmax(logits / temperature, dim=-1)[by_rank], top_k)
    if top_p is not None and top_p < 1:
        keep = probs.cumsum(0) <= top_p
        keep[0] = True
        probs = renormalised(probs, keep)
    return in_place(keep_min_p(probs, min_p), by_rank)


@misconception(
    replaces="next_token_distribution",
    says="one token more than needed is kept: the one after the token that crosses top_p",
    hint="Leave the last token out that you keep. Is the sum still at least top_p?",
)
def nucleus_goes_on(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    settings = temperature, top_k, top_p, min_p
    logits = penalised_logits(logits, previous, repetition_penalty, *settings)
    if temperature == 0:
        return next_token_distribution(logits, temperature=0.0)
    by_rank = sorted_by(logits)
    probs = keep_top_k(torch.softmax(logits / temperature, dim=-1)[by_rank], top_k)
    if top_p is not None and top_p < 1:
        needed = int((probs.cumsum(0) - probs < top_p).sum())
        probs = renormalised(probs, torch.arange(len(probs)) < needed + 1)
    return in_place(keep_min_p(probs, min_p), by_rank)


@misconception(
    replaces="next_token_distribution",
    says="the top-p mask is computed in sorted order and not carried back to the tokens' "
    "own places",
    hint="Which token does the first entry of your mask speak of?",
)
def mask_in_sorted_order(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    settings = temperature, top_k, top_p, min_p
    logits = penalised_logits(logits, previous, repetition_penalty, *settings)
    if temperature == 0:
        return next_token_distribution(logits, temperature=0.0)
    by_rank = sorted_by(logits)
    ranked = keep_top_k(torch.softmax(logits / temperature, dim=-1)[by_rank], top_k)
    probs = in_place(ranked, by_rank)
    if top_p is not None and top_p < 1:
        probs = renormalised(probs, ranked.cumsum(0) - ranked < top_p)
    return keep_min_p(probs, min_p)


@misconception(
    replaces="next_token_distribution",
    says="top-p is measured on the full distribution, not on what top-k left",
    hint="After top-k, what do the probabilities sum to that you compare with top_p?",
)
def top_p_before_top_k(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    settings = temperature, top_k, top_p, min_p
    logits = penalised_logits(logits, previous, repetition_penalty, *settings)
    if temperature == 0:
        return next_token_distribution(logits, temperature=0.0)
    by_rank = sorted_by(logits)
    probs = torch.softmax(logits / temperature, dim=-1)[by_rank]
    return in_place(keep_min_p(keep_top_k(keep_top_p(probs, top_p), top_k), min_p), by_rank)


@misconception(
    replaces="next_token_distribution",
    says="min_p is used as an absolute threshold, not relative to the most likely token",
    hint="The best token has 0.04. Which tokens does min_p = 0.1 keep?",
)
def min_p_absolute(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    settings = temperature, top_k, top_p, min_p
    logits = penalised_logits(logits, previous, repetition_penalty, *settings)
    if temperature == 0:
        return next_token_distribution(logits, temperature=0.0)
    by_rank = sorted_by(logits)
    probs = torch.softmax(logits / temperature, dim=-1)[by_rank]
    probs = keep_top_p(keep_top_k(probs, top_k), top_p)
    if min_p is not None:
        keep = probs >= min_p
        keep[0] = True
        probs = renormalised(probs, keep)
    return in_place(probs, by_rank)


@misconception(
    replaces="next_token_distribution",
    says="min-p comes before top-p, so that top-p is measured on what min-p left",
    hint="Which of the two is the last step?",
)
def min_p_before_top_p(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    settings = temperature, top_k, top_p, min_p
    logits = penalised_logits(logits, previous, repetition_penalty, *settings)
    if temperature == 0:
        return next_token_distribution(logits, temperature=0.0)
    by_rank = sorted_by(logits)
    probs = keep_top_k(torch.softmax(logits / temperature, dim=-1)[by_rank], top_k)
    return in_place(keep_top_p(keep_min_p(probs, min_p), top_p), by_rank)


@misconception(
    replaces="next_token_distribution",
    says="what the filters leave does not sum to one",
    hint="Sum your result. What has become of the probability of the tokens that are gone?",
)
def not_renormalised(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    given = previous, repetition_penalty, temperature
    kept = next_token_distribution(logits, *given, top_k, top_p, min_p)
    return torch.where(kept > 0, next_token_distribution(logits, *given), 0.0)


@misconception(
    replaces="next_token_distribution",
    says="all tokens as likely as the k-th stay, so ties make it more than k",
    hint="Count the tokens that top_k = 2 keeps of five equal logits.",
)
def ties_beyond_k_kept(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    settings = temperature, top_k, top_p, min_p
    logits = penalised_logits(logits, previous, repetition_penalty, *settings)
    if temperature == 0:
        return next_token_distribution(logits, temperature=0.0)
    if top_k is not None:
        lowest = logits.topk(min(top_k, len(logits))).values[-1]
        logits = logits.masked_fill(logits < lowest, -torch.inf)
    return next_token_distribution(logits, None, 1.0, temperature, None, top_p, min_p)


@misconception(
    replaces="next_token_distribution",
    says="at temperature 0 the highest logit is taken before the repetition penalty",
    hint="A model repeats itself at temperature 0. Does your penalty change anything there?",
)
def greedy_without_penalty(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    given = previous, repetition_penalty, temperature
    result = next_token_distribution(logits, *given, top_k, top_p, min_p)
    return result if temperature else next_token_distribution(logits, temperature=0.0)


# ── sample ────────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="sample",
    says="the first index with a cumulative sum ≥ u is taken, so a draw of 0 returns a token of "
    "probability 0",
    hint="The first token has probability 0. Which cumulative sum is the first that is ≥ 0?",
)
def zero_probability_drawn(probs, uniform):
    sample(probs, uniform)
    cumulative = probs.double().cumsum(dim=-1)
    return (cumulative < uniform.double().unsqueeze(-1) * cumulative[..., -1:]).sum(dim=-1)


@misconception(
    replaces="sample",
    says="the rows are taken to sum to one",
    hint="A row sums to 4. Which of its tokens can a draw below 1 reach?",
)
def sum_taken_as_one(probs, uniform):
    sample(probs, uniform)
    passed = (probs.double().cumsum(dim=-1) <= uniform.double().unsqueeze(-1)).sum(dim=-1)
    last = probs.shape[-1] - 1 - (probs > 0).int().flip(-1).argmax(dim=-1)
    return torch.minimum(passed, last)
