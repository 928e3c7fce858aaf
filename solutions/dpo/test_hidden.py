"""The hidden suite of DPO, IPO and SimPO."""

import pytest
import torch

from autograder.checks import assert_close, assert_dtype, assert_raises
from autograder.suite import gradients, hint, points, tensor
from solutions.dpo.dpo import dpo_loss, ipo_loss, sequence_logps, simpo_loss

# ── sequence_logps ────────────────────────────────────────────────────────────────────────────


def answers(rng, vocab=6):
    """Return logits and labels of four rows: prompts and padding of several lengths."""
    rows = [
        [-100, -100, 3, 1, 5],
        [-100, 2, 0, -100, -100],
        [-100, -100, -100, 4, -100],
        [-100, 5, 1, 1, 2],
    ]
    return tensor(rng, 4, 5, vocab), torch.tensor(rows)


@points(0.5)
@hint("The logits after 'Paris is' predict the next word. At which place does that word stand?")
def test_each_label_is_scored_by_the_logits_before_it(submission, rng):
    logits, labels = tensor(rng, 1, 4, 5), torch.tensor([[-100, 3, 0, 4]])
    logs = logits.log_softmax(dim=2)
    expected = logs[0, 0, 3] + logs[0, 1, 0] + logs[0, 2, 4]
    assert_close(submission.sequence_logps(logits, labels), (expected[None], torch.tensor([3])))


@points(0.5)
@hint("Which labels are the answer's own, and what do the others add?")
def test_prompt_and_padding_are_not_scored(submission, rng):
    logits, labels = answers(rng)
    assert_close(submission.sequence_logps(logits, labels), sequence_logps(logits, labels))


@points(0.25)
@hint("What does your code assume about the numbers of rows, tokens and words?")
@pytest.mark.parametrize("shape", [(1, 2, 1), (3, 3, 3), (2, 4, 1)], ids=str)
def test_any_size_will_do(submission, rng, shape):
    labels = torch.zeros(shape[:2], dtype=torch.int64)
    labels[:, :1] = -100
    labels[:, 2:3] = -100
    logits = tensor(rng, *shape)
    assert_close(submission.sequence_logps(logits, labels), sequence_logps(logits, labels))


@points(0.25)
@hint("Is the first token of a row predicted by anything?")
def test_the_first_label_is_never_scored(submission, rng):
    logits, labels = tensor(rng, 3, 4, 5), torch.tensor([[1, 3, 0, 4], [2, -100, -100, 1], [0] * 4])
    assert_close(submission.sequence_logps(logits, labels), sequence_logps(logits, labels))


@points(0.25)
@hint("What do the logits at the last place predict?")
def test_the_last_logits_are_never_used(submission, rng):
    logits, labels = answers(rng)
    changed = logits.clone()
    changed[:, -1] = 100 * tensor(rng, 4, 6)
    assert_close(submission.sequence_logps(changed, labels), sequence_logps(logits, labels))


@points(0.25)
@hint("There is nothing to predict. What are the sum and the count?")
@pytest.mark.parametrize(
    "labels",
    [[[-100] * 3, [-100, 1, 2]], [[-100] * 3] * 2, [[4, -100, -100]], [[4], [-100]], [[], []]],
    ids=["a row", "all rows", "only a first label", "one token", "no token"],
)
def test_rows_without_a_scored_label_have_zeros(submission, rng, labels):
    labels = torch.tensor(labels).long()
    logits = tensor(rng, *labels.shape, 5)
    assert_close(submission.sequence_logps(logits, labels), sequence_logps(logits, labels))


@points(0.25)
@hint("What is the type of a number of tokens?")
def test_counts_are_whole_numbers(submission, rng):
    _, counts = submission.sequence_logps(*answers(rng))
    assert_dtype(counts, torch.int64, name="the counts")


@points(0.5)
@hint("What is e to the 10 000? Which form of the log softmax never needs it?")
@pytest.mark.parametrize("size", [200.0, 1e4], ids=str)
def test_large_logits_are_no_trouble(submission, size):
    logits = size * torch.tensor([[[1.0, -1.0, 0.5], [-1.0, 1.0, 1.0], [0.0, -1.0, 1.0]]])
    labels = torch.tensor([[-100, 1, 2]])
    assert_close(submission.sequence_logps(logits, labels), sequence_logps(logits, labels))


@points(0.75)
@hint("Which logits does the sum depend on?")
def test_gradients_reach_the_logits_that_were_scored(submission, rng):
    arguments = answers(rng)
    assert_close(
        submission.gradients("sequence_logps", *arguments, wrt=(0,)),
        gradients(sequence_logps, *arguments, wrt=(0,)),
    )


@points(0.25)
@hint("Does every label have its logits?")
@pytest.mark.parametrize(
    ("logits", "labels"),
    [((2, 4, 5), (2, 3)), ((2, 4, 5), (1, 4)), ((2, 4, 5), (2, 1)), ((2, 4, 5), (4,))],
    ids=str,
)
def test_labels_without_logits_are_refused(submission, rng, logits, labels):
    labels = torch.ones(labels, dtype=torch.int64)
    assert_raises(ValueError, submission.sequence_logps, tensor(rng, *logits), labels)


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_logits_need_not_be_contiguous(submission, rng):
    logits, labels = tensor(rng, 5, 4, 6).transpose(0, 1), answers(rng)[1]
    assert_close(submission.sequence_logps(logits, labels), sequence_logps(logits, labels))


# ── dpo_loss ──────────────────────────────────────────────────────────────────────────────────


def logps(rng, n=5, scale=3.0):
    """Return log-probabilities of chosen and rejected, by policy and reference."""
    return tuple(-20 + tensor(rng, n, scale=scale) for _ in range(4))


@points(0.5)
@hint(
    "What does the policy like better than the reference does? Which sigmoid of that is the loss?"
)
@pytest.mark.parametrize("n", [1, 5])
def test_the_loss_compares_the_policy_with_the_reference(submission, rng, n):
    values = logps(rng, n)
    assert_close(submission.dpo_loss(*values, beta=0.3), dpo_loss(*values, beta=0.3))


@points(0.5)
@hint("Before the first step policy and reference are one model. What is the loss then?")
def test_a_policy_like_its_reference_has_the_logarithm_of_two(submission, rng):
    chosen, rejected, *_ = logps(rng, 4)
    given = submission.dpo_loss(chosen, rejected, chosen, rejected, beta=2.0)
    assert_close(given, (torch.log(torch.tensor(2.0)), torch.zeros(4), torch.zeros(4)))


@points(0.5)
@hint("Which two terms does a label have that may be wrong?")
@pytest.mark.parametrize("smoothing", [0.1, 0.4])
def test_smoothing_mixes_in_the_flipped_pair(submission, rng, smoothing):
    values = logps(rng)
    given = submission.dpo_loss(*values, beta=0.5, label_smoothing=smoothing)
    assert_close(given, dpo_loss(*values, beta=0.5, label_smoothing=smoothing))


@points(0.5)
@hint("What is beta where nobody gives it, and how much smoothing is there?")
def test_beta_is_a_tenth_and_nothing_is_smoothed_unless_said(submission, rng):
    values = logps(rng, scale=10.0)
    assert_close(submission.dpo_loss(*values), dpo_loss(*values, beta=0.1, label_smoothing=0.0))


@points(1)
@hint("σ(−200) is 0 to a float32. What is its logarithm, and what should it be?")
@pytest.mark.parametrize("smoothing", [0.0, 0.25])
@pytest.mark.parametrize("margin", [-1e4, -200.0, 1e4], ids=str)
def test_a_large_margin_gives_a_finite_loss_and_gradient(submission, margin, smoothing):
    values = tuple(torch.tensor([one, -2.0]) for one in (margin, -margin, -margin, margin))
    arguments = {"beta": 0.25, "label_smoothing": smoothing}
    assert_close(submission.dpo_loss(*values, **arguments), dpo_loss(*values, **arguments))
    assert_close(
        submission.gradients("dpo_loss", *values, wrt=(0, 1), **arguments),
        gradients(dpo_loss, *values, wrt=(0, 1), **arguments),
    )


@points(1)
@hint("What flows back from the loss, and what from the rewards, which are there to be looked at?")
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_policy_gets_the_gradient_of_the_loss_alone(submission, rng, smoothing):
    values = logps(rng)
    policy = [value.clone().requires_grad_() for value in values[:2]]
    margin = policy[0] - policy[1] - values[2] + values[3]
    sides = (
        -(1 - smoothing) * (0.5 * margin).sigmoid().log(),
        -smoothing * (-0.5 * margin).sigmoid().log(),
    )
    expected = torch.autograd.grad((sides[0] + sides[1]).mean(), policy)
    arguments = {"beta": 0.5, "label_smoothing": smoothing}
    given = submission.gradients("dpo_loss", *values, wrt=(0, 1), **arguments)
    assert_close(given, expected, terms=4)


def zeros_for_none(found, n):
    """Return gradients with zeros for those that did not flow."""
    return tuple(torch.zeros(n) if one is None else one for one in found)


@points(0.5)
@hint("The reference is frozen. Where do you cut it off?")
def test_no_gradient_reaches_the_reference(submission, rng):
    given = submission.gradients("dpo_loss", *logps(rng, 3), wrt=(0, 2, 3))
    assert_close(zeros_for_none(given[1:], 3), (torch.zeros(3), torch.zeros(3)))


LENGTHS = [
    pytest.param((0, 0, 0, 0), id="no pair"),
    pytest.param((1, 3, 3, 3), id="one chosen"),
    pytest.param((3, 1, 3, 3), id="one rejected"),
    pytest.param((3, 3, 1, 3), id="third of length one"),
    pytest.param((3, 3, 3, 1), id="fourth of length one"),
    pytest.param((3, 3, 2, 3), id="third too short"),
]


@points(0.25)
@hint("A mean over nothing, and lengths that PyTorch broadcasts: which of them do you notice?")
@pytest.mark.parametrize("lengths", LENGTHS)
def test_dpo_refuses_pairs_that_do_not_fit(submission, rng, lengths):
    assert_raises(ValueError, submission.dpo_loss, *(tensor(rng, n) for n in lengths))


@points(0.25)
@hint("What does beta = 0 say about the reference? And a label that is wrong half of the time?")
@pytest.mark.parametrize(
    "arguments",
    [{"beta": 0.0}, {"beta": -0.1}, {"label_smoothing": -0.1}, {"label_smoothing": 0.5}],
    ids=str,
)
def test_dpo_refuses_what_makes_no_sense(submission, rng, arguments):
    assert_raises(ValueError, submission.dpo_loss, *logps(rng, 3), **arguments)


# ── ipo_loss ──────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("To which number is the margin pulled, and what does beta do to that number?")
@pytest.mark.parametrize("beta", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("n", [1, 4])
def test_the_margin_is_pulled_to_half_of_one_over_beta(submission, rng, n, beta):
    values = logps(rng, n)
    assert_close(submission.ipo_loss(*values, beta=beta), ipo_loss(*values, beta=beta), terms=4)


@points(0.25)
@hint("What is beta where nobody gives it?")
def test_ipo_takes_a_beta_of_a_tenth_unless_said(submission, rng):
    values = logps(rng)
    assert_close(submission.ipo_loss(*values), ipo_loss(*values, beta=0.1), terms=4)


@points(0.25)
@hint("Which way is each side pulled while the margin is too small?")
def test_ipo_moves_the_policy(submission, rng):
    values = logps(rng)
    assert_close(
        submission.gradients("ipo_loss", *values, 0.2, wrt=(0, 1)),
        gradients(ipo_loss, *values, 0.2, wrt=(0, 1)),
        terms=4,
    )


@points(0.25)
@hint("The reference is frozen here as well.")
def test_ipo_does_not_move_the_reference(submission, rng):
    given = submission.gradients("ipo_loss", *logps(rng, 3), wrt=(0, 2, 3))
    assert_close(zeros_for_none(given[1:], 3), (torch.zeros(3), torch.zeros(3)))


@points(0.25)
@hint("A mean over nothing, and lengths that PyTorch broadcasts: which of them do you notice?")
@pytest.mark.parametrize("lengths", LENGTHS)
def test_ipo_refuses_pairs_that_do_not_fit(submission, rng, lengths):
    assert_raises(ValueError, submission.ipo_loss, *(tensor(rng, n) for n in lengths))


@points(0.25)
@hint("What is 1 / (2 beta) for a beta of 0, and which way does a negative one pull?")
@pytest.mark.parametrize("beta", [0.0, -0.1])
def test_ipo_refuses_a_beta_that_is_not_positive(submission, rng, beta):
    assert_raises(ValueError, submission.ipo_loss, *logps(rng, 3), beta=beta)


# ── simpo_loss ────────────────────────────────────────────────────────────────────────────────


def counted(rng, n=4):
    """Return log-probabilities of chosen and rejected, and their numbers of tokens."""
    tokens = [torch.from_numpy(rng.integers(2, 40, n)) for _ in range(2)]
    tokens[0][0] = 1
    return -20 + tensor(rng, n, scale=5.0), -20 + tensor(rng, n, scale=5.0), *tokens


@points(0.75)
@hint("A long answer has a lower log-probability than a short one. What do you compare?")
@pytest.mark.parametrize("n", [1, 4])
def test_log_probabilities_a_token_are_compared(submission, rng, n):
    values = counted(rng, n)
    assert_close(
        submission.simpo_loss(*values, beta=1.5, gamma=0.0),
        simpo_loss(*values, beta=1.5, gamma=0.0),
    )


@points(0.75)
@hint("Is the margin inside the bracket that beta multiplies, and which sign has it?")
@pytest.mark.parametrize("gamma", [0.5, 3.0, -1.0])
def test_the_margin_is_taken_off_after_beta(submission, rng, gamma):
    values = counted(rng)
    assert_close(
        submission.simpo_loss(*values, beta=2.5, gamma=gamma),
        simpo_loss(*values, beta=2.5, gamma=gamma),
    )


@points(0.5)
@hint("Which beta and which margin are meant where nobody gives them?")
def test_beta_is_two_and_the_margin_one_unless_said(submission, rng):
    values = counted(rng)
    assert_close(submission.simpo_loss(*values), simpo_loss(*values, beta=2.0, gamma=1.0))


@points(0.5)
@hint("How much does one more token change what flows back?")
def test_simpo_moves_the_policy(submission, rng):
    values = counted(rng)
    upstream = torch.tensor(100.0)
    assert_close(
        submission.gradients("simpo_loss", *values, wrt=(0, 1), upstream=upstream),
        gradients(simpo_loss, *values, wrt=(0, 1), upstream=upstream),
    )


@points(0.25)
@hint("A mean over nothing, and lengths that PyTorch broadcasts: which of them do you notice?")
@pytest.mark.parametrize("lengths", LENGTHS)
def test_simpo_refuses_pairs_that_do_not_fit(submission, rng, lengths):
    values = [tensor(rng, n) for n in lengths[:2]]
    values += [torch.ones(n, dtype=torch.int64) for n in lengths[2:]]
    assert_raises(ValueError, submission.simpo_loss, *values)


@points(0.25)
@hint("By what do you divide when an answer has no token?")
@pytest.mark.parametrize(
    ("changed", "beta"),
    [({2: [3, 0]}, 2.0), ({3: [0, 3]}, 2.0), ({3: [3, -1]}, 2.0), ({}, 0.0), ({}, -1.0)],
    ids=["no chosen token", "no rejected token", "a negative count", "beta 0", "negative beta"],
)
def test_simpo_refuses_what_makes_no_sense(submission, rng, changed, beta):
    values = [tensor(rng, 2), tensor(rng, 2), torch.tensor([1, 2]), torch.tensor([2, 1])]
    for place, counts in changed.items():
        values[place] = torch.tensor(counts)
    assert_raises(ValueError, submission.simpo_loss, *values, beta=beta)
