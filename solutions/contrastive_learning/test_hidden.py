"""The hidden suite of contrastive learning."""

import torch

from autograder.checks import assert_close, assert_equal, assert_finite, assert_raises
from autograder.suite import gradients, hint, points, tensor
from solutions.contrastive_learning.contrastive_learning import (
    batch_hard_triplet_loss,
    euclidean,
    mine_hard_negatives,
    multiple_negatives_loss,
    unit_length,
)

# ── multiple_negatives_loss ───────────────────────────────────────────────────────────────────


def batch(rng, n, dim):
    """Draw anchors and positives near them, of all lengths."""
    anchors = tensor(rng, n, dim)
    positives = anchors + tensor(rng, n, dim)
    return anchors * (0.5 + torch.arange(n)[:, None]), positives * 3.0


@points(0.75)
@hint("Which classes does the softmax of an anchor choose among, and which one is right?")
def test_each_anchor_has_to_pick_its_positive(submission, rng):
    arguments = (*batch(rng, 5, 4), 0.7)
    expected = multiple_negatives_loss(*arguments)
    assert_close(submission.multiple_negatives_loss(*arguments), expected, terms=20)


@points(0.25)
@hint("Make an anchor or a positive ten times as long. Does the loss change?")
def test_lengths_do_not_matter(submission, rng):
    anchors, positives = batch(rng, 4, 3)
    expected = multiple_negatives_loss(anchors, positives, 1.0)
    given = submission.multiple_negatives_loss(anchors * 2, positives / 3, 1.0)
    assert_close(given, expected, terms=20)


@points(0.5)
@hint("Is a low temperature a sharp or a flat softmax? Which one is used if none is given?")
def test_similarities_are_divided_by_the_temperature(submission, rng):
    anchors, positives = batch(rng, 4, 3)
    expected = multiple_negatives_loss(anchors, positives, 0.25)
    given = submission.multiple_negatives_loss(anchors, positives, temperature=0.25)
    assert_close(given, expected, terms=20)
    expected = multiple_negatives_loss(anchors, positives, 0.05)
    given = submission.multiple_negatives_loss(anchors, positives)
    assert_close(given, expected, rtol=1e-4, atol=1e-4)


@points(0.25)
@hint("What is e^1000 in float32? What may be subtracted from all scores of a row?")
def test_a_temperature_of_a_thousandth_is_no_trouble(submission, rng):
    anchors, positives = batch(rng, 6, 3)
    # Two anchors are nearer to each other's positive.
    positives = positives[[1, 0, 2, 3, 4, 5]]
    expected = multiple_negatives_loss(anchors.double(), positives.double(), 1e-3)
    given = submission.multiple_negatives_loss(anchors, positives, 1e-3)
    assert_close(given, expected.float(), rtol=1e-3, atol=1e-3)


@points(0.75)
@hint("Two queries of the batch have one answer. What is each told about the other's?")
def test_copies_of_the_positive_are_left_out(submission, rng):
    arguments = (*batch(rng, 6, 4), 0.8, torch.tensor([3, 9, 3, 0, 3, 9]))
    expected = multiple_negatives_loss(*arguments)
    assert_close(submission.multiple_negatives_loss(*arguments), expected, terms=20)


@points(0.25)
@hint("All documents have names of their own. What is left out?")
def test_ids_that_differ_change_nothing(submission, rng):
    anchors, positives = batch(rng, 4, 3)
    expected = multiple_negatives_loss(anchors, positives, 0.5)
    given = submission.multiple_negatives_loss(
        anchors, positives, 0.5, ids=torch.tensor([2, 0, 3, -1])
    )
    assert_close(given, expected, terms=20)


@points(0.5)
@hint("Who chooses among whom in the second loss, and what do you do with the two?")
def test_the_symmetric_loss_is_the_mean_of_both_sides(submission, rng):
    anchors, positives = batch(rng, 5, 4)
    expected = multiple_negatives_loss(anchors, positives, 0.5, symmetric=True)
    given = submission.multiple_negatives_loss(anchors, positives, 0.5, symmetric=True)
    assert_close(given, expected, terms=20)


@points(0.25)
@hint("Anchors choose among documents, documents among anchors: which pairs are left out of both?")
def test_copies_are_left_out_on_both_sides(submission, rng):
    arguments = (*batch(rng, 5, 3), 0.8, torch.tensor([1, 1, 4, 1, 4]), True)
    expected = multiple_negatives_loss(*arguments)
    assert_close(submission.multiple_negatives_loss(*arguments), expected, terms=20)


@points(0.25)
@hint("How hard is the choice with one document, or with copies of one only?")
def test_without_negatives_the_loss_is_zero(submission, rng):
    given = submission.multiple_negatives_loss(tensor(rng, 1, 3), tensor(rng, 1, 3))
    assert_close(given, torch.tensor(0.0), atol=1e-5)
    ids = torch.tensor([4, 4, 4])
    given = submission.multiple_negatives_loss(*batch(rng, 3, 2), ids=ids, symmetric=True)
    assert_close(given, torch.tensor(0.0), atol=1e-5)


@points(0.25)
@hint("What do you divide a vector of zeros by?")
def test_a_vector_of_zeros_has_cosine_zero(submission, rng):
    anchors, positives = batch(rng, 4, 3)
    anchors[1] = positives[2] = 0.0
    expected = multiple_negatives_loss(anchors, positives, 0.5)
    assert_close(submission.multiple_negatives_loss(anchors, positives, 0.5), expected, terms=20)


@points(0.5)
@hint("Does anything between the vectors and the loss stop the gradient?")
def test_gradients_reach_anchors_and_positives(submission, rng):
    arguments = (*batch(rng, 4, 3), 0.5, torch.tensor([0, 5, 0, 1]))
    for symmetric in (False, True):
        found = submission.gradients(
            "multiple_negatives_loss", *arguments, symmetric=symmetric, wrt=(0, 1)
        )
        expected = gradients(multiple_negatives_loss, *arguments, symmetric=symmetric, wrt=(0, 1))
        assert_close(found, expected, terms=50)


@points(0.25)
@hint("The root has an infinite slope at zero. What comes out when it is multiplied by zero?")
def test_gradients_with_zero_vectors_are_finite(submission, rng):
    anchors, positives = batch(rng, 3, 2)
    anchors[0] = positives[1] = 0.0
    ids = torch.tensor([0, 0, 1])
    found = submission.gradients(
        "multiple_negatives_loss", anchors, positives, 0.05, ids, True, wrt=(0, 1)
    )
    assert_finite(found)


@points(0.25)
@hint("What is the mean over no anchors? Has every anchor a positive? What would 0 as divisor do?")
def test_impossible_batches_and_temperatures_are_refused(submission, rng):
    x = tensor(rng, 3, 4)
    for anchors, positives, temperature in (
        (x[:0], x[:0], 0.05),
        (x, x[:2], 0.05),
        (x[:2], x, 0.05),
        (x, x[:, :3], 0.05),
        (x, x[:1], 0.05),
        (x, x, 0.0),
        (x, x, -0.5),
    ):
        assert_raises(
            ValueError, submission.multiple_negatives_loss, anchors, positives, temperature
        )


# ── batch_hard_triplet_loss ───────────────────────────────────────────────────────────────────


def labelled(rng, labels, dim):
    """Draw vectors with labels such that no two distances of one vector are about the same."""
    while True:
        x = tensor(rng, len(labels), dim)
        distances = euclidean(x).sort(dim=1).values
        if len(labels) < 2 or bool((distances.diff(dim=1) > 0.01).all()):
            return x, torch.tensor(labels)


@points(0.75)
@hint("Which vector of its own label is hardest for an anchor, and which of another label?")
def test_the_hardest_positive_and_negative_are_taken(submission, rng):
    x, labels = labelled(rng, [0, 1, 0, 2, 1, 0, 2], 3)
    expected = batch_hard_triplet_loss(x, labels, 0.7)
    assert_close(submission.batch_hard_triplet_loss(x, labels, 0.7), expected, terms=20)


@points(0.25)
@hint("Which margin is meant when none is given?")
def test_the_margin_is_a_fifth_unless_told_otherwise(submission):
    x, labels = torch.tensor([[0.0], [1.0], [3.0], [7.0]]), torch.tensor([5, 5, 2, 2])
    # 1 − 3, 1 − 2, 4 − 2 and 4 − 6.
    given = submission.batch_hard_triplet_loss(x, labels)
    assert_close(given, torch.tensor(2.2 / 4))
    given = submission.batch_hard_triplet_loss(x, labels, margin=1.5)
    assert_close(given, torch.tensor((0.5 + 3.5) / 4))


@points(0.5)
@hint("How many vectors of the batch have a positive and a negative?")
def test_the_mean_is_over_vectors_that_have_a_triplet(submission, rng):
    x, labels = labelled(rng, [0, 1, 2, 2, 3, 2], 2)
    expected = batch_hard_triplet_loss(x, labels, 30.0)
    assert_close(submission.batch_hard_triplet_loss(x, labels, 30.0), expected, terms=20)


@points(0.25)
@hint("A negative is far away already. What does its triplet add to the sum, and to the count?")
def test_solved_triplets_count_as_zero(submission):
    x = torch.tensor([[0.0], [1.0], [9.0], [30.0]])
    labels = torch.tensor([0, 0, 1, 1])
    # 1 − 9, 1 − 8, 21 − 8 and 21 − 29.
    given = submission.batch_hard_triplet_loss(x, labels, 0.5)
    assert_close(given, torch.tensor(13.5 / 4))
    given = submission.batch_hard_triplet_loss(x[:3], labels[:3], 0.5)
    assert_close(given, torch.tensor(0.0))


@points(0.25)
@hint("Move everything twice as far apart. How much should a distance grow?")
def test_distances_are_euclidean(submission):
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]) + 7.0
    # 5 − 10 + 9 and 5 − 5 + 9.
    given = submission.batch_hard_triplet_loss(x, torch.tensor([1, 1, 0]), 9.0)
    assert_close(given, torch.tensor(6.5))


@points(0.25)
@hint("Are the vectors of length 1? Does the loss change when they are made longer?")
def test_vectors_are_taken_as_they_are_given(submission, rng):
    x, labels = labelled(rng, [1, 0, 1, 0, 1], 3)
    expected = batch_hard_triplet_loss(10 * x, labels, 1.0)
    assert_close(submission.batch_hard_triplet_loss(10 * x, labels, 1.0), expected, terms=20)


@points(0.5)
@hint("Which step can an optimiser take on a loss that does not depend on anything?")
def test_without_triplets_the_loss_is_a_zero_with_a_gradient(submission, rng):
    x = tensor(rng, 4, 2)
    x[:2] = torch.tensor([[1.0, 2.0], [-1.0, -2.0]])
    for n, labels in ((4, [0, 0, 0, 0]), (4, [3, 1, 2, 0]), (1, [0]), (2, [1, 1])):
        labels = torch.tensor(labels)
        given = submission.batch_hard_triplet_loss(x[:n], labels)
        assert_close(given, torch.tensor(0.0))
        found = submission.gradients("batch_hard_triplet_loss", x[:n], labels)
        assert_close(found, (torch.zeros(n, 2),))


@points(0.25)
@hint("Which vectors does a triplet move, and in which direction?")
def test_gradients_reach_all_three_of_a_triplet(submission, rng):
    x, labels = labelled(rng, [0, 1, 0, 1, 2, 0], 3)
    # A margin that every triplet falls short of: none is near the edge of the hinge.
    found = submission.gradients("batch_hard_triplet_loss", x, labels, 30.0)
    assert_close(found, gradients(batch_hard_triplet_loss, x, labels, 30.0), terms=50)


@points(0.5)
@hint("What is the slope of the root at zero, and what is it multiplied by?")
def test_gradients_are_finite_where_two_vectors_coincide(submission, rng):
    x = tensor(rng, 5, 3)
    x[1], x[4] = x[0], x[2]
    labels = torch.tensor([0, 0, 1, 1, 0])
    assert_finite(submission.gradients("batch_hard_triplet_loss", x, labels, 2.0))


@points(0.25)
@hint("How far apart are two vectors that coincide?")
def test_vectors_that_coincide_are_at_distance_zero(submission):
    x = torch.tensor([[2.0, 1.0], [2.0, 1.0], [2.0, 4.0], [5.0, 8.0]])
    # 0 − 3 + 7 twice, 5 − 3 + 7 and 5 − 58 ** 0.5 + 7.
    given = submission.batch_hard_triplet_loss(x, torch.tensor([0, 0, 1, 1]), 7.0)
    assert_close(given, torch.tensor((4.0 + 4 + 9 + 12 - 58**0.5) / 4), rtol=0.0, atol=2e-3)


@points(0.25)
@hint("Which of your tensors need their elements in a row, and which dtype has the loss?")
def test_the_loss_is_a_float32_scalar(submission, rng):
    x, labels = labelled(rng, [0, 1, 1, 0, 2], 4)
    x = x.T.contiguous().T
    given = submission.batch_hard_triplet_loss(x, labels, 30.0)
    assert_close(given, batch_hard_triplet_loss(x, labels, 30.0), check_dtype=True, terms=20)


# ── mine_hard_negatives ───────────────────────────────────────────────────────────────────────

MARGINS = (0.0, 0.1, 0.4)


def mining(rng, n=4, m=12, dim=4):
    """Draw queries near their positives; all cosines and bounds are clearly apart."""
    while True:
        documents = tensor(rng, m, dim) * (0.3 + torch.arange(m)[:, None])
        positive = torch.from_numpy(rng.integers(0, m, n))
        queries = 0.8 * unit_length(documents[positive]) + 0.5 * unit_length(tensor(rng, n, dim))
        cosines = unit_length(queries) @ unit_length(documents).T
        own = cosines.gather(1, positive[:, None])
        bounds = [own - margin for margin in MARGINS[1:]]
        if bool((torch.cat([cosines, *bounds], dim=1).sort(dim=1)[0].diff() > 0.001).all()):
            return queries, documents, positive


# The cosines of the query are 1, 0.96, 0.8, 0.6, 0, −0.6 and −1; all documents differ in length.
LINE = torch.tensor(
    [[0.0, 2.0], [3.0, 4.0], [4.8, 1.4], [-2.0, 0.0], [1.2, 0.9], [-0.3, 0.4], [9.0, 0.0]]
)
QUERY = torch.tensor([[5.0, 0.0]])


@points(0.75)
@hint("Which documents are too close to the positive, and which of the others come first?")
def test_the_best_documents_below_the_margin_are_mined(submission, rng):
    problem = mining(rng)
    for k, margin in ((1, 0.1), (3, 0.1), (3, 0.4), (12, 0.4)):
        given = submission.mine_hard_negatives(*problem, k, margin)
        expected = mine_hard_negatives(*problem, k, margin)
        assert_equal(given, expected, name=f"the result for k = {k}, margin = {margin}")


@points(0.5)
@hint("How similar is the query's own positive? From there the margin counts.")
def test_the_margin_counts_from_the_positive(submission):
    given = submission.mine_hard_negatives(QUERY, LINE, torch.tensor([4]), 9, 0.3)
    assert_equal(given, [[0, 5, 3]])
    given = submission.mine_hard_negatives(QUERY, LINE, torch.tensor([6]), 3, 0.3)
    assert_equal(given, [[1, 0, 5]])


@points(0.25)
@hint("Which margin is meant when none is given?")
def test_the_margin_is_a_tenth_unless_told_otherwise(submission):
    documents = torch.tensor([[0.92, 0.39], [2.0, 0.0], [0.0, 1.0], [0.87, 0.49]])
    given = submission.mine_hard_negatives(QUERY, documents, torch.tensor([1]), 3)
    assert_equal(given, [[3, 2]])
    given = submission.mine_hard_negatives(QUERY, LINE, torch.tensor([2]), 9)
    assert_equal(given, [[4, 1, 0, 5, 3]])


@points(0.5)
@hint("A margin of 0 lets in all that is below the positive. Is the positive below itself?")
def test_the_positive_is_never_a_negative(submission, rng):
    queries, documents, positive = mining(rng)
    # Whatever is below the positive, however little.
    given = submission.mine_hard_negatives(queries, documents, positive, 12, 0.0)
    assert_equal(given, mine_hard_negatives(queries, documents, positive, 12, 0.0))


@points(0.5)
@hint("The k nearest are all too close. Are there no further documents?")
def test_documents_beyond_the_nearest_k_are_mined(submission):
    given = submission.mine_hard_negatives(QUERY, LINE, torch.tensor([6]), 2, 0.5)
    assert_equal(given, [[0, 5]])


@points(0.25)
@hint("How many negatives has a query whose positive is the farthest document?")
def test_there_may_be_fewer_than_k_or_none(submission):
    queries = QUERY.repeat(3, 1)
    given = submission.mine_hard_negatives(queries, LINE, torch.tensor([3, 5, 0]), 2, 0.1)
    assert_equal(given, [[], [3], [5, 3]])
    assert_equal(submission.mine_hard_negatives(QUERY, LINE[:1], torch.tensor([0]), 3), [[]])
    assert_equal(submission.mine_hard_negatives(QUERY[:0], LINE, torch.tensor([3])[:0], 3), [])


@points(0.25)
@hint("Two documents are equally similar. Which comes first? And what of one that is zero?")
def test_of_equal_cosines_the_lower_index_comes_first(submission):
    documents = torch.eye(3)[torch.arange(60) % 3]
    documents[7] = 0.0
    queries = torch.eye(3)[:2]
    given = submission.mine_hard_negatives(queries, documents, torch.tensor([3, 1]), 30, 0.5)
    without = [[j for j in range(60) if j % 3 != one or j == 7][:30] for one in (0, 1)]
    assert_equal(given, without)


@points(0.25)
@hint("What is similar to nothing?")
def test_a_query_of_zeros_has_no_negatives_below_its_positive(submission):
    given = submission.mine_hard_negatives(torch.zeros(1, 2), LINE, torch.tensor([1]), 3, 0.0)
    assert_equal(given, [[]])


@points(0.75)
@hint("Which positives are there? What would a margin below zero let in, and k = 0 find?")
def test_impossible_arguments_are_refused(submission):
    one = torch.tensor([6])
    assert_equal(submission.mine_hard_negatives(QUERY, LINE, one, 1, 0.3), [[1]])
    for positive, k, margin in (
        (one, 0, 0.1),
        (one, -1, 0.1),
        (one, 2, -0.1),
        (one, 2, -1e-6),
        (torch.tensor([7]), 2, 0.1),
        (torch.tensor([-1]), 2, 0.1),
    ):
        assert_raises(ValueError, submission.mine_hard_negatives, QUERY, LINE, positive, k, margin)
    both = QUERY.repeat(2, 1)
    for positive in (torch.tensor([0, 7]), torch.tensor([-7, 0])):
        assert_raises(ValueError, submission.mine_hard_negatives, both, LINE, positive, 2)
