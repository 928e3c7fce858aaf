"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close


def test_two_words_cover_four_fifths(submission):
    counts = {"cat": 2, "the": 6, "of": 2}
    assert submission.coverage_size(counts, 0.6) == 1
    assert submission.coverage_size(counts, 0.8) == 2
    assert submission.coverage_size(counts, 0.9) == 3


def test_counts_that_fall_as_one_over_rank_have_exponent_one(submission):
    assert_close(submission.zipf_exponent({"of": 30, "the": 60, "and": 20, "to": 15}), 1.0)


def test_the_report_of_the_worked_example(submission):
    counts = {"low": 5, "lower": 3, "slow": 2}
    report = submission.vocabulary_report(counts, ["low", "##er", "##e", "s"])
    # low · low ##er · slow fails: "s" fits, but then neither "##low" nor a beginning of it does.
    assert_close(report, {"oov_rate": 0.2, "fertility": 1.3, "unused": 2})


def test_the_middle_size_of_the_worked_example_costs_least(submission):
    candidates = [(1000, 2.0), (4000, 1.5), (16000, 1.3)]
    assert submission.best_vocabulary(candidates, 1_000_000, 100, 10_000_000) == 4000
    assert submission.best_vocabulary(candidates, 1_000_000, 100, 1_200_000) == 1000
