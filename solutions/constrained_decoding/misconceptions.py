"""The wrong turns of constrained decoding."""

import math

from autograder.suite import misconception
from solutions.constrained_decoding.constrained_decoding import (
    constrained_decode,
    distances,
    end_of,
    forced_text,
    token_mask,
    tokens_to_accept,
)

# ── tokens_to_accept ──────────────────────────────────────────────────────────────────────────


def by_characters(dfa):
    """Return the distances to acceptance along the automaton's edges."""
    return distances(dfa, {state: set(row.values()) for state, row in dfa["edges"].items()})


@misconception(
    replaces="tokens_to_accept",
    says="the distance is counted in characters of the automaton, without the vocabulary, whose "
    "tokens may read several at once",
    hint="A model emits tokens. How many of them does the text 'true' take with this vocabulary?",
)
def distance_in_characters(dfa, vocabulary):
    return by_characters(dfa)


@misconception(
    replaces="tokens_to_accept",
    says="the longest token that can be read is always taken, which may lead into a dead end or a "
    "detour",
    hint="The longest token leaves a rest that no token reads. Is there another way?",
)
def longest_token_first(dfa, vocabulary):
    texts = sorted((text for text in vocabulary if text), key=len, reverse=True)
    result = {}
    for start in {*dfa["accept"], *dfa["edges"]}:
        state, count = start, 0
        while state is not None and state not in dfa["accept"] and count <= len(dfa["edges"]):
            ends = [end_of(dfa, state, text) for text in texts]
            state = next((end for end in ends if end is not None), None)
            count += 1
        if state in dfa["accept"]:
            result[start] = count
    return result


@misconception(
    replaces="tokens_to_accept",
    says="only states that the start leads to by whole tokens are given a distance",
    hint="A state inside a token, or one that nothing leads to: is there a way on from it?",
)
def seen_from_the_start(dfa, vocabulary):
    right = tokens_to_accept(dfa, vocabulary)
    seen, new = set(), {dfa["start"]}
    while new:
        seen |= new
        new = {end_of(dfa, state, text) for state in new for text in vocabulary if text}
        new -= {*seen, None}
    return {state: count for state, count in right.items() if state in seen}


@misconception(
    replaces="tokens_to_accept",
    says="states without a way out are left out, although they may accept",
    hint="The text is complete and nothing may follow. How many tokens are missing?",
)
def ends_left_out(dfa, vocabulary):
    right = tokens_to_accept(dfa, vocabulary)
    return {state: count for state, count in right.items() if state in dfa["edges"]}


@misconception(
    replaces="tokens_to_accept",
    says="accepting states that lead on are given the distance to the next accepting state, not 0",
    hint="The text may end here. How many tokens does it take to get here?",
)
def accepting_states_go_on(dfa, vocabulary):
    right = tokens_to_accept(dfa, vocabulary)
    result = dict(right)
    for state in dfa["accept"]:
        ends = [end_of(dfa, state, text) for text in vocabulary if text]
        further = [right[end] + 1 for end in ends if end in right]
        result[state] = min(further, default=0)
    return result


# ── token_mask ────────────────────────────────────────────────────────────────────────────────


def masked(dfa, vocabulary, state, budget, eos, allowed):
    """Right but for the tokens of text, which `allowed` judges by where they end."""
    mask = token_mask(dfa, vocabulary, state, budget, eos).clone()
    remaining = tokens_to_accept(dfa, vocabulary)
    for token, text in enumerate(vocabulary):
        if text and token != eos:
            mask[token] = allowed(end_of(dfa, state, text), text, remaining)
    return mask


@misconception(
    replaces="token_mask",
    says="a token is allowed when its first character is; the rest of its text is not read",
    hint="The automaton wants 'true'. Is the token 'tea' allowed?",
)
def first_character_only(dfa, vocabulary, state, budget, eos):
    def allowed(end, text, remaining):
        return remaining.get(end_of(dfa, state, text[0]), math.inf) <= budget - 1

    return masked(dfa, vocabulary, state, budget, eos, allowed)


@misconception(
    replaces="token_mask",
    says="every token that can be read is allowed, also when no continuation from there is ever "
    "accepted",
    hint="The token can be read. What can come after it, with the tokens that there are?",
)
def dead_ends_allowed(dfa, vocabulary, state, budget, eos):
    def allowed(end, text, remaining):
        return budget >= 1 and end is not None

    return masked(dfa, vocabulary, state, budget, eos, allowed)


@misconception(
    replaces="token_mask",
    says="a token is allowed although the budget does not suffice to finish after it",
    hint="After this token one more may be emitted. Is one enough?",
)
def budget_ignored(dfa, vocabulary, state, budget, eos):
    def allowed(end, text, remaining):
        return budget >= 1 and end in remaining

    return masked(dfa, vocabulary, state, budget, eos, allowed)


@misconception(
    replaces="token_mask",
    says="the end is allowed in states that do not accept",
    hint="What does the text look like if the model ends it here?",
)
def eos_anywhere(dfa, vocabulary, state, budget, eos):
    mask = token_mask(dfa, vocabulary, state, budget, eos).clone()
    mask[eos] = True
    return mask


@misconception(
    replaces="token_mask",
    says="the token itself is not counted against the budget, so one token too many is planned",
    hint="With a budget of 1, how many tokens may come after this one?",
)
def token_not_counted(dfa, vocabulary, state, budget, eos):
    def allowed(end, text, remaining):
        return budget >= 1 and remaining.get(end, math.inf) <= budget

    return masked(dfa, vocabulary, state, budget, eos, allowed)


@misconception(
    replaces="token_mask",
    says="the end costs a token of the budget, so one token too few may be emitted",
    hint="What is counted in the budget, and what is not?",
)
def end_is_counted(dfa, vocabulary, state, budget, eos):
    def allowed(end, text, remaining):
        return remaining.get(end, math.inf) <= budget - 2

    return masked(dfa, vocabulary, state, budget, eos, allowed)


@misconception(
    replaces="token_mask",
    says="special tokens, whose text is empty, are allowed wherever the text can be finished",
    hint="What does a token without text add, and how often may it come?",
)
def empty_texts_allowed(dfa, vocabulary, state, budget, eos):
    mask = token_mask(dfa, vocabulary, state, budget, eos).clone()
    remaining = tokens_to_accept(dfa, vocabulary)
    for token, text in enumerate(vocabulary):
        if not text and token != eos:
            mask[token] = remaining.get(state, math.inf) <= budget - 1
    return mask


@misconception(
    replaces="token_mask",
    says="a token may only come next when the text is complete after it",
    hint="Several tokens make a text. Does the first of them have to complete it?",
)
def complete_after_each(dfa, vocabulary, state, budget, eos):
    def allowed(end, text, remaining):
        return budget >= 1 and end in dfa["accept"]

    return masked(dfa, vocabulary, state, budget, eos, allowed)


# ── constrained_decode ────────────────────────────────────────────────────────────────────────


def decoded(
    next_logits,
    dfa,
    vocabulary,
    eos,
    max_tokens,
    mask=token_mask,
    stop=lambda state, ids: False,
    tie=lambda token: -token,
    seen=lambda ids: ids,
):
    """Right but for the mask, the stopping, the ties or what the model sees, which are given."""
    constrained_decode(
        lambda ids: [0.0] * len(vocabulary), dfa, vocabulary, eos, max_tokens
    )  # for its errors
    ids, state = [], dfa["start"]
    while not stop(state, ids):
        given = mask(dfa, vocabulary, state, max_tokens - len(ids), eos)
        allowed = given.nonzero().flatten().tolist()
        if not allowed or allowed == [eos]:
            break
        logits = next_logits(seen(list(ids)))
        token = max(allowed, key=lambda token: (logits[token], tie(token)))
        if token == eos:
            break
        ids.append(token)
        state = end_of(dfa, state, vocabulary[token])
    return ids


@misconception(
    replaces="constrained_decode",
    says="decoding ends at the first accepting state instead of asking whether the model wants to "
    "go on",
    hint="'1' is a number, and so is '12'. Who decides which one it is?",
)
def stops_when_accepting(next_logits, dfa, vocabulary, eos, max_tokens):
    return decoded(
        next_logits,
        dfa,
        vocabulary,
        eos,
        max_tokens,
        stop=lambda state, ids: state in dfa["accept"],
    )


@misconception(
    replaces="constrained_decode",
    says="the output is cut at max_tokens without planning for it, so it may be incomplete",
    hint="Two tokens are left. Which tokens may come now, so that the last one completes the text?",
)
def cut_at_the_budget(next_logits, dfa, vocabulary, eos, max_tokens):
    return decoded(next_logits, dfa, vocabulary, eos, max_tokens, mask=budget_ignored)


@misconception(
    replaces="constrained_decode",
    says="of equal logits the token with the higher id is taken",
    hint="Which of equal values does your argmax keep?",
)
def ties_to_the_higher(next_logits, dfa, vocabulary, eos, max_tokens):
    return decoded(next_logits, dfa, vocabulary, eos, max_tokens, tie=lambda token: token)


@misconception(
    replaces="constrained_decode",
    says="the end is only taken when nothing else is allowed, however much the model wants it",
    hint="The text is complete and the model's highest logit is the end. What do you emit?",
)
def goes_on_while_it_can(next_logits, dfa, vocabulary, eos, max_tokens):
    def mask(dfa, vocabulary, state, budget, eos):
        given = token_mask(dfa, vocabulary, state, budget, eos).clone()
        if given.sum() > 1:
            given[eos] = False
        return given

    return decoded(next_logits, dfa, vocabulary, eos, max_tokens, mask=mask)


@misconception(
    replaces="constrained_decode",
    says="the ids are returned with the end",
    hint="Is the end a part of the text?",
)
def end_returned(next_logits, dfa, vocabulary, eos, max_tokens):
    return [*constrained_decode(next_logits, dfa, vocabulary, eos, max_tokens), eos]


@misconception(
    replaces="constrained_decode",
    says="the model sees only the last token, not all that have been emitted",
    hint="What does a language model need to see to say what comes next?",
)
def only_the_last_token_seen(next_logits, dfa, vocabulary, eos, max_tokens):
    return decoded(next_logits, dfa, vocabulary, eos, max_tokens, seen=lambda ids: ids[-1:])


# ── forced_text ───────────────────────────────────────────────────────────────────────────────


def forced(dfa, state, alive, ends, choice=lambda row, choices: len(choices) == 1):
    """Follow the characters that lead to `alive` states while there is no choice."""
    text = ""
    while state not in ends:
        row = dfa["edges"].get(state, {})
        choices = [character for character in row if row[character] in alive]
        if not choices or not choice(row, choices):
            break
        text += choices[0]
        state = row[choices[0]]
    return text


@misconception(
    replaces="forced_text",
    says="characters that lead into a dead end count as choices",
    hint="One of two characters leads to where no text is ever accepted. Is there a choice?",
)
def dead_branches_counted(dfa, state):
    alive = by_characters(dfa)
    if state not in alive:
        return ""
    return forced(dfa, state, alive, dfa["accept"], lambda row, choices: len(row) == 1)


@misconception(
    replaces="forced_text",
    says="the text goes on past an accepting state, where the model may stop",
    hint="The text may end here. Must every accepted text go on?",
)
def past_accepting(dfa, state):
    return forced(dfa, state, by_characters(dfa), ())


@misconception(
    replaces="forced_text",
    says="two characters that lead to the same state are taken for no choice",
    hint="'a' and 'A' lead to the same place. Do you know which of them to write?",
)
def same_target_no_choice(dfa, state):
    return forced(
        dfa,
        state,
        by_characters(dfa),
        dfa["accept"],
        lambda row, choices: len({row[character] for character in choices}) == 1,
    )


@misconception(
    replaces="forced_text",
    says="only one character is forced, not as many as there are",
    hint="And after that character: is there a choice?",
)
def one_character(dfa, state):
    return forced_text(dfa, state)[:1]
