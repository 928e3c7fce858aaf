"""Chunking. The question is in README.md."""


def chunk_tokens(
    offsets: list[tuple[int, int]], size: int, overlap: int = 0
) -> list[tuple[int, int]]:
    """Return the character spans of windows of `size` tokens, each `overlap` tokens into the last.

    `offsets` are the character spans of a text's tokens, in order, end exclusive; those of zero
    width are dropped first. The last window is the first one that holds the last token.

    Raises:
        ValueError: if `size` is less than 1, or `overlap` is not in 0 … size − 1.
    """
    raise NotImplementedError


def split_recursive(
    text: str, max_chars: int, separators: tuple[str, ...] = ("\n\n", "\n", ". ", " ")
) -> list[tuple[int, int]]:
    """Return spans of at most `max_chars` characters that tile the text, cut where it is coarsest.

    A piece that is too long is cut after every occurrence of the first separator that occurs in it;
    what is still too long, by the separators after that one; with none left, every `max_chars`
    characters. Then all pieces are joined from left to right as far as the limit allows.

    Raises:
        ValueError: if `max_chars` is less than 1, or a separator is empty.
    """
    raise NotImplementedError


def split_markdown(text: str, max_chars: int) -> list[dict]:
    """Return chunks `{"start", "end", "headings"}`, one a section, which tile the text.

    A section runs from a heading line to the next one of any level; what stands before the first is
    one too. `headings` is the path of titles, outermost first, own title last. A section longer
    than `max_chars` is cut by `split_recursive`, with its default separators.

    Raises:
        ValueError: if `max_chars` is less than 1.
    """
    raise NotImplementedError
