"""The hidden suite of token costs."""

import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.token_cost.token_cost import (
    break_even,
    conversation_cost,
    request_cost,
    self_hosted_prices,
)

PRICES = {"input": 2.5, "cached_input": 0.4, "output": 11.0}
PLAIN = {"input": 2.5, "output": 11.0}


def drawn_turns(rng, number, longest=700):
    """Return turns of random lengths."""
    return [tuple(int(count) for count in rng.integers(1, longest, size=2)) for _ in range(number)]


# ── request_cost ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which of the prices is for what the model reads, and which for what it writes?")
@pytest.mark.parametrize(("read", "written"), [(1200, 350), (0, 90), (70, 0)])
def test_input_and_output_have_prices_of_their_own(submission, read, written):
    assert_close(
        submission.request_cost(read, written, PRICES), request_cost(read, written, PRICES)
    )


@points(0.5)
@hint("The input has 5000 tokens, 3000 of them cached. How many cost the full price?")
def test_cached_tokens_cost_their_price_instead_of_the_full_one(submission):
    assert_close(
        submission.request_cost(5000, 100, PRICES, 3000), request_cost(5000, 100, PRICES, 3000)
    )


@points(0.25)
@hint("Not every provider has a price for cached tokens. What do they cost there?")
def test_without_a_price_for_cached_tokens_they_cost_as_input(submission):
    assert_close(submission.request_cost(5000, 100, PLAIN, 3000), request_cost(5000, 100, PLAIN))


@points(0.25)
@hint("May all of the input be cached? And what does nothing at all cost?")
@pytest.mark.parametrize(
    ("read", "written", "cached"), [(640, 10, 640), (0, 0, 0), (640, 0, 640), (1, 0, 0)]
)
def test_requests_at_the_edge_have_a_price_too(submission, read, written, cached):
    assert_close(
        submission.request_cost(read, written, PRICES, cached),
        request_cost(read, written, PRICES, cached),
    )


@points(0.25)
@hint("One token costs a fraction of a cent. What does rounding leave of it?")
def test_small_amounts_are_not_rounded(submission):
    prices = {"input": 0.05, "cached_input": 0.005, "output": 0.4}
    assert_close(submission.request_cost(3, 1, prices, 1), 0.505e-6)


@points(0.25)
@hint("Which counts can't be, and how much of the input can be cached?")
def test_impossible_counts_are_refused(submission):
    for counts in [(-1, 5, 0), (5, -1, 0), (5, 5, -1), (5, 9, 6), (-3, 5, -4)]:
        read, written, cached = counts
        assert_raises(ValueError, submission.request_cost, read, written, PRICES, cached)


# ── conversation_cost ─────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The API remembers nothing. What does the third request have to carry?")
@pytest.mark.parametrize("turns", [1, 2, 5])
def test_every_request_carries_all_that_was_said(submission, rng, turns):
    conversation = drawn_turns(rng, turns)
    assert_close(
        submission.conversation_cost(300, conversation, PRICES, cache=False),
        conversation_cost(300, conversation, PRICES, cache=False),
    )


@points(0.25)
@hint("In how many requests is the first message, and in how many the first reply?")
def test_without_cache_a_message_is_paid_once_for_each_request_that_carries_it(submission, rng):
    conversation, number = drawn_turns(rng, 9), 9
    read = number * 250
    for index, (message, reply) in enumerate(conversation):
        read += (number - index) * message + (number - 1 - index) * reply
    expected = request_cost(read, sum(reply for _, reply in conversation), PLAIN)
    assert_close(submission.conversation_cost(250, conversation, PLAIN, False), expected)


@points(0.5)
@hint("Which part of this prompt has been a prompt before? Has the last reply?")
def test_the_input_of_the_request_before_is_cached_and_not_its_reply(submission):
    # The inputs are 2048, 4096 and 8192 tokens, whole blocks; the replies are long.
    turns = [(1024, 1536), (512, 2560), (1536, 640)]
    assert_close(
        submission.conversation_cost(1024, turns, PRICES),
        conversation_cost(1024, turns, PRICES),
    )


@points(0.5)
@hint("A cache keeps blocks. What becomes of the tokens of a block that is not full?")
@pytest.mark.parametrize("block", [128, 64, 1000])
def test_only_whole_blocks_are_cached(submission, block):
    # One request before: its 2500 tokens make a prefix that is no multiple of any block.
    turns = [(1500, 300), (400, 200)]
    assert_close(
        submission.conversation_cost(1000, turns, PRICES, block=block),
        conversation_cost(1000, turns, PRICES, block=block),
    )


@points(0.25)
@hint("What could the very first request find in the cache?")
@pytest.mark.parametrize("system", [0, 1024, 12_800])
def test_the_first_request_finds_nothing_cached(submission, system):
    expected = request_cost(system + 640, 77, PRICES)
    assert_close(submission.conversation_cost(system, [(640, 77)], PRICES), expected)


@points(0.25)
@hint("How long does a prefix have to be to be cached at all? Is that length long enough?")
@pytest.mark.parametrize("message", [1023, 1024, 1025])
def test_a_prefix_shorter_than_the_minimum_is_not_cached(submission, message):
    turns = [(message, 10), (20, 30), (40, 50)]
    assert_close(
        submission.conversation_cost(0, turns, PRICES), conversation_cost(0, turns, PRICES)
    )


@points(0.25)
@hint("A prefix has 1100 tokens and 1050 are needed. Does it matter how long a block is?")
def test_the_minimum_is_compared_with_the_prefix_before_it_is_rounded(submission):
    # 1100 ≥ 1050, though only 1024 are kept.
    turns = [(100, 50), (60, 40)]
    assert_close(
        submission.conversation_cost(1000, turns, PRICES, min_prefix=1050),
        conversation_cost(1000, turns, PRICES, min_prefix=1050),
    )


@points(0.25)
@hint("Which minimum and which block hold when the caller names neither?")
def test_by_default_there_is_a_cache_of_blocks_of_128_from_1024_tokens_on(submission):
    turns = [(500, 120), (700, 80), (90, 400)]
    assert_close(
        submission.conversation_cost(100, turns, PRICES),
        conversation_cost(100, turns, PRICES, True, 1024, 128),
    )


@points(0.25)
@hint("How many requests does a conversation without a turn make?")
@pytest.mark.parametrize("cache", [True, False])
def test_no_turn_costs_nothing(submission, cache):
    assert_close(submission.conversation_cost(5000, [], PRICES, cache), 0.0)


@points(0.25)
@hint("What is the smallest minimum, and what the smallest block?")
@pytest.mark.parametrize(("minimum", "block"), [(0, 1), (0, 128), (1, 1), (500, 700)])
def test_minimum_and_block_may_be_any(submission, minimum, block):
    turns = [(0, 10), (301, 20), (0, 0), (250, 30)]
    assert_close(
        submission.conversation_cost(0, turns, PRICES, True, minimum, block),
        conversation_cost(0, turns, PRICES, True, minimum, block),
    )


@points(0.25)
@hint("A provider has no price for cached tokens. What does its cache save?")
def test_without_a_price_for_cached_tokens_the_cache_saves_nothing(submission, rng):
    conversation = drawn_turns(rng, 6, longest=2000)
    assert_close(
        submission.conversation_cost(2000, conversation, PLAIN),
        conversation_cost(2000, conversation, PLAIN, cache=False),
    )


@points(0.25)
@hint("Which of the numbers may not be negative, and which not even zero?")
def test_impossible_conversations_are_refused(submission):
    cases = [
        (-1, [(9, 9)], {}),
        (-1, [], {}),
        (9, [(9, 9), (-1, 9)], {}),
        (9, [(9, 9), (9, -1)], {"cache": False}),
        (9, [(9, 9)], {"min_prefix": -1}),
        (9, [(9, 9)], {"block": 0}),
        (9, [], {"block": -128, "cache": False}),
    ]
    for system, turns, settings in cases:
        assert_raises(ValueError, submission.conversation_cost, system, turns, PRICES, **settings)


@points(0.25)
@hint("Write input, cached and output of each request down. Which of them is off?")
def test_a_long_conversation_adds_up(submission, rng):
    conversation = drawn_turns(rng, 25)
    settings = {"min_prefix": 1500, "block": 100}
    assert_close(
        submission.conversation_cost(350, conversation, PRICES, **settings),
        conversation_cost(350, conversation, PRICES, **settings),
    )


# ── self_hosted_prices ────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What does one second cost, and how many tokens does it bring?")
def test_a_busy_gpu_costs_its_hour_over_its_tokens(submission):
    assert_close(
        submission.self_hosted_prices(2.7, 1, 8000.0, 1500.0, 1.0),
        self_hosted_prices(2.7, 1, 8000.0, 1500.0, 1.0),
    )


@points(0.5)
@hint("Prefill reads many tokens at once, decode writes them one by one. Which rate is for which?")
def test_input_is_priced_by_prefill_and_output_by_decode(submission):
    result = submission.self_hosted_prices(1.8, 1, 20_000.0, 500.0, 1.0)
    assert_close(result, {"input": 0.025, "output": 1.0})


@points(0.5)
@hint("Eight GPUs run one model. How many of them are on the bill?")
@pytest.mark.parametrize("gpus", [2, 8])
def test_all_gpus_are_paid_for(submission, gpus):
    assert_close(
        submission.self_hosted_prices(3.3, gpus, 9000.0, 700.0, 1.0),
        self_hosted_prices(3.3, gpus, 9000.0, 700.0, 1.0),
    )


@points(0.5)
@hint("A GPU is idle half of the time. Is a token cheaper or dearer for that?")
@pytest.mark.parametrize("utilisation", [0.25, 0.8])
def test_idle_time_makes_tokens_dearer(submission, utilisation):
    assert_close(
        submission.self_hosted_prices(3.3, 1, 9000.0, 700.0, utilisation),
        self_hosted_prices(3.3, 1, 9000.0, 700.0, utilisation),
    )


@points(0.5)
@hint("Check the units: dollars an hour, tokens a second, dollars per million tokens.")
def test_all_numbers_together_make_the_prices(submission, rng):
    arguments = (
        float(rng.uniform(1, 5)),
        int(rng.integers(2, 9)),
        float(rng.uniform(1e3, 1e5)),
        float(rng.uniform(1e2, 1e4)),
        float(rng.uniform(0.1, 0.9)),
    )
    assert_close(submission.self_hosted_prices(*arguments), self_hosted_prices(*arguments))


@points(0.5)
@hint("Which of the numbers may be zero? How busy can a GPU be at most?")
@pytest.mark.parametrize(
    ("place", "value"), [*((place, value) for place in range(5) for value in (0, -1)), (4, 1.01)]
)
def test_impossible_deployments_are_refused(submission, place, value):
    arguments = [3.0, 2, 9000.0, 700.0, 0.5]
    arguments[place] = value
    assert_raises(ValueError, submission.self_hosted_prices, *arguments)


# ── break_even ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("One and a half replicas would do. How many do you have to rent?")
def test_replicas_are_whole(submission):
    # A full replica saves 4 · 500 − 1000 = 1000. Only 400 are needed, but all of it is paid.
    assert_close(submission.break_even(4.0, 400.0, 1000.0, 500.0), 350.0)


@points(0.5)
@hint("Can one replica carry the volume at which you break even?")
@pytest.mark.parametrize(("fixed", "cost"), [(2500.0, 1000.0), (3200.0, 1000.0), (1.25, 1999.5)])
def test_as_many_replicas_are_paid_as_the_volume_needs(submission, fixed, cost):
    assert_close(
        submission.break_even(4.0, fixed, cost, 500.0), break_even(4.0, fixed, cost, 500.0)
    )


@points(0.5)
@hint("A full replica costs more than the API would for as many tokens. What do more of them do?")
@pytest.mark.parametrize(
    ("api_price", "fixed", "cost", "capacity"),
    [(1.0, 500.0, 900.0, 800.0), (1.0, 0.0, 900.0, 800.0), (2.0, 0.5, 1600.0, 800.0)],
)
def test_where_replicas_save_nothing_there_is_no_break_even(
    submission, api_price, fixed, cost, capacity
):
    assert_equal(submission.break_even(api_price, fixed, cost, capacity), None)


@points(0.25)
@hint("Nothing is fixed. From which volume on is a single replica worth it?")
def test_without_fixed_costs_one_replica_has_to_pay_for_itself(submission):
    assert_close(submission.break_even(2.0, 0.0, 1000.0, 800.0), 500.0)


@points(0.25)
@hint("A full replica costs exactly what the API does. Is that no more?")
def test_a_full_replica_at_the_price_of_the_api_breaks_even(submission):
    assert_close(submission.break_even(2.0, 0.0, 1600.0, 800.0), 800.0)


@points(0.25)
@hint("Two full replicas save exactly the fixed costs. Do you need a third?")
@pytest.mark.parametrize(("fixed", "volume"), [(1000.0, 500.0), (2000.0, 1000.0)])
def test_full_replicas_may_break_even_exactly(submission, fixed, volume):
    assert_close(submission.break_even(4.0, fixed, 1000.0, 500.0), volume)


@points(0.5)
@hint("Take one replica more at a time. At which number do you first break even, and where?")
@pytest.mark.parametrize("replicas", [1, 3, 4, 7, 40])
def test_the_smallest_number_of_replicas_that_breaks_even_is_found(submission, rng, replicas):
    api_price, capacity = float(rng.integers(1, 33)) / 8, float(rng.integers(200, 900))
    cost = float(rng.integers(1, 8)) / 8 * api_price * capacity
    # The last replica is needed for half of what it can save.
    fixed = (replicas - 0.5) * (api_price * capacity - cost)
    expected = (fixed + replicas * cost) / api_price
    assert_close(submission.break_even(api_price, fixed, cost, capacity), expected)


@points(0.5)
@hint("Look at the result again: what do both ways cost there, and a little below it?")
def test_at_the_break_even_both_cost_the_same(submission):
    # Capacity and prices that are no whole numbers.
    result = submission.break_even(0.75, 1234.5, 410.25, 812.5)
    assert_close(result, break_even(0.75, 1234.5, 410.25, 812.5))


@points(0.75)
@hint("Which of the four may be zero?")
@pytest.mark.parametrize(
    ("place", "value"), [(0, 0.0), (0, -1.0), (1, -0.5), (2, 0.0), (2, -1.0), (3, 0.0), (3, -9.0)]
)
def test_impossible_costs_are_refused(submission, place, value):
    arguments = [2.0, 900.0, 1000.0, 800.0]
    arguments[place] = value
    assert_raises(ValueError, submission.break_even, *arguments)
