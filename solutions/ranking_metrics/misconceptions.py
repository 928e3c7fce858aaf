"""The wrong turns of ranking metrics."""

from statistics import fmean

from autograder.suite import misconception
from solutions.ranking_metrics.ranking_metrics import (
    average_precision,
    evaluate_run,
    hit_ranks,
    precision_recall_f1,
    reciprocal_rank,
)


def f1(precision, recall):
    """Return the harmonic mean, 0 where both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def distinct(items):
    """Return each item once, in order."""
    return list(dict.fromkeys(items))


@misconception(
    replaces="precision_recall_f1",
    says="precision is divided by the number of documents returned, not by k",
    hint="Return one sure hit and nothing else. What precision@10 do you get, and is it deserved?",
)
def precision_over_returned(ranking, relevant, k):
    precision, recall, _ = precision_recall_f1(ranking, relevant, k)
    if ranking:
        precision *= k / min(k, len(ranking))
    return precision, recall, f1(precision, recall)


@misconception(
    replaces="precision_recall_f1",
    says="recall is divided by the smaller of k and the number of relevant documents",
    hint="100 documents are relevant and 5 are shown. Which share of what exists is that?",
)
def recall_capped_at_k(ranking, relevant, k):
    precision, _, _ = precision_recall_f1(ranking, relevant, k)
    hits = len(hit_ranks(ranking, relevant, k))
    recall = hits / min(k, len(set(relevant))) if relevant else 0.0
    return precision, recall, f1(precision, recall)


@misconception(
    replaces="precision_recall_f1",
    says="a document that is returned twice counts as two hits",
    hint="Can recall exceed 1? Return a relevant document three times.",
)
def repeats_hit_again(ranking, relevant, k):
    precision_recall_f1(ranking, relevant, k)
    hits = sum(document in relevant for document in ranking[:k])
    precision, recall = hits / k, hits / len(set(relevant)) if relevant else 0.0
    return precision, recall, f1(precision, recall)


@misconception(
    replaces="precision_recall_f1",
    says="repeats are removed before the cut, so the documents after them move up",
    hint="A repeat takes up a line of the page. Which document is the k-th line?",
)
def repeats_move_up(ranking, relevant, k):
    return precision_recall_f1(distinct(ranking), relevant, k)


@misconception(
    replaces="precision_recall_f1",
    says="repeats in the list of relevant documents are counted as more relevant documents",
    hint="How many different documents are relevant?",
)
def relevant_counted_twice(ranking, relevant, k):
    precision, _, _ = precision_recall_f1(ranking, relevant, k)
    recall = len(hit_ranks(ranking, relevant, k)) / len(relevant) if relevant else 0.0
    return precision, recall, f1(precision, recall)


@misconception(
    replaces="precision_recall_f1",
    says="F1 is the arithmetic mean of precision and recall, not the harmonic one",
    hint="Returning everything has a recall of 1 and a precision near 0. What should F1 say?",
)
def arithmetic_mean(ranking, relevant, k):
    precision, recall, _ = precision_recall_f1(ranking, relevant, k)
    return precision, recall, (precision + recall) / 2


@misconception(
    replaces="average_precision",
    says="average precision is divided by the hits found, "
    "so relevant documents that were never returned cost nothing",
    hint="One of ten relevant documents is returned, on top. Is that perfect?",
)
def divided_by_hits_found(ranking, relevant, k=None):
    ranks = hit_ranks(ranking, relevant, k)
    return fmean(found / rank for found, rank in enumerate(ranks, start=1)) if ranks else 0.0


@misconception(
    replaces="average_precision",
    says="average precision is divided by the smaller of k and the number of relevant documents",
    hint="Does a relevant document stop being relevant because the list was cut?",
)
def divided_by_what_fits(ranking, relevant, k=None):
    right = average_precision(ranking, relevant, k)
    wanted = len(set(relevant))
    return right * wanted / min(k or wanted, wanted) if wanted else right


@misconception(
    replaces="average_precision",
    says="precision is averaged over all ranks, not only over those that hold a relevant document",
    hint="Which ranks contribute a precision when only the third document is relevant?",
)
def mean_over_every_rank(ranking, relevant, k=None):
    ranks = hit_ranks(ranking, relevant, k)
    places = range(1, len(ranking[:k]) + 1)
    precisions = [sum(rank <= place for rank in ranks) / place for place in places]
    return fmean(precisions) if precisions else 0.0


@misconception(
    replaces="average_precision",
    says="a document that is returned twice counts as two hits",
    hint="Return the same relevant document at every rank. What does your average become?",
)
def repeats_add_up(ranking, relevant, k=None):
    average_precision(ranking, relevant, k)
    ranks = [r for r, document in enumerate(ranking[:k], start=1) if document in relevant]
    total = sum(found / rank for found, rank in enumerate(ranks, start=1))
    return total / len(set(relevant)) if relevant else 0.0


@misconception(
    replaces="reciprocal_rank",
    says="the reciprocal ranks of all relevant documents are averaged, where only the first counts",
    hint="Somebody wants one answer. What do they do after the first good one?",
)
def average_of_all_reciprocal_ranks(ranking, relevant, k=None):
    ranks = hit_ranks(ranking, relevant, k)
    return fmean(1 / rank for rank in ranks) if ranks else 0.0


@misconception(
    replaces="reciprocal_rank",
    says="only the first relevant document of the list of judgments is looked for",
    hint="Walk down the ranking, not down the judgments. Where do you stop?",
)
def first_listed_only(ranking, relevant, k=None):
    return reciprocal_rank(ranking, relevant[:1], k)


@misconception(
    replaces="evaluate_run",
    says="the mrr is one over the mean rank of the first hits (of the queries that have one), "
    "not the mean of one over the rank",
    hint="Two queries, first hits at ranks 1 and 9. What do the two ways give?",
)
def reciprocal_of_mean_rank(rankings, judgments, k):
    right = evaluate_run(rankings, judgments, k)
    answered = [(rankings.get(query, []), wanted) for query, wanted in judgments.items() if wanted]
    firsts = [hit_ranks(ranking, wanted, k)[:1] for ranking, wanted in answered]
    ranks = [first[0] for first in firsts if first]
    return {**right, "mrr": 1 / fmean(ranks) if ranks else 0.0}


@misconception(
    replaces="evaluate_run",
    says="queries that have no entry in the rankings are left out of the means",
    hint="Delete the rankings of the hard queries. What happens to your means?",
)
def unanswered_queries_skipped(rankings, judgments, k):
    evaluate_run(rankings, judgments, k)
    answered = {query: wanted for query, wanted in judgments.items() if query in rankings}
    return evaluate_run(rankings, answered, k)


@misconception(
    replaces="evaluate_run",
    says="recall is all hits over all relevant documents, "
    "so queries with many relevant documents outweigh the others",
    hint="What is the recall of each query alone? Is your number their mean?",
)
def pooled_over_queries(rankings, judgments, k):
    right = evaluate_run(rankings, judgments, k)
    hits = sum(len(hit_ranks(rankings.get(q, []), judgments[q], k)) for q in judgments)
    return {**right, "recall": hits / sum(len(set(wanted)) for wanted in judgments.values())}


@misconception(
    replaces="evaluate_run",
    says="queries with nothing relevant are counted with 0",
    hint="What is the best that any system could score on such a query?",
)
def empty_queries_counted(rankings, judgments, k):
    right = evaluate_run(rankings, judgments, k)
    judged = sum(bool(wanted) for wanted in judgments.values())
    return {key: mean * judged / len(judgments) for key, mean in right.items()}


@misconception(
    replaces="evaluate_run",
    says="queries that nobody judged are counted with 0",
    hint="Which of your two dictionaries do you loop over?",
)
def unjudged_queries_counted(rankings, judgments, k):
    right = evaluate_run(rankings, judgments, k)
    judged = sum(bool(wanted) for wanted in judgments.values())
    unjudged = len(rankings.keys() - judgments.keys())
    return {key: mean * judged / (judged + unjudged) for key, mean in right.items()}


@misconception(
    replaces="evaluate_run",
    says="k does not reach average precision and reciprocal rank: "
    "map and mrr are taken over whole rankings",
    hint="Which of the functions that you call here gets k?",
)
def only_sets_are_cut(rankings, judgments, k):
    right = evaluate_run(rankings, judgments, k)
    whole = evaluate_run(rankings, judgments, max(map(len, rankings.values()), default=0) or 1)
    return {**right, "map": whole["map"], "mrr": whole["mrr"]}
