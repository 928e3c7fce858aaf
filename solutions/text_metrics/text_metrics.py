"""BLEU, ROUGE, exact match and token F1: the reference."""

import math
import re
import string
from collections import Counter
from functools import reduce
from operator import or_

ARTICLE = re.compile(r"\b(a|an|the)\b")
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def corpus_bleu(
    hypotheses: list[list[str]],
    references: list[list[list[str]]],
    max_order: int = 4,
) -> float:
    """Return the BLEU of a corpus, between 0 and 1, without smoothing (Papineni et al., 2002).

    >>> corpus_bleu(["the cat is here".split()], [["the cat sits here".split()]], max_order=1)
    0.75
    """
    if max_order < 1:
        raise ValueError(f"max_order = {max_order} is less than 1")
    if not hypotheses:
        raise ValueError("hypotheses holds none")
    if len(hypotheses) != len(references):
        raise ValueError(f"{len(hypotheses)} hypotheses, but references for {len(references)}")
    if not all(references):
        raise ValueError("references holds an empty list: a hypothesis without any")
    pairs = list(zip(hypotheses, references, strict=False))

    log_precisions = []
    for order in range(1, max_order + 1):
        # Counts are summed over the corpus first: the ratio of sums, not the mean of ratios.
        matches = sum(clipped_matches(*pair, order) for pair in pairs)
        if matches == 0:
            return 0.0
        total = sum(ngrams(hypothesis, order).total() for hypothesis in hypotheses)
        log_precisions.append(math.log(matches / total))

    # Precision alone would be highest for a hypothesis of the few words that are surely right.
    length = sum(len(hypothesis) for hypothesis in hypotheses)
    wanted = sum(closest_length(*pair) for pair in pairs)
    brevity_penalty = min(1.0, math.exp(1 - wanted / length))
    return brevity_penalty * math.exp(sum(log_precisions) / max_order)


def rouge_n(hypothesis: list[str], reference: list[str], n: int) -> dict[str, float]:
    """Return precision, recall and F1 of the n-grams of two token lists (Lin, 2004).

    >>> rouge_n(["a", "b", "b"], ["b", "b"], 1)["recall"]
    1.0
    """
    if n < 1:
        raise ValueError(f"n = {n} is less than 1")
    given, wanted = ngrams(hypothesis, n), ngrams(reference, n)
    return shares((given & wanted).total(), given.total(), wanted.total())


def rouge_l(hypothesis: list[str], reference: list[str]) -> dict[str, float]:
    """Return precision, recall and F1 of the longest common subsequence (Lin, 2004).

    >>> rouge_l(["a", "x", "b"], ["a", "b"])["recall"]
    1.0
    """
    # best[j] = length for the tokens of the hypothesis so far and the first j of the reference.
    best = [0] * (len(reference) + 1)
    for token in hypothesis:
        row, left = [0], 0
        for wanted, diagonal, above in zip(reference, best, best[1:], strict=False):
            if token == wanted:
                left = diagonal + 1
            elif above > left:
                left = above
            row.append(left)
        best = row
    return shares(best[-1], len(hypothesis), len(reference))


def squad_scores(prediction: str, answers: list[str]) -> dict[str, float]:
    """Return exact match and token F1, each for the best of the answers (Rajpurkar et al., 2016).

    >>> squad_scores("The U.S.", ["France", "us"])
    {'exact_match': 1.0, 'f1': 1.0}
    """
    given = normalised(prediction)
    wanted = [normalised(answer) for answer in answers or [""]]
    return {
        "exact_match": float(given in wanted),
        "f1": max(token_f1(given.split(), answer.split()) for answer in wanted),
    }


def ngrams(tokens: list[str], n: int) -> Counter[tuple[str, ...]]:
    """Count the n-grams of a token list."""
    return Counter(tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1))


def clipped_matches(hypothesis: list[str], references: list[list[str]], order: int) -> int:
    """Count the n-grams of a hypothesis, each at most as often as some one reference has it."""
    most = reduce(or_, (ngrams(reference, order) for reference in references))  # | is the maximum
    return (ngrams(hypothesis, order) & most).total()  # & is the minimum


def closest_length(hypothesis: list[str], references: list[list[str]]) -> int:
    """Return the length of the reference that is closest in length; the shorter of two."""
    lengths = sorted(len(reference) for reference in references)
    return min(lengths, key=lambda length: abs(length - len(hypothesis)))


def shares(overlap: int, given: int, wanted: int) -> dict[str, float]:
    """Return precision, recall and F1 of an overlap; 0.0 for a share of nothing."""
    return {
        "precision": overlap / given if given else 0.0,
        "recall": overlap / wanted if wanted else 0.0,
        # 2PR/(P + R), without P and R
        "f1": 2 * overlap / (given + wanted) if given + wanted else 0.0,
    }


def normalised(text: str) -> str:
    """Drop what does not make an answer right or wrong: case, punctuation, articles, spaces."""
    # Punctuation goes first, so that "a.m." becomes "am" and is not taken for an article.
    text = text.lower().translate(NO_PUNCTUATION)
    return " ".join(ARTICLE.sub(" ", text).split())


def token_f1(given: list[str], wanted: list[str]) -> float:
    """Return the F1 of two lists of tokens as multisets; two empty ones agree."""
    if not given and not wanted:
        return 1.0
    overlap = (Counter(given) & Counter(wanted)).total()
    return shares(overlap, len(given), len(wanted))["f1"]
