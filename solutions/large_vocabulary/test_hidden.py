"""The hidden suite of large_vocabulary."""

import math

import pytest
import torch

from autograder.checks import assert_between, assert_close, assert_equal, assert_raises
from autograder.suite import gradients, hint, points, tensor
from solutions.large_vocabulary.large_vocabulary import (
    adaptive_log_prob,
    chunked_cross_entropy,
    embedding_parameters,
    sampled_softmax_loss,
)

# A loss is the difference of two larger numbers, so its error does not shrink with it.
LOSS = {"rtol": 1e-5, "atol": 1e-5}


def words(rng, vocab, count):
    """Draw different words, at most as many as there are."""
    return torch.from_numpy(rng.permutation(vocab)[:count])


def rising(rng, tokens, vocab, d):
    """Draw hidden states and weights of which every word has a higher logit than those before."""
    hidden, weight = tensor(rng, tokens, d), tensor(rng, vocab, d, scale=0.05)
    hidden[:, 0], weight[:, 0] = 1.0, 0.75 * torch.arange(vocab)
    return hidden, weight


def adaptive(rng, d=6, shortlist=4, tails=((3, 5), (2, 7), (4, 3))):
    """Draw a head and tails of sizes (d_i, n_i); return the size of the vocabulary too."""
    head = tensor(rng, shortlist + len(tails), d, scale=0.5)
    drawn = [(tensor(rng, d_i, d), tensor(rng, n_i, d_i, scale=0.5)) for d_i, n_i in tails]
    return head, drawn, shortlist + sum(n_i for _, n_i in tails)


# ── chunked_cross_entropy ─────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Over which words do the probabilities of a token sum to 1? And what is averaged?")
def test_the_loss_is_that_of_a_softmax_over_all_words(submission, rng):
    hidden, weight, targets = tensor(rng, 5, 3), tensor(rng, 12, 3), words(rng, 12, 5)
    assert_close(
        submission.chunked_cross_entropy(hidden, weight, targets, 4),
        chunked_cross_entropy(hidden, weight, targets, 4),
        **LOSS,
    )


@points(0.5)
@hint("A later chunk holds a larger logit than all before. What happens to what you have added up?")
def test_later_chunks_may_hold_larger_logits(submission, rng):
    hidden, weight = rising(rng, 4, 9, 3)
    targets = torch.tensor([0, 4, 8, 5])
    assert_close(
        submission.chunked_cross_entropy(hidden, weight, targets, 3),
        chunked_cross_entropy(hidden, weight, targets, 3),
        **LOSS,
    )


@points(0.5)
@hint("Replace a token by padding. Over how many tokens is the mean then?")
def test_ignored_tokens_do_not_count(submission, rng):
    hidden, weight = tensor(rng, 6, 3), tensor(rng, 8, 3)
    targets = torch.tensor([3, -100, 7, -100, 0, -100])
    assert_close(
        submission.chunked_cross_entropy(hidden, weight, targets, 4),
        chunked_cross_entropy(hidden, weight, targets, 4),
        **LOSS,
    )


@points(0.25)
@hint("What changes when the chunks do? Where does the last of them end?")
@pytest.mark.parametrize("chunk", [1, 2, 3, 6, 7, 8, 1000])
def test_the_size_of_the_chunks_changes_nothing(submission, rng, chunk):
    hidden, weight = tensor(rng, 4, 3), tensor(rng, 7, 3)
    # The last word is nobody's target, but stands in every sum.
    targets = torch.tensor([0, 3, 5, 2])
    assert_close(
        submission.chunked_cross_entropy(hidden, weight, targets, chunk),
        chunked_cross_entropy(hidden, weight, targets, 7),
        **LOSS,
    )


@points(0.25)
@hint("In which chunk does each target lie, and at which place of it?")
@pytest.mark.parametrize("chunk", [2, 5])
def test_a_target_may_be_any_word(submission, rng, chunk):
    hidden, weight, targets = tensor(rng, 7, 2), tensor(rng, 7, 2), words(rng, 7, 7)
    one_by_one = [
        submission.chunked_cross_entropy(hidden[[i]], weight, targets[[i]], chunk) for i in range(7)
    ]
    assert_close(
        one_by_one,
        [chunked_cross_entropy(hidden[[i]], weight, targets[[i]], chunk) for i in range(7)],
        **LOSS,
    )


@points(0.25)
@hint("Which number stands for padding here? May it be a word as well?")
@pytest.mark.parametrize("ignore_index", [-1, 2, 1000])
def test_any_number_may_be_the_one_that_is_ignored(submission, rng, ignore_index):
    hidden, weight = tensor(rng, 5, 3), tensor(rng, 8, 3)
    targets = torch.tensor([1, ignore_index, 7, ignore_index, 5])
    assert_close(
        submission.chunked_cross_entropy(hidden, weight, targets, 4, ignore_index),
        chunked_cross_entropy(hidden, weight, targets, 4, ignore_index),
        **LOSS,
    )


@points(0.5)
@hint("What is the mean over no tokens? Can backward() still be called on your answer?")
def test_when_no_token_counts_loss_and_gradients_are_zero(submission, rng):
    hidden, weight = tensor(rng, 3, 4), tensor(rng, 6, 4)
    targets = torch.full((3,), -100)
    assert_close(submission.chunked_cross_entropy(hidden, weight, targets, 4), torch.tensor(0.0))
    found = submission.gradients("chunked_cross_entropy", hidden, weight, targets, 4, wrt=(0, 1))
    assert_close(found, (torch.zeros(3, 4), torch.zeros(6, 4)))


@points(0.5)
@hint("Does anything cut your loss off from hidden or weight, such as item(), detach() or no_grad?")
@pytest.mark.parametrize("chunk", [2, 5])
def test_gradients_reach_hidden_and_weight(submission, rng, chunk):
    hidden, weight = tensor(rng, 5, 3), tensor(rng, 9, 3)
    targets = torch.tensor([8, 0, -100, 4, 4])
    arguments = (hidden, weight, targets, chunk)
    assert_close(
        submission.gradients("chunked_cross_entropy", *arguments, wrt=(0, 1)),
        gradients(chunked_cross_entropy, *arguments, wrt=(0, 1)),
    )


@points(0.25)
@hint("exp(89) overflows float32. What may be taken from all logits of a token?")
def test_logits_of_ten_thousand_neither_overflow_nor_vanish(submission):
    hidden = torch.tensor([[100.0, 0.0], [-100.0, 0.0]])
    weight = torch.tensor([[100.0, 0], [90, 0], [100, 0], [-100, 0], [95, 0], [-100, 0]])
    targets = torch.tensor([2, 4])
    # Losses of ln 2 and 19 500 + ln 2; in float32 logits of this size are rounded to 0.001.
    expected = torch.tensor(9_750 + math.log(2))
    given = submission.chunked_cross_entropy(hidden, weight, targets, 2)
    assert_close(given, expected, rtol=0, atol=0.02)


@points(0.5)
@hint("Which of your tensors has a row for each token and a column for each word?")
def test_the_logits_are_never_held_as_a_whole(submission, rng):
    hidden, weight = tensor(rng, 40, 2), tensor(rng, 60, 2)
    targets = words(rng, 60, 40)
    expected = chunked_cross_entropy(hidden, weight, targets, 6)
    assert_close(submission.chunked_cross_entropy(hidden, weight, targets, 6), expected, **LOSS)
    kept = submission.probe(
        "saved_tensors",
        "chunked_cross_entropy",
        hidden.requires_grad_(),
        weight.requires_grad_(),
        targets,
        6,
    )
    largest = max((math.prod(shape) for shape, _ in kept), default=0)
    name = "the largest number of elements in one tensor that is kept for the backward pass"
    assert_between(largest, None, 40 * 60 - 1, name=name)


@points(0.25)
@hint("How many logits do you hold at once? How does that grow with the vocabulary?")
def test_memory_does_not_grow_with_the_vocabulary(submission, rng):
    hidden, weight, targets = tensor(rng, 3, 2), tensor(rng, 10, 2), words(rng, 10, 3)
    assert_close(
        submission.chunked_cross_entropy(hidden, weight, targets, 3),
        chunked_cross_entropy(hidden, weight, targets, 3),
        **LOSS,
    )
    if submission.in_worker:
        # All logits take 102 MB in float32, a chunk of them 2 MB in float64; the rest is slack.
        hidden, weight = tensor(rng, 256, 2), tensor(rng, 100_000, 2)
        targets = words(rng, 100_000, 256)
        peak = submission.probe(
            "peak_memory", "chunked_cross_entropy", hidden, weight, targets, 1000
        )
        assert_between(peak / 2**20, None, 72.0, name="the peak of memory in MB")


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_arguments_need_not_be_contiguous(submission, rng):
    hidden, weight = tensor(rng, 3, 5).T, tensor(rng, 3, 9).T
    targets = torch.tensor([8, 0, 3, 1, 2, 4, 5, 6, 7, 0])[::2]
    assert_close(
        submission.chunked_cross_entropy(hidden, weight, targets, 4),
        chunked_cross_entropy(hidden, weight, targets, 4),
        **LOSS,
    )


@points(0.25)
@hint("How many chunks of no word does a vocabulary have?")
@pytest.mark.parametrize("chunk", [0, -1])
def test_chunks_of_no_word_are_refused(submission, rng, chunk):
    hidden, weight, targets = tensor(rng, 3, 2), tensor(rng, 6, 2), torch.tensor([0, 5, 1])
    assert_raises(ValueError, submission.chunked_cross_entropy, hidden, weight, targets, chunk)


@points(0.25)
@hint("Python counts from the end below zero. Which numbers are words, and which one is padding?")
@pytest.mark.parametrize(
    ("target", "ignore_index"), [(6, -100), (-1, -100), (-100, -1), (1000, 6), (-6, -100)]
)
def test_targets_that_are_no_words_are_refused(submission, rng, target, ignore_index):
    hidden, weight, targets = tensor(rng, 3, 2), tensor(rng, 6, 2), torch.tensor([0, target, 1])
    assert_raises(
        ValueError, submission.chunked_cross_entropy, hidden, weight, targets, 4, ignore_index
    )


# ── adaptive_log_prob ─────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What stands in the head besides the shortlist? Does it take part in the softmax?")
def test_a_shortlist_word_competes_with_the_clusters(submission, rng):
    head, tails, _ = adaptive(rng)
    hidden, targets = tensor(rng, 4, 6), torch.tensor([2, 0, 3, 1])
    assert_close(
        submission.adaptive_log_prob(hidden, head, tails, targets),
        adaptive_log_prob(hidden, head, tails, targets),
        **LOSS,
    )


@points(0.75)
@hint("First the cluster, then the word in it. Which two probabilities are multiplied?")
def test_a_rare_word_is_as_likely_as_its_cluster_times_itself_in_it(submission, rng):
    head, tails, _ = adaptive(rng)
    hidden, targets = tensor(rng, 5, 6), torch.tensor([6, 11, 17, 5, 13])
    assert_close(
        submission.adaptive_log_prob(hidden, head, tails, targets),
        adaptive_log_prob(hidden, head, tails, targets),
        **LOSS,
    )


@points(0.5)
@hint("Add up the probabilities of all words for one hidden state. What should come out?")
def test_the_probabilities_of_all_words_sum_to_one(submission, rng):
    head, tails, vocab = adaptive(rng)
    hidden = tensor(rng, 1, 6).expand(vocab, 6)
    log_probs = submission.adaptive_log_prob(hidden, head, tails, torch.arange(vocab))
    assert_close(log_probs.exp().sum(), torch.tensor(1.0))


@points(0.5)
@hint("You work cluster by cluster. Does each result go back to its own token?")
def test_each_token_gets_the_result_of_its_own_target(submission, rng):
    head, tails, vocab = adaptive(rng)
    hidden, targets = tensor(rng, vocab, 6), words(rng, vocab, vocab)
    assert_close(
        submission.adaptive_log_prob(hidden, head, tails, targets),
        adaptive_log_prob(hidden, head, tails, targets),
        **LOSS,
    )


@points(0.25)
@hint("Which words are the first and the last one of each cluster?")
@pytest.mark.parametrize("target", [0, 3, 4, 8, 9, 15, 16, 18])
def test_the_clusters_follow_one_another_without_a_gap(submission, rng, target):
    head, tails, _ = adaptive(rng)
    hidden, targets = tensor(rng, 1, 6), torch.tensor([target])
    assert_close(
        submission.adaptive_log_prob(hidden, head, tails, targets),
        adaptive_log_prob(hidden, head, tails, targets),
        **LOSS,
    )


@points(0.25)
@hint("How likely is the only word of a cluster, once the cluster is chosen?")
@pytest.mark.parametrize(
    ("d", "shortlist", "sizes"),
    [(3, 5, ((2, 4),)), (1, 1, ((1, 1), (1, 1))), (4, 2, ((6, 1), (1, 9)))],
    ids=["one cluster", "all of size one", "wider than d"],
)
def test_any_sizes_will_do(submission, rng, d, shortlist, sizes):
    head, tails, vocab = adaptive(rng, d, shortlist, sizes)
    hidden, targets = tensor(rng, 2 * vocab, d), torch.arange(2 * vocab) % vocab
    assert_close(
        submission.adaptive_log_prob(hidden, head, tails, targets),
        adaptive_log_prob(hidden, head, tails, targets),
        **LOSS,
    )


@points(0.5)
@hint("Which of hidden, head, projections and words does the result of a rare word depend on?")
def test_gradients_reach_hidden_head_and_tails(submission, rng):
    head, tails, vocab = adaptive(rng)
    hidden, targets, upstream = tensor(rng, vocab, 6), words(rng, vocab, vocab), tensor(rng, vocab)
    arguments, wrt = (hidden, head, tails, targets), (0, 1, 2)
    assert_close(
        submission.gradients("adaptive_log_prob", *arguments, wrt=wrt, upstream=upstream),
        gradients(adaptive_log_prob, *arguments, wrt=wrt, upstream=upstream),
    )


@points(0.25)
@hint("What is the log of a probability that underflows? Is there a log-softmax without it?")
def test_large_logits_give_finite_log_probabilities(submission):
    head = torch.tensor([[10_000.0], [-10_000.0], [0.0]])
    tails = [(torch.tensor([[100.0]]), torch.tensor([[100.0], [-50.0]]))]
    # Head: 0, −20 000, −10 000; tail: 0, −15 000.
    expected = torch.tensor([0.0, -20_000.0, -10_000.0, -25_000.0])
    result = submission.adaptive_log_prob(torch.ones(4, 1), head, tails, torch.arange(4))
    assert_close(result, expected, rtol=0, atol=0.02)


@points(0.5)
@hint("How many words are there in the shortlist and all clusters together?")
@pytest.mark.parametrize("target", [-1, 19, 22, -19])
def test_targets_outside_of_the_vocabulary_are_refused(submission, rng, target):
    head, tails, _ = adaptive(rng)
    hidden, targets = tensor(rng, 3, 6), torch.tensor([0, target, 18])
    assert_raises(ValueError, submission.adaptive_log_prob, hidden, head, tails, targets)


# ── sampled_softmax_loss ──────────────────────────────────────────────────────────────────────


def proposal(rng, vocab):
    """Draw how likely each word is to be sampled, very unevenly."""
    return torch.log_softmax(tensor(rng, vocab, scale=1.5), dim=0)


@points(0.75)
@hint("A frequent word is drawn often. By what is each of its terms to be divided?")
def test_all_logits_are_corrected_by_how_likely_a_word_is_drawn(submission, rng):
    hidden, weight, log_q = tensor(rng, 3, 4), tensor(rng, 12, 4), proposal(rng, 12)
    drawn = words(rng, 12, 8)
    arguments = (hidden, weight, drawn[:3], drawn[3:], log_q)
    assert_close(
        submission.sampled_softmax_loss(*arguments), sampled_softmax_loss(*arguments), **LOSS
    )


@points(0.75)
@hint("The target of all three tokens is among the samples. Is it a wrong answer?")
def test_samples_equal_to_the_target_are_left_out(submission, rng):
    hidden, weight, log_q = tensor(rng, 3, 4), tensor(rng, 12, 4), proposal(rng, 12)
    samples = words(rng, 12, 6)
    arguments = (hidden, weight, samples[[2, 2, 2]], samples, log_q)
    assert_close(
        submission.sampled_softmax_loss(*arguments), sampled_softmax_loss(*arguments), **LOSS
    )


@points(0.5)
@hint("A sample is the target of one token. What is it for the others?")
def test_a_sample_is_left_out_for_the_tokens_whose_target_it_is(submission, rng):
    hidden, weight, log_q = tensor(rng, 4, 3), tensor(rng, 10, 3), proposal(rng, 10)
    drawn = words(rng, 10, 7)
    # Three targets are among the samples, one of them for two tokens.
    targets, samples = drawn[[0, 1, 1, 6]], drawn[:6]
    arguments = (hidden, weight, targets, samples, log_q)
    assert_close(
        submission.sampled_softmax_loss(*arguments), sampled_softmax_loss(*arguments), **LOSS
    )


@points(0.5)
@hint("A word was drawn three times. How many terms does it have in the sum?")
def test_repeated_samples_count_each_time(submission, rng):
    hidden, weight, log_q = tensor(rng, 3, 4), tensor(rng, 9, 4), proposal(rng, 9)
    drawn = words(rng, 9, 6)
    targets, samples = drawn[:3], drawn[[3, 4, 3, 3, 5, 4]]
    arguments = (hidden, weight, targets, samples, log_q)
    assert_close(
        submission.sampled_softmax_loss(*arguments), sampled_softmax_loss(*arguments), **LOSS
    )


@points(0.25)
@hint("Every other word is drawn once, all alike. Which well-known loss is that?")
def test_all_words_as_samples_give_the_full_softmax(submission, rng):
    hidden, weight, targets = tensor(rng, 5, 3), tensor(rng, 7, 3), words(rng, 7, 5)
    log_q = torch.full((7,), -math.log(7))
    given = submission.sampled_softmax_loss(hidden, weight, targets, words(rng, 7, 7), log_q)
    assert_close(given, chunked_cross_entropy(hidden, weight, targets, 7), **LOSS)


@points(0.25)
@hint("All samples are the target. How many words does the softmax run over?")
def test_a_token_without_samples_left_has_no_loss(submission, rng):
    hidden, weight, log_q = tensor(rng, 2, 3), tensor(rng, 5, 3), proposal(rng, 5)
    samples = torch.tensor([3, 3])
    one = submission.sampled_softmax_loss(hidden[:1], weight, torch.tensor([3]), samples, log_q)
    assert_close(one, torch.tensor(0.0))
    arguments = (hidden, weight, torch.tensor([3, 1]), samples, log_q)
    assert_close(
        submission.sampled_softmax_loss(*arguments), sampled_softmax_loss(*arguments), **LOSS
    )


@points(0.5)
@hint("Which rows of the table get a gradient? Does anything cut the loss off from them?")
def test_sampled_gradients_reach_hidden_and_weight(submission, rng):
    hidden, weight, log_q = tensor(rng, 4, 3), tensor(rng, 10, 3), proposal(rng, 10)
    drawn = words(rng, 10, 6)
    arguments = (hidden, weight, drawn[[0, 1, 1, 5]], drawn[[0, 2, 3, 3, 4]], log_q)
    assert_close(
        submission.gradients("sampled_softmax_loss", *arguments, wrt=(0, 1)),
        gradients(sampled_softmax_loss, *arguments, wrt=(0, 1)),
    )


@points(0.25)
@hint("exp(89) overflows float32. What may be taken from all logits of a token?")
def test_large_corrected_logits_neither_overflow_nor_vanish(submission):
    hidden = torch.tensor([[100.0], [-100.0]])
    weight = torch.tensor([[100.0], [90.0], [-100.0]])
    log_q = torch.full((3,), -math.log(3))
    # Losses of 0 and of 1000; the last sample is the target itself.
    given = submission.sampled_softmax_loss(
        hidden, weight, torch.tensor([0, 0]), torch.tensor([1, 1, 0]), log_q
    )
    assert_close(given, torch.tensor((1000 + math.log(2)) / 2), rtol=0, atol=0.02)


@points(0.25)
@hint("Which of your shapes assume something about tokens, samples or d?")
@pytest.mark.parametrize(("tokens", "samples", "d"), [(1, 1, 1), (6, 1, 2), (2, 9, 5), (5, 5, 5)])
def test_any_number_of_tokens_and_samples_will_do(submission, rng, tokens, samples, d):
    hidden, weight, log_q = tensor(rng, tokens, d), tensor(rng, 20, d), proposal(rng, 20)
    drawn = words(rng, 20, tokens + samples)
    arguments = (hidden, weight, drawn[:tokens], drawn[tokens:], log_q)
    assert_close(
        submission.sampled_softmax_loss(*arguments), sampled_softmax_loss(*arguments), **LOSS
    )


# ── embedding_parameters ──────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("How many rows does the table have, and how many numbers has a row?")
@pytest.mark.parametrize(("vocab", "d_model"), [(1000, 64), (7, 30), (1, 1)])
def test_tied_embeddings_are_one_table(submission, vocab, d_model):
    assert_equal(submission.embedding_parameters(vocab, d_model), vocab * d_model)


@points(0.5)
@hint("Input and output no longer share anything. How many tables are there?")
def test_untied_embeddings_are_two_tables(submission):
    assert_equal(submission.embedding_parameters(50, 8, tied=False), 800)
    assert_equal(submission.embedding_parameters(50, 8, None, True), 400)


@points(0.5)
@hint("Write a factorised table as a product of two matrices. Which shapes do they have?")
@pytest.mark.parametrize(
    ("rank", "tied", "parameters"),
    [(3, True, 50 * 3 + 3 * 8), (3, False, 2 * (50 * 3 + 3 * 8)), (1, True, 58), (20, True, 1160)],
)
def test_a_factorised_table_is_a_small_table_and_a_projection(submission, rank, tied, parameters):
    assert_equal(submission.embedding_parameters(50, 8, rank, tied), parameters)


@points(0.25)
@hint("Which numbers does a float of 53 bits no longer tell apart?")
def test_the_number_is_an_exact_int(submission):
    sizes = (3**30, 3**12, 5**3, False)
    assert_equal(submission.embedding_parameters(*sizes), embedding_parameters(*sizes))


@points(0.25)
@hint("Go through the arguments one by one: which values make no sense?")
@pytest.mark.parametrize(
    "sizes", [(0, 8), (50, 0), (50, 8, 0), (-1, 8), (50, -8), (50, 8, -2)], ids=str
)
def test_sizes_below_one_are_refused(submission, sizes):
    assert_raises(ValueError, submission.embedding_parameters, *sizes)
