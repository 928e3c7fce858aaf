"""The wrong turns of reward models."""

from itertools import pairwise

import torch
from torch.nn import functional as F

from autograder.suite import misconception
from solutions.reward_model.reward_model import (
    expected_best_of_n,
    preference_loss,
    ranking_loss,
    reward_at_last_token,
)

# ── reward_at_last_token ──────────────────────────────────────────────────────────────────────


def read_at(hidden, mask, head, places):
    """Read the reward at the given place of each row."""
    reward_at_last_token(hidden, mask, head)
    return hidden[torch.arange(len(hidden)), places] @ head


@misconception(
    replaces="reward_at_last_token",
    says="the reward is read at the last column, which is padding for shorter rows",
    hint="Add padding to the right of a row. Should its reward change?",
)
def last_column(hidden, mask, head):
    return read_at(hidden, mask, head, -1)


@misconception(
    replaces="reward_at_last_token",
    says="the place is the number of tokens minus one, "
    "which is wrong when the padding is on the left",
    hint="Two columns of padding, then three tokens. At which place is the last token?",
)
def count_as_index(hidden, mask, head):
    return read_at(hidden, mask, head, mask.sum(dim=1) - 1)


@misconception(
    replaces="reward_at_last_token",
    says="the place is the one before the first padding, "
    "which is wrong when padding stands on both sides",
    hint="Where is the first padding of a row that begins with some?",
)
def before_the_first_padding(hidden, mask, head):
    return read_at(hidden, mask, head, (~mask).int().argmax(dim=1) - 1)


@misconception(
    replaces="reward_at_last_token",
    says="the reward is read at the first token, which has seen nothing of the answer",
    hint="In a causal model, which tokens does each hidden state know?",
)
def first_token(hidden, mask, head):
    return read_at(hidden, mask, head, mask.int().argmax(dim=1))


@misconception(
    replaces="reward_at_last_token",
    says="the reward is the mean over the row's tokens (padding left out), "
    "not read at the last one",
    hint="Which hidden state is the only one that has seen the whole answer?",
)
def mean_pooled(hidden, mask, head):
    reward_at_last_token(hidden, mask, head)
    rewards = torch.where(mask, hidden @ head, 0.0)
    return rewards.sum(dim=1) / mask.sum(dim=1)


# ── preference_loss ───────────────────────────────────────────────────────────────────────────


def parts(chosen, rejected, margin, tie):
    """Return difference, margin and ties, once the right loss has refused what it must."""
    preference_loss(chosen, rejected, margin, tie)
    margin = torch.zeros_like(chosen) if margin is None else margin
    tie = torch.zeros_like(chosen, dtype=torch.bool) if tie is None else tie
    return chosen - rejected, margin, tie


def tied(difference):
    """Return the loss of a tie."""
    return -(F.logsigmoid(difference) + F.logsigmoid(-difference)) / 2


@misconception(
    replaces="preference_loss",
    says="the margin is added to the difference, "
    "so that pairs with a large margin are let off, not pressed",
    hint="Raise the margin of a pair. Does your loss rise or fall?",
)
def margin_added(chosen, rejected, margin=None, tie=None):
    difference, margin, tie = parts(chosen, rejected, margin, tie)
    return torch.where(tie, tied(difference), -F.logsigmoid(difference + margin)).mean()


@misconception(
    replaces="preference_loss",
    says="the logarithm is taken of a sigmoid that has rounded to zero, "
    "so a badly wrong pair gives infinity",
    hint="What is σ(−10 000) in float32? Which function gives its logarithm directly?",
)
def log_of_sigmoid(chosen, rejected, margin=None, tie=None):
    difference, margin, tie = parts(chosen, rejected, margin, tie)
    both = -(torch.sigmoid(difference).log() + torch.sigmoid(-difference).log()) / 2
    return torch.where(tie, both, -torch.sigmoid(difference - margin).log()).mean()


@misconception(
    replaces="preference_loss",
    says="ties are left out of the mean, so nothing holds their rewards together",
    hint="Two answers are equally good and 5 apart. What does your loss do about it?",
)
def ties_dropped(chosen, rejected, margin=None, tie=None):
    difference, margin, tie = parts(chosen, rejected, margin, tie)
    if tie.all():
        return (0.0 * difference).sum()
    return -F.logsigmoid(difference - margin)[~tie].mean()


@misconception(
    replaces="preference_loss",
    says="the margin moves ties as well, so one of two equals is meant to win",
    hint="At which difference is your loss of a tie least, when it has a margin?",
)
def ties_with_margin(chosen, rejected, margin=None, tie=None):
    difference, margin, tie = parts(chosen, rejected, margin, tie)
    difference = difference - margin
    return torch.where(tie, tied(difference), -F.logsigmoid(difference)).mean()


@misconception(
    replaces="preference_loss",
    says="a tie has the sum of both directions, not their mean, so it weighs twice",
    hint="How much does a tie with d = 0 cost, and a pair with d = 0?",
)
def ties_weigh_twice(chosen, rejected, margin=None, tie=None):
    difference, margin, tie = parts(chosen, rejected, margin, tie)
    return torch.where(tie, 2 * tied(difference), -F.logsigmoid(difference - margin)).mean()


@misconception(
    replaces="preference_loss",
    says="the difference is taken the wrong way round, so the rejected answer is pushed up",
    hint="Raise the reward of the chosen answers. Does your loss fall?",
)
def sign_reversed(chosen, rejected, margin=None, tie=None):
    difference, margin, tie = parts(chosen, rejected, margin, tie)
    return torch.where(tie, tied(difference), -F.logsigmoid(-difference - margin)).mean()


# ── ranking_loss ──────────────────────────────────────────────────────────────────────────────


def losses_by_prompt(rewards, ranks, pairs):
    """Return the losses of each prompt; `pairs` gives the pairs (better, worse) of its ranks."""
    ranking_loss(rewards, ranks)
    return [
        torch.stack([-F.logsigmoid(reward[better] - reward[worse]) for better, worse in found])
        for reward, rank in zip(rewards, ranks, strict=True)
        if (found := pairs(rank))
    ]


def every_pair(rank):
    """Return the pairs of different rank, the better one first."""
    places = range(len(rank))
    return [(i, j) for i in places for j in places if rank[i] < rank[j]]


@misconception(
    replaces="ranking_loss",
    says="all pairs are averaged together, so prompts with many responses weigh more",
    hint="How much does a prompt with nine responses weigh in your loss against one with two?",
)
def pairs_weighted_alike(rewards, ranks):
    return torch.cat(losses_by_prompt(rewards, ranks, every_pair)).mean()


@misconception(
    replaces="ranking_loss",
    says="only neighbours in the ranking are compared, not every pair",
    hint="How many pairs do four ranked responses have?",
)
def adjacent_pairs_only(rewards, ranks):
    def neighbours(rank):
        order = sorted(range(len(rank)), key=rank.__getitem__)
        return [(i, j) for i, j in pairwise(order) if rank[i] < rank[j]]

    return torch.stack([one.mean() for one in losses_by_prompt(rewards, ranks, neighbours)]).mean()


@misconception(
    replaces="ranking_loss",
    says="only the best response is compared with the others",
    hint="The second and the third response differ in rank. What holds them apart?",
)
def best_against_the_rest(rewards, ranks):
    def with_the_best(rank):
        best = rank.index(min(rank)) if rank else None
        return [(best, other) for other in range(len(rank)) if rank[best] < rank[other]]

    losses = losses_by_prompt(rewards, ranks, with_the_best)
    return torch.stack([one.mean() for one in losses]).mean()


@misconception(
    replaces="ranking_loss",
    says="responses of equal rank are compared too, once in each direction",
    hint="Two responses are equally good. What does your loss want of their rewards?",
)
def equal_ranks_compared(rewards, ranks):
    def pairs(rank):
        equal = [(i, j) for i, j in enumerate_pairs(len(rank)) if rank[i] == rank[j]]
        return every_pair(rank) + equal

    return torch.stack([one.mean() for one in losses_by_prompt(rewards, ranks, pairs)]).mean()


def enumerate_pairs(n):
    """Return all ordered pairs of two different places."""
    return [(i, j) for i in range(n) for j in range(n) if i != j]


@misconception(
    replaces="ranking_loss",
    says="the highest rank is taken for the best",
    hint="A labeller's first choice has rank 1. Which way does your loss push it?",
)
def ranks_reversed(rewards, ranks):
    return ranking_loss(rewards, [[-rank for rank in held] for held in ranks])


@misconception(
    replaces="ranking_loss",
    says="prompts without a pair are counted with a loss of 0",
    hint="Over how many prompts is the mean when one of them says nothing?",
)
def prompts_without_pairs_counted(rewards, ranks):
    right = ranking_loss(rewards, ranks)
    return right * sum(bool(every_pair(rank)) for rank in ranks) / len(ranks)


# ── expected_best_of_n ────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="expected_best_of_n",
    says="the n responses are drawn with replacement, so the estimate is too low",
    hint="What is your best of N out of N? Can the best one be missing from all of them?",
)
def with_replacement(rewards, n):
    expected_best_of_n(rewards, n)
    total = len(rewards)
    return sum(
        reward * ((i / total) ** n - ((i - 1) / total) ** n)
        for i, reward in enumerate(sorted(rewards), start=1)
    )


@misconception(
    replaces="expected_best_of_n",
    says="the chances are given to the rewards in their input order, which is not sorted",
    hint="Which reward has the greatest chance of being the greatest that is drawn?",
)
def not_sorted(rewards, n):
    expected_best_of_n(rewards, n)
    chance, expected = n / len(rewards), 0.0
    for i in range(len(rewards), n - 1, -1):
        expected += chance * rewards[i - 1]
        chance *= (i - n) / max(i - 1, 1)
    return expected


@misconception(
    replaces="expected_best_of_n",
    says="the greatest of the first n is returned, which is one draw, not the expectation",
    hint="Shuffle the rewards. Should an expectation notice?",
)
def best_of_the_first_n(rewards, n):
    expected_best_of_n(rewards, n)
    return max(rewards[:n])


@misconception(
    replaces="expected_best_of_n",
    says="the n best rewards are averaged",
    hint="How likely are n random draws to be the n best?",
)
def mean_of_the_n_best(rewards, n):
    expected_best_of_n(rewards, n)
    return sum(sorted(rewards)[-n:]) / n
