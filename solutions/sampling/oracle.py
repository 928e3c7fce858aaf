"""The logits processors of Hugging Face's transformers, and numpy's search in a sorted array."""

import numpy as np
import torch
from transformers.generation import logits_process

from solutions.sampling import sampling as reference

SKIPS = {
    "test_of_equally_likely_tokens_at_rank_k_the_lower_ids_stay": "it keeps all ties of rank k",
    "test_of_equally_likely_tokens_top_p_takes_the_lower_ids": "its order of ties is another",
}


def apply_repetition_penalty(logits, previous, penalty):
    reference.apply_repetition_penalty(logits, previous, penalty)
    if not previous:
        return logits.clone()
    processor = logits_process.RepetitionPenaltyLogitsProcessor(penalty)
    return processor(torch.tensor([previous]), logits[None].clone())[0]


def next_token_distribution(
    logits,
    previous=None,
    repetition_penalty=1.0,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
):
    settings = previous, repetition_penalty, temperature, top_k, top_p, min_p
    raised_or_greedy = reference.next_token_distribution(logits, *settings)
    if temperature == 0:
        return raised_or_greedy  # transformers has greedy decoding elsewhere
    scores = apply_repetition_penalty(logits, previous or [], repetition_penalty)[None]
    warpers = [logits_process.TemperatureLogitsWarper(float(temperature))]
    if top_k is not None:
        warpers.append(logits_process.TopKLogitsWarper(top_k))
    if top_p is not None:
        warpers.append(logits_process.TopPLogitsWarper(top_p))
    if min_p is not None:
        warpers.append(logits_process.MinPLogitsWarper(min_p))
    for warper in warpers:
        scores = warper(None, scores)
    return torch.softmax(scores[0], dim=-1)


def sample(probs, uniform):
    reference.sample(probs, uniform)
    rows = probs.double().reshape(uniform.numel(), probs.shape[-1]).numpy()
    draws = uniform.double().reshape(-1).numpy()
    found = [
        np.searchsorted(np.cumsum(row), draw * np.cumsum(row)[-1], side="right")
        for row, draw in zip(rows, draws, strict=True)
    ]
    return torch.tensor(found, dtype=torch.int64).reshape(uniform.shape)
