"""scikit-learn's similarities, and plain loops for the rest."""

from sklearn.metrics.pairwise import cosine_similarity


def similarities_of(query, examples, k):
    if k < 0 or len(query) != examples.shape[1]:
        raise ValueError("k or the widths will not do")
    if len(examples) == 0:
        return [], []
    return cosine_similarity(examples, query[None])[:, 0].tolist(), cosine_similarity(examples)


def knn_examples(query, examples, k):
    to_query, _ = similarities_of(query, examples, k)
    return sorted(range(len(to_query)), key=lambda index: (-to_query[index], index))[:k]


def mmr_examples(query, examples, k, trade_off):
    to_query, to_each_other = similarities_of(query, examples, k)
    if trade_off < 0 or trade_off > 1:
        raise ValueError("trade_off is outside [0, 1]")
    picked = []
    for _ in range(min(k, len(to_query))):
        best, best_score = None, None
        for index in range(len(to_query)):
            if index in picked:
                continue
            redundancy = max((to_each_other[index][other] for other in picked), default=0.0)
            score = trade_off * to_query[index] - (1 - trade_off) * redundancy
            if best is None or score > best_score:
                best, best_score = index, score
        picked.append(best)
    return picked


def balanced_examples(ranking, labels, k):
    if k < 0:
        raise ValueError("k is negative")
    order = list(dict.fromkeys(labels[index] for index in ranking))
    left, taken = list(ranking), []
    while left:
        for label in order:
            best = next((index for index in left if labels[index] == label), None)
            if best is not None:
                left.remove(best)
                taken.append(best)
    return taken[:k]


def pack_examples(ranking, tokens, budget, separator=0):
    if budget < 0 or separator < 0:
        raise ValueError("budget or separator is negative")
    packed = []
    for index in ranking:
        if sum(tokens[other] + separator for other in [*packed, index]) <= budget:
            packed.insert(0, index)
    return packed
