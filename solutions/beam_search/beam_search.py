"""Greedy decoding, beam search and bans of n-grams: the reference."""

import math
from collections.abc import Callable, Iterable


def greedy_decode(
    model: Callable[[list[int]], list[float]], prompt: list[int], eos: int, max_new_tokens: int
) -> list[int]:
    """Take the most likely token again and again.

    >>> greedy_decode(lambda ids: [-0.1, -2.3] if len(ids) < 3 else [-2.3, -0.1], [5], 1, 8)
    [0, 0, 1]
    """
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens = {max_new_tokens} is negative")
    tokens: list[int] = []
    while len(tokens) < max_new_tokens and eos not in tokens:
        log_probs = model(prompt + tokens)
        tokens.append(log_probs.index(max(log_probs)))  # the first of equally likely ones
    return tokens


def beam_search(
    model: Callable[[list[int]], list[float]],
    prompt: list[int],
    eos: int,
    beams: int,
    max_new_tokens: int,
    alpha: float = 0.0,
) -> list[tuple[list[int], float]]:
    """Keep the `beams` best beginnings at each step (length penalty: Wu et al., 2016, eq. 14).

    >>> half = math.log(0.5)
    >>> beam_search(lambda ids: [half, half], [], eos=0, beams=2, max_new_tokens=2)
    [([0], -0.6931471805599453), ([1, 0], -1.3862943611198906)]
    """
    if beams < 1:
        raise ValueError(f"beams = {beams} keeps no hypothesis")
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens = {max_new_tokens} is negative")
    if alpha < 0:
        raise ValueError(f"alpha = {alpha} is negative")

    live: list[tuple[list[int], float]] = [([], 0.0)]
    finished: list[tuple[list[int], float]] = []
    for _ in range(max_new_tokens):
        candidates = best_first(
            ([*tokens, token], total + log_prob)
            for tokens, total in live
            for token, log_prob in enumerate(model(prompt + tokens))
            if log_prob > -math.inf
        )
        finished += [candidate for candidate in candidates[:beams] if candidate[0][-1] == eos]
        # A finished hypothesis takes nobody's place: as many as before go on.
        live = [candidate for candidate in candidates if candidate[0][-1] != eos][:beams]

    return best_first(
        (tokens, total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in finished + live
    )[:beams]


def banned_tokens(tokens: list[int], n: int) -> list[int]:
    """Return the tokens that would complete an n-gram which is there already.

    >>> banned_tokens([1, 2, 3, 1, 2], 3)
    [3]
    """
    if n < 1:
        raise ValueError(f"n = {n}: an n-gram has at least one token")
    ngrams = [tokens[start : start + n] for start in range(len(tokens) - n + 1)]
    context = tokens[len(tokens) - n + 1 :]
    return sorted({ngram[-1] for ngram in ngrams if ngram[:-1] == context})


def best_first(
    hypotheses: Iterable[tuple[list[int], float]],
) -> list[tuple[list[int], float]]:
    """Sort by the number, highest first; of equal ones the smaller token list comes first."""
    return sorted(hypotheses, key=lambda hypothesis: (-hypothesis[1], hypothesis[0]))
