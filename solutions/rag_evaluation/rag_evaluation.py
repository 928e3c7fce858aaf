"""Context precision, claims, relevance and citations: the reference."""

import re
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

CITATION = re.compile(r"\s*\[([0-9]+)\]")


def context_precision(relevant: list[bool], k: int) -> float:
    """Return the mean of precision@i over the ranks i ≤ k that hold a useful chunk (RAGAS).

    >>> context_precision([False, True], 2)
    0.5
    """
    if k < 1:
        raise ValueError(f"k = {k} is less than 1")
    precisions: list[float] = []
    for rank, useful in enumerate(relevant[:k], start=1):
        if useful:
            precisions.append((len(precisions) + 1) / rank)
    return sum(precisions) / len(precisions) if precisions else 0.0


def claim_metrics(
    answer: str,
    answer_claims: list[str],
    reference: str,
    reference_claims: list[str],
    contexts: list[str],
    entails: Callable[[str, str], bool],
) -> dict[str, float | None]:
    """Return the shares of claims that tell where an answer went wrong (Ru et al., 2024).

    >>> shares = claim_metrics("b", ["b"], "a", ["a"], ["a", "b"], lambda one, other: one == other)
    >>> shares["context_recall"], shares["faithfulness"], shares["correctness"]
    (1.0, 1.0, 0.0)
    """

    def retrieved(claim: str) -> bool:
        # Joined, two chunks would support what neither says.
        return any(entails(chunk, claim) for chunk in contexts)

    found = [claim for claim in reference_claims if retrieved(claim)]
    faithful = [retrieved(claim) for claim in answer_claims]
    correct = [entails(reference, claim) for claim in answer_claims]
    pairs = zip(faithful, correct, strict=True)
    return {
        "context_recall": share(len(found), len(reference_claims)),
        "faithfulness": share(sum(faithful), len(answer_claims)),
        "correctness": share(sum(correct), len(answer_claims)),
        "hallucination": share(sum(not any(pair) for pair in pairs), len(answer_claims)),
        "utilisation": share(sum(entails(answer, claim) for claim in found), len(found)),
    }


def answer_relevance(
    question: Float[ndarray, "dim"], generated: Float[ndarray, "questions dim"], noncommittal: bool
) -> float:
    """Return the mean cosine of a question with questions written from the answer (RAGAS).

    >>> answer_relevance(np.array([1.0, 0.0]), np.array([[3.0, 4.0], [-1.0, 0.0]]), False)
    -0.2
    """
    rows, dim = generated.shape
    if rows == 0:
        raise ValueError("generated holds no question")
    if len(question) != dim:
        raise ValueError(f"question has {len(question)} dimensions, generated has {dim}")
    if noncommittal:
        return 0.0
    norms = np.linalg.norm(generated, axis=1) * np.linalg.norm(question)
    # The product with a zero vector is 0, whatever it is divided by.
    cosines = generated @ question / np.where(norms == 0, 1.0, norms)
    return float(cosines.mean())


def citation_scores(
    sentences: list[str], passages: list[str], entails: Callable[[str, str], bool]
) -> dict[str, float | None]:
    """Return the recall and precision of an answer's citations (ALCE; Gao et al., 2023).

    >>> citation_scores(["a [1]", "b [1]"], ["a"], lambda one, other: one == other)
    {'recall': 0.5, 'precision': 0.5}
    """

    def supported(texts: list[str], statement: str) -> bool:
        return bool(texts) and entails("\n".join(texts), statement)

    support = precise = citations = 0
    for sentence in sentences:
        statement = CITATION.sub("", sentence).strip()
        numbers = dict.fromkeys(int(number) for number in CITATION.findall(sentence))
        citations += len(numbers)
        texts = [passages[number - 1] for number in numbers if 1 <= number <= len(passages)]
        if not supported(texts, statement):
            continue
        support += 1
        for place, text in enumerate(texts):
            others = texts[:place] + texts[place + 1 :]
            # Superfluous is what adds nothing and would not do by itself either.
            precise += entails(text, statement) or not supported(others, statement)
    return {"recall": share(support, len(sentences)), "precision": share(precise, citations)}


def share(part: int, whole: int) -> float | None:
    """Return part / whole, None for a share of nothing."""
    return part / whole if whole else None
