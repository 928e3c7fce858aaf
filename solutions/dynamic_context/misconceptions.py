"""The wrong turns of dynamic context."""

import math

from autograder.suite import misconception
from solutions.dynamic_context.dynamic_context import (
    allocate_budget,
    by_score,
    choose_chunks,
    choose_history,
    choose_tools,
    refuse,
    with_required,
)

# ── allocate_budget ───────────────────────────────────────────────────────────────────────────


def filled(demands, weights, budget, *, rounds=math.inf, hand_out=None):
    """Fill sections, in so many rounds, and hand out what rounding leaves in another way."""
    allocate_budget(demands, weights, budget)  # raises what has to be raised
    if sum(demands) <= budget:
        return list(demands)
    given, unmet, left = [0] * len(demands), list(range(len(demands))), budget
    while True:
        total = sum(weights[section] for section in unmet)
        shares = {section: left * weights[section] / total for section in unmet}
        met = [section for section in unmet if demands[section] <= shares[section]]
        if not met or rounds == 0:
            break
        rounds -= 1
        for section in met:
            given[section] = demands[section]
            left -= demands[section]
            unmet.remove(section)
    for section in unmet:
        given[section] = min(demands[section], math.floor(shares[section]))
    order = sorted(unmet, key=lambda section: given[section] - shares[section])
    rest = budget - sum(given)
    for section in (order if hand_out is None else hand_out(unmet, order))[:rest]:
        given[section] += given[section] < demands[section]
    return given


@misconception(
    replaces="allocate_budget",
    says="each section is held to its first share, rounded down: what one does not need is not "
    "given to the others",
    hint="One section needs 10 of its 40 tokens. Add up what you gave to all: what became of 30?",
)
def surplus_lost(demands, weights, budget):
    return filled(demands, weights, budget, rounds=0, hand_out=lambda unmet, order: [])


@misconception(
    replaces="allocate_budget",
    says="sections are filled in order, so the last ones get nothing",
    hint="Put the longest section first. What is left for the others?",
)
def first_come_first_served(demands, weights, budget):
    allocate_budget(demands, weights, budget)
    given = []
    for demand in demands:
        given.append(min(demand, budget))
        budget -= given[-1]
    return given


@misconception(
    replaces="allocate_budget",
    says="shares are rounded down and the left-over tokens are not handed out",
    hint="Three sections share 100 tokens. Add up what you gave.",
)
def remainder_lost(demands, weights, budget):
    return filled(demands, weights, budget, hand_out=lambda unmet, order: [])


@misconception(
    replaces="allocate_budget",
    says="the left-over tokens go to the first sections, not to those that lost most by rounding",
    hint="Shares of 3.1 and 5.9: which of the two is nearer to one token more?",
)
def remainder_to_the_first(demands, weights, budget):
    return filled(demands, weights, budget, hand_out=lambda unmet, order: unmet)


@misconception(
    replaces="allocate_budget",
    says="the surplus is shared out once only, though the larger shares meet further demands",
    hint="After the second sharing, does every section still need all of its share?",
)
def shared_again_once(demands, weights, budget):
    return filled(demands, weights, budget, rounds=1)


@misconception(
    replaces="allocate_budget",
    says="the weights are ignored: open sections share equally",
    hint="Which of the arguments does your result not depend on?",
)
def budget_shared_equally(demands, weights, budget):
    allocate_budget(demands, weights, budget)
    return allocate_budget(demands, [1.0] * len(weights), budget)


# ── choose_history ────────────────────────────────────────────────────────────────────────────


def remembered(
    tokens, relevance, budget, keep_last, *, stop=True, stop_later=False, again=True, newer=-1
):
    """Choose messages by other rules for misfits, second chances and ties; in order of choice."""
    choose_history(tokens, relevance, budget, keep_last)  # raises what has to be raised
    n, taken = len(tokens), []
    last = list(range(n))[max(0, n - keep_last) :]
    for message in reversed(last):
        if tokens[message] <= budget:
            taken.append(message)
            budget -= tokens[message]
        elif stop:
            break
    others = [one for one in range(n) if one not in taken and (again or one not in last)]
    for message in sorted(others, key=lambda one: (-relevance[one], newer * one)):
        if tokens[message] <= budget:
            taken.append(message)
            budget -= tokens[message]
        elif stop_later:
            break
    return taken


@misconception(
    replaces="choose_history",
    says="messages are taken newest first until one does not fit, whatever their relevance to the "
    "query",
    hint="Which of the arguments does your result not depend on?",
)
def recency_only(tokens, relevance, budget, keep_last):
    choose_history(tokens, relevance, budget, keep_last)
    taken = []
    for message in reversed(range(len(tokens))):
        if tokens[message] > budget:
            break
        taken.append(message)
        budget -= tokens[message]
    return taken[::-1]


@misconception(
    replaces="choose_history",
    says="messages come back by relevance, the highest first, not in time order",
    hint="Read your history aloud. Does an answer come before its question?",
)
def relevance_order(tokens, relevance, budget, keep_last):
    taken = choose_history(tokens, relevance, budget, keep_last)
    return sorted(taken, key=lambda message: (-relevance[message], -message))


@misconception(
    replaces="choose_history",
    says="messages are chosen by relevance only: keep_last is ignored",
    hint="'And the second one?' Which message is that about, and is it there?",
)
def relevance_only(tokens, relevance, budget, keep_last):
    choose_history(tokens, relevance, budget, keep_last)
    return choose_history(tokens, relevance, budget, 0)


@misconception(
    replaces="choose_history",
    says="a misfit among the last messages is passed over, not the end of the newest ones",
    hint="The last message but one is missing and the one before it is there. How does that read?",
)
def holes_in_the_last(tokens, relevance, budget, keep_last):
    return sorted(remembered(tokens, relevance, budget, keep_last, stop=False))


@misconception(
    replaces="choose_history",
    says="the first message that does not fit ends the choice by relevance",
    hint="The most relevant message is too long. What about the next one?",
)
def history_ends_at_misfit(tokens, relevance, budget, keep_last):
    return sorted(remembered(tokens, relevance, budget, keep_last, stop_later=True))


@misconception(
    replaces="choose_history",
    says="those of the last messages that were not taken are not looked at again",
    hint="Which messages do you sort by relevance? All that were not taken?",
)
def no_second_chance(tokens, relevance, budget, keep_last):
    return sorted(remembered(tokens, relevance, budget, keep_last, again=False))


@misconception(
    replaces="choose_history",
    says="of equally relevant messages the older one comes first",
    hint="A stable sort keeps the order that it is given. Which order is that?",
)
def ties_to_the_older(tokens, relevance, budget, keep_last):
    return sorted(remembered(tokens, relevance, budget, keep_last, newer=1))


@misconception(
    replaces="choose_history",
    says="a slice [-0:] takes every message for one of the last none",
    hint="What is [1, 2, 3][-0:]?",
)
def last_none_is_all(tokens, relevance, budget, keep_last):
    choose_history(tokens, relevance, budget, keep_last)
    return choose_history(tokens, relevance, budget, keep_last or len(tokens))


# ── choose_chunks ─────────────────────────────────────────────────────────────────────────────


def picked(
    scores,
    tokens,
    similarity,
    budget,
    *,
    repeats,
    stop=False,
    arrange=lambda chosen: chosen[::2] + chosen[1::2][::-1],
):
    """Choose chunks by another rule for repeats or misfits, or arrange them in another way."""
    refuse(budget, scores, tokens, similarity)
    chosen, seen = [], []
    for chunk in by_score(scores):
        if not repeats(similarity[chunk], chosen, seen):
            if tokens[chunk] <= budget:
                chosen.append(chunk)
                budget -= tokens[chunk]
            elif stop:
                break
        seen.append(chunk)
    return arrange(chosen)


def above(threshold):
    """Return the rule that compares with all chosen chunks."""
    return lambda row, chosen, seen: any(row[other] > threshold for other in chosen)


@misconception(
    replaces="choose_chunks",
    says="chunks that repeat a chosen one are not passed over",
    hint="Print the similarities of what you chose. Which two say the same?",
)
def near_duplicates_kept(scores, tokens, similarity, budget, threshold):
    return picked(scores, tokens, similarity, budget, repeats=lambda row, chosen, seen: False)


@misconception(
    replaces="choose_chunks",
    says="chunks stay in order of score, so the second best is not at the end",
    hint="The middle of a long context is read least. Which of your chunks stand there?",
)
def best_in_the_middle(scores, tokens, similarity, budget, threshold):
    return picked(
        scores, tokens, similarity, budget, repeats=above(threshold), arrange=lambda chosen: chosen
    )


@misconception(
    replaces="choose_chunks",
    says="the second half is not turned round, so the second best stands in the middle",
    hint="Five chunks a b c d e, best first: write down where b and d belong.",
)
def second_half_not_reversed(scores, tokens, similarity, budget, threshold):
    return picked(
        scores,
        tokens,
        similarity,
        budget,
        repeats=above(threshold),
        arrange=lambda chosen: chosen[::2] + chosen[1::2],
    )


@misconception(
    replaces="choose_chunks",
    says="the best chunk comes last and the second best first",
    hint="Which end does the best one belong to?",
)
def ends_exchanged(scores, tokens, similarity, budget, threshold):
    return choose_chunks(scores, tokens, similarity, budget, threshold)[::-1]


@misconception(
    replaces="choose_chunks",
    says="the first chunk that does not fit ends the choice",
    hint="The second best is too long by one token. What about the third?",
)
def chunks_end_at_misfit(scores, tokens, similarity, budget, threshold):
    return picked(scores, tokens, similarity, budget, repeats=above(threshold), stop=True)


@misconception(
    replaces="choose_chunks",
    says="chunks are compared with all better ones, those that were passed over among them",
    hint="A chunk repeats one that is not in the prompt. What does the model lose with it?",
)
def compared_with_passed_over(scores, tokens, similarity, budget, threshold):
    return picked(
        scores,
        tokens,
        similarity,
        budget,
        repeats=lambda row, chosen, seen: any(row[other] > threshold for other in seen),
    )


@misconception(
    replaces="choose_chunks",
    says="a chunk is compared only with the one chosen last",
    hint="May the third chunk be a copy of the first?",
)
def compared_with_last_chosen(scores, tokens, similarity, budget, threshold):
    return picked(
        scores,
        tokens,
        similarity,
        budget,
        repeats=lambda row, chosen, seen: any(row[other] > threshold for other in chosen[-1:]),
    )


@misconception(
    replaces="choose_chunks",
    says="a similarity that equals the threshold counts as a repeat",
    hint="Is 0.75 above 0.75?",
)
def threshold_is_a_repeat(scores, tokens, similarity, budget, threshold):
    return picked(
        scores,
        tokens,
        similarity,
        budget,
        repeats=lambda row, chosen, seen: any(row[other] >= threshold for other in chosen),
    )


# ── choose_tools ──────────────────────────────────────────────────────────────────────────────


def equipped(
    scores,
    tokens,
    requires,
    budget,
    minimum,
    *,
    needs=with_required,
    paid=lambda tool, added, needed: added,
    stop=False,
):
    """Choose tools with other needs, other costs, or an end at the first misfit."""
    refuse(budget, scores, tokens, requires)
    chosen = set()
    for tool in by_score(scores):
        if scores[tool] < minimum or tool in chosen:
            continue
        needed = needs(tool, requires)
        added = needed - chosen
        cost = sum(tokens[one] for one in paid(tool, added, needed))
        if cost <= budget:
            chosen |= added
            budget -= cost
        elif stop:
            break
    return sorted(chosen)


@misconception(
    replaces="choose_tools",
    says="the tools that a tool needs are added but their tokens are not counted",
    hint="Add up the tokens of all that you chose. Is it within the budget?",
)
def dependencies_not_counted(scores, tokens, requires, budget, minimum=0.0):
    return equipped(
        scores, tokens, requires, budget, minimum, paid=lambda tool, added, needed: {tool}
    )


@misconception(
    replaces="choose_tools",
    says="only the direct requirements are added, not theirs in turn",
    hint="A tool needs a second and that a third. Which of the three are there?",
)
def direct_dependencies_only(scores, tokens, requires, budget, minimum=0.0):
    return equipped(
        scores,
        tokens,
        requires,
        budget,
        minimum,
        needs=lambda tool, requires: {tool, *requires[tool]},
    )


@misconception(
    replaces="choose_tools",
    says="what a tool needs is not added",
    hint="Which of the arguments does your result not depend on?",
)
def dependencies_ignored(scores, tokens, requires, budget, minimum=0.0):
    return equipped(scores, tokens, requires, budget, minimum, needs=lambda tool, requires: {tool})


@misconception(
    replaces="choose_tools",
    says="a required tool that is chosen already is paid for again",
    hint="Two tools need the same third one. How often does its definition stand in the prompt?",
)
def shared_dependencies_paid_again(scores, tokens, requires, budget, minimum=0.0):
    return equipped(
        scores, tokens, requires, budget, minimum, paid=lambda tool, added, needed: needed
    )


@misconception(
    replaces="choose_tools",
    says="required tools are left out where they score below the minimum",
    hint="Why is a required tool there: for its score, or because another one calls it?",
)
def minimum_for_required_tools(scores, tokens, requires, budget, minimum=0.0):
    def needs(tool, requires):
        return {one for one in with_required(tool, requires) if scores[one] >= minimum}

    return equipped(scores, tokens, requires, budget, minimum, needs=needs)


@misconception(
    replaces="choose_tools",
    says="the first tool that does not fit ends the choice",
    hint="The second best is too long by one token. What about the third?",
)
def tools_end_at_misfit(scores, tokens, requires, budget, minimum=0.0):
    return equipped(scores, tokens, requires, budget, minimum, stop=True)


@misconception(
    replaces="choose_tools",
    says="tools come in order of score, not of index",
    hint="Tool definitions stand before everything else. What does another order do to the cache?",
)
def tools_in_order_of_score(scores, tokens, requires, budget, minimum=0.0):
    chosen = choose_tools(scores, tokens, requires, budget, minimum)
    return sorted(chosen, key=lambda tool: (-scores[tool], tool))
