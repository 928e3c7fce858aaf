"""What tokens cost, from an API and on GPUs of one's own: the reference."""

import math

MILLION = 1_000_000


def request_cost(
    input_tokens: int, output_tokens: int, prices: dict[str, float], cached_tokens: int = 0
) -> float:
    """Return the dollars of one request; `input_tokens` includes the cached ones.

    >>> request_cost(1000, 200, {"input": 2.0, "cached_input": 0.5, "output": 8.0}, 600)
    0.0027
    """
    if min(input_tokens, output_tokens, cached_tokens) < 0:
        raise ValueError("input_tokens, output_tokens and cached_tokens may not be negative")
    if cached_tokens > input_tokens:
        raise ValueError(f"cached_tokens = {cached_tokens}, but input_tokens = {input_tokens}")
    cached_price = prices.get("cached_input", prices["input"])
    dollars_times_million = (
        (input_tokens - cached_tokens) * prices["input"]
        + cached_tokens * cached_price
        + output_tokens * prices["output"]
    )
    return dollars_times_million / MILLION


def conversation_cost(
    system_tokens: int,
    turns: list[tuple[int, int]],
    prices: dict[str, float],
    cache: bool = True,
    min_prefix: int = 1024,
    block: int = 128,
) -> float:
    """Return the dollars of a chat in which every request sends all that was said before.

    >>> conversation_cost(100, [(20, 30), (10, 40)], {"input": 1.0, "output": 2.0}, cache=False)
    0.00042
    """
    if system_tokens < 0 or any(count < 0 for turn in turns for count in turn):
        raise ValueError("system_tokens and the counts in turns may not be negative")
    if min_prefix < 0:
        raise ValueError(f"min_prefix = {min_prefix} is negative")
    if block < 1:
        raise ValueError(f"block = {block} holds no token")
    dollars = 0.0
    history = system_tokens
    shared = 0  # what this request has in common with the one before: that one's whole input
    for message, reply in turns:
        whole_input = history + message
        cached = shared // block * block if cache and shared >= min_prefix else 0
        dollars += request_cost(whole_input, reply, prices, cached)
        history = whole_input + reply
        shared = whole_input
    return dollars


def self_hosted_prices(
    gpu_hour: float, gpus: int, prefill_rate: float, decode_rate: float, utilisation: float
) -> dict[str, float]:
    """Return the dollars per million tokens of a deployment, idle time included.

    >>> self_hosted_prices(3.6, 2, prefill_rate=10_000, decode_rate=1000, utilisation=0.5)
    {'input': 0.4, 'output': 4.0}
    """
    if min(gpu_hour, gpus, prefill_rate, decode_rate, utilisation) <= 0:
        raise ValueError("all arguments have to be above 0")
    if utilisation > 1:
        raise ValueError(f"utilisation = {utilisation}: nothing is busy more than all the time")
    dollars_a_second = gpu_hour * gpus / 3600
    return {
        "input": dollars_a_second / (prefill_rate * utilisation) * MILLION,
        "output": dollars_a_second / (decode_rate * utilisation) * MILLION,
    }


def break_even(
    api_price: float, fixed: float, replica_cost: float, replica_capacity: float
) -> float | None:
    """Return the smallest volume at which whole replicas cost no more than the API.

    >>> break_even(api_price=2.0, fixed=900.0, replica_cost=1000.0, replica_capacity=800.0)
    1450.0
    """
    if fixed < 0:
        raise ValueError(f"fixed = {fixed} is negative")
    if min(api_price, replica_cost, replica_capacity) <= 0:
        raise ValueError("api_price, replica_cost and replica_capacity have to be above 0")
    # What a full replica saves against the API, to be set against the fixed costs.
    saving = replica_capacity * api_price - replica_cost
    if saving < 0 or (saving == 0 and fixed > 0):
        return None
    replicas = max(1, math.ceil(fixed / saving)) if saving > 0 else 1
    return (fixed + replicas * replica_cost) / api_price
