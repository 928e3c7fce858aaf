"""The wrong turns of chunking."""

import re
from itertools import pairwise

from autograder.suite import misconception
from solutions.chunking.chunking import (
    chunk_tokens,
    cut,
    heading,
    sections,
    split_markdown,
    split_recursive,
)

DEFAULT = ("\n\n", "\n", ". ", " ")

# ── chunk_tokens ──────────────────────────────────────────────────────────────────────────────


def real_tokens(offsets, size, overlap):
    """Return the tokens that cover text, or raise what has to be raised."""
    chunk_tokens([], size, overlap)
    return [(start, end) for start, end in offsets if start < end]


def spans_of(tokens, size, firsts):
    """Return the spans of the windows that begin at some tokens."""
    return [(tokens[i][0], tokens[i : i + size][-1][1]) for i in firsts]


@misconception(
    replaces="chunk_tokens",
    says="windows step by size, so neighbouring chunks do not overlap",
    hint="Which tokens are in two of your windows?",
)
def overlap_ignored(offsets, size, overlap=0):
    chunk_tokens(offsets, size, overlap)
    return chunk_tokens(offsets, size)


@misconception(
    replaces="chunk_tokens",
    says="a last chunk is added that lies wholly inside the one before it",
    hint="Which window is the first that holds the last token?",
)
def redundant_tail(offsets, size, overlap=0):
    tokens = real_tokens(offsets, size, overlap)
    return spans_of(tokens, size, range(0, len(tokens), size - overlap))


@misconception(
    replaces="chunk_tokens",
    says="the last tokens, which do not fill a window, are lost",
    hint="Is every token in some window?",
)
def drops_tail(offsets, size, overlap=0):
    tokens = real_tokens(offsets, size, overlap)
    return spans_of(tokens, size, range(0, len(tokens) - size + 1, size - overlap))


@misconception(
    replaces="chunk_tokens",
    says="the last window is moved back until it is full, so it overlaps by more than was asked",
    hint="Where does the last window begin? Which tokens are missing from its grid?",
)
def last_window_moved_back(offsets, size, overlap=0):
    tokens = real_tokens(offsets, size, overlap)
    last = max(len(tokens) - size, 0)
    firsts = [*range(0, last, size - overlap), last] if tokens else []
    return spans_of(tokens, size, firsts)


@misconception(
    replaces="chunk_tokens",
    says="special tokens of zero width take up room in the windows",
    hint="How many characters does each token of your windows cover?",
)
def special_tokens_counted(offsets, size, overlap=0):
    real_tokens(offsets, size, overlap)
    chunks = []
    for first in range(0, len(offsets), size - overlap):
        window = [(s, e) for s, e in offsets[first : first + size] if s < e]
        chunks += [(window[0][0], window[-1][1])] if window else []
        if first + size >= len(offsets):
            break
    return chunks


@misconception(
    replaces="chunk_tokens",
    says="a chunk runs to where the next token begins, so it ends with white space",
    hint="Which characters of your chunk are in none of its tokens?",
)
def runs_to_the_next_token(offsets, size, overlap=0):
    tokens = real_tokens(offsets, size, overlap)
    begins = {end: start for (_, end), (start, _) in pairwise(tokens)}
    return [(start, begins.get(end, end)) for start, end in chunk_tokens(offsets, size, overlap)]


# ── split_recursive ───────────────────────────────────────────────────────────────────────────


def pieces_of(text, max_chars, separators):
    """Return the final pieces as spans, or raise what has to be raised."""
    split_recursive("", max_chars, separators)
    return tiled(cut(text, max_chars, separators))


def tiled(pieces):
    """Return where pieces lie that stand one after another."""
    ends = [0]
    for piece in pieces:
        ends.append(ends[-1] + len(piece))
    return list(pairwise(ends))


def joined(pieces, max_chars):
    """Join spans from left to right as far as the limit allows."""
    chunks = []
    for start, end in pieces:
        if chunks and end - chunks[-1][0] <= max_chars:
            chunks[-1] = (chunks[-1][0], end)
        else:
            chunks.append((start, end))
    return chunks


@misconception(
    replaces="split_recursive",
    says="the separators between chunks belong to none of them, so the chunks no longer add up to "
    "the text",
    hint="Put your chunks together. Which characters are missing?",
)
def separators_lost(text, max_chars, separators=DEFAULT):
    split_recursive("", max_chars, separators)

    def split(start, piece, separators):
        if len(piece) <= max_chars:
            return [(start, start + len(piece))] if piece else []
        for place, separator in enumerate(separators):
            if separator in piece:
                found = []
                for part in piece.split(separator):
                    found += split(start, part, separators[place + 1 :])
                    start += len(part) + len(separator)
                return found
        ends = range(0, len(piece), max_chars)
        return [(start + i, start + min(i + max_chars, len(piece))) for i in ends]

    return joined(split(0, text, separators), max_chars)


@misconception(
    replaces="split_recursive",
    says="offsets come from searching for the chunk's text, so repeated text gets the place of its "
    "first occurrence",
    hint="Where is your second chunk, if it reads like the first?",
)
def offsets_by_find(text, max_chars, separators=DEFAULT):
    chunks = [text[start:end] for start, end in split_recursive(text, max_chars, separators)]
    return [(text.find(chunk), text.find(chunk) + len(chunk)) for chunk in chunks]


@misconception(
    replaces="split_recursive",
    says="small pieces are not joined, so every sentence or word becomes a chunk",
    hint="How many characters has your average chunk, and how many may it have?",
)
def never_joins(text, max_chars, separators=DEFAULT):
    return pieces_of(text, max_chars, separators)


@misconception(
    replaces="split_recursive",
    says="a piece that is too long is cut at max_chars instead of at the next separator",
    hint="In the middle of which word does your chunk end?",
)
def hard_cut(text, max_chars, separators=DEFAULT):
    split_recursive("", max_chars, separators)
    found = [separator for separator in separators if separator in text]
    return joined(tiled(cut(text, max_chars, tuple(found[:1]))), max_chars)


@misconception(
    replaces="split_recursive",
    says="a separator begins the piece after it in place of ending the one before",
    hint="With which character does your second chunk begin?",
)
def separator_leads(text, max_chars, separators=DEFAULT):
    split_recursive("", max_chars, separators)

    def split(piece, separators):
        if len(piece) <= max_chars:
            return [piece] if piece else []
        for place, separator in enumerate(separators):
            if separator in piece:
                first, *later = piece.split(separator)
                parts = [first, *(separator + part for part in later)]
                return [p for part in parts for p in split(part, separators[place + 1 :])]
        return [piece[i : i + max_chars] for i in range(0, len(piece), max_chars)]

    return joined(tiled(split(text, separators)), max_chars)


@misconception(
    replaces="split_recursive",
    says="every piece is cut down to its words, also one that fits, and then all words are joined",
    hint="Which paragraph of your text fits into a chunk, and is it in one?",
)
def cut_down_to_words(text, max_chars, separators=DEFAULT):
    split_recursive("", max_chars, separators)
    words = [text]
    for separator in separators:
        parts = [
            part for piece in words for part in re.split(f"(?<={re.escape(separator)})", piece)
        ]
        words = [part for part in parts if part]
    small = [piece for word in words for piece in cut(word, max_chars, ())]
    return joined(tiled(small), max_chars)


@misconception(
    replaces="split_recursive",
    says="pieces are only joined with pieces that were cut from the same one",
    hint="Which two neighbouring chunks of yours would fit into one?",
)
def joined_within_a_piece(text, max_chars, separators=DEFAULT):
    split_recursive("", max_chars, separators)

    def split(start, piece, separators):
        if len(piece) <= max_chars:
            return [(start, start + len(piece))] if piece else []
        for place, separator in enumerate(separators):
            if separator in piece:
                found, waiting = [], []
                *ended, rest = piece.split(separator)
                for part in [*(part + separator for part in ended), rest]:
                    if len(part) > max_chars:
                        found += joined(waiting, max_chars)
                        found += split(start, part, separators[place + 1 :])
                        waiting = []
                    elif part:
                        waiting.append((start, start + len(part)))
                    start += len(part)
                return found + joined(waiting, max_chars)
        return pieces_at(start, piece)

    def pieces_at(start, piece):
        return [(start + a, start + b) for a, b in tiled(cut(piece, max_chars, ()))]

    return split(0, text, separators)


@misconception(
    replaces="split_recursive",
    says="a chunk has to stay below max_chars: pieces that fill it exactly are not joined",
    hint="At most: is that less, or may it be as much?",
)
def below_the_limit(text, max_chars, separators=DEFAULT):
    chunks = []
    for start, end in pieces_of(text, max_chars, separators):
        if chunks and end - chunks[-1][0] < max_chars:
            chunks[-1] = (chunks[-1][0], end)
        else:
            chunks.append((start, end))
    return chunks


@misconception(
    replaces="split_recursive",
    says="white space around the chunks is stripped, so they no longer add up to the text",
    hint="Put your chunks together. Which characters are missing?",
)
def stripped(text, max_chars, separators=DEFAULT):
    spans = split_recursive(text, max_chars, separators)
    chunks = []
    for start, end in spans:
        first = start + len(text[start:end]) - len(text[start:end].lstrip())
        kept = text[start:end].strip()
        chunks += [(first, first + len(kept))] if kept else []
    return chunks


# ── split_markdown ────────────────────────────────────────────────────────────────────────────


def parts_of(found, text, max_chars):
    """Cut sections up as the reference does."""
    return [
        {"start": start + first, "end": start + last, "headings": titles}
        for start, end, titles in found
        for first, last in split_recursive(text[start:end], max_chars)
    ]


def scanned(text, fences=True, read=heading, close=lambda path, level: path):
    """Return the sections, with other readings of lines and another path."""
    begun, path, place, fenced = [(0, [])], [], 0, False
    for line in text.split("\n"):
        if fences and line.lstrip().startswith("```"):
            fenced = not fenced
        found = None if fenced else read(line)
        if found:
            path = [*close(path, found[0]), found]
            begun.append((place, [title for _, title in path]))
        place += len(line) + 1
    ends = [*(start for start, _ in begun[1:]), len(text)]
    pairs = zip(begun, ends, strict=True)
    return [(start, end, titles) for (start, titles), end in pairs if start < end]


def higher(path, level):
    """Return the headings above a level."""
    return [opened for opened in path if opened[0] < level]


@misconception(
    replaces="split_markdown",
    says="a comment in a code block is taken for a heading",
    hint="Which of your titles stand between two lines of backticks?",
)
def heading_in_code(text, max_chars):
    split_markdown("", max_chars)
    return parts_of(scanned(text, fences=False, close=higher), text, max_chars)


@misconception(
    replaces="split_markdown",
    says="a heading does not close the earlier heading of its own level",
    hint="Can a section lie in two chapters?",
)
def siblings_stay(text, max_chars):
    def close(path, level):
        return [opened for opened in path if opened[0] <= level]

    split_markdown("", max_chars)
    return parts_of(scanned(text, close=close), text, max_chars)


@misconception(
    replaces="split_markdown",
    says="a heading of level n is put at place n of the path, which is wrong where a level was "
    "skipped",
    hint="After # and ### comes another ###. What did you cut from the path?",
)
def levels_are_places(text, max_chars):
    split_markdown("", max_chars)
    found = scanned(text, close=lambda path, level: path[: level - 1])
    return parts_of(found, text, max_chars)


@misconception(
    replaces="split_markdown",
    says="a section knows its own title only, not those above it",
    hint="How does a reader know which chapter 'Installation' is in?",
)
def own_title_only(text, max_chars):
    split_markdown("", max_chars)
    found = [(start, end, titles[-1:]) for start, end, titles in sections(text)]
    return parts_of(found, text, max_chars)


@misconception(
    replaces="split_markdown",
    says="the path holds the titles above a section, and its own is missing",
    hint="What is the path of a section that has a title and no parent?",
)
def own_title_missing(text, max_chars):
    split_markdown("", max_chars)
    found = [(start, end, titles[:-1]) for start, end, titles in sections(text)]
    return parts_of(found, text, max_chars)


@misconception(
    replaces="split_markdown",
    says="text before the first heading is lost",
    hint="Where does your first chunk begin?",
)
def preamble_lost(text, max_chars):
    return [chunk for chunk in split_markdown(text, max_chars) if chunk["headings"]]


@misconception(
    replaces="split_markdown",
    says="a # without white space after it is taken for a heading",
    hint="Is #1 a heading? And #include?",
)
def hashtag_is_heading(text, max_chars):
    def read(line):
        found = re.match(r"(#{1,6})(?!#)(.*)", line)
        title = found[2].strip() if found else ""
        return (len(found[1]), title) if title else None

    split_markdown("", max_chars)
    return parts_of(scanned(text, read=read, close=higher), text, max_chars)


@misconception(
    replaces="split_markdown",
    says="the parts of a long section are counted from its own start, not from that of the text",
    hint="Look up text[start:end] of your last chunk.",
)
def positions_within_the_section(text, max_chars):
    split_markdown("", max_chars)
    chunks = []
    for start, end, titles in sections(text):
        shift = start if end - start <= max_chars else 0
        for first, last in split_recursive(text[start:end], max_chars):
            chunks.append({"start": shift + first, "end": shift + last, "headings": titles})
    return chunks


@misconception(
    replaces="split_markdown",
    says="a section that is too long is not cut",
    hint="How long is your longest chunk?",
)
def long_sections_whole(text, max_chars):
    split_markdown("", max_chars)
    return parts_of(sections(text), text, max(max_chars, len(text) + 1))
