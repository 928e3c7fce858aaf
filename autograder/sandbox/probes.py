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
RECORDED = frozenset({"backward"})
"""Those whose answer is a value, as a task's result is, and may explain a failure."""


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


@probe
def kept_elements(target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """Return how many numbers are kept between forward and backward besides the arguments.

    Counted are tensors that autograd saves, and those left as attributes on a node of the graph. A
    tensor with the shape or the memory of an argument, or of a tensor that an argument holds, is
    not.
    """
    import torch

    kept: list[Any] = []

    def pack(tensor: Any) -> Any:
        kept.append(tensor)
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        result = target(*args, **kwargs)
    nodes, seen = [t.grad_fn for t in _tensors(result) if t.grad_fn is not None], set()
    while nodes:
        node = nodes.pop()
        if node is not None and node not in seen:
            seen.add(node)
            nodes.extend(following for following, _ in node.next_functions)
            kept += _tensors(list(getattr(node, "__dict__", {}).values()))
    given = [(*args, *kwargs.values()), [_held(a) for a in (*args, *kwargs.values())]]
    arguments = _tensors(given)
    shapes = {tuple(tensor.shape) for tensor in arguments}
    memory = {tensor.untyped_storage().data_ptr() for tensor in arguments}
    return sum(
        tensor.numel()
        for tensor in kept
        if tuple(tensor.shape) not in shapes and tensor.untyped_storage().data_ptr() not in memory
    )


@probe
def backward(
    target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[int | str, Any]:
    """Call `backward` on the result, with the result's own values as its gradient.

    Returns:
        The `.grad` of each tensor among the arguments, by position, and of each that an object
        among them holds, by the attribute's name.
    """
    import torch

    with torch.enable_grad():
        result = target(*args, **kwargs)
    (result * result.detach()).sum().backward()  # with an argument it would import sympy
    found: dict[int | str, Any] = {}
    for position, argument in enumerate(args):
        if isinstance(argument, torch.Tensor):
            found[position] = argument.grad
        found.update({name: tensor.grad for name, tensor in _held(argument).items()})
    return found


@probe
def traced_memory(target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """Return the most bytes that the call held at once, of what Python and numpy allocate.

    The same in both makes; torch's tensors are not in it.
    """
    import tracemalloc

    tracemalloc.start()
    try:
        target(*args, **kwargs)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@probe
def cpu_seconds(target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> float:
    """Return the CPU time that the call took, over all threads of its process."""
    import time

    before = time.process_time()
    target(*args, **kwargs)
    return time.process_time() - before


def _peak_resident() -> int:
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _held(value: Any) -> dict[str, Any]:
    """Return the tensors that are attributes of an object, which is no tensor itself."""
    import torch

    if isinstance(value, torch.Tensor):
        return {}
    attributes = getattr(value, "__dict__", {})
    return {name: held for name, held in attributes.items() if isinstance(held, torch.Tensor)}


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
