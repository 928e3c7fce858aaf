"""The hidden suite of generative models."""

import pytest
import torch

from autograder.checks import (
    assert_close,
    assert_distribution,
    assert_equal,
    assert_raises,
    assert_shape,
)
from autograder.suite import hint, points, tensor
from solutions.generative_models.generative_models import (
    fit_logistic_regression,
    fit_naive_bayes,
    posterior,
)


def bags(rng, labels, vocab, most=6):
    """Return random counts, and labels as a tensor."""
    counts = torch.from_numpy(rng.integers(0, most, size=(len(labels), vocab)))
    return counts, torch.tensor(labels)


def log_model(rng, classes, vocab):
    """Return a log prior and log likelihoods, none of them far from another."""
    prior = torch.log_softmax(tensor(rng, classes), dim=0)
    return prior, torch.log_softmax(tensor(rng, classes, vocab), dim=1)


def draw_inside(rng, probs, index):
    """Return a draw well inside the piece of the line that belongs to an index."""
    below = sum(probs[:index])
    return below + float(rng.uniform(0.2, 0.8)) * probs[index]


# ── fit_naive_bayes ───────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("How often does a word occur in all documents of a class, and how many words have these?")
def test_likelihoods_are_smoothed_shares_of_the_words_of_a_class(submission, rng):
    counts, labels = bags(rng, [0, 2, 1, 1, 2, 0, 1], 9)
    result = submission.fit_naive_bayes(counts, labels, 3)
    assert_close(result[1], fit_naive_bayes(counts, labels, 3)[1], name="log likelihood")


@points(0.25)
@hint("A word stands five times in a document. How often does it count?")
def test_a_word_counts_as_often_as_it_occurs(submission):
    counts, labels = torch.tensor([[5, 1, 0], [2, 0, 0], [1, 1, 4]]), torch.tensor([0, 0, 1])
    _, likelihood = submission.fit_naive_bayes(counts, labels, 2)
    expected = torch.tensor([[8 / 11, 2 / 11, 1 / 11], [2 / 9, 2 / 9, 5 / 9]])
    assert_close(likelihood, expected.log(), name="log likelihood")


@points(0.25)
@hint("Every word is counted `smoothing` times more. How many words are that in all?")
@pytest.mark.parametrize("smoothing", [0.1, 2.5])
def test_the_smoothing_counts_in_the_total_too(submission, rng, smoothing):
    counts, labels = bags(rng, [0, 1, 0, 1], 7)
    _, likelihood = submission.fit_naive_bayes(counts, labels, 2, smoothing)
    expected = fit_naive_bayes(counts, labels, 2, smoothing)[1]
    assert_close(likelihood, expected, name="log likelihood")
    assert_distribution(likelihood.exp(), name="likelihood")


@points(0.5)
@hint("Two of three mails are spam. What do you believe before you read the next one?")
def test_the_prior_is_the_share_of_documents(submission, rng):
    counts, labels = bags(rng, [1, 1, 0, 1, 2, 1, 2], 4)
    log_prior, _ = submission.fit_naive_bayes(counts, labels, 3)
    assert_close(log_prior, torch.tensor([1 / 7, 4 / 7, 2 / 7]).log(), name="log prior")


@points(0.25)
@hint("Which dtypes come out of your divisions?")
def test_both_results_are_float32(submission, rng):
    counts, labels = bags(rng, [0, 1, 1], 5)
    result = submission.fit_naive_bayes(counts, labels, 2, 0.5)
    assert_close(result, fit_naive_bayes(counts, labels, 2, 0.5), check_dtype=True)


@points(0.25)
@hint("A class has documents, but no words. Which of its words is likelier than another?")
def test_a_class_without_words_has_equally_likely_words(submission):
    counts = torch.tensor([[0, 0, 0, 0], [3, 0, 1, 0], [0, 0, 0, 0]])
    _, likelihood = submission.fit_naive_bayes(counts, torch.tensor([1, 0, 1]), 2)
    expected = torch.tensor([[0.5, 0.125, 0.25, 0.125], [0.25] * 4])
    assert_close(likelihood, expected.log(), name="log likelihood")


@points(0.25)
@hint("What is left to learn where there is one class, one document or one word?")
@pytest.mark.parametrize(
    ("labels", "classes", "vocab"), [([0], 1, 4), ([1, 0], 2, 1), ([0, 0, 0], 1, 1)], ids=str
)
def test_the_smallest_data_can_be_fitted(submission, rng, labels, classes, vocab):
    counts, labels = bags(rng, labels, vocab)
    assert_close(
        submission.fit_naive_bayes(counts, labels, classes),
        fit_naive_bayes(counts, labels, classes),
    )


@points(0.5)
@hint("What would the logarithm be? And whose label is it?")
@pytest.mark.parametrize("smoothing", [0.0, -1.0])
def test_smoothing_has_to_be_above_zero(submission, smoothing):
    counts, labels = torch.tensor([[1, 2], [3, 1]]), torch.tensor([0, 1])
    assert_raises(ValueError, submission.fit_naive_bayes, counts, labels, 2, smoothing)


@points(0.25)
@hint("Which labels do three classes have, and can a bag hold fewer than no words?")
@pytest.mark.parametrize(
    ("counts", "labels"),
    [
        pytest.param([[1, 2], [3, 4], [5, 6], [1, 1]], [0, 1, 2, 3], id="label too large"),
        pytest.param([[1, 2], [3, 4], [5, 6], [1, 1]], [0, 1, 2, -1], id="negative label"),
        pytest.param([[1, 2], [3, 4], [5, 6]], [0, 2, 2], id="empty class"),
        pytest.param([[1, 2], [3, -1], [5, 6]], [0, 1, 2], id="negative count"),
        pytest.param([[1, 2], [3, 4], [5, 6], [1, 1]], [0, 1, 2], id="label missing"),
        pytest.param([[1, 2], [3, 4], [5, 6]], [0, 1, 2, 2], id="label too many"),
    ],
)
def test_data_that_does_not_fit_is_refused(submission, counts, labels):
    counts, labels = torch.tensor(counts), torch.tensor(labels)
    assert_raises(ValueError, submission.fit_naive_bayes, counts, labels, 3)


# ── posterior ─────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Bayes' rule has three factors. Which of them depend on the class?")
def test_the_posterior_follows_from_bayes_rule(submission, rng):
    log_prior, log_likelihood = log_model(rng, 3, 6)
    counts = torch.from_numpy(rng.integers(0, 3, size=(5, 6)))
    assert_close(
        submission.posterior(log_prior, log_likelihood, counts),
        posterior(log_prior, log_likelihood, counts),
    )


@points(0.5)
@hint("One mail in fifty is spam, and a word is twice as likely in spam. Is the mail spam?")
def test_a_rare_class_needs_more_evidence(submission):
    prior, likelihood = torch.tensor([0.98, 0.02]), torch.tensor([[0.3, 0.7], [0.6, 0.4]])
    counts = torch.tensor([[1, 0], [3, 1]])
    joint = prior * torch.tensor([[0.3, 0.6], [0.3**3 * 0.7, 0.6**3 * 0.4]])
    result = submission.posterior(prior.log(), likelihood.log(), counts)
    assert_close(result, joint / joint.sum(dim=1, keepdim=True))


@points(0.5)
@hint("A document belongs to some class. What does each row sum to?")
def test_the_probabilities_of_a_document_sum_to_one(submission, rng):
    log_prior, log_likelihood = log_model(rng, 4, 5)
    counts = torch.from_numpy(rng.integers(0, 5, size=(6, 5)))
    result = submission.posterior(log_prior, log_likelihood, counts)
    assert_shape(result, (6, 4))
    assert_distribution(result)


@points(0.5)
@hint("The same word comes four times. How much evidence is that?")
def test_every_occurrence_of_a_word_counts(submission):
    likelihood = torch.tensor([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]])
    counts = torch.tensor([[4, 1, 0], [1, 1, 9], [0, 2, 0]])
    result = submission.posterior(torch.tensor([0.5, 0.5]).log(), likelihood.log(), counts)
    assert_close(result, torch.tensor([[8 / 9, 1 / 9], [0.5, 0.5], [0.2, 0.8]]))


@points(0.25)
@hint("Nothing was read. What do you know?")
def test_a_document_without_words_gets_the_prior(submission, rng):
    log_prior, log_likelihood = log_model(rng, 3, 4)
    counts = torch.tensor([[0, 0, 0, 0], [2, 0, 1, 0], [0, 0, 0, 0]])
    result = submission.posterior(log_prior, log_likelihood, counts)
    assert_close(result[0::2], log_prior.exp().expand(2, 3), name="rows of empty documents")


@points(0.25)
@hint("How many rows and columns are there for no document?")
def test_no_documents_give_no_rows(submission, rng):
    log_prior, log_likelihood = log_model(rng, 3, 4)
    counts = torch.zeros(0, 4, dtype=torch.int64)
    assert_shape(submission.posterior(log_prior, log_likelihood, counts), (0, 3))


@points(0.5)
@hint("What is 0.1 to the power of 100 000? And its logarithm?")
def test_long_documents_neither_underflow_nor_give_nan(submission, rng):
    likelihood = torch.tensor([[0.5, 0.3, 0.2], [0.3, 0.5, 0.2], [0.2, 0.3, 0.5]])
    counts = torch.tensor([[50_000, 30_000, 20_000], [20_000, 30_000, 50_000], [3, 99_000, 997]])
    log_prior = torch.tensor([0.2, 0.5, 0.3]).log()
    result = submission.posterior(log_prior, likelihood.log(), counts)
    assert_close(result, torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
    # Two classes that say the same: what rounding makes of it has to be a distribution.
    twins = torch.log_softmax(tensor(rng, 50), dim=0).expand(2, 50)
    counts = torch.from_numpy(rng.integers(0, 4000, size=(3, 50)))
    result = submission.posterior(torch.tensor([0.5, 0.5]).log(), twins, counts)
    assert_distribution(result, name="result of equal classes")


# ── generate_document ─────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The class is drawn first. From whose words do you draw then?")
def test_the_words_are_those_of_the_class_that_was_drawn(submission):
    prior = torch.tensor([0.25, 0.25, 0.5])
    words = torch.tensor([[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.2, 0.6], [0.1, 0.7, 0.1, 0.1]])
    draws = [0.3, 0.05, 0.35, 0.15, 0.5, 0.95, 0.25]
    result = submission.generate_document(prior.log(), words.log(), draws)
    assert_equal(result, (1, [0, 2, 1, 3, 3, 2]))


@points(0.25)
@hint("Draw the classes as pieces of a line from 0 to 1. On which piece does the draw lie?")
@pytest.mark.parametrize("label", [0, 1, 2, 3])
def test_the_class_is_drawn_from_the_prior(submission, rng, label):
    prior, words = [0.1, 0.4, 0.2, 0.3], [0.2, 0.1, 0.4, 0.3]
    chosen = [int(word) for word in rng.integers(0, 4, size=6)]
    draws = [draw_inside(rng, prior, label), *(draw_inside(rng, words, word) for word in chosen)]
    likelihood = torch.full((4, 4), 0.25)
    likelihood[label] = torch.tensor(words)
    result = submission.generate_document(torch.tensor(prior).log(), likelihood.log(), draws)
    assert_equal(result, (label, chosen))


@points(0.25)
@hint("There is one draw. What is drawn with it?")
@pytest.mark.parametrize(("draw", "label"), [(0.2, 0), (0.8, 1)])
def test_a_single_draw_gives_a_class_and_no_word(submission, draw, label):
    words = torch.tensor([[0.8, 0.2], [0.2, 0.8]])
    result = submission.generate_document(torch.tensor([0.4, 0.6]).log(), words.log(), [draw])
    assert_equal(result, (label, []))


@points(0.25)
@hint("The first word is impossible. Which word does a draw of 0 give?")
def test_what_has_no_probability_is_never_drawn(submission):
    prior = torch.tensor([0.0, 0.0, 0.5, 0.5])
    words = torch.tensor([0.0, 0.25, 0.0, 0.0, 0.75]).expand(4, 5)
    result = submission.generate_document(prior.log(), words.log(), [0.0, 0.0, 0.1, 0.3, 0.0])
    assert_equal(result, (2, [1, 1, 4, 1]))


@points(0.25)
@hint("Float32 probabilities may sum to a little less than 1. What if the draw is larger still?")
def test_a_draw_beyond_the_total_gives_the_last_possible_index(submission):
    # What is missing to 1 is some rounding errors.
    prior = torch.tensor([0.5, 0.4999995, 0.0])
    words = torch.tensor([[0.25, 0.75, 0.0], [0.25, 0.7499995, 0.0], [0.0, 0.0, 1.0]])
    draws = [1 - 2**-53, 1 - 2**-53, 0.1, 1 - 2**-50]
    result = submission.generate_document(prior.log(), words.log(), draws)
    assert_equal(result, (1, [1, 0, 1]))


@points(0.25)
@hint("One class and one word: which draw could give anything else?")
@pytest.mark.parametrize("draw", [0.0, 0.3, 1 - 2**-53])
def test_one_class_and_one_word_are_drawn_by_any_draw(submission, draw):
    prior, words = torch.tensor([0.0]), torch.tensor([[0.0]])
    assert_equal(submission.generate_document(prior, words, [draw] * 3), (0, [0, 0]))


@points(0.25)
@hint("Between which numbers does a draw lie? And is a document possible without one?")
@pytest.mark.parametrize(
    "draws", [[], [1.0], [-0.1], [0.5, 1.0], [0.5, 0.2, -0.001], [1.5, 0.5]], ids=str
)
def test_draws_outside_the_unit_interval_are_refused(submission, draws):
    prior, words = torch.tensor([0.4, 0.6]), torch.tensor([[0.8, 0.2], [0.2, 0.8]])
    assert_raises(ValueError, submission.generate_document, prior.log(), words.log(), draws)


# ── fit_logistic_regression ───────────────────────────────────────────────────────────────────


@points(0.5)
@hint("From zeros every class has the same probability. What is the gradient of a single document?")
def test_one_step_on_one_document(submission):
    counts, labels = torch.tensor([[2, 0, 1]]), torch.tensor([1])
    weights, bias = submission.fit_logistic_regression(counts, labels, 4, 1, 0.5)
    error = torch.tensor([0.25, -0.75, 0.25, 0.25])
    assert_close(weights, -0.5 * error[:, None] * counts[0], name="weights")
    assert_close(bias, -0.5 * error, name="bias")


@points(0.5)
@hint("Twice the documents, each of them twice: should the step be twice as long?")
def test_the_loss_is_a_mean_over_documents(submission, rng):
    counts, labels = bags(rng, [0, 1, 2, 1, 1], 4)
    assert_close(
        submission.fit_logistic_regression(counts, labels, 3, 2, 0.1),
        fit_logistic_regression(counts, labels, 3, 2, 0.1),
    )


@points(0.5)
@hint("After the first step the probabilities differ. What is the gradient of the second?")
def test_many_steps_follow_each_other(submission, rng):
    counts, labels = bags(rng, [2, 0, 1, 1, 0, 2, 2, 0], 6, most=4)
    assert_close(
        submission.fit_logistic_regression(counts, labels, 3, 40, 0.05),
        fit_logistic_regression(counts, labels, 3, 40, 0.05),
        rtol=1e-4,
    )


@points(0.5)
@hint("What is the derivative of l2 / 2 · w²? And does the bias take part?")
@pytest.mark.parametrize("l2", [0.3, 1.0])
def test_the_penalty_pulls_on_the_weights_only(submission, rng, l2):
    # One class is much more frequent, so that the biases grow.
    counts, labels = bags(rng, [0, 0, 0, 0, 1], 3)
    assert_close(
        submission.fit_logistic_regression(counts, labels, 2, 8, 0.1, l2),
        fit_logistic_regression(counts, labels, 2, 8, 0.1, l2),
        rtol=1e-4,
    )


@points(0.25)
@hint("Before the first step, where do weights and bias stand?")
@pytest.mark.parametrize("l2", [0.0, 0.5])
def test_no_step_leaves_zeros(submission, rng, l2):
    counts, labels = bags(rng, [0, 1, 1], 4)
    weights, bias = submission.fit_logistic_regression(counts, labels, 3, 0, 0.1, l2)
    assert_close(weights, torch.zeros(3, 4), name="weights")
    assert_close(bias, torch.zeros(3), name="bias")


@points(0.25)
@hint("No document has the third class. What do the others teach it?")
def test_a_class_without_documents_is_pushed_away(submission, rng):
    counts, labels = bags(rng, [0, 1, 1, 0], 5)
    assert_close(
        submission.fit_logistic_regression(counts, labels, 4, 5, 0.1),
        fit_logistic_regression(counts, labels, 4, 5, 0.1),
    )


@points(0.25)
@hint("A document has a thousand words and the scores are large. What does your softmax do?")
def test_large_counts_do_not_overflow(submission):
    counts = torch.tensor([[1000, 0], [0, 800], [900, 0]])
    labels = torch.tensor([0, 1, 1])
    # Every other step the scores are in the thousands, and the probabilities 0 or 1.
    assert_close(
        submission.fit_logistic_regression(counts, labels, 2, 3, 0.5),
        fit_logistic_regression(counts, labels, 2, 3, 0.5),
    )


@points(0.25)
@hint("Add a constant to the scores of all classes. What does the softmax say to it?")
def test_over_all_classes_weights_and_biases_sum_to_zero(submission, rng):
    counts, labels = bags(rng, [0, 1, 2, 0, 0, 1], 4)
    weights, bias = submission.fit_logistic_regression(counts, labels, 3, 10, 0.1, 0.1)
    assert_shape(weights, (3, 4), name="weights")
    assert_shape(bias, (3,), name="bias")
    assert_close(weights.sum(dim=0), torch.zeros(4), atol=1e-5, name="sum of the weights")
    assert_close(bias.sum(), torch.tensor(0.0), atol=1e-5, name="sum of the biases")


@points(0.5)
@hint("Which of steps, rate and l2 may be zero?")
@pytest.mark.parametrize(
    ("steps", "rate", "l2"), [(-1, 0.1, 0.0), (2, 0.0, 0.0), (2, -0.1, 0.0), (2, 0.1, -0.1)]
)
def test_senseless_settings_are_refused(submission, steps, rate, l2):
    counts, labels = torch.tensor([[1, 2], [3, 1]]), torch.tensor([0, 1])
    assert_raises(
        ValueError, submission.fit_logistic_regression, counts, labels, 2, steps, rate, l2
    )


@points(0.5)
@hint("The mean of no losses: what is it? Which labels do two classes have?")
@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize(
    ("counts", "labels"),
    [
        pytest.param([[1, 2], [3, 4]], [0, 2], id="label too large"),
        pytest.param([[1, 2], [3, 4]], [-1, 1], id="negative label"),
        pytest.param([[1, -2], [3, 4]], [0, 1], id="negative count"),
        pytest.param([[1, 2], [3, 4]], [0], id="label missing"),
        pytest.param([[1, 2], [3, 4]], [0, 1, 1], id="label too many"),
        pytest.param([], [], id="no document"),
    ],
)
def test_data_that_cannot_be_learned_from_is_refused(submission, counts, labels, steps):
    counts = torch.tensor(counts, dtype=torch.int64).reshape(-1, 2)
    labels = torch.tensor(labels, dtype=torch.int64)
    assert_raises(ValueError, submission.fit_logistic_regression, counts, labels, 2, steps, 0.1)
