"""The wrong turns of choosing few-shot examples."""

import numpy as np

from autograder.suite import misconception
from solutions.few_shot_selection.few_shot_selection import (
    balanced_examples,
    knn_examples,
    mmr_examples,
    pack_examples,
    refuse_choice,
    unit_rows,
)

# ── knn_examples ──────────────────────────────────────────────────────────────────────────────


def largest(scores, k):
    """Return the indices of the k largest scores, the lower index first among equals."""
    return np.argsort(-scores, kind="stable")[:k].tolist()


@misconception(
    replaces="knn_examples",
    says="the vectors are not normalised, so long vectors win",
    hint="Which of [1, 0] and [9, 9] is closer in direction to [2, 0], and what are the products?",
)
def dot_product(query, examples, k):
    refuse_choice(k, query, examples)
    return largest(examples.astype(np.float64) @ query, k)


def nan_similarities(query, examples):
    """Divide by lengths that may be zero."""
    lengths = np.linalg.norm(examples, axis=1) * np.linalg.norm(query)
    with np.errstate(invalid="ignore"):
        return examples.astype(np.float64) @ query / lengths


@misconception(
    replaces="knn_examples",
    says="a zero vector makes the similarity NaN, so it comes last, behind even the opposite of "
    "the query",
    hint="What is 0/0, and where does np.argsort put it?",
)
def zero_vector_nan(query, examples, k):
    refuse_choice(k, query, examples)
    return largest(nan_similarities(query, examples), k)


@misconception(
    replaces="knn_examples",
    says="a zero vector makes the similarity NaN, and the reversed sort puts NaN first",
    hint="What is 0/0, and where does np.argsort put it, read from the end?",
)
def zero_vector_first(query, examples, k):
    refuse_choice(k, query, examples)
    similarities = nan_similarities(query, examples)
    return largest(np.where(np.isnan(similarities), np.inf, similarities), k)


@misconception(
    replaces="knn_examples",
    says="the examples are ranked by Euclidean distance, so their lengths matter",
    hint="Is [9, 0] far from [1, 0]? By distance, and by angle?",
)
def euclidean_distance(query, examples, k):
    refuse_choice(k, query, examples)
    return largest(-np.linalg.norm(examples.astype(np.float64) - query, axis=1), k)


@misconception(
    replaces="knn_examples",
    says="the k nearest are returned with the most similar last",
    hint="np.argsort sorts upwards. Which end is yours?",
)
def nearest_last(query, examples, k):
    return knn_examples(query, examples, k)[::-1]


@misconception(
    replaces="knn_examples",
    says="a reversed sort puts the higher index first among equals",
    hint="Sort [5, 5, 5] with its indices and reverse the result. Which index is first?",
)
def ties_to_the_higher_index(query, examples, k):
    refuse_choice(k, query, examples)
    similarities = unit_rows(examples) @ unit_rows(query)
    return np.argsort(similarities, kind="stable")[::-1][:k].tolist()


# ── mmr_examples ──────────────────────────────────────────────────────────────────────────────


def marginal(query, examples, k, trade_off, redundancy=max, units=unit_rows):
    """Right but for the redundancy, or for what the similarities are made of."""
    mmr_examples(query, examples, k, trade_off)  # raises what has to be raised
    rows = units(examples)
    relevance, similarities = rows @ units(query), rows @ rows.T
    picked = []
    while len(picked) < min(k, len(rows)):
        left = [index for index in range(len(rows)) if index not in picked]
        scores = []
        for index in left:
            to_picked = [similarities[index, other] for other in picked]
            penalty = redundancy(to_picked) if picked else 0.0
            scores.append(trade_off * relevance[index] - (1 - trade_off) * penalty)
        picked.append(left[int(np.argmax(scores))])
    return picked


@misconception(
    replaces="mmr_examples",
    says="the redundancy is the mean similarity to the picked examples, not the highest",
    hint="An example is a copy of one picked and unlike nine others. Is it redundant?",
)
def mean_redundancy(query, examples, k, trade_off):
    return marginal(query, examples, k, trade_off, redundancy=np.mean)


@misconception(
    replaces="mmr_examples",
    says="the redundancy is the sum of the similarities to the picked examples, not the highest",
    hint="After ten picks, how large can your redundancy be, and how large the relevance?",
)
def summed_redundancy(query, examples, k, trade_off):
    return marginal(query, examples, k, trade_off, redundancy=sum)


@misconception(
    replaces="mmr_examples",
    says="the redundancy looks only at the example picked last",
    hint="May the third pick be a copy of the first?",
)
def last_pick_only(query, examples, k, trade_off):
    return marginal(query, examples, k, trade_off, redundancy=lambda to_picked: to_picked[-1])


@misconception(
    replaces="mmr_examples",
    says="trade_off weighs the redundancy, and the rest the relevance",
    hint="Which examples should come out when trade_off is 1?",
)
def trade_off_swapped(query, examples, k, trade_off):
    mmr_examples(query, examples, k, trade_off)
    return mmr_examples(query, examples, k, 1 - trade_off)


@misconception(
    replaces="mmr_examples",
    says="a negative redundancy counts as none, so opposite examples gain nothing",
    hint="With which number does your running maximum begin?",
)
def redundancy_not_below_zero(query, examples, k, trade_off):
    return marginal(
        query, examples, k, trade_off, redundancy=lambda to_picked: max(0.0, *to_picked)
    )


@misconception(
    replaces="mmr_examples",
    says="the vectors are not normalised, so long vectors win",
    hint="What is the similarity of a vector to one of twice its length, in your code?",
)
def mmr_dot_product(query, examples, k, trade_off):
    return marginal(query, examples, k, trade_off, units=lambda rows: rows.astype(np.float64))


@misconception(
    replaces="mmr_examples",
    says="the right examples come in order of relevance, not in the order of picking",
    hint="Which of the picks was made when there was nothing to be different from yet?",
)
def mmr_sorted_by_relevance(query, examples, k, trade_off):
    picked = mmr_examples(query, examples, k, trade_off)
    order = knn_examples(query, examples, len(examples))
    return sorted(picked, key=order.index)


# ── balanced_examples ─────────────────────────────────────────────────────────────────────────


def by_label(ranking, labels):
    """Return the ranked examples of each label, labels in order of the ranking."""
    queues = {}
    for index in ranking:
        queues.setdefault(labels[index], []).append(index)
    return queues


@misconception(
    replaces="balanced_examples",
    says="the best k are taken whatever their labels",
    hint="Count the labels in your result when the ranking begins with five of one.",
)
def labels_ignored(ranking, labels, k):
    balanced_examples(ranking, labels, k)
    return list(ranking[:k])


@misconception(
    replaces="balanced_examples",
    says="only rounds to which every label can contribute are played",
    hint="At which list does zip stop?",
)
def stops_when_a_label_runs_out(ranking, labels, k):
    balanced_examples(ranking, labels, k)
    queues = by_label(ranking, labels).values()
    return [index for turn in zip(*queues, strict=False) for index in turn][:k]


@misconception(
    replaces="balanced_examples",
    says="labels take their turns in the order of the list of labels, not of the ranking",
    hint="Which label does the best example of all have, and which one comes first?",
)
def order_of_the_list(ranking, labels, k):
    balanced_examples(ranking, labels, k)
    order = list(dict.fromkeys(labels))
    return balanced_examples(sorted(ranking, key=lambda one: order.index(labels[one])), labels, k)


@misconception(
    replaces="balanced_examples",
    says="labels take their turns in alphabetical order, not in that of the ranking",
    hint="Which label does the best example of all have, and which one comes first?",
)
def alphabetical_order(ranking, labels, k):
    balanced_examples(ranking, labels, k)
    return balanced_examples(sorted(ranking, key=lambda one: labels[one]), labels, k)


@misconception(
    replaces="balanced_examples",
    says="all examples of a label come together, not in turns",
    hint="Which label will the model have read last, and several times?",
)
def grouped_by_label(ranking, labels, k):
    taken = balanced_examples(ranking, labels, k)
    return [index for queue in by_label(taken, labels).values() for index in queue]


# ── pack_examples ─────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="pack_examples",
    says="the best example comes first, farthest from the query",
    hint="What does the model read just before the query?",
)
def best_first(ranking, tokens, budget, separator=0):
    return pack_examples(ranking, tokens, budget, separator)[::-1]


@misconception(
    replaces="pack_examples",
    says="the first example that does not fit ends the packing",
    hint="The second best is too long by one token. What about the third?",
)
def stops_at_misfit(ranking, tokens, budget, separator=0):
    pack_examples(ranking, tokens, budget, separator)
    taken = []
    for index in ranking:
        budget -= tokens[index] + separator
        if budget < 0:
            break
        taken.append(index)
    return taken[::-1]


@misconception(
    replaces="pack_examples",
    says="an example that fills the budget exactly is left out",
    hint="Is there room for 10 tokens in a budget of 10?",
)
def budget_not_filled(ranking, tokens, budget, separator=0):
    pack_examples(ranking, tokens, budget, separator)
    return pack_examples(ranking, tokens, budget - 1, separator) if budget else []


@misconception(
    replaces="pack_examples",
    says="the separator is paid only between examples, so the first one is without",
    hint="What stands between the last example and the query?",
)
def first_separator_free(ranking, tokens, budget, separator=0):
    pack_examples(ranking, tokens, budget, separator)
    return pack_examples(ranking, tokens, budget + separator, separator)


@misconception(
    replaces="pack_examples",
    says="the separator is not counted",
    hint="Which of the arguments does your result not depend on?",
)
def separator_not_counted(ranking, tokens, budget, separator=0):
    pack_examples(ranking, tokens, budget, separator)
    return pack_examples(ranking, tokens, budget)


@misconception(
    replaces="pack_examples",
    says="the tokens are read by rank, not by the example's index",
    hint="The best example is number 3. Which entry of the tokens is its own?",
)
def tokens_by_rank(ranking, tokens, budget, separator=0):
    places = pack_examples(range(len(ranking)), tokens, budget, separator)
    return [ranking[place] for place in places]
