"""The wrong turns of rank and score fusion."""

from itertools import combinations
from statistics import stdev

from autograder.suite import misconception
from solutions.rank_fusion.rank_fusion import (
    best_first,
    documents_in,
    first_ranks,
    min_max,
    preference,
    reciprocal_rank_fusion,
    score_fusion,
    unrepeated_ranks,
    weighted,
    z_scores,
)


def combine(runs, weights, normalise, missing):
    """Return CombSUM, right but for the normalisation and what a missing document gets."""
    scores = dict.fromkeys(documents_in(runs), 0.0)
    for run, weight in weighted(runs, weights):
        if run:
            normalised = normalise(run)
            for document in scores:
                scores[document] += weight * normalised.get(document, missing(normalised))
    return scores


def combine_min_max(runs, method, weights, normalise=min_max):
    """Return CombSUM or CombMNZ, right but for the normalisation."""
    scores = combine(runs, weights, normalise, lambda normalised: 0.0)
    if method == "mnz":
        scores = {
            document: score * sum(document in run for run in runs)
            for document, score in scores.items()
        }
    return best_first(scores)


def combine_z_scores(runs, weights, normalise=z_scores):
    """Return CombSUM of z-scores, right but for the normalisation."""
    return best_first(
        combine(runs, weights, normalise, lambda normalised: min(normalised.values()))
    )


@misconception(
    replaces="reciprocal_rank_fusion",
    says="ranks count from 0, so the first document gets 1/k",
    hint="What does the first document of a single ranking get with k = 60, and what with k = 0?",
)
def ranks_from_zero(rankings, k=60, weights=None):
    right = reciprocal_rank_fusion(rankings, k, weights)
    scores = dict.fromkeys((document for document, _ in right), 0.0)
    for ranking, weight in weighted(rankings, weights):
        for document, rank in first_ranks(ranking).items():
            scores[document] += weight / (k + rank - 1)
    return best_first(scores)


@misconception(
    replaces="reciprocal_rank_fusion",
    says="a document missing from a ranking is scored as if it stood just below its end",
    hint="How much does a ranking say about a document that it does not contain?",
)
def missing_gets_the_next_rank(rankings, k=60, weights=None):
    scores = dict(reciprocal_rank_fusion(rankings, k, weights))
    for ranking, weight in weighted(rankings, weights):
        for document in scores:
            if document not in ranking:
                scores[document] += weight / (k + len(ranking) + 1)
    return best_first(scores)


@misconception(
    replaces="reciprocal_rank_fusion",
    says="a document that stands twice in a ranking is paid for both places",
    hint="Ten chunks of one page are ten lines of a ranking. Should the page be paid ten times?",
)
def repeats_add_up(rankings, k=60, weights=None):
    right = reciprocal_rank_fusion(rankings, k, weights)
    scores = dict.fromkeys((document for document, _ in right), 0.0)
    for ranking, weight in weighted(rankings, weights):
        for rank, document in enumerate(ranking, start=1):
            scores[document] += weight / (k + rank)
    return best_first(scores)


@misconception(
    replaces="score_fusion",
    says="one minimum and maximum is taken over all runs together, "
    "so the run with the larger scale decides",
    hint="BM25 gives 20, a cosine 0.9. What becomes of the cosine's best on a scale from 0 to 20?",
)
def normalised_over_all_runs(runs, normalisation="min_max", method="sum", weights=None):
    right = score_fusion(runs, normalisation, method, weights)
    if normalisation == "z_score" or not right:
        return right
    everything = [score for run in runs for score in run.values()]
    lowest, highest = min(everything), max(everything)

    def normalise(run):
        if lowest == highest:
            return dict.fromkeys(run, 1.0)
        return {document: (score - lowest) / (highest - lowest) for document, score in run.items()}

    return combine_min_max(runs, method, weights, normalise)


@misconception(
    replaces="score_fusion",
    says="a run whose scores are all equal gives its documents 0, as if it had not found them",
    hint="A run found one document. Should that count for more than having found nothing?",
)
def constant_run_scores_zero(runs, normalisation="min_max", method="sum", weights=None):
    right = score_fusion(runs, normalisation, method, weights)
    if normalisation == "z_score":
        return right

    def normalise(run):
        constant = min(run.values()) == max(run.values())
        return dict.fromkeys(run, 0.0) if constant else min_max(run)

    return combine_min_max(runs, method, weights, normalise)


@misconception(
    replaces="score_fusion",
    says="a document missing from a run gets z-score 0, "
    "which is that run's average and beats half of what it found",
    hint="Where does a z-score of 0 stand among the documents that the run did find?",
)
def missing_is_average(runs, normalisation="min_max", method="sum", weights=None):
    right = score_fusion(runs, normalisation, method, weights)
    if normalisation == "min_max":
        return right
    return best_first(combine(runs, weights, z_scores, lambda normalised: 0.0))


@misconception(
    replaces="score_fusion",
    says="the standard deviation is the sample's (n − 1), not the population's",
    hint="Is a run a sample from which you estimate something, or all there is?",
)
def sample_deviation(runs, normalisation="min_max", method="sum", weights=None):
    right = score_fusion(runs, normalisation, method, weights)
    if normalisation == "min_max":
        return right

    def normalise(run):
        scores = list(run.values())
        if min(scores) == max(scores):
            return dict.fromkeys(run, 0.0)
        mean, deviation = sum(scores) / len(scores), stdev(scores)
        return {document: (score - mean) / deviation for document, score in run.items()}

    return combine_z_scores(runs, weights, normalise)


@misconception(
    replaces="score_fusion",
    says="CombMNZ counts runs with a score above 0, "
    "so the last document of a run is not counted as found",
    hint="What normalised score does the last document of a run have? Was it found?",
)
def mnz_counts_nonzero_scores(runs, normalisation="min_max", method="sum", weights=None):
    score_fusion(runs, normalisation, method, weights)
    right = dict(score_fusion(runs, normalisation, "sum", weights))
    if method == "mnz":
        normalised = [min_max(run) for run in runs if run]
        for document in right:
            right[document] *= sum(run.get(document, 0.0) > 0 for run in normalised)
    return best_first(right)


@misconception(
    replaces="score_fusion",
    says="the weights are rescaled to sum to one",
    hint="Fuse one run with weight 2. What should its best document get?",
)
def weights_rescaled(runs, normalisation="min_max", method="sum", weights=None):
    right = score_fusion(runs, normalisation, method, weights)
    total = sum(weights or [])
    return best_first({document: score / total for document, score in right}) if total else right


@misconception(
    replaces="borda",
    says="positions are summed and the smallest sum comes first, "
    "so a document that few rankings contain looks best",
    hint="What is the sum of a document that only one ranking knows, and puts last?",
)
def sums_of_positions(rankings):
    sums = dict.fromkeys(documents_in(rankings), 0.0)
    for ranking in rankings:
        for document, rank in unrepeated_ranks(ranking).items():
            sums[document] += rank
    return sorted(sums.items(), key=lambda item: (item[1], item[0]))


@misconception(
    replaces="borda",
    says="documents that a ranking does not contain get 0 points, "
    "not a share of the points left over",
    hint="Add up the points that a ranking of two hands out, and those of a ranking of five.",
)
def unranked_get_nothing(rankings):
    points = dict.fromkeys(documents_in(rankings), 0.0)
    for ranking in rankings:
        for document, rank in unrepeated_ranks(ranking).items():
            points[document] += len(points) + 1 - rank
    return best_first(points)


@misconception(
    replaces="borda",
    says="points run from n − 1 down to 0, not from n down to 1",
    hint="How many points does the last of a complete ranking get?",
)
def last_gets_nothing(rankings):
    points = dict.fromkeys(documents_in(rankings), 0.0)
    for ranking in rankings:
        ranks = unrepeated_ranks(ranking)
        share = (len(points) - len(ranking) - 1) / 2
        for document in points:
            points[document] += len(points) - ranks[document] if document in ranks else share
    return best_first(points)


@misconception(
    replaces="borda",
    says="the first of a ranking gets as many points as the ranking is long, "
    "not as there are documents in all",
    hint="What does it say of a document to be first of two, when there are ten in all?",
)
def points_by_length_of_ranking(rankings):
    points = dict.fromkeys(documents_in(rankings), 0.0)
    for ranking in rankings:
        for document, rank in unrepeated_ranks(ranking).items():
            points[document] += len(ranking) + 1 - rank
    return best_first(points)


def contests(rankings):
    """Yield each pair of documents and the ranks of every ranking."""
    all_ranks = [unrepeated_ranks(ranking) for ranking in rankings]
    for one, other in combinations(documents_in(rankings), 2):
        yield one, other, all_ranks


@misconception(
    replaces="copeland",
    says="a ranked document does not beat one that the ranking leaves out",
    hint="A ranking returned one document of the two. Which of them did it find better?",
)
def absence_not_beaten(rankings):
    points = dict.fromkeys(documents_in(rankings), 0.0)
    for one, other, all_ranks in contests(rankings):
        both = [ranks for ranks in all_ranks if one in ranks and other in ranks]
        majority = sum(preference(ranks, one, other) for ranks in both)
        points[one] += 0.5 if majority == 0 else float(majority > 0)
        points[other] += 0.5 if majority == 0 else float(majority < 0)
    return best_first(points)


@misconception(
    replaces="copeland",
    says="preferences are added up over the rankings, "
    "where each pair is one contest decided by the majority",
    hint="Three rankings and two documents: how many points are there to be won?",
)
def counts_preferences(rankings):
    points = dict.fromkeys(documents_in(rankings), 0.0)
    for one, other, all_ranks in contests(rankings):
        votes = [preference(ranks, one, other) for ranks in all_ranks]
        points[one] += votes.count(1)
        points[other] += votes.count(-1)
    return best_first(points)


@misconception(
    replaces="copeland",
    says="a lost contest takes a point away, so the points are wins minus losses",
    hint="What should all points add up to when n documents meet once each?",
)
def losses_subtracted(rankings):
    points = dict.fromkeys(documents_in(rankings), 0.0)
    for one, other, all_ranks in contests(rankings):
        majority = sum(preference(ranks, one, other) for ranks in all_ranks)
        points[one] += (majority > 0) - (majority < 0)
        points[other] += (majority < 0) - (majority > 0)
    return best_first(points)
