"""Second methods: a race of the drafts written with lists, and the speed-up as a closed form."""

import itertools


def residual_distribution(target, draft):
    if target.shape != draft.shape:
        raise ValueError("the shapes differ")
    pairs = zip(target.tolist(), draft.tolist(), strict=True)
    missing = [p - min(p, q) for p, q in pairs]
    total = sum(missing)
    return target.new_tensor([x / total for x in missing]) if total else target.clone()


def verify(draft_tokens, draft_probs, target_probs, accept_draws, sample_draw):
    k, vocab = draft_tokens.shape[0], target_probs.shape[1]
    if draft_tokens.ndim != 1 or draft_probs.shape != (k, vocab):
        raise ValueError("draft_tokens and draft_probs disagree")
    if target_probs.shape[0] != k + 1 or accept_draws.shape != (k,):
        raise ValueError("target_probs and accept_draws disagree with k")
    ratios = []
    for token, q, p in zip(draft_tokens, draft_probs, target_probs[:-1], strict=True):
        if q[token] == 0:
            raise ValueError("this token cannot have been drawn")
        ratios.append(min(1.0, float(p[token] / q[token])))
    kept = [draw < ratio for draw, ratio in zip(accept_draws.tolist(), ratios, strict=True)]
    place = kept.index(False) if False in kept else k
    last = target_probs[place]
    if place < k:
        last = residual_distribution(last, draft_probs[place])
    possible = [token for token in range(vocab) if last[token] > 0]
    sums = itertools.accumulate(float(last[token]) for token in possible)
    above = [token for token, total in zip(possible, sums, strict=True) if total > sample_draw]
    return [*draft_tokens.tolist()[:place], (above or possible[-1:])[0]]


def expected_tokens(acceptance, k):
    if not 0 <= acceptance <= 1 or k < 0:
        raise ValueError("out of range")
    if acceptance == 1:
        return k + 1.0
    return (1 - acceptance ** (k + 1)) / (1 - acceptance)


def best_draft_length(acceptance, cost, max_k):
    if cost < 0 or max_k < 0:
        raise ValueError("out of range")
    best, speed = 0, expected_tokens(acceptance, 0)
    for k in range(1, max_k + 1):
        value = expected_tokens(acceptance, k) / (1 + k * cost)
        if value > speed + 1e-12:
            best, speed = k, value
    return best
