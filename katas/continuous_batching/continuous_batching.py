"""Continuous batching: chunked prefill, preemption, goodput. The question is in README.md."""

Request = tuple[int, int, int]
"""(arrival step, prompt tokens, output tokens)"""


def static_batching(
    requests: list[Request], batch_size: int, token_budget: int
) -> dict[str, list[int]]:
    """Serve fixed groups, each of which starts and ends as a whole.

    Returns first_token and finish of each request, in the order of `requests`.

    Raises:
        ValueError: if an arrival is below 0, a prompt, an output or `batch_size` below 1, or
            `batch_size` above `token_budget`.
    """
    raise NotImplementedError


def continuous_batching(
    requests: list[Request], token_budget: int, max_running: int, kv_capacity: int
) -> dict[str, list[int] | int]:
    """Serve step by step, with chunked prefill and preemption by recompute.

    Returns first_token and finish of each request, in the order of `requests`; preemptions, their
    number in all; and computed, the tokens computed in all. Without requests: empty lists and 0.

    Raises:
        ValueError: if an arrival is below 0, a prompt, an output, `token_budget` or `max_running`
            below 1, or a request needs more than `kv_capacity` slots: prompt + output − 1.
    """
    raise NotImplementedError


def serving_metrics(
    requests: list[Request],
    first_token: list[int],
    finish: list[int],
    ttft_limit: float,
    tpot_limit: float,
) -> dict[str, float]:
    """Return at least throughput, mean_ttft, mean_tpot and goodput.

    A request with one output token has a time per output token of 0.

    Raises:
        ValueError: if there is no request, the lists differ in length, an arrival is below 0, or a
            prompt or an output below 1.
    """
    raise NotImplementedError
