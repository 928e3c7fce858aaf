"""Constrained decoding. The question is in README.md."""

from collections.abc import Callable

from jaxtyping import Bool
from torch import Tensor

Dfa = dict
"""{"start": int, "accept": list[int], "edges": dict[int, dict[str, int]]}.

`edges` maps a state to the characters that may come next, and those to the next state. What has no
edge is not allowed; a state without an entry has no way out.
"""


def tokens_to_accept(dfa: Dfa, vocabulary: list[str]) -> dict[int, int]:
    """Return for each state the least number of tokens that lead to an accepting state.

    States from which no sequence of tokens leads there are absent. Special tokens have the text "".
    """
    raise NotImplementedError


def token_mask(
    dfa: Dfa, vocabulary: list[str], state: int, budget: int, eos: int
) -> Bool[Tensor, "vocabulary"]:
    """Say of each token whether it may come next in `state`.

    Args:
        dfa: the automaton.
        vocabulary: the text of each token.
        state: where the text so far has led; it need not occur in the automaton.
        budget: how many tokens of text may still be emitted.
        eos: the id of the token that ends the text.

    Raises:
        ValueError: if the budget is negative, or eos is no index of the vocabulary.
    """
    raise NotImplementedError


def constrained_decode(
    next_logits: Callable[[list[int]], list[float]],
    dfa: Dfa,
    vocabulary: list[str],
    eos: int,
    max_tokens: int,
) -> list[int]:
    """Decode greedily, so that the text is accepted by the automaton.

    `next_logits` takes the ids so far and gives a logit for each token. The ids are returned
    without `eos`, and are at most `max_tokens`.

    Raises:
        ValueError: if max_tokens is negative, eos is no index of the vocabulary, or no text of at
            most `max_tokens` tokens is accepted.
    """
    raise NotImplementedError


def forced_text(dfa: Dfa, state: int) -> str:
    """Return the characters that every accepted text goes on with from `state`."""
    raise NotImplementedError
