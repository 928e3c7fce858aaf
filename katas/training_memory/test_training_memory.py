"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close, assert_equal


def test_mixed_precision_takes_sixteen_bytes_a_parameter(submission):
    held = submission.state_memory(1000, "bf16_mixed")
    expected = {"weights": 2000, "gradients": 2000, "optimizer": 8000, "master": 4000}
    assert_equal(held, {**expected, "total": 16000})


def test_lora_trains_the_adapters_only(submission):
    held = submission.state_memory(1000, "lora", adapter_parameters=10)
    expected = {"weights": 2040, "gradients": 40, "optimizer": 80, "master": 0}
    assert_equal(held, {**expected, "total": 2160})


def test_one_layer_keeps_its_activations_and_its_scores(submission):
    # 4 tokens: 4 · (34 · 8 + 5 · 2 · 4).
    assert_equal(submission.activation_memory(1, hidden=8, heads=2, tokens=4, batch=1), 1248)


def test_six_operations_a_parameter_and_token(submission):
    # 6 · 1000 · 50 operations at 2 · 100 · ½ a second.
    assert_close(submission.training_time(1000, 50, 2, 100.0, 0.5), 3000.0)


def test_a_shorter_prompt_pays_for_the_training(submission):
    # A request costs 100 · 1 + 5 · 2 = 110 or 10 · 2 + 5 · 4 = 40: 15 save 1050, 14 only 980.
    assert_equal(submission.break_even_requests(1000, 90, 10, 5, (1, 2), (2, 4)), 15)
