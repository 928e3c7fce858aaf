"""The hidden suite of catastrophic_forgetting."""

import math

import numpy as np
import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_finite, assert_raises, assert_shape
from autograder.suite import array, gradients, hint, points, tensor
from solutions.catastrophic_forgetting.catastrophic_forgetting import (
    continual_metrics,
    diagonal_fisher,
    ewc_penalty,
    replay_stream,
)

# ── diagonal_fisher ───────────────────────────────────────────────────────────────────────────

THREE_TO_ONE = torch.tensor([[math.log(3)], [0.0]])
"""With x = 1 the classes have probabilities ¾ and ¼."""


@points(0.5)
@hint("Write the gradient of log p(y) in the weight down. What is its square?")
def test_with_labels_it_is_the_squared_gradient(submission):
    result = submission.diagonal_fisher(THREE_TO_ONE, torch.tensor([[1.0]]), torch.tensor([1]))
    assert_close(result, torch.tensor([[0.5625], [0.5625]]))


@points(0.75)
@hint("Two examples pull a weight in opposite directions. Does it not matter to either?")
def test_opposite_gradients_do_not_cancel(submission):
    # p is ½, so the gradients are (½, −½) and (−½, ½).
    x, labels = torch.ones(2, 1), torch.tensor([0, 1])
    result = submission.diagonal_fisher(torch.zeros(2, 1), x, labels)
    assert_close(result, torch.full((2, 1), 0.25))


@points(0.75)
@hint("The labels are drawn from the model: each class how often, and with which gradient?")
def test_without_labels_it_is_the_expectation_over_the_classes(submission):
    # ¾ · (¼)² + ¼ · (¾)²
    result = submission.diagonal_fisher(THREE_TO_ONE, torch.tensor([[1.0]]))
    assert_close(result, torch.full((2, 1), 0.1875))


@points(0.5)
@hint("Give each example twice. What should change?")
@pytest.mark.parametrize("labelled", [False, True], ids=["true", "empirical"])
def test_it_is_a_mean_over_the_examples(submission, rng, labelled):
    weight, x = tensor(rng, 4, 3), tensor(rng, 5, 3)
    labels = torch.as_tensor(rng.integers(0, 4, 5)) if labelled else None
    expected = diagonal_fisher(weight, x, labels)
    twice = labels.repeat(2) if labelled else None
    result = submission.diagonal_fisher(weight, x.repeat(2, 1), twice)
    assert_close(result, expected, rtol=1e-4, atol=1e-6)


@points(0.5)
@hint("Which label has an example, and which row of the weight does it push up?")
def test_each_example_has_its_own_label(submission, rng):
    weight, x = tensor(rng, 4, 3), tensor(rng, 6, 3)
    labels = torch.as_tensor(rng.integers(0, 4, 6))
    result = submission.diagonal_fisher(weight, x, labels)
    assert_close(result, diagonal_fisher(weight, x, labels), rtol=1e-4, atol=1e-6)


@points(0.5)
@hint("Go over examples and classes in two loops. Which weight has each class?")
def test_every_class_is_weighed_with_its_probability(submission, rng):
    weight, x = tensor(rng, 5, 3), tensor(rng, 4, 3)
    p = (x @ weight.T).softmax(-1)
    expected = torch.zeros(5, 3)
    for i in range(4):
        for y in range(5):
            gradient = torch.outer(torch.eye(5)[y] - p[i], x[i])
            expected += p[i, y] * gradient**2 / 4
    assert_close(submission.diagonal_fisher(weight, x), expected, rtol=1e-4, atol=1e-6)


@points(0.5)
@hint("exp(10,000) overflows. In which form of the softmax does it never occur?")
@pytest.mark.parametrize(
    ("label", "expected"),
    [(None, 0.0), (0, 0.0), (1, 1e4)],
    ids=["true", "sure and right", "sure and wrong"],
)
def test_large_logits_give_finite_values(submission, label, expected):
    weight, x = torch.tensor([[100.0], [-100.0]]), torch.tensor([[100.0]])
    labels = None if label is None else torch.tensor([label])
    result = submission.diagonal_fisher(weight, x, labels)
    assert_finite(result)
    assert_close(result, torch.full((2, 1), expected))


@points(0.25)
@hint("One class, one feature, one example: what is there to be learned?")
@pytest.mark.parametrize(("classes", "d", "n"), [(1, 3, 2), (3, 1, 1), (2, 5, 1), (7, 2, 3)])
def test_any_number_of_classes_features_and_examples_will_do(submission, rng, classes, d, n):
    weight, x = tensor(rng, classes, d), tensor(rng, n, d)
    labels = torch.as_tensor(rng.integers(0, classes, n))
    for given in (None, labels):
        result = submission.diagonal_fisher(weight, x, given)
        assert_shape(result, (classes, d))
        assert_close(result, diagonal_fisher(weight, x, given), rtol=1e-4, atol=1e-6)


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_arguments_need_not_be_contiguous(submission, rng):
    weight, x = tensor(rng, 3, 4).T, tensor(rng, 3, 5).T
    labels = torch.as_tensor(rng.integers(0, 4, 10))[::2]
    for given in (None, labels):
        result = submission.diagonal_fisher(weight, x, given)
        assert_close(result, diagonal_fisher(weight, x, given), rtol=1e-4, atol=1e-6)


@points(0.5)
@hint("What is the mean over no examples? And which example does a surplus label belong to?")
def test_no_examples_and_other_numbers_of_labels_are_refused(submission):
    weight = torch.ones(3, 2)
    none, few = torch.zeros(0, 2), torch.ones(2, 2)
    assert_raises(ValueError, submission.diagonal_fisher, weight, none)
    assert_raises(
        ValueError, submission.diagonal_fisher, weight, none, torch.zeros(0, dtype=torch.int64)
    )
    for labels in (0, 1, 3):
        given = torch.zeros(labels, dtype=torch.int64)
        assert_raises(ValueError, submission.diagonal_fisher, weight, few, given)


# ── ewc_penalty ───────────────────────────────────────────────────────────────────────────────


def tensors_of(rng, *shapes):
    """Draw parameters, anchors and Fisher weights of these shapes."""
    parameters = [tensor(rng, *shape) for shape in shapes]
    anchors = [tensor(rng, *shape) for shape in shapes]
    return parameters, anchors, [tensor(rng, *shape) ** 2 for shape in shapes]


@points(0.5)
@hint("Three numbers by hand: how far is each from its old value, and how much does it matter?")
def test_the_squared_distances_are_weighed(submission):
    parameters, anchors = [torch.tensor([1.0, 4.0, 2.0])], [torch.tensor([3.0, 3.0, 7.0])]
    fishers = [torch.tensor([2.0, 5.0, 0.0])]
    result = submission.ewc_penalty(parameters, anchors, fishers, 6.0)
    assert_close(result, torch.tensor(3 * (2 * 4 + 5 * 1 + 0 * 25.0)))


@points(0.5)
@hint("Which parameters may move freely, and which not?")
def test_a_parameter_that_does_not_matter_is_free(submission):
    anchors, fishers = [torch.zeros(2)], [torch.tensor([0.0, 7.0])]
    moved = torch.tensor([100.0, 0.0]), torch.tensor([0.0, 1.0])
    results = [submission.ewc_penalty([p], anchors, fishers, 2.0) for p in moved]
    assert_close(results, [torch.tensor(0.0), torch.tensor(7.0)])


@points(0.25)
@hint("What is the penalty of a model that has not changed at all?")
def test_an_unchanged_model_pays_nothing(submission, rng):
    _, anchors, fishers = tensors_of(rng, (2, 3), (4,))
    assert_close(submission.ewc_penalty(anchors, anchors, fishers, 5.0), torch.tensor(0.0))


@points(0.25)
@hint("Is the penalty one number for the whole model, whatever the shapes of its tensors?")
def test_all_elements_of_all_tensors_are_summed(submission, rng):
    arguments = tensors_of(rng, (2, 3), (5,), (), (1, 4, 2), (0,))
    result = submission.ewc_penalty(*arguments, 3.0)
    assert_shape(result, ())
    assert_close(result, ewc_penalty(*arguments, 3.0), terms=20)


@points(0.5)
@hint("The gradient is λ F (θ − θ*). What does yours have in addition, or lack?")
def test_parameters_get_the_gradient(submission, rng):
    arguments = tensors_of(rng, (2, 3), (4,))
    result = submission.gradients("ewc_penalty", *arguments, 3.0)
    assert_close(result, gradients(ewc_penalty, *arguments, 3.0))


@points(0.5)
@hint("Which of the three lists is in training?")
def test_anchors_and_fishers_get_no_gradient(submission, rng):
    arguments = tensors_of(rng, (2, 3))
    result = submission.gradients("ewc_penalty", *arguments, 3.0, wrt=(0, 1, 2))
    for name, given in zip(("anchors", "fishers"), result[1:], strict=True):
        found = [torch.zeros(2, 3) if g is None else g for g in (given or [None])]
        assert_close(found, [torch.zeros(2, 3)], name=f"the gradient of the {name}")


@points(0.25)
@hint("What does a model without parameters pay?")
def test_empty_lists_give_zero(submission):
    assert_close(float(submission.ewc_penalty([], [], [], 3.0)), 0.0)


@points(0.25)
@hint("PyTorch broadcasts an axis of size 1, and zip stops at the shortest. Do you notice?")
def test_lists_and_shapes_that_differ_are_refused(submission):
    good = [torch.ones(2, 3), torch.ones(4)]
    for bad in (
        good[:1],
        [],
        [*good, torch.ones(1)],
        good[::-1],
        [torch.ones(1, 3), torch.ones(4)],
        [torch.ones(2, 3), torch.ones(1)],
        [torch.ones(2, 3), torch.ones(())],
        [torch.ones(3, 2), torch.ones(4)],
    ):
        for i in range(3):
            lists = [good, good, good]
            lists[i] = bad
            assert_raises(ValueError, submission.ewc_penalty, *lists, 1.0)


# ── replay_stream ─────────────────────────────────────────────────────────────────────────────


def stream_of(text):
    """Make a stream of "n0 o0 n1"."""
    names = {"n": "new", "o": "old"}
    return [(names[item[0]], int(item[1:])) for item in text.split()]


@points(0.5)
@hint("At 25 percent, how many of the first 4, 8, 12 items are old?")
def test_the_percentage_is_that_of_the_whole_stream(submission):
    expected = stream_of("n0 n1 n2 o0 n3 n4 n5 o1 n6")
    assert_equal(submission.replay_stream(7, 5, 25), expected)


@points(0.5)
@hint("There are few old examples and many new ones. What comes after the last old one?")
def test_old_examples_come_cyclically(submission):
    expected = stream_of("n0 o0 n1 o1 n2 o0 n3 o1 n4 o0 n5")
    assert_equal(submission.replay_stream(6, 2, 50), expected)


@points(0.25)
@hint("Everything new has been seen. Is anything replayed after it?")
def test_the_last_item_is_the_last_new_example(submission):
    assert_equal(submission.replay_stream(3, 9, 25), stream_of("n0 n1 n2"))
    assert_equal(submission.replay_stream(6, 9, 25), stream_of("n0 n1 n2 o0 n3 n4 n5"))


@points(0.25)
@hint("Nothing is to be replayed. Does it matter whether there is anything old?")
@pytest.mark.parametrize("old", [0, 3])
def test_at_zero_percent_the_stream_is_new(submission, old):
    assert_equal(submission.replay_stream(5, old, 0), stream_of("n0 n1 n2 n3 n4"))


@points(0.5)
@hint("Count the old ones among the first i items, for each i. Which share should that be?")
@pytest.mark.parametrize("percent", [1, 3, 10, 33, 50, 67, 99])
def test_the_share_of_old_items_is_right_at_every_length(submission, percent):
    stream = submission.replay_stream(203 if percent < 90 else 5, 7, percent)
    old = [item[0] == "old" for item in stream]
    counts = [sum(old[:i]) for i in range(len(old) + 1)]
    assert_equal(counts, [i * percent // 100 for i in range(len(old) + 1)], name="old ones so far")


@points(0.5)
@hint("Write the rule for item i as the question states it, and follow both counters.")
def test_the_stream_is_that_of_the_rule(submission, rng):
    for percent in (7, 20, 45, 80, 95):
        new, old = int(rng.integers(1, 40)), int(rng.integers(1, 12))
        result = submission.replay_stream(new, old, percent)
        assert_equal(result, replay_stream(new, old, percent))


@points(0.25)
@hint("Nothing new is there. Which item would be the last?")
@pytest.mark.parametrize(("old", "percent"), [(0, 0), (4, 0), (4, 99)])
def test_nothing_new_gives_an_empty_stream(submission, old, percent):
    assert_equal(submission.replay_stream(0, old, percent), [])


@points(0.25)
@hint("When does the stream never end, and what can you not replay?")
def test_impossible_mixtures_are_refused(submission):
    for arguments in (
        (5, 5, -1),
        (5, 5, 100),
        (-1, 5, 10),
        (5, -1, 10),
        (5, -1, 0),
        (5, 0, 1),
        (0, 0, 50),
    ):
        assert_raises(ValueError, submission.replay_stream, *arguments)


# ── continual_metrics ─────────────────────────────────────────────────────────────────────────


def assert_metrics(result, average, forgetting, transfer):
    """Compare the three numbers."""
    names = ("average_accuracy", "forgetting", "backward_transfer")
    assert_close(result, dict(zip(names, (average, forgetting, transfer), strict=True)))


@points(0.5)
@hint("Which model is deployed in the end, and how good is it on each task?")
def test_the_average_is_that_of_the_last_model(submission):
    accuracy = np.array([[0.9, 0.2, 0.1], [0.8, 0.7, 0.3], [0.5, 0.6, 0.8]])
    result = submission.continual_metrics(accuracy)
    assert_metrics(result, 1.9 / 3, (0.4 + 0.1) / 2, (-0.4 - 0.1) / 2)


@points(0.5)
@hint("A later task made an earlier one better, then it was lost. From where did it fall?")
def test_forgetting_is_the_fall_from_the_best_before(submission):
    accuracy = np.array([[0.5, 0.1, 0.1], [0.9, 0.6, 0.2], [0.4, 0.5, 0.7]])
    result = submission.continual_metrics(accuracy)
    assert_metrics(result, 1.6 / 3, (0.5 + 0.1) / 2, (-0.1 - 0.1) / 2)


@points(0.5)
@hint("How good was a task right after it was learned, and how good is it in the end?")
def test_backward_transfer_may_be_a_gain(submission):
    accuracy = np.array([[0.5, 0.1, 0.2], [0.6, 0.4, 0.1], [0.8, 0.7, 0.9]])
    result = submission.continual_metrics(accuracy)
    assert_metrics(result, 0.8, (-0.2 - 0.3) / 2, (0.3 + 0.3) / 2)


@points(0.5)
@hint("A task may have been solved better before it was trained on. Is that among the best?")
def test_the_best_may_come_before_the_task_was_trained(submission):
    accuracy = np.array([[0.7, 0.9, 0.3], [0.6, 0.5, 0.2], [0.6, 0.4, 0.8]])
    result = submission.continual_metrics(accuracy)
    assert_metrics(result, 0.6, (0.1 + 0.5) / 2, (-0.1 - 0.1) / 2)


@points(0.25)
@hint("Only one task was ever learned. What can have been forgotten?")
def test_one_task_forgets_nothing(submission):
    assert_metrics(submission.continual_metrics(np.array([[0.75]])), 0.75, 0.0, 0.0)


@points(0.5)
@hint("Go through the three sums index by index. Which tasks belong to each?")
@pytest.mark.parametrize("tasks", [2, 3, 6])
def test_many_tasks_are_averaged(submission, rng, tasks):
    accuracy = 0.5 + 0.1 * array(rng, tasks, tasks)
    assert_close(submission.continual_metrics(accuracy), continual_metrics(accuracy))


@points(0.25)
@hint("Which matrices do not say how good each model is on each task?")
def test_matrices_that_are_not_square_are_refused(submission):
    for shape in ((0, 0), (2, 3), (3, 2), (1, 2), (2, 1), (0, 2)):
        assert_raises(ValueError, submission.continual_metrics, np.full(shape, 0.5))
