"""The wrong turns of beam search."""

import math

from autograder.suite import misconception
from solutions.beam_search.beam_search import banned_tokens, best_first, greedy_decode


def refuse(beams, max_new_tokens, alpha):
    """Raise what beam search has to raise."""
    if beams < 1 or max_new_tokens < 0 or alpha < 0:
        raise ValueError("beams, max_new_tokens or alpha is out of range")


def extensions(model, prompt, live):
    """Return all candidates of a step."""
    return [
        ([*tokens, token], total + log_prob)
        for tokens, total in live
        for token, log_prob in enumerate(model(prompt + tokens))
        if log_prob > -math.inf
    ]


def split(candidates, beams, eos):
    """Return which of the ordered candidates are finished, and which live on."""
    finished = [one for one in candidates[:beams] if one[0][-1] == eos]
    return finished, [one for one in candidates if one[0][-1] != eos][:beams]


def length_penalty(tokens, alpha):
    return ((5 + len(tokens)) / 6) ** alpha


def search(
    model,
    prompt,
    eos,
    beams,
    max_new_tokens,
    alpha,
    *,
    grow=extensions,
    order=best_first,
    divide=split,
    penalty=length_penalty,
    stop=lambda finished: False,
    results=lambda finished, live: finished + live,
):
    """Search as the reference does, with one part exchanged."""
    refuse(beams, max_new_tokens, alpha)
    if max_new_tokens == 0:
        return [([], 0.0)]
    live, finished = [([], 0.0)], []
    for _ in range(max_new_tokens):
        ended, live = divide(order(grow(model, prompt, live)), beams, eos)
        finished += ended
        if stop(finished):
            break
    ranked = [(one[0], one[1] / penalty(one[0], alpha)) for one in results(finished, live)]
    return best_first(ranked)[:beams]


# ── greedy_decode ─────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="greedy_decode",
    says="generation goes on after eos, until the token limit",
    hint="Your answer holds the end. What comes after it?",
)
def decodes_past_eos(model, prompt, eos, max_new_tokens):
    if max_new_tokens < 0:
        raise ValueError("max_new_tokens is negative")
    tokens = []
    for _ in range(max_new_tokens):
        log_probs = model(prompt + tokens)
        tokens.append(log_probs.index(max(log_probs)))
    return tokens


@misconception(
    replaces="greedy_decode",
    says="eos is left out of what is returned",
    hint="How does a caller see whether the answer ended by itself or was cut?",
)
def eos_left_out(model, prompt, eos, max_new_tokens):
    return [token for token in greedy_decode(model, prompt, eos, max_new_tokens) if token != eos]


@misconception(
    replaces="greedy_decode",
    says="the prompt is returned with the new tokens",
    hint="Which of the tokens that you return were generated?",
)
def prompt_returned(model, prompt, eos, max_new_tokens):
    return prompt + greedy_decode(model, prompt, eos, max_new_tokens)


@misconception(
    replaces="greedy_decode",
    says="the highest of equally likely ids is taken, not the lowest",
    hint="Which index does your comparison keep when a later token is as likely?",
)
def ties_to_the_highest_id(model, prompt, eos, max_new_tokens):
    def reversed_ties(ids):
        log_probs = list(model(ids))
        best = max(log_probs)
        last = len(log_probs) - 1 - log_probs[::-1].index(best)
        return [best if token == last else -math.inf for token in range(len(log_probs))]

    return greedy_decode(reversed_ties, prompt, eos, max_new_tokens)


# ── beam_search ───────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="beam_search",
    says="after the first step each hypothesis keeps only its own best continuation, so beams "
    "never branch again",
    hint="The two best candidates of a step have the same parent. Are both in your beam?",
)
def one_continuation_per_beam(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    def grow(model, prompt, live):
        candidates = extensions(model, prompt, live)
        if not live or not live[0][0]:
            return candidates
        best = {}
        for tokens, total in best_first(candidates):
            best.setdefault(tuple(tokens[:-1]), (tokens, total))
        return list(best.values())

    return search(model, prompt, eos, beams, max_new_tokens, alpha, grow=grow)


@misconception(
    replaces="beam_search",
    says="candidates are ranked in each step by their last token's log-prob, not by the sum",
    hint="A certain token after an unlikely one: is the whole of it likely?",
)
def last_token_score(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    def grow(model, prompt, live):
        return [
            ([*tokens, token], (log_prob, total + log_prob))
            for tokens, total in live
            for token, log_prob in enumerate(model(prompt + tokens))
            if log_prob > -math.inf
        ]

    def order(candidates):
        ranked = sorted(candidates, key=lambda one: (-one[1][0], one[0]))
        return [(tokens, numbers[1]) for tokens, numbers in ranked]

    return search(model, prompt, eos, beams, max_new_tokens, alpha, grow=grow, order=order)


@misconception(
    replaces="beam_search",
    says="the search ends after the step in which the first hypothesis finishes",
    hint="What score could the live hypotheses still reach with the length penalty?",
)
def stops_at_first_eos(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    return search(model, prompt, eos, beams, max_new_tokens, alpha, stop=bool)


@misconception(
    replaces="beam_search",
    says="only the best `beams` candidates go on, finished ones among them, so fewer stay alive",
    hint="Count your live hypotheses after each step.",
)
def finished_shrink_the_beam(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    def divide(candidates, beams, eos):
        return split(candidates[:beams], beams, eos)

    return search(model, prompt, eos, beams, max_new_tokens, alpha, divide=divide)


@misconception(
    replaces="beam_search",
    says="every candidate that ends in eos is finished, also one that is not among the best",
    hint="Two beams, and the end ranks third of the candidates. Where does it go?",
)
def ends_below_the_beam_kept(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    def divide(candidates, beams, eos):
        ended = [one for one in candidates if one[0][-1] == eos]
        return ended, split(candidates, beams, eos)[1]

    return search(model, prompt, eos, beams, max_new_tokens, alpha, divide=divide)


@misconception(
    replaces="beam_search",
    says="the score is divided by n^alpha, not by ((5 + n) / 6)^alpha",
    hint="By what does a hypothesis of one token have to be divided, and by what is yours?",
)
def plain_length(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    def penalty(tokens, alpha):
        return len(tokens) ** alpha

    return search(model, prompt, eos, beams, max_new_tokens, alpha, penalty=penalty)


@misconception(
    replaces="beam_search",
    says="the length penalty counts the tokens of the prompt too",
    hint="Give the same model a longer prompt. Should the scores change?",
)
def length_counts_prompt(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    def penalty(tokens, alpha):
        return length_penalty(prompt + tokens, alpha)

    return search(model, prompt, eos, beams, max_new_tokens, alpha, penalty=penalty)


@misconception(
    replaces="beam_search",
    says="eos does not count in the length",
    hint="How many tokens did the model produce for a hypothesis that ends at once?",
)
def length_without_eos(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    def penalty(tokens, alpha):
        return length_penalty([token for token in tokens if token != eos], alpha)

    return search(model, prompt, eos, beams, max_new_tokens, alpha, penalty=penalty)


@misconception(
    replaces="beam_search",
    says="the score is the bare sum: alpha changes nothing",
    hint="Which of your arguments could be left out without a change?",
)
def no_length_penalty(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    def penalty(tokens, alpha):
        return 1.0

    return search(model, prompt, eos, beams, max_new_tokens, alpha, penalty=penalty)


@misconception(
    replaces="beam_search",
    says="hypotheses still live at the token limit are thrown away",
    hint="The best hypothesis has not ended when the limit comes. What do you return?",
)
def unfinished_dropped(model, prompt, eos, beams, max_new_tokens, alpha=0.0):
    def results(finished, live):
        return finished

    return search(model, prompt, eos, beams, max_new_tokens, alpha, results=results)


# ── banned_tokens ─────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="banned_tokens",
    says="the last n tokens are matched, not the last n − 1, so n-grams of n + 1 are blocked",
    hint="A trigram has three tokens. How many of them are there already?",
)
def context_one_too_long(tokens, n):
    banned_tokens(tokens, n)
    return banned_tokens(tokens, n + 1) if len(tokens) >= n else []


@misconception(
    replaces="banned_tokens",
    says="the last n − 2 tokens are matched, so n-grams of n − 1 are blocked",
    hint="How many tokens of a trigram do you compare?",
)
def context_one_too_short(tokens, n):
    right = banned_tokens(tokens, n)
    return banned_tokens(tokens, n - 1) if n > 1 and len(tokens) >= n else right


@misconception(
    replaces="banned_tokens",
    says="only what followed the first occurrence is banned",
    hint="The last tokens came twice before, and something else came after each. What is banned?",
)
def first_occurrence_only(tokens, n):
    banned_tokens(tokens, n)
    if n == 1:
        return sorted(set(tokens))
    context = tokens[len(tokens) - n + 1 :]
    for start in range(len(tokens) - n + 1):
        if tokens[start : start + n - 1] == context:
            return [tokens[start + n - 1]]
    return []


@misconception(
    replaces="banned_tokens",
    says="the n-gram at the very end of the tokens is not looked at",
    hint="How many n-grams do n tokens hold, and how often does your loop run?",
)
def last_ngram_missed(tokens, n):
    banned_tokens(tokens, n)
    ngrams = [tokens[start : start + n] for start in range(len(tokens) - n)]
    context = tokens[len(tokens) - n + 1 :]
    return sorted({ngram[-1] for ngram in ngrams if ngram[:-1] == context})
