"""scipy's entropy, and plain loops."""

import math

import numpy as np
from scipy.special import softmax
from scipy.stats import entropy

from solutions.hallucination_detection import hallucination_detection as reference


def selfcheck_unigram(sentences, samples):
    seen = [token for sample in samples for token in sample]
    known = sorted({*seen, *(token for sentence in sentences for token in sentence)})
    result = []
    for sentence in sentences:
        surprises = [0.0] if not sentence else []
        for token in sentence:
            p = (seen.count(token) + 1) / (len(seen) + len(known))
            surprises.append(math.log(1 / p))
        result.append((float(np.mean(surprises)), max(surprises)))
    return result


def semantic_entropy(clusters, log_probs=None):
    reference.semantic_entropy(clusters, log_probs)  # for its errors
    p = softmax(np.zeros(len(clusters)) if log_probs is None else log_probs)
    labels = np.array(clusters)
    return entropy([p[labels == label].sum() for label in np.unique(labels)])


def check_claims(claims, sources, threshold=0.5):
    reference.check_claims(claims, sources, threshold)  # for its errors
    result = []
    for claim in claims:
        ranked = []
        for i, source in enumerate(sources):
            words = {*reference.words_of(claim)}
            share = len([w for w in words if w in reference.words_of(source)]) / max(len(words), 1)
            holds = reference.numbers_of(claim) - reference.numbers_of(source) == set()
            # Supported first, then contradicted; then the greater share, then the lower index.
            rank = 2 if share < threshold else 0 if holds else 1
            ranked.append((rank, -share, i))
        rank, share, i = min(ranked, default=(2, 0.0, None))
        label = ("supported", "contradicted", "unsupported")[rank]
        result.append((label, None if rank == 2 else i, -share))
    return result
