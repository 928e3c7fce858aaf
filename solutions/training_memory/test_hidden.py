"""The hidden suite of training_memory."""

import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.training_memory.training_memory import (
    activation_memory,
    state_memory,
    training_time,
)

# ── state_memory ──────────────────────────────────────────────────────────────────────────────


def held(weights, gradients, optimizer, master):
    """Return what `state_memory` returns for these components."""
    components = {"weights": weights, "gradients": gradients, "optimizer": optimizer}
    total = weights + gradients + optimizer + master
    return {**components, "master": master, "total": total}


@points(0.25)
@hint("How many bytes has a number in fp32, and how many such does Adam keep of each parameter?")
def test_fp32_takes_four_four_and_eight_bytes(submission):
    assert_equal(submission.state_memory(1001, "fp32"), held(4004, 4004, 8008, 0))


@points(0.5)
@hint("Two bytes for weights and gradients. What else is kept, and in which precision?")
def test_mixed_precision_keeps_master_weights(submission):
    result = submission.state_memory(1001, "bf16_mixed")
    assert_equal(result, held(2002, 2002, 8008, 4004))


@points(0.25)
@hint("What is pure about it? Go through the components one by one.")
def test_pure_bf16_keeps_its_moments_in_bf16(submission):
    assert_equal(submission.state_memory(1001, "bf16_pure"), held(2002, 2002, 4004, 0))


@points(0.5)
@hint("Which weights does the optimizer change under LoRA, and which are only read?")
def test_lora_has_gradients_and_moments_of_its_adapters_only(submission):
    result = submission.state_memory(1001, "lora", 30)
    assert_equal(result, held(2002 + 120, 120, 240, 0))


@points(0.5)
@hint("Half a byte a weight is not all: each block has a constant. How are those stored?")
def test_qlora_stores_a_base_of_four_bits_and_its_constants(submission):
    # 64 · 512 weights: 512 blocks, whose constants are 2 blocks of 256.
    result = submission.state_memory(64 * 512, "qlora", 30)
    assert_equal(result, held(32 * 512 + 512 + 4 * 2 + 120, 120, 240, 0))


@points(0.25)
@hint("A last block may hold less than 64 weights. Does it need a constant?")
@pytest.mark.parametrize(
    ("parameters", "base"),
    [
        (1, 1 + 1 + 4),
        (63, 32 + 1 + 4),
        (64, 32 + 1 + 4),
        (65, 33 + 2 + 4),
        (64 * 256, 8192 + 256 + 4),
        (64 * 256 + 1, 8193 + 257 + 8),
        (64 * 512 + 64, 16_416 + 513 + 12),
    ],
)
def test_incomplete_blocks_of_qlora_count_as_blocks(submission, parameters, base):
    result = submission.state_memory(parameters, "qlora", 1)
    assert_equal(result, held(base + 4, 4, 8, 0))


@points(0.5)
@hint("What does stage 1 of ZeRO shard: what the optimizer needs, or what the backward pass does?")
def test_stage_one_shards_what_belongs_to_the_optimizer(submission):
    result = submission.state_memory(1000, "bf16_mixed", gpus=4, stage=1)
    assert_equal(result, held(2000, 2000, 2000, 1000))


@points(0.5)
@hint("What does stage 2 shard that stage 1 does not?")
def test_stage_two_shards_the_gradients_too(submission):
    result = submission.state_memory(1000, "bf16_mixed", gpus=4, stage=2)
    assert_equal(result, held(2000, 500, 2000, 1000))


@points(0.25)
@hint("What is left whole in stage 3?")
@pytest.mark.parametrize("method", ["fp32", "bf16_mixed", "bf16_pure"])
def test_stage_three_shards_everything(submission, method):
    whole, gpus = state_memory(1000, method), 8
    parts = [whole[name] // gpus for name in ("weights", "gradients", "optimizer", "master")]
    assert_equal(submission.state_memory(1000, method, gpus=gpus, stage=3), held(*parts))


@points(0.25)
@hint("Data parallel training without ZeRO: what does each GPU hold?")
def test_stage_zero_shards_nothing(submission):
    result = submission.state_memory(1000, "bf16_mixed", gpus=64, stage=0)
    assert_equal(result, held(2000, 2000, 8000, 4000))
    assert_equal(submission.state_memory(1000, "fp32", gpus=64), held(4000, 4000, 8000, 0))


@points(0.25)
@hint("With whom does one GPU share?")
@pytest.mark.parametrize("stage", [1, 2, 3])
def test_one_gpu_holds_everything_at_every_stage(submission, stage):
    assert_equal(submission.state_memory(7, "fp32", stage=stage), held(28, 28, 56, 0))


@points(0.25)
@hint("Ten bytes on three GPUs: how many does the fullest one hold? Is that so for each part?")
@pytest.mark.parametrize(
    ("stage", "expected"),
    [(1, (14, 14, 19, 10)), (2, (14, 5, 19, 10)), (3, (5, 5, 19, 10))],
)
def test_each_sharded_component_is_rounded_up(submission, stage, expected):
    result = submission.state_memory(7, "bf16_mixed", gpus=3, stage=stage)
    assert_equal(result, held(*expected))


@points(0.25)
@hint("Does ZeRO make a difference between a frozen base and adapters?")
@pytest.mark.parametrize("stage", [0, 1, 2, 3])
@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_adapters_are_sharded_as_everything_else(submission, method, stage):
    parameters, adapters = 7_000_000_001, 39_976_963
    result = submission.state_memory(parameters, method, adapters, 6, stage)
    assert_equal(result, state_memory(parameters, method, adapters, 6, stage))


@points(0.5)
@hint("Which of these would be a typing mistake that makes a plan wrong without a word?")
def test_impossible_plans_are_refused(submission):
    for arguments in (
        (1000, "adamw"),
        (1000, "LoRA", 10),
        (1000, ""),
        (0, "fp32"),
        (-5, "bf16_mixed"),
        (0, "lora", 10),
        (1000, "fp32", 10),
        (1000, "bf16_mixed", 1),
        (1000, "bf16_pure", -1),
        (1000, "lora"),
        (1000, "qlora"),
        (1000, "lora", -10),
        (1000, "qlora", -1),
        (1000, "fp32", 0, 0),
        (1000, "fp32", 0, -2, 3),
        (1000, "fp32", 0, 4, 4),
        (1000, "fp32", 0, 4, -1),
    ):
        assert_raises(ValueError, submission.state_memory, *arguments)


# ── activation_memory ─────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What is kept for each value of the width, and what for each pair of tokens?")
def test_activations_and_scores_are_kept(submission):
    result = submission.activation_memory(3, 16, 4, 10, 2)
    assert_equal(result, 3 * 10 * 2 * (34 * 16 + 5 * 4 * 10))


@points(0.5)
@hint("Double the tokens. Which part doubles, and which is four times as large?")
def test_scores_grow_with_the_square_of_the_tokens(submission):
    for tokens in (1, 100, 10_000):
        result = submission.activation_memory(1, 2, 6, tokens, 1)
        assert_equal(result, 68 * tokens + 30 * tokens**2)


@points(0.5)
@hint("Selective recomputation drops one of the two parts. Which one is large and cheap to redo?")
def test_selective_recomputation_keeps_no_scores(submission):
    result = submission.activation_memory(3, 16, 4, 10, 2, "selective")
    assert_equal(result, 3 * 34 * 10 * 2 * 16)


@points(0.5)
@hint("From what does each block start when the backward pass computes it again?")
def test_full_recomputation_keeps_the_input_of_each_block(submission):
    result = submission.activation_memory(3, 16, 4, 10, 2, recompute="full")
    assert_equal(result, 3 * 2 * 10 * 2 * 16)


@points(0.5)
@hint("Take a real model: 32 layers of 4096, 32 heads. What do you get, and what should it be?")
@pytest.mark.parametrize("recompute", ["none", "selective", "full"])
def test_every_size_has_its_place(submission, rng, recompute):
    sizes = [int(size) for size in rng.integers(2, 200, size=5)]
    result = submission.activation_memory(*sizes, recompute=recompute)
    assert_equal(result, activation_memory(*sizes, recompute=recompute))
    sizes = {"layers": 32, "hidden": 4096, "heads": 32, "tokens": 2048, "batch": 1}
    result = submission.activation_memory(**sizes, recompute=recompute)
    assert_equal(result, activation_memory(**sizes, recompute=recompute))


@points(0.5)
@hint("Which words does `recompute` know, and which size can a model not have?")
def test_impossible_models_are_refused(submission):
    for recompute in ("", "None", "partial"):
        assert_raises(ValueError, submission.activation_memory, 2, 8, 2, 4, 1, recompute)
    for i in range(5):
        for size in (0, -3):
            sizes = [2, 8, 2, 4, 1]
            sizes[i] = size
            for recompute in ("none", "selective", "full"):
                assert_raises(ValueError, submission.activation_memory, *sizes, recompute)


# ── training_time ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("A forward pass makes 2 operations a parameter and token. What does the backward pass make?")
def test_training_takes_six_operations_a_parameter_and_token(submission):
    assert_close(submission.training_time(1000, 70, 1, 10.0, 1.0), 6 * 1000 * 70 / 10)


@points(0.5)
@hint("Twice the GPUs, or half the utilisation: which makes it faster?")
def test_time_falls_with_gpus_their_peak_and_its_use(submission):
    result = submission.training_time(1000, 70, 4, 10.0, 0.25)
    assert_close(result, 6 * 1000 * 70 / (4 * 10 * 0.25))


@points(0.5)
@hint("Which of the two gradients does a layer still need when its weights are frozen?")
def test_a_frozen_base_needs_no_gradient_of_its_weights(submission):
    result = submission.training_time(1000, 70, 2, 10.0, 0.5, frozen_base=True)
    assert_close(result, 4 * 1000 * 70 / (2 * 10 * 0.5))


@points(0.5)
@hint("What is computed once more when activations are not kept?")
def test_recomputation_adds_a_forward_pass(submission):
    result = submission.training_time(1000, 70, 2, 10.0, 0.5, recompute=True)
    assert_close(result, 8 * 1000 * 70 / (2 * 10 * 0.5))


@points(0.25)
@hint("Does recomputation cost less when the base is frozen?")
def test_recomputation_adds_a_forward_pass_to_a_frozen_base_too(submission):
    result = submission.training_time(1000, 70, 2, 10.0, 0.5, True, True)
    assert_close(result, 6 * 1000 * 70 / (2 * 10 * 0.5))


@points(0.25)
@hint("7B on 100 million tokens, eight A100 at 40 %: is that minutes, hours or days?")
@pytest.mark.parametrize("frozen_base", [False, True], ids=["trained", "frozen"])
@pytest.mark.parametrize("recompute", [False, True], ids=["kept", "recomputed"])
def test_real_numbers_give_hours(submission, frozen_base, recompute):
    arguments = 7_000_000_000, 100_000_000, 8, 312e12, 0.4, frozen_base, recompute
    assert_close(submission.training_time(*arguments), training_time(*arguments))


@points(0.5)
@hint("What can no run have none of? And which share of its peak can a GPU not reach?")
def test_impossible_runs_are_refused(submission):
    for i in range(5):
        for value in (0, -1):
            arguments = [1000, 70, 2, 10.0, 0.5]
            arguments[i] = value
            assert_raises(ValueError, submission.training_time, *arguments)
    assert_raises(ValueError, submission.training_time, 1000, 70, 2, 10.0, 1.01)
    assert_raises(ValueError, submission.training_time, 1000, 70, 2, 10.0, 40.0)


# ── break_even_requests ───────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What does a request cost with the prompt, and what with the tuned model?")
def test_the_tuned_model_needs_no_shared_prompt(submission):
    # 900 · 2 + 100 · 2 + 50 · 4 = 2200 against 100 · 3 + 50 · 6 = 600.
    result = submission.break_even_requests(100_000, 900, 100, 50, (2, 4), (3, 6))
    assert_equal(result, 63)


@points(0.25)
@hint("At which number are both costs equal? Is one request fewer enough?")
@pytest.mark.parametrize(
    ("cost", "expected"), [(1, 1), (69, 1), (70, 1), (71, 2), (700, 10), (701, 11)]
)
def test_equal_costs_are_enough(submission, cost, expected):
    # A request saves 110 − 40 = 70.
    result = submission.break_even_requests(cost, 90, 10, 5, (1, 2), (2, 4))
    assert_equal(result, expected)


@points(0.25)
@hint("What if a request to the tuned model costs as much as one to the base, or more?")
def test_without_a_saving_there_is_no_break_even(submission):
    for base_price, tuned_price in (((1, 2), (10, 2)), ((1, 2), (11, 2)), ((0, 0), (0, 0))):
        result = submission.break_even_requests(5, 90, 10, 5, base_price, tuned_price)
        assert_equal(result, None)
    assert_equal(submission.break_even_requests(1, 0, 10, 5, (1, 2), (1, 2)), None)


@points(0.25)
@hint("The training cost nothing. After how many requests is it paid for?")
def test_free_training_is_paid_for_before_the_first_request(submission):
    for base_price, tuned_price in (((1, 2), (1, 2)), ((1, 2), (50, 50)), ((0, 0), (0, 0))):
        result = submission.break_even_requests(0, 90, 10, 5, base_price, tuned_price)
        assert_equal(result, 0)


@points(0.25)
@hint("Which tokens are usually the dearest? Does a tuned model charge the same for them?")
def test_answers_are_paid_for_at_the_price_of_output(submission):
    # 60 + 100 · 3 = 360 against 20 + 100 · 2 = 220.
    assert_equal(submission.break_even_requests(1000, 40, 20, 100, (1, 3), (1, 2)), 8)
    # 60 + 300 = 360 against 20 + 500: no prompt is long enough for that.
    assert_equal(submission.break_even_requests(1000, 40, 20, 100, (1, 3), (1, 5)), None)


@points(0.25)
@hint("There may be no prompt, no query or no answer. What is still right then?")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((1000, 40, 0, 0, (1, 3), (9, 9)), 25),
        ((1000, 0, 40, 0, (3, 1), (1, 1)), 13),
        ((1000, 0, 0, 40, (1, 3), (1, 2)), 25),
        ((1000, 40, 20, 100, (0, 3), (1, 2)), 13),
        ((10**12, 3000, 200, 300, (250, 1250), (300, 1500)), 1_503_760),
    ],
    ids=["prompt", "query", "answer", "free input", "real"],
)
def test_every_part_of_a_request_counts(submission, arguments, expected):
    assert_equal(submission.break_even_requests(*arguments), expected)


@points(0.25)
@hint("Which of these can be negative?")
def test_negative_arguments_are_refused(submission):
    for i in range(4):
        arguments = [1000, 90, 10, 5, (1, 2), (2, 4)]
        arguments[i] = -1
        assert_raises(ValueError, submission.break_even_requests, *arguments)
    for prices in (
        ((-1, 2), (2, 4)),
        ((1, -2), (2, 4)),
        ((1, 2), (-2, 4)),
        ((1, 2), (2, -4)),
    ):
        assert_raises(ValueError, submission.break_even_requests, 1000, 90, 10, 5, *prices)
