"""The hidden suite of product quantisation."""

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises, assert_shape
from autograder.suite import hint, points, tensor
from solutions.product_quantization.product_quantization import (
    asymmetric_distances,
    decode,
    distance_tables,
    encode,
    train_codebooks,
)


def clear(scores):
    """Say whether the best of each row of scores wins by more than rounding."""
    best = scores.topk(2, dim=-1, largest=False).values
    return bool((best[..., 1] - best[..., 0]).min() > 0.01)


def drawn(rng, n, m, k, sub):
    """Draw vectors and codebooks in which every nearest centroid is so clearly.

    It is clear too for whoever deals components out in turn, or takes the largest dot product.
    """
    while True:
        x, codebooks = tensor(rng, n, m * sub), tensor(rng, m, k, sub)
        in_turn = x.view(n, sub, m).transpose(1, 2).flatten(start_dim=1)
        products = torch.einsum("nms,mks->nmk", x.view(n, m, sub), codebooks)
        tables = (distance_tables(vectors, codebooks) for vectors in (x, in_turn))
        if all(clear(scores) for scores in (-products, *tables)):
            return x, codebooks


def drawn_for_training(rng, n, m, k, sub, iterations):
    """Draw vectors and first centroids such that no round has to decide a near tie."""
    while True:
        x, initial = tensor(rng, n, m * sub), tensor(rng, m, k, sub)
        rounds = [train_codebooks(x, initial, done) for done in range(iterations)]
        if all(clear(distance_tables(x, codebooks)) for codebooks in rounds):
            return x, initial


def random_codes(rng, n, m, k):
    """Draw codes of n vectors."""
    return torch.from_numpy(rng.integers(0, k, (n, m))).to(torch.uint8)


# ── train_codebooks ───────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Subspaces hold different things. From which first centroids does the second one start?")
def test_each_subspace_trains_a_codebook_of_its_own(submission, rng):
    # Clusters far apart, by the sign of the first component, in one subspace and in both pooled.
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0, -1.0])
    left = torch.stack([10 * signs, torch.zeros(5)], dim=1)
    right = torch.stack([-6 * signs, 3 * signs], dim=1)
    x = torch.cat([left, right], dim=1) + torch.from_numpy(rng.uniform(-0.5, 0.5, (5, 4))).float()
    initial = torch.tensor([[[8.0, 0.0], [-8.0, 0.0]], [[5.0, -2.0], [-5.0, 2.0]]])
    assert_close(submission.train_codebooks(x, initial, 1), train_codebooks(x, initial, 1))


@points(0.5)
@hint("Which centroids decide where a vector goes in the second round?")
def test_every_round_assigns_anew_and_then_takes_means(submission, rng):
    x, initial = drawn_for_training(rng, 20, 3, 3, 2, 4)
    given = [submission.train_codebooks(x, initial, rounds) for rounds in (1, 2, 4)]
    for rounds, codebooks in zip((1, 2, 4), given, strict=True):
        expected = train_codebooks(x, initial, rounds)
        assert_close(codebooks, expected, name=f"the codebooks after {rounds} rounds")


@points(0.5)
@hint("How many vectors would you divide the sum of no vectors by? Where does that centroid go?")
def test_a_centroid_without_vectors_stays_where_it_is(submission):
    x = torch.tensor([[1.0, 6.0], [3.0, 8.0]])
    initial = torch.tensor([[[2.0], [50.0]], [[-40.0], [5.0]]])
    expected = torch.tensor([[[2.0], [50.0]], [[-40.0], [7.0]]])
    assert_close(submission.train_codebooks(x, initial, 2), expected)


@points(0.25)
@hint("How often does your loop run when there is nothing to do, and what does it return then?")
def test_no_iterations_return_the_initial_codebooks(submission, rng):
    initial = tensor(rng, 2, 3, 4)
    assert_close(submission.train_codebooks(tensor(rng, 5, 8), initial, 0), initial)


@points(0.25)
@hint("A vector is exactly as far from two centroids. Which of them gets it?")
def test_a_vector_between_two_centroids_moves_the_first_of_them(submission):
    x = torch.tensor([[2.0], [-4.0]])
    initial = torch.tensor([[[-4.0], [4.0], [0.0]]])
    expected = torch.tensor([[[-4.0], [2.0], [0.0]]])
    assert_close(submission.train_codebooks(x, initial, 1), expected)


@points(0.25)
@hint("What is the mean of one vector?")
def test_a_single_vector_draws_its_centroids_to_itself(submission, rng):
    x, initial = tensor(rng, 1, 6), tensor(rng, 3, 1, 2)
    assert_close(submission.train_codebooks(x, initial, 1), x.view(3, 1, 2))


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_training_vectors_need_not_be_contiguous(submission, rng):
    x, initial = drawn_for_training(rng, 8, 3, 2, 2, 1)
    x, initial = x.T.contiguous().T, initial.transpose(0, 2).contiguous().transpose(0, 2)
    assert_close(submission.train_codebooks(x, initial, 1), train_codebooks(x, initial, 1))


@points(0.25)
@hint("Which dtype do counts, and what is divided by them, give your centroids?")
def test_codebooks_are_float32(submission, rng):
    x, initial = drawn_for_training(rng, 8, 2, 2, 3, 1)
    assert_close(
        submission.train_codebooks(x, initial, 1), train_codebooks(x, initial, 1), check_dtype=True
    )


@points(0.25)
@hint("How long is a vector that m codebooks of sub components make up?")
@pytest.mark.parametrize("dim", [4, 8])
def test_training_vectors_of_another_length_are_refused(submission, rng, dim):
    assert_raises(
        ValueError, submission.train_codebooks, tensor(rng, 5, dim), tensor(rng, 2, 3, 3), 1
    )


@points(0.25)
@hint("What would a codebook be trained on without vectors?")
@pytest.mark.parametrize("iterations", [0, 2])
def test_training_on_nothing_is_refused(submission, rng, iterations):
    x, initial = torch.zeros(0, 6), tensor(rng, 2, 3, 3)
    assert_raises(ValueError, submission.train_codebooks, x, initial, iterations)


@points(0.25)
@hint("range(-1) is empty, so nothing would happen. Is that what −1 rounds ask for?")
def test_a_negative_number_of_iterations_is_refused(submission, rng):
    x, initial = tensor(rng, 5, 6), tensor(rng, 2, 3, 3)
    assert_raises(ValueError, submission.train_codebooks, x, initial, -1)


@points(0.25)
@hint("How many values does a byte have?")
def test_training_more_than_256_centroids_is_refused(submission, rng):
    x, initial = tensor(rng, 5, 2), tensor(rng, 2, 257, 1)
    assert_raises(ValueError, submission.train_codebooks, x, initial, 1)


# ── encode ────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Number the components of one vector. Which of them belong to the first subspace?")
def test_subspaces_are_contiguous_blocks_of_components(submission, rng):
    x, codebooks = drawn(rng, 6, 3, 4, 2)
    assert_equal(submission.encode(x, codebooks), encode(x, codebooks))


@points(0.5)
@hint("A long centroid has large products with everything. Which of the two is nearer?")
def test_the_nearest_centroid_is_taken_not_the_longest(submission):
    x = torch.tensor([[1.0, 0.0], [0.0, 2.0], [6.0, 7.0]])
    codebooks = torch.tensor([[[9.0, 9.0], [1.0, 1.0]]])
    expected = torch.tensor([[1], [1], [0]], dtype=torch.uint8)
    assert_equal(submission.encode(x, codebooks), expected)


@points(0.5)
@hint("The point of codes is their size. How many bytes does one of yours take?")
def test_a_code_is_one_byte_a_subspace(submission, rng):
    x, codebooks = drawn(rng, 4, 2, 3, 2)
    assert_close(submission.encode(x, codebooks), encode(x, codebooks), check_dtype=True)


@points(0.25)
@hint("Which codebook do you look into for the last subspace?")
def test_each_subspace_looks_into_its_own_codebook(submission):
    x = torch.tensor([[1.0, 1.0, 1.0]])
    codebooks = torch.tensor(
        [[[0.9], [5.0], [-3.0]], [[5.0], [0.9], [-3.0]], [[-3.0], [5.0], [0.9]]]
    )
    assert_equal(submission.encode(x, codebooks), torch.tensor([[0, 1, 2]], dtype=torch.uint8))


@points(0.25)
@hint("A vector is exactly as far from two centroids. Which of them may have it?")
def test_of_equally_near_centroids_the_first_is_taken(submission):
    x = torch.tensor([[1.0, 1.0, 3.0, 3.0]])
    equal = [[4.0, 4.0], [0.0, 1.0], [1.0, 2.0], [2.0, 1.0]]
    codebooks = torch.tensor([equal, [[5.0, 3.0], [3.0, 1.0], [0.0, 0.0], [1.0, 3.0]]])
    assert_equal(submission.encode(x, codebooks), torch.tensor([[1, 0]], dtype=torch.uint8))


@points(0.25)
@hint("Which number has your code for the last of 256 centroids, and does it fit a byte?")
def test_all_256_centroids_have_a_code(submission):
    codebooks = torch.arange(256.0).view(1, 256, 1)
    x = torch.tensor([[255.0], [128.0], [0.0], [127.0]])
    expected = torch.tensor([[255], [128], [0], [127]], dtype=torch.uint8)
    assert_equal(submission.encode(x, codebooks), expected)


@points(0.25)
@hint("How many rows and columns has the result for no vectors?")
def test_no_vectors_have_no_codes(submission, rng):
    codes = submission.encode(torch.zeros(0, 6), tensor(rng, 2, 4, 3))
    assert_close(codes, torch.zeros(0, 2, dtype=torch.uint8))


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_vectors_to_encode_need_not_be_contiguous(submission, rng):
    x, codebooks = drawn(rng, 5, 2, 3, 2)
    x, codebooks = x.T.contiguous().T, codebooks.transpose(0, 2).contiguous().transpose(0, 2)
    assert_equal(submission.encode(x, codebooks), encode(x, codebooks))


@points(0.25)
@hint("What has to hold of dim, m, k and sub for one byte a subspace to be enough?")
@pytest.mark.parametrize(("dim", "k"), [(5, 3), (7, 3), (12, 3), (6, 257)])
def test_codebooks_that_do_not_fit_the_vectors_or_a_byte_are_refused(submission, rng, dim, k):
    assert_raises(ValueError, submission.encode, tensor(rng, 4, dim), tensor(rng, 2, k, 3))


# ── decode ────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The same code stands in two columns. Does it name the same centroid?")
def test_each_column_of_codes_has_its_own_codebook(submission):
    codes = torch.tensor([[1, 1, 1], [0, 2, 1]], dtype=torch.uint8)
    codebooks = torch.tensor([[[0.0], [1.0], [2.0]], [[3.0], [4.0], [5.0]], [[6.0], [7.0], [8.0]]])
    expected = torch.tensor([[1.0, 4.0, 7.0], [0.0, 5.0, 7.0]])
    assert_close(submission.decode(codes, codebooks), expected)


@points(0.5)
@hint("Where in the vector do the components of the second subspace stand?")
def test_the_centroids_stand_side_by_side_in_the_order_of_subspaces(submission, rng):
    codes, codebooks = random_codes(rng, 5, 3, 4), tensor(rng, 3, 4, 2)
    assert_close(submission.decode(codes, codebooks), decode(codes, codebooks))


@points(0.25)
@hint("What does an index of dtype uint8 mean to torch, and which code does the last byte hold?")
def test_codes_up_to_255_are_decoded(submission):
    codebooks = torch.arange(512.0).view(2, 256, 1)
    codes = torch.tensor([[255, 0], [128, 255], [1, 127]], dtype=torch.uint8)
    expected = torch.tensor([[255.0, 256.0], [128.0, 511.0], [1.0, 383.0]])
    assert_close(submission.decode(codes, codebooks), expected)


@points(0.25)
@hint("Which dtype have the numbers that the codes stand for?")
def test_decoded_vectors_are_float32(submission, rng):
    codes, codebooks = random_codes(rng, 2, 2, 2), tensor(rng, 2, 2, 3)
    assert_close(submission.decode(codes, codebooks), decode(codes, codebooks), check_dtype=True)


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_codes_to_decode_need_not_be_contiguous(submission, rng):
    codes = random_codes(rng, 2, 4, 3).T
    codebooks = tensor(rng, 3, 2, 2).transpose(0, 1)
    assert_close(submission.decode(codes, codebooks), decode(codes, codebooks))


@points(0.25)
@hint("How many codes make up a vector, and how many values does a byte have?")
@pytest.mark.parametrize(("columns", "k"), [(1, 3), (3, 3), (2, 257)])
def test_codes_that_do_not_fit_the_codebooks_or_a_byte_are_refused(submission, rng, columns, k):
    codes = random_codes(rng, 4, columns, 3)
    assert_raises(ValueError, submission.decode, codes, tensor(rng, 2, k, 3))


# ── asymmetric_distances ──────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Decode by hand and compare: a sum over all components is a sum over the blocks of what?")
def test_distances_are_l2_to_the_decoded_vectors(submission):
    query = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    codebooks = torch.tensor([[[1.0, 0.0], [4.0, 6.0]], [[0.0, 0.0], [3.0, 7.0]]])
    codes = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.uint8)
    expected = torch.tensor([[29.0, 13.0, 50.0, 34.0]])
    assert_close(submission.asymmetric_distances(query, codes, codebooks), expected)


@points(0.75)
@hint("Move the query a little within the cell of its centroids. Which distances should change?")
def test_the_query_is_not_quantised(submission, rng):
    queries, codebooks = drawn(rng, 3, 2, 4, 3)
    codes = random_codes(rng, 6, 2, 4)
    assert_close(
        submission.asymmetric_distances(queries, codes, codebooks),
        asymmetric_distances(queries, codes, codebooks),
        terms=6,
    )


@points(0.25)
@hint("Which of q, n, m, k and sub are left in the shape of the result?")
def test_all_five_sizes_may_differ(submission, rng):
    queries, codes = tensor(rng, 2, 20), random_codes(rng, 7, 4, 3)
    codebooks = tensor(rng, 4, 3, 5)
    assert_close(
        submission.asymmetric_distances(queries, codes, codebooks),
        asymmetric_distances(queries, codes, codebooks),
        terms=20,
    )


@points(0.25)
@hint("What is the square of a distance in one subspace, when there is no other?")
def test_one_query_one_vector_and_one_subspace_will_do(submission):
    query, codes = torch.tensor([[3.0, 4.0]]), torch.tensor([[1]], dtype=torch.uint8)
    codebooks = torch.tensor([[[3.0, 4.0], [3.0, 5.0]]])
    result = submission.asymmetric_distances(query, codes, codebooks)
    assert_close(result, torch.tensor([[1.0]]))


@points(0.25)
@hint("What does an index of dtype uint8 mean to torch, and which code does the last byte hold?")
def test_codes_up_to_255_are_looked_up(submission):
    codebooks = torch.arange(512.0).view(2, 256, 1)
    codes = torch.tensor([[255, 0], [128, 255], [0, 128], [1, 1]], dtype=torch.uint8)
    queries = torch.tensor([[0.0, 250.0], [128.0, 500.0]])
    result = submission.asymmetric_distances(queries, codes, codebooks)
    expected = torch.tensor([[65061.0, 84505.0, 17956.0, 50.0], [75665.0, 121.0, 29840.0, 75178.0]])
    assert_close(result, expected)


@points(0.25)
@hint("Which dtype do the entries of your table have?")
def test_distances_are_float32(submission, rng):
    queries, codes, codebooks = tensor(rng, 2, 4), random_codes(rng, 3, 2, 3), tensor(rng, 2, 3, 2)
    assert_close(
        submission.asymmetric_distances(queries, codes, codebooks),
        asymmetric_distances(queries, codes, codebooks),
        check_dtype=True,
        terms=4,
    )


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_queries_and_codes_need_not_be_contiguous(submission, rng):
    queries, codes = tensor(rng, 6, 2).T, random_codes(rng, 2, 4, 3).T
    codebooks = tensor(rng, 3, 2, 3).transpose(0, 1)
    assert_close(
        submission.asymmetric_distances(queries, codes, codebooks),
        asymmetric_distances(queries, codes, codebooks),
        terms=6,
    )


@points(0.75)
@hint("How many operations of Python does one vector cost you? There are 200 000 of them.")
def test_200_000_vectors_are_compared_by_look_up(submission, rng):
    codes, codebooks = random_codes(rng, 200_000, 8, 32), tensor(rng, 8, 32, 2)
    some = slice(None, None, 997)
    # Twenty queries, one after another: a quarter of a second by look-up, and more than the time
    # limit for a loop over vectors, were it one over plain lists.
    for _ in range(20):
        query = tensor(rng, 1, 16)
        result = submission.asymmetric_distances(query, codes, codebooks)
        assert_shape(result, (1, 200_000))
        expected = asymmetric_distances(query, codes[some], codebooks)
        assert_close(result[:, some], expected, terms=16)


@points(0.25)
@hint("How large would all decoded vectors be? What does the table of one query take instead?")
def test_the_codes_are_not_decoded(submission, rng):
    # Decoded, 200 000 vectors of 4096 components are 3.3 GB: more than a worker may have. There
    # is no limit elsewhere, so nothing is risked there.
    n = 200_000 if submission.in_worker else 2_000
    query, codebooks = tensor(rng, 1, 8 * 512), tensor(rng, 8, 16, 512)
    codes = random_codes(rng, n, 8, 16)
    few = codes[:50]
    expected = asymmetric_distances(query, few, codebooks)
    assert_close(submission.asymmetric_distances(query, few, codebooks), expected, terms=4096)
    result = submission.asymmetric_distances(query, codes, codebooks)
    assert_close(result[:, :50], expected, terms=4096)


@points(0.5)
@hint("Which numbers of components, of columns and of centroids belong together?")
@pytest.mark.parametrize(
    ("dim", "columns", "k"), [(5, 2, 3), (7, 2, 3), (6, 1, 3), (6, 3, 3), (6, 2, 257)]
)
def test_queries_codes_and_codebooks_that_do_not_fit_are_refused(submission, rng, dim, columns, k):
    queries, codes = tensor(rng, 2, dim), random_codes(rng, 4, columns, 3)
    codebooks = tensor(rng, 2, k, 3)
    assert_raises(ValueError, submission.asymmetric_distances, queries, codes, codebooks)
