"""The bill of fine-tuning: memory, time, break-even: the reference."""

FULL_METHODS = {
    "fp32": {"weights": 4, "gradients": 4, "optimizer": 8, "master": 0},
    "bf16_mixed": {"weights": 2, "gradients": 2, "optimizer": 8, "master": 4},
    "bf16_pure": {"weights": 2, "gradients": 2, "optimizer": 4, "master": 0},
}
"""Bytes a parameter. Adam keeps two moments; `master` is the fp32 copy that small updates need."""
ADAPTER_METHODS = ("lora", "qlora")
SHARDED_FROM = {"weights": 3, "gradients": 2, "optimizer": 1, "master": 1}
"""The first stage of ZeRO that shards a component (Rajbhandari et al., 2020)."""


def state_memory(
    parameters: int,
    method: str,
    adapter_parameters: int = 0,
    gpus: int = 1,
    stage: int = 0,
) -> dict[str, int]:
    """Return the bytes that one GPU holds of weights, gradients and states of Adam.

    >>> state_memory(1000, "bf16_mixed")
    {'weights': 2000, 'gradients': 2000, 'optimizer': 8000, 'master': 4000, 'total': 16000}
    >>> state_memory(1000, "lora", adapter_parameters=10)["total"]
    2160
    """
    if parameters < 1:
        raise ValueError(f"parameters is at least 1, got {parameters}")
    if gpus < 1:
        raise ValueError(f"gpus is at least 1, got {gpus}")
    if stage not in range(4):
        raise ValueError(f"stage is from 0 to 3, got {stage}")
    held = component_bytes(parameters, method, adapter_parameters)

    for component, first_stage in SHARDED_FROM.items():
        if stage >= first_stage:
            held[component] = ceil_divide(held[component], gpus)
    return {**held, "total": sum(held.values())}


def activation_memory(
    layers: int, hidden: int, heads: int, tokens: int, batch: int, recompute: str = "none"
) -> int:
    """Return the bytes of activations kept for the backward pass (Korthikanti et al., 2022).

    >>> activation_memory(1, 8, 2, 4, 1), activation_memory(1, 8, 2, 4, 1, "full")
    (1248, 64)
    """
    if min(layers, hidden, heads, tokens, batch) < 1:
        raise ValueError("layers, hidden, heads, tokens and batch are at least 1")

    if recompute == "none":
        # Scores, softmax and its dropout mask: 2 + 2 + 1 bytes a head and pair of tokens (eq. 1).
        per_token = 34 * hidden + 5 * heads * tokens
    elif recompute == "selective":
        per_token = 34 * hidden
    elif recompute == "full":
        per_token = 2 * hidden
    else:
        raise ValueError(f"recompute is none, selective or full, got {recompute!r}")
    return layers * batch * tokens * per_token


def training_time(
    parameters: int,
    tokens: int,
    gpus: int,
    peak_flops: float,
    utilisation: float,
    frozen_base: bool = False,
    recompute: bool = False,
) -> float:
    """Return the seconds that training on `tokens` takes.

    >>> round(training_time(7_000_000_000, 100_000_000, 8, 312e12, 0.4))
    4207
    """
    if min(parameters, tokens, gpus, peak_flops, utilisation) <= 0:
        raise ValueError("parameters, tokens, gpus, peak_flops and utilisation are above 0")
    if utilisation > 1:
        raise ValueError(f"utilisation is a share of the peak, got {utilisation}")

    # A multiply and an add for each parameter and token: 2. The backward pass makes two such
    # products, for the gradients of the activations and of the weights. A frozen weight needs no
    # gradient of its own, but those below it need that of its input.
    forward, to_activations, to_weights = 2, 2, 2
    flops = forward + to_activations
    if not frozen_base:
        flops += to_weights
    if recompute:
        flops += forward
    return flops * parameters * tokens / (gpus * peak_flops * utilisation)


def break_even_requests(
    training_cost: int,
    shared_prompt_tokens: int,
    query_tokens: int,
    answer_tokens: int,
    base_price: tuple[int, int],
    tuned_price: tuple[int, int],
) -> int | None:
    """Return the least number of requests at which tuning costs no more than prompting.

    >>> break_even_requests(1000, 90, 10, 5, (1, 2), (2, 4))
    15
    """
    counts = (training_cost, shared_prompt_tokens, query_tokens, answer_tokens)
    if min(*counts, *base_price, *tuned_price) < 0:
        raise ValueError("costs, tokens and prices are not negative")

    prompting = (shared_prompt_tokens + query_tokens) * base_price[0]
    prompting += answer_tokens * base_price[1]
    tuned = query_tokens * tuned_price[0] + answer_tokens * tuned_price[1]
    if training_cost == 0:
        return 0
    if tuned >= prompting:
        return None
    return ceil_divide(training_cost, prompting - tuned)


def component_bytes(parameters: int, method: str, adapter_parameters: int) -> dict[str, int]:
    """Return what each component takes when nothing is sharded."""
    if method in FULL_METHODS:
        if adapter_parameters != 0:
            raise ValueError(f"{method} trains no adapters, got {adapter_parameters} parameters")
        return {name: size * parameters for name, size in FULL_METHODS[method].items()}
    if method not in ADAPTER_METHODS:
        methods = [*FULL_METHODS, *ADAPTER_METHODS]
        raise ValueError(f"method is one of {methods}, got {method!r}")
    if adapter_parameters < 1:
        raise ValueError(f"{method} has at least 1 adapter parameter, got {adapter_parameters}")
    base = 2 * parameters if method == "lora" else nf4_bytes(parameters)
    # What is trained is the adapter, in fp32; the base is only read.
    return {
        "weights": base + 4 * adapter_parameters,
        "gradients": 4 * adapter_parameters,
        "optimizer": 8 * adapter_parameters,
        "master": 0,
    }


def nf4_bytes(parameters: int) -> int:
    """Return the bytes of a base in NF4 with constants quantised twice (Dettmers et al., 2023).

    Half a byte a weight, a byte for each block of 64 weights, four for each 256 such blocks.
    """
    blocks = ceil_divide(parameters, 64)
    return ceil_divide(parameters, 2) + blocks + 4 * ceil_divide(blocks, 256)


def ceil_divide(amount: int, size: int) -> int:
    """Divide and round up, in whole numbers: floats lose bytes from 2⁵³ on."""
    return -(-amount // size)
