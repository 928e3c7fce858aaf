"""Detecting hallucinations: samples, meanings, sources: the reference."""

import math
import re
from collections import Counter
from collections.abc import Callable

import numpy as np
from jaxtyping import Float


def selfcheck_unigram(
    sentences: list[list[str]], samples: list[list[str]]
) -> list[tuple[float, float]]:
    """Say for each sentence of an answer how surprising its tokens are to sampled answers.

    This is the unigram variant of SelfCheckGPT (Manakul et al., 2023).

    >>> [(mean, maximum)] = selfcheck_unigram([["in", "1912"]], [["in", "1911"], ["in", "1915"]])
    >>> round(mean, 3), round(maximum, 3)
    (1.53, 2.079)
    """
    counts = Counter(token for sample in samples for token in sample)
    # The sentences' tokens are known to the model (they are in the vocabulary) but not evidence.
    vocabulary = set(counts).union(*sentences)
    total = counts.total() + len(vocabulary)
    result = []
    for sentence in sentences:
        surprise = [-math.log((counts[token] + 1) / total) for token in sentence]
        if surprise:
            result.append((sum(surprise) / len(surprise), max(surprise)))
        else:
            result.append((0.0, 0.0))
    return result


def semantic_clusters(answers: list[str], entails: Callable[[str, str], bool]) -> list[int]:
    """Return for each answer the number of its meaning: 0, 1, … in order of appearance.

    >>> same = {("Paris", "It is Paris"), ("It is Paris", "Paris")}
    >>> semantic_clusters(["Paris", "Rome", "It is Paris"], lambda a, b: (a, b) in same)
    [0, 1, 0]
    """
    firsts: list[str] = []
    result = []
    for answer in answers:
        # Entailed one way only, the answer is more or less specific, which is another meaning.
        cluster = next(
            (
                number
                for number, first in enumerate(firsts)
                if entails(first, answer) and entails(answer, first)
            ),
            len(firsts),
        )
        if cluster == len(firsts):
            firsts.append(answer)
        result.append(cluster)
    return result


def semantic_entropy(
    clusters: list[int], log_probs: Float[np.ndarray, "samples"] | None = None
) -> float:
    """Return the entropy of the meanings of sampled answers (Farquhar et al., 2024, eq. 4).

    >>> round(semantic_entropy([0, 1, 0, 0]), 4), round(semantic_entropy([7, 7]), 4)
    (0.5623, 0.0)
    """
    if log_probs is None:
        log_probs = np.zeros(len(clusters))
    if len(clusters) != len(log_probs):
        raise ValueError(f"there are {len(clusters)} clusters, but {len(log_probs)} log_probs")
    if len(clusters) == 0:
        raise ValueError("clusters is empty")

    # log Σ exp, which never underflows, makes probabilities of the samples that there are.
    shares = np.exp(log_probs - np.logaddexp.reduce(log_probs))
    mass: dict[int, float] = {}
    for i, cluster in enumerate(clusters):
        mass[cluster] = mass.get(cluster, 0.0) + float(shares[i])
    # The limit of p log p at 0 is 0.
    return sum(p * -math.log(p) for p in mass.values() if p > 0)


def check_claims(
    claims: list[str], sources: list[str], threshold: float = 0.5
) -> list[tuple[str, int | None, float]]:
    """Compare the words and numbers of each claim with those of each source.

    >>> sources = ["Apollo 11 landed in 1969.", "Apollo 17 was the last."]
    >>> check_claims(["Apollo 11 landed in 1970", "Rome is old"], sources)
    [('contradicted', 0, 1.0), ('unsupported', None, 0.0)]
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is above 0 and at most 1, got {threshold}")
    read = [(words_of(source), numbers_of(source)) for source in sources]
    return [check_claim(claim, read, threshold) for claim in claims]


def check_claim(
    claim: str, sources: list[tuple[set[str], set[float]]], threshold: float
) -> tuple[str, int | None, float]:
    """Judge one claim by the words and numbers of the sources."""
    words, numbers = words_of(claim), numbers_of(claim)
    shares = [containment(words, theirs) for theirs, _ in sources]
    covering = [i for i, share in enumerate(shares) if share >= threshold]
    # One source has to say all of it: pieces of several sources may be put together wrongly.
    supporting = [i for i in covering if numbers <= sources[i][1]]
    # max() keeps the first of equals: the lower index.
    if supporting:
        best = max(supporting, key=shares.__getitem__)
        return "supported", best, shares[best]
    if covering:
        best = max(covering, key=shares.__getitem__)
        return "contradicted", best, shares[best]
    return "unsupported", None, max(shares, default=0.0)


def containment(words: set[str], theirs: set[str]) -> float:
    """Return the share of a claim's words that a source has."""
    return len(words & theirs) / len(words) if words else 0.0


def words_of(text: str) -> set[str]:
    """Return the distinct runs of letters of a text, in lower case."""
    return set(re.findall(r"[^\W\d_]+", text.lower()))


def numbers_of(text: str) -> set[float]:
    """Return the distinct values of the numbers in a text."""
    found = re.findall(r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?", text)
    return {float(number.replace(",", "")) for number in found}
