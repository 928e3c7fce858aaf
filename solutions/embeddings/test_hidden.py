"""The hidden suite of pooling and cosines."""

from itertools import pairwise

import torch

from autograder.checks import assert_close, assert_equal, assert_finite, assert_raises
from autograder.suite import gradients, hint, points, shuffled, tensor
from solutions.embeddings.embeddings import (
    accuracy,
    cosine_matrix,
    dilution,
    mean_pool,
    smallest_dimension,
)

# ── mean_pool ─────────────────────────────────────────────────────────────────────────────────


def masked(*lengths, width, left=False):
    """Return a mask of texts of some lengths, padded on the right or on the left."""
    places = torch.arange(width).flip(0) if left else torch.arange(width)
    return (places < torch.tensor(lengths)[:, None]).long()


@points(0.75)
@hint("How many tokens does each text have? May its vector depend on the texts beside it?")
def test_the_mean_is_that_of_the_real_tokens(submission, rng):
    hidden, mask = tensor(rng, 3, 6, 4), masked(6, 4, 3, width=6)
    assert_close(submission.mean_pool(hidden, mask), mean_pool(hidden, mask), terms=6)


@points(0.5)
@hint("Which positions are real when a text is padded on the left?")
def test_padding_may_be_on_the_left(submission, rng):
    hidden, mask = tensor(rng, 3, 5, 2), masked(2, 5, 3, width=5, left=True)
    assert_close(submission.mean_pool(hidden, mask), mean_pool(hidden, mask), terms=5)


@points(0.25)
@hint("What happens to a text of one token?")
def test_one_token_is_its_own_mean(submission, rng):
    hidden = tensor(rng, 1, 1, 3)
    assert_close(submission.mean_pool(hidden, masked(1, width=1)), hidden[:, 0])


@points(0.5)
@hint("How many tokens does an empty text have, and what do you divide by?")
def test_a_text_without_tokens_gives_zeros(submission, rng):
    hidden, mask = tensor(rng, 3, 4, 2), masked(2, 0, 4, width=4)
    assert_close(submission.mean_pool(hidden, mask), mean_pool(hidden, mask), terms=4)


@points(0.25)
@hint("Which numbers does a mask of booleans hold, and can they be added and multiplied?")
def test_the_mask_may_be_boolean(submission, rng):
    hidden, mask = tensor(rng, 2, 5, 3), masked(3, 5, width=5)
    expected = mean_pool(hidden, mask)
    assert_close(submission.mean_pool(hidden, mask.bool()), expected, check_dtype=True, terms=5)


@points(0.25)
@hint("What does the encoder learn from a padding position?")
def test_gradients_reach_the_real_tokens_only(submission, rng):
    hidden, mask, upstream = tensor(rng, 2, 4, 3), masked(3, 1, width=4), tensor(rng, 2, 3)
    assert_close(
        submission.gradients("mean_pool", hidden, mask, upstream=upstream),
        gradients(mean_pool, hidden, mask, upstream=upstream),
        terms=4,
    )


@points(0.25)
@hint("0 / 0 replaced by 0 afterwards: what is its gradient?")
def test_gradients_of_an_empty_text_are_finite(submission, rng):
    hidden, mask = tensor(rng, 2, 3, 2), masked(0, 2, width=3)
    assert_finite(submission.gradients("mean_pool", hidden, mask))


@points(0.25)
@hint("Does your sum of padding still count when the padding is large?")
def test_what_stands_in_the_padding_does_not_matter(submission, rng):
    hidden, mask = tensor(rng, 2, 5, 3), masked(2, 4, width=5)
    hidden[mask == 0] = 1e4
    assert_close(submission.mean_pool(hidden, mask), mean_pool(hidden, mask), terms=5)


# ── cosine_matrix ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which axis do queries and documents share? By which two lengths do you divide?")
def test_every_query_is_compared_with_every_document(submission, rng):
    queries, documents = tensor(rng, 3, 4), tensor(rng, 5, 4)
    expected = cosine_matrix(queries, documents)
    assert_close(submission.cosine_matrix(queries, documents), expected, terms=4)


@points(0.25)
@hint("The documents are of length 1 already. What is left to divide by?")
def test_a_query_may_be_of_any_length(submission):
    queries = torch.tensor([[0.3, 0.4, 0.0], [2.0, 4.0, 4.0]])
    expected = torch.tensor([[0.6, 0.8, 0.0], [1 / 3, 2 / 3, 2 / 3]])
    assert_close(submission.cosine_matrix(queries, torch.eye(3)), expected)


@points(0.25)
@hint("Make a vector ten times as long. Which cosines change?")
def test_cosines_do_not_depend_on_lengths(submission, rng):
    queries, documents = tensor(rng, 3, 4), tensor(rng, 2, 4)
    lengths = torch.tensor([[0.2], [1.0], [50.0]])
    expected = cosine_matrix(queries, documents)
    given = submission.cosine_matrix(lengths * queries, 7 * documents)
    assert_close(given, expected, terms=4)


@points(0.5)
@hint("What do you divide a vector of zeros by?")
def test_a_vector_of_zeros_has_cosine_zero_with_everything(submission, rng):
    queries, documents = tensor(rng, 2, 3), tensor(rng, 4, 3)
    queries[1] = documents[2] = 0.0
    expected = cosine_matrix(queries, documents)
    assert_close(submission.cosine_matrix(queries, documents), expected, terms=3)


@points(0.5)
@hint("Which mean is subtracted, from what, and before or after normalising?")
def test_both_sides_are_centred_by_the_mean_of_the_documents(submission, rng):
    # They point the same way, and their lengths are of all sizes.
    lengths = torch.tensor([[1.0], [2.0], [3.0], [0.5], [4.0]])
    queries, documents = tensor(rng, 3, 4) + 3.0, lengths * (tensor(rng, 5, 4) + 3.0)
    expected = cosine_matrix(queries, documents, True)
    assert_close(
        submission.cosine_matrix(queries, documents, centre=True), expected, atol=1e-4, rtol=1e-4
    )


@points(0.25)
@hint("Which vector is left of one that equals the mean?")
def test_a_vector_that_is_zero_after_centring_has_cosine_zero(submission):
    documents = torch.tensor([[0.0, 0.0], [2.0, 4.0], [1.0, 2.0]])
    queries = torch.tensor([[1.0, 2.0], [1.0, 5.0]])
    expected = cosine_matrix(queries, documents, True)
    assert_close(submission.cosine_matrix(queries, documents, True), expected)


@points(0.25)
@hint("What is the mean of a single document, and what is left of it?")
def test_a_single_document_has_cosine_zero_after_centring(submission):
    queries, documents = torch.tensor([[1.0, 0.0], [3.0, 1.0]]), torch.tensor([[2.0, 5.0]])
    given = submission.cosine_matrix(queries, documents, True)
    assert_close(given, torch.zeros(2, 1))


@points(0.25)
@hint("How many rows and columns are there without queries, and without documents?")
def test_there_may_be_no_queries_or_no_documents(submission, rng):
    for n, m in ((0, 3), (2, 0), (0, 0)):
        for centre in (False, True):
            queries, documents = tensor(rng, n, 4), tensor(rng, m, 4)
            given = submission.cosine_matrix(queries, documents, centre)
            assert_close(given, torch.zeros(n, m), name=f"the result for {n} and {m}")


@points(0.25)
@hint("Which tensors do you make yourself, and of which dtype? Which need their elements in a row?")
def test_cosines_are_float32_of_any_layout(submission, rng):
    queries, documents = tensor(rng, 4, 3).T, tensor(rng, 4, 10)[:, ::2].T
    expected = cosine_matrix(queries, documents)
    given = submission.cosine_matrix(queries, documents)
    assert_close(given, expected, check_dtype=True, terms=4)


@points(0.5)
@hint("Does anything between the vectors and their cosines stop the gradient?")
def test_gradients_of_cosines_flow_to_both_sides(submission, rng):
    arguments = tensor(rng, 3, 4), tensor(rng, 2, 4)
    upstream = tensor(rng, 3, 2)
    assert_close(
        submission.gradients("cosine_matrix", *arguments, wrt=(0, 1), upstream=upstream),
        gradients(cosine_matrix, *arguments, wrt=(0, 1), upstream=upstream),
        terms=20,
    )


@points(0.25)
@hint("Does the mean depend on the documents?")
def test_gradients_flow_through_the_mean_too(submission):
    queries = torch.tensor([[2.0, 1.0], [-1.0, 4.0]])
    documents = torch.tensor([[3.0, 0.0], [1.0, 5.0], [-1.0, 1.0]])
    upstream = torch.tensor([[1.0, -2.0, 0.5], [3.0, 1.0, -1.0]])
    assert_close(
        submission.gradients(
            "cosine_matrix", queries, documents, True, wrt=(0, 1), upstream=upstream
        ),
        gradients(cosine_matrix, queries, documents, True, wrt=(0, 1), upstream=upstream),
        terms=20,
    )


@points(0.25)
@hint("The root has an infinite slope at zero. What comes out when it is multiplied by zero?")
def test_gradients_with_zero_vectors_are_finite(submission, rng):
    queries, documents = tensor(rng, 2, 3), tensor(rng, 3, 3)
    queries[0] = documents[1] = 0.0
    assert_finite(submission.gradients("cosine_matrix", queries, documents, wrt=(0, 1)))


# ── dilution ──────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which vectors are in the mean of entry 2? Are they averaged, or their similarities?")
def test_vectors_are_averaged_as_they_are_given(submission, rng):
    sentence, others = tensor(rng, 5), tensor(rng, 4, 5) * torch.tensor([[3.0], [0.5], [4.0], [1]])
    expected = dilution(sentence, others)
    assert_close(submission.dilution(sentence, others), expected, terms=10)


@points(0.5)
@hint("How long is a mean of n orthogonal vectors of one length, beside the length of each?")
def test_orthogonal_sentences_dilute_by_the_root_of_their_number(submission):
    # Of length 2 each: only what they have in common with each other matters.
    unit = 2 * torch.eye(9)
    expected = torch.arange(1.0, 9.0).rsqrt()
    assert_close(submission.dilution(unit[3], unit[[0, 8, 2, 1, 5, 4, 6]]), expected)


@points(0.25)
@hint("What is the cosine of a sentence with itself, whatever its length?")
def test_alone_a_sentence_has_cosine_one(submission, rng):
    assert_close(submission.dilution(tensor(rng, 4) * 3, tensor(rng, 0, 4)), torch.ones(1))


@points(0.25)
@hint("Can vectors cancel?")
def test_a_mean_of_zeros_has_cosine_zero(submission):
    sentence = torch.tensor([1.0, -2.0])
    others = torch.tensor([[-1.0, 2.0], [0.0, 5.0], [4.0, 0.0]])
    assert_close(submission.dilution(sentence, others), dilution(sentence, others))
    assert_close(submission.dilution(torch.zeros(2), others), torch.zeros(4))


@points(0.25)
@hint("Does anything between the vectors and the cosines stop the gradient?")
def test_gradients_flow_through_the_dilution(submission, rng):
    arguments, upstream = (tensor(rng, 4), tensor(rng, 3, 4)), tensor(rng, 4)
    assert_close(
        submission.gradients("dilution", *arguments, wrt=(0, 1), upstream=upstream),
        gradients(dilution, *arguments, wrt=(0, 1), upstream=upstream),
        terms=40,
        atol=1e-5,
    )


@points(0.25)
@hint("The mean is zero. What does its length have for a gradient?")
def test_gradients_through_a_mean_of_zeros_are_finite(submission):
    sentence, others = torch.tensor([1.0, -2.0]), torch.tensor([[-1.0, 2.0], [3.0, 1.0]])
    assert_finite(submission.gradients("dilution", sentence, others, wrt=(0, 1)))


# ── smallest_dimension ────────────────────────────────────────────────────────────────────────


def clear(queries, documents, dimensions):
    """Say whether every query has a clear best document by the first components of each number."""
    cosines = [cosine_matrix(queries[:, :c], documents[:, :c]) for c in dimensions]
    best = [matrix.topk(2, dim=1).values for matrix in cosines]
    return all(bool((two[:, 0] - two[:, 1] > 0.002).all()) for two in best)


def drawn(rng, n, m, dim):
    """Draw queries near their documents, and no near ties at two components or more."""
    while True:
        documents, relevant = tensor(rng, m, dim), torch.from_numpy(rng.integers(0, m, n))
        queries = documents[relevant] + tensor(rng, n, dim)
        enough = accuracy(queries, documents, relevant) > 0
        if enough and clear(queries, documents, range(2, dim + 1)):
            return queries, documents, relevant


def judged(*queries):
    """Let a query be right at c components where its first c add up to more than zero.

    The relevant document is all ones, the other all minus ones.
    """
    queries = torch.tensor(queries)
    documents = torch.ones(2, queries.shape[1]) * torch.tensor([[1.0], [-1.0]])
    return queries, documents, torch.zeros(len(queries), dtype=torch.int64)


RIGHT = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
WRONG = [-1.0, -1.0, -1.0, -1.0, -1.0, -1.0]
FROM_THREE = [-1.0, -1.0, 3.0, 1.0, 1.0, 1.0]
FROM_FIVE = [-1.0, -1.0, -1.0, -1.0, 5.0, 1.0]
NOT_AT_THREE = [1.0, 1.0, -3.0, 2.0, 1.0, 1.0]


def smallest(function, *problem):
    """Return the answer to a problem, after two clear ones: three components are enough, or none.

    So that whoever takes another of several good candidates is not taken for somebody whose answer
    differs here only.
    """
    function(*judged(RIGHT, FROM_THREE), [2, 3, 4, 5], 0.8)
    function(*judged(FROM_THREE, FROM_FIVE), [2, 3, 4], 0.7)
    return function(*problem)


@points(0.75, task="smallest_dimension")
@hint("Measure the accuracy of every candidate. Which is the smallest that keeps enough?")
def test_the_smallest_dimension_that_keeps_enough_is_returned(submission, rng):
    problem, dimensions = drawn(rng, 6, 5, 8), [2, 3, 4, 6, 8]
    shares = {
        accuracy(problem[0][:, :c], problem[1][:, :c], problem[2]) / accuracy(*problem)
        for c in dimensions
    }
    # Half-way between two shares that are kept.
    for below, above in pairwise(sorted({0.0, *shares})):
        keep, candidates = (below + above) / 2, shuffled(rng, dimensions)
        expected = smallest_dimension(*problem, candidates, keep)
        given = smallest(submission.smallest_dimension, *problem, candidates, keep)
        assert_equal(given, expected, name=f"the result for keep = {keep:.3f}")


@points(0.5, task="smallest_dimension")
@hint("How long are the vectors that you compare when the last components are cut off?")
def test_truncated_vectors_are_compared_by_their_own_cosines(submission):
    # What is cut off of the relevant document is long, up to the fourth component.
    queries = torch.tensor([[1.0, 0.2, 0.1, 3.0, 0.1]])
    documents = torch.tensor([[1.0, 0.3, 0.1, 4.0, 0.1], [1.0, -0.6, -0.2, 0.1, -0.2]])
    relevant = torch.tensor([0])
    assert_equal(
        smallest(submission.smallest_dimension, queries, documents, relevant, [2, 3, 4]), 2
    )


@points(0.25, task="smallest_dimension")
@hint("Make one document ten times as long. May it win another query?")
def test_documents_are_ranked_by_cosine_whatever_their_length(submission):
    # The other document is long in its first three components.
    queries = torch.tensor([[1.0, 0.5, 0.2, 6.0, 0.1]])
    documents = torch.tensor([[1.0, 0.4, 0.2, 6.0, 0.1], [4.0, 0.0, -2.0, -1.0, 2.0]])
    relevant = torch.tensor([0])
    assert_equal(
        smallest(submission.smallest_dimension, queries, documents, relevant, [2, 3, 4]), 2
    )


@points(0.5, task="smallest_dimension")
@hint("All components together are right for half of the queries. What is 95 % of that?")
def test_the_target_is_a_share_of_the_full_accuracy(submission):
    problem = judged(RIGHT, WRONG, FROM_THREE, WRONG)
    assert_equal(smallest(submission.smallest_dimension, *problem, [2, 4, 5], 0.9), 4)
    assert_equal(smallest(submission.smallest_dimension, *problem, [2, 4, 5], 0.4), 2)


@points(0.25, task="smallest_dimension")
@hint("Which accuracy do you ask for when nobody says what to keep?")
def test_95_per_cent_are_kept_unless_told_otherwise(submission):
    # Of 25 queries 22 are right by two components, 24 by three.
    problem = judged(*[RIGHT] * 22, *[FROM_THREE] * 2, FROM_FIVE)
    assert_equal(smallest(submission.smallest_dimension, *problem, [2, 3, 5]), 3)


@points(0.25, task="smallest_dimension")
@hint("Does it matter in which order somebody writes the candidates down?")
def test_candidates_come_in_any_order(submission):
    problem = judged(RIGHT, FROM_THREE)
    assert_equal(smallest(submission.smallest_dimension, *problem, [5, 2, 3, 4]), 3)
    assert_equal(smallest(submission.smallest_dimension, *problem, [6, 4, 5]), 4)
    assert_equal(smallest(submission.smallest_dimension, *problem, [5]), 5)
    assert_equal(smallest(submission.smallest_dimension, *problem, [6, 1], 0.5), 1)


@points(0.25, task="smallest_dimension")
@hint("Does accuracy always grow with the dimension?")
def test_a_larger_candidate_may_be_worse(submission):
    problem = judged(NOT_AT_THREE, RIGHT)
    assert_equal(smallest(submission.smallest_dimension, *problem, [2, 3, 4]), 2)


@points(0.25, task="smallest_dimension")
@hint("The accuracy is exactly the target. Is that enough, and does your product come out exactly?")
def test_an_accuracy_equal_to_the_target_is_enough(submission):
    problem = judged(RIGHT, RIGHT, FROM_THREE, FROM_FIVE)
    assert_equal(smallest(submission.smallest_dimension, *problem, [2, 3, 5], 0.75), 3)
    # 0.75 × 0.8 is a little more than 0.6 in floating point.
    problem = judged(RIGHT, RIGHT, RIGHT, FROM_FIVE, WRONG)
    assert_equal(smallest(submission.smallest_dimension, *problem, [2, 5], 0.75), 2)


@points(0.25, task="smallest_dimension")
@hint("Which dimension always keeps everything?")
def test_the_full_dimension_is_the_last_resort(submission):
    problem = judged(RIGHT, FROM_FIVE)
    assert_equal(smallest(submission.smallest_dimension, *problem, [2, 4]), 6)
    assert_equal(smallest(submission.smallest_dimension, *problem, [6, 2]), 6)


@points(0.25, task="smallest_dimension")
@hint("Nothing is left of a query by the first components. Which document is its best?")
def test_of_equal_cosines_the_first_document_is_best(submission):
    documents = torch.eye(40)[torch.arange(40) % 20 + 20]
    queries = torch.eye(40)[[25, 20, 31]]
    lower, upper = torch.tensor([5, 0, 11]), torch.tensor([25, 20, 31])
    assert_equal(
        smallest(submission.smallest_dimension, queries, documents, lower, [2, 26, 32], 1.0), 32
    )
    assert_equal(
        smallest(submission.smallest_dimension, queries, documents, lower, [2, 26, 32], 0.3), 2
    )
    assert_equal(
        smallest(submission.smallest_dimension, queries, documents, upper, [2, 26, 32], 1.0), 2
    )


@points(0.5)
@hint("What is the accuracy of no queries, and the best of no documents?")
def test_empty_inputs_and_impossible_candidates_are_refused(submission, rng):
    queries, documents, relevant = judged(RIGHT, RIGHT, RIGHT)
    few = submission.smallest_dimension(queries, documents, relevant, [2, 6])
    assert_equal(few, 2)
    none = torch.zeros(0, 6)
    for arguments in (
        (none, documents, relevant[:0], [2]),
        (queries, none, relevant, [2]),
        (queries, documents, relevant, []),
        (queries, documents, relevant, [0, 2]),
        (queries, documents, relevant, [2, -1]),
        (queries, documents, relevant, [2, 7]),
    ):
        assert_raises(ValueError, submission.smallest_dimension, *arguments)
