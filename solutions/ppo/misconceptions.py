"""The wrong turns of PPO."""

import torch

from autograder.suite import misconception
from solutions.ppo.ppo import (
    gae,
    masked_whiten,
    one_later,
    ppo_losses,
    token_rewards,
    within,
)

# ── token_rewards ─────────────────────────────────────────────────────────────────────────────


def penalties(scores, logp, reference_logp, mask, beta, estimator):
    """Return the rewards without any score."""
    return token_rewards(torch.zeros_like(scores), logp, reference_logp, mask, beta, estimator)


@misconception(
    replaces="token_rewards",
    says="the score is added at every token, not at the last one",
    hint="Add up the rewards of a long and of a short response with the same score.",
)
def score_on_every_token(scores, logp, reference_logp, mask, beta, estimator="k1"):
    kl = penalties(scores, logp, reference_logp, mask, beta, estimator)
    return kl + mask * scores[:, None]


@misconception(
    replaces="token_rewards",
    says="the score is put in the last column of every row that has tokens, "
    "which is padding for shorter responses",
    hint="A response ends in the third of six columns. Where does its score arrive?",
)
def score_in_last_column(scores, logp, reference_logp, mask, beta, estimator="k1"):
    rewards = penalties(scores, logp, reference_logp, mask, beta, estimator).clone()
    rewards[:, -1] += scores * mask.any(dim=1)
    return rewards


@misconception(
    replaces="token_rewards",
    says="the score is put at the place numbered by the count of tokens, "
    "which is right only for responses that begin their row",
    hint="Three tokens that begin at place 2. At which place is the last of them?",
)
def score_by_count(scores, logp, reference_logp, mask, beta, estimator="k1"):
    rewards = penalties(scores, logp, reference_logp, mask, beta, estimator).clone()
    rewards[torch.arange(len(mask)), mask.sum(dim=1) - 1] += scores * mask.any(dim=1)
    return rewards


@misconception(
    replaces="token_rewards",
    says="the score takes the place of the last token's penalty and is not added to it",
    hint="How much does the last token's drift cost?",
)
def score_replaces_penalty(scores, logp, reference_logp, mask, beta, estimator="k1"):
    kl = penalties(scores, logp, reference_logp, mask, beta, estimator)
    return torch.where(mask & ~one_later(mask), scores[:, None], kl)


@misconception(
    replaces="token_rewards",
    says="the penalty has the wrong sign, so that drifting from the reference is rewarded",
    hint="A token became more likely than it was. Is its reward above or below 0?",
)
def kl_sign_flipped(scores, logp, reference_logp, mask, beta, estimator="k1"):
    kl = penalties(scores, logp, reference_logp, mask, beta, estimator)
    return token_rewards(scores, logp, reference_logp, mask, beta, estimator) - 2 * kl


@misconception(
    replaces="token_rewards",
    says="k3 is computed with exp(d) − 1 − d, which is no unbiased estimate of this KL on the "
    "policy's own samples",
    hint="Take the mean of your k3 over samples of the policy. Which ratio has the mean 1 there?",
)
def k3_reversed(scores, logp, reference_logp, mask, beta, estimator="k1"):
    if estimator == "k3":
        logp, reference_logp = reference_logp, logp
    return token_rewards(scores, logp, reference_logp, mask, beta, estimator)


# ── gae ───────────────────────────────────────────────────────────────────────────────────────


def added_up(deltas, factor):
    """Return the sums of deltas, each worth `factor` less a step ahead."""
    advantages, following = [], torch.zeros_like(deltas[:, 0])
    for delta in reversed(deltas.unbind(dim=1)):
        following = delta + factor * following
        advantages.append(following)
    return torch.stack(advantages[::-1], dim=1)


BOOTSTRAP = misconception(
    id="bootstraps_from_padding",
    replaces="gae",
    says="the value in the column after the last token is used as if the episode went on",
    hint="Put a 1000 into the values of the padding. Which advantages change?",
)


@BOOTSTRAP
def bootstraps_from_padding(rewards, values, mask, gamma=1.0, lam=0.95):
    gae(rewards, values, mask, gamma, lam)
    deltas = within(mask, rewards + gamma * one_later(values) - values)
    advantages = within(mask, added_up(deltas, gamma * lam))
    return advantages, advantages + within(mask, values)


@BOOTSTRAP
def masked_in_the_end(rewards, values, mask, gamma=1.0, lam=0.95):
    gae(rewards, values, mask, gamma, lam)
    deltas = rewards + gamma * one_later(values) - values
    advantages = within(mask, added_up(deltas, gamma * lam))
    return advantages, advantages + within(mask, values)


@misconception(
    replaces="gae",
    says="the returns are discounted sums of rewards, not advantages plus values",
    hint="Which target belongs to an advantage that bootstraps from the critic?",
)
def returns_are_rewards_to_go(rewards, values, mask, gamma=1.0, lam=0.95):
    advantages, _ = gae(rewards, values, mask, gamma, lam)
    return advantages, within(mask, added_up(within(mask, rewards), gamma))


@misconception(
    replaces="gae",
    says="the next advantage is multiplied by λ alone, not by γ λ",
    hint="How much less is a δ worth that lies two steps ahead?",
)
def trace_without_gamma(rewards, values, mask, gamma=1.0, lam=0.95):
    gae(rewards, values, mask, gamma, lam)
    values = within(mask, values)
    deltas = within(mask, rewards + gamma * one_later(values) - values)
    advantages = within(mask, added_up(deltas, lam))
    return advantages, advantages + values


@misconception(
    replaces="gae",
    says="the value of the next token is not discounted",
    hint="Write δ down. Which of its three terms lies one step ahead?",
)
def next_value_not_discounted(rewards, values, mask, gamma=1.0, lam=0.95):
    gae(rewards, values, mask, gamma, lam)
    values = within(mask, values)
    deltas = within(mask, rewards + one_later(values) - values)
    advantages = within(mask, added_up(deltas, gamma * lam))
    return advantages, advantages + values


@misconception(
    replaces="gae",
    says="each advantage is its own δ: later ones are not added",
    hint="What does λ do in your code? Try 0 and 1.",
)
def later_deltas_ignored(rewards, values, mask, gamma=1.0, lam=0.95):
    gae(rewards, values, mask, gamma, lam)
    return gae(rewards, values, mask, gamma, 0.0)


# ── masked_whiten ─────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="masked_whiten",
    says="mean and variance are taken over padding too",
    hint="Add a column of padding. Should the result on the tokens change?",
)
def padding_counted(x, mask):
    if not mask.any():
        return torch.zeros_like(x)
    return within(mask, (x - x.mean()) / (x.var(correction=0) + 1e-8).sqrt())


@misconception(
    replaces="masked_whiten",
    says="the variance is the sample's (n − 1), not the population's",
    hint="What is the mean of the squares of your result?",
)
def sample_variance(x, mask):
    centred = x[mask] - x[mask].mean()
    variance = centred.square().sum() / (mask.sum() - 1)
    return within(mask, (x - x[mask].mean()) / (variance + 1e-8).sqrt())


@misconception(
    replaces="masked_whiten",
    says="each row is whitened on its own, so every response looks alike",
    hint="One response was good throughout. What is left of that?",
)
def row_by_row(x, mask):
    rows = [masked_whiten(x[i : i + 1], mask[i : i + 1]) for i in range(len(x))]
    return torch.cat(rows)


@misconception(
    replaces="masked_whiten",
    says="the mean is left in: the values are divided by the deviation only",
    hint="What is the mean of your result?",
)
def mean_left_in(x, mask):
    centred = x[mask] - x[mask].mean()
    return within(mask, x / (centred.square().mean() + 1e-8).sqrt())


# ── ppo_losses ────────────────────────────────────────────────────────────────────────────────


def losses(
    logp,
    old_logp,
    advantages,
    values,
    old_values,
    returns,
    mask,
    clip,
    value_clip,
    policy=torch.maximum,
    value=torch.maximum,
    share=lambda unclipped, clipped, ratio: clipped > unclipped,
    mean=lambda loss, mask: loss[mask].mean(),
):
    """Return the three of the reference with one of its decisions taken otherwise."""
    right = ppo_losses(
        logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    )
    if not mask.any():
        return right
    logp, values = within(mask, logp), within(mask, values)
    old_logp, advantages = within(mask, old_logp).detach(), within(mask, advantages).detach()
    old_values, returns = within(mask, old_values).detach(), within(mask, returns).detach()
    ratio = (logp - old_logp).exp()
    unclipped, clipped = -advantages * ratio, -advantages * ratio.clamp(1 - clip, 1 + clip)
    near = old_values + (values - old_values).clamp(-value_clip, value_clip)
    value_loss = mean(value((values - returns).square(), (near - returns).square()), mask) / 2
    counted = share(unclipped, clipped, ratio)[mask].float().mean()
    return mean(policy(unclipped, clipped), mask), value_loss, float(counted)


@misconception(
    replaces="ppo_losses",
    says="the smaller of the two policy losses is taken, which makes the bound optimistic",
    hint="The paper takes the minimum of two objectives. What is that of their negatives?",
)
def smaller_of_the_two(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    return losses(*given, policy=torch.minimum)


@misconception(
    replaces="ppo_losses",
    says="the clipped policy loss is taken alone, without comparing it with the other",
    hint="A bad token became much more likely. Is there a gradient that takes it back?",
)
def clipped_alone(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    return losses(*given, policy=lambda unclipped, clipped: clipped)


@misconception(
    replaces="ppo_losses",
    says="the policy loss is not clipped at all",
    hint="Which ratio does a good token reach when one batch is used ten times?",
)
def policy_not_clipped(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    return losses(*given, policy=lambda unclipped, clipped: unclipped)


@misconception(
    replaces="ppo_losses",
    says="the objective is returned, not its negative, so descending makes good tokens less likely",
    hint="Raise the log-probability of a token with a positive advantage. Does your loss fall?",
)
def objective_not_negated(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    policy_loss, *others = losses(*given)
    return -policy_loss, *others


@misconception(
    replaces="ppo_losses",
    says="the value loss is the plain squared error: the clipped value is never looked at",
    hint="What is old_values for in your value loss?",
)
def value_not_clipped(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    return losses(*given, value=lambda plain, near: plain)


@misconception(
    replaces="ppo_losses",
    says="the smaller of the two squared errors is taken for the value",
    hint="A value moved far and came closer to the return. Which of the two errors slows it down?",
)
def smaller_value_error(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    return losses(*given, value=torch.minimum)


@misconception(
    replaces="ppo_losses",
    says="the value loss is not halved",
    hint="Compare with the definition: what stands in front of the mean?",
)
def value_not_halved(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    policy_loss, value_loss, share = losses(*given)
    return policy_loss, 2 * value_loss, share


@misconception(
    replaces="ppo_losses",
    says="every token whose ratio lies outside the bounds is counted as clipped, "
    "whatever its advantage",
    hint="A good token became less likely. Which of its two losses is the greater one?",
)
def ratios_outside_counted(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    return losses(*given, share=lambda unclipped, clipped, ratio: (ratio - 1).abs() > clip)


@misconception(
    replaces="ppo_losses",
    says="the losses are averaged within each response and then over responses, "
    "so tokens of short ones weigh more",
    hint="A response of one token and one of six: which share of the loss does each token have?",
)
def averaged_by_response(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    def by_row(loss, mask):
        rows = within(mask, loss).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return rows[mask.any(dim=1)].mean()

    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    return losses(*given, mean=by_row)


@misconception(
    replaces="ppo_losses",
    says="the losses are divided by all places of the batch, padding included",
    hint="Add a column of padding. Should the losses change?",
)
def padding_in_the_mean(
    logp, old_logp, advantages, values, old_values, returns, mask, clip=0.2, value_clip=0.2
):
    given = logp, old_logp, advantages, values, old_values, returns, mask, clip, value_clip
    return losses(*given, mean=lambda loss, mask: within(mask, loss).sum() / mask.numel())
