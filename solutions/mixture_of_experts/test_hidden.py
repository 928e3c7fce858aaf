"""The hidden suite of mixture_of_experts."""

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import gradients, hint, points, tensor
from solutions.mixture_of_experts.mixture_of_experts import (
    dispatch,
    load_balancing_loss,
    moe_layer,
    route,
)

# An output is a sum over d_ff hidden units, each of them a sum over d.
SUMS = {"terms": 35}


def apart(rng, tokens, experts):
    """Draw logits, no two of a row closer than 0.2, so that rounding decides nothing."""
    ranks = torch.stack([torch.from_numpy(rng.permutation(experts)) for _ in range(tokens)])
    wobble = torch.from_numpy(rng.uniform(-0.1, 0.1, (tokens, experts)))
    return (0.4 * (ranks - experts / 2) + wobble).float()


def choices(rng, tokens, experts, k):
    """Draw k different experts for each token."""
    return torch.stack([torch.from_numpy(rng.permutation(experts)[:k]) for _ in range(tokens)])


def layer(rng, tokens=6, experts=4, d=5, d_ff=7, logits=None):
    """Draw x, router, w_in and w_out; the router reads its logits off the first columns of x."""
    x = tensor(rng, tokens, d)
    x[:, :experts] = 2 * (apart(rng, tokens, experts) if logits is None else logits)
    router = 0.5 * torch.eye(experts, d)
    return x, router, tensor(rng, experts, d_ff, d), tensor(rng, experts, d, d_ff)


# ── route ─────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which expert is a token's first choice, and where in the row does it stand?")
def test_the_experts_of_largest_logit_come_in_descending_order(submission, rng):
    logits = apart(rng, 6, 5)
    logits[1] -= 10
    assert_equal(submission.route(logits, 3)[0], route(logits, 3)[0])


@points(0.75)
@hint("What do the weights of one token sum to? In which ratio do two of them stand?")
def test_the_weights_are_the_chosen_probabilities_divided_by_their_sum(submission, rng):
    logits = apart(rng, 4, 5)
    assert_close(submission.route(logits, 2), route(logits, 2))


@points(0.5)
@hint("Does your sort keep equal numbers in their order? What does its documentation promise?")
@pytest.mark.parametrize("k", [1, 2, 4])
def test_of_equal_logits_the_lower_expert_comes_first(submission, rng, k):
    rows = [[1, 3, 3, 2, 3], [0, 0, 0, 0, 0], [2, -1, 2, -1, -1], [-5, -5, 1, -5, 0]]
    logits = torch.tensor(rows, dtype=torch.float32)
    assert_close(submission.route(logits, k), route(logits, k))
    # Long rows, as short ones are sorted in another way.
    many = torch.from_numpy(rng.integers(0, 3, (2, 200))).float()
    assert_equal(submission.route(many, k)[0], route(many, k)[0])


@points(0.25)
@hint("What is left out when all are chosen? And what is the weight of the only one?")
@pytest.mark.parametrize(("experts", "k"), [(1, 1), (4, 4), (6, 1), (3, 2)])
def test_any_k_up_to_the_number_of_experts_will_do(submission, rng, experts, k):
    logits = apart(rng, 3, experts)
    assert_close(submission.route(logits, k), route(logits, k))


@points(0.25)
@hint("Does anything cut the weights off from the logits, such as item(), detach() or numpy()?")
def test_gradients_flow_through_the_weights(submission, rng):
    logits, factors = apart(rng, 4, 5), tensor(rng, 4, 3)
    upstream = (torch.zeros(4, 3), factors)
    assert_close(
        submission.gradients("route", logits, 3, upstream=upstream),
        gradients(route, logits, 3, upstream=upstream),
    )


@points(0.25)
@hint("exp(89) overflows float32. What may be taken from all logits of a row?")
def test_large_logits_neither_overflow_nor_vanish(submission):
    logits = torch.tensor([[10_000.0, 9_000.0, 9_999.0], [-10_000.0, -9_998.0, -9_999.0]])
    assert_close(submission.route(logits, 2), route(logits, 2))


@points(0.5)
@hint("How many different experts can a token go to?")
@pytest.mark.parametrize("k", [0, -1, 6])
def test_an_impossible_k_is_refused(submission, rng, k):
    assert_raises(ValueError, submission.route, apart(rng, 3, 5), k)


# ── dispatch ──────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Three tokens go to the same expert. Which slot does each of them get?")
def test_slots_are_counted_from_zero_in_token_order(submission):
    indices = torch.tensor([[1], [0], [1], [3], [1], [0]])
    expected = torch.tensor([[0], [0], [1], [0], [2], [1]])
    assert_equal(submission.dispatch(indices, 4, 6), expected)


@points(1)
@hint("Write all assignments down in the order in which they are served. Where does yours differ?")
def test_all_first_choices_come_before_any_second_choice(submission):
    indices = torch.tensor([[0, 1], [1, 0], [1, 2], [0, 1]])
    expected = torch.tensor([[0, 2], [0, 2], [1, 0], [1, 3]])
    assert_equal(submission.dispatch(indices, 3, 4), expected)


@points(0.5)
@hint("A buffer has two slots and a third token comes. What is said of it?")
def test_assignments_that_find_the_buffer_full_get_minus_one(submission):
    indices = torch.tensor([[2], [2], [0], [2], [0], [2]])
    expected = torch.tensor([[0], [1], [0], [-1], [1], [-1]])
    assert_equal(submission.dispatch(indices, 3, 2), expected)


@points(0.5)
@hint("First choices in token order, then second ones, then third ones: who meets a full buffer?")
@pytest.mark.parametrize("capacity", [1, 3, 5])
def test_slots_follow_the_order_of_choices_up_to_the_capacity(submission, rng, capacity):
    indices = choices(rng, 8, 5, 3)
    assert_equal(submission.dispatch(indices, 5, capacity), dispatch(indices, 5, capacity))


@points(0.25)
@hint("How many assignments fit into buffers without a slot?")
def test_capacity_zero_drops_all(submission, rng):
    indices = choices(rng, 4, 3, 2)
    assert_equal(submission.dispatch(indices, 3, 0), torch.full((4, 2), -1))


@points(0.25)
@hint("As many tokens come as there are slots. Is any of them dropped?")
@pytest.mark.parametrize("capacity", [3, 4])
def test_an_exactly_full_buffer_drops_nothing(submission, capacity):
    indices = torch.tensor([[0, 1], [0, 1], [1, 0]])
    expected = torch.tensor([[0, 1], [1, 2], [0, 2]])
    assert_equal(submission.dispatch(indices, 2, capacity), expected)


@points(0.25)
@hint("Which experts exist although nobody chose them? And what of a single token?")
@pytest.mark.parametrize("row", [[6], [3, 0], [2, 1, 0]], ids=str)
def test_a_single_token_gets_slot_zero_everywhere(submission, row):
    assert_equal(
        submission.dispatch(torch.tensor([row]), 7, 2), torch.zeros(1, len(row), dtype=torch.int64)
    )


@points(0.25)
@hint("How many assignments can be waiting in the buffers of an expert that holds fewer than none?")
@pytest.mark.parametrize("capacity", [-1, -5])
def test_a_negative_capacity_is_refused(submission, capacity):
    assert_raises(ValueError, submission.dispatch, torch.tensor([[0], [1]]), 2, capacity)


@points(0.5)
@hint("Python counts from the end below zero. Is that an expert?")
@pytest.mark.parametrize("row", [[0, 3], [-1, 1], [1, 7]], ids=str)
@pytest.mark.parametrize("capacity", [0, 2])
def test_experts_that_do_not_exist_are_refused(submission, row, capacity):
    assert_raises(ValueError, submission.dispatch, torch.tensor([[0, 1], row]), 3, capacity)


# ── moe_layer ─────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Work one expert out for one token: two products, and what stands between them?")
def test_a_single_expert_is_a_feed_forward_network(submission, rng):
    x, w_in, w_out = tensor(rng, 4, 3), tensor(rng, 1, 5, 3), tensor(rng, 1, 3, 5)
    result = submission.moe_layer(x, tensor(rng, 1, 3), w_in, w_out, k=1)
    assert_close(result, torch.relu(x @ w_in[0].T) @ w_out[0].T, **SUMS)


@points(0.75)
@hint("Which experts does a token pass through, and what is each output multiplied by?")
def test_the_outputs_of_the_chosen_experts_are_added_with_their_weights(submission, rng):
    arguments = layer(rng)
    assert_close(submission.moe_layer(*arguments, k=2), moe_layer(*arguments, k=2), **SUMS)


@points(0.5)
@hint("A token lost its first choice. By what is the output of its second choice multiplied?")
def test_a_dropped_assignment_adds_nothing_and_the_others_keep_their_weights(submission, rng):
    # All prefer expert 0; the second choices are all different.
    logits = torch.tensor([[2.0, 1, -1, -2], [2, -1, 1, -2], [2, -1, -2, 1.5], [1, 0.5, -1, -2]])
    arguments = layer(rng, tokens=4, logits=logits)
    assert_close(
        submission.moe_layer(*arguments, k=2, capacity=2),
        moe_layer(*arguments, k=2, capacity=2),
        **SUMS,
    )


@points(0.5)
@hint("What is the sum over no assignments?")
@pytest.mark.parametrize(("k", "capacity"), [(1, 1), (2, 2)])
def test_a_token_that_is_dropped_everywhere_gets_zeros(submission, rng, k, capacity):
    logits = torch.tensor([[2.0, 1, -1, -2]] * 4)
    arguments = layer(rng, tokens=4, logits=logits)
    assert_close(
        submission.moe_layer(*arguments, k=k, capacity=capacity),
        moe_layer(*arguments, k=k, capacity=capacity),
        **SUMS,
    )


@points(0.25)
@hint("What is left of the layer when nobody gets a slot?")
def test_capacity_zero_gives_zeros(submission, rng):
    arguments = layer(rng)
    assert_close(submission.moe_layer(*arguments, k=2, capacity=0), torch.zeros(6, 5))


@points(0.25)
@hint("What is the weight of a token's only expert?")
def test_with_k_of_one_a_token_gets_the_output_of_its_best_expert(submission, rng):
    x, router, w_in, w_out = layer(rng)
    best = (x @ router.T).argmax(dim=1).tolist()
    rows = [torch.relu(x[i] @ w_in[e].T) @ w_out[e].T for i, e in enumerate(best)]
    assert_close(submission.moe_layer(x, router, w_in, w_out, k=1), torch.stack(rows), **SUMS)


@points(0.5)
@hint("The last token's first choice meets an earlier token's second choice. Who gets the slot?")
def test_first_choices_get_their_slots_before_second_choices(submission, rng):
    logits = torch.tensor([[2.0, 1, -1, -2], [2, 1, -2, -1], [0, 2, -1, -2], [-1, 2, -2, 1]])
    arguments = layer(rng, tokens=4, logits=logits)
    assert_close(
        submission.moe_layer(*arguments, k=2, capacity=2),
        moe_layer(*arguments, k=2, capacity=2),
        **SUMS,
    )


@points(0.25)
@hint("Which of your shapes assume something about tokens, experts, d or d_ff?")
@pytest.mark.parametrize(
    ("tokens", "experts", "d", "d_ff", "k"),
    [(1, 3, 4, 2, 2), (7, 2, 3, 1, 2), (3, 5, 5, 8, 5), (2, 6, 6, 3, 1)],
)
def test_any_sizes_will_do(submission, rng, tokens, experts, d, d_ff, k):
    arguments = layer(rng, tokens, experts, d, d_ff)
    assert_close(submission.moe_layer(*arguments, k), moe_layer(*arguments, k), **SUMS)


@points(0.5)
@hint("The choice has no gradient. Through what does the router learn? What do experts learn from?")
@pytest.mark.parametrize("capacity", [None, 2])
def test_gradients_reach_x_the_router_and_the_experts(submission, rng, capacity):
    arguments, upstream = (*layer(rng), 2, capacity), tensor(rng, 6, 5)
    wrt = (0, 1, 2, 3)
    assert_close(
        submission.gradients("moe_layer", *arguments, wrt=wrt, upstream=upstream),
        gradients(moe_layer, *arguments, wrt=wrt, upstream=upstream),
        **SUMS,
    )


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_arguments_need_not_be_contiguous(submission, rng):
    x, router, w_in, w_out = layer(rng)
    arguments = (
        x.T.contiguous().T,
        router.T.contiguous().T,
        w_in.transpose(0, 2).contiguous().transpose(0, 2),
        w_out.mT.contiguous().mT,
    )
    assert_close(submission.moe_layer(*arguments, 3, 4), moe_layer(*arguments, 3, 4), **SUMS)


@points(0.25)
@hint("How many different experts can a token go to?")
@pytest.mark.parametrize("k", [0, -1, 5])
def test_a_layer_with_an_impossible_k_is_refused(submission, rng, k):
    assert_raises(ValueError, submission.moe_layer, *layer(rng), k)


@points(0.5)
@hint("What can be held in less than no slot?")
def test_a_layer_with_a_negative_capacity_is_refused(submission, rng):
    assert_raises(ValueError, submission.moe_layer, *layer(rng), 2, capacity=-1)


# ── load_balancing_loss ───────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Work out f and P of each expert. What are their sums, and what multiplies the product?")
def test_the_loss_is_experts_times_the_sum_of_share_times_probability(submission, rng):
    logits = apart(rng, 5, 4)
    assert_close(submission.load_balancing_loss(logits, 1), load_balancing_loss(logits, 1))


@points(0.75)
@hint("With k = 2 there are twice as many assignments. What do the shares sum to?")
@pytest.mark.parametrize("k", [2, 3])
def test_all_k_choices_are_counted_and_their_shares_sum_to_one(submission, rng, k):
    logits = apart(rng, 5, 6)
    assert_close(submission.load_balancing_loss(logits, k), load_balancing_loss(logits, k))


@points(0.5)
@hint("Every expert gets as many tokens and as much probability as any other. What comes out?")
@pytest.mark.parametrize("k", [1, 2, 4])
def test_a_balanced_load_gives_one(submission, rng, k):
    row = apart(rng, 1, 4)[0]
    logits = torch.stack([row.roll(shift) for shift in range(4)])
    assert_close(submission.load_balancing_loss(logits, k), torch.tensor(1.0))


@points(0.25)
@hint("All tokens go to one expert with certainty. How much worse than 1 is that?")
def test_a_collapse_onto_one_expert_gives_the_number_of_experts(submission):
    logits = torch.zeros(6, 5)
    logits[:, 3] = 100.0
    assert_close(submission.load_balancing_loss(logits, 1), torch.tensor(5.0))


@points(0.75)
@hint("Which of the two factors is a count, and which one can backward() pass through?")
@pytest.mark.parametrize("k", [2, 3])
def test_the_gradient_flows_through_the_probabilities(submission, rng, k):
    logits = apart(rng, 5, 4)
    assert_close(
        submission.gradients("load_balancing_loss", logits, k),
        gradients(load_balancing_loss, logits, k),
    )


@points(0.25)
@hint("To which experts does a row of equal logits go?")
def test_equal_logits_count_for_the_lower_experts(submission):
    rows = [[1, 2, 2, 2], [0, 0, 0, 0], [3, 1, 0, 1]]
    logits = torch.tensor(rows, dtype=torch.float32)
    assert_close(submission.load_balancing_loss(logits, 2), load_balancing_loss(logits, 2))


@points(0.25)
@hint("What are the shares of a single token, or when every token goes to all experts?")
@pytest.mark.parametrize(("tokens", "experts", "k"), [(1, 4, 2), (3, 3, 3), (1, 1, 1), (9, 2, 1)])
def test_any_number_of_tokens_and_experts_will_do(submission, rng, tokens, experts, k):
    logits = apart(rng, tokens, experts)
    assert_close(submission.load_balancing_loss(logits, k), load_balancing_loss(logits, k))


@points(0.25)
@hint("How many different experts can a token go to?")
@pytest.mark.parametrize("k", [0, 5])
def test_a_loss_with_an_impossible_k_is_refused(submission, rng, k):
    assert_raises(ValueError, submission.load_balancing_loss, apart(rng, 3, 4), k)


@points(0.25)
@hint("What is the share of an expert among no assignments?")
def test_a_loss_without_tokens_is_refused(submission):
    assert_raises(ValueError, submission.load_balancing_loss, torch.zeros(0, 4), 2)
