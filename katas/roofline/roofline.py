"""The roofline: what bounds a layer, a decoding step and a fusion. The question is in README.md."""


def linear_roofline(
    tokens: int,
    d_in: int,
    d_out: int,
    weight_bytes: float,
    activation_bytes: float,
    device: dict[str, float],
) -> dict[str, float | str]:
    """Put y = x Wᵀ, for x [tokens, d_in], under the roofline of a device.

    `device` is {"flops": FLOP/s, "bandwidth": bytes/s}; the byte sizes are of one element.

    Returns at least the keys flops, bytes, intensity, time (seconds) and bound ("compute" or
    "memory"; "compute" where both take the same time).

    Raises:
        ValueError: if a count is below 1, or a byte size or device value is not above 0.
    """
    raise NotImplementedError


def decode_step(
    model: dict[str, int],
    batch: int,
    context: int,
    weight_bytes: float,
    kv_bytes: float,
    device: dict[str, float],
) -> dict[str, float | str]:
    """Put one decoding step of `batch` sequences under the roofline.

    `model` has the keys parameters, layers, heads, kv_heads and d_head. Each sequence attends to
    `context` cached tokens of its own.

    Returns the keys of `linear_roofline`, and tokens_per_second.

    Raises:
        ValueError: if `batch` is below 1, `context` below 0, or a byte size or device value is not
            above 0.
    """
    raise NotImplementedError


def compute_bound_batch(
    model: dict[str, int],
    context: int,
    weight_bytes: float,
    kv_bytes: float,
    device: dict[str, float],
) -> int | None:
    """Return the smallest batch at which `decode_step` is bound by compute; None if none is.

    Raises:
        ValueError: as `decode_step`.
    """
    raise NotImplementedError


def fusion_traffic(
    ops: list[tuple[str, list[str]]], sizes: dict[str, int], outputs: list[str]
) -> tuple[int, int]:
    """Return the bytes that elementwise operations move: (one kernel each, one kernel for all).

    An operation is (output name, input names), in the order in which they run; `sizes` has the
    bytes of every name.

    Raises:
        ValueError: if a name is produced twice, is read by the operation that produces it or by an
            earlier one, or is in `outputs` and produced by none.
    """
    raise NotImplementedError
