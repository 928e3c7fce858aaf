"""The bill of fine-tuning: memory, time, break-even. The question is in README.md."""


def state_memory(
    parameters: int,
    method: str,
    adapter_parameters: int = 0,
    gpus: int = 1,
    stage: int = 0,
) -> dict[str, int]:
    """Return the bytes that one GPU holds of weights, gradients and states of Adam.

    Args:
        parameters: those of the model (the base, without adapters).
        method: "fp32", "bf16_mixed", "bf16_pure", "lora" or "qlora".
        adapter_parameters: those of the adapters, for "lora" and "qlora".
        gpus: how many GPUs share what `stage` shards.
        stage: of ZeRO, 0 to 3.

    Returns:
        `weights`, `gradients`, `optimizer`, `master` and their sum, `total`; all are ints.

    Raises:
        ValueError: if the method or the stage is unknown, gpus or parameters is below 1, a method
            without adapters is given some, or one with adapters none.
    """
    raise NotImplementedError


def activation_memory(
    layers: int, hidden: int, heads: int, tokens: int, batch: int, recompute: str = "none"
) -> int:
    """Return the bytes of activations kept for the backward pass (Korthikanti et al., 2022).

    Args:
        layers: how many blocks there are.
        hidden: the width of the model.
        heads: the heads of each attention.
        tokens: the length of each sequence.
        batch: how many sequences there are.
        recompute: "none", "selective" (attention scores) or "full" (only inputs of blocks stay).

    Raises:
        ValueError: if `recompute` is none of these, or a size is below 1.
    """
    raise NotImplementedError


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

    Args:
        parameters: those of the model.
        tokens: those of all epochs.
        gpus: how many compute.
        peak_flops: what one GPU could do a second.
        utilisation: the share of that which it does.
        frozen_base: whether the weights get no gradient, as under LoRA.
        recompute: whether the backward pass runs the forward pass again.

    Raises:
        ValueError: if a number is not above 0, or the utilisation is above 1.
    """
    raise NotImplementedError


def break_even_requests(
    training_cost: int,
    shared_prompt_tokens: int,
    query_tokens: int,
    answer_tokens: int,
    base_price: tuple[int, int],
    tuned_price: tuple[int, int],
) -> int | None:
    """Return the least number of requests at which tuning costs no more than prompting.

    The tuned model needs no shared prompt. Prices are (input, output) a token, in the unit of
    `training_cost`. None where no number of requests is enough.

    Raises:
        ValueError: if an argument or a price is negative.
    """
    raise NotImplementedError
