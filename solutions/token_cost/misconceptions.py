"""The wrong turns of token costs."""

from autograder.suite import misconception
from solutions.token_cost.token_cost import (
    MILLION,
    break_even,
    conversation_cost,
    request_cost,
    self_hosted_prices,
)

# ── request_cost ──────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="request_cost",
    says="output tokens are charged at the input price",
    hint="Which of the three prices does your result not depend on?",
)
def one_price(input_tokens, output_tokens, prices, cached_tokens=0):
    same = {**prices, "output": prices["input"]}
    return request_cost(input_tokens, output_tokens, same, cached_tokens)


@misconception(
    replaces="request_cost",
    says="cached tokens are charged on top of the full input, not instead of it",
    hint="All of the input is cached. What should it cost, and what does it cost with yours?",
)
def cached_charged_twice(input_tokens, output_tokens, prices, cached_tokens=0):
    request_cost(input_tokens, output_tokens, prices, cached_tokens)
    cached = cached_tokens * prices.get("cached_input", prices["input"]) / MILLION
    return request_cost(input_tokens, output_tokens, prices) + cached


@misconception(
    replaces="request_cost",
    says="cached tokens are free",
    hint="Is there a price under cached_input, and where do you use it?",
)
def cached_free(input_tokens, output_tokens, prices, cached_tokens=0):
    request_cost(input_tokens, output_tokens, prices, cached_tokens)
    return request_cost(input_tokens - cached_tokens, output_tokens, prices)


@misconception(
    replaces="request_cost",
    says="the prices are taken for a thousand tokens, not for a million",
    hint="What would one token cost at 2.50 dollars per million?",
)
def prices_per_thousand(input_tokens, output_tokens, prices, cached_tokens=0):
    return request_cost(input_tokens, output_tokens, prices, cached_tokens) * 1000


# ── conversation_cost ─────────────────────────────────────────────────────────────────────────


def chat(system_tokens, turns, prices, cache, min_prefix, block, *, prefix=None, resend=None):
    """Add up requests as the reference does, with another cached prefix or another history."""
    conversation_cost(system_tokens, turns, prices, cache, min_prefix, block)
    prefix = prefix or (lambda shared, _: shared // block * block if shared >= min_prefix else 0)
    resend = resend or (lambda history, message, reply: history + message + reply)
    dollars, history, shared, last_reply = 0.0, system_tokens, None, 0
    for message, reply in turns:
        whole_input = history + message
        cached = prefix(shared, last_reply) if cache and shared is not None else 0
        dollars += request_cost(whole_input, reply, prices, min(cached, whole_input))
        history = resend(history, message, reply)
        shared, last_reply = whole_input, reply
    return dollars


@misconception(
    replaces="conversation_cost",
    says="each request is charged for the system prompt and its own message only, as if the API "
    "remembered the conversation",
    hint="What does the body of the third request to a chat API hold?",
)
def history_not_resent(system_tokens, turns, prices, cache=True, min_prefix=1024, block=128):
    given = system_tokens, turns, prices, cache, min_prefix, block
    return chat(*given, resend=lambda history, message, reply: history)


@misconception(
    replaces="conversation_cost",
    says="the messages are sent again, but not the replies",
    hint="How does the model know what it said before?",
)
def replies_not_resent(system_tokens, turns, prices, cache=True, min_prefix=1024, block=128):
    given = system_tokens, turns, prices, cache, min_prefix, block
    return chat(*given, resend=lambda history, message, reply: history + message)


@misconception(
    replaces="conversation_cost",
    says="the previous reply counts as cached although it was never part of a prompt",
    hint="In which request was the last reply part of the input?",
)
def reply_cached(system_tokens, turns, prices, cache=True, min_prefix=1024, block=128):
    def prefix(shared, last_reply):
        known = shared + last_reply
        return known // block * block if known >= min_prefix else 0

    return chat(system_tokens, turns, prices, cache, min_prefix, block, prefix=prefix)


@misconception(
    replaces="conversation_cost",
    says="the cached prefix is not rounded down to whole blocks",
    hint="What does a cache do with a block that is not full?",
)
def not_rounded_to_blocks(system_tokens, turns, prices, cache=True, min_prefix=1024, block=128):
    def prefix(shared, _):
        return shared if shared >= min_prefix else 0

    return chat(system_tokens, turns, prices, cache, min_prefix, block, prefix=prefix)


@misconception(
    replaces="conversation_cost",
    says="a prefix of any length is cached, min_prefix does nothing",
    hint="Which of your arguments could be left out without a change?",
)
def no_minimum(system_tokens, turns, prices, cache=True, min_prefix=1024, block=128):
    conversation_cost(system_tokens, turns, prices, cache, min_prefix, block)
    return conversation_cost(system_tokens, turns, prices, cache, 0, block)


@misconception(
    replaces="conversation_cost",
    says="the prefix is rounded to blocks first and compared with min_prefix then",
    hint="The prefix has 1100 tokens and 1050 are needed. Is it long enough?",
)
def rounded_before_compared(system_tokens, turns, prices, cache=True, min_prefix=1024, block=128):
    def prefix(shared, _):
        rounded = shared // block * block
        return rounded if rounded >= min_prefix else 0

    return chat(system_tokens, turns, prices, cache, min_prefix, block, prefix=prefix)


@misconception(
    replaces="conversation_cost",
    says="only the system prompt is cached, not the whole input of the request before",
    hint="What do two requests in a row have in common besides the system prompt?",
)
def system_only_cached(system_tokens, turns, prices, cache=True, min_prefix=1024, block=128):
    def prefix(shared, _):
        return system_tokens // block * block if system_tokens >= min_prefix else 0

    return chat(system_tokens, turns, prices, cache, min_prefix, block, prefix=prefix)


# ── self_hosted_prices ────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="self_hosted_prices",
    says="the price is multiplied by the utilisation, so idle GPUs look cheap",
    hint="A GPU that is busy half of the time makes half of the tokens. For which money?",
)
def utilisation_multiplied(gpu_hour, gpus, prefill_rate, decode_rate, utilisation):
    prices = self_hosted_prices(gpu_hour, gpus, prefill_rate, decode_rate, utilisation)
    return {kind: price * utilisation**2 for kind, price in prices.items()}


@misconception(
    replaces="self_hosted_prices",
    says="the utilisation is left out, so idle time costs nothing",
    hint="Who pays for the GPU at night?",
)
def always_busy(gpu_hour, gpus, prefill_rate, decode_rate, utilisation):
    prices = self_hosted_prices(gpu_hour, gpus, prefill_rate, decode_rate, utilisation)
    return {kind: price * utilisation for kind, price in prices.items()}


@misconception(
    replaces="self_hosted_prices",
    says="only one of the GPUs is paid for",
    hint="The rates are those of all GPUs together. Is the price an hour?",
)
def one_gpu_paid(gpu_hour, gpus, prefill_rate, decode_rate, utilisation):
    self_hosted_prices(gpu_hour, gpus, prefill_rate, decode_rate, utilisation)
    return self_hosted_prices(gpu_hour, 1, prefill_rate, decode_rate, utilisation)


@misconception(
    replaces="self_hosted_prices",
    says="prefill and decode rates have changed places",
    hint="Which is faster for the same model: reading a token or writing one?",
)
def rates_swapped(gpu_hour, gpus, prefill_rate, decode_rate, utilisation):
    return self_hosted_prices(gpu_hour, gpus, decode_rate, prefill_rate, utilisation)


# ── break_even ────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="break_even",
    says="replicas are bought in fractions, so the steps of the cost are lost",
    hint="How many replicas stand behind your result? Can you rent that many?",
)
def divisible_replicas(api_price, fixed, replica_cost, replica_capacity):
    right = break_even(api_price, fixed, replica_cost, replica_capacity)
    saved = api_price - replica_cost / replica_capacity
    return fixed / saved if fixed > 0 and saved > 0 else right


@misconception(
    replaces="break_even",
    says="one replica is assumed to carry any volume",
    hint="Compare your result with the capacity of one replica.",
)
def one_replica_for_all(api_price, fixed, replica_cost, replica_capacity):
    break_even(api_price, fixed, replica_cost, replica_capacity)
    return (fixed + replica_cost) / api_price


@misconception(
    replaces="break_even",
    says="the volume is that of full replicas, not the smallest at which both cost the same",
    hint="Your last replica is full. Would you break even with less?",
)
def replicas_always_full(api_price, fixed, replica_cost, replica_capacity):
    volume = break_even(api_price, fixed, replica_cost, replica_capacity)
    if volume is None:
        return None
    replicas = round((volume * api_price - fixed) / replica_cost)
    return replicas * replica_capacity


@misconception(
    replaces="break_even",
    says="the fixed costs decide how many replicas are needed, but are not paid",
    hint="What do you pay in a month without a single token?",
)
def fixed_not_paid(api_price, fixed, replica_cost, replica_capacity):
    volume = break_even(api_price, fixed, replica_cost, replica_capacity)
    return None if volume is None else volume - fixed / api_price
