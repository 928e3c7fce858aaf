"""The wrong turns of pooling and cosines."""

import torch

from autograder.suite import misconception
from solutions.embeddings.embeddings import (
    accuracy,
    cosine_matrix,
    mean_pool,
    smallest_dimension,
    unit_length,
)

# ── mean_pool ─────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="mean_pool",
    says="padding positions are averaged in",
    hint="Put a text into a batch with a longer one. May its vector change?",
)
def padding_counted(hidden, mask):
    return mean_pool(hidden, torch.ones_like(mask)) * mask.any(dim=1, keepdim=True)


@misconception(
    replaces="mean_pool",
    says="the sum of the real tokens is divided by the padded length",
    hint="How many numbers did you add up, and by how many do you divide?",
)
def divides_by_width(hidden, mask):
    return (hidden * mask[:, :, None]).sum(dim=1) / mask.shape[1]


@misconception(
    replaces="mean_pool",
    says="a row without tokens gives NaN",
    hint="What is the mean of nothing in your code?",
)
def nan_when_empty(hidden, mask):
    return (hidden * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


@misconception(
    replaces="mean_pool",
    says="only the first position is taken, as if it held a [CLS] that was trained for it",
    hint="Which tokens does your vector depend on?",
)
def first_token_only(hidden, mask):
    return hidden[:, 0] * mask.any(dim=1, keepdim=True)


@misconception(
    replaces="mean_pool",
    says="the largest value of each component is taken, not the mean",
    hint="Work out one text of two tokens by hand.",
)
def largest_not_mean(hidden, mask):
    real = mask.bool()[:, :, None]
    largest = hidden.masked_fill(~real, -torch.inf).amax(dim=1)
    return torch.where(real.any(dim=1), largest, 0.0)


@misconception(
    replaces="mean_pool",
    says="the tokens are added up and not divided by their number",
    hint="Say the same sentence twice. What does your vector do?",
)
def sum_not_mean(hidden, mask):
    return (hidden * mask[:, :, None]).sum(dim=1)


# ── cosine_matrix ─────────────────────────────────────────────────────────────────────────────


def centred(queries, documents, centre):
    """Shift both sides by the documents' mean, if asked."""
    mean = documents.mean(dim=0) if centre else 0.0
    return queries - mean, documents - mean


@misconception(
    replaces="cosine_matrix",
    says="only the documents are normalised",
    hint="Make a query ten times as long. Which cosines change?",
)
def queries_not_normalised(queries, documents, centre=False):
    queries, documents = centred(queries, documents, centre)
    return queries @ unit_length(documents).T


@misconception(
    replaces="cosine_matrix",
    says="only the queries are normalised",
    hint="Make a document ten times as long. Which cosines change?",
)
def documents_not_normalised(queries, documents, centre=False):
    queries, documents = centred(queries, documents, centre)
    return unit_length(queries) @ documents.T


@misconception(
    replaces="cosine_matrix",
    says="these are inner products of the vectors as given, not cosines",
    hint="Which number has a vector with itself, and can it be more than 1?",
)
def inner_products(queries, documents, centre=False):
    queries, documents = centred(queries, documents, centre)
    return queries @ documents.T


@misconception(
    replaces="cosine_matrix",
    says="a vector of zeros gives NaN",
    hint="What do you divide a vector of zeros by?",
)
def nan_for_zero_vector(queries, documents, centre=False):
    queries, documents = centred(queries, documents, centre)
    lengths = queries.norm(dim=1)[:, None] * documents.norm(dim=1)
    return queries @ documents.T / lengths


@misconception(
    replaces="cosine_matrix",
    says="queries are centred with their own mean, not with the documents'",
    hint="What is the cosine of a single query after centring?",
)
def centred_separately(queries, documents, centre=False):
    if centre:
        queries, documents = queries - queries.mean(dim=0), documents - documents.mean(dim=0)
    return cosine_matrix(queries, documents)


@misconception(
    replaces="cosine_matrix",
    says="only the documents are centred, so that the two sides no longer share an origin",
    hint="A query equal to a document: what is their cosine after centring?",
)
def queries_not_centred(queries, documents, centre=False):
    return cosine_matrix(queries, centred(queries, documents, centre)[1])


@misconception(
    replaces="cosine_matrix",
    says="the mean is that of the normalised vectors: centring comes after normalising",
    hint="Of which vectors is the mean to be taken: as given, or of length 1?",
)
def centred_after_normalising(queries, documents, centre=False):
    if not centre:
        return cosine_matrix(queries, documents)
    return cosine_matrix(unit_length(queries), unit_length(documents), centre)


@misconception(
    replaces="cosine_matrix",
    says="`centre` changes nothing",
    hint="Which of your arguments does the result not depend on?",
)
def centre_ignored(queries, documents, centre=False):
    return cosine_matrix(queries, documents)


# ── dilution ──────────────────────────────────────────────────────────────────────────────────


def cosines_with(sentence, vectors):
    """Return the cosine of a sentence with each of some vectors."""
    return cosine_matrix(vectors, sentence[None])[:, 0]


@misconception(
    replaces="dilution",
    says="the similarities are averaged instead of the vectors",
    hint="How long is the mean of two orthogonal vectors of length 1? And what of its direction?",
)
def mean_of_similarities(sentence, others):
    cosines = cosines_with(sentence, torch.cat([sentence[None], others]))
    return cosines.cumsum(dim=0) / torch.arange(1, len(cosines) + 1)


@misconception(
    replaces="dilution",
    says="the vectors are normalised before they are averaged",
    hint="A long vector and a short one: which of them does their mean resemble?",
)
def normalised_before_the_mean(sentence, others):
    vectors = unit_length(torch.cat([sentence[None], others]))
    return cosines_with(sentence, vectors.cumsum(dim=0))


@misconception(
    replaces="dilution",
    says="the sentence is compared with the others alone: it is missing from the mean",
    hint="Is the sentence a part of the text that grows?",
)
def sentence_left_out(sentence, others):
    return cosines_with(sentence, torch.cat([sentence[None], others.cumsum(dim=0)]))


@misconception(
    replaces="dilution",
    says="the first entry, that of the sentence alone, is missing",
    hint="How many entries are there for no others?",
)
def begins_with_the_first_other(sentence, others):
    return cosines_with(sentence, torch.cat([sentence[None], others]).cumsum(dim=0)[1:])


# ── smallest_dimension ────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="smallest_dimension",
    says="truncated vectors keep the norms of the full ones",
    hint="How long are the vectors that you compare after truncation?",
)
def not_renormalised(queries, documents, relevant, candidates, keep=0.95):
    smallest_dimension(queries, documents, relevant, candidates, keep)
    target = keep * accuracy(queries, documents, relevant) - 1e-9
    queries, documents = unit_length(queries), unit_length(documents)
    for first in sorted(candidates):
        best = (queries[:, :first] @ documents[:, :first].T).argmax(dim=1)
        if int((best == relevant).sum()) / len(queries) >= target:
            return first
    return queries.shape[1]


def first_enough(target, queries, documents, relevant, candidates):
    """Return the first candidate in the order given whose accuracy reaches a target."""
    for first in candidates:
        if accuracy(queries[:, :first], documents[:, :first], relevant) >= target:
            return first
    return queries.shape[1]


@misconception(
    replaces="smallest_dimension",
    says="the accuracy is compared with keep itself, not with keep × the full accuracy",
    hint="All components give an accuracy of 0.6. Which accuracy keeps 95 % of it?",
)
def absolute_target(queries, documents, relevant, candidates, keep=0.95):
    smallest_dimension(queries, documents, relevant, candidates, keep)
    return first_enough(keep - 1e-9, queries, documents, relevant, sorted(candidates))


@misconception(
    replaces="smallest_dimension",
    says="the first candidate in the order given is taken, not the smallest",
    hint="Give the candidates the other way round. Does your answer change?",
)
def in_the_order_given(queries, documents, relevant, candidates, keep=0.95):
    smallest_dimension(queries, documents, relevant, candidates, keep)
    target = keep * accuracy(queries, documents, relevant) - 1e-9
    return first_enough(target, queries, documents, relevant, candidates)


@misconception(
    replaces="smallest_dimension",
    says="an accuracy equal to the target is not enough",
    hint="At least: is that more than the target, or may it be the same?",
)
def more_than_the_target(queries, documents, relevant, candidates, keep=0.95):
    smallest_dimension(queries, documents, relevant, candidates, keep)
    target = keep * accuracy(queries, documents, relevant) + 1e-9
    return first_enough(target, queries, documents, relevant, sorted(candidates))


@misconception(
    replaces="smallest_dimension",
    says="the search goes down from the largest candidate and ends at the first that is too bad, "
    "though a smaller one may be good enough",
    hint="Does accuracy always fall with the dimension?",
)
def stops_going_down(queries, documents, relevant, candidates, keep=0.95):
    smallest_dimension(queries, documents, relevant, candidates, keep)
    best = queries.shape[1]
    for first in sorted(candidates, reverse=True):
        if smallest_dimension(queries, documents, relevant, [first], keep) != first:
            break
        best = first
    return best
