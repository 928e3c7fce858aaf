"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close, assert_equal


def test_a_static_batch_ends_with_its_longest_output(submission):
    result = submission.static_batching([(0, 4, 5), (0, 2, 1)], batch_size=2, token_budget=4)
    assert_equal(result["first_token"], [2, 2])
    assert_equal(result["finish"], [6, 6])


def test_requests_come_and_go_at_every_step(submission):
    requests = [(0, 3, 4), (1, 2, 2)]
    result = submission.continuous_batching(requests, token_budget=8, max_running=2, kv_capacity=20)
    assert_equal((result["first_token"], result["finish"]), ([1, 2], [4, 3]))
    assert_equal((result["preemptions"], result["computed"]), (0, 9))


def test_the_last_request_makes_room_and_is_computed_again(submission):
    requests = [(0, 4, 5), (0, 4, 5)]
    result = submission.continuous_batching(requests, token_budget=8, max_running=2, kv_capacity=10)
    assert_equal((result["first_token"], result["finish"]), ([1, 1], [5, 8]))
    assert_equal((result["preemptions"], result["computed"]), (1, 21))


def test_metrics_are_taken_from_the_first_arrival(submission):
    requests, first_token, finish = [(2, 4, 3), (3, 2, 1)], [4, 7], [6, 7]
    result = submission.serving_metrics(requests, first_token, finish, ttft_limit=3, tpot_limit=1)
    assert_close(result["throughput"], 4 / 5)
    assert_close((result["mean_ttft"], result["mean_tpot"]), (3.0, 1.0))
    assert_close(result["goodput"], 1 / 5)
