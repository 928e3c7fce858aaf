"""The wrong turns of comparing models."""

import math

import numpy as np

from autograder.suite import misconception
from solutions.model_comparison.model_comparison import (
    bradley_terry,
    decision_matrix,
    elo_ratings,
)

# ── elo_ratings ───────────────────────────────────────────────────────────────────────────────


def curve(difference, base=10.0, scale=400.0):
    """Return the expected score of a player who is ahead by a difference."""
    return 1 / (1 + base ** (-difference / scale))


def played(games, k, initial, expected=curve):
    """Play games with another curve."""
    elo_ratings(games, k, initial)  # raises what has to be raised
    ratings = {}
    for first, second, score in games:
        one, other = ratings.get(first, initial), ratings.get(second, initial)
        gain = k * (score - expected(one - other))
        ratings[first], ratings[second] = one + gain, other - gain
    return ratings


@misconception(
    replaces="elo_ratings",
    says="the second player's expected score is computed from the first player's already updated "
    "rating",
    hint="Add up all ratings after each game. Does the sum change?",
)
def second_sees_the_update(games, k=32.0, initial=1000.0):
    elo_ratings(games, k, initial)
    ratings = {}
    for first, second, score in games:
        one, other = ratings.get(first, initial), ratings.get(second, initial)
        ratings[first] = one + k * (score - curve(one - other))
        ratings[second] = other + k * (1 - score - curve(other - ratings[first]))
    return ratings


@misconception(
    replaces="elo_ratings",
    says="the expected score uses e instead of 10 as the base of the rating curve",
    hint="Whoever is ahead by 400 should be expected to win ten of eleven games. What do you get?",
)
def base_e(games, k=32.0, initial=1000.0):
    return played(games, k, initial, lambda difference: curve(difference, base=math.e))


@misconception(
    replaces="elo_ratings",
    says="the sign of the difference is turned round, so the stronger player is expected to lose",
    hint="Ada is ahead by 400. What is your E for her?",
)
def weaker_is_expected_to_win(games, k=32.0, initial=1000.0):
    return played(games, k, initial, lambda difference: curve(-difference))


@misconception(
    replaces="elo_ratings",
    says="every game is expected to end 1/2, whatever the games before it did to the ratings",
    hint="The best player beats the worst. How much news is that?",
)
def ratings_ignored(games, k=32.0, initial=1000.0):
    return played(games, k, initial, lambda difference: 0.5)


@misconception(
    replaces="elo_ratings",
    says="only the first player's rating changes",
    hint="Where do the points come from that the winner gets?",
)
def second_unchanged(games, k=32.0, initial=1000.0):
    elo_ratings(games, k, initial)
    ratings = {}
    for first, second, score in games:
        one, other = ratings.get(first, initial), ratings.get(second, initial)
        ratings[first], ratings[second] = one + k * (score - curve(one - other)), other
    return ratings


# ── bradley_terry ─────────────────────────────────────────────────────────────────────────────


def off_diagonal(wins):
    """Return wins without the diagonal, after raising what has to be raised."""
    bradley_terry(wins)
    return np.where(np.eye(len(wins), dtype=bool), 0.0, wins)


@misconception(
    replaces="bradley_terry",
    says="each model's share of its own games won is rescaled, whoever the opponents were",
    hint="One model won two of three games against the best, another against the worst. Are they "
    "equal?",
)
def win_rates(wins):
    wins = off_diagonal(wins)
    if len(wins) == 1:
        return np.ones(1)
    rates = wins.sum(axis=1) / (wins + wins.T).sum(axis=1)
    return rates / rates.sum()


@misconception(
    replaces="bradley_terry",
    says="each model's wins are divided by all wins, however many games it played against whom",
    hint="A model plays twice as often as the others. Is it twice as strong?",
)
def win_counts(wins):
    wins = off_diagonal(wins)
    return wins.sum(axis=1) / wins.sum() if len(wins) > 1 else np.ones(1)


@misconception(
    replaces="bradley_terry",
    says="rows are read as losses: wins[i, j] counts the games that i won",
    hint="Model 0 won nine of ten. Is it your strongest?",
)
def transposed(wins):
    return bradley_terry(wins.T)


@misconception(
    replaces="bradley_terry",
    says="the ratios of wins are multiplied as if every pair had met equally often: each strength "
    "is the geometric mean of its odds",
    hint="One pair met a hundred times and another once. Do both say as much?",
)
def mean_of_odds(wins):
    wins = off_diagonal(wins)
    if len(wins) == 1:
        return np.ones(1)
    met = (wins > 0) & (wins.T > 0)
    odds = np.where(met, np.log(np.where(met, wins, 1) / np.where(met, wins.T, 1)), 0.0)
    strengths = np.exp(odds.mean(axis=1))
    return strengths / strengths.sum()


@misconception(
    replaces="bradley_terry",
    says="the logarithms of the strengths are returned",
    hint="Should your result sum to 1?",
)
def log_strengths(wins):
    return np.log(bradley_terry(wins))


# ── judge_win_rate ────────────────────────────────────────────────────────────────────────────


def judged(prompts, answers_a, answers_b, judge, read=None):
    """Return, for each item, both replies and both models that they name, None for a tie."""
    if not prompts or len({len(prompts), len(answers_a), len(answers_b)}) > 1:
        raise ValueError("the items do not fit together")
    found = []
    for prompt, a, b in zip(prompts, answers_a, answers_b, strict=True):
        pair = [judge(prompt, a, b).strip().lower(), judge(prompt, b, a).strip().lower()]
        models = [{"first": "a", "second": "b"}, {"first": "b", "second": "a"}]
        found.append((pair, [names.get(reply) for names, reply in zip(models, pair, strict=True)]))
    return found


def counted(found, credit=None, same=None, places=None):
    """Count what was judged, with one of the rates in another way."""

    def item(models):
        return 0.5 if models[0] != models[1] else {"a": 1.0, "b": 0.0}.get(models[0], 0.5)

    credit = credit or item
    same = same or (lambda models: models[0] == models[1])
    replies = [reply for pair, _ in found for reply in (places(pair) if places else pair)]
    votes = [reply for reply in replies if reply in ("first", "second")]
    return {
        "win_rate": sum(credit(models) for _, models in found) / len(found),
        "consistency": sum(same(models) for _, models in found) / len(found),
        "first_rate": votes.count("first") / len(votes) if votes else 0.5,
    }


@misconception(
    replaces="judge_win_rate",
    says="the reply to the swapped order is read as if A were still shown first",
    hint="Let A be better in every item and the judge be perfect. What is your win rate?",
)
def swap_not_mapped_back(prompts, answers_a, answers_b, judge):
    found = judged(prompts, answers_a, answers_b, judge)
    names = {"first": "a", "second": "b"}
    return counted([(pair, [names.get(reply) for reply in pair]) for pair, _ in found])


@misconception(
    replaces="judge_win_rate",
    says="when the two orders disagree the reply to the first order stands instead of a tie",
    hint="Let the judge always say 'first'. What is your win rate?",
)
def first_order_decides(prompts, answers_a, answers_b, judge):
    found = judged(prompts, answers_a, answers_b, judge)
    return counted(found, credit=lambda models: {"a": 1.0, "b": 0.0}.get(models[0], 0.5))


@misconception(
    replaces="judge_win_rate",
    says="every reply counts half an item, so a win and a tie are three quarters of a win",
    hint="One order was a tie, in the other A won. Do both replies name A?",
)
def replies_averaged(prompts, answers_a, answers_b, judge):
    found = judged(prompts, answers_a, answers_b, judge)
    credit = {"a": 0.5, "b": 0.0, None: 0.25}
    return counted(found, credit=lambda models: sum(credit[model] for model in models))


@misconception(
    replaces="judge_win_rate",
    says="where one reply is a tie the other one decides the item",
    hint="One order was a tie, in the other A won. Do both replies name A?",
)
def other_order_breaks_the_tie(prompts, answers_a, answers_b, judge):
    def credit(models):
        named = {model for model in models if model}
        return 0.5 if len(named) != 1 else float(named == {"a"})

    return counted(judged(prompts, answers_a, answers_b, judge), credit=credit)


@misconception(
    replaces="judge_win_rate",
    says="ties count nothing instead of half a win",
    hint="Let every item be a tie. Are the models equally good by your win rate?",
)
def ties_count_nothing(prompts, answers_a, answers_b, judge):
    found = judged(prompts, answers_a, answers_b, judge)
    return counted(found, credit=lambda models: float(models == ["a", "a"]))


@misconception(
    replaces="judge_win_rate",
    says="ties are left out: the wins of A are divided by the items that somebody won",
    hint="One win and 99 ties: how much better is A?",
)
def ties_left_out(prompts, answers_a, answers_b, judge):
    found = judged(prompts, answers_a, answers_b, judge)
    won = [models[0] for _, models in found if models[0] == models[1] and models[0]]
    rate = won.count("a") / len(won) if won else 0.5
    return {**counted(found), "win_rate": rate}


@misconception(
    replaces="judge_win_rate",
    says="two ties for one item count as inconsistent",
    hint="The judge said twice that the answers are equal. Did it change its mind?",
)
def ties_are_inconsistent(prompts, answers_a, answers_b, judge):
    found = judged(prompts, answers_a, answers_b, judge)
    return counted(found, same=lambda models: models[0] == models[1] and models[0] is not None)


@misconception(
    replaces="judge_win_rate",
    says="the replies themselves are compared for the consistency, not the models that they name",
    hint="A perfect judge says 'first' and then 'second'. Is it consistent?",
)
def same_place_is_consistent(prompts, answers_a, answers_b, judge):
    found = judged(prompts, answers_a, answers_b, judge)
    names = {"first": "first", "second": "second"}
    same = [names.get(pair[0]) == names.get(pair[1]) for pair, _ in found]
    return {**counted(found), "consistency": sum(same) / len(same)}


@misconception(
    replaces="judge_win_rate",
    says="ties are counted among the replies of which `first_rate` is a share",
    hint="The judge says 'tie' nine times and 'first' once. Which place does it prefer?",
)
def first_rate_over_all_replies(prompts, answers_a, answers_b, judge):
    found = judged(prompts, answers_a, answers_b, judge)
    replies = [reply for pair, _ in found for reply in pair]
    votes = [reply for reply in replies if reply in ("first", "second")]
    share = replies.count("first") / len(replies) if votes else 0.5
    return {**counted(found), "first_rate": share}


@misconception(
    replaces="judge_win_rate",
    says="only the replies to the first order are counted for `first_rate`",
    hint="A is better in every item and the judge is perfect. Which place does it prefer?",
)
def first_rate_of_one_order(prompts, answers_a, answers_b, judge):
    found = judged(prompts, answers_a, answers_b, judge)
    return counted(found, places=lambda pair: pair[:1])


# ── decision_matrix ───────────────────────────────────────────────────────────────────────────


def ordered(totals):
    """Return totals and the models, best first."""
    return totals, np.argsort(-totals, kind="stable").tolist()


def scaled(scores):
    """Map each criterion from its minimum and maximum to 0 and 1, 0 where they are equal."""
    low, high = scores.min(axis=0), scores.max(axis=0)
    return (scores - low) / np.where(high == low, 1.0, high - low)


@misconception(
    replaces="decision_matrix",
    says="the raw scores are weighted without bringing the criteria to one scale",
    hint="Measure the latency in milliseconds instead of seconds. Does the winner change?",
)
def raw_scores(scores, weights, higher_is_better):
    decision_matrix(scores, weights, higher_is_better)
    return ordered((np.where(higher_is_better, scores, -scores) * weights).sum(1) / weights.sum())


@misconception(
    replaces="decision_matrix",
    says="criteria where lower is better are not turned round",
    hint="Double the price of the best model. Should its total rise?",
)
def costs_not_flipped(scores, weights, higher_is_better):
    return decision_matrix(scores, weights, [True for _ in higher_is_better])


@misconception(
    replaces="decision_matrix",
    says="each criterion is divided by its maximum instead of being mapped from its minimum and "
    "maximum to 0 and 1",
    hint="Accuracies of 0.88 and 0.90: how far apart are they after your scaling?",
)
def divided_by_maximum(scores, weights, higher_is_better):
    decision_matrix(scores, weights, higher_is_better)
    with np.errstate(all="ignore"):
        share = scores / scores.max(axis=0)
    return ordered((np.where(higher_is_better, share, 1 - share) * weights).sum(1) / weights.sum())


@misconception(
    replaces="decision_matrix",
    says="costs are inverted as min/x instead of being turned round as 1 − the scaled value",
    hint="Is your most expensive model at 0?",
)
def costs_inverted(scores, weights, higher_is_better):
    decision_matrix(scores, weights, higher_is_better)
    with np.errstate(all="ignore"):
        inverse = np.where(
            scores.min(axis=0) == scores.max(axis=0), 0.0, scores.min(axis=0) / scores
        )
    share = np.where(higher_is_better, scaled(scores), inverse)
    return ordered((share * weights).sum(axis=1) / weights.sum())


@misconception(
    replaces="decision_matrix",
    says="criteria are standardised to mean 0 and deviation 1 instead of being mapped to 0 and 1",
    hint="What are the lowest and the highest value after your scaling?",
)
def standardised(scores, weights, higher_is_better):
    decision_matrix(scores, weights, higher_is_better)
    spread = scores.std(axis=0)
    share = (scores - scores.mean(axis=0)) / np.where(spread == 0, 1.0, spread)
    return ordered((np.where(higher_is_better, share, -share) * weights).sum(1) / weights.sum())


@misconception(
    replaces="decision_matrix",
    says="the weights are not divided by their sum",
    hint="Double all the weights. Should the totals change?",
)
def weights_not_rescaled(scores, weights, higher_is_better):
    totals, order = decision_matrix(scores, weights, higher_is_better)
    return totals * weights.sum(), order


@misconception(
    replaces="decision_matrix",
    says="a cost that is equal for all is turned round to 1.0 instead of giving 0.0",
    hint="All models cost the same. Should that add to anybody's total?",
)
def equal_costs_count(scores, weights, higher_is_better):
    decision_matrix(scores, weights, higher_is_better)
    share = np.where(higher_is_better, scaled(scores), 1 - scaled(scores))
    return ordered((share * weights).sum(axis=1) / weights.sum())


@misconception(
    replaces="decision_matrix",
    says="of equal totals the higher index comes first",
    hint="What does reversing a sorted list do to equal elements?",
)
def ties_to_the_higher_index(scores, weights, higher_is_better):
    totals, _ = decision_matrix(scores, weights, higher_is_better)
    return totals, np.argsort(totals, kind="stable")[::-1].tolist()


@misconception(
    replaces="decision_matrix",
    says="the place of each model is returned, not the models in their order",
    hint="Which model is the first entry of your list?",
)
def places_of_models(scores, weights, higher_is_better):
    totals, order = decision_matrix(scores, weights, higher_is_better)
    return totals, np.argsort(order).tolist()


@misconception(
    replaces="decision_matrix",
    says="the models come worst first",
    hint="Which model is the first entry of your list?",
)
def worst_first(scores, weights, higher_is_better):
    totals, _ = decision_matrix(scores, weights, higher_is_better)
    return totals, np.argsort(totals, kind="stable").tolist()
