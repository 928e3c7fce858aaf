"""The wrong turns of choosing a vocabulary."""

import math
from statistics import linear_regression

from autograder.suite import misconception
from solutions.vocabulary_size.vocabulary_size import (
    ROUNDING,
    best_vocabulary,
    coverage_size,
    cut_greedily,
    vocabulary_report,
    zipf_exponent,
)

# ── coverage_size ─────────────────────────────────────────────────────────────────────────────


def reached(occurrences, target):
    """Return after how many of the occurrences their share reaches the target."""
    total, covered = sum(occurrences), 0
    for size, count in enumerate(occurrences, start=1):
        covered += count
        if covered / total >= target - ROUNDING:
            return size
    return len(occurrences)


@misconception(
    replaces="coverage_size",
    says="the target is taken as a share of distinct words, not of occurrences",
    hint="One word makes up half of a text of a thousand different words. "
    "How many words cover half of the text?",
)
def covers_types(counts, target):
    coverage_size(counts, target)
    return math.ceil(target * len(counts))


@misconception(
    replaces="coverage_size",
    says="words are taken in the order of the dictionary, not by frequency",
    hint="Does your result change when the same counts come in another order?",
)
def first_seen_order(counts, target):
    coverage_size(counts, target)
    return reached(list(counts.values()), target)


@misconception(
    replaces="coverage_size",
    says="the rarest words are taken first",
    hint="Which word covers most of a text? Does your sort put it first?",
)
def rarest_first(counts, target):
    coverage_size(counts, target)
    return reached(sorted(counts.values()), target)


@misconception(
    replaces="coverage_size",
    says="the share has to be above the target: one that is equal does not count",
    hint="Four words make up exactly 0.8. Is 0.8 reached?",
)
def above_target(counts, target):
    coverage_size(counts, target)
    return min(coverage_size(counts, min(1.0, target + 2 * ROUNDING)), len(counts))


@misconception(
    replaces="coverage_size",
    says="the word that reaches the target is not counted",
    hint="How many words have you added up when the share reaches the target?",
)
def one_word_short(counts, target):
    return coverage_size(counts, target) - 1


# ── zipf_exponent ─────────────────────────────────────────────────────────────────────────────


def points_of(counts):
    """Return ln rank and ln count of all words, after the checks of the task."""
    zipf_exponent(counts)
    x = [math.log(rank) for rank in range(1, len(counts) + 1)]
    return x, [math.log(count) for count in sorted(counts.values(), reverse=True)]


@misconception(
    replaces="zipf_exponent",
    says="the slope is returned as it is, negative",
    hint="Counts fall with rank. What is the sign of the slope, and what that of s?",
)
def slope_sign(counts):
    return -zipf_exponent(counts)


@misconception(
    replaces="zipf_exponent",
    says="the counts are fitted without taking their logarithm",
    hint="Take the logarithm of both sides of count = C · rank^(−s). What is linear in what?",
)
def counts_not_logged(counts):
    x, y = points_of(counts)
    return -linear_regression(x, [math.exp(value) for value in y]).slope


@misconception(
    replaces="zipf_exponent",
    says="the logarithm of the counts is fitted over the ranks themselves, not over theirs",
    hint="Take the logarithm of both sides of count = C · rank^(−s). What is linear in what?",
)
def ranks_not_logged(counts):
    _, y = points_of(counts)
    return -linear_regression(range(1, len(y) + 1), y).slope


@misconception(
    replaces="zipf_exponent",
    says="words are ranked in the order of the dictionary, not by descending count",
    hint="Which word has rank 1?",
)
def unsorted_ranks(counts):
    x, _ = points_of(counts)
    return -linear_regression(x, [math.log(count) for count in counts.values()]).slope


@misconception(
    replaces="zipf_exponent",
    says="words of equal count share a rank",
    hint="Three words occur twice each. Which ranks do they get?",
)
def shared_ranks(counts):
    _, y = points_of(counts)
    if y[0] == y[-1]:
        return 0.0
    distinct = sorted(set(y), reverse=True)
    return -linear_regression([math.log(distinct.index(value) + 1) for value in y], y).slope


@misconception(
    replaces="zipf_exponent",
    says="the line goes through the first and the last word only",
    hint="How much does your result change when a word in the middle becomes twice as frequent?",
)
def first_and_last_only(counts):
    x, y = points_of(counts)
    return (y[0] - y[-1]) / (x[-1] - x[0])


@misconception(
    replaces="zipf_exponent",
    says="the line is forced through the origin: there is no constant C",
    hint="Which count would your line give the word of rank 1, whose ln rank is 0?",
)
def no_constant(counts):
    x, y = points_of(counts)
    return -sum(a * b for a, b in zip(x, y, strict=True)) / sum(a * a for a in x)


# ── vocabulary_report ─────────────────────────────────────────────────────────────────────────


def report(counts, vocab, cut, *, unknown_pieces=None, weights=None, used_when_unknown=False):
    """Report on what `cut(word)` says: (whether the word is known, its pieces)."""
    vocabulary_report(counts, vocab)
    weights = weights or counts
    used, unknown, pieces = set(), 0, 0
    for word, count in weights.items():
        known, found = cut(word)
        if known or used_when_unknown:
            used.update(found)
        unknown += 0 if known else count
        if known:
            pieces += count * len(found)
        else:
            pieces += count * (1 if unknown_pieces is None else unknown_pieces(word, found))
    total = sum(weights.values())
    entries = set(vocab)
    rates = {"oov_rate": unknown / total, "fertility": pieces / total}
    return {**rates, "unused": len(entries - used)}


def greedy(entries, *, marks="##", shortest=False):
    """Return a function that cuts as far as it gets."""

    def cut(word):
        found, start = [], 0
        while start < len(word):
            ends = range(start + 1, len(word) + 1)
            mark = marks if start else ""
            fitting = [end for end in ends if mark + word[start:end] in entries]
            if not fitting:
                return False, found
            end = fitting[0] if shortest else fitting[-1]
            found.append(mark + word[start:end])
            start = end
        return True, found

    return cut


@misconception(
    replaces="vocabulary_report",
    says="rates are averaged over distinct words, not over occurrences",
    hint="One word occurs 1000 times, another once. Do both weigh the same in your rates?",
)
def types_not_occurrences(counts, vocab):
    return report(counts, vocab, greedy(set(vocab)), weights=dict.fromkeys(counts, 1))


@misconception(
    replaces="vocabulary_report",
    says="the pieces found before the failure count, and only the rest of the word is unknown",
    hint="The beginning of a word fits, its end does not. How many pieces is that word?",
)
def keeps_partial_words(counts, vocab):
    return report(
        counts,
        vocab,
        greedy(set(vocab)),
        unknown_pieces=lambda word, found: len(found) + 1,
        used_when_unknown=True,
    )


@misconception(
    replaces="vocabulary_report",
    says="the pieces of an out-of-vocabulary word that were found before it failed count as used",
    hint="A word failed at its last letter. What is left of its segmentation?",
)
def used_by_unknown_words(counts, vocab):
    return report(counts, vocab, greedy(set(vocab)), used_when_unknown=True)


@misconception(
    replaces="vocabulary_report",
    says="pieces inside a word are looked up without ##",
    hint="Is the entry `er` the same as the entry `##er`?",
)
def no_continuation_marks(counts, vocab):
    return report(counts, vocab, greedy(set(vocab), marks=""))


@misconception(
    replaces="vocabulary_report",
    says="the shortest piece that fits is taken, not the longest",
    hint="`low` and `l` are both in the vocabulary. Which one begins `lower`?",
)
def shortest_first(counts, vocab):
    return report(counts, vocab, greedy(set(vocab), shortest=True))


@misconception(
    replaces="vocabulary_report",
    says="when the longest piece leads nowhere a shorter one is tried, as WordPiece never does",
    hint="The greedy cut fails, another one would not. What does WordPiece say of the word?",
)
def tries_shorter_pieces(counts, vocab):
    entries = set(vocab)

    def search(word, start):
        if start == len(word):
            return []
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in entries:
                rest = search(word, end)
                if rest is not None:
                    return [piece, *rest]
        return None

    def cut(word):
        pieces = search(word, 0)
        return pieces is not None, pieces or []

    return report(counts, vocab, cut)


@misconception(
    replaces="vocabulary_report",
    says="every word that is no entry itself counts as out of vocabulary",
    hint="Is `lower` unknown when it can be cut into `low` and `##er`?",
)
def only_whole_words_known(counts, vocab):
    right = vocabulary_report(counts, vocab)
    missing = sum(count for word, count in counts.items() if word not in vocab)
    return {**right, "oov_rate": missing / sum(counts.values())}


@misconception(
    replaces="vocabulary_report",
    says="an out-of-vocabulary word adds no piece, where it is one piece",
    hint="What does the model read in place of a word that it does not know?",
)
def unknown_words_are_no_piece(counts, vocab):
    return report(counts, vocab, greedy(set(vocab)), unknown_pieces=lambda word, found: 0)


@misconception(
    replaces="vocabulary_report",
    says="fertility is taken over the known words only",
    hint="By which number do you divide the pieces: all occurrences, or some of them?",
)
def fertility_of_known_words(counts, vocab):
    right = vocabulary_report(counts, vocab)
    cuts = {word: cut_greedily(word, set(vocab)) for word in counts}
    known = sum(count for word, count in counts.items() if cuts[word])
    pieces = sum(count * len(cuts[word]) for word, count in counts.items() if cuts[word])
    return {**right, "fertility": pieces / known if known else 1.0}


@misconception(
    replaces="vocabulary_report",
    says="entries that stand in the list twice are counted twice as unused",
    hint="How many different entries does the vocabulary [a, a] have?",
)
def duplicates_counted(counts, vocab):
    used = set()
    for word in counts:
        used.update(cut_greedily(word, set(vocab)) or [])
    unused = sum(entry not in used for entry in vocab)
    return {**vocabulary_report(counts, vocab), "unused": unused}


# ── best_vocabulary ───────────────────────────────────────────────────────────────────────────


def choose(candidates, body, d_model, limit, tied, *, cost=None, parameters=None, larger=False):
    """Choose as the task does, but for what is given."""
    best_vocabulary(candidates, body, d_model, limit, tied)

    def flops(size, fertility):
        return fertility * 6 * (body + size * d_model)

    def held(size):
        return body + (1 if tied else 2) * size * d_model

    cost, parameters = cost or flops, parameters or held
    fitting = [(size, fertility) for size, fertility in candidates if parameters(size) <= limit]
    if not fitting:
        return None
    sign = -1 if larger else 1
    return min(fitting, key=lambda pair: (cost(*pair), sign * pair[0]))[0]


@misconception(
    replaces="best_vocabulary",
    says="cost is compared a token, so the smallest vocabulary always wins",
    hint="How many tokens does a word take with each of the vocabularies?",
)
def fertility_ignored(candidates, body_parameters, d_model, max_parameters, tied=True):
    return choose(
        candidates,
        body_parameters,
        d_model,
        max_parameters,
        tied,
        cost=lambda size, fertility: body_parameters + size * d_model,
    )


@misconception(
    replaces="best_vocabulary",
    says="the input embedding is counted in the FLOPs",
    hint="How many multiplications does it take to read a row of a table?",
)
def lookup_costs(candidates, body_parameters, d_model, max_parameters, tied=True):
    return choose(
        candidates,
        body_parameters,
        d_model,
        max_parameters,
        tied,
        cost=lambda size, fertility: fertility * (body_parameters + 2 * size * d_model),
    )


@misconception(
    replaces="best_vocabulary",
    says="the FLOPs follow the parameters, so an untied input table is counted in them",
    hint="Untie the tables: which products does the model compute that it did not compute before?",
)
def untied_table_costs(candidates, body_parameters, d_model, max_parameters, tied=True):
    tables = 1 if tied else 2
    return choose(
        candidates,
        body_parameters,
        d_model,
        max_parameters,
        tied,
        cost=lambda size, fertility: fertility * (body_parameters + tables * size * d_model),
    )


@misconception(
    replaces="best_vocabulary",
    says="the output layer is left out of the FLOPs, so the lowest fertility always wins",
    hint="What is multiplied to get the scores of all tokens of the vocabulary?",
)
def output_layer_free(candidates, body_parameters, d_model, max_parameters, tied=True):
    return choose(
        candidates,
        body_parameters,
        d_model,
        max_parameters,
        tied,
        cost=lambda size, fertility: fertility,
    )


@misconception(
    replaces="best_vocabulary",
    says="the largest vocabulary that fits is taken",
    hint="What does the last doubling of the size save, and what does it cost?",
)
def largest_that_fits(candidates, body_parameters, d_model, max_parameters, tied=True):
    return choose(
        candidates,
        body_parameters,
        d_model,
        max_parameters,
        tied,
        cost=lambda size, fertility: -size,
    )


@misconception(
    replaces="best_vocabulary",
    says="the limit on the parameters is not looked at",
    hint="How many parameters does your choice have? Is that within the limit?",
)
def limit_ignored(candidates, body_parameters, d_model, max_parameters, tied=True):
    return choose(
        candidates, body_parameters, d_model, max_parameters, tied, parameters=lambda size: 0
    )


@misconception(
    replaces="best_vocabulary",
    says="a model with exactly as many parameters as the limit is left out",
    hint="Is a model of 7 billion parameters within a limit of 7 billion?",
)
def below_the_limit(candidates, body_parameters, d_model, max_parameters, tied=True):
    best_vocabulary(candidates, body_parameters, d_model, max_parameters, tied)
    return best_vocabulary(candidates, body_parameters, d_model, max_parameters - 1, tied)


@misconception(
    replaces="best_vocabulary",
    says="one table is counted in the parameters although they are not tied",
    hint="How many tables does a model hold whose input and output embeddings differ?",
)
def always_tied(candidates, body_parameters, d_model, max_parameters, tied=True):
    best_vocabulary(candidates, body_parameters, d_model, max_parameters, tied)
    return best_vocabulary(candidates, body_parameters, d_model, max_parameters)


@misconception(
    replaces="best_vocabulary",
    says="of two sizes of equal cost the larger is taken",
    hint="Two sizes cost the same. Which one would you rather keep in memory?",
)
def ties_to_the_larger(candidates, body_parameters, d_model, max_parameters, tied=True):
    return choose(candidates, body_parameters, d_model, max_parameters, tied, larger=True)
