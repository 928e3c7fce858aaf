"""What a test may ask about the inside of a call: gradients, saved tensors, memory.

A probe is a function of ours that runs beside the submission and returns plain data. A hostile
submission can forge what a probe says, never a value, so a test with a probe checks values too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Probe = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]

PROBES: dict[str, Probe] = {}
"""The registered probes, by name."""


def probe(function: Probe) -> Probe:
    """Register a probe under its function's name."""
    PROBES[function.__name__] = function
    return function


def gradients(
    target: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    wrt: tuple[int | str, ...],
    upstream: Any,
) -> tuple[Any, ...]:
    """Run `target` forward and backward.

    Args:
        target: the function to differentiate; all tensors in its result count.
        args: its positional arguments.
        kwargs: its keyword arguments.
        wrt: the positions or keywords of the arguments asked about; each may be a tensor or a
            nested structure of tensors.
        upstream: the gradient of the result, shaped like it; None is ones.

    Returns:
        One entry for each of `wrt`, shaped like that argument; None where no gradient flowed.
    """
    import torch

    arguments: dict[int | str, Any] = dict(enumerate(args))
    arguments.update(kwargs)
    for key in wrt:
        arguments[key] = _map(arguments[key], lambda t: t.detach().clone().requires_grad_(True))
    positional = [arguments[i] for i in range(len(args))]
    named = {key: value for key, value in arguments.items() if isinstance(key, str)}
    with torch.enable_grad():
        result = target(*positional, **named)
    outputs = _tensors(result)
    if not outputs:
        raise TypeError(f"expected a tensor to differentiate, got {type(result).__name__}")
    weights = _tensors(upstream) if upstream is not None else [torch.ones_like(o) for o in outputs]
    # One number each: given `grad_outputs`, autograd imports sympy first, which takes a second.
    totals = [(o * w.to(o.dtype)).sum() for o, w in zip(outputs, weights, strict=True)]
    totals = [total for total in totals if total.requires_grad]
    leaves = [leaf for key in wrt for leaf in _tensors(arguments[key])]
    found: list[Any] = [None] * len(leaves)
    if totals:
        found = list(torch.autograd.grad(totals, leaves, allow_unused=True))
    rest = iter(found)
    return tuple(_map(arguments[key], lambda _: next(rest)) for key in wrt)


@probe
def saved_tensors(
    target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[tuple[tuple[int, ...], str]]:
    """Return shape and dtype of each tensor that autograd keeps between forward and backward."""
    import torch

    saved: list[tuple[tuple[int, ...], str]] = []

    def pack(tensor: Any) -> Any:
        saved.append((tuple(tensor.shape), str(tensor.dtype)))
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        target(*args, **kwargs)
    return saved


@probe
def peak_memory(target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """Return by how many bytes the call raised the peak resident size of its process.

    Of use in the worker make only: elsewhere the process has seen larger peaks before.
    """
    before = _peak_resident()
    result = target(*args, **kwargs)
    after = _peak_resident()
    del result
    return after - before


def _peak_resident() -> int:
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _tensors(value: Any) -> list[Any]:
    found: list[Any] = []
    _map(value, found.append)
    return found


def _map(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return `value` with each tensor in it replaced by `change(tensor)`."""
    if isinstance(value, list | tuple):
        return type(value)(_map(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _map(item, change) for key, item in value.items()}
    import torch

    return change(value) if isinstance(value, torch.Tensor) else value
