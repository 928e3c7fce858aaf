"""The wrong turns of byte-pair encoding."""

import re
from collections import Counter
from itertools import pairwise

from autograder.suite import misconception
from solutions.bpe.bpe import (
    bytes_of,
    count_pairs,
    merge,
    pre_tokens,
    refuse_special_tokens,
    replay_merges,
    split_at_special,
)


def words_of(text):
    """Return the pre-tokens as bytes, with the number of their occurrences."""
    return Counter(tuple(word.encode()) for word in pre_tokens(text))


def learn(words, merges, *, count=count_pairs, choose=None, at_least=2):
    """Learn as the reference does, with another count, choice or end."""
    if merges < 0:
        raise ValueError("merges is negative")
    choose = choose or (lambda counts, _: min(counts, key=lambda pair: (-counts[pair], pair)))
    learned = []
    while len(learned) < merges:
        counts = count(words)
        if max(counts.values(), default=0) < at_least:
            break
        best = choose(counts, learned)
        new = 256 + len(learned)
        words = Counter({merge(word, best, new): n for word, n in words.items()})
        learned.append(best)
    return learned


def encode_with(text, merges, special_tokens, *, split=split_at_special, words=pre_tokens, to_ids):
    """Encode as the reference does, with another split, other words or another way to ids."""
    special_tokens = special_tokens or {}
    refuse_special_tokens(special_tokens, merges)
    ids = []
    for part in split(text, special_tokens):
        if part in special_tokens:
            ids.append(special_tokens[part])
        else:
            for word in words(part):
                ids += to_ids(word, {pair: rank for rank, pair in enumerate(merges)})
    return ids


# ── train_bpe ─────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="train_bpe",
    says="pairs are counted and merged across the boundaries of pre-tokens",
    hint="Print your most frequent pair as text. Do both of its sides lie in one word?",
)
def merges_across_words(text, merges):
    return learn(Counter([tuple(text.encode())]), merges)


@misconception(
    replaces="train_bpe",
    says="each distinct pre-token counts once, however often it occurs",
    hint="In 'the the the cat', how often does the pair (t, h) occur?",
)
def words_counted_once(text, merges):
    return learn(Counter(set(words_of(text))), merges)


@misconception(
    replaces="train_bpe",
    says="the words are taken without the white space before them",
    hint="Join your pre-tokens. Is that the text?",
)
def words_without_space(text, merges):
    return learn(Counter(tuple(word.encode()) for word in text.split()), merges)


@misconception(
    replaces="train_bpe",
    says="among equally frequent pairs the one met first is merged, not the smallest",
    hint="What does max return of several largest elements?",
)
def ties_by_first_seen(text, merges):
    return learn(
        words_of(text), merges, choose=lambda counts, _: max(counts, key=lambda pair: counts[pair])
    )


@misconception(
    replaces="train_bpe",
    says="among equally frequent pairs the largest is merged, not the smallest",
    hint="max over (count, pair) prefers the higher count, and what among equal counts?",
)
def ties_to_the_largest(text, merges):
    return learn(
        words_of(text),
        merges,
        choose=lambda counts, _: max(counts, key=lambda pair: (counts[pair], pair)),
    )


@misconception(
    replaces="train_bpe",
    says="equally frequent pairs are compared by the bytes of their tokens, not by their ids",
    hint="Token 256 may begin with any byte. Is it smaller or larger than the token 120?",
)
def ties_by_bytes(text, merges):
    def smallest_bytes(counts, learned):
        vocabulary = {byte: bytes([byte]) for byte in range(256)}
        for new, (left, right) in enumerate(learned, start=256):
            vocabulary[new] = vocabulary[left] + vocabulary[right]
        return min(counts, key=lambda pair: (-counts[pair], [vocabulary[one] for one in pair]))

    return learn(words_of(text), merges, choose=smallest_bytes)


@misconception(
    replaces="train_bpe",
    says="a pair of equal ids is counted without overlap, so (a, a) once in aaa",
    hint="How many adjacent pairs does a word of three letters have, whatever the letters?",
)
def overlaps_counted_once(text, merges):
    def count(words):
        counts = Counter()
        for word, times in words.items():
            last = None
            for place, pair in enumerate(pairwise(word)):
                if pair == (last and last[1]) and place == last[0] + 1 and pair[0] == pair[1]:
                    last = None
                    continue
                counts[pair] += times
                last = place, pair
        return counts

    return learn(words_of(text), merges, count=count)


@misconception(
    replaces="train_bpe",
    says="merging goes on to pairs that occur once, until the asked number is reached",
    hint="Which of your last merges would ever be used a second time?",
)
def pairs_that_occur_once(text, merges):
    return learn(words_of(text), merges, at_least=1)


# ── encode ────────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="encode",
    says="the longest token in the vocabulary is taken at each position, instead of replaying the "
    "merges",
    hint="Training went from short pairs to long ones. In which order does encoding have to go?",
)
def longest_match(text, merges, special_tokens=None):
    parts = bytes_of(range(256 + len(merges)), merges, None)
    vocabulary = {part: token_id for token_id, part in reversed(list(enumerate(parts)))}
    longest = max(map(len, vocabulary))

    def to_ids(word, _):
        left, ids = word.encode(), []
        while left:
            size = next(size for size in range(longest, 0, -1) if left[:size] in vocabulary)
            ids.append(vocabulary[left[:size]])
            left = left[size:]
        return ids

    return encode_with(text, merges, special_tokens, to_ids=to_ids)


@misconception(
    replaces="encode",
    says="the leftmost pair that can be merged is merged, not the one learned first",
    hint="Which of the pairs in the word has the lowest index in merges?",
)
def leftmost_pair(text, merges, special_tokens=None):
    def to_ids(word, ranks):
        ids = list(word.encode())
        place = 0
        while place + 1 < len(ids):
            pair = ids[place], ids[place + 1]
            if pair in ranks:
                ids[place : place + 2] = [256 + ranks[pair]]
                place = 0
            else:
                place += 1
        return ids

    return encode_with(text, merges, special_tokens, to_ids=to_ids)


@misconception(
    id="leftmost_pair",
    replaces="encode",
    says="the leftmost pair that can be merged is merged, not the one learned first",
    hint="Which of the pairs in the word has the lowest index in merges?",
)
def leftmost_pair_in_passes(text, merges, special_tokens=None):
    def to_ids(word, ranks):
        ids, merged = list(word.encode()), True
        while merged:
            merged, place, after = False, 0, []
            while place < len(ids):
                pair = tuple(ids[place : place + 2])
                if pair in ranks:
                    after.append(256 + ranks[pair])
                    place, merged = place + 2, True
                else:
                    after.append(ids[place])
                    place += 1
            ids = after
        return ids

    return encode_with(text, merges, special_tokens, to_ids=to_ids)


@misconception(
    replaces="encode",
    says="the pair learned last is merged first",
    hint="At which end of merges did training begin?",
)
def last_learned_first(text, merges, special_tokens=None):
    def to_ids(word, ranks):
        ids = tuple(word.encode())
        while present := [ranks[pair] for pair in pairwise(ids) if pair in ranks]:
            ids = merge(ids, tuple(merges[max(present)]), 256 + max(present))
        return ids

    return encode_with(text, merges, special_tokens, to_ids=to_ids)


@misconception(
    replaces="encode",
    says="the text is not cut into pre-tokens first, so merges cross from one word into the next",
    hint="On which pieces of text did training count its pairs?",
)
def encodes_across_words(text, merges, special_tokens=None):
    return encode_with(
        text, merges, special_tokens, words=lambda part: [part], to_ids=replay_merges
    )


@misconception(
    replaces="encode",
    says="special tokens are split into bytes like ordinary text",
    hint="Which id should come out of '<|end|>' alone, and how many come out of yours?",
)
def special_as_text(text, merges, special_tokens=None):
    refuse_special_tokens(special_tokens or {}, merges)
    return encode_with(text, merges, None, to_ids=replay_merges)


@misconception(
    replaces="encode",
    says="special tokens are looked up among the pre-tokens, so one inside a word is missed",
    hint="What are the pre-tokens of 'hi<|end|>'?",
)
def special_only_as_a_word(text, merges, special_tokens=None):
    return encode_with(
        text,
        merges,
        special_tokens,
        split=lambda part, _: pre_tokens(part),
        to_ids=replay_merges,
    )


@misconception(
    replaces="encode",
    says="the special tokens are used as regular expressions, not as plain text",
    hint="What does | mean in the pattern that you make of '<|end|>'?",
)
def special_as_pattern(text, merges, special_tokens=None):
    def split(part, special):
        longest_first = sorted(special, key=len, reverse=True)
        return re.split(f"({'|'.join(longest_first)})", part) if special else [part]

    return encode_with(text, merges, special_tokens, split=split, to_ids=replay_merges)


@misconception(
    replaces="encode",
    says="the first special token in the dictionary that matches is taken, not the longest",
    hint="An alternation of patterns tries its branches in order. Which order do yours have?",
)
def first_special_wins(text, merges, special_tokens=None):
    def split(part, special):
        return re.split(f"({'|'.join(map(re.escape, special))})", part) if special else [part]

    return encode_with(text, merges, special_tokens, split=split, to_ids=replay_merges)


@misconception(
    replaces="encode",
    says="the text is split at the longest special token first, wherever it is, so a shorter one "
    "that begins before it is missed",
    hint="Two special tokens overlap in the text. Which of them is met first from the left?",
)
def longest_special_first(text, merges, special_tokens=None):
    def split(part, special):
        parts = [part]
        for token in sorted(special, key=len, reverse=True):
            pieces = []
            for piece in parts:
                whole = piece in special
                pieces += [piece] if whole else re.split(f"({re.escape(token)})", piece)
            parts = pieces
        return parts

    return encode_with(text, merges, special_tokens, split=split, to_ids=replay_merges)


# ── decode ────────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="decode",
    says="each token is decoded on its own, so a character split over two tokens is lost",
    hint="What does bytes([0xC3]).decode(errors='replace') give, and what would the next id add?",
)
def token_by_token(ids, merges, special_tokens=None):
    parts = bytes_of(ids, merges, special_tokens)
    return "".join(part.decode(errors="replace") for part in parts)


@misconception(
    replaces="decode",
    says="invalid bytes are dropped, not replaced by U+FFFD",
    hint="Which values can the argument errors of bytes.decode have, and which is asked for?",
)
def invalid_bytes_dropped(ids, merges, special_tokens=None):
    return b"".join(bytes_of(ids, merges, special_tokens)).decode(errors="ignore")


@misconception(
    replaces="decode",
    says="special tokens are left out of the text",
    hint="Encode a text with a special token and decode it again. Is it the same text?",
)
def special_tokens_skipped(ids, merges, special_tokens=None):
    parts = bytes_of(ids, merges, special_tokens)
    special = set((special_tokens or {}).values())
    kept = [part for one, part in zip(ids, parts, strict=True) if one not in special]
    return b"".join(kept).decode(errors="replace")


# ── decode_stream ─────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="decode_stream",
    says="an unfinished character is emitted as U+FFFD at once instead of being held back",
    hint="What could still come after the byte 0xC3? Until then, what is certain?",
)
def no_holding_back(ids, merges, special_tokens=None):
    return [part.decode(errors="replace") for part in bytes_of(ids, merges, special_tokens)]


@misconception(
    id="no_holding_back",
    replaces="decode_stream",
    says="an unfinished character is emitted as U+FFFD at once instead of being held back",
    hint="Decode the ids so far, then one more. Does the first text always begin the second?",
)
def no_holding_back_in_differences(ids, merges, special_tokens=None):
    parts, strings, shown = bytes_of(ids, merges, special_tokens), [], ""
    for end in range(1, len(parts) + 1):
        text = b"".join(parts[:end]).decode(errors="replace")
        strings.append(text[len(shown) :])
        shown = text
    return strings


@misconception(
    replaces="decode_stream",
    says="all bytes are held back until they decode without an error, the whole characters before "
    "the unfinished one too",
    hint="A token holds 'a' and half of é. What do you show, and what could you?",
)
def holds_whole_tokens(ids, merges, special_tokens=None):
    parts, strings, held = bytes_of(ids, merges, special_tokens), [], b""
    for part in parts:
        held += part
        try:
            strings.append(held.decode())
            held = b""
        except UnicodeDecodeError:
            strings.append("")
    if held:
        strings[-1] = held.decode(errors="replace")
    return strings


@misconception(
    replaces="decode_stream",
    says="what is still held back after the last id is lost",
    hint="Cut a text inside its last character. Do your strings join to decode(ids)?",
)
def end_not_flushed(ids, merges, special_tokens=None):
    parts, strings, held = bytes_of(ids, merges, special_tokens), [], b""
    for part in parts:
        held += part
        whole = held.decode(errors="ignore")
        strings.append(whole)
        held = held[len(whole.encode()) :]
    return strings


@misconception(
    replaces="decode_stream",
    says="what is still held back after the last id comes as one string more",
    hint="How many strings do you return for four ids?",
)
def flushed_as_a_string_more(ids, merges, special_tokens=None):
    strings = end_not_flushed(ids, merges, special_tokens)
    joined = b"".join(bytes_of(ids, merges, special_tokens))
    held = joined[len("".join(strings).encode()) :]
    return [*strings, held.decode(errors="replace")] if held else strings
