"""NumPy's polynomial fit, and the WordPiece model of the tokenizers library."""

import numpy as np
from tokenizers.models import WordPiece

UNKNOWN = "\0"


def zipf_exponent(counts):
    if len(counts) < 2:
        raise ValueError("no line through fewer than two words")
    ordered = np.sort(list(counts.values()))[::-1]
    return -np.polyfit(np.log(np.arange(len(ordered)) + 1), np.log(ordered), 1)[0]


def vocabulary_report(counts, vocab):
    if not counts:
        raise ValueError("no words")
    ids = {entry: number for number, entry in enumerate(dict.fromkeys([*vocab, UNKNOWN]))}
    model = WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=10_000)
    cuts = {word: [token.value for token in model.tokenize(word)] for word in counts}
    total = sum(counts.values())
    unknown = sum(count for word, count in counts.items() if cuts[word] == [UNKNOWN])
    pieces = sum(count * len(cuts[word]) for word, count in counts.items())
    used = {piece for cut in cuts.values() for piece in cut}
    return {
        "oov_rate": unknown / total,
        "fertility": pieces / total,
        "unused": len(set(vocab) - used),
    }
