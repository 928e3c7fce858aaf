"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_equal

# Accepts "ok", "okay" and nothing else: 0 -o- 1 -k- 2 -a- 3 -y- 4.
OK = {"start": 0, "accept": [2, 4], "edges": {0: {"o": 1}, 1: {"k": 2}, 2: {"a": 3}, 3: {"y": 4}}}
VOCABULARY = ["", "o", "k", "ok", "ay", "oka"]  # the first is eos


def test_one_token_may_read_several_characters(submission):
    # From 3 only "y" would do, which is no token.
    assert_equal(submission.tokens_to_accept(OK, VOCABULARY), {0: 1, 1: 1, 2: 0, 4: 0})


def test_a_token_has_to_leave_a_way_to_the_end(submission):
    mask = submission.token_mask(OK, VOCABULARY, state=0, budget=2, eos=0)
    # "oka" leads to 3.
    assert_equal(mask, torch.tensor([False, True, False, True, False, False]))
    mask = submission.token_mask(OK, VOCABULARY, state=0, budget=1, eos=0)
    assert_equal(mask, torch.tensor([False, False, False, True, False, False]))


def test_the_model_decides_where_the_automaton_lets_it(submission):
    def next_logits(ids):
        return [5.0, 4.0, 3.0, 2.0, 6.0, 9.0]

    # "oka" is not allowed, "o" is; then "k"; then "ay" is preferred to the end.
    ids = submission.constrained_decode(next_logits, OK, VOCABULARY, eos=0, max_tokens=3)
    assert_equal(ids, [1, 2, 4])


def test_text_without_a_choice_is_forced(submission):
    assert_equal(submission.forced_text(OK, 0), "ok")
    assert_equal(submission.forced_text(OK, 2), "")
    assert_equal(submission.forced_text(OK, 3), "y")
