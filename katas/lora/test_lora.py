"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal


def test_the_update_is_added_to_the_base(submission):
    x, a, b = torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0], [0.0]])
    # x aᵀ = 3; b makes it [3, 0]; alpha / rank = 2.
    result = submission.lora_forward(x, torch.eye(2), a, b, alpha=2.0)
    assert_close(result, torch.tensor([7.0, 2.0]))


def test_merging_changes_the_weight_and_not_the_result(submission):
    b = torch.tensor([[1.0], [0.0]])
    layer = submission.LoRALinear(torch.eye(2), torch.ones(1, 2), 2.0, b=b)
    assert_close(layer.forward(torch.tensor([1.0, 2.0])), torch.tensor([7.0, 2.0]))
    layer.merge()
    assert_close(layer.weight, torch.tensor([[3.0, 2.0], [0.0, 1.0]]))
    assert_close(layer.forward(torch.tensor([1.0, 2.0])), torch.tensor([7.0, 2.0]))


def test_a_layer_without_b_starts_as_its_base(submission):
    layer = submission.LoRALinear(2 * torch.eye(2), torch.ones(1, 2), 16.0)
    assert_close(layer.forward(torch.tensor([1.0, 2.0])), torch.tensor([2.0, 4.0]))


def test_two_of_three_modules_are_adapted(submission):
    shapes = {"q_proj": (4, 4), "k_proj": (2, 4), "head": (10, 4)}
    counts = submission.lora_parameters(shapes, rank=2, targets=["q_proj", "k_proj"])
    assert_equal(counts, {"trainable": 28, "frozen": 64, "adapted": 2})


def test_the_largest_singular_value_is_extracted_first(submission):
    after = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    a, b = submission.extract_lora(torch.zeros(2, 2), after, rank=1, alpha=2.0)
    assert_close(b, torch.tensor([[0.0], [1.0]]))
    assert_close(a, torch.tensor([[0.0, 2.0]]))
