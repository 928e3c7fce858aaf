"""faiss's flat indexes, as an independent implementation."""

import faiss
import numpy as np
import torch

from solutions.exact_search import exact_search as reference

TIES = "faiss breaks ties by its own order"
SKIPS = {
    "test_within_a_block_the_lower_id_of_equal_scores_comes_first": TIES,
    "test_across_blocks_the_lower_id_of_equal_scores_comes_first": TIES,
}


def knn(queries, base, k, metric="l2", block=1024):
    if k < 1 or block < 1 or metric not in reference.METRICS:
        raise ValueError("faiss has no such search")
    reference.check_dim(queries, base)
    if metric == "cosine":
        queries, base = unit_length(queries), unit_length(base)
    index = (faiss.IndexFlatL2 if metric == "l2" else faiss.IndexFlatIP)(base.shape[1])
    index.add(np.ascontiguousarray(base.numpy()))
    # It fills up with −1 where there are fewer than k.
    scores, ids = index.search(np.ascontiguousarray(queries.numpy()), min(k, len(base)))
    return torch.from_numpy(scores), torch.from_numpy(ids)


def score_matrix(queries, base, metric):
    if metric not in reference.METRICS:
        raise ValueError("faiss has no such metric")
    reference.check_dim(queries, base)
    if 0 in (len(queries), len(base)):
        return torch.zeros(len(queries), len(base))
    scores, ids = knn(queries, base, len(base), metric)
    # A copy of a query may be at a distance a little below 0 there too.
    scores = scores.clamp(min=0.0) if metric == "l2" else scores
    return torch.zeros_like(scores).scatter(1, ids, scores)


def unit_length(x):
    rows = np.array(x.numpy(), order="C")
    faiss.normalize_L2(rows)
    return torch.from_numpy(rows)
