"""The hidden suite of roofline."""

import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.roofline.roofline import (
    compute_bound_batch,
    decode_step,
    fusion_traffic,
    linear_roofline,
)

SLOW = {"flops": 1000.0, "bandwidth": 30.0}
FAST = {"flops": 9.0e5, "bandwidth": 7000.0}
EXACT = {"flops": 2.0**20, "bandwidth": 2.0**12}
"""Powers of two, with which the times are exact."""

MODEL = {"parameters": 5000, "layers": 3, "heads": 6, "kv_heads": 2, "d_head": 8}


def assert_keys(result, expected, *keys):
    """Compare some entries of a dict that may have more."""
    if not isinstance(result, dict):
        assert_equal(result, expected)
    held = {key: result[key] for key in keys if key in result}
    assert_close(held, {key: widened(expected[key]) for key in keys})


def widened(value):
    """Return a number as a float, which a result of either kind may equal."""
    return value if isinstance(value, str) else float(value)


# ── linear_roofline ───────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("For one output of one token: how many multiplications, and how many additions?")
def test_every_weight_costs_two_flops_a_token(submission):
    arguments = 7, 12, 5, 2, 2, SLOW
    assert_keys(submission.linear_roofline(*arguments), linear_roofline(*arguments), "flops")


@points(0.25)
@hint("What is read, what is written, and of how many bytes is an element of each?")
@pytest.mark.parametrize(("weight_bytes", "activation_bytes"), [(0.5, 2), (4, 1), (1.5, 0.25)])
def test_weights_input_and_output_cross_the_memory(submission, weight_bytes, activation_bytes):
    arguments = 7, 12, 5, weight_bytes, activation_bytes, SLOW
    assert_keys(submission.linear_roofline(*arguments), linear_roofline(*arguments), "bytes")


@points(0.25)
@hint("Does the device wait for all bytes before it starts to compute?")
@pytest.mark.parametrize("tokens", [1, 900])
def test_the_time_is_that_of_the_slower_of_the_two(submission, tokens):
    arguments = tokens, 300, 200, 2, 2, FAST
    assert_keys(submission.linear_roofline(*arguments), linear_roofline(*arguments), "time")


@points(0.25)
@hint("FLOPs per byte, or bytes per FLOP?")
def test_the_intensity_is_flops_per_byte(submission):
    arguments = 40, 30, 20, 2, 4, SLOW
    assert_keys(submission.linear_roofline(*arguments), linear_roofline(*arguments), "intensity")


@points(0.25)
@hint("Which of the two times is the longer one? With many tokens, and with one?")
@pytest.mark.parametrize("tokens", [1, 900])
def test_the_bound_is_the_slower_of_the_two(submission, tokens):
    arguments = tokens, 300, 200, 2, 2, FAST
    assert_keys(submission.linear_roofline(*arguments), linear_roofline(*arguments), "bound")


@points(0.25)
@hint("When both take equally long, what does the spec call it?")
def test_equal_times_count_as_compute(submission):
    # 2 · 8 · 16 · 16 FLOPs and 16 · 16 · 2 + 8 · 32 · 1 bytes: 4096 and 768.
    device = {"flops": 4096.0, "bandwidth": 768.0}
    expected = {"time": 1.0, "bound": "compute"}
    assert_keys(submission.linear_roofline(8, 16, 16, 2, 1, device), expected, "time", "bound")


@points(0.25)
@hint("Which arguments can't be 0? And which may well be a half?")
def test_layers_and_devices_that_cannot_be_are_refused(submission):
    good = {"tokens": 1, "d_in": 1, "d_out": 1, "weight_bytes": 0.5, "activation_bytes": 0.5}
    slow = {"flops": 0.5, "bandwidth": 0.5}
    assert_keys(
        submission.linear_roofline(**good, device=slow),
        linear_roofline(**good, device=slow),
        *("flops", "bytes", "time"),
    )
    for name in good:
        for value in (0, -2):
            changed = {**good, name: value}
            assert_raises(ValueError, submission.linear_roofline, **changed, device=slow)
    for name in slow:
        for value in (0.0, -1.0):
            device = {**slow, name: value}
            assert_raises(ValueError, submission.linear_roofline, **good, device=device)


# ── decode_step ───────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("One token through the model: how many FLOPs are that without any attention?")
def test_a_token_costs_two_flops_a_parameter(submission):
    arguments = MODEL, 1, 0, 2, 2, SLOW
    assert_keys(submission.decode_step(*arguments), decode_step(*arguments), "flops", "bytes")


@points(0.5)
@hint("A query meets each cached key, and each value is weighted. Which heads do that?")
def test_attention_adds_flops_for_every_query_head_and_cached_token(submission):
    arguments = MODEL, 1, 60, 2, 2, SLOW
    assert_keys(submission.decode_step(*arguments), decode_step(*arguments), "flops")


@points(0.25)
@hint("How many keys and how many values does a layer hold of one cached token?")
def test_the_cache_of_one_sequence_is_read(submission):
    arguments = MODEL, 1, 60, 2, 1, SLOW
    assert_keys(submission.decode_step(*arguments), decode_step(*arguments), "bytes")


@points(0.5)
@hint("What do the sequences of a batch have in common? How often is it read in one step?")
def test_the_batch_shares_one_reading_of_the_weights(submission):
    arguments = MODEL, 9, 0, 2, 2, SLOW
    assert_keys(submission.decode_step(*arguments), decode_step(*arguments), "flops", "bytes")


@points(0.5)
@hint("Two sequences with different prompts: which keys of the one can the other use?")
def test_every_sequence_reads_a_cache_of_its_own(submission):
    arguments = MODEL, 5, 70, 2, 2, SLOW
    assert_keys(submission.decode_step(*arguments), decode_step(*arguments), "flops", "bytes")


@points(0.25)
@hint("Weights in 4 bits and a cache in 8: which bytes go with which?")
def test_weights_and_cache_have_byte_sizes_of_their_own(submission):
    arguments = MODEL, 3, 40, 0.5, 1, SLOW
    assert_keys(submission.decode_step(*arguments), decode_step(*arguments), "bytes", "intensity")


@points(0.25)
@hint("One step is one token. For how many sequences?")
@pytest.mark.parametrize(("batch", "context"), [(1, 20), (400, 10)])
def test_time_bound_and_tokens_per_second_follow(submission, batch, context):
    arguments = MODEL, batch, context, 2, 2, FAST
    keys = "time", "bound", "tokens_per_second"
    assert_keys(submission.decode_step(*arguments), decode_step(*arguments), *keys)


@points(0.25)
@hint("When both take equally long, what does the spec call it?")
def test_a_step_of_equal_times_counts_as_compute(submission):
    # 256 · 2 · parameters FLOPs at 2²⁰ a second, 2 · parameters bytes at 2¹².
    assert_keys(submission.decode_step(MODEL, 256, 0, 2, 2, EXACT), {"bound": "compute"}, "bound")


@points(0.25)
@hint("Is a context of 0 a mistake? Is a batch of 0?")
def test_impossible_steps_are_refused(submission):
    good = {"batch": 1, "context": 0, "weight_bytes": 0.5, "kv_bytes": 0.5}
    device = {"flops": 0.5, "bandwidth": 0.5}
    assert_keys(
        submission.decode_step(MODEL, **good, device=device),
        decode_step(MODEL, **good, device=device),
        "time",
    )
    for name, value in [("batch", 0), ("batch", -3), ("context", -1), ("weight_bytes", 0)]:
        changed = {**good, name: value}
        assert_raises(ValueError, submission.decode_step, MODEL, **changed, device=device)
    for name, value in [("weight_bytes", -1), ("kv_bytes", 0), ("kv_bytes", -2)]:
        changed = {**good, name: value}
        assert_raises(ValueError, submission.decode_step, MODEL, **changed, device=device)
    for changed in [{"flops": 0}, {"flops": -1.0}, {"bandwidth": 0}, {"bandwidth": -0.5}]:
        slow = {**device, **changed}
        assert_raises(ValueError, submission.decode_step, MODEL, **good, device=slow)


# ── compute_bound_batch ───────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("One sequence less than your batch: is the step bound by memory then? And with your batch?")
def test_the_batch_is_the_first_that_is_bound_by_compute(submission):
    # weight_bytes · 9e5 / 7000 / 2: 128.57…, 64.28… and 32.14…
    for weight_bytes, batch in [(2, 129), (1, 65), (0.5, 33)]:
        assert_equal(submission.compute_bound_batch(MODEL, 0, weight_bytes, 2, FAST), batch)


@points(0.5)
@hint("Each sequence brings a cache that has to be read. Does the next one bring more than it has?")
def test_the_cache_of_every_sequence_makes_the_batch_larger(submission):
    # 40.82…, 18.23… and 107.20…
    for context in (3, 1, 4):
        arguments = MODEL, context, 2, 2, {"flops": 1.0e5, "bandwidth": 7000.0}
        assert_equal(submission.compute_bound_batch(*arguments), compute_bound_batch(*arguments))


@points(0.5)
@hint("What does one more sequence add to the time of memory, and what to that of compute?")
@pytest.mark.parametrize("context", [200, 5000])
def test_no_batch_is_large_enough_for_a_long_context(submission, context):
    assert_equal(submission.compute_bound_batch(MODEL, context, 2, 2, FAST), None)


@points(0.5)
@hint("A sequence adds as much time to both sides. Does the lead of the weights ever shrink?")
def test_no_batch_is_large_enough_when_a_sequence_adds_the_same_to_both(submission):
    # A sequence: 2 · 1024 + 4 · 4 · 32 · 12 FLOPs = 8192, and 12 · 2 · 2 · 32 · 4 bytes = 6144.
    model = {"parameters": 1024, "layers": 1, "heads": 4, "kv_heads": 2, "d_head": 32}
    device = {"flops": 4096.0, "bandwidth": 3072.0}
    assert_equal(submission.compute_bound_batch(model, 12, 2, 4, device), None)


@points(0.5)
@hint("At equal times a step is bound by compute. So which is the first such batch?")
@pytest.mark.parametrize(
    ("context", "weight_bytes", "bandwidth", "batch"), [(0, 2, 2.0**12, 256), (16, 12, 2.0**18, 32)]
)
def test_the_batch_at_which_both_take_the_same_time_counts(
    submission, context, weight_bytes, bandwidth, batch
):
    # With a context of 16, a sequence computes 20480 / 2²⁰ seconds and reads 2048 / 2¹⁸, so it
    # gains 3 · 2⁻⁸; the weights take 3 · 2⁻³.
    model = {"parameters": 2**13, "layers": 1, "heads": 4, "kv_heads": 1, "d_head": 16}
    device = {"flops": 2.0**20, "bandwidth": bandwidth}
    assert_equal(submission.compute_bound_batch(model, context, weight_bytes, 4, device), batch)


@points(0.25)
@hint("How small can a batch be?")
def test_a_slow_device_is_bound_by_compute_at_batch_one(submission):
    device = {"flops": 100.0, "bandwidth": 9000.0}
    assert_equal(submission.compute_bound_batch(MODEL, 30, 2, 2, device), 1)


@points(0.25)
@hint("Which sizes and devices were refused by the step? What does the batch do with them?")
def test_a_batch_for_an_impossible_step_is_refused(submission):
    assert_equal(
        submission.compute_bound_batch(MODEL, 0, 0.5, 0.5, {"flops": 6, "bandwidth": 1}), 2
    )
    good = {"context": 0, "weight_bytes": 2, "kv_bytes": 2}
    for name, value in [("context", -1), ("weight_bytes", 0), ("kv_bytes", 0), ("kv_bytes", -1)]:
        changed = {**good, name: value}
        assert_raises(ValueError, submission.compute_bound_batch, MODEL, **changed, device=FAST)
    for changed in [{"flops": 0}, {"flops": -1.0}, {"bandwidth": 0}, {"bandwidth": -0.5}]:
        slow = {**FAST, **changed}
        assert_raises(ValueError, submission.compute_bound_batch, MODEL, **good, device=slow)


# ── fusion_traffic ────────────────────────────────────────────────────────────────────────────

SIZES = {"a": 3, "b": 50, "c": 700, "d": 11000, "e": 130000, "f": 1700000, "g": 19000000}
"""Sizes that show in every sum which names are in it."""


@points(0.5)
@hint("Which of the names ever need to be in memory when one kernel does it all?")
def test_results_that_nobody_asked_for_stay_in_registers(submission):
    ops = [("c", ["a"]), ("d", ["c"]), ("e", ["d", "b"])]
    assert_equal(submission.fusion_traffic(ops, SIZES, ["e"]), fusion_traffic(ops, SIZES, ["e"]))


@points(0.5)
@hint("Two operations of one kernel need the same input. Where is it after the first?")
def test_an_input_of_several_operations_is_read_once_when_fused(submission):
    ops = [("c", ["a", "b"]), ("d", ["b"]), ("e", ["b", "a"])]
    outputs = ["c", "d", "e"]
    assert_equal(
        submission.fusion_traffic(ops, SIZES, outputs), fusion_traffic(ops, SIZES, outputs)
    )


@points(0.25)
@hint("How often does x · x read x?")
def test_an_operation_reads_the_same_input_once(submission):
    assert_equal(submission.fusion_traffic([("b", ["a", "a"])], SIZES, ["b"]), (53, 53))


@points(0.5)
@hint("A result is asked for, and another operation goes on from it. Who writes it, who reads it?")
def test_an_output_that_is_read_on_is_written_once_and_not_read(submission):
    ops = [("c", ["a"]), ("d", ["c", "b"]), ("e", ["c", "d"])]
    outputs = ["e", "c"]
    assert_equal(
        submission.fusion_traffic(ops, SIZES, outputs), fusion_traffic(ops, SIZES, outputs)
    )


@points(0.25)
@hint("The same output is asked for twice. How often is it written?")
def test_an_output_named_twice_is_written_once(submission):
    assert_equal(submission.fusion_traffic([("c", ["a", "b"])], SIZES, ["c", "c"]), (753, 753))


@points(0.25)
@hint("An operation without inputs, a result that is never used: what does each cost?")
def test_constants_and_unused_results_are_counted_as_they_are(submission):
    ops = [("g", []), ("f", ["a"]), ("e", ["b", "g"])]
    assert_equal(submission.fusion_traffic(ops, SIZES, ["e"]), fusion_traffic(ops, SIZES, ["e"]))
    assert_equal(submission.fusion_traffic(ops, SIZES, []), fusion_traffic(ops, SIZES, []))


@points(0.25)
@hint("What does nothing cost?")
def test_no_operation_moves_nothing(submission):
    assert_equal(submission.fusion_traffic([], SIZES, []), (0, 0))


@points(0.5)
@hint("Go through the operations in order: what is there before each one, and what must not be?")
def test_impossible_orders_and_outputs_are_refused(submission):
    wrong = [
        ([("c", ["a"]), ("c", ["b"])], ["c"]),
        ([("c", ["a", "c"])], ["c"]),
        ([("c", ["d"]), ("d", ["a"])], ["c"]),
        ([("c", ["a"])], ["a"]),
        ([("c", ["a"])], ["c", "e"]),
        ([], ["c"]),
    ]
    for ops, outputs in wrong:
        assert_raises(ValueError, submission.fusion_traffic, ops, SIZES, outputs)
