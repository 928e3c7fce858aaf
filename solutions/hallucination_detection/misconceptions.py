"""The wrong turns of detecting hallucinations."""

import math
from collections import Counter

import numpy as np

from autograder.suite import misconception
from solutions.hallucination_detection.hallucination_detection import (
    check_claims,
    numbers_of,
    selfcheck_unigram,
    semantic_entropy,
    words_of,
)

# ── selfcheck_unigram ─────────────────────────────────────────────────────────────────────────


def scored(sentences, counts, total, score=lambda s: (sum(s) / len(s), max(s)), log=math.log):
    """Return the scores of sentences under (count + 1) / total."""
    result = []
    for sentence in sentences:
        surprise = [-log((counts[token] + 1) / total) for token in sentence]
        result.append(score(surprise) if surprise else (0.0, 0.0))
    return result


def counted(sentences, samples):
    """Return the counts of the samples, and all tokens with the vocabulary."""
    counts = Counter(token for sample in samples for token in sample)
    return counts, counts.total() + len(set(counts).union(*sentences))


@misconception(
    replaces="selfcheck_unigram",
    says="the answer's own tokens are counted together with the samples, so it vouches for itself",
    hint="A name stands only in the answer itself, five times. How likely should it be?",
)
def trained_on_the_answer(sentences, samples):
    counts, total = counted(sentences, [*samples, *sentences])
    return scored(sentences, counts, total)


@misconception(
    replaces="selfcheck_unigram",
    says="the vocabulary for smoothing leaves out tokens that occur only in the answer",
    hint="Add up p over all tokens that your model may be asked for. Is it 1?",
)
def vocabulary_of_samples(sentences, samples):
    counts, _ = counted(sentences, samples)
    if not counts:
        return selfcheck_unigram(sentences, samples)  # where it would divide by zero
    return scored(sentences, counts, counts.total() + len(counts))


@misconception(
    replaces="selfcheck_unigram",
    says="the vocabulary is another one for each sentence: that of the samples and the sentence",
    hint="Does the model change from one sentence of the answer to the next?",
)
def vocabulary_a_sentence(sentences, samples):
    return [selfcheck_unigram([sentence], samples)[0] for sentence in sentences]


@misconception(
    replaces="selfcheck_unigram",
    says="a token is counted once a sample, however often it stands there",
    hint="One sample says a word three times. What is its count?",
)
def once_a_sample(sentences, samples):
    counts = Counter(token for sample in samples for token in set(sample))
    _, total = counted(sentences, samples)
    return scored(sentences, counts, total)


@misconception(
    replaces="selfcheck_unigram",
    says="the surprise of the tokens is summed, not averaged, so long sentences look invented",
    hint="Write a sentence twice. Should its score double?",
)
def summed_surprise(sentences, samples):
    counts, total = counted(sentences, samples)
    return scored(sentences, counts, total, lambda s: (sum(s), max(s)))


@misconception(
    replaces="selfcheck_unigram",
    says="the logarithms are to base 2",
    hint="How surprising is a token with p = 1/e?",
)
def in_bits(sentences, samples):
    counts, total = counted(sentences, samples)
    return scored(sentences, counts, total, log=math.log2)


# ── semantic_clusters ─────────────────────────────────────────────────────────────────────────


def clustered(answers, same):
    """Put each answer into the first cluster whose members `same` accepts, else into a new one."""
    clusters = []
    result = []
    for answer in answers:
        number = next((n for n, members in enumerate(clusters) if same(members, answer)), None)
        if number is None:
            number = len(clusters)
            clusters.append([])
        clusters[number].append(answer)
        result.append(number)
    return result


@misconception(
    replaces="semantic_clusters",
    says="it is enough that the cluster's first answer entails the new one; the reverse is not "
    "asked",
    hint="'He died in Paris in 1910' entails 'he died in 1910'. Do the two mean the same?",
)
def one_direction(answers, entails):
    return clustered(answers, lambda members, answer: entails(members[0], answer))


@misconception(
    replaces="semantic_clusters",
    says="it is enough that the new answer entails the cluster's first one; the reverse is not "
    "asked",
    hint="The new answer says more than the first one. Do the two mean the same?",
)
def the_other_direction(answers, entails):
    return clustered(answers, lambda members, answer: entails(answer, members[0]))


@misconception(
    replaces="semantic_clusters",
    says="either direction of entailment is enough",
    hint="When do two sentences say the same: if one follows from the other, or if both do?",
)
def either_direction(answers, entails):
    return clustered(
        answers,
        lambda members, answer: entails(members[0], answer) or entails(answer, members[0]),
    )


@misconception(
    replaces="semantic_clusters",
    says="an answer joins a cluster when it means the same as any of its answers, not the first",
    hint="Entailment is judged by a model, so it need not be transitive. Whom do you ask about?",
)
def any_member(answers, entails):
    return clustered(
        answers,
        lambda members, answer: any(entails(m, answer) and entails(answer, m) for m in members),
    )


@misconception(
    replaces="semantic_clusters",
    says="an answer is compared with the latest answer of a cluster, not with its first",
    hint="Which answer stands for a cluster?",
)
def latest_member(answers, entails):
    return clustered(
        answers,
        lambda members, answer: entails(members[-1], answer) and entails(answer, members[-1]),
    )


@misconception(
    replaces="semantic_clusters",
    says="of several clusters that fit, the last is joined, not the first",
    hint="In which order are the clusters tried?",
)
def last_cluster(answers, entails):
    firsts, result = [], []
    for answer in answers:
        fitting = [n for n, f in enumerate(firsts) if entails(f, answer) and entails(answer, f)]
        result.append(fitting[-1] if fitting else len(firsts))
        if not fitting:
            firsts.append(answer)
    return result


# ── semantic_entropy ──────────────────────────────────────────────────────────────────────────


def entropy_of(shares):
    """Return the entropy of shares that sum to 1."""
    return sum(-share * math.log(share) for share in shares if share > 0)


def masses(clusters, weights):
    """Return the sum of the weights in each cluster."""
    return [sum(w for c, w in zip(clusters, weights, strict=True) if c == k) for k in set(clusters)]


@misconception(
    replaces="semantic_entropy",
    says="the entropy is taken over the samples, not over their clusters, so paraphrases count as "
    "doubt",
    hint="Ten samples say the same in ten ways. How unsure is the model?",
)
def entropy_over_samples(clusters, log_probs=None):
    semantic_entropy(clusters, log_probs)
    return semantic_entropy(list(range(len(clusters))), log_probs)


@misconception(
    replaces="semantic_entropy",
    says="the sampled probabilities are not divided by their sum before the entropy",
    hint="Do the probabilities of the samples that you happen to have sum to 1?",
)
def not_normalised(clusters, log_probs=None):
    right = semantic_entropy(clusters, log_probs)
    return right if log_probs is None else entropy_of(masses(clusters, np.exp(log_probs)))


@misconception(
    replaces="semantic_entropy",
    says="clusters are weighed by their number of samples although log-probabilities are given",
    hint="Two clusters of two samples each, one of them far more probable. What is the entropy?",
)
def log_probs_ignored(clusters, log_probs=None):
    semantic_entropy(clusters, log_probs)
    return semantic_entropy(clusters)


@misconception(
    replaces="semantic_entropy",
    says="the probability of a cluster is that of its most probable sample, not the sum",
    hint="A meaning can be said in many ways. How probable is it that one of them is said?",
)
def best_of_cluster(clusters, log_probs=None):
    right = semantic_entropy(clusters, log_probs)
    if log_probs is None:
        return right
    weights = np.exp(log_probs - np.max(log_probs))
    best = [max(w for c, w in zip(clusters, weights, strict=True) if c == k) for k in set(clusters)]
    return entropy_of([b / sum(best) for b in best])


@misconception(
    replaces="semantic_entropy",
    says="the entropy is divided by the logarithm of the number of clusters",
    hint="Two meanings that are as likely, or ten: when is the model less sure?",
)
def divided_by_the_greatest(clusters, log_probs=None):
    right = semantic_entropy(clusters, log_probs)
    count = len(set(clusters))
    return right / math.log(count) if count > 1 else right


@misconception(
    replaces="semantic_entropy",
    says="the logarithm is to base 2",
    hint="What is the entropy of two meanings that are as likely?",
)
def entropy_in_bits(clusters, log_probs=None):
    return semantic_entropy(clusters, log_probs) / math.log(2)


# ── check_claims ──────────────────────────────────────────────────────────────────────────────


def shares_of(words, theirs):
    """Return the containment."""
    return len(words & theirs) / len(words) if words else 0.0


def judged(
    claims,
    sources,
    threshold,
    share=shares_of,
    words=words_of,
    holds=lambda numbers, theirs: numbers <= theirs,
    reached=lambda share, threshold: share >= threshold,
):
    """Right but for one step, which is given."""
    check_claims([], [], threshold)
    result = []
    for claim in claims:
        shares = [share(words(claim), words(source)) for source in sources]
        covering = [i for i, value in enumerate(shares) if reached(value, threshold)]
        mine = numbers_of(claim)
        supporting = [i for i in covering if holds(mine, numbers_of(sources[i]))]
        chosen = max(supporting or covering, key=shares.__getitem__, default=None)
        if chosen is None:
            result.append(("unsupported", None, max(shares, default=0.0)))
        else:
            label = "supported" if supporting else "contradicted"
            result.append((label, chosen, shares[chosen]))
    return result


@misconception(
    replaces="check_claims",
    says="the overlap is divided by the union of both texts' words, so a long source never "
    "supports a short claim",
    hint="Add a page of text to a source. Does it support the claim less?",
)
def jaccard(claims, sources, threshold=0.5):
    def share(words, theirs):
        return len(words & theirs) / len(words | theirs) if words else 0.0

    return judged(claims, sources, threshold, share)


@misconception(
    replaces="check_claims",
    says="all sources are read as one text, so a claim can be pieced together from several",
    hint="One source names the person, another the year. Does either say both?",
)
def pooled_sources(claims, sources, threshold=0.5):
    return check_claims(claims, [" ".join(sources)] if sources else [], threshold)


@misconception(
    replaces="check_claims",
    says="numbers are counted like any other word, so one wrong year among right words still "
    "passes",
    hint="Nine of ten words are right, and the tenth is the year. Is the claim?",
)
def numbers_as_words(claims, sources, threshold=0.5):
    return judged(
        claims,
        sources,
        threshold,
        words=lambda text: words_of(text) | numbers_of(text),
        holds=lambda numbers, theirs: True,
    )


@misconception(
    replaces="check_claims",
    says="numbers are not compared at all, so nothing is ever contradicted",
    hint="The words are right and the year is wrong. What is the claim?",
)
def numbers_ignored(claims, sources, threshold=0.5):
    return judged(claims, sources, threshold, holds=lambda numbers, theirs: True)


@misconception(
    replaces="check_claims",
    says="one number of the claim in the source is enough, not all of them",
    hint="The day is right and the year is wrong. Does the source support the claim?",
)
def one_number_is_enough(claims, sources, threshold=0.5):
    return judged(
        claims,
        sources,
        threshold,
        holds=lambda numbers, theirs: not numbers or bool(numbers & theirs),
    )


@misconception(
    replaces="check_claims",
    says="only the source with the most words of the claim is asked for its numbers",
    hint="The best source has another number, the second best has this one. Who is right?",
)
def best_source_decides(claims, sources, threshold=0.5):
    right = check_claims(claims, sources, threshold)
    result = []
    for claim, (label, i, share) in zip(claims, right, strict=True):
        if label == "supported":
            shares = [shares_of(words_of(claim), words_of(source)) for source in sources]
            best = shares.index(max(shares))
            if not numbers_of(claim) <= numbers_of(sources[best]):
                label, i, share = "contradicted", best, shares[best]
        result.append((label, i, share))
    return result


@misconception(
    replaces="check_claims",
    says="the first source that will do is returned, not the one with the most words of the claim",
    hint="Two sources support the claim. Which of them would you show?",
)
def first_source_that_will_do(claims, sources, threshold=0.5):
    right = check_claims(claims, sources, threshold)
    result = []
    for claim, (label, i, share) in zip(claims, right, strict=True):
        if i is not None:
            words, numbers = words_of(claim), numbers_of(claim)
            shares = [shares_of(words, words_of(source)) for source in sources]
            i = next(
                j
                for j, value in enumerate(shares)
                if value >= threshold
                and (label == "contradicted" or numbers <= numbers_of(sources[j]))
            )
            share = shares[i]
        result.append((label, i, share))
    return result


@misconception(
    replaces="check_claims",
    says="a source that has just the threshold's share of the words does not cover the claim",
    hint="Half of the words are there, and the threshold is a half. Is it reached?",
)
def above_the_threshold_only(claims, sources, threshold=0.5):
    return judged(claims, sources, threshold, reached=lambda share, threshold: share > threshold)
