"""What a call changed in place among its arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def first_change(
    before: Any,
    after: Any,
    stays: Callable[[Any], bool],
    place: tuple[int | str, ...] = (),
) -> tuple[int | str, ...] | None:
    """Return the place of the first difference between two plain values, or None.

    `stays` says of what stays on the other side, and so cannot differ, that it does.
    """
    if before is after or stays(before):  # what stays on its own side
        return None
    if isinstance(before, list | tuple):
        if not isinstance(after, list | tuple) or len(before) != len(after):
            return place
        pairs = enumerate(zip(before, after, strict=True))
        found = (first_change(b, a, stays, (*place, i)) for i, (b, a) in pairs)
        return next((f for f in found if f is not None), None)
    if isinstance(before, dict):
        if not isinstance(after, dict) or list(before) != list(after):
            return place
        found = (first_change(b, after[key], stays, (*place, key)) for key, b in before.items())
        return next((f for f in found if f is not None), None)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(before, torch.Tensor):
        same = isinstance(after, torch.Tensor) and before.shape == after.shape
        same = same and before.dtype == after.dtype and _same_tensor(torch, before, after)
        return None if same else place
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(before, numpy.ndarray):
        same = isinstance(after, numpy.ndarray) and before.shape == after.shape
        same = same and before.dtype == after.dtype
        same = same and numpy.ascontiguousarray(before).tobytes() == after.tobytes()
        return None if same else place
    try:
        same = bool(before == after or (before != before and after != after))  # NaN
    except Exception:  # what came back is of another kind, and may compare as it likes
        same = False
    return None if same else place


def _same_tensor(torch: Any, before: Any, after: Any) -> bool:
    return bool(torch.equal(_bytes(torch, before), _bytes(torch, after)))


def _bytes(torch: Any, tensor: Any) -> Any:
    flat = tensor.detach().contiguous().reshape(-1)
    if flat.numel() < 2:  # which may have any stride, and a view as bytes wants 1
        flat = flat.as_strided(flat.shape, (1,))
    return flat.view(torch.uint8)
