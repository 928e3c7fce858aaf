"""Context precision, claims, relevance and citations. The question is in README.md.

`entails(premise, hypothesis)` says whether the first text supports the second.
"""

from collections.abc import Callable

from jaxtyping import Float
from numpy import ndarray


def context_precision(relevant: list[bool], k: int) -> float:
    """Return the mean of precision@i over the ranks i ≤ k that hold a useful chunk (RAGAS).

    `relevant[i]` belongs to rank i + 1; a k beyond the list means the whole list. 0.0 where no
    chunk is useful.

    Raises:
        ValueError: if k is below 1.
    """
    raise NotImplementedError


def claim_metrics(
    answer: str,
    answer_claims: list[str],
    reference: str,
    reference_claims: list[str],
    contexts: list[str],
    entails: Callable[[str, str], bool],
) -> dict[str, float | None]:
    """Return the shares of claims that tell where an answer went wrong.

    The keys are `context_recall`, `faithfulness`, `correctness`, `hallucination` and
    `utilisation`. A claim is retrieved when a single chunk of `contexts` entails it. A share of
    nothing is None.
    """
    raise NotImplementedError


def answer_relevance(
    question: Float[ndarray, "dim"], generated: Float[ndarray, "questions dim"], noncommittal: bool
) -> float:
    """Return the mean cosine of a question with questions written from the answer (RAGAS).

    A zero vector has the cosine 0. A noncommittal answer gives 0.0.

    Raises:
        ValueError: if no question was generated or the dimensions differ, noncommittal or not.
    """
    raise NotImplementedError


def citation_scores(
    sentences: list[str], passages: list[str], entails: Callable[[str, str], bool]
) -> dict[str, float | None]:
    r"""Return the `recall` and `precision` of an answer's citations (ALCE; Gao et al., 2023).

    A citation is a match of `\[([0-9]+)\]`, the statement what is left of the sentence when every
    match of `\s*\[[0-9]+\]` is removed, stripped. Passages count from 1. A share of nothing is
    None.
    """
    raise NotImplementedError
