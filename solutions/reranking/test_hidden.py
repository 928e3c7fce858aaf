"""The hidden suite of reranking."""

from math import log, log2

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_permutation, assert_raises
from autograder.suite import gradients, hint, points, shuffled, tensor
from solutions.reranking.reranking import listnet_loss, mmr, pairwise_loss

# ── rerank ────────────────────────────────────────────────────────────────────────────────────


class Scorer:
    """A scorer that looks scores up and notes what it is asked."""

    __name__ = "scorer"

    def __init__(self, scores):
        self.scores = scores
        self.calls = []

    def __call__(self, query, text):
        """Note the call, and score the text."""
        self.calls.append((query, text))
        return self.scores[text]


RISING = {text: float(place) for place, text in enumerate("abcdefgh")}


@points(0.25)
@hint("Which of the candidates does the scorer like best, and where does it go?")
def test_the_best_scored_come_first(submission):
    scorer = Scorer({"a": 0.5, "b": -2.0, "c": 3.0, "d": 1.0})
    assert_equal(submission.rerank("q", list("abcd"), scorer, 4, 4), list("cdab"))


@points(0.25)
@hint("The best text stands deep in the list. When is it too late to find it?")
def test_all_down_to_the_depth_are_scored_also_when_k_is_smaller(submission):
    assert_equal(submission.rerank("q", list("abcdef"), Scorer(RISING), 4, 2), list("dc"))


@points(0.25)
@hint("k asks for more than was scored. Where do the others come from, and in which order?")
@pytest.mark.parametrize(
    ("depth", "k", "expected"), [(2, 4, "bacd"), (2, 9, "bacdef"), (1, 6, "abcdef"), (3, 3, "cba")]
)
def test_what_lies_below_the_depth_follows_in_its_order(submission, depth, k, expected):
    given = submission.rerank("q", list("abcdef"), Scorer(RISING), depth, k)
    assert_equal(given, list(expected))


@points(0.25)
@hint("A score of −1 is low. Is it lower than that of a text which nobody scored?")
def test_a_text_that_was_not_scored_stays_below(submission):
    scorer = Scorer({"a": -1.0, "b": -3.0, "c": -2.0})
    assert_equal(submission.rerank("q", list("abcde"), scorer, 3, 5), list("acbde"))


@points(0.25)
@hint("Two texts have the same score. Who knows better than the scorer which one is first?")
def test_equal_scores_keep_the_first_stage_order(submission):
    scorer = Scorer({"d": 1.0, "b": 2.0, "e": 1.0, "a": 2.0, "c": 1.0})
    assert_equal(submission.rerank("q", list("dbeac"), scorer, 5, 5), list("badec"))


@points(0.25)
@hint("A cross-encoder is slow. Count how often yours is called, and for which texts.")
@pytest.mark.parametrize(("depth", "k"), [(3, 1), (3, 3), (2, 5), (9, 2)])
def test_the_scorer_is_called_once_for_each_text_down_to_the_depth(submission, depth, k):
    scorer = Scorer(RISING)
    submission.rerank("the query", list("abcde"), scorer, depth, k)
    assert_permutation(
        scorer.calls, [("the query", text) for text in "abcde"[:depth]], name="calls"
    )


@points(0.25)
@hint("What is there to ask the scorer?")
def test_without_candidates_nothing_is_scored(submission):
    scorer = Scorer({})
    assert_equal(submission.rerank("q", [], scorer, 3, 3), [])
    assert_equal(scorer.calls, [], name="calls")


@points(0.25)
@hint("What would a depth of 0 rerank, and what would a k of 0 return?")
@pytest.mark.parametrize(("depth", "k"), [(0, 2), (-1, 2), (2, 0), (2, -1)])
def test_rerank_refuses_a_depth_or_k_below_one(submission, depth, k):
    assert_raises(ValueError, submission.rerank, "q", list("abc"), Scorer(RISING), depth, k)


# ── pairwise_loss ─────────────────────────────────────────────────────────────────────────────


def drawn(rng, grades):
    """Return scores that are drawn, and the grades in a drawn order."""
    return tensor(rng, len(grades)), torch.tensor(shuffled(rng, [float(grade) for grade in grades]))


@points(0.5)
@hint("Which document is the better one of a pair, and which difference should be large?")
@pytest.mark.parametrize("gap", [-2.0, 0.0, 2.0])
def test_the_better_document_is_meant_to_score_higher(submission, gap):
    given = submission.pairwise_loss(torch.tensor([0.5, 0.5 - gap]), torch.tensor([2.0, 1.0]))
    assert_close(given, torch.log1p(torch.exp(torch.tensor(-gap))))


@points(0.5)
@hint("How many pairs are there, and over how many of them is the mean?")
@pytest.mark.parametrize("grades", [(2, 1, 0), (3, 2, 1.5, 0)], ids=["three", "four"])
def test_it_is_the_mean_over_the_pairs(submission, rng, grades):
    scores, grades = drawn(rng, grades)
    assert_close(submission.pairwise_loss(scores, grades), pairwise_loss(scores, grades))


@points(0.5)
@hint("Two documents have the same grade. Which of them should come first?")
def test_documents_of_equal_grade_are_no_pair(submission, rng):
    scores, grades = drawn(rng, (2, 2, 0, 0, 0, 1))
    assert_close(submission.pairwise_loss(scores, grades), pairwise_loss(scores, grades))


@points(0.25)
@hint("Which scores are pushed up, which down, and how strongly?")
@pytest.mark.parametrize("lambdarank", [False, True])
def test_scores_get_their_gradient(submission, rng, lambdarank):
    arguments = *drawn(rng, (3, 2, 2, 1, 0)), lambdarank
    assert_close(
        submission.gradients("pairwise_loss", *arguments, wrt=(0,)),
        gradients(pairwise_loss, *arguments, wrt=(0,)),
    )


@points(0.5)
@hint("Swap two documents of a ranking on paper. Which two gains and which two discounts change?")
def test_lambdarank_weighs_a_pair_by_the_change_of_ndcg(submission):
    # In the order of the scores, which is the order of the input.
    scores, grades = torch.tensor([4.0, 3.0, 2.0]), torch.tensor([0.0, 2.0, 1.0])
    second, third = 1 / log2(3), 1 / 2
    changes = {(1, 0): 3 * (1 - second), (2, 0): 1 - third, (1, 2): 2 * (second - third)}
    total = sum(
        change * log(1 + torch.exp(scores[worse] - scores[better]).item())
        for (better, worse), change in changes.items()
    )
    expected = torch.tensor(total / (3 + second) / 3)
    assert_close(submission.pairwise_loss(scores, grades, lambdarank=True), expected)


@points(0.5)
@hint("By which order do documents have ranks: that of the input, or that of their scores?")
def test_lambdarank_takes_ranks_by_score(submission):
    grades, scores = torch.tensor([2.0, 0.0, 1.0, 3.0]), torch.tensor([0.25, 1.0, -0.5, 0.5])
    assert_close(
        submission.pairwise_loss(scores, grades, True), pairwise_loss(scores, grades, True)
    )


@points(0.25)
@hint("How large is the change of DCG when many documents are relevant, and that of NDCG?")
@pytest.mark.parametrize("grades", [(3, 3, 2, 1, 0), (1, 0)], ids=["many", "one"])
def test_lambdarank_divides_by_the_ideal_dcg(submission, rng, grades):
    scores, grades = drawn(rng, grades)
    assert_close(
        submission.pairwise_loss(scores, grades, True), pairwise_loss(scores, grades, True)
    )


@points(0.25)
@hint("Equal scores share no rank. Which of two documents stands first?")
def test_equal_scores_are_ranked_by_index(submission):
    scores, grades = (
        torch.tensor([1.0, 2.0, 1.0, 2.0, 1.0]),
        torch.tensor([0.0, 1.0, 3.0, 0.5, 2.0]),
    )
    assert_close(
        submission.pairwise_loss(scores, grades, True), pairwise_loss(scores, grades, True)
    )


@points(0.5)
@hint("e to the 20 000 is not a number that a float holds. Where does your code need it?")
@pytest.mark.parametrize("lambdarank", [False, True])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_far_apart_scores_give_a_finite_loss_and_gradient(submission, sign, lambdarank):
    arguments = torch.tensor([1e4, 0.0, -1e4]) * sign, torch.tensor([2.0, 1.0, 0.0]), lambdarank
    assert_close(submission.pairwise_loss(*arguments), pairwise_loss(*arguments))
    assert_close(
        submission.gradients("pairwise_loss", *arguments, wrt=(0,)),
        gradients(pairwise_loss, *arguments, wrt=(0,)),
    )


@points(0.25)
@hint("There is nothing to compare. What is the loss, and can one still call backward on it?")
@pytest.mark.parametrize("lambdarank", [False, True])
@pytest.mark.parametrize("grades", [[], [2.0], [1.0, 1.0, 1.0], [0.0, 0.0]], ids=str)
def test_without_a_pair_the_loss_is_zero(submission, grades, lambdarank):
    arguments = torch.arange(len(grades)).float(), torch.tensor(grades), lambdarank
    assert_close(submission.pairwise_loss(*arguments), torch.tensor(0.0))
    (given,) = submission.gradients("pairwise_loss", *arguments, wrt=(0,))
    assert_close(given, torch.zeros(len(grades)), name="the gradient")


@points(0.5)
@hint("Which of your tensors has a dtype of its own?")
@pytest.mark.parametrize("lambdarank", [False, True])
def test_float64_stays_float64(submission, rng, lambdarank):
    arguments = tensor(rng, 6).double(), torch.tensor([0, 3, 1, 1, 2, 0]).double(), lambdarank
    assert_close(
        submission.pairwise_loss(*arguments), pairwise_loss(*arguments), rtol=1e-9, check_dtype=True
    )


@points(0.5)
@hint("Which shapes does PyTorch broadcast without a word? And which gain has a negative grade?")
@pytest.mark.parametrize(
    ("scores", "grades"),
    [
        pytest.param([1.0, 2.0], [1.0], id="one grade"),
        pytest.param([1.0], [2.0, 1.0], id="one score"),
        pytest.param([1.0, 2.0, 0.0], [1.0, 0.0], id="two grades"),
        pytest.param([1.0, 2.0], [[1.0], [0.0]], id="a column"),
        pytest.param([1.0, 2.0], [1.0, -0.5], id="a negative grade"),
        pytest.param([1.0, 2.0], [-1.0, -1.0], id="two negative grades"),
    ],
)
def test_pairwise_loss_refuses_what_has_no_pairs(submission, scores, grades):
    assert_raises(ValueError, submission.pairwise_loss, torch.tensor(scores), torch.tensor(grades))


# ── listnet_loss ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Two distributions over the documents of a list: from what, and which of them is in the log?")
@pytest.mark.parametrize(("lists", "docs"), [(1, 3), (1, 1), (4, 5)])
def test_it_is_the_cross_entropy_of_two_softmaxes(submission, rng, lists, docs):
    scores, grades = tensor(rng, lists, docs), 1 + tensor(rng, lists, docs).abs()
    assert_close(submission.listnet_loss(scores, grades), listnet_loss(scores, grades))


def padded(rng):
    """Return scores, grades and a mask of lists of 3, 1, 0 and 4 documents; padding is drawn."""
    mask = torch.tensor([[1, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]]) > 0
    return tensor(rng, 4, 4), 1 + tensor(rng, 4, 4).abs(), mask


@points(0.5)
@hint("How much probability may padding have? At which point has it to be out?")
def test_padding_takes_no_part_in_the_softmaxes(submission, rng):
    scores, grades = tensor(rng, 2, 4), 1 + tensor(rng, 2, 4).abs()
    mask = torch.tensor([[1, 1, 1, 0], [1, 0, 1, 0]]) > 0
    assert_close(submission.listnet_loss(scores, grades, mask), listnet_loss(scores, grades, mask))


@points(0.5)
@hint("Over how many lists is the mean when one of them is nothing but padding?")
def test_lists_without_a_document_are_left_out(submission, rng):
    arguments = padded(rng)
    assert_close(submission.listnet_loss(*arguments), listnet_loss(*arguments))


@points(0.5)
@hint("What does log(0) times 0 give, and what does its gradient give?")
def test_gradients_reach_documents_and_not_padding(submission, rng):
    arguments = padded(rng)
    assert_close(
        submission.gradients("listnet_loss", *arguments, wrt=(0,)),
        gradients(listnet_loss, *arguments, wrt=(0,)),
    )


@points(0.25)
@hint("Put the largest number that a float holds into the padding. What changes?")
@pytest.mark.parametrize("filling", [3e38, -3e38, 1e4])
def test_padding_may_hold_any_number(submission, rng, filling):
    scores, grades, mask = padded(rng)
    filled = (
        scores.where(mask, torch.tensor(filling)),
        grades.where(mask, torch.tensor(filling)),
        mask,
    )
    assert_close(submission.listnet_loss(*filled), listnet_loss(scores, grades, mask))
    assert_close(
        submission.gradients("listnet_loss", *filled, wrt=(0,)),
        gradients(listnet_loss, scores, grades, mask, wrt=(0,)),
    )


@points(0.25)
@hint("There is no list to average over. What is the loss, and can one call backward on it?")
@pytest.mark.parametrize("shape", [(2, 3), (0, 3), (2, 0)], ids=str)
def test_without_a_document_the_loss_is_zero(submission, rng, shape):
    scores = torch.full(shape, 3e38)
    scores[:, 1:2] = 0
    arguments = scores, tensor(rng, *shape), torch.zeros(shape) > 0
    assert_close(submission.listnet_loss(*arguments), torch.tensor(0.0))
    (given,) = submission.gradients("listnet_loss", *arguments, wrt=(0,))
    assert_close(given, torch.zeros(shape), name="the gradient")


@points(0.25)
@hint("Which of your tensors has a dtype of its own?")
def test_listnet_keeps_float64(submission, rng):
    scores, grades, mask = padded(rng)
    arguments = scores.double(), grades.double(), mask
    assert_close(
        submission.listnet_loss(*arguments), listnet_loss(*arguments), rtol=1e-9, check_dtype=True
    )


@points(0.25)
@hint("PyTorch broadcasts an axis of size 1. Which wrong shapes would it let pass?")
@pytest.mark.parametrize(
    "changed", [{"grades": (1, 3)}, {"grades": (2, 1)}, {"mask": (1, 3)}, {"mask": (2, 1)}], ids=str
)
def test_listnet_refuses_shapes_that_differ(submission, rng, changed):
    shapes = {"scores": (2, 3), "grades": (2, 3), "mask": (2, 3), **changed}
    arguments = {name: tensor(rng, *shape) for name, shape in shapes.items()}
    arguments["mask"] = torch.ones(shapes["mask"]) > 0
    assert_raises(ValueError, submission.listnet_loss, **arguments)


# ── mmr ───────────────────────────────────────────────────────────────────────────────────────


def clearly_apart(query, documents, trade_off):
    """Whether at each step the best document leads by more than rounding."""
    documents = documents / documents.norm(dim=1, keepdim=True)
    relevance, similarity = documents @ (query / query.norm()), documents @ documents.T
    left, picked = list(range(len(documents))), []
    for pick in mmr(query, documents, len(documents), trade_off):
        values = {
            d: float(trade_off * relevance[d])
            - (1 - trade_off) * max((float(similarity[d, p]) for p in picked), default=0.0)
            for d in left
        }
        if any(values[pick] - values[d] < 1e-3 for d in left if d != pick):
            return False
        picked.append(pick)
        left.remove(pick)
    return True


def draw(rng, documents, dim, trade_off):
    """Return a query and documents for which no step of mmr is a close call."""
    while True:
        drawn = tensor(rng, dim), tensor(rng, documents, dim)
        if clearly_apart(*drawn, trade_off):
            return drawn


E0, E1, E2 = torch.eye(3)


@points(0.25)
@hint("What does the second pick lose by being like the first?")
def test_a_copy_of_what_was_picked_comes_last(submission):
    documents = torch.stack([E0, E0, E1, E2])
    given = submission.mmr(torch.tensor([3.0, 1.0, 2.0]), documents, 4)
    assert_equal(given, [0, 3, 2, 1])


@points(0.25)
@hint("Go through one step by hand. What is compared with the query, and what with the picked?")
@pytest.mark.parametrize("trade_off", [0.3, 0.5, 0.8])
def test_each_step_weighs_relevance_against_redundancy(submission, rng, trade_off):
    query, documents = draw(rng, 7, 4, trade_off)
    assert_equal(
        submission.mmr(query, documents, 7, trade_off), mmr(query, documents, 7, trade_off)
    )


@points(0.25)
@hint("A document is a copy of one that was picked and unlike all the others. Is it redundant?")
def test_the_greatest_similarity_to_what_was_picked_counts(submission):
    # Once e0 and e1 are picked: the copy of e0, or what lies between the two?
    query = torch.tensor([1.0, 0.9, -1.0])
    documents = torch.stack([E0, E1, E0, torch.tensor([0.6, 0.6, 0.53])])
    assert_equal(submission.mmr(query, documents, 4), [0, 1, 3, 2])


@points(0.25)
@hint("The last pick was something new. Does a copy of the first one stop being a copy?")
def test_what_was_picked_earlier_is_not_forgotten(submission):
    documents = torch.stack([E0, E1, E0, E2])
    assert_equal(submission.mmr(torch.tensor([1.0, 0.9, 0.6]), documents, 4), [0, 1, 3, 2])


@points(0.25)
@hint("Which side does the trade-off weigh? What is left of the sum at 0 and at 1?")
@pytest.mark.parametrize(("trade_off", "expected"), [(1.0, [1, 0, 3, 2]), (0.0, [0, 3, 2, 1])])
def test_the_trade_off_weighs_relevance(submission, trade_off, expected):
    # Cosines with the query 0.8, 1, 0, 0.6; with document 0: 0.8, 0.6, 0.
    documents = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, -0.8], [0.0, 1.0]])
    query = torch.tensor([0.8, 0.6])
    assert_equal(submission.mmr(query, documents, 4, trade_off), expected)


@points(0.25)
@hint("Make a document longer without turning it. Does it become more relevant?")
def test_the_length_of_vectors_does_not_matter(submission, rng):
    query, documents = draw(rng, 6, 3, 0.5)
    expected = mmr(query, documents, 6)
    lengths = torch.tensor([[0.1], [30.0], [1.0], [5.0], [0.5], [100.0]])
    assert_equal(submission.mmr(7 * query, lengths * documents, 6), expected)


@points(0.25)
@hint("A document points away from what was picked. Can its redundancy be below 0?")
def test_a_negative_similarity_is_a_gain(submission):
    # After document 0: document 1 has 0.375 · 0.6 − 0, document 2 has 0.375 · −0.6 + 0.625 · 0.96.
    query = torch.tensor([0.8, 0.6])
    documents = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-0.96, 0.28]])
    assert_equal(submission.mmr(query, documents, 3, 0.375), [0, 2, 1])


@points(0.25)
@hint("Several documents are equally good. Which one does your comparison keep?")
def test_of_equally_good_documents_the_lower_index_is_picked(submission):
    documents = torch.stack([E1, E0, E0, E1, 0 * E0])
    given = submission.mmr(torch.tensor([1.0, 1.0, 0.0]), documents, 5)
    assert_equal(given, [0, 1, 4, 2, 3])


@points(0.25)
@hint("What do you divide by when a vector has no length?")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param([0.0, 0.0, 0.0], [0, 1, 2, 3], id="query"),
        pytest.param([1.0, 0.0, -1.0], [1, 3, 0, 2], id="document"),
    ],
)
def test_a_zero_vector_has_cosine_zero(submission, query, expected):
    documents = torch.stack([0 * E0, E0, 2 * E2, -E0 - E2])
    assert_equal(submission.mmr(torch.tensor(query), documents, 4), expected)


@points(0.25)
@hint("When are you done picking?")
@pytest.mark.parametrize("k", [1, 3, 5, 8])
def test_at_most_k_documents_are_picked(submission, rng, k):
    query, documents = draw(rng, 5, 4, 0.5)
    assert_equal(submission.mmr(query, documents, k), mmr(query, documents, k))


@points(0.25)
@hint("Which of your steps needs at least one document?")
def test_no_documents_give_an_empty_list(submission):
    assert_equal(submission.mmr(E0, torch.zeros(0, 3), 2), [])


@points(0.25)
@hint("What would one weight be below 0, or 0 documents be picked?")
@pytest.mark.parametrize(("k", "trade_off"), [(2, -0.1), (2, 1.1), (0, 0.5), (-1, 0.5)])
def test_mmr_refuses_what_makes_no_sense(submission, k, trade_off):
    assert_raises(ValueError, submission.mmr, E0, torch.stack([E0, E1]), k, trade_off)
