"""Constrained decoding: the reference."""

import math
from collections.abc import Callable, Iterable

import torch
from jaxtyping import Bool
from torch import Tensor

Dfa = dict
"""{"start": int, "accept": list[int], "edges": dict[int, dict[str, int]]}."""


def tokens_to_accept(dfa: Dfa, vocabulary: list[str]) -> dict[int, int]:
    """Return for each state the least number of tokens that lead to an accepting state.

    >>> ab = {"start": 0, "accept": [2], "edges": {0: {"a": 1}, 1: {"b": 2}}}
    >>> tokens_to_accept(ab, ["ab", "b", ""])
    {2: 0, 0: 1, 1: 1}
    """
    # An empty text leads from a state to itself, which makes no way shorter.
    steps = {s: [end_of(dfa, s, text) for text in vocabulary] for s in dfa["edges"]}
    return distances(dfa, steps)


def token_mask(
    dfa: Dfa, vocabulary: list[str], state: int, budget: int, eos: int
) -> Bool[Tensor, "vocabulary"]:
    """Say of each token whether it may come next in `state`.

    >>> ab = {"start": 0, "accept": [2], "edges": {0: {"a": 1}, 1: {"b": 2}}}
    >>> token_mask(ab, ["ab", "a", "b", ""], 0, budget=1, eos=3).tolist()
    [True, False, False, False]
    """
    if budget < 0:
        raise ValueError(f"budget is not negative, got {budget}")
    require_index(eos, vocabulary)

    remaining = tokens_to_accept(dfa, vocabulary)
    mask = torch.zeros(len(vocabulary), dtype=torch.bool)
    for token, text in enumerate(vocabulary):
        if text:
            # A text that cannot be read ends nowhere; from a dead end nothing leads to acceptance.
            mask[token] = remaining.get(end_of(dfa, state, text), math.inf) <= budget - 1
    mask[eos] = state in dfa["accept"]
    return mask


def constrained_decode(
    next_logits: Callable[[list[int]], list[float]],
    dfa: Dfa,
    vocabulary: list[str],
    eos: int,
    max_tokens: int,
) -> list[int]:
    """Decode greedily, so that the text is accepted by the automaton.

    >>> ab = {"start": 0, "accept": [2], "edges": {0: {"a": 1}, 1: {"b": 2}}}
    >>> constrained_decode(lambda ids: [0, 3, 5, 9], ab, ["ab", "a", "b", ""], 3, max_tokens=2)
    [1, 2]
    """
    state = dfa["start"]
    if tokens_to_accept(dfa, vocabulary).get(state, math.inf) > max_tokens:
        # So it is for every negative number, too; an eos that is no index the mask refuses.
        raise ValueError(f"no text of at most {max_tokens} tokens is accepted")

    ids: list[int] = []
    while True:
        # The mask only lets through what can still be finished, so there is always a way on.
        mask = token_mask(dfa, vocabulary, state, max_tokens - len(ids), eos)
        allowed = mask.nonzero().flatten().tolist()
        if allowed == [eos]:
            return ids
        logits = next_logits(list(ids))
        # max() keeps the first of equals: the lower id.
        token = max(allowed, key=lambda token: logits[token])
        if token == eos:
            return ids
        ids.append(token)
        state = end_of(dfa, state, vocabulary[token])


def forced_text(dfa: Dfa, state: int) -> str:
    """Return the characters that every accepted text goes on with from `state`.

    >>> abc = {"start": 0, "accept": [2], "edges": {0: {"a": 1}, 1: {"b": 2, "c": 3}}}
    >>> forced_text(abc, 0)
    'ab'
    """
    # By characters, without a vocabulary.
    alive = distances(dfa, {state: row.values() for state, row in dfa["edges"].items()})
    text = ""
    while state not in dfa["accept"]:
        row = dfa["edges"].get(state, {})
        choices = [character for character in row if row[character] in alive]
        if len(choices) != 1:
            break
        text += choices[0]
        state = row[choices[0]]
    return text


def end_of(dfa: Dfa, state: int, text: str) -> int | None:
    """Return where a text leads from a state, None where it cannot be read to its end."""
    for character in text:
        row = dfa["edges"].get(state, {})
        if character not in row:
            return None
        state = row[character]
    return state


def distances(dfa: Dfa, steps: dict[int, Iterable[int | None]]) -> dict[int, int]:
    """Return for each state how many steps lead to acceptance, at least; nearest states first."""
    found = dict.fromkeys(dfa["accept"], 0)
    distance = 0
    while True:
        distance += 1
        # Whoever reaches in one step what has been found, and has not been found itself.
        further = [
            state
            for state, targets in steps.items()
            if state not in found and not found.keys().isdisjoint(targets)
        ]
        if not further:
            return found
        found |= dict.fromkeys(further, distance)


def require_index(eos: int, vocabulary: list[str]) -> None:
    """Refuse an end that is no token; a negative index would silently mean another one."""
    if not 0 <= eos < len(vocabulary):
        raise ValueError(f"eos is an index of {len(vocabulary)} tokens, got {eos}")
