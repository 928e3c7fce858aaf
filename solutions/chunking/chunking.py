"""Chunking: the reference."""

import re
from itertools import pairwise


def chunk_tokens(
    offsets: list[tuple[int, int]], size: int, overlap: int = 0
) -> list[tuple[int, int]]:
    """Return the character spans of windows of `size` tokens, each `overlap` tokens into the last.

    >>> chunk_tokens([(0, 3), (4, 7), (8, 13)], 2, 1)
    [(0, 7), (4, 13)]
    """
    # No overlap lies below a size of 0, so that this is about both.
    if not 0 <= overlap < size:
        raise ValueError(
            f"size has to be at least 1 and overlap in 0 … size − 1, got {size} and {overlap}"
        )
    tokens = [(start, end) for start, end in offsets if start < end]
    chunks = []
    for first in range(0, len(tokens), size - overlap):
        window = tokens[first : first + size]
        chunks.append((window[0][0], window[-1][1]))
        if first + size >= len(tokens):
            break  # the next window would lie inside this one
    return chunks


def split_recursive(
    text: str, max_chars: int, separators: tuple[str, ...] = ("\n\n", "\n", ". ", " ")
) -> list[tuple[int, int]]:
    """Return spans of at most `max_chars` characters that tile the text, cut where it is coarsest.

    >>> split_recursive("one two three", 8)
    [(0, 8), (8, 13)]
    """
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}, but must be at least 1")
    if "" in separators:
        raise ValueError("a separator may not be empty: it would occur everywhere")
    chunks: list[tuple[int, int]] = []
    end = 0
    for piece in cut(text, max_chars, separators):
        # The pieces tile the text, so that their lengths say where they are.
        start, end = end, end + len(piece)
        if chunks and end - chunks[-1][0] <= max_chars:
            chunks[-1] = (chunks[-1][0], end)
        else:
            chunks.append((start, end))
    return chunks


def split_markdown(text: str, max_chars: int) -> list[dict]:
    """Return chunks `{"start", "end", "headings"}`, one a section or several, which tile the text.

    >>> split_markdown("# A" + chr(10) + "a", 10)
    [{'start': 0, 'end': 5, 'headings': ['A']}]
    """
    # Every text has a section, be it an empty one, so split_recursive gets to see max_chars.
    return [
        {"start": start + first, "end": start + last, "headings": headings}
        for start, end, headings in sections(text)
        for first, last in split_recursive(text[start:end], max_chars)
    ]


def cut(piece: str, max_chars: int, separators: tuple[str, ...]) -> list[str]:
    """Cut a piece up until nothing is too long; what comes out adds up to the piece."""
    if len(piece) <= max_chars:
        return [piece] if piece else []
    if not separators:
        return [piece[first : first + max_chars] for first in range(0, len(piece), max_chars)]
    *ended, rest = piece.split(separators[0])
    parts = [*(part + separators[0] for part in ended), rest]
    return [small for part in parts for small in cut(part, max_chars, separators[1:])]


def sections(text: str) -> list[tuple[int, int, list[str]]]:
    """Return start, end and path of titles of each section; the first may be empty."""
    begun: list[tuple[int, list[str]]] = [(0, [])]
    path: list[tuple[int, str]] = []
    place, fenced = 0, False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        found = None if fenced else heading(line)
        if found is not None:
            path = [opened for opened in path if opened[0] < found[0]] + [found]
            begun.append((place, [title for _, title in path]))
        place += len(line) + 1
    begun.append((len(text), []))
    return [(start, end, titles) for (start, titles), (end, _) in pairwise(begun)]


def heading(line: str) -> tuple[int, str] | None:
    """Return level and title of a heading line; None where it is none."""
    found = re.match(r"(#{1,6})[ \t]+(.*)", line)
    title = found[2].strip() if found else ""
    return (len(found[1]), title) if found and title else None
