"""scikit-learn's NDCG, as an independent implementation.

It knows no gain (grades go in already as gains), no judgments and no repeats (grade 0 each), and no
document that was missed: those are put last, behind as many irrelevant ones as k needs.
"""

from sklearn.metrics import dcg_score, ndcg_score

from solutions.ndcg import ndcg as reference
from solutions.ndcg.ndcg import gains_of, grades_in_order


def dcg(grades, k=None, gain="exponential"):
    reference.dcg(grades, k, gain)  # for its errors
    gains = [*gains_of(grades, gain), 0.0, 0.0]  # since one document alone is refused
    return dcg_score([gains], [range(0, -len(gains), -1)], k=k)


def ndcg(ranking, judgments, k=None, gain="exponential"):
    reference.ndcg(ranking, judgments, k, gain)  # for its errors
    cut = len(ranking) + len(judgments) + 2 if k is None else k
    padding = max(cut - len(ranking), 0)
    missed = [grade for document, grade in judgments.items() if document not in ranking]
    grades = [*grades_in_order(ranking, judgments), *[0.0] * padding, *missed, 0.0, 0.0]
    gains = gains_of(grades, gain)
    return ndcg_score([gains], [range(0, -len(gains), -1)], k=cut)


def tie_aware_ndcg(scores, grades, k=None, gain="exponential"):
    result = reference.tie_aware_ndcg(scores, grades, k, gain)  # for its errors
    if len(scores) < 2:
        return result  # since one document alone is refused
    return ndcg_score([gains_of(grades, gain)], [scores], k=k)
