"""What tokens cost, from an API and on GPUs of one's own. The question is in README.md."""


def request_cost(
    input_tokens: int, output_tokens: int, prices: dict[str, float], cached_tokens: int = 0
) -> float:
    """Return the dollars of one request; `input_tokens` includes the cached ones.

    `prices` are dollars per million tokens under "input", "output" and perhaps "cached_input".

    Raises:
        ValueError: if a count is negative, or more tokens are cached than there are.
    """
    raise NotImplementedError


def conversation_cost(
    system_tokens: int,
    turns: list[tuple[int, int]],
    prices: dict[str, float],
    cache: bool = True,
    min_prefix: int = 1024,
    block: int = 128,
) -> float:
    """Return the dollars of a chat in which every request sends all that was said before.

    A turn is (tokens of the user's message, tokens of the reply). With `cache` the whole input of
    the request before counts as cached, in whole blocks, if it has at least `min_prefix` tokens.

    Raises:
        ValueError: if a count or `min_prefix` is negative, or `block` below 1.
    """
    raise NotImplementedError


def self_hosted_prices(
    gpu_hour: float, gpus: int, prefill_rate: float, decode_rate: float, utilisation: float
) -> dict[str, float]:
    """Return {"input": …, "output": …}, dollars per million tokens of a deployment.

    `gpu_hour` is dollars for one GPU and hour; the rates are tokens a second of all GPUs together,
    fully loaded; `utilisation` is the fraction of the paid time in which they are busy.

    Raises:
        ValueError: if an argument is not above 0, or `utilisation` above 1.
    """
    raise NotImplementedError


def break_even(
    api_price: float, fixed: float, replica_cost: float, replica_capacity: float
) -> float | None:
    """Return the smallest volume above 0 at which self-hosting costs no more than the API, or None.

    Volume and capacity are million tokens a month, costs dollars a month, `api_price` dollars per
    million tokens. Replicas are whole.

    Raises:
        ValueError: if `fixed` is negative, or another argument not above 0.
    """
    raise NotImplementedError
