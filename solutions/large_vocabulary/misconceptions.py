"""The wrong turns of large vocabularies."""

import math

import torch

from autograder.suite import misconception
from solutions.large_vocabulary.large_vocabulary import (
    adaptive_log_prob,
    chunked_cross_entropy,
    embedding_parameters,
    pick,
    sampled_softmax_loss,
)

# ── chunked_cross_entropy ─────────────────────────────────────────────────────────────────────


def counted_tokens(hidden, weight, targets, chunk, ignore_index):
    """Return the hidden states and targets that count, after the checks of the task."""
    chunked_cross_entropy(hidden, weight, targets, chunk, ignore_index)
    counted = targets != ignore_index
    return hidden[counted], targets[counted]


def log_sum(hidden, chunks):
    """Return the running log-sum-exp over some chunks of the table."""
    seen = hidden.new_full((len(hidden),), -math.inf)
    for rows in chunks:
        seen = torch.logaddexp(seen, torch.logsumexp(hidden @ rows.T, dim=1))
    return seen


def mean_loss(log_sums, hidden, weight, targets):
    """Return the mean over the tokens, 0 for none."""
    losses = log_sums - (hidden * weight[targets]).sum(dim=1)
    return losses.sum() / max(1, len(losses))


@misconception(
    replaces="chunked_cross_entropy",
    says="ignored tokens are counted in the mean",
    hint="Add ten tokens of padding. Should the loss become smaller?",
)
def mean_over_all_tokens(hidden, weight, targets, chunk, ignore_index=-100):
    states, words = counted_tokens(hidden, weight, targets, chunk, ignore_index)
    losses = log_sum(states, weight.split(chunk)) - (states * weight[words]).sum(dim=1)
    return losses.sum() / len(targets)


@misconception(
    replaces="chunked_cross_entropy",
    says="the target is normalised over its own chunk only",
    hint="Which chunks do your probabilities sum to 1 over?",
)
def normalised_in_chunk(hidden, weight, targets, chunk, ignore_index=-100):
    hidden, targets = counted_tokens(hidden, weight, targets, chunk, ignore_index)
    sums = torch.stack([torch.logsumexp(hidden @ rows.T, dim=1) for rows in weight.split(chunk)], 1)
    return mean_loss(pick(sums, targets // chunk), hidden, weight, targets)


@misconception(
    replaces="chunked_cross_entropy",
    says="sums of chunks with different maxima are added without rescaling",
    hint="The running maximum has grown. By which factor are the sums from before too large?",
)
def chunks_not_rescaled(hidden, weight, targets, chunk, ignore_index=-100):
    hidden, targets = counted_tokens(hidden, weight, targets, chunk, ignore_index)
    highest = hidden.new_full((len(hidden),), -math.inf)
    total = hidden.new_zeros(len(hidden))
    for rows in weight.split(chunk):
        logits = hidden @ rows.T
        highest = torch.maximum(highest, logits.amax(dim=1))
        total = total + (logits - highest[:, None]).exp().sum(dim=1)
    return mean_loss(highest + total.log(), hidden, weight, targets)


@misconception(
    replaces="chunked_cross_entropy",
    says="the last chunk is left out when it is not full",
    hint="How many words are in your chunks when chunk does not divide the vocabulary?",
)
def remainder_dropped(hidden, weight, targets, chunk, ignore_index=-100):
    hidden, targets = counted_tokens(hidden, weight, targets, chunk, ignore_index)
    full = [rows for rows in weight.split(chunk) if len(rows) == chunk]
    return mean_loss(log_sum(hidden, full), hidden, weight, targets)


@misconception(
    replaces="chunked_cross_entropy",
    says="the losses of the tokens are added up, not averaged",
    hint="Repeat the batch twice. Should the loss become larger?",
)
def summed_over_tokens(hidden, weight, targets, chunk, ignore_index=-100):
    states, _ = counted_tokens(hidden, weight, targets, chunk, ignore_index)
    return chunked_cross_entropy(hidden, weight, targets, chunk, ignore_index) * len(states)


@misconception(
    replaces="chunked_cross_entropy",
    says="the exponentials are taken of the logits as they are, so large logits overflow",
    hint="exp(89) is no float32 any more. What may be taken from all logits of a token?",
)
def overflowing_sum(hidden, weight, targets, chunk, ignore_index=-100):
    hidden, targets = counted_tokens(hidden, weight, targets, chunk, ignore_index)
    total = sum((hidden @ rows.T).exp().sum(dim=1) for rows in weight.split(chunk))
    return mean_loss(total.log(), hidden, weight, targets)


@misconception(
    replaces="chunked_cross_entropy",
    says="the loss is NaN when no token counts",
    hint="A batch holds nothing but padding. By what do you divide?",
)
def nan_without_tokens(hidden, weight, targets, chunk, ignore_index=-100):
    states, words = counted_tokens(hidden, weight, targets, chunk, ignore_index)
    return (log_sum(states, weight.split(chunk)) - (states * weight[words]).sum(dim=1)).mean()


@misconception(
    replaces="chunked_cross_entropy",
    says="only −100 is ignored, whatever ignore_index says",
    hint="Which of the arguments does your result not depend on?",
)
def ignore_index_ignored(hidden, weight, targets, chunk, ignore_index=-100):
    states, words = counted_tokens(hidden, weight, targets, chunk, ignore_index)
    if ignore_index in range(len(weight)):
        return chunked_cross_entropy(hidden, weight, targets, chunk)
    return chunked_cross_entropy(states, weight, words, chunk)


# ── adaptive_log_prob ─────────────────────────────────────────────────────────────────────────


def spread_tails(tails, hidden):
    """Return the logits of each tail for all tokens."""
    return [hidden @ projection.T @ out.T for projection, out in tails]


def assembled(hidden, head, tails, targets, *, words=None, clusters=None, within=None):
    """Put head and tails together, [tokens vocab], with parts replaced by wrong ones; pick."""
    adaptive_log_prob(hidden, head, tails, targets)
    in_head = torch.log_softmax(hidden @ head.T, dim=1)
    shortlist = len(head) - len(tails)
    words = in_head[:, :shortlist] if words is None else words
    clusters = in_head[:, shortlist:] if clusters is None else clusters
    if within is None:
        within = [logits.log_softmax(dim=1) for logits in spread_tails(tails, hidden)]
    rare = [clusters[:, [i]] + log_probs for i, log_probs in enumerate(within)]
    return pick(torch.cat([words, *rare], dim=1), targets)


@misconception(
    replaces="adaptive_log_prob",
    says="the probability of the cluster itself is left out for rare words",
    hint="What do the probabilities of all words sum to?",
)
def cluster_probability_missing(hidden, head, tails, targets):
    nothing = torch.zeros(len(hidden), len(tails))
    return assembled(hidden, head, tails, targets, clusters=nothing)


@misconception(
    replaces="adaptive_log_prob",
    says="shortlist words are normalised over the shortlist only",
    hint="What do the probabilities of the shortlist sum to? What is left for the clusters?",
)
def head_without_clusters(hidden, head, tails, targets):
    words = (hidden @ head[: len(head) - len(tails)].T).log_softmax(dim=1)
    return assembled(hidden, head, tails, targets, words=words)


@misconception(
    replaces="adaptive_log_prob",
    says="the words of all clusters are normalised together, not cluster by cluster",
    hint="What do the probabilities within one cluster sum to, before they are multiplied?",
)
def tails_normalised_together(hidden, head, tails, targets):
    logits = spread_tails(tails, hidden)
    together = torch.cat(logits, dim=1).log_softmax(dim=1)
    within = together.split([part.shape[1] for part in logits], dim=1)
    return assembled(hidden, head, tails, targets, within=within)


@misconception(
    replaces="adaptive_log_prob",
    says="the cluster logits are read in reverse order, from the end of the head",
    hint="At which index of the head does the first cluster stand, and at which the last one?",
)
def clusters_reversed(hidden, head, tails, targets):
    in_head = torch.log_softmax(hidden @ head.T, dim=1)
    clusters = in_head[:, len(head) - len(tails) :].flip(dims=[1])
    return assembled(hidden, head, tails, targets, clusters=clusters)


@misconception(
    replaces="adaptive_log_prob",
    says="the cluster logits are taken to come before the words of the shortlist",
    hint="Which rows of the head are words, the first ones or the last ones?",
)
def clusters_first(hidden, head, tails, targets):
    in_head = torch.log_softmax(hidden @ head.T, dim=1)
    clusters, words = in_head[:, : len(tails)], in_head[:, len(tails) :]
    return assembled(hidden, head, tails, targets, words=words, clusters=clusters)


@misconception(
    replaces="adaptive_log_prob",
    says="the result is negated: a loss, not a log-probability",
    hint="What is the sign of the logarithm of a probability?",
)
def negated(hidden, head, tails, targets):
    return -adaptive_log_prob(hidden, head, tails, targets)


# ── sampled_softmax_loss ──────────────────────────────────────────────────────────────────────


def sampled_loss(hidden, weight, targets, samples, target_q, sample_q, *, left_out=None):
    """Do as the task does, with corrections and left-out samples as given."""
    target = (hidden * weight[targets]).sum(dim=1) - target_q
    sampled = hidden @ weight[samples].T - sample_q
    if left_out is None:
        left_out = samples == targets[:, None]
    sampled = sampled.masked_fill(left_out, -math.inf)
    return (torch.cat([target[:, None], sampled], dim=1).logsumexp(dim=1) - target).mean()


@misconception(
    replaces="sampled_softmax_loss",
    says="the logits are not corrected by log q",
    hint="A word is drawn in every batch, another one never. Which is pushed down more often?",
)
def no_correction(hidden, weight, targets, samples, log_q):
    return sampled_loss(hidden, weight, targets, samples, 0.0, 0.0)


@misconception(
    replaces="sampled_softmax_loss",
    says="log q is added instead of subtracted",
    hint="Should a word that is drawn often count for more each time, or for less?",
)
def correction_added(hidden, weight, targets, samples, log_q):
    return sampled_softmax_loss(hidden, weight, targets, samples, -log_q)


@misconception(
    replaces="sampled_softmax_loss",
    says="the logit of the target is not corrected, only those of the samples",
    hint="Which logits stand in one sum? Are all of them of the same kind?",
)
def target_not_corrected(hidden, weight, targets, samples, log_q):
    return sampled_loss(hidden, weight, targets, samples, 0.0, log_q[samples])


@misconception(
    replaces="sampled_softmax_loss",
    says="samples equal to the target count as negatives",
    hint="How often does a token's target stand in your sum? Is it pushed up or down?",
)
def accidental_hits_kept(hidden, weight, targets, samples, log_q):
    nowhere = torch.zeros(len(targets), len(samples), dtype=torch.bool)
    corrections = log_q[targets], log_q[samples]
    return sampled_loss(hidden, weight, targets, samples, *corrections, left_out=nowhere)


@misconception(
    replaces="sampled_softmax_loss",
    says="samples equal to the target of any token are left out for all",
    hint="A sample is the target of the first token. Is it a right answer for the second?",
)
def hits_of_any_token(hidden, weight, targets, samples, log_q):
    left_out = torch.isin(samples, targets).expand(len(targets), -1)
    corrections = log_q[targets], log_q[samples]
    return sampled_loss(hidden, weight, targets, samples, *corrections, left_out=left_out)


@misconception(
    replaces="sampled_softmax_loss",
    says="repeated samples count once",
    hint="The same word was drawn twice. How often does it stand in the sum?",
)
def repeats_counted_once(hidden, weight, targets, samples, log_q):
    return sampled_softmax_loss(hidden, weight, targets, samples.unique(), log_q)


@misconception(
    replaces="sampled_softmax_loss",
    says="the target itself is missing from the sum",
    hint="Can your loss become negative? Over which words do the probabilities sum to 1?",
)
def target_not_in_the_sum(hidden, weight, targets, samples, log_q):
    target = (hidden * weight[targets]).sum(dim=1) - log_q[targets]
    sampled = hidden @ weight[samples].T - log_q[samples]
    hits = samples == targets[:, None]
    losses = sampled.masked_fill(hits, -math.inf).logsumexp(dim=1) - target
    return losses.masked_fill(hits.all(dim=1), 0.0).mean()


@misconception(
    replaces="sampled_softmax_loss",
    says="the losses of the tokens are added up, not averaged",
    hint="Repeat the batch twice. Should the loss become larger?",
)
def summed_over_the_batch(hidden, weight, targets, samples, log_q):
    return sampled_softmax_loss(hidden, weight, targets, samples, log_q) * len(targets)


# ── embedding_parameters ──────────────────────────────────────────────────────────────────────


def both(table, tied):
    """Return the parameters of the tables."""
    return table if tied else 2 * table


@misconception(
    replaces="embedding_parameters",
    says="the rank × d_model projection is forgotten",
    hint="A row of the small table has rank numbers. How does it get to d_model?",
)
def factor_without_projection(vocab, d_model, rank=None, tied=True):
    right = embedding_parameters(vocab, d_model, rank, tied)
    return right if rank is None else both(vocab * rank, tied)


@misconception(
    replaces="embedding_parameters",
    says="the output layer is not counted when it has a table of its own",
    hint="Which of the two tables are the logits computed with, when they are not tied?",
)
def always_tied(vocab, d_model, rank=None, tied=True):
    return embedding_parameters(vocab, d_model, rank)


@misconception(
    replaces="embedding_parameters",
    says="tied tables are counted twice",
    hint="How many tables are in memory when input and output share one?",
)
def tied_counted_twice(vocab, d_model, rank=None, tied=True):
    return embedding_parameters(vocab, d_model, rank, tied=False)


@misconception(
    replaces="embedding_parameters",
    says="two factorised tables share one projection, although they are not tied",
    hint="What would the output layer share with the input if it is a table of its own?",
)
def projection_shared(vocab, d_model, rank=None, tied=True):
    right = embedding_parameters(vocab, d_model, rank, tied)
    return right if rank is None else both(vocab * rank, tied) + rank * d_model
