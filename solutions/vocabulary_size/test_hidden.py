"""The hidden suite of vocabulary_size."""

import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points, shuffled
from solutions.vocabulary_size.vocabulary_size import vocabulary_report, zipf_exponent

# 100 occurrences; neither ascending nor descending.
TEXT = {"zebra": 1, "the": 60, "of": 20, "and": 10, "cat": 5, "dog": 4}
NO_LIMIT = 10**15

# Fertility falls more and more slowly, and at last rises again. With a body of 10 million and a
# d_model of 100 the costs a word are 6 times 20.2, 17.34, 15.6, 14.69, 14.62, 15.84, 19.02, 26.68
# million.
SIZES = [
    (1000, 2.0),
    (2000, 1.7),
    (4000, 1.5),
    (8000, 1.36),
    (16000, 1.26),
    (32000, 1.2),
    (64000, 1.16),
    (128000, 1.17),
]
BODY, D_MODEL = 10_000_000, 100


def counts_of(*values):
    """Give each count a word of its own."""
    return {f"word{number}": value for number, value in enumerate(values)}


# ── coverage_size ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which words would you learn first to understand half of a text? Add up how much they cover.")
@pytest.mark.parametrize(("target", "size"), [(0.5, 1), (0.75, 2), (0.85, 3), (0.97, 5)])
def test_the_most_frequent_words_are_taken_until_the_target_is_reached(submission, target, size):
    assert_equal(submission.coverage_size(TEXT, target), size)


@points(0.25)
@hint("Two words make up exactly four fifths. Is a target of 0.8 reached?")
@pytest.mark.parametrize(("target", "size"), [(0.6, 1), (0.8, 2), (0.9, 3)])
def test_a_share_that_equals_the_target_has_reached_it(submission, target, size):
    assert_equal(submission.coverage_size(TEXT, target), size)


@points(0.25)
@hint("What is 0.55 · 100 in floating point? And 0.1 added up eight times?")
@pytest.mark.parametrize(("target", "size"), [(0.1 + 0.2, 3), (0.6, 6), (0.7, 7), (0.8, 8)])
def test_rounding_does_not_ask_for_another_word(submission, target, size):
    assert_equal(submission.coverage_size(counts_of(*[7] * 10), target), size)
    assert_equal(submission.coverage_size(counts_of(45, 55), 0.55), 1)


@points(0.25)
@hint("The share misses the target by a billionth. How many words does it take?")
def test_a_share_below_the_target_has_not_reached_it(submission):
    assert_equal(submission.coverage_size(TEXT, 0.8 + 1e-9), 3)


@points(0.25)
@hint("When is every occurrence covered?")
@pytest.mark.parametrize("words", [1, 3, 49])
def test_a_target_of_one_takes_all_words(submission, words):
    assert_equal(submission.coverage_size(counts_of(*range(1, words + 1)), 1.0), words)


@points(0.5)
@hint("Which shares can words have, and which can no words have?")
@pytest.mark.parametrize(
    ("counts", "target"),
    [({}, 0.5), (TEXT, 0.0), (TEXT, -0.1), (TEXT, 1.001), (TEXT, 50)],
    ids=["no words", "zero", "negative", "above one", "percent"],
)
def test_impossible_targets_are_refused(submission, counts, target):
    assert_raises(ValueError, submission.coverage_size, counts, target)


# ── zipf_exponent ─────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("What is ln count when count = C / rank? Which slope does that line have?")
@pytest.mark.parametrize(
    ("values", "exponent"),
    [((840, 420, 280, 210, 168, 140), 1.0), ((3600, 900, 400, 225, 144, 100), 2.0)],
    ids=["one over rank", "one over its square"],
)
def test_an_exact_power_law_gives_its_exponent(submission, rng, values, exponent):
    assert_close(submission.zipf_exponent(counts_of(*shuffled(rng, values))), exponent)


@points(0.75)
@hint("What stands on the two axes, which word comes first, and does every point count?")
def test_the_line_of_least_squares_goes_through_all_points(submission):
    counts = counts_of(17, 90, 5, 41, 2, 13)
    assert_close(submission.zipf_exponent(counts), zipf_exponent(counts))


@points(0.25)
@hint("Three words occur twice each. How many points do they add to the plot?")
def test_words_of_equal_count_get_successive_ranks(submission):
    counts = counts_of(2, 8, 4, 2, 4, 2, 1)
    assert_close(submission.zipf_exponent(counts), zipf_exponent(counts))


@points(0.25)
@hint("What is the slope of a line through two points? And of a flat one?")
def test_two_words_make_a_line_and_equal_counts_a_flat_one(submission):
    assert_close(submission.zipf_exponent(counts_of(3, 12)), 2.0)
    assert_close(submission.zipf_exponent(counts_of(5, 5, 5, 5)), 0.0, rtol=0, atol=1e-9)


@points(0.5)
@hint("How many points does a line need?")
@pytest.mark.parametrize("counts", [{}, {"the": 7}], ids=["no words", "one word"])
def test_fewer_than_two_words_are_refused(submission, counts):
    assert_raises(ValueError, submission.zipf_exponent, counts)


# ── vocabulary_report ─────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Count pieces and failures of each word. How often does each of them occur?")
def test_rates_are_over_occurrences(submission):
    counts = {"low": 5, "lower": 3, "xyz": 2, "lowest": 1}
    vocab = ["low", "##er", "##est", "##x"]
    assert_close(
        submission.vocabulary_report(counts, vocab),
        {"oov_rate": 2 / 11, "fertility": (5 + 6 + 2 + 2) / 11, "unused": 1},
    )


@points(0.5)
@hint("Which of the pieces that fit does WordPiece take?")
def test_the_longest_piece_that_fits_is_taken(submission):
    counts = {"lower": 2, "low": 1}
    vocab = ["l", "lo", "low", "##w", "##e", "##er", "##r", "##o"]
    expected = {"oov_rate": 0.0, "fertility": 5 / 3, "unused": 6}
    assert_close(submission.vocabulary_report(counts, vocab), expected)


@points(0.5)
@hint("Which entries can stand at the beginning of a word, and which only inside it?")
def test_pieces_inside_a_word_are_looked_up_with_their_mark(submission):
    counts = {"redo": 3, "undo": 2, "doing": 1, "ing": 1}
    vocab = ["re", "un", "do", "##do", "ing", "##ed"]
    # re ##do, un ##do; doing fails behind do, since ing has no mark.
    expected = {"oov_rate": 1 / 7, "fertility": (6 + 4 + 1 + 1) / 7, "unused": 2}
    assert_close(submission.vocabulary_report(counts, vocab), expected)


@points(0.5)
@hint("A word fails at its last letter. How many pieces is it, and what did it use?")
def test_a_word_that_fails_at_any_place_is_unknown_as_a_whole(submission):
    counts = {"lowers": 4, "low": 6}
    vocab = ["low", "##er", "##ers!"]
    expected = {"oov_rate": 0.4, "fertility": 1.0, "unused": 2}
    assert_close(submission.vocabulary_report(counts, vocab), expected)


@points(0.5)
@hint("The longest piece leads nowhere, a shorter one would. What does a greedy cut do?")
def test_a_greedy_cut_never_goes_back(submission):
    counts = {"unable": 3, "un": 1}
    vocab = ["un", "una", "##able", "##ble!"]
    expected = {"oov_rate": 0.75, "fertility": 1.0, "unused": 3}
    assert_close(submission.vocabulary_report(counts, vocab), expected)


@points(0.5)
@hint("How many different entries are there, and which words use them?")
def test_unused_counts_distinct_entries(submission):
    counts = {"ab": 2, "a": 1}
    vocab = ["a", "##b", "##b", "c", "c", "c", "##a", "a"]
    expected = {"oov_rate": 0.0, "fertility": 5 / 3, "unused": 2}
    assert_close(submission.vocabulary_report(counts, vocab), expected)


@points(0.25)
@hint("How far does a piece without letters get you?")
def test_empty_pieces_are_never_used(submission):
    counts = {"abc": 1, "ab": 3}
    vocab = ["", "##", "a", "##b"]
    expected = {"oov_rate": 0.25, "fertility": 7 / 4, "unused": 2}
    assert_close(submission.vocabulary_report(counts, vocab), expected)


@points(0.25)
@hint("What are the units of a word: bytes, code points, letters in one case?")
def test_pieces_are_made_of_code_points_as_they_are(submission):
    counts = {"naïve": 3, "NAÏVE": 1, "👍🏽": 2, "日本": 2}
    vocab = ["na", "##ï", "##ve", "👍", "##🏽", "日", "##本人"]
    expected = {"oov_rate": 3 / 8, "fertility": (9 + 1 + 4 + 2) / 8, "unused": 2}
    assert_close(submission.vocabulary_report(counts, vocab), expected)


@points(0.25)
@hint("What can be said of words when there is no vocabulary? And when every word is an entry?")
def test_a_vocabulary_may_hold_nothing_or_every_word(submission):
    counts = {"a": 1, "word": 3}
    nothing = {"oov_rate": 1.0, "fertility": 1.0, "unused": 0}
    assert_close(submission.vocabulary_report(counts, []), nothing)
    every = {"oov_rate": 0.0, "fertility": 1.0, "unused": 0}
    assert_close(submission.vocabulary_report(counts, ["word", "a"]), every)


@points(0.5)
@hint("Take one word of this text and cut it by hand. Where does your cut differ?")
@pytest.mark.parametrize("entries", [6, 12, 24])
def test_any_text_is_cut_by_the_same_rules(submission, rng, entries):
    def drawn(longest):
        return "".join("abc"[letter] for letter in rng.integers(0, 3, rng.integers(1, longest + 1)))

    counts = {drawn(7): int(count) for count in rng.integers(1, 50, 40)}
    vocab = [drawn(3) if place % 2 else "##" + drawn(2) for place in range(entries)]
    # Words of the letter a alone never fail, others may.
    vocab += ["a", "##a", "b"]
    assert_close(submission.vocabulary_report(counts, vocab), vocabulary_report(counts, vocab))


@points(0.25)
@hint("Which kind of number is a count of entries?")
def test_unused_is_a_whole_number(submission):
    report = submission.vocabulary_report({"a": 2}, ["a", "b"])
    assert_equal(report["unused"], 1)


@points(0.25)
@hint("What is the share of unknown words in a text without words?")
def test_a_report_on_no_words_is_refused(submission):
    assert_raises(ValueError, submission.vocabulary_report, {}, ["a"])


# ── best_vocabulary ───────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Make a table: size, tokens a word, FLOPs a token, FLOPs a word. Which line is the least?")
def test_the_size_of_least_cost_a_word_is_chosen(submission, rng):
    candidates = shuffled(rng, SIZES)
    assert_equal(submission.best_vocabulary(candidates, BODY, D_MODEL, NO_LIMIT), 16000)


@points(0.25)
@hint("How many parameters does each candidate have? Which ones are too large?")
def test_sizes_beyond_the_limit_are_left_out(submission, rng):
    candidates = shuffled(rng, SIZES)
    assert_equal(submission.best_vocabulary(candidates, BODY, D_MODEL, 10_900_000), 8000)


@points(0.25)
@hint("One parameter is missing for a size. Does it fit? And with that parameter?")
@pytest.mark.parametrize(
    ("limit", "tied", "size"),
    [
        (10_800_000, True, 8000),
        (10_799_999, True, 4000),
        (11_600_000, False, 8000),
        (11_599_999, False, 4000),
    ],
)
def test_exactly_as_many_parameters_as_the_limit_fit(submission, limit, tied, size):
    assert_equal(submission.best_vocabulary(SIZES, BODY, D_MODEL, limit, tied), size)


@points(0.25)
@hint("How many tables does a model hold whose input and output embeddings differ?")
def test_without_tying_both_tables_are_parameters(submission, rng):
    candidates = shuffled(rng, SIZES)
    given = submission.best_vocabulary(candidates, BODY, D_MODEL, 12_000_000, tied=False)
    assert_equal(given, 8000)


@points(0.25)
@hint("Untie the tables: which products does the model compute that it did not compute before?")
def test_without_tying_the_look_up_costs_nothing(submission, rng):
    candidates = shuffled(rng, SIZES)
    given = submission.best_vocabulary(candidates, BODY, D_MODEL, NO_LIMIT, tied=False)
    assert_equal(given, 16000)


@points(0.25)
@hint("Two sizes cost the same. Which would you rather keep in memory? Does their order matter?")
def test_of_equal_costs_the_smaller_size_is_chosen(submission):
    # 6 · 2 · (100 + 100) = 6 · 1 · (100 + 300), exactly.
    candidates = [(300, 1.0), (100, 2.0), (500, 1.0)]
    assert_equal(submission.best_vocabulary(candidates, 100, 1, NO_LIMIT), 100)
    assert_equal(submission.best_vocabulary(candidates[::-1], 100, 1, NO_LIMIT), 100)


@points(0.5)
@hint("What is left to choose from when even the smallest model is too large?")
@pytest.mark.parametrize(("limit", "tied"), [(10_099_999, True), (10_199_999, False), (0, True)])
def test_when_nothing_fits_there_is_no_best_size(submission, limit, tied):
    assert_equal(submission.best_vocabulary(SIZES, BODY, D_MODEL, limit, tied), None)


@points(0.25)
@hint("Which sizes are still allowed when they have to be positive?")
def test_the_only_candidate_is_the_best(submission):
    assert_equal(submission.best_vocabulary([(1, 7.5)], 10, 1, 11), 1)


@points(0.25)
@hint("Go through the arguments one by one: which values make no sense, even if they do not fit?")
@pytest.mark.parametrize(
    ("candidates", "d_model"),
    [
        ([], 8),
        ([(100, 1.5), (0, 1.2)], 8),
        ([(-5, 1.5)], 8),
        ([(100, 1.5), (10**12, 0.0)], 8),
        ([(100, -1.5), (200, 1.0)], 8),
        ([(100, 1.5)], 0),
        ([(100, 1.5)], -8),
    ],
    ids=[
        "no candidates",
        "size 0",
        "negative size",
        "fertility 0",
        "negative fertility",
        "d_model 0",
        "negative d_model",
    ],
)
def test_impossible_candidates_are_refused(submission, candidates, d_model):
    assert_raises(ValueError, submission.best_vocabulary, candidates, 1000, d_model, 10**6)
