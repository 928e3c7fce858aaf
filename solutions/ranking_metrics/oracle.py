"""ranx, as an independent implementation.

It knows no repeats, no empty rankings, and no query without a relevant document; its precision is
taken on rankings that are at least k long. What lies outside comes from the reference.
"""

import os

from solutions.ranking_metrics import ranking_metrics as reference

# Compiling takes ten seconds and more, running uncompiled a millisecond.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

import ranx


def scored(rankings, judgments, metrics):
    """Evaluate rankings with ranx, whose scores fall along them."""
    qrels = ranx.Qrels({q: dict.fromkeys(wanted, 1) for q, wanted in judgments.items()})
    run = {q: {doc: float(-rank) for rank, doc in enumerate(rankings[q])} for q in judgments}
    found = ranx.evaluate(qrels, ranx.Run(run), metrics)
    return [float(found[metric]) for metric in metrics]


def plain(ranking, k):
    """Whether ranx takes a ranking as we do."""
    return len(set(ranking)) == len(ranking) >= (k or 1)


def precision_recall_f1(ranking, relevant, k):
    result = reference.precision_recall_f1(ranking, relevant, k)  # for its errors
    if not relevant or not plain(ranking, k):
        return result
    metrics = [f"precision@{k}", f"recall@{k}", f"f1@{k}"]
    return tuple(scored({"q": ranking}, {"q": relevant}, metrics))


def average_precision(ranking, relevant, k=None):
    result = reference.average_precision(ranking, relevant, k)
    if not relevant or not plain(ranking, k):
        return result
    return scored({"q": ranking}, {"q": relevant}, [f"map@{k or len(ranking)}", "map"])[0]


def reciprocal_rank(ranking, relevant, k=None):
    result = reference.reciprocal_rank(ranking, relevant, k)
    if not relevant or not plain(ranking, k):
        return result
    return scored({"q": ranking}, {"q": relevant}, [f"mrr@{k or len(ranking)}", "mrr"])[0]


def evaluate_run(rankings, judgments, k):
    result = reference.evaluate_run(rankings, judgments, k)
    judgments = {query: wanted for query, wanted in judgments.items() if wanted}
    if not all(plain(rankings.get(query, []), k) for query in judgments):
        return result
    metrics = [f"{name}@{k}" for name in ("precision", "recall", "map", "mrr", "hit_rate")]
    return dict(zip(result, scored(rankings, judgments, metrics), strict=True))
