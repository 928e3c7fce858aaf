"""The wrong turns of reranking."""

import torch
from torch.nn import functional as F

from autograder.suite import misconception
from solutions.reranking.reranking import (
    listnet_loss,
    mmr,
    ndcg_changes,
    pairwise_loss,
    rerank,
)

# ── rerank ────────────────────────────────────────────────────────────────────────────────────


def refuse(depth, k):
    """Raise what rerank has to raise, without a call of the scorer."""
    rerank("", [], len, depth, k)


def by_score(query, texts, scorer):
    """Return the texts by descending score, equal ones in their order."""
    scores = {text: scorer(query, text) for text in texts}
    return sorted(texts, key=lambda text: -scores[text])


@misconception(
    replaces="rerank",
    says="only the first k candidates are scored, so the reranker can't bring up a deeper one",
    hint="The best text stands at rank 7 and k is 3. Can it still come first?",
)
def cut_before_scoring(query, candidates, scorer, depth, k):
    refuse(depth, k)
    return rerank(query, candidates[:k], scorer, depth, k)


@misconception(
    replaces="rerank",
    says="candidates below the reranking depth are lost, although k asks for them",
    hint="100 candidates, depth 20, k 50. How many come back?",
)
def tail_dropped(query, candidates, scorer, depth, k):
    return rerank(query, candidates[:depth], scorer, depth, k)


@misconception(
    replaces="rerank",
    says="candidates below the depth compete with a score of 0",
    hint="What does a score below 0 do to a text that was scored, against one that was not?",
)
def unscored_compete_with_zero(query, candidates, scorer, depth, k):
    refuse(depth, k)
    scores = {text: scorer(query, text) for text in candidates[:depth]}
    return sorted(candidates, key=lambda text: -scores.get(text, 0.0))[:k]


@misconception(
    replaces="rerank",
    says="every candidate is scored, whatever the depth",
    hint="Count the calls of the scorer with a depth of 1.",
)
def everything_scored(query, candidates, scorer, depth, k):
    refuse(depth, k)
    return by_score(query, candidates, scorer)[:k]


@misconception(
    replaces="rerank",
    says="the lowest scores come first",
    hint="Does a high score of your scorer mean good or bad, and how does sorted sort?",
)
def lowest_first(query, candidates, scorer, depth, k):
    return rerank(query, candidates, lambda *pair: -scorer(*pair), depth, k)


@misconception(
    replaces="rerank",
    says="equal scores come back in the reverse of the first-stage order",
    hint="What does turning a sorted list round do to the order of equal elements?",
)
def equal_scores_reversed(query, candidates, scorer, depth, k):
    refuse(depth, k)
    head = by_score(query, candidates[:depth], lambda *pair: -scorer(*pair))[::-1]
    return [*head, *candidates[depth:]][:k]


# ── pairwise_loss ─────────────────────────────────────────────────────────────────────────────


def pair_losses(scores, grades, lambdarank):
    """Return for each i and j the loss of i being better than j, weighed, and where it is."""
    losses = F.softplus(scores - scores[:, None])
    if lambdarank:
        losses = losses * ndcg_changes(scores, grades)
    return losses, grades[:, None] > grades


@misconception(
    replaces="pairwise_loss",
    says="pairs of equal grade are counted too, once in each direction",
    hint="Two documents are equally good. Which of them would you push up?",
)
def equal_grades_paired(scores, grades, lambdarank=False):
    right = pairwise_loss(scores, grades, lambdarank)
    losses, better = pair_losses(scores, grades, lambdarank)
    pairs = (better | (grades[:, None] == grades)) & ~torch.eye(len(grades), dtype=torch.bool)
    return losses[pairs].nan_to_num().mean() if pairs.any() else right


@misconception(
    replaces="pairwise_loss",
    says="the score difference is taken the wrong way round, "
    "so the loss rewards putting the worse document first",
    hint="Raise the score of the best document. Does your loss fall?",
)
def sign_reversed(scores, grades, lambdarank=False):
    right = pairwise_loss(scores, grades, lambdarank)
    _, better = pair_losses(scores, grades, lambdarank)
    losses = F.softplus(scores[:, None] - scores)
    if lambdarank:
        losses = losses * ndcg_changes(scores, grades)
    return losses[better].mean() if better.any() else right


@misconception(
    replaces="pairwise_loss",
    says="the sum is divided by the square of the number of documents, "
    "not by the number of pairs that differ in grade",
    hint="How many terms does your sum have, and by what do you divide it?",
)
def mean_over_all_pairs(scores, grades, lambdarank=False):
    right = pairwise_loss(scores, grades, lambdarank)
    _, better = pair_losses(scores, grades, lambdarank)
    return right * better.sum() / max(len(scores), 1) ** 2


@misconception(
    replaces="pairwise_loss",
    says="the losses are summed over the pairs, not averaged",
    hint="What does your loss do when a list gets twice as long?",
)
def summed_over_pairs(scores, grades, lambdarank=False):
    right = pairwise_loss(scores, grades, lambdarank)
    return right * (grades[:, None] > grades).sum()


@misconception(
    replaces="pairwise_loss",
    says="the logarithm is taken of one plus an exponential that overflows",
    hint="What is exp(20 000)? Which function computes ln(1 + e^x) without it?",
)
def exponential_overflows(scores, grades, lambdarank=False):
    right = pairwise_loss(scores, grades, lambdarank)
    _, better = pair_losses(scores, grades, lambdarank)
    losses = torch.log(1 + torch.exp(scores - scores[:, None]))
    if lambdarank:
        losses = losses * ndcg_changes(scores, grades)
    return losses[better].mean() if better.any() else right


@misconception(
    replaces="pairwise_loss",
    says="the discounts use the positions in the input, not the ranks by current score",
    hint="Shuffle the documents together with their grades. Should the loss notice?",
)
def ranks_from_input_order(scores, grades, lambdarank=False):
    right = pairwise_loss(scores, grades, lambdarank)
    losses, better = pair_losses(scores, grades, lambdarank=False)
    if not lambdarank or not better.any():
        return right
    places = torch.arange(len(scores), 0, -1).to(scores)
    return (losses * ndcg_changes(places, grades))[better].mean()


@misconception(
    replaces="pairwise_loss",
    says="the change of DCG is not divided by the ideal DCG, "
    "so queries with many relevant documents dominate",
    hint="Compare your weights for a query with one relevant document and one with ten.",
)
def delta_not_normalised(scores, grades, lambdarank=False):
    right = pairwise_loss(scores, grades, lambdarank)
    if not lambdarank:
        return right
    discounts = 1 / torch.log2(torch.arange(len(grades)).to(grades) + 2)
    return right * ((2**grades - 1).sort(descending=True).values * discounts).sum()


@misconception(
    replaces="pairwise_loss",
    says="the weighed losses are divided by the sum of the weights, not by the number of pairs",
    hint="Swaps that change nothing have a weight near 0. By how much do you divide then?",
)
def divided_by_the_weights(scores, grades, lambdarank=False):
    right = pairwise_loss(scores, grades, lambdarank)
    _, better = pair_losses(scores, grades, lambdarank)
    if not lambdarank or not better.any():
        return right
    return right / ndcg_changes(scores, grades)[better].mean()


@misconception(
    replaces="pairwise_loss",
    says="the gain is the grade itself, not 2^grade − 1",
    hint="How much more is a document of grade 3 worth than one of grade 1?",
)
def linear_gain(scores, grades, lambdarank=False):
    right = pairwise_loss(scores, grades, lambdarank)
    losses, better = pair_losses(scores, grades, lambdarank=False)
    if not lambdarank or not better.any():
        return right
    return (losses * ndcg_changes(scores, torch.log2(grades + 1)))[better].mean()


# ── listnet_loss ──────────────────────────────────────────────────────────────────────────────


def cross_entropy(log_q, p, mask):
    """Return the mean cross-entropy of the lists that have a document."""
    return -torch.where(mask, p * log_q, 0.0).sum(dim=1)[mask.any(dim=1)].mean()


def log_softmax(scores, mask):
    """Return the log softmax over documents, 0 on padding."""
    fill = torch.where(mask.any(dim=1, keepdim=True), -torch.inf, 0.0)
    return torch.where(mask, torch.where(mask, scores, fill).log_softmax(dim=1), 0.0)


def masked(scores, mask):
    """Return the mask, everything where there is none."""
    return torch.ones_like(scores, dtype=torch.bool) if mask is None else mask


@misconception(
    replaces="listnet_loss",
    says="the target is the grades over their sum, not their softmax",
    hint="Add 1 to all grades of a list. What does that do to your target?",
)
def grades_divided_by_their_sum(scores, grades, mask=None):
    right, mask = listnet_loss(scores, grades, mask), masked(scores, mask)
    if not mask.any():
        return right
    grades = torch.where(mask, grades, 0.0)
    return cross_entropy(log_softmax(scores, mask), grades / grades.sum(dim=1, keepdim=True), mask)


@misconception(
    replaces="listnet_loss",
    says="the mask is applied to the sum but not inside the two softmaxes, "
    "so padding takes probability away",
    hint="Add up the probabilities of the real documents of a padded list.",
)
def padding_in_softmax(scores, grades, mask=None):
    right, mask = listnet_loss(scores, grades, mask), masked(scores, mask)
    if not mask.any():
        return right
    return cross_entropy(scores.log_softmax(dim=1), grades.softmax(dim=1), mask)


@misconception(
    replaces="listnet_loss",
    says="the mean runs over all lists, those without a document included",
    hint="A batch was filled up with empty lists. Should the loss fall?",
)
def empty_lists_counted(scores, grades, mask=None):
    right, mask = listnet_loss(scores, grades, mask), masked(scores, mask)
    return right * mask.any(dim=1).sum() / max(len(mask), 1)


@misconception(
    replaces="listnet_loss",
    says="the mean runs over the documents, not over the lists",
    hint="Which lists count for more when you average over all documents together?",
)
def averaged_over_documents(scores, grades, mask=None):
    right, mask = listnet_loss(scores, grades, mask), masked(scores, mask)
    return right * mask.any(dim=1).sum() / mask.sum().clamp(min=1)


@misconception(
    replaces="listnet_loss",
    says="the target is the best document alone, not the softmax of the grades",
    hint="The second best document is nearly as good. Where does your target say so?",
)
def best_document_only(scores, grades, mask=None):
    right, mask = listnet_loss(scores, grades, mask), masked(scores, mask)
    if not mask.any():
        return right
    best = torch.where(mask, grades, -torch.inf).argmax(dim=1)
    return cross_entropy(
        log_softmax(scores, mask), F.one_hot(best, scores.shape[1]).to(scores), mask
    )


# ── mmr ───────────────────────────────────────────────────────────────────────────────────────


def pick(query, documents, k, trade_off, redundancy, normalize=F.normalize):
    """Pick by the weighed sum, with another redundancy (0.0 of nothing)."""
    mmr(query, documents, k, trade_off)
    documents, query = normalize(documents, dim=1), normalize(query, dim=0)
    relevance, similarity = (documents @ query).tolist(), (documents @ documents.T).tolist()
    picked = []
    while len(picked) < min(k, len(documents)):
        values = [
            trade_off * relevance[d]
            - (1 - trade_off) * (redundancy([similarity[d][p] for p in picked]) if picked else 0.0)
            for d in range(len(documents))
        ]
        picked.append(max(set(range(len(documents))) - set(picked), key=values.__getitem__))
    return picked


@misconception(
    replaces="mmr",
    says="the penalty is the mean similarity to what was picked, not the greatest",
    hint="Nine other documents were picked, and one that is a copy. Is the copy still redundant?",
)
def redundancy_averaged(query, documents, k, trade_off=0.5):
    return pick(query, documents, k, trade_off, lambda found: sum(found) / len(found))


@misconception(
    replaces="mmr",
    says="the trade-off weighs novelty, not relevance",
    hint="Set the trade-off to 1. Is your list in the order of relevance?",
)
def trade_off_reversed(query, documents, k, trade_off=0.5):
    mmr(query, documents, k, trade_off)
    return mmr(query, documents, k, 1 - trade_off)


@misconception(
    replaces="mmr",
    says="documents are compared with the one picked last only",
    hint="The third pick is a copy of the first. Who notices?",
)
def compared_with_the_last(query, documents, k, trade_off=0.5):
    return pick(query, documents, k, trade_off, lambda found: found[-1])


@misconception(
    replaces="mmr",
    says="a negative similarity to what was picked is taken as 0",
    hint="With which number does your maximum begin?",
)
def negative_similarity_cut(query, documents, k, trade_off=0.5):
    return pick(query, documents, k, trade_off, lambda found: max(0.0, *found))


@misconception(
    replaces="mmr",
    says="vectors are compared by dot products, not cosines",
    hint="Double a document's vector. What becomes of its relevance?",
)
def dot_products(query, documents, k, trade_off=0.5):
    return pick(query, documents, k, trade_off, max, normalize=lambda vectors, dim: vectors)


@misconception(
    replaces="mmr",
    says="the documents come in the order of relevance alone",
    hint="Put a copy of the best document in. Where does it come out?",
)
def relevance_alone(query, documents, k, trade_off=0.5):
    return pick(query, documents, k, trade_off, lambda found: 0.0)
