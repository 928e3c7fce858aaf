"""The hidden suite of beam search."""

from itertools import pairwise
from math import inf, log
from random import Random

import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.beam_search.beam_search import banned_tokens, beam_search, greedy_decode

EOS, A, B, C = 0, 1, 2, 3


def logs(probs):
    """Return natural logarithms, −inf of 0."""
    return [log(p) if p else -inf for p in probs]


def tree(prompt, branches, otherwise):
    """Return a model that knows the probabilities after some beginnings, and its calls.

    Without its prompt it answers as if it knew nothing.
    """
    calls = []

    def model(ids):
        calls.append(list(ids))
        new = tuple(ids[len(prompt) :]) if list(ids[: len(prompt)]) == prompt else None
        return logs(branches.get(new, otherwise))

    return model, calls


def random_model(seed, vocab=4):
    """Return a model of its whole input, of multiples of 1/64, so that sums are exact."""

    def model(ids):
        random = Random(f"{seed} {list(ids)}")
        return [-random.randint(1, 160) / 64 for _ in range(vocab)]

    return model


def spread_model(rng, beams, max_new_tokens, alpha):
    """Draw a model for which the scores of all hypotheses are apart."""
    while True:
        model = random_model(int(rng.integers(10**9)), vocab=3)
        scores = [score for _, score in beam_search(model, [9], EOS, 10**4, max_new_tokens, alpha)]
        if min(high - low for high, low in pairwise(scores)) > 1e-5:
            return model


# ── greedy_decode ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which token ends the answer, and is it part of the answer?")
def test_the_most_likely_token_is_taken_until_the_end(submission):
    branches = {(): [0.1, 0.3, 0.6], (B,): [0.3, 0.5, 0.2], (B, A): [0.8, 0.1, 0.1]}
    model, _ = tree([7, 8], branches, [0.1, 0.2, 0.7])
    assert_equal(submission.greedy_decode(model, [7, 8], EOS, 6), [B, A, EOS])


@points(0.25)
@hint("The model never ends by itself. Who does?")
@pytest.mark.parametrize("limit", [1, 4])
def test_no_more_than_the_limit_is_generated(submission, rng, limit):
    model = random_model(int(rng.integers(10**9)))
    assert_equal(
        submission.greedy_decode(model, [3], 9, limit), greedy_decode(model, [3], 9, limit)
    )


@points(0.25)
@hint("Two tokens are equally likely. Which of their ids is lower?")
def test_the_lowest_of_equally_likely_tokens_is_taken(submission):
    model, _ = tree([1], {(): [0.1, 0.2, 0.35, 0.35], (B,): [0.1, 0.4, 0.1, 0.4]}, [1, 0, 0, 0])
    assert_equal(submission.greedy_decode(model, [1], EOS, 5), [B, A, EOS])


@points(0.25)
@hint("What does the model see before the third token, and how often is it asked?")
def test_the_model_is_called_once_a_token_with_all_that_came_before(submission):
    branches = {(): [0.2, 0.8], (A,): [0.3, 0.7]}
    model, calls = tree([4, 4, 0], branches, [0.9, 0.1])
    submission.greedy_decode(model, [4, 4, 0], EOS, 9)
    assert_equal(calls, [[4, 4, 0], [4, 4, 0, A], [4, 4, 0, A, A]], name="what the model was given")


@points(0.25)
@hint("The id of the end may be any. Where did you take it from?")
@pytest.mark.parametrize("eos", [1, 2])
def test_the_end_may_have_any_id(submission, eos):
    model, _ = tree([0], {(): [0.5, 0.2, 0.3], (0,): [0.3, 0.5, 0.2]}, [0.1, 0.2, 0.7])
    expected = [0, 1] if eos == 1 else [0, 1, 2]
    assert_equal(submission.greedy_decode(model, [0], eos, 7), expected)


@points(0.25)
@hint("How often does the model have to be asked for no token?")
def test_no_token_needs_no_model(submission):
    model, calls = tree([5], {}, [0.5, 0.5])
    assert_equal(submission.greedy_decode(model, [5], EOS, 0), [])
    assert_equal(calls, [], name="what the model was given")


@points(0.25)
@hint("How would you generate minus one token?")
def test_a_negative_number_of_greedy_tokens_is_refused(submission):
    model, _ = tree([5], {}, [0.5, 0.5])
    assert_raises(ValueError, submission.greedy_decode, model, [5], EOS, -1)


# ── beam_search ───────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Both of the best pairs begin with the same token. May a beam have two children?")
def test_both_best_hypotheses_may_come_from_one(submission):
    # Nothing ends before the limit. A·A 0.36 and A·B 0.3 beat the best of B, 0.12.
    branches = {
        (): [0, 0.7, 0.3],
        (A,): [0, 0.52, 0.48],
        (B,): [0, 0.4, 0.6],
        (A, B): [0, 0.9, 0.1],
        (A, A): [0, 0.45, 0.55],
        (B, B): [0, 0.8, 0.2],
    }
    model, _ = tree([5], branches, [0, 0.5, 0.5])
    assert_close(submission.beam_search(model, [5], EOS, 2, 3), beam_search(model, [5], EOS, 2, 3))


@points(0.5)
@hint("A sure step may follow an unlikely one. Which of the two numbers ranks a hypothesis?")
def test_hypotheses_are_ranked_by_the_sum_of_their_log_probs(submission):
    # After C the next token is almost certain, but C itself was unlikely.
    branches = {
        (): [0, 0.5, 0.3, 0.2],
        (A,): [0, 0.45, 0.35, 0.2],
        (B,): [0, 0.1, 0.2, 0.7],
        (B, C): [0, 0.95, 0.04, 0.01],
        (A, A): [0, 0.5, 0.2, 0.3],
    }
    model, _ = tree([5], branches, [0, 0.4, 0.35, 0.25])
    assert_close(submission.beam_search(model, [5], EOS, 2, 3), beam_search(model, [5], EOS, 2, 3))


@points(0.5)
@hint("One hypothesis has ended. Can another, longer one still have the higher score?")
def test_the_search_goes_on_after_the_first_end(submission):
    # One hypothesis at most is live: 0.5 against 0.48 · 0.98, divided by (7 / 6)².
    model, _ = tree([5], {(): [0.52, 0.48], (A,): [0.98, 0.02]}, [0.5, 0.5])
    result = submission.beam_search(model, [5], EOS, 1, 4, 3.0)
    assert_close(result, beam_search(model, [5], EOS, 1, 4, 3.0))


@points(0.5)
@hint("Two beams, and one candidate of the best two has ended. How many should go on?")
def test_a_finished_hypothesis_takes_no_live_ones_place(submission):
    # The end has 0.5, A 0.3, B 0.2: A and B go on, and the best way leads over B.
    branches = {(): [0.5, 0.3, 0.2], (A,): [0, 0.55, 0.45], (B,): [0, 0.05, 0.95]}
    model, _ = tree([5], branches, [0.4, 0.3, 0.3])
    assert_close(submission.beam_search(model, [5], EOS, 2, 2), beam_search(model, [5], EOS, 2, 2))


@points(0.5)
@hint("Work the divisor out for n = 1 and n = 7. What is it for a hypothesis of one token?")
@pytest.mark.parametrize("alpha", [0.6, 1.0, 2.0])
def test_scores_are_divided_by_the_length_penalty(submission, alpha):
    branches = {(): [0.4, 0.6], (A,): [0.3, 0.7], (A, A): [0.8, 0.2]}
    model, _ = tree([5], branches, [0.5, 0.5])
    result = submission.beam_search(model, [5], EOS, 2, 3, alpha)
    assert_close(result, beam_search(model, [5], EOS, 2, 3, alpha))


@points(0.5)
@hint("Is the prompt part of what was generated?")
@pytest.mark.parametrize("prompt", [[], [6, 7, 8, 9, 6, 7]], ids=["none", "long"])
def test_the_length_of_the_prompt_does_not_matter(submission, prompt):
    model, _ = tree(prompt, {(): [0.45, 0.55], (A,): [0.7, 0.3]}, [0.5, 0.5])
    result = submission.beam_search(model, prompt, EOS, 2, 3, 1.0)
    assert_close(result, beam_search(model, prompt, EOS, 2, 3, 1.0))


@points(0.5)
@hint("The limit is reached, and some hypotheses have not ended. What becomes of them?")
def test_hypotheses_still_live_at_the_limit_are_returned_too(submission):
    # The live A·A has 0.56; the finished ones have 0.3 and 0.14.
    model, _ = tree([5], {(): [0.3, 0.7], (A,): [0.2, 0.8]}, [0.5, 0.5])
    expected = [([A, A], log(0.7) + log(0.8)), ([EOS], log(0.3))]
    assert_close(submission.beam_search(model, [5], EOS, 2, 2), expected)


@points(0.25)
@hint("An end ranks third of the candidates and there are two beams. Is it kept?")
def test_an_end_that_is_not_among_the_best_candidates_is_dropped(submission):
    # Kept, it would have the best score of all, 0.3.
    branches = {(): [0.3, 0.36, 0.34], (A,): [0, 0.52, 0.48], (B,): [0, 0.44, 0.56]}
    model, _ = tree([5], branches, [0, 0.55, 0.45])
    assert_close(submission.beam_search(model, [5], EOS, 2, 3), beam_search(model, [5], EOS, 2, 3))


@points(0.5)
@hint("What may follow the end?")
def test_a_finished_hypothesis_is_never_extended(submission):
    # After the end the model would go on for free.
    branches = {(): [0.5, 0.3, 0.2], (EOS,): [0, 1, 0], (EOS, A): [0, 1, 0]}
    branches |= {(A,): [0.4, 0.25, 0.35], (A, EOS): [0, 0, 1]}
    model, _ = tree([5], branches, [0.2, 0.45, 0.35])
    result = submission.beam_search(model, [5], EOS, 3, 3, 1.0)
    assert_close(result, beam_search(model, [5], EOS, 3, 3, 1.0))


@points(0.25)
@hint("What is the logarithm of a probability of 0? Can such a token come?")
def test_what_cannot_come_is_no_candidate(submission):
    # A leads nowhere at all, and B only to the end.
    branches = {(): [0, 0.7, 0.3], (A,): [0, 0, 0], (B,): [0.9, 0, 0.1], (B, B): [0.2, 0, 0]}
    model, _ = tree([5], branches, [0.4, 0.3, 0.3])
    expected = [([B, EOS], log(0.3 * 0.9)), ([B, B, EOS], log(0.3 * 0.1 * 0.2))]
    assert_close(submission.beam_search(model, [5], EOS, 4, 8), expected)


@points(0.25)
@hint("Two candidates have the same sum and there is room for one. How do lists compare?")
def test_the_smaller_of_equally_good_candidates_goes_on(submission):
    def model(ids):
        # After the prompt: 0, −1/2 and −1; later −1 and −1/2, so that B·A and A·B tie.
        held = {(): [-9.0, -0.5, -0.5, -1.0], (B, A): [-1.0, -9.0, -9.0, -0.25]}
        return held.get(tuple(ids[1:]), [-9.0, -0.75, -0.5, -0.5])

    for beams in (1, 2, 3):
        assert_close(
            submission.beam_search(model, [5], EOS, beams, 3),
            beam_search(model, [5], EOS, beams, 3),
        )


@points(0.25)
@hint("Two results have one score. Which token list is the smaller one?")
def test_the_smaller_of_equally_good_results_comes_first(submission):
    def model(ids):
        held = {(): [-1.0, -0.5, -0.25], (A,): [-0.5, -2.0, -2.0], (B,): [-0.75, -2.0, -3.0]}
        return held.get(tuple(ids[1:]), [-4.0, -4.0, -4.0])

    expected = [([EOS], -1.0), ([A, EOS], -1.0), ([B, EOS], -1.0)]
    assert_close(submission.beam_search(model, [5], EOS, 3, 2), expected)


@points(0.25)
@hint("Before the first step there is one hypothesis. What are its tokens and its score?")
@pytest.mark.parametrize(("beams", "alpha"), [(1, 0.0), (3, 0.7)])
def test_without_a_step_the_empty_hypothesis_is_left(submission, beams, alpha):
    model, _ = tree([5], {}, [0.5, 0.5])
    assert_close(submission.beam_search(model, [5], EOS, beams, 0, alpha), [([], 0.0)])


@points(0.25)
@hint("A prompt may hold the end of an earlier answer. Does that end this one?")
def test_the_prompt_may_hold_the_end(submission):
    prompt = [A, EOS]
    branches = {(): [0.3, 0.5, 0.2], (A,): [0.6, 0.3, 0.1]}
    model, _ = tree(prompt, branches, [0.2, 0.3, 0.5])
    assert_close(
        submission.beam_search(model, prompt, EOS, 2, 3), beam_search(model, prompt, EOS, 2, 3)
    )


@points(0.25)
@hint("How many results does a caller with two beams expect, and how many can one step give?")
@pytest.mark.parametrize(("beams", "steps"), [(2, 4), (9, 1), (1, 5)])
def test_the_best_are_returned_and_no_more_than_beams(submission, rng, beams, steps):
    model = random_model(int(rng.integers(10**9)), vocab=3)
    result = submission.beam_search(model, [4], EOS, beams, steps)
    assert_close(result, beam_search(model, [4], EOS, beams, steps))


@points(0.25)
@hint("If nothing ever falls off the beam, what must the search find?")
def test_enough_beams_find_the_best_of_all_sequences(submission, rng):
    alpha = 0.8
    model = spread_model(rng, 10**4, 4, alpha)
    hypotheses = [([], 0.0)]
    done = []
    for _ in range(4):
        grown = [
            ([*tokens, token], total + log_prob)
            for tokens, total in hypotheses
            for token, log_prob in enumerate(model([9, *tokens]))
        ]
        done += [one for one in grown if one[0][-1] == EOS]
        hypotheses = [one for one in grown if one[0][-1] != EOS]
    done += hypotheses
    scored = [(tokens, total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in done]
    expected = sorted(scored, key=lambda one: -one[1])
    assert_close(submission.beam_search(model, [9], EOS, 100, 4, alpha), expected)


@points(0.5)
@hint("Print the live hypotheses after each step, and do one step by hand. Where do they part?")
@pytest.mark.parametrize("beams", [1, 2, 3, 5])
def test_deeper_trees_are_searched_step_by_step(submission, rng, beams):
    model = random_model(int(rng.integers(10**9)), vocab=5)
    result = submission.beam_search(model, [4, 2], EOS, beams, 6)
    assert_close(result, beam_search(model, [4, 2], EOS, beams, 6))


@points(0.25)
@hint("The id of the end is an argument. Does your code know another one?")
@pytest.mark.parametrize("eos", [1, 3, 7])
def test_any_token_may_be_the_end(submission, rng, eos):
    model = random_model(int(rng.integers(10**9)))
    result = submission.beam_search(model, [4], eos, 3, 4)
    assert_close(result, beam_search(model, [4], eos, 3, 4))


@points(0.25)
@hint("Which numbers of beams and of tokens, and which alpha, can't be meant?")
@pytest.mark.parametrize(
    ("beams", "limit", "alpha"),
    [(0, 3, 0.0), (-1, 3, 0.0), (2, -1, 0.0), (2, 3, -0.5), (0, 0, 0.0), (2, 0, -1.0)],
)
def test_senseless_searches_are_refused(submission, beams, limit, alpha):
    model, _ = tree([5], {}, [0.5, 0.5])
    assert_raises(ValueError, submission.beam_search, model, [5], EOS, beams, limit, alpha)


# ── banned_tokens ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("After which token are you? What has followed it so far?")
def test_what_followed_the_last_token_is_banned_for_bigrams(submission):
    assert_equal(submission.banned_tokens([2, 3, 8, 3, 5, 8, 2, 3], 2), [5, 8])


@points(0.5)
@hint("How many tokens of a trigram are there before the one that you are about to choose?")
def test_the_last_n_minus_one_tokens_are_looked_for(submission):
    tokens = [5, 1, 2, 9, 4, 1, 2, 6, 7, 2, 5, 1, 2]
    assert_equal(submission.banned_tokens(tokens, 3), [6, 9])


@points(0.25)
@hint("An n-gram of one token is a token. Which of them were there?")
def test_unigrams_ban_every_token_seen(submission):
    assert_equal(submission.banned_tokens([7, 2, 7, 5, 2], 1), [2, 5, 7])
    assert_equal(submission.banned_tokens([4], 1), [4])


@points(0.25)
@hint("How many trigrams are there in two tokens?")
@pytest.mark.parametrize(("tokens", "n"), [([], 1), ([], 3), ([5], 2), ([5, 5], 3), ([1, 1, 1], 5)])
def test_fewer_than_n_tokens_ban_nothing(submission, tokens, n):
    assert_equal(submission.banned_tokens(tokens, n), [])


@points(0.25)
@hint("May an n-gram that is there overlap with the one that is about to be completed?")
@pytest.mark.parametrize(("tokens", "n"), [([6, 5, 6, 6], 2), ([6, 6, 5, 6, 6, 6], 3)])
def test_ngrams_may_overlap_the_end(submission, tokens, n):
    assert_equal(submission.banned_tokens(tokens, n), banned_tokens(tokens, n))


@points(0.25)
@hint("One continuation came twice. How often, and where, does it stand in your list?")
def test_banned_tokens_ascend_without_duplicates(submission):
    tokens = [1, 9, 1, 4, 1, 9, 1, 30, 1, 4, 1]
    assert_equal(submission.banned_tokens(tokens, 2), [4, 9, 30])


@points(0.25)
@hint("The text has exactly n tokens. How many n-grams is that?")
def test_a_single_ngram_bans_its_last_token_if_it_comes_again(submission):
    assert_equal(submission.banned_tokens([8, 8, 8], 3), [8])
    assert_equal(submission.banned_tokens([3, 8, 8], 3), [])


@points(0.5)
@hint("Write all n-grams down. Which of them begin as your text ends?")
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_all_ngrams_of_a_longer_text_count(submission, rng, n):
    tokens = [int(token) for token in rng.integers(0, 3, size=80)]
    assert_equal(submission.banned_tokens(tokens, n), banned_tokens(tokens, n))


@points(0.25)
@hint("How many tokens has an n-gram at least?")
@pytest.mark.parametrize("n", [0, -2])
def test_ngrams_without_a_token_are_refused(submission, n):
    assert_raises(ValueError, submission.banned_tokens, [1, 2, 1], n)
