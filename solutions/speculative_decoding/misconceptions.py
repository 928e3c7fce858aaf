"""The wrong turns of speculative decoding."""

from autograder.suite import misconception
from solutions.speculative_decoding.speculative_decoding import (
    best_draft_length,
    drawn,
    expected_tokens,
    residual_distribution,
    verify,
)

# ── residual_distribution ─────────────────────────────────────────────────────────────────────


@misconception(
    replaces="residual_distribution",
    says="the residual is |target − draft|, so tokens that the draft overrates come back",
    hint="The draft gives a token more than the target does. Is anything of it missing?",
)
def absolute_difference(target, draft):
    residual_distribution(target, draft)
    difference = (target - draft).abs()
    total = difference.sum()
    return difference / total if total > 0 else target.clone()


@misconception(
    replaces="residual_distribution",
    says="the residual is not divided by its sum",
    hint="Sum your residual. Can you draw from it?",
)
def residual_not_normalised(target, draft):
    right = residual_distribution(target, draft)
    missing = (target - draft).clamp(min=0)
    return missing if missing.sum() > 0 else right


@misconception(
    replaces="residual_distribution",
    says="the residual is what the draft has too much of, not what it has too little of",
    hint="Which of the two distributions should come out in the end?",
)
def residual_reversed(target, draft):
    right = residual_distribution(target, draft)
    surplus = (draft - target).clamp(min=0)
    return surplus / surplus.sum() if surplus.sum() > 0 else right


# ── verify ────────────────────────────────────────────────────────────────────────────────────


def judged(arguments, *, accepts=None, replacement=residual_distribution, bonus=None):
    """Verify as the reference, but for what is accepted, what replaces a draft, and the bonus."""
    draft_tokens, draft_probs, target_probs, accept_draws, sample_draw = arguments
    verify(*arguments)
    for place, token in enumerate(draft_tokens.tolist()):
        p, q = target_probs[place], draft_probs[place]
        if not accepts(p, q, token, accept_draws[place]):
            return [*draft_tokens[:place].tolist(), drawn(replacement(p, q), sample_draw)]
    last = target_probs[-1] if bonus is None else bonus(target_probs)
    return [*draft_tokens.tolist(), drawn(last, sample_draw)]


def by_the_ratio(p, q, token, draw):
    return draw * q[token] < p[token]


@misconception(
    replaces="verify",
    says="after a rejection the token is drawn from the target, not from the residual, so the "
    "output is biased",
    hint="Add up how often a token comes out: accepted, and after a rejection. Is it p?",
)
def resamples_from_target(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw):
    arguments = draft_tokens, draft_probs, target_probs, accept_draws, sample_draw
    return judged(arguments, accepts=by_the_ratio, replacement=lambda p, q: p)


@misconception(
    replaces="verify",
    says="a draft is accepted with the target's probability p, not with p/q",
    hint="Draft and target agree. Which drafts should be rejected?",
)
def accepts_by_target_alone(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw):
    arguments = draft_tokens, draft_probs, target_probs, accept_draws, sample_draw
    return judged(arguments, accepts=lambda p, q, token, draw: draw < p[token])


@misconception(
    replaces="verify",
    says="a draft is accepted only if it is the target's most likely token",
    hint="At temperature 1 the target would also say other tokens. How often?",
)
def greedy_match(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw):
    arguments = draft_tokens, draft_probs, target_probs, accept_draws, sample_draw
    return judged(arguments, accepts=lambda p, q, token, draw: int(p.argmax()) == token)


@misconception(
    replaces="verify",
    says="a draft is accepted when the draw is above p/q, not below",
    hint="p/q is 0.9. For which share of the draws do you keep the draft?",
)
def draw_reversed(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw):
    arguments = draft_tokens, draft_probs, target_probs, accept_draws, sample_draw
    return judged(arguments, accepts=lambda p, q, token, draw: draw * q[token] > p[token])


@misconception(
    replaces="verify",
    says="a draft is accepted only when the target gives it at least the draft's probability",
    hint="p is a little less than q. Should the draft always be rejected?",
)
def draws_ignored(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw):
    arguments = draft_tokens, draft_probs, target_probs, accept_draws, sample_draw
    return judged(arguments, accepts=lambda p, q, token, draw: p[token] >= q[token])


@misconception(
    replaces="verify",
    says="when all drafts are accepted, the target's own next token is thrown away",
    hint="For how many places has the target's pass given a distribution?",
)
def no_bonus_token(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw):
    right = verify(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw)
    return right[: len(draft_tokens)]


@misconception(
    replaces="verify",
    says="the bonus token is drawn from the distribution at the last draft's place",
    hint="Which row of the target's distributions follows the last draft?",
)
def bonus_of_the_last_draft(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw):
    arguments = draft_tokens, draft_probs, target_probs, accept_draws, sample_draw
    return judged(
        arguments,
        accepts=by_the_ratio,
        bonus=lambda rows: rows[max(len(draft_tokens) - 1, 0)],
    )


@misconception(
    replaces="verify",
    says="drafts after a rejection are still judged (each kept or replaced, then the bonus token), "
    "though they continue another prefix",
    hint="The first draft was replaced. After which token was the second one drawn?",
)
def continues_after_rejection(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw):
    verify(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw)
    result = []
    for place, token in enumerate(draft_tokens.tolist()):
        p, q = target_probs[place], draft_probs[place]
        kept = by_the_ratio(p, q, token, accept_draws[place])
        result.append(token if kept else drawn(residual_distribution(p, q), sample_draw))
    return [*result, drawn(target_probs[-1], sample_draw)]


# ── expected_tokens ───────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="expected_tokens",
    says="only accepted drafts are counted, not the token that every target pass gives",
    hint="How many tokens does a pass give when the first draft is rejected?",
)
def bonus_not_counted(acceptance, k):
    return expected_tokens(acceptance, k) - 1


@misconception(
    replaces="expected_tokens",
    says="every draft counts with the acceptance rate, also behind a rejected one",
    hint="With which probability are the first three drafts all accepted?",
)
def drafts_counted_alone(acceptance, k):
    expected_tokens(acceptance, k)
    return 1 + k * acceptance


@misconception(
    replaces="expected_tokens",
    says="the series goes on for ever: 1 / (1 − a), however many are drafted",
    hint="Does your result depend on k?",
)
def endless_drafts(acceptance, k):
    right = expected_tokens(acceptance, k)
    return 1 / (1 - acceptance) if acceptance < 1 else right


# ── best_draft_length ─────────────────────────────────────────────────────────────────────────


def first_largest(values):
    return next(k for k, value in enumerate(values) if value >= max(values) - 1e-12)


@misconception(
    replaces="best_draft_length",
    says="the number of tokens is maximised, not tokens per time, so longer always seems better",
    hint="Divide by the time that a pass with k drafts takes.",
)
def ignores_draft_cost(acceptance, cost, max_k):
    best_draft_length(acceptance, cost, max_k)
    return first_largest([expected_tokens(acceptance, k) for k in range(max_k + 1)])


@misconception(
    replaces="best_draft_length",
    says="at least one token is always drafted",
    hint="What is the speed-up with k = 0, and what with your k?",
)
def drafts_at_least_one(acceptance, cost, max_k):
    return max(best_draft_length(acceptance, cost, max_k), min(1, max_k))


@misconception(
    replaces="best_draft_length",
    says="of equal speed-ups the longest is taken",
    hint="Two lengths are equally fast. Which of them needs less memory?",
)
def longest_of_equals(acceptance, cost, max_k):
    best_draft_length(acceptance, cost, max_k)
    speed_ups = [expected_tokens(acceptance, k) / (1 + k * cost) for k in range(max_k + 1)]
    return max_k - first_largest(speed_ups[::-1])


@misconception(
    replaces="best_draft_length",
    says="the target's own pass is left out of the time",
    hint="What takes time besides the drafts?",
)
def target_pass_is_free(acceptance, cost, max_k):
    best_draft_length(acceptance, cost, max_k)
    if cost == 0:
        return best_draft_length(acceptance, cost, max_k)
    rates = [expected_tokens(acceptance, k) / (k * cost) for k in range(1, max_k + 1)]
    return first_largest(rates) + 1 if rates else 0
