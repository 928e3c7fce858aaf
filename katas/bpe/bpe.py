"""Byte-level byte-pair encoding. The question is in README.md."""


def train_bpe(text: str, merges: int) -> list[tuple[int, int]]:
    """Learn at most `merges` merges from a text; merge i makes id 256 + i of a pair of ids.

    The most frequent adjacent pair is merged each time, the smallest pair of ids among equally
    frequent ones. The list ends early when no pair occurs twice.

    Raises:
        ValueError: if `merges` is negative.
    """
    raise NotImplementedError


def encode(
    text: str, merges: list[tuple[int, int]], special_tokens: dict[str, int] | None = None
) -> list[int]:
    """Turn text into ids: special tokens first, then the merges in the order learned.

    At each position, from the left, the longest special token that matches becomes its id. Each
    stretch between special tokens is pre-tokenised by itself. Without special tokens all is text.

    Raises:
        ValueError: if a special token is "", or its id is below 256 + len(merges) or used twice.
    """
    raise NotImplementedError


def decode(
    ids: list[int], merges: list[tuple[int, int]], special_tokens: dict[str, int] | None = None
) -> str:
    """Turn ids back into text; bytes that are no UTF-8 become U+FFFD as with `errors="replace"`.

    Raises:
        ValueError: as `encode`, or if an id is no byte, no merge and no special token.
    """
    raise NotImplementedError


def decode_stream(
    ids: list[int], merges: list[tuple[int, int]], special_tokens: dict[str, int] | None = None
) -> list[str]:
    """Return one string for each id: the text that becomes certain when it arrives.

    A character whose bytes are not all there is held back, and comes with the id that finishes
    it. What the last id leaves unfinished is U+FFFD in the last string. Joined, the strings are
    `decode(ids)`; the joined bytes are UTF-8, perhaps cut off inside the last character.

    Raises:
        ValueError: as `decode`.
    """
    raise NotImplementedError
