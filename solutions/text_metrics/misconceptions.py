"""The wrong turns of text metrics."""

import math
import re
import string
from collections import Counter

from autograder.suite import misconception
from solutions.text_metrics.text_metrics import (
    clipped_matches,
    closest_length,
    corpus_bleu,
    ngrams,
    normalised,
    rouge_l,
    rouge_n,
    shares,
    squad_scores,
    token_f1,
)

# ── corpus_bleu ───────────────────────────────────────────────────────────────────────────────


def geometric(precisions):
    """Return the geometric mean, 0.0 if one of the numbers is 0."""
    if 0 in precisions:
        return 0.0
    return math.exp(sum(map(math.log, precisions)) / len(precisions))


def at_most_one(ratio):
    """Return the brevity penalty for r/c."""
    return min(1.0, math.exp(1 - ratio))


def scored(
    hypotheses,
    references,
    max_order,
    matches=clipped_matches,
    length=closest_length,
    penalty=at_most_one,
    mean=geometric,
    added=0,
):
    """Score a corpus, with one part of the score done in another way."""
    corpus_bleu(hypotheses, references, max_order)  # raises what has to be raised
    pairs = list(zip(hypotheses, references, strict=True))
    precisions = []
    for order in range(1, max_order + 1):
        total = sum(ngrams(hypothesis, order).total() for hypothesis in hypotheses)
        matched = sum(matches(*pair, order) for pair in pairs) + (added if total else 0)
        precisions.append(matched / (total + added) if total else 0.0)
    given = sum(map(len, hypotheses))
    if given == 0:
        return 0.0
    return penalty(sum(length(*pair) for pair in pairs) / given) * mean(precisions)


@misconception(
    replaces="corpus_bleu",
    says="a BLEU is computed for each sentence and averaged; counts must be summed over the "
    "corpus first",
    hint="What does a sentence without a common four-gram do to a mean, and what to a sum?",
)
def average_of_sentences(hypotheses, references, max_order=4):
    corpus_bleu(hypotheses, references, max_order)
    pairs = zip(hypotheses, references, strict=True)
    scores = [corpus_bleu([one], [several], max_order) for one, several in pairs]
    return sum(scores) / len(scores)


@misconception(
    replaces="corpus_bleu",
    says="every hypothesis n-gram that occurs in a reference counts, however often it is repeated: "
    "counts are not clipped",
    hint="What does a hypothesis score that says 'the' seven times?",
)
def unclipped(hypotheses, references, max_order=4):
    def matches(hypothesis, several, order):
        known = {ngram for reference in several for ngram in ngrams(reference, order)}
        return sum(n for ngram, n in ngrams(hypothesis, order).items() if ngram in known)

    return scored(hypotheses, references, max_order, matches=matches)


@misconception(
    replaces="corpus_bleu",
    says="counts are clipped by the sum over the references, not by the largest of one reference",
    hint="Three references have the word once each. How often may it be used?",
)
def clipped_by_all_references(hypotheses, references, max_order=4):
    def matches(hypothesis, several, order):
        known = sum((ngrams(reference, order) for reference in several), Counter())
        return (ngrams(hypothesis, order) & known).total()

    return scored(hypotheses, references, max_order, matches=matches)


@misconception(
    replaces="corpus_bleu",
    says="each hypothesis is compared with one reference at a time and the best one counts; the "
    "largest count of each n-gram may come from another reference",
    hint="One word is in the first reference and another in the second. Are both right?",
)
def one_reference_at_a_time(hypotheses, references, max_order=4):
    def matches(hypothesis, several, order):
        return max(clipped_matches(hypothesis, [reference], order) for reference in several)

    return scored(hypotheses, references, max_order, matches=matches)


@misconception(
    replaces="corpus_bleu",
    says="short hypotheses are not penalised: the brevity penalty is missing",
    hint="What does a hypothesis of the one word score that is surely right?",
)
def no_brevity_penalty(hypotheses, references, max_order=4):
    return scored(hypotheses, references, max_order, penalty=lambda ratio: 1.0)


@misconception(
    replaces="corpus_bleu",
    says="the brevity penalty is not capped at 1, so a corpus that is too long is rewarded",
    hint="What is exp(1 − r/c) when c is larger than r?",
)
def length_rewarded(hypotheses, references, max_order=4):
    return scored(hypotheses, references, max_order, penalty=lambda ratio: math.exp(1 - ratio))


@misconception(
    replaces="corpus_bleu",
    says="the brevity penalty is c/r, not exp(1 − r/c)",
    hint="What is your penalty for half the length? Compare it with the formula.",
)
def linear_penalty(hypotheses, references, max_order=4):
    def penalty(ratio):
        return min(1.0, 1 / ratio) if ratio else 1.0

    return scored(hypotheses, references, max_order, penalty=penalty)


@misconception(
    replaces="corpus_bleu",
    says="the brevity penalty takes the shortest reference, not the one closest in length",
    hint="One of four references is a single word. What is the length to be reached?",
)
def shortest_reference(hypotheses, references, max_order=4):
    def length(hypothesis, several):
        return min(map(len, several))

    return scored(hypotheses, references, max_order, length=length)


@misconception(
    replaces="corpus_bleu",
    says="the brevity penalty takes the longest reference, not the one closest in length",
    hint="One of four references is much longer than the others. What is the length to be reached?",
)
def longest_reference(hypotheses, references, max_order=4):
    def length(hypothesis, several):
        return max(map(len, several))

    return scored(hypotheses, references, max_order, length=length)


@misconception(
    replaces="corpus_bleu",
    says="the brevity penalty takes the first reference, not the one closest in length",
    hint="Exchange the references. Does your score change?",
)
def length_of_the_first_reference(hypotheses, references, max_order=4):
    def length(hypothesis, several):
        return len(several[0])

    return scored(hypotheses, references, max_order, length=length)


@misconception(
    replaces="corpus_bleu",
    says="only the first reference is looked at",
    hint="What are the others given for?",
)
def first_reference_only(hypotheses, references, max_order=4):
    corpus_bleu(hypotheses, references, max_order)
    return corpus_bleu(hypotheses, [several[:1] for several in references], max_order)


@misconception(
    replaces="corpus_bleu",
    says="of two references that are equally close in length the longer one is taken",
    hint="A hypothesis of five words, references of four and six. Which is r?",
)
def longer_of_equally_close(hypotheses, references, max_order=4):
    def length(hypothesis, several):
        return min((abs(len(one) - len(hypothesis)), -len(one)) for one in several)[1] * -1

    return scored(hypotheses, references, max_order, length=length)


@misconception(
    replaces="corpus_bleu",
    says="of two references that are equally close in length the first one is taken, not the "
    "shorter one",
    hint="Exchange the references. Does your score change?",
)
def first_of_equally_close(hypotheses, references, max_order=4):
    def length(hypothesis, several):
        return min(map(len, several), key=lambda one: abs(one - len(hypothesis)))

    return scored(hypotheses, references, max_order, length=length)


@misconception(
    replaces="corpus_bleu",
    says="the n-gram precisions are averaged arithmetically, not geometrically",
    hint="A text of right words in a wrong order has a precision of 1 for words. What is it worth?",
)
def arithmetic_mean(hypotheses, references, max_order=4):
    def mean(precisions):
        return sum(precisions) / len(precisions)

    return scored(hypotheses, references, max_order, mean=mean)


@misconception(
    id="arithmetic_mean",
    replaces="corpus_bleu",
    says="the n-gram precisions are averaged arithmetically, not geometrically",
    hint="A text of right words in a wrong order has a precision of 1 for words. What is it worth?",
)
def arithmetic_mean_but_for_zeros(hypotheses, references, max_order=4):
    def mean(precisions):
        return 0.0 if 0 in precisions else sum(precisions) / len(precisions)

    return scored(hypotheses, references, max_order, mean=mean)


@misconception(
    replaces="corpus_bleu",
    says="orders without a match are left out of the mean instead of making the score 0",
    hint="What is the geometric mean of 1/2 and 0?",
)
def zeros_left_out(hypotheses, references, max_order=4):
    def mean(precisions):
        return geometric([precision for precision in precisions if precision] or [0.0])

    return scored(hypotheses, references, max_order, mean=mean)


@misconception(
    replaces="corpus_bleu",
    says="one is added to every match and total: the counts are smoothed",
    hint="Which part of the formula adds something to the counts?",
)
def smoothed(hypotheses, references, max_order=4):
    return scored(hypotheses, references, max_order, added=1)


@misconception(
    replaces="corpus_bleu",
    says="only n-grams of the highest order count; the mean over the orders is missing",
    hint="How many precisions has your score when max_order is 4?",
)
def highest_order_only(hypotheses, references, max_order=4):
    def mean(precisions):
        return precisions[-1]

    return scored(hypotheses, references, max_order, mean=mean)


# ── rouge_n ───────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="rouge_n",
    says="repeated n-grams are counted once: sets are compared, not multisets",
    hint="'rain rain' and 'rain': are these the same text?",
)
def ngram_sets(hypothesis, reference, n):
    rouge_n(hypothesis, reference, n)
    given, wanted = set(ngrams(hypothesis, n)), set(ngrams(reference, n))
    return shares(len(given & wanted), len(given), len(wanted))


@misconception(
    id="ngram_sets",
    replaces="rouge_n",
    says="repeated n-grams are counted once: sets are compared, not multisets",
    hint="'rain rain' and 'rain': are these the same text?",
)
def overlap_of_ngram_sets(hypothesis, reference, n):
    rouge_n(hypothesis, reference, n)
    given, wanted = ngrams(hypothesis, n), ngrams(reference, n)
    return shares(len(set(given) & set(wanted)), given.total(), wanted.total())


@misconception(
    replaces="rouge_n",
    says="every n-gram of the hypothesis that occurs in the reference counts, however often it is "
    "repeated",
    hint="The reference has the word once, the hypothesis nine times. What is the overlap?",
)
def overlap_not_clipped(hypothesis, reference, n):
    rouge_n(hypothesis, reference, n)
    given, wanted = ngrams(hypothesis, n), ngrams(reference, n)
    overlap = sum(count for ngram, count in given.items() if ngram in wanted)
    precision = overlap / given.total() if given else 0.0
    recall = overlap / wanted.total() if wanted else 0.0
    f1 = 2 * precision * recall / (precision + recall) if overlap else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


@misconception(
    replaces="rouge_n",
    says="precision and recall have changed places",
    hint="Which of the two falls when the hypothesis says too much?",
)
def precision_is_recall(hypothesis, reference, n):
    return rouge_n(reference, hypothesis, n)


@misconception(
    replaces="rouge_n",
    says="f1 is the arithmetic mean of precision and recall",
    hint="A hypothesis of the whole dictionary has a recall of 1. What should its F1 be?",
)
def mean_of_precision_and_recall(hypothesis, reference, n):
    scores = rouge_n(hypothesis, reference, n)
    return {**scores, "f1": (scores["precision"] + scores["recall"]) / 2}


@misconception(
    replaces="rouge_n",
    says="n is ignored: words are compared",
    hint="Shuffle the words of the hypothesis. Does your ROUGE-2 change?",
)
def words_only(hypothesis, reference, n):
    rouge_n(hypothesis, reference, n)
    return rouge_n(hypothesis, reference, 1)


# ── rouge_l ───────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="rouge_l",
    says="the longest common contiguous run is taken; a subsequence may have gaps",
    hint="What do 'a x b' and 'a b' have in common?",
)
def substring_not_subsequence(hypothesis, reference):
    best, above = 0, [0] * (len(reference) + 1)
    for token in hypothesis:
        row = [0]
        for place, wanted in enumerate(reference):
            row.append(above[place] + 1 if token == wanted else 0)
        best, above = max(best, *row), row
    return shares(best, len(hypothesis), len(reference))


@misconception(
    replaces="rouge_l",
    says="the tokens that both texts have are counted, in whatever order they come",
    hint="Write the hypothesis backwards. Does your score change?",
)
def order_ignored(hypothesis, reference):
    return rouge_n(hypothesis, reference, 1)


@misconception(
    replaces="rouge_l",
    says="each token takes the next place where it occurs, which need not lead to the longest "
    "common subsequence",
    hint="The first token of one text is the last of the other. What is left after matching it?",
)
def greedy(hypothesis, reference):
    overlap, start = 0, 0
    for token in hypothesis:
        if token in reference[start:]:
            start = reference.index(token, start) + 1
            overlap += 1
    return shares(overlap, len(hypothesis), len(reference))


@misconception(
    replaces="rouge_l",
    says="precision and recall have changed places",
    hint="Which of the two falls when the hypothesis says too much?",
)
def lengths_exchanged(hypothesis, reference):
    return rouge_l(reference, hypothesis)


@misconception(
    replaces="rouge_l",
    says="a token of one text may be matched by several of the other",
    hint="What do 'a' and 'a a a' have in common?",
)
def tokens_matched_again(hypothesis, reference):
    above = [0] * (len(reference) + 1)
    for token in hypothesis:
        row = [0]
        for place, wanted in enumerate(reference):
            same = token == wanted
            row.append(
                max(above[place + 1], row[place]) + 1 if same else max(above[place + 1], row[-1])
            )
        above = row
    overlap = min(above[-1], len(hypothesis), len(reference))
    return shares(overlap, len(hypothesis), len(reference))


# ── squad_scores ──────────────────────────────────────────────────────────────────────────────


def best(prediction, answers, f1=token_f1, text=normalised, over=max):
    """Score a prediction, with one part of it done in another way."""
    given, wanted = text(prediction), [text(answer) for answer in answers or [""]]
    return {
        "exact_match": over([float(given == answer) for answer in wanted]),
        "f1": over([f1(given.split(), answer.split()) for answer in wanted]),
    }


def mean(scores):
    """Return the mean of a list."""
    return sum(scores) / len(scores)


@misconception(
    replaces="squad_scores",
    says="repeated tokens are counted once: sets are compared, not multisets",
    hint="'no no' and 'no': how much of the prediction is in the answer?",
)
def f1_on_sets(prediction, answers):
    return best(
        prediction, answers, f1=lambda given, wanted: token_f1(list(set(given)), list(set(wanted)))
    )


@misconception(
    id="f1_on_sets",
    replaces="squad_scores",
    says="repeated tokens are counted once: sets are compared, not multisets",
    hint="'no no' and 'no': how much of the prediction is in the answer?",
)
def f1_on_the_overlap_of_sets(prediction, answers):
    def f1(given, wanted):
        if not given or not wanted:
            return float(given == wanted)
        return 2 * len(set(given) & set(wanted)) / (len(given) + len(wanted))

    return best(prediction, answers, f1=f1)


@misconception(
    replaces="squad_scores",
    says="the scores are averaged over the reference answers instead of taking the best",
    hint="Three annotators wrote three right answers. How many can a prediction repeat at once?",
)
def mean_over_answers(prediction, answers):
    return best(prediction, answers, over=mean)


@misconception(
    replaces="squad_scores",
    says="only the first of the answers is looked at",
    hint="Exchange the answers. Does your score change?",
)
def first_answer_only(prediction, answers):
    return squad_scores(prediction, answers[:1])


@misconception(
    replaces="squad_scores",
    says="punctuation is replaced by a space instead of being deleted",
    hint="How many words is U.S.?",
)
def punctuation_becomes_a_space(prediction, answers):
    spaces = str.maketrans(dict.fromkeys(string.punctuation, " "))
    return best(prediction, answers, text=lambda one: normalised(one.translate(spaces)))


@misconception(
    replaces="squad_scores",
    says="articles are removed before punctuation, so a.m. loses its a",
    hint="Write down what your text is after each step for '10 a.m.'.",
)
def articles_before_punctuation(prediction, answers):
    def text(one):
        one = re.sub(r"\b(a|an|the)\b", " ", one.lower())
        return " ".join("".join(c for c in one if c not in string.punctuation).split())

    return best(prediction, answers, text=text)


@misconception(
    replaces="squad_scores",
    says="articles are removed inside words as well",
    hint="What is left of 'theatre' and 'bat'?",
)
def articles_inside_words(prediction, answers):
    def text(one):
        one = "".join(c for c in one.lower() if c not in string.punctuation)
        return " ".join(re.sub(r"a|an|the", " ", one).split())

    return best(prediction, answers, text=text)


@misconception(
    replaces="squad_scores",
    says="articles stay in the texts",
    hint="Are 'the tower' and 'tower' two answers?",
)
def articles_kept(prediction, answers):
    def text(one):
        one = "".join(c for c in one.lower() if c not in string.punctuation)
        return " ".join(one.split())

    return best(prediction, answers, text=text)


@misconception(
    replaces="squad_scores",
    says="capital letters make another word",
    hint="Are 'Tower' and 'tower' two answers?",
)
def case_kept(prediction, answers):
    def text(one):
        one = "".join(c for c in one if c not in string.punctuation)
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", one).split())

    return best(prediction, answers, text=text)


@misconception(
    replaces="squad_scores",
    says="a question without answers scores 0.0 whatever was predicted",
    hint="The question has no answer and the model gave none. Was it wrong?",
)
def unanswerable_scores_zero(prediction, answers):
    return squad_scores(prediction, answers) if answers else {"exact_match": 0.0, "f1": 0.0}


@misconception(
    replaces="squad_scores",
    says="two texts without a token have an f1 of 0.0 instead of 1.0",
    hint="The question has no answer and the model gave none. Was it wrong?",
)
def nothing_is_never_right(prediction, answers):
    return best(
        prediction, answers, f1=lambda given, wanted: token_f1(given, wanted) if given else 0.0
    )


@misconception(
    replaces="squad_scores",
    says="the exact match compares the tokens without their order",
    hint="Are 'dog bites man' and 'man bites dog' the same answer?",
)
def exact_match_without_order(prediction, answers):
    scores = squad_scores(prediction, answers)
    return {**scores, "exact_match": float(scores["f1"] == 1.0)}
