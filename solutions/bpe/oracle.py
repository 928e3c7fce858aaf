"""Hugging Face's tokenizers for encoding, and a recount from scratch for training."""

import re
from collections import Counter

from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from solutions.bpe.bpe import bytes_of, refuse_special_tokens, split_at_special


def byte_characters():
    """Return the printable character that GPT-2's byte-level alphabet gives to each byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    characters = {byte: chr(byte) for byte in printable}
    characters |= {byte: chr(256 + place) for place, byte in enumerate(others)}
    assert set(characters.values()) == set(pre_tokenizers.ByteLevel.alphabet())
    return characters


def encode(text, merges, special_tokens=None):
    special_tokens = special_tokens or {}
    refuse_special_tokens(special_tokens, merges)
    characters = byte_characters()
    parts = bytes_of(range(256 + len(merges)), merges, None)
    names = ["".join(characters[byte] for byte in part) for part in parts]
    vocabulary = {name: token_id for token_id, name in enumerate(names)}
    pairs = [(names[left], names[right]) for left, right in merges]
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs))
    words = pre_tokenizers.Split(Regex(r"\s*\S+|\s+"), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, byte_level])
    ids = []
    for part in split_at_special(text, special_tokens):
        if part in special_tokens:
            ids.append(special_tokens[part])
        else:
            ids += tokenizer.encode(part).ids
    return ids


def train_bpe(text, merges):
    """Recount all pairs of the whole text at every step."""
    if merges < 0:
        raise ValueError("merges is negative")
    words = [list(word.encode()) for word in re.findall(r"\s*\S+|\s+", text)]
    learned = []
    for new in range(256, 256 + merges):
        pairs = Counter(
            (word[place], word[place + 1]) for word in words for place in range(len(word) - 1)
        )
        if not pairs or max(pairs.values()) < 2:
            break
        pair = sorted(pairs, key=lambda one: (-pairs[one], one[0], one[1]))[0]
        for word in words:
            place = 0
            while place < len(word) - 1:
                if (word[place], word[place + 1]) == pair:
                    word[place : place + 2] = [new]
                place += 1
        learned.append(pair)
    return learned
