"""Byte-level byte-pair encoding: the reference."""

import codecs
import re
from collections import Counter
from itertools import pairwise


def train_bpe(text: str, merges: int) -> list[tuple[int, int]]:
    """Learn which pairs of ids to merge (Sennrich et al., 2016, algorithm 1, on bytes).

    >>> train_bpe("aaa", 5)
    [(97, 97)]
    """
    if merges < 0:
        raise ValueError(f"merges = {merges} is negative")
    # Equal pre-tokens are merged alike, so each is kept once, with the number of its occurrences.
    words = Counter(tuple(word.encode()) for word in pre_tokens(text))
    learned: list[tuple[int, int]] = []
    while len(learned) < merges:
        counts = count_pairs(words)
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        new = 256 + len(learned)
        words = Counter({merge(word, best, new): count for word, count in words.items()})
        learned.append(best)
    return learned


def encode(
    text: str, merges: list[tuple[int, int]], special_tokens: dict[str, int] | None = None
) -> list[int]:
    """Turn text into ids; special tokens are found first, the rest replays the merges.

    >>> encode("aaab", [(97, 97), (97, 98)])
    [256, 257]
    >>> encode("aab<end>", [(97, 97)], {"<end>": 257})
    [256, 98, 257]
    """
    special_tokens = special_tokens or {}
    refuse_special_tokens(special_tokens, merges)
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    ids: list[int] = []
    for part in split_at_special(text, special_tokens):
        if part in special_tokens:
            ids.append(special_tokens[part])
        else:
            for word in pre_tokens(part):
                ids += replay_merges(word, ranks)
    return ids


def decode(
    ids: list[int], merges: list[tuple[int, int]], special_tokens: dict[str, int] | None = None
) -> str:
    """Join the bytes of all ids, then decode them: a character may lie in several tokens.

    >>> decode([0xC3, 0xA9], [])
    'é'
    """
    return b"".join(bytes_of(ids, merges, special_tokens)).decode(errors="replace")


def decode_stream(
    ids: list[int], merges: list[tuple[int, int]], special_tokens: dict[str, int] | None = None
) -> list[str]:
    """Return the text that becomes certain with each id.

    >>> decode_stream([0xC3, 0xA9], [])
    ['', 'é']
    """
    parts = bytes_of(ids, merges, special_tokens)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    last = len(parts) - 1
    return [decoder.decode(part, final=index == last) for index, part in enumerate(parts)]


def pre_tokens(text: str) -> list[str]:
    """Cut text into words, each with the white space before it; no merge crosses a cut.

    >>> pre_tokens("to be  ")
    ['to', ' be', '  ']
    """
    return re.findall(r"\s*\S+|\s+", text)


def count_pairs(words: dict[tuple[int, ...], int]) -> Counter[tuple[int, int]]:
    """Count adjacent ids over all words, given how often each word occurs."""
    counts: Counter[tuple[int, int]] = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] += count
    return counts


def merge(word: tuple[int, ...], pair: tuple[int, int], new: int) -> tuple[int, ...]:
    """Replace `pair` by `new`, from left to right and without overlap.

    >>> merge((97, 97, 97), (97, 97), 256)
    (256, 97)
    """
    merged: list[int] = []
    position = 0
    while position < len(word):
        if word[position : position + 2] == pair:
            merged.append(new)
            position += 2
        else:
            merged.append(word[position])
            position += 1
    return tuple(merged)


def replay_merges(word: str, ranks: dict[tuple[int, int], int]) -> tuple[int, ...]:
    """Merge within one pre-token, the pair that was learned first each time."""
    ids = tuple(word.encode())
    while present := [pair for pair in pairwise(ids) if pair in ranks]:
        first = min(present, key=ranks.__getitem__)
        ids = merge(ids, first, 256 + ranks[first])
    return ids


def split_at_special(text: str, special_tokens: dict[str, int]) -> list[str]:
    """Cut text before and after each special token, the longest that matches at a position."""
    if not special_tokens:
        return [text]
    # Alternatives are tried in order, so the longest has to stand first.
    longest_first = sorted(special_tokens, key=len, reverse=True)
    # The group makes `split` keep what it splits at.
    return re.split(f"({'|'.join(map(re.escape, longest_first))})", text)


def bytes_of(
    ids: list[int], merges: list[tuple[int, int]], special_tokens: dict[str, int] | None
) -> list[bytes]:
    """Return the bytes that each id stands for."""
    special_tokens = special_tokens or {}
    refuse_special_tokens(special_tokens, merges)
    vocabulary = {byte: bytes([byte]) for byte in range(256)}
    for new, (left, right) in enumerate(merges, start=256):
        vocabulary[new] = vocabulary[left] + vocabulary[right]
    for token, special_id in special_tokens.items():
        vocabulary[special_id] = token.encode()
    for token_id in ids:
        if token_id not in vocabulary:
            raise ValueError(f"ids holds {token_id}, which is no byte, merge or special token")
    return [vocabulary[token_id] for token_id in ids]


def refuse_special_tokens(special_tokens: dict[str, int], merges: list[tuple[int, int]]) -> None:
    """Raise where a special token is empty, or its id is not its own."""
    if "" in special_tokens:
        raise ValueError("special_tokens holds the empty string, which matches everywhere")
    first_free = 256 + len(merges)
    for token, special_id in special_tokens.items():
        if special_id < first_free:
            raise ValueError(f"special_tokens[{token!r}] = {special_id}, but {first_free} is free")
    if len(set(special_tokens.values())) < len(special_tokens):
        raise ValueError("special_tokens uses an id twice")
