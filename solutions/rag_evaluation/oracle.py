"""scikit-learn's average precision, and plain loops over tables for the rest."""

import re

import numpy as np
from sklearn.metrics import average_precision_score
from sklearn.metrics.pairwise import cosine_similarity


def context_precision(relevant, k):
    if k < 1:
        raise ValueError("k is below 1")
    shown = relevant[:k]
    if not any(shown):
        return 0.0
    return average_precision_score(shown, -np.arange(len(shown)))


def claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails):
    def mean(values):
        return float(np.mean(values)) if values else None

    def table(claims):
        return [max([int(entails(chunk, claim)) for chunk in contexts] or [0]) for claim in claims]

    in_reference = [int(entails(reference, claim)) for claim in answer_claims]
    in_chunks, found = table(answer_claims), table(reference_claims)
    return {
        "context_recall": mean(found),
        "faithfulness": mean(in_chunks),
        "correctness": mean(in_reference),
        "hallucination": mean(
            [(1 - a) * (1 - b) for a, b in zip(in_chunks, in_reference, strict=True)]
        ),
        "utilisation": mean(
            [
                int(entails(answer, one))
                for one, hit in zip(reference_claims, found, strict=True)
                if hit
            ]
        ),
    }


def answer_relevance(question, generated, noncommittal):
    if generated.shape[0] == 0 or generated.shape[1] != question.shape[0]:
        raise ValueError("the embeddings do not fit")
    return 0.0 if noncommittal else cosine_similarity(generated, question[None]).mean()


def citation_scores(sentences, passages, entails):
    held = good = n = 0
    for sentence in sentences:
        statement = re.sub(r"\s*\[[0-9]+\]", "", sentence).strip()
        numbers = []
        for number in re.findall(r"\[([0-9]+)\]", sentence):
            if int(number) not in numbers:
                numbers.append(int(number))
        n += len(numbers)
        real = [number for number in numbers if 0 < number <= len(passages)]

        def judged(chosen, statement=statement):
            text = "\n".join(passages[number - 1] for number in chosen)
            return entails(text, statement) if chosen else False

        if judged(real):
            held += 1
            for number in real:
                others = [other for other in real if other != number]
                good += bool(judged([number]) or not judged(others))
    return {
        "recall": held / len(sentences) if sentences else None,
        "precision": good / n if n else None,
    }
