"""The wrong turns of NDCG."""

from math import log, log2

from autograder.suite import misconception
from solutions.ndcg.ndcg import (
    dcg,
    gains_of,
    grades_in_order,
    ideal_dcg,
    ndcg,
    tie_aware_ndcg,
)


def refuse(k):
    """Raise what a cut-off has to raise."""
    if k is not None and k < 1:
        raise ValueError("k must be at least 1")


@misconception(
    replaces="dcg",
    says="the grade itself is summed, not 2^grade − 1",
    hint="How many documents of grade 1 weigh as much as one of grade 3?",
)
def linear_gain(grades, k=None, gain="exponential"):
    gains_of(grades, gain)
    return dcg(grades, k, "linear")


@misconception(
    replaces="dcg",
    says="the discount is the logarithm of the rank (1 for the first), not of the rank + 1, "
    "so the second place is not discounted",
    hint="Print your discounts of ranks 1, 2 and 3. Which two should not be equal?",
)
def discount_off_by_one(grades, k=None, gain="exponential"):
    refuse(k)
    gains = gains_of(grades, gain)[:k]
    return sum((value / max(1.0, log2(rank)) for rank, value in enumerate(gains, start=1)), 0.0)


@misconception(
    replaces="dcg",
    says="the discount uses the natural logarithm, not base 2",
    hint="What is the first document's gain divided by? Should it be discounted at all?",
)
def natural_logarithm(grades, k=None, gain="exponential"):
    refuse(k)
    gains = gains_of(grades, gain)[:k]
    return sum((value / log(rank + 1) for rank, value in enumerate(gains, start=1)), 0.0)


@misconception(
    replaces="ndcg",
    says="the ideal order is taken over the documents of the ranking only, "
    "so relevant documents that were missed cost nothing",
    hint="A system returns one document of the ten that are relevant. Can it score 1?",
)
def ideal_over_retrieved(ranking, judgments, k=None, gain="exponential"):
    ndcg(ranking, judgments, k, gain)
    grades = grades_in_order(ranking, judgments)
    ideal = ideal_dcg(grades, k, gain)
    return dcg(grades, k, gain) / ideal if ideal else 0.0


@misconception(
    replaces="ndcg",
    says="the ideal is cut at the length of the ranking, so returning less costs nothing",
    hint="How long is the ideal list when a system stops after its first document?",
)
def ideal_as_short_as_the_ranking(ranking, judgments, k=None, gain="exponential"):
    ndcg(ranking, judgments, k, gain)
    ideal_grades = sorted(judgments.values(), reverse=True)[: len(ranking)]
    ideal = dcg(ideal_grades, k, gain)
    return dcg(grades_in_order(ranking, judgments), k, gain) / ideal if ideal else 0.0


@misconception(
    replaces="ndcg",
    says="the ideal is not cut at k, so a perfect first page does not reach 1",
    hint="The best five documents are on top. What should NDCG@5 be, and what is yours?",
)
def ideal_not_cut(ranking, judgments, k=None, gain="exponential"):
    ideal = ideal_dcg(judgments.values(), None, gain)
    found = dcg(grades_in_order(ranking, judgments), k, gain)
    return found / ideal if ideal else 0.0


@misconception(
    replaces="ndcg",
    says="unjudged documents are dropped and the documents after them move up",
    hint="The reader still has to read past an unjudged document. At which rank is the next one?",
)
def unjudged_skipped(ranking, judgments, k=None, gain="exponential"):
    return ndcg([document for document in ranking if document in judgments], judgments, k, gain)


@misconception(
    replaces="ndcg",
    says="a document that is returned twice gains twice, so the score can exceed 1",
    hint="What does a reader gain from the same document the second time?",
)
def repeats_gain_again(ranking, judgments, k=None, gain="exponential"):
    ideal = ideal_dcg(judgments.values(), k, gain)
    found = dcg([judgments.get(document, 0.0) for document in ranking], k, gain)
    return found / ideal if ideal else 0.0


@misconception(
    replaces="ndcg",
    says="repeats are removed and the documents after them move up",
    hint="A repeat takes up a line on the page. At which rank is the document below it?",
)
def repeats_skipped(ranking, judgments, k=None, gain="exponential"):
    return ndcg(list(dict.fromkeys(ranking)), judgments, k, gain)


@misconception(
    replaces="missing_judgments",
    says="the ranking is cut at k before unjudged documents are removed",
    hint="How many places of the condensed list are left when most of the first k are unjudged?",
)
def condensed_after_the_cut(ranking, judgments, k=None, gain="exponential"):
    full = ndcg(ranking, judgments, k, gain)
    shown = ranking[:k]
    condensed = [document for document in shown if document in judgments]
    judged = len(condensed) / len(shown) if shown else 0.0
    return judged, full, ndcg(condensed, judgments, k, gain)


@misconception(
    replaces="missing_judgments",
    says="the judged share is over k, also when fewer documents were returned",
    hint="Two documents came back and both are judged. What share is that at k = 10?",
)
def judged_share_over_k(ranking, judgments, k=None, gain="exponential"):
    scores = (
        ndcg(ranking, judgments, k, gain),
        ndcg([document for document in ranking if document in judgments], judgments, k, gain),
    )
    places = len(ranking) if k is None else k
    judged = sum(document in judgments for document in ranking[:k])
    return judged / places if places else 0.0, *scores


@misconception(
    replaces="tie_aware_ndcg",
    says="tied documents are scored in the order in which they came in, "
    "which rewards a lucky order",
    hint="Reverse the input. Should a system that scores every document alike notice?",
)
def ties_in_input_order(scores, grades, k=None, gain="exponential"):
    tie_aware_ndcg(scores, grades, k, gain)
    best_first = sorted(range(len(scores)), key=lambda document: -scores[document])
    ideal = ideal_dcg(grades, k, gain)
    return dcg([grades[document] for document in best_first], k, gain) / ideal if ideal else 0.0


@misconception(
    replaces="tie_aware_ndcg",
    says="tied documents are scored in their best order, "
    "so a system that gives every document the same score gets 1",
    hint="By what does your sort order documents whose scores are equal?",
)
def best_order_within_ties(scores, grades, k=None, gain="exponential"):
    tie_aware_ndcg(scores, grades, k, gain)
    ranked = [grade for _, grade in sorted(zip(scores, grades, strict=True), reverse=True)]
    ideal = ideal_dcg(grades, k, gain)
    return dcg(ranked, k, gain) / ideal if ideal else 0.0


@misconception(
    replaces="tie_aware_ndcg",
    says="the grades of a tie are averaged before they become gains",
    hint="Is the mean of 2^0 − 1 and 2^2 − 1 the same as 2^1 − 1?",
)
def grades_averaged(scores, grades, k=None, gain="exponential"):
    tie_aware_ndcg(scores, grades, k, gain)
    tied = [
        [grade for other, grade in zip(scores, grades, strict=True) if other == score]
        for score in sorted(scores, reverse=True)
    ]
    ideal = ideal_dcg(grades, k, gain)
    return dcg([sum(tie) / len(tie) for tie in tied], k, gain) / ideal if ideal else 0.0


@misconception(
    replaces="tie_aware_ndcg",
    says="the list is cut at k before ties are averaged, so a tie across the cut is averaged "
    "over those that happened to come first",
    hint="Which documents of a tie that reaches past rank k may stand above the cut?",
)
def ties_averaged_after_the_cut(scores, grades, k=None, gain="exponential"):
    ideal = ideal_dcg(grades, k, gain)
    tie_aware_ndcg(scores, grades, k, gain)
    gains = gains_of(grades, gain)
    shown = sorted(range(len(scores)), key=lambda document: -scores[document])[:k]
    tied = [[gains[other] for other in shown if scores[other] == scores[one]] for one in shown]
    expected = [sum(tie) / len(tie) for tie in tied]
    return dcg(expected, k, "linear") / ideal if ideal else 0.0
