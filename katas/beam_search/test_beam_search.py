"""Examples that can be worked out by hand; the hidden suite asks for more."""

from math import log

from autograder.checks import assert_close, assert_equal

EOS, A, B = 0, 1, 2


def model(ids):
    """After A the end is certain, after B it has 0.6; B is a little likelier than A at first."""
    probs = {(): [0.1, 0.4, 0.5], (A,): [0.98, 0.01, 0.01], (B,): [0.6, 0.2, 0.2]}
    return [log(p) for p in probs.get(tuple(ids[1:]), [0.5, 0.25, 0.25])]


def test_greedy_takes_the_most_likely_token_each_time(submission):
    assert_equal(submission.greedy_decode(model, [7], EOS, 5), [B, EOS])


def test_two_beams_find_what_greedy_misses(submission):
    expected = [([A, EOS], log(0.4 * 0.98)), ([B, EOS], log(0.5 * 0.6))]
    assert_close(submission.beam_search(model, [7], EOS, beams=2, max_new_tokens=2), expected)


def test_a_third_token_of_a_trigram_is_banned(submission):
    assert_equal(submission.banned_tokens([1, 2, 3, 1, 2], 3), [3])
