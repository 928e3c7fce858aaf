"""The hidden suite of continuous batching."""

import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.continuous_batching.continuous_batching import (
    continuous_batching,
    serving_metrics,
    static_batching,
)

TIMES = "first_token", "finish"
ALL = *TIMES, "preemptions", "computed"
METRICS = "throughput", "mean_ttft", "mean_tpot", "goodput"


def assert_keys(compare, result, expected, keys):
    """Compare some entries of a dict that may have more."""
    if not isinstance(result, dict):
        compare(result, expected)
    held = {key: result[key] for key in keys if key in result}
    compare(held, {key: expected[key] for key in keys})


def assert_served(result, expected, keys=ALL):
    assert_keys(assert_equal, result, expected, keys)


def draw_requests(rng, count, capacity):
    """Draw requests, each of which fits into so many slots."""
    requests = []
    for _ in range(count):
        prompt = int(rng.integers(1, capacity))
        output = int(rng.integers(1, capacity - prompt + 2))
        requests.append((int(rng.integers(0, 9)), prompt, output))
    return requests


# ── static_batching ───────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The rows of one tensor are equally long. How many tokens does the prefill compute?")
def test_prompts_are_padded_to_the_longest(submission):
    arguments = [(0, 9, 1), (0, 2, 1), (0, 4, 1)], 3, 4
    assert_served(submission.static_batching(*arguments), static_batching(*arguments), TIMES)


@points(0.5)
@hint("A short answer is done. When does the batch give its row to another request?")
def test_all_members_finish_when_the_longest_does(submission):
    arguments = [(0, 3, 2), (0, 3, 7), (0, 3, 1)], 3, 3
    assert_served(submission.static_batching(*arguments), static_batching(*arguments), TIMES)


@points(0.5)
@hint("What has to have happened before the second group can start?")
def test_a_group_waits_for_its_last_member_and_for_the_group_before(submission):
    arguments = [(0, 4, 3), (5, 4, 3), (6, 4, 1), (7, 4, 2), (30, 2, 2), (40, 2, 2)], 2, 4
    assert_served(submission.static_batching(*arguments), static_batching(*arguments), TIMES)


@points(0.5)
@hint("Groups are made in which order? And the result is in which?")
def test_groups_are_made_in_order_of_arrival(submission):
    arguments = [(9, 5, 2), (0, 4, 3), (9, 1, 6), (0, 3, 1), (2, 2, 2)], 2, 4
    assert_served(submission.static_batching(*arguments), static_batching(*arguments), TIMES)


@points(0.25)
@hint("Five requests in groups of two: how large is the last group, and how long its prefill?")
def test_the_last_group_may_be_smaller(submission):
    arguments = [(0, 6, 2)] * 5, 2, 6
    assert_served(submission.static_batching(*arguments), static_batching(*arguments), TIMES)


@points(0.25)
@hint("Draw some requests and follow them. Which group is the first that differs?")
def test_many_requests_are_served_in_groups(submission, rng):
    for batch_size in (1, 3, 4):
        arguments = draw_requests(rng, 10, 12), batch_size, 5
        assert_served(submission.static_batching(*arguments), static_batching(*arguments), TIMES)


@points(0.5)
@hint("Which requests can't be, and how many tokens has a step of a batch at least?")
def test_impossible_requests_and_batches_are_refused(submission):
    assert_served(
        submission.static_batching([(0, 1, 1)], 1, 1), {"first_token": [1], "finish": [1]}, TIMES
    )
    for request in [(-1, 2, 2), (0, 0, 2), (0, 2, 0), (0, -1, 2)]:
        assert_raises(ValueError, submission.static_batching, [(0, 1, 1), request], 2, 4)
    for batch_size, token_budget in [(0, 4), (-1, 4), (3, 2), (1, 0), (0, 0)]:
        arguments = [(0, 2, 2)], batch_size, token_budget
        assert_raises(ValueError, submission.static_batching, *arguments)


# ── continuous_batching ───────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The last position of the prompt has logits. Of which step is the first token?")
def test_the_step_that_ends_the_prefill_gives_the_first_token(submission):
    result = submission.continuous_batching([(0, 5, 3)], 8, 2, 20)
    expected = {"first_token": [1], "finish": [3], "preemptions": 0, "computed": 7}
    assert_served(result, expected)


@points(0.25)
@hint("A prompt of 11 tokens and a budget of 4: how many steps is that?")
@pytest.mark.parametrize("prompt", [11, 12, 13])
def test_a_prompt_longer_than_the_budget_takes_several_steps(submission, prompt):
    arguments = [(0, prompt, 2)], 4, 2, 20
    assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))


@points(0.75)
@hint("Three tokens of the budget are left, and a prompt of eight waits. What is done with them?")
def test_a_prompt_is_cut_to_what_is_left_of_the_budget(submission):
    # In step 0 the second gets 3 of its 8, in step 1 the other 5.
    result = submission.continuous_batching([(0, 5, 4), (0, 8, 2)], 8, 2, 20)
    expected = {"first_token": [1, 2], "finish": [4, 3], "preemptions": 0, "computed": 17}
    assert_served(result, expected)


@points(0.75)
@hint("One request is decoding when another comes. For what does the other have to wait?")
def test_a_request_joins_those_that_run(submission):
    result = submission.continuous_batching([(0, 4, 6), (2, 3, 2), (3, 2, 1)], 8, 4, 30)
    expected = {"first_token": [1, 3, 4], "finish": [6, 4, 4], "preemptions": 0, "computed": 15}
    assert_served(result, expected)


@points(0.5)
@hint("How many run when this one is let in, and when is the place of another free?")
@pytest.mark.parametrize("max_running", [1, 2, 3])
def test_no_more_run_than_may(submission, max_running):
    arguments = [(0, 2, 4), (0, 2, 1), (0, 2, 2), (1, 1, 1)], 16, max_running, 30
    assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))


@points(0.5)
@hint("The first chunk of a prompt would fit, the prompt would not. What then, a step later?")
def test_a_request_is_let_in_when_all_it_needs_fits(submission):
    arguments = [(0, 6, 1), (0, 6, 1)], 12, 4, 12
    assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))
    arguments = [(0, 6, 4), (0, 8, 1)], 8, 4, 12
    assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))


@points(0.5)
@hint("A large request waits for slots, and a small one behind it would fit. Who is next?")
def test_none_overtakes_the_first_that_waits(submission):
    arguments = [(0, 6, 4), (0, 8, 1), (0, 2, 2)], 16, 4, 12
    assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))


@points(0.75)
@hint("All slots are taken and both want one more. Which of the two gives up its own?")
def test_the_last_in_precedence_is_preempted(submission):
    arguments = [(0, 3, 7), (0, 4, 5)], 8, 2, 11
    assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))


@points(0.75)
@hint("A preempted request comes back. What does it have to compute, and what to generate?")
def test_a_preempted_request_recomputes_its_cache_and_keeps_its_tokens(submission):
    arguments = [(0, 2, 9), (1, 3, 6)], 8, 2, 12
    result = submission.continuous_batching(*arguments)
    assert_served(result, continuous_batching(*arguments))


@points(0.5)
@hint("It is the last in precedence itself that needs a slot. What happens to it?")
def test_three_requests_share_too_few_slots(submission):
    for kv_capacity in (9, 11, 12, 14):
        arguments = [(0, 3, 6), (0, 3, 4), (0, 3, 5)], 9, 3, kv_capacity
        assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))


@points(0.5)
@hint("The request that came first is not the first of the list. And in which order is the result?")
def test_the_earlier_arrival_goes_first_and_then_the_lower_index(submission):
    arguments = [(3, 4, 2), (0, 4, 2), (3, 2, 2), (0, 3, 3)], 4, 2, 20
    assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))


@points(0.25)
@hint("Nothing is there to do for a while. What time is it when the next request comes?")
def test_the_clock_runs_while_nobody_is_there(submission):
    result = submission.continuous_batching([(2, 3, 2), (40, 3, 1)], 4, 2, 20)
    expected = {"first_token": [3, 41], "finish": [4, 41], "preemptions": 0, "computed": 7}
    assert_served(result, expected)


@points(0.5)
@hint("Sum the tokens that a step computes for all its requests. Is that within the budget?")
def test_all_share_one_budget(submission):
    result = submission.continuous_batching([(0, 1, 4), (0, 1, 4), (0, 1, 4)], 2, 3, 20)
    expected = {"first_token": [1, 1, 5], "finish": [4, 4, 8], "preemptions": 0, "computed": 12}
    assert_served(result, expected)
    # The third waits for its turn in the middle of its prompt.
    arguments = [(0, 2, 3), (0, 2, 3), (0, 9, 2)], 5, 3, 40
    assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))


@points(0.25)
@hint("Keep a log of who computes what in which step. Which line is the first that differs?")
def test_many_requests_are_served_step_by_step(submission, rng):
    for capacity in (9, 14, 30):
        limits = int(rng.integers(1, 9)), int(rng.integers(1, 5)), capacity
        arguments = draw_requests(rng, 6, capacity), *limits
        assert_served(submission.continuous_batching(*arguments), continuous_batching(*arguments))


@points(0.25)
@hint("How long does it take to serve nobody?")
def test_without_requests_nothing_is_served(submission):
    expected = {"first_token": [], "finish": [], "preemptions": 0, "computed": 0}
    assert_served(submission.continuous_batching([], 4, 2, 10), expected)


@points(0.5)
@hint("Which request could wait forever? The last token of an output is never cached.")
def test_what_could_never_be_served_is_refused(submission):
    result = submission.continuous_batching([(0, 3, 4)], 1, 1, 6)
    expected = {"first_token": [3], "finish": [6], "preemptions": 0, "computed": 6}
    assert_served(result, expected)
    for request in [(-1, 2, 2), (0, 0, 2), (0, 2, 0), (0, 3, -1), (0, 4, 4), (0, 7, 1)]:
        arguments = [(0, 1, 1), request], 4, 2, 6
        assert_raises(ValueError, submission.continuous_batching, *arguments)
    for token_budget, max_running in [(0, 2), (-1, 2), (4, 0), (4, -2)]:
        arguments = [(0, 2, 2)], token_budget, max_running, 6
        assert_raises(ValueError, submission.continuous_batching, *arguments)


# ── serving_metrics ───────────────────────────────────────────────────────────────────────────

REQUESTS = [(4, 3, 5), (6, 2, 2), (5, 8, 9)]
FIRST, FINISH = [6, 11, 8], [13, 12, 24]


def assert_measured(measure, arguments, *keys):
    assert_keys(assert_close, measure(*arguments), serving_metrics(*arguments), keys)


@points(0.5)
@hint("From when to when was the server at work, and how many tokens came out?")
def test_throughput_is_output_tokens_over_the_span(submission):
    arguments = REQUESTS, FIRST, FINISH, 9, 9
    assert_measured(submission.serving_metrics, arguments, "throughput")


@points(0.5)
@hint("How long did each user look at an empty line?")
def test_time_to_first_token_is_counted_from_the_arrival(submission):
    arguments = REQUESTS, FIRST, FINISH, 9, 9
    assert_measured(submission.serving_metrics, arguments, "mean_ttft")


@points(0.5)
@hint(
    "Five tokens, the first of them at 6 and the last at 13. How long is it from one to the next?"
)
def test_time_per_output_token_is_that_between_tokens(submission):
    arguments = REQUESTS, FIRST, FINISH, 9, 9
    assert_measured(submission.serving_metrics, arguments, "mean_tpot")


@points(0.5)
@hint("Which requests keep both limits? Those that just reach one of them too.")
@pytest.mark.parametrize(
    ("ttft_limit", "tpot_limit"), [(5, 2), (3, 2.0), (2, 1.75), (1, 9), (9, 1.5)]
)
def test_goodput_counts_requests_within_both_limits(submission, ttft_limit, tpot_limit):
    # Waits of 2, 5 and 3 steps; 1.75, 1 and 2 steps a token.
    arguments = REQUESTS, FIRST, FINISH, ttft_limit, tpot_limit
    assert_measured(submission.serving_metrics, arguments, "goodput")


@points(0.5)
@hint("An output of one token has no gap. What does it add to the mean, and is it within 0?")
def test_outputs_of_one_token_have_no_time_between_tokens(submission):
    requests = [*REQUESTS, (5, 4, 1), (7, 4, 1)]
    arguments = requests, [*FIRST, 9, 8], [*FINISH, 9, 8], 3, 0
    assert_measured(submission.serving_metrics, arguments, *METRICS)
    arguments = [(3, 4, 1), (5, 4, 1)], [4, 9], [4, 9], 2, 0
    assert_measured(submission.serving_metrics, arguments, *METRICS)


@points(0.5)
@hint("Of what is there no mean, and what if the lists speak of different requests?")
def test_no_requests_and_lists_that_differ_are_refused(submission):
    assert_raises(ValueError, submission.serving_metrics, [], [], [], 1, 1)
    for first_token, finish in [([6, 11], FINISH), (FIRST, FINISH[:2]), (FIRST[:2], FINISH[:2])]:
        arguments = REQUESTS, first_token, finish, 9, 9
        assert_raises(ValueError, submission.serving_metrics, *arguments)
    for request in [(-1, 2, 2), (0, 0, 2), (0, 2, 0)]:
        assert_raises(ValueError, submission.serving_metrics, [request], [3], [4], 9, 9)
