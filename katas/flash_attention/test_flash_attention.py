"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close, assert_equal


def test_a_larger_score_rescales_what_was_summed_before(submission):
    state = torch.tensor([0.0]), torch.tensor([1.0]), torch.tensor([[6.0]])
    result = submission.online_step(state, torch.tensor([[math.log(2.0)]]), torch.tensor([[3.0]]))
    assert_close(
        result, (torch.tensor([math.log(2.0)]), torch.tensor([1.5]), torch.tensor([[6.0]]))
    )


def test_a_row_that_has_only_seen_masked_scores_holds_nothing(submission):
    result = submission.online_step(None, torch.tensor([[-math.inf]]), torch.tensor([[3.0]]))
    assert_close(result, (torch.tensor([-math.inf]), torch.tensor([0.0]), torch.tensor([[0.0]])))


def test_two_queries_of_zeros_average_what_they_see(submission):
    values = torch.tensor([[1.0], [2.0], [6.0]])
    calls = []

    def load(start, stop):
        calls.append((start, stop))
        return values[start:stop], values[start:stop]

    output, lse = submission.flash_attention(torch.zeros(2, 1), load, 3, 1, 2, causal=True)
    assert_close(output, torch.tensor([[1.5], [3.0]]))
    assert_close(lse, torch.tensor([math.log(2.0), math.log(3.0)]))
    # The first query sees the keys 0 and 1 only, so the second block is not loaded for it.
    assert_equal(calls, [(0, 2), (0, 2), (2, 3)])


def test_parts_count_by_their_lse(submission):
    outputs, lses = torch.tensor([[4.0], [8.0]]), torch.tensor([3.0, 1.0]).log()
    output, lse = submission.merge_partials(outputs, lses)
    assert_close(output, torch.tensor([5.0]))
    assert_close(lse, torch.tensor(4.0).log())


def test_the_gradients_of_one_query_and_two_equal_keys(submission):
    query, key, value = torch.ones(1, 1), torch.ones(2, 1), torch.tensor([[2.0], [6.0]])
    output, lse = torch.tensor([[4.0]]), torch.tensor([1.0 + math.log(2.0)])
    result = submission.flash_backward(query, key, value, output, lse, torch.ones(1, 1), block_k=1)
    # P = [½, ½], dP = [2, 6], D = 4, dS = ½ · [−2, 2]
    expected = torch.zeros(1, 1), torch.tensor([[-1.0], [1.0]]), torch.tensor([[0.5], [0.5]])
    assert_close(result, expected)
