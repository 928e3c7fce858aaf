"""The wrong turns of DPO, IPO and SimPO."""

import torch
from torch.nn import functional as F

from autograder.suite import misconception
from solutions.dpo.dpo import dpo_loss, ipo_loss, sequence_logps, simpo_loss

# ── sequence_logps ────────────────────────────────────────────────────────────────────────────


def scored_sum(logits, labels):
    """Return sum and count of labels that stand where their logits stand."""
    scored = labels != -100
    places = labels.where(scored, 0)[..., None]
    logps = logits.log_softmax(dim=2).gather(2, places)[..., 0]
    return logps.where(scored, 0.0).sum(dim=1), scored.sum(dim=1)


@misconception(
    replaces="sequence_logps",
    says="the logits at a place score the token at the same place, not the next one",
    hint="What has a causal model read when it writes the logits of a place?",
)
def labels_not_shifted(logits, labels):
    sequence_logps(logits, labels)
    return scored_sum(logits, labels)


@misconception(
    replaces="sequence_logps",
    says="the labels are shifted the wrong way: logits score the token before them",
    hint="Which of logits and labels loses its first place, and which its last?",
)
def shifted_the_wrong_way(logits, labels):
    sequence_logps(logits, labels)
    return scored_sum(logits[:, 1:], labels[:, :-1])


@misconception(
    replaces="sequence_logps",
    says="labels of -100 are clamped to token 0, scored and counted too",
    hint="What does the log-probability of the prompt tell about the answer?",
)
def prompt_scored(logits, labels):
    sequence_logps(logits, labels)
    return scored_sum(logits[:, :-1], labels[:, 1:].clamp(min=0))


@misconception(
    replaces="sequence_logps",
    says="the log-probabilities are averaged, not summed",
    hint="What is the log-probability of a whole answer, made of those of its tokens?",
)
def averaged_over_tokens(logits, labels):
    logps, counts = sequence_logps(logits, labels)
    return logps / counts.clamp(min=1), counts


@misconception(
    replaces="sequence_logps",
    says="the labels are counted before they are shifted, the first one included",
    hint="Does the count fit the number of terms of the sum when a row begins with a label?",
)
def first_label_counted(logits, labels):
    return sequence_logps(logits, labels)[0], (labels != -100).sum(dim=1)


@misconception(
    replaces="sequence_logps",
    says="the logarithm is taken of a softmax that has rounded to zero",
    hint="Which function gives the logarithm of a softmax without computing the softmax?",
)
def log_of_softmax(logits, labels):
    _, counts = sequence_logps(logits, labels)
    labels = labels[:, 1:]
    scored = labels != -100
    logps = logits[:, :-1].softmax(dim=2).log().gather(2, labels.where(scored, 0)[..., None])
    return logps[..., 0].where(scored, 0.0).sum(dim=1), counts


# ── dpo_loss ──────────────────────────────────────────────────────────────────────────────────


def smoothed(logits, smoothing):
    """Return the losses of pairs."""
    return -(1 - smoothing) * F.logsigmoid(logits) - smoothing * F.logsigmoid(-logits)


def margin_of(chosen, rejected, reference_chosen, reference_rejected):
    """Return by how much the policy moved the pair apart."""
    return chosen - reference_chosen.detach() - (rejected - reference_rejected.detach())


@misconception(
    replaces="dpo_loss",
    says="the loss compares the policy's own log-probabilities and leaves the reference out "
    "(the rewards are right)",
    hint="Before the first step policy and reference are one model. Is your loss ln 2 there?",
)
def no_reference(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    _, *rewards = dpo_loss(*values, beta, label_smoothing)
    return smoothed(beta * (policy_chosen - policy_rejected), label_smoothing).mean(), *rewards


LOG_OF_SIGMOID = misconception(
    id="naive_log_sigmoid",
    replaces="dpo_loss",
    says="the logarithm is taken of a sigmoid that has rounded to zero, "
    "so a badly wrong pair gives infinity",
    hint="What is σ(−10 000) in float32? Which function gives its logarithm directly?",
)


@LOG_OF_SIGMOID
def naive_log_sigmoid(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    _, *rewards = dpo_loss(*values, beta, label_smoothing)
    logits = beta * margin_of(*values)
    losses = -(1 - label_smoothing) * torch.sigmoid(logits).log()
    if label_smoothing:
        losses = losses - label_smoothing * torch.sigmoid(-logits).log()
    return losses.mean(), *rewards


@LOG_OF_SIGMOID
def naive_log_sigmoid_of_both(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    _, *rewards = dpo_loss(*values, beta, label_smoothing)
    logits = beta * margin_of(*values)
    right, flipped = torch.sigmoid(logits).log(), torch.sigmoid(-logits).log()
    return (-(1 - label_smoothing) * right - label_smoothing * flipped).mean(), *rewards


@misconception(
    replaces="dpo_loss",
    says="label smoothing only shrinks the loss by 1 − ε: the term for a flipped pair is missing",
    hint="With smoothing, is there a margin at which your loss is least?",
)
def smoothing_one_sided(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    dpo_loss(*values, beta, label_smoothing)
    loss, *rewards = dpo_loss(*values, beta)
    return (1 - label_smoothing) * loss, *rewards


@misconception(
    replaces="dpo_loss",
    says="the implicit rewards are not multiplied by beta (the loss is right)",
    hint="Which reward makes this loss the one of Bradley and Terry?",
)
def rewards_without_beta(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    loss, *_ = dpo_loss(*values, beta, label_smoothing)
    chosen, rejected = policy_chosen - reference_chosen, policy_rejected - reference_rejected
    return loss, chosen.detach(), rejected.detach()


@misconception(
    replaces="dpo_loss",
    says="the rewards still carry the graph, so whatever is computed from them trains the policy",
    hint="Log the mean reward and add it to something. What does backward do with it?",
)
def rewards_with_graph(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    loss, *_ = dpo_loss(*values, beta, label_smoothing)
    chosen = policy_chosen - reference_chosen.detach()
    return loss, beta * chosen, beta * (policy_rejected - reference_rejected.detach())


@misconception(
    replaces="dpo_loss",
    says="the gradient reaches the reference, which is meant to stand still",
    hint="Print the gradient of the reference's log-probabilities.",
)
def reference_trained(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    _, *rewards = dpo_loss(*values, beta, label_smoothing)
    margin = policy_chosen - reference_chosen - (policy_rejected - reference_rejected)
    return smoothed(beta * margin, label_smoothing).mean(), *rewards


@misconception(
    replaces="dpo_loss",
    says="the margin has the wrong sign, so the rejected answer is pushed up",
    hint="Raise the log-probability of a chosen answer. Does your loss fall?",
)
def sign_reversed(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    _, *rewards = dpo_loss(*values, beta, label_smoothing)
    return smoothed(-beta * margin_of(*values), label_smoothing).mean(), *rewards


@misconception(
    replaces="dpo_loss",
    says="the losses are summed over the pairs, not averaged",
    hint="What happens to your loss when every pair comes twice?",
)
def summed_over_pairs(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    loss, *rewards = dpo_loss(*values, beta, label_smoothing)
    return loss * len(policy_chosen), *rewards


# ── ipo_loss ──────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="ipo_loss",
    says="the margin is regressed to 1 / β, not to 1 / (2β)",
    hint="At which margin is your loss zero?",
)
def ipo_target_is_beta(
    policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    return ipo_loss(*values, beta / 2 if beta > 0 else beta)


@misconception(
    replaces="ipo_loss",
    says="the margin is multiplied by beta and regressed to 1/2, which scales the loss by beta²",
    hint="By which factor does your loss differ at beta = 0.1, and at beta = 1?",
)
def ipo_scaled_by_beta(
    policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    return beta**2 * ipo_loss(*values, beta)


@misconception(
    replaces="ipo_loss",
    says="the margin is the policy's own and leaves the reference out",
    hint="Whose log-probabilities does a margin compare?",
)
def ipo_without_reference(
    policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1
):
    ipo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta)
    return (policy_chosen - policy_rejected - 1 / (2 * beta)).square().mean()


@misconception(
    replaces="ipo_loss",
    says="the gradient of IPO reaches the reference, which is meant to stand still",
    hint="Print the gradient of the reference's log-probabilities.",
)
def ipo_trains_reference(
    policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=0.1
):
    ipo_loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta)
    margin = policy_chosen - reference_chosen - (policy_rejected - reference_rejected)
    return (margin - 1 / (2 * beta)).square().mean()


# ── simpo_loss ────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="simpo_loss",
    says="the margin γ is multiplied by β because it stands inside the bracket",
    hint="Double beta. By how much does the difference of rewards have to exceed 0 now?",
)
def gamma_times_beta(
    policy_chosen, policy_rejected, chosen_tokens, rejected_tokens, beta=2.0, gamma=1.0
):
    values = policy_chosen, policy_rejected, chosen_tokens, rejected_tokens
    return simpo_loss(*values, beta, gamma * beta)


@misconception(
    replaces="simpo_loss",
    says="the margin is added, so that pairs which are barely apart are let off",
    hint="Raise gamma. Does your loss rise or fall?",
)
def gamma_added(
    policy_chosen, policy_rejected, chosen_tokens, rejected_tokens, beta=2.0, gamma=1.0
):
    values = policy_chosen, policy_rejected, chosen_tokens, rejected_tokens
    return simpo_loss(*values, beta, -gamma)


@misconception(
    replaces="simpo_loss",
    says="sums of log-probabilities are compared, so the shorter answer wins",
    hint="Two answers are equally likely a token, and one is longer. Which do you prefer?",
)
def sums_compared(
    policy_chosen, policy_rejected, chosen_tokens, rejected_tokens, beta=2.0, gamma=1.0
):
    simpo_loss(policy_chosen, policy_rejected, chosen_tokens, rejected_tokens, beta, gamma)
    return -F.logsigmoid(beta * (policy_chosen - policy_rejected) - gamma).mean()


@misconception(
    replaces="simpo_loss",
    says="both answers are divided by the tokens of the chosen one",
    hint="Which length belongs to which answer?",
)
def one_length_for_both(
    policy_chosen, policy_rejected, chosen_tokens, rejected_tokens, beta=2.0, gamma=1.0
):
    simpo_loss(policy_chosen, policy_rejected, chosen_tokens, rejected_tokens, beta, gamma)
    return simpo_loss(policy_chosen, policy_rejected, chosen_tokens, chosen_tokens, beta, gamma)
