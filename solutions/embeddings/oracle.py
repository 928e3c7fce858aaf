"""scikit-learn's cosines and a loop over unpadded texts, as an independent implementation."""

import torch
from sklearn.metrics.pairwise import cosine_similarity

NO_GRADIENT = "scikit-learn has no gradients"
SKIPS = {
    "test_gradients_of_cosines_flow_to_both_sides": NO_GRADIENT,
    "test_gradients_flow_through_the_mean_too": NO_GRADIENT,
    "test_gradients_with_zero_vectors_are_finite": NO_GRADIENT,
}


def mean_pool(hidden, mask):
    texts = [states[real.bool()] for states, real in zip(hidden, mask, strict=True)]
    zeros = hidden.new_zeros(hidden.shape[2])
    return torch.stack([sum(text, zeros) / max(len(text), 1) for text in texts])


def cosine_matrix(queries, documents, centre=False):
    if len(queries) == 0 or len(documents) == 0:
        return torch.zeros(len(queries), len(documents))
    queries, documents = queries.numpy(), documents.numpy()
    if centre:
        mean = documents.mean(axis=0)
        queries, documents = queries - mean, documents - mean
    return torch.from_numpy(cosine_similarity(queries, documents))
