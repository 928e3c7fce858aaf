"""`xp`: numpy whose new arrays show what no thread wrote, or CuPy where a device is usable."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from autograder.gpu import device

__all__ = ["AlignedNumpy", "make_xp"]

ALIGNMENT = 256


class AlignedNumpy(ModuleType):
    """Everything of numpy; `empty` fills with 0xFF bytes, new arrays are aligned."""

    def __init__(self) -> None:
        super().__init__("autograder.gpu.xp", "numpy, with new arrays as a kernel wants them")

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def __dir__(self) -> list[str]:
        return sorted({*dir(np), "empty", "empty_like", "zeros", "ones", "full"})

    def empty(self, shape: Any, dtype: Any = float, order: Any = "C", **_: Any) -> Any:
        """Make an array of 0xFF bytes (NaN, −1), aligned to 256 bytes."""
        return _new(shape, dtype, order, 0xFF)

    def empty_like(
        self,
        prototype: Any,
        dtype: Any = None,
        order: Any = "K",
        subok: bool = True,
        shape: Any = None,
        **_: Any,
    ) -> Any:
        """Make an array of 0xFF bytes in the shape of another."""
        like = np.asarray(prototype)
        fortran = order == "F" or (
            order in "KA" and like.flags.f_contiguous and not like.flags.c_contiguous
        )
        return _new(
            like.shape if shape is None else shape,
            dtype or like.dtype,
            "F" if fortran else "C",
            0xFF,
        )

    def zeros(self, shape: Any, dtype: Any = float, order: Any = "C", **_: Any) -> Any:
        """Make an array of zeros, aligned to 256 bytes."""
        return _new(shape, dtype, order, 0)

    def zeros_like(self, prototype: Any, dtype: Any = None, **_: Any) -> Any:
        """Make an array of zeros in the shape of another."""
        like = np.asarray(prototype)
        return _new(like.shape, dtype or like.dtype, "C", 0)


def _new(shape: Any, dtype: Any, order: Any, byte: int) -> np.ndarray[Any, Any]:
    kind = np.dtype(dtype)
    if kind.hasobject:
        return np.empty(shape, kind, order)
    shape = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(map(int, shape))
    if any(size < 0 for size in shape):
        raise ValueError("negative dimensions are not allowed")
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    raw = np.full(size + ALIGNMENT, byte, dtype=np.uint8)
    skip = -raw.__array_interface__["data"][0] % ALIGNMENT
    return np.ndarray(shape, kind, buffer=raw.data, offset=skip, order=order or "C")


def make_xp() -> Any:
    """Choose: CuPy where a device is usable, else numpy."""
    module = device.cupy() if device.usable() else None
    return module if module is not None else AlignedNumpy()
