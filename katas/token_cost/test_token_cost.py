"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close, assert_equal

PRICES = {"input": 2.0, "cached_input": 0.5, "output": 8.0}


def test_a_request_with_600_of_1000_tokens_cached(submission):
    # 400 · 2 + 600 · 0.5 + 200 · 8 = 2700 millionths of a dollar.
    assert_close(submission.request_cost(1000, 200, PRICES, 600), 0.0027)


def test_two_turns_send_the_first_one_twice(submission):
    # Inputs 120 and 100 + 20 + 30 + 10 = 160, outputs 30 and 40: 280 · 2 + 70 · 8 = 1120.
    cost = submission.conversation_cost(100, [(20, 30), (10, 40)], PRICES, cache=False)
    assert_close(cost, 0.00112)


def test_half_idle_gpus_double_the_price(submission):
    # 3.6 · 2 dollars an hour are 0.002 a second, for 5000 input or 500 output tokens.
    prices = submission.self_hosted_prices(3.6, 2, 10_000, 1000, utilisation=0.5)
    assert_close(prices, {"input": 0.4, "output": 4.0})


def test_the_second_replica_breaks_even(submission):
    # One full replica saves 600 of the 900 fixed dollars, so two are needed: 2900 / 2.
    assert_close(submission.break_even(2.0, 900.0, 1000.0, 800.0), 1450.0)


def test_a_replica_that_never_pays(submission):
    assert_equal(submission.break_even(1.0, 900.0, 1000.0, 800.0), None)
