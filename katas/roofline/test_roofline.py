"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close, assert_equal

DEVICE = {"flops": 1000.0, "bandwidth": 10.0}
MODEL = {"parameters": 100, "layers": 1, "heads": 2, "kv_heads": 1, "d_head": 4}


def test_a_small_linear_layer_is_bound_by_memory(submission):
    result = submission.linear_roofline(4, 8, 5, 2, 2, DEVICE)
    assert_close(result["flops"], 320.0)
    assert_close(result["bytes"], 184.0)
    assert_close(result["intensity"], 320 / 184)
    assert_close(result["time"], 18.4)
    assert_equal(result["bound"], "memory")


def test_two_sequences_share_the_weights_and_not_the_cache(submission):
    result = submission.decode_step(MODEL, 2, 3, 2, 2, DEVICE)
    assert_close(result["flops"], 592.0)
    assert_close(result["bytes"], 296.0)
    assert_close(result["tokens_per_second"], 2 / 29.6)


def test_without_a_context_the_ridge_of_the_device_is_the_batch(submission):
    # The weights take 200 bytes / 10 = 20 s, a sequence 200 FLOPs / 1000 = 0.2 s.
    assert_equal(submission.compute_bound_batch(MODEL, 0, 2, 2, DEVICE), 100)


def test_fusing_saves_the_intermediate_result(submission):
    ops = [("h", ["x", "b"]), ("y", ["h", "h"])]
    assert_equal(submission.fusion_traffic(ops, {"x": 8, "b": 8, "h": 8, "y": 8}, ["y"]), (40, 24))
