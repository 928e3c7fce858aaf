"""Brute force: all token sequences up to a budget, all texts of a small automaton."""

from functools import cache

import torch

from solutions.constrained_decoding import constrained_decoding as reference


def walk(dfa, state, text):
    """Return where a text leads, None where it cannot be read."""
    for character in text:
        state = dfa["edges"].get(state, {}).get(character)
        if state is None:
            return None
    return state


def states_of(dfa):
    """Return all states that occur."""
    targets = {target for row in dfa["edges"].values() for target in row.values()}
    return {dfa["start"], *dfa["accept"], *dfa["edges"], *targets}


def tokens_to_accept(dfa, vocabulary):
    texts = [text for text in vocabulary if text]
    result = {}
    for start in states_of(dfa):
        # Forwards, from each state for itself.
        reached, count = {start}, 0
        while reached and not reached & set(dfa["accept"]) and count <= len(states_of(dfa)):
            reached = {walk(dfa, state, text) for state in reached for text in texts} - {None}
            count += 1
        if reached & set(dfa["accept"]):
            result[start] = count
    return result


def completions(dfa, vocabulary):
    """Return whether a state can be finished within a budget, by trying every token."""

    @cache
    def finishes(state, budget):
        if state in dfa["accept"]:
            return True
        ends = [walk(dfa, state, text) for text in vocabulary if text]
        return budget > 0 and any(e is not None and finishes(e, budget - 1) for e in ends)

    return finishes


def token_mask(dfa, vocabulary, state, budget, eos):
    reference.token_mask(dfa, vocabulary, state, budget, eos)  # for its errors
    finishes = completions(dfa, vocabulary)
    result = []
    for token, text in enumerate(vocabulary):
        end = walk(dfa, state, text) if text else None
        allowed = budget > 0 and end is not None and finishes(end, min(budget - 1, 12))
        result.append(state in dfa["accept"] if token == eos else allowed)
    return torch.tensor(result)


def constrained_decode(next_logits, dfa, vocabulary, eos, max_tokens):
    reference.constrained_decode(
        lambda ids: [0.0] * len(vocabulary), dfa, vocabulary, eos, max_tokens
    )  # for its errors
    finishes = completions(dfa, vocabulary)
    ids, state = [], dfa["start"]
    while len(ids) < max_tokens:
        logits = next_logits(ids[:])
        ranked = sorted(range(len(vocabulary)), key=lambda token: (-logits[token], token))
        left = min(max_tokens - len(ids) - 1, 12)
        for token in ranked:
            end = walk(dfa, state, vocabulary[token]) if vocabulary[token] else None
            if token == eos and state in dfa["accept"]:
                return ids
            if token != eos and end is not None and finishes(end, left):
                ids, state = [*ids, token], end
                break
        else:
            return ids
    return ids


def forced_text(dfa, state):
    """Return what all accepted texts have in common; the suite's automata have no cycles."""

    def texts(state):
        if state in dfa["accept"]:
            yield ""
        for character, target in dfa["edges"].get(state, {}).items():
            for rest in texts(target):
                yield character + rest

    found = list(texts(state))
    length = 0
    while found and all(text[: length + 1] == found[0][: length + 1] for text in found):
        if length == len(found[0]):
            break
        length += 1
    return found[0][:length] if found else ""
