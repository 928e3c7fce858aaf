"""Budgets by the level of the water, in fractions; choices by plain recursion."""

from fractions import Fraction
from itertools import count

from solutions.dynamic_context import dynamic_context as reference


def allocate_budget(demands, weights, budget):
    """Find t such that the real shares min(demand, weight · t) sum to the budget."""
    if budget < 0 or len(demands) != len(weights) or min([0, *demands]) < 0:
        raise ValueError("the budget or the demands will not do")
    if any(weight <= 0 for weight in weights):
        raise ValueError("the weights will not do")
    if sum(demands) <= budget:
        return list(demands)
    weights = [Fraction(weight) for weight in weights]
    # The sum is linear between the levels at which a section is met.
    levels = sorted(demand / weight for demand, weight in zip(demands, weights, strict=True))

    def total(level):
        return sum(min(demand, w * level) for demand, w in zip(demands, weights, strict=True))

    below = max((level for level in levels if total(level) <= budget), default=Fraction(0))
    rising = sum(w for d, w in zip(demands, weights, strict=True) if d > w * below)
    level = below + (budget - total(below)) / rising
    shares = [min(demand, w * level) for demand, w in zip(demands, weights, strict=True)]
    given = [int(share) for share in shares]
    order = sorted(range(len(shares)), key=lambda section: given[section] - shares[section])
    for section in order[: budget - sum(given)]:
        given[section] += 1
    return given


def choose_history(tokens, relevance, budget, keep_last):
    reference.refuse(budget, tokens, relevance)
    if keep_last < 0:
        raise ValueError("keep_last is negative")
    size = len(tokens)
    newest = next(
        n for n in count() if n == min(keep_last, size) or sum(tokens[size - n - 1 :]) > budget
    )
    taken = set(range(size - newest, size))
    for _, message in sorted(zip(relevance, range(size), strict=True), reverse=True):
        if sum(tokens[one] for one in taken | {message}) <= budget:
            taken.add(message)
    return [message for message in range(size) if message in taken]


def choose_chunks(scores, tokens, similarity, budget, threshold):
    reference.refuse(budget, scores, tokens)
    chosen = []
    for _, chunk in sorted((-score, chunk) for chunk, score in enumerate(scores)):
        fits = sum(tokens[one] for one in [*chosen, chunk]) <= budget
        if fits and (not chosen or similarity[chosen, chunk].max() <= threshold):
            chosen.append(chunk)
    ordered = [None] * len(chosen)
    for rank, chunk in enumerate(chosen):
        ordered[rank // 2 if rank % 2 == 0 else -1 - rank // 2] = chunk
    return ordered


def choose_tools(scores, tokens, requires, budget, minimum=0.0):
    reference.refuse(budget, scores, tokens, requires)
    tools = range(len(scores))
    needs = [{tool, *requires[tool]} for tool in tools]
    for _ in tools:
        needs = [set().union(*(needs[one] for one in need)) for need in needs]
    chosen = set()
    for _, tool in sorted((-scores[tool], tool) for tool in tools if scores[tool] >= minimum):
        if sum(tokens[one] for one in chosen | needs[tool]) <= budget:
            chosen |= needs[tool]
    return [tool for tool in tools if tool in chosen]
