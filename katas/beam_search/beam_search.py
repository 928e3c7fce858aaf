"""Greedy decoding, beam search and bans of n-grams. The question is in README.md."""

from collections.abc import Callable


def greedy_decode(
    model: Callable[[list[int]], list[float]], prompt: list[int], eos: int, max_new_tokens: int
) -> list[int]:
    """Take the most likely token again and again, the lowest id of equally likely ones.

    `model(ids)` gives the log-probability of every token after `ids`; it is called once a new
    token. Returns the new tokens, `eos` included where it came.

    Raises:
        ValueError: if `max_new_tokens` is negative.
    """
    raise NotImplementedError


def beam_search(
    model: Callable[[list[int]], list[float]],
    prompt: list[int],
    eos: int,
    beams: int,
    max_new_tokens: int,
    alpha: float = 0.0,
) -> list[tuple[list[int], float]]:
    """Return the best hypotheses as (new tokens, score), best first, at most `beams` of them.

    `model(ids)` gives the log-probability of every token after `ids`; −inf cannot come. The score
    is the sum of the log-probabilities over ((5 + n) / 6) ** alpha, n counting the new tokens.
    Ties, in a step and at the end, go to the smaller token list.

    Raises:
        ValueError: if `beams` is below 1, or `max_new_tokens` or `alpha` negative.
    """
    raise NotImplementedError


def banned_tokens(tokens: list[int], n: int) -> list[int]:
    """Return, ascending, the tokens that would complete an n-gram that `tokens` holds already.

    Raises:
        ValueError: if `n` is below 1.
    """
    raise NotImplementedError
