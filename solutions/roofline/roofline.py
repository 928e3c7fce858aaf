"""The roofline: what bounds a layer, a decoding step and a fusion: the reference."""

import math


def linear_roofline(
    tokens: int,
    d_in: int,
    d_out: int,
    weight_bytes: float,
    activation_bytes: float,
    device: dict[str, float],
) -> dict[str, float | str]:
    """Put y = x Wᵀ, for x [tokens, d_in], under the roofline of a device.

    >>> linear_roofline(4, 8, 5, 2, 2, {"flops": 1000.0, "bandwidth": 10.0})["time"]
    18.4
    """
    if min(tokens, d_in, d_out) < 1:
        raise ValueError(f"tokens = {tokens}, d_in = {d_in}, d_out = {d_out}: at least 1 each")
    require_positive(weight_bytes, activation_bytes, device)
    flops = 2 * tokens * d_in * d_out  # a multiply and an add for each weight and token
    traffic = d_in * d_out * weight_bytes + tokens * (d_in + d_out) * activation_bytes
    return roofline(flops, traffic, device)


def decode_step(
    model: dict[str, int],
    batch: int,
    context: int,
    weight_bytes: float,
    kv_bytes: float,
    device: dict[str, float],
) -> dict[str, float | str]:
    """Put one decoding step of `batch` sequences under the roofline.

    >>> model = {"parameters": 100, "layers": 1, "heads": 2, "kv_heads": 1, "d_head": 4}
    >>> decode_step(model, 2, 3, 2, 2, {"flops": 1000.0, "bandwidth": 10.0})["bytes"]
    296
    """
    if batch < 1:
        raise ValueError(f"batch = {batch} generates no token")
    weights, cache, token_flops = parts_of_a_step(model, context, weight_bytes, kv_bytes, device)
    # What batching shares is the weights: every sequence brings its own tokens and cache.
    result = roofline(batch * token_flops, weights + batch * cache, device)
    return {**result, "tokens_per_second": batch / result["time"]}


def compute_bound_batch(
    model: dict[str, int],
    context: int,
    weight_bytes: float,
    kv_bytes: float,
    device: dict[str, float],
) -> int | None:
    """Return the smallest batch at which `decode_step` is bound by compute; None if none is.

    >>> model = {"parameters": 100, "layers": 1, "heads": 2, "kv_heads": 1, "d_head": 4}
    >>> compute_bound_batch(model, 0, 2, 2, {"flops": 1000.0, "bandwidth": 10.0})
    100
    """
    weights, cache, token_flops = parts_of_a_step(model, context, weight_bytes, kv_bytes, device)
    # batch · compute ≥ weights + batch · cache, all in seconds, solved for the batch.
    gain = token_flops / device["flops"] - cache / device["bandwidth"]
    if gain <= 0:
        return None  # each sequence adds as much memory time as compute time, or more
    return math.ceil(weights / device["bandwidth"] / gain)


def fusion_traffic(
    ops: list[tuple[str, list[str]]], sizes: dict[str, int], outputs: list[str]
) -> tuple[int, int]:
    """Return the bytes that elementwise operations move: (one kernel each, one kernel for all).

    >>> ops = [("h", ["x", "b"]), ("y", ["h", "h"])]
    >>> fusion_traffic(ops, {"x": 8, "b": 8, "h": 8, "y": 8}, ["y"])
    (40, 24)
    """
    produced = {output for output, _ in ops}
    if len(produced) < len(ops):
        raise ValueError("ops produce a name twice")
    if not set(outputs) <= produced:
        raise ValueError(f"outputs: {sorted(set(outputs) - produced)} are produced by no operation")

    unfused = 0
    to_come = set(produced)
    for output, inputs in ops:
        if to_come & set(inputs):
            raise ValueError(f"ops: {output} reads {inputs}, not all of which are there by then")
        to_come.remove(output)
        unfused += sum(sizes[name] for name in {*inputs, output})
    given = {name for _, inputs in ops for name in inputs} - produced
    fused = sum(sizes[name] for name in given | set(outputs))
    return unfused, fused


def roofline(flops: float, traffic: float, device: dict[str, float]) -> dict[str, float | str]:
    """Say how long so many operations and bytes take (Williams et al., 2009), and what bounds."""
    compute, memory = flops / device["flops"], traffic / device["bandwidth"]
    return {
        "flops": flops,
        "bytes": traffic,
        "intensity": flops / traffic,
        "time": max(compute, memory),  # the two overlap
        "bound": "compute" if compute >= memory else "memory",
    }


def parts_of_a_step(
    model: dict[str, int],
    context: int,
    weight_bytes: float,
    kv_bytes: float,
    device: dict[str, float],
) -> tuple[float, float, float]:
    """Return the bytes of the weights, and for one sequence the bytes of its cache and its FLOPs.

    Everything is checked here but the batch.
    """
    if context < 0:
        raise ValueError(f"context = {context} is negative")
    require_positive(weight_bytes, kv_bytes, device)
    parameters, layers, d_head = model["parameters"], model["layers"], model["d_head"]
    weights = parameters * weight_bytes
    cache = context * 2 * layers * model["kv_heads"] * d_head * kv_bytes  # keys and values
    # q · k and the weighted sum of the values are a multiply and an add a number each.
    token_flops = 2 * parameters + 4 * layers * model["heads"] * d_head * context
    return weights, cache, token_flops


def require_positive(one_bytes: float, other_bytes: float, device: dict[str, float]) -> None:
    """Raise where an element has no bytes, or the device no speed."""
    if min(one_bytes, other_bytes) <= 0:
        raise ValueError(f"bytes of an element have to be above 0, got {one_bytes}, {other_bytes}")
    if min(device["flops"], device["bandwidth"]) <= 0:
        raise ValueError(f"device = {device}: both values have to be above 0")
