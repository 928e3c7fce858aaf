"""ranx, as an independent implementation of what it has.

It knows no weights, no repeats, no runs of equal scores and no empty runs, and it breaks ties its
own way; what lies outside comes from the reference, and so do z-scores (ranx gives a document that
is missing from a run the least that any document got) and Copeland.
"""

import os

from solutions.rank_fusion import rank_fusion as reference
from solutions.rank_fusion.rank_fusion import best_first

# Compiling takes ten seconds and more, running uncompiled a millisecond.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

import ranx


def fused(runs, norm, method, params=None):
    """Fuse runs of one query with ranx."""
    runs = [ranx.Run({"query": run}) for run in runs]
    result = ranx.fuse(runs=runs, norm=norm, method=method, params=params)
    return best_first({key: float(score) for key, score in result.run["query"].items()})


def as_run(ranking):
    """Return a run whose scores fall along a ranking."""
    return {document: float(len(ranking) - place) for place, document in enumerate(ranking)}


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    result = reference.reciprocal_rank_fusion(rankings, k, weights)
    rankings = [ranking for ranking in rankings if ranking]
    repeats = any(len(set(ranking)) < len(ranking) for ranking in rankings)
    if weights is not None or repeats or len(rankings) < 2:
        return result
    return fused([as_run(ranking) for ranking in rankings], None, "rrf", {"k": k})


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    result = reference.score_fusion(runs, normalisation, method, weights)
    runs = [run for run in runs if run]
    constant = any(min(run.values()) == max(run.values()) for run in runs)
    if weights is not None or normalisation != "min_max" or constant or len(runs) < 2:
        return result
    return fused(runs, "min-max", method)


def borda(rankings):
    result = reference.borda(rankings)
    if len(rankings) < 2 or not all(rankings):
        return result
    return fused([as_run(ranking) for ranking in rankings], None, "bordafuse")
