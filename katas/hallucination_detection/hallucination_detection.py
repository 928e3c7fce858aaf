"""Detecting hallucinations: samples, meanings, sources. The question is in README.md."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float


def selfcheck_unigram(
    sentences: list[list[str]], samples: list[list[str]]
) -> list[tuple[float, float]]:
    """Say for each sentence of an answer how surprising its tokens are to sampled answers.

    Args:
        sentences: the tokens of each sentence of the answer.
        samples: the tokens of each further answer to the same question; there may be none.

    Returns:
        For each sentence the mean and the maximum of −log p over its tokens, where p is a unigram
        model of the samples with add-one smoothing. (0.0, 0.0) for an empty sentence.
    """
    raise NotImplementedError


def semantic_clusters(answers: list[str], entails: Callable[[str, str], bool]) -> list[int]:
    """Return for each answer the number of its meaning: 0, 1, … in order of appearance.

    `entails(premise, hypothesis)` says whether the first text supports the second. Two answers
    mean the same when it holds both ways.
    """
    raise NotImplementedError


def semantic_entropy(
    clusters: list[int], log_probs: Float[np.ndarray, "samples"] | None = None
) -> float:
    """Return the entropy of the meanings of sampled answers (Farquhar et al., 2024).

    Args:
        clusters: the meaning of each sample: any integers.
        log_probs: the log-probability of each sample; without, all weigh the same.

    Raises:
        ValueError: if there are no samples, or the lengths differ.
    """
    raise NotImplementedError


def check_claims(
    claims: list[str], sources: list[str], threshold: float = 0.5
) -> list[tuple[str, int | None, float]]:
    """Compare the words and numbers of each claim with those of each source.

    Returns:
        For each claim "supported", "contradicted" or "unsupported"; the index of the source that
        says so (None for unsupported); and the share of the claim's words which that source has
        (for unsupported the highest share of all sources).

    Raises:
        ValueError: if threshold is not above 0 and at most 1.
    """
    raise NotImplementedError
