"""Data for supervised fine-tuning. The question is in README.md."""

from collections.abc import Callable

from jaxtyping import Bool, Int
from torch import Tensor


def render_chat(
    messages: list[dict[str, str]],
    encode: Callable[[str], list[int]],
    special: dict[str, int],
) -> tuple[list[int], list[bool]]:
    """Turn a conversation into token ids and say which of them carry loss.

    Args:
        messages: dictionaries of `role` ("system", "user" or "assistant") and `content`.
        encode: gives the ids of a text, without special tokens. It is called once a message, in
            order, with the content as it is.
        special: the ids of "bos", "system", "user", "assistant" and "end".

    Returns:
        The ids, and the mask of the same length: True on the content and the end of every
        assistant message.

    Raises:
        ValueError: if there is no message, a role is unknown, or a system message is not first.
    """
    raise NotImplementedError


def pack(
    examples: list[tuple[list[int], list[bool]]], length: int, pad_id: int
) -> dict[str, Int[Tensor, "rows length"]]:
    """Cut, shift and pack examples into rows, first-fit decreasing.

    Args:
        examples: ids and loss masks, as `render_chat` returns them.
        length: the places of a row, and the most ids that are kept of an example.
        pad_id: what `input_ids` holds at places that no example fills.

    Returns:
        `input_ids`, `labels` (already shifted; -100 carries no loss and fills padding),
        `position_ids` (padding: 0) and `segment_ids` (from 1 in each row; padding: 0), all int64.

    Raises:
        ValueError: if length is below 1, or the ids and the mask of an example differ in length.
    """
    raise NotImplementedError


def packed_attention_mask(
    segment_ids: Int[Tensor, "rows length"],
) -> Bool[Tensor, "rows length length"]:
    """Say at [r, i, j] whether place i of row r may attend to place j. 0 is padding."""
    raise NotImplementedError


def deduplicate(texts: list[str], n: int = 3, threshold: float = 0.8) -> list[int]:
    """Return the indices of the texts that are no near-duplicate of an earlier kept text, rising.

    A near-duplicate's set of word n-grams has a Jaccard index of at least `threshold` with the
    other's.

    Raises:
        ValueError: if n is below 1, or threshold is not above 0 and at most 1.
    """
    raise NotImplementedError
