"""A general optimiser for Bradley-Terry, and plain loops for the rest."""

import numpy as np
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components

from solutions.model_comparison import model_comparison as reference


def elo_ratings(games, k=32.0, initial=1000.0):
    result = reference.elo_ratings(games, k, initial)
    assert np.isclose(sum(result.values()), initial * len(result))
    return result


def bradley_terry(wins):
    models = wins.shape[0]
    if wins.shape != (models, models) or models == 0:
        raise ValueError("wins is not square")
    wins = wins.copy()
    np.fill_diagonal(wins, 0)
    if np.isnan(wins).any() or wins.min() < 0:
        raise ValueError("wins holds what is no count")
    if connected_components(wins > 0, connection="strong")[0] > 1:
        raise ValueError("wins is not connected")

    def loss(logs):
        ahead = logs[:, None] - logs
        return (wins * np.logaddexp(0, -ahead)).sum()

    def slope(logs):
        expected = (wins + wins.T) / (1 + np.exp(logs - logs[:, None]))
        return expected.sum(axis=1) - wins.sum(axis=1)

    start = np.zeros(models)
    logs = minimize(loss, start, jac=slope, method="BFGS", options={"gtol": 1e-9}).x
    strengths = np.exp(logs - logs.max())
    return strengths / strengths.sum()


def judge_win_rate(prompts, answers_a, answers_b, judge):
    if len(prompts) == 0 or len(prompts) != len(answers_a) or len(prompts) != len(answers_b):
        raise ValueError("the items do not fit together")
    wins = ties = consistent = firsts = votes = 0
    for i in range(len(prompts)):
        one = judge(prompts[i], answers_a[i], answers_b[i]).strip().lower()
        other = judge(prompts[i], answers_b[i], answers_a[i]).strip().lower()
        for reply in (one, other):
            firsts += reply == "first"
            votes += reply in {"first", "second"}
        if (one, other) == ("first", "second"):
            wins, consistent = wins + 1, consistent + 1
        elif (one, other) == ("second", "first"):
            consistent += 1
        else:
            ties += 1
            consistent += not {one, other} & {"first", "second"}
    n = len(prompts)
    return {
        "win_rate": (wins + ties / 2) / n,
        "consistency": consistent / n,
        "first_rate": firsts / votes if votes else 0.5,
    }


def decision_matrix(scores, weights, higher_is_better):
    models, criteria = scores.shape
    if models < 1 or len(weights) != criteria or len(higher_is_better) != criteria:
        raise ValueError("the sizes do not fit")
    if min(weights) < 0 or max(weights) == 0:
        raise ValueError("the weights will not do")
    totals = []
    for i in range(models):
        total = 0.0
        for j in range(criteria):
            column = scores[:, j].tolist()
            if min(column) < max(column):
                share = (column[i] - min(column)) / (max(column) - min(column))
                total += weights[j] * (share if higher_is_better[j] else 1 - share)
        totals.append(total / sum(weights))
    return np.array(totals), sorted(range(models), key=lambda i: (-totals[i], i))
