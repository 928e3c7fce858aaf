"""How large should the vocabulary be? The reference."""

import math
from itertools import accumulate

ROUNDING = 1e-12
"""How far a share may stay below its target and still have reached it."""


def coverage_size(counts: dict[str, int], target: float) -> int:
    """Return how many of the most frequent words make up `target` of all occurrences.

    >>> coverage_size({"cat": 2, "the": 6, "of": 2}, 0.8)
    2
    """
    if not counts:
        raise ValueError("counts is empty")
    if not 0 < target <= 1:
        raise ValueError(f"target is above 0 and at most 1, got {target}")

    total = sum(counts.values())
    covered = accumulate(sorted(counts.values(), reverse=True))
    # All words together make up 1, so one of the sizes always reaches the target.
    return next(n for n, c in enumerate(covered, start=1) if c / total >= target - ROUNDING)


def zipf_exponent(counts: dict[str, int]) -> float:
    """Return s in count ≈ C · rank^(−s), by least squares of ln count on ln rank.

    >>> round(zipf_exponent({"of": 30, "the": 60, "and": 20, "to": 15}), 9)
    1.0
    """
    if len(counts) < 2:
        raise ValueError(f"two words at least make a line, got {len(counts)}")

    # ln count = ln C − s · ln rank: a line whose slope is −s.
    ordered = sorted(counts.values(), reverse=True)
    plot = [(math.log(rank), math.log(count)) for rank, count in enumerate(ordered, start=1)]
    mean = sum(x for x, _ in plot) / len(plot)
    # Σ (x − mean) is 0, so y needs no mean of its own.
    return -sum((x - mean) * y for x, y in plot) / sum((x - mean) ** 2 for x, _ in plot)


def vocabulary_report(counts: dict[str, int], vocab: list[str]) -> dict[str, float | int]:
    """Return `oov_rate`, `fertility` and `unused` of a WordPiece vocabulary.

    >>> vocabulary_report({"low": 5, "lower": 3, "slow": 2}, ["low", "##er", "##e", "s"])
    {'oov_rate': 0.2, 'fertility': 1.3, 'unused': 2}
    """
    if not counts:
        raise ValueError("counts is empty")

    entries = set(vocab)
    used: set[str] = set()
    unknown = pieces = 0
    for word, count in counts.items():
        cut = cut_greedily(word, entries)
        if cut is None:
            unknown += count
            pieces += count
        else:
            used.update(cut)
            pieces += count * len(cut)
    total = sum(counts.values())
    return {
        "oov_rate": unknown / total,
        "fertility": pieces / total,
        "unused": len(entries - used),
    }


def cut_greedily(word: str, entries: set[str]) -> list[str] | None:
    """Cut a word as WordPiece does (Wu et al., 2016), longest piece first; None if it fails.

    >>> cut_greedily("lower", {"low", "##e", "##er"})
    ['low', '##er']
    """
    pieces = []
    start = 0
    while start < len(word):
        mark = "##" if start else ""
        # At least one code point: an empty piece would never get on.
        for end in range(len(word), start, -1):
            if mark + word[start:end] in entries:
                break
        else:
            return None
        pieces.append(mark + word[start:end])
        start = end
    return pieces


def best_vocabulary(
    candidates: list[tuple[int, float]],
    body_parameters: int,
    d_model: int,
    max_parameters: int,
    tied: bool = True,
) -> int | None:
    """Return the size of least training FLOPs a word among those that fit; None if none does.

    >>> best_vocabulary([(1000, 2.0), (4000, 1.5), (16000, 1.3)], 10**6, 100, 10**7)
    4000
    """
    if not candidates:
        raise ValueError("candidates is empty")
    if d_model <= 0:
        raise ValueError(f"d_model is positive, got {d_model}")
    for size, fertility in candidates:
        if size <= 0 or fertility <= 0:
            raise ValueError(f"size and fertility are positive, got {(size, fertility)}")

    tables = 1 if tied else 2
    # 6 FLOPs a parameter and token (2 forward, 4 backward), fertility tokens a word. Tied or not,
    # one table is multiplied with; the other is looked up in, which costs nothing.
    costs = [
        (fertility * 6 * (body_parameters + size * d_model), size)
        for size, fertility in candidates
        if body_parameters + tables * size * d_model <= max_parameters
    ]
    return min(costs)[1] if costs else None
