"""A CUDA device, where there is one: the same kernels through CuPy."""

from __future__ import annotations

import functools
import glob
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

__all__ = [
    "DEVICE_PRELUDE",
    "check_arguments",
    "has_device",
    "in_process",
    "run_cupy",
    "run_request",
    "to_host",
    "usable",
]

DEVICE_PRELUDE = r"""
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fffffff)
#define FLT_MAX 3.402823466e+38f
#define FLT_MIN 1.175494351e-38f
#define FLT_EPSILON 1.192092896e-07f
#define DBL_MAX 1.7976931348623158e+308
#define INT_MAX 2147483647
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX 4294967295u
typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
"""
"""What NVRTC lacks; it goes before the source."""


@functools.cache
def cupy() -> ModuleType | None:
    """Return CuPy if a device answers in this process, else None."""
    if os.environ.get("KATA_GPU", "").lower() in ("0", "off", "cpu"):
        return None
    try:
        import cupy as module
    except ImportError:
        return None
    try:
        available = module.cuda.is_available() and module.zeros(1).sum().item() == 0
    except Exception:  # the driver's errors are of many kinds
        return None
    return module if available else None


def usable() -> bool:
    """Whether values come from a device: one is there, CuPy too, and $KATA_GPU is not 0.

    Without a device's file CuPy is not even imported, which would take a third of a second.
    """
    return has_device() and cupy() is not None


def has_device() -> bool:
    """Whether the system shows a device of NVIDIA's to this process."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return bool(glob.glob("/dev/nvidia[0-9]*")) or os.path.exists("/dev/dxg")


def in_process(args: Sequence[Any]) -> bool:
    """Whether a kernel is given arrays of CuPy, which only this process can see."""
    module = sys.modules.get("cupy")
    return module is not None and any(isinstance(each, module.ndarray) for each in args)


def check_arguments(args: Sequence[Any]) -> None:
    """Raise what a launch on the CPU raises for arguments that are no device's.

    Raises:
        TypeError: for a bare Python number.
        ValueError: for an array that is not C-contiguous.
    """
    for number, argument in enumerate(args, start=1):
        if type(argument) in (bool, int, float):
            raise TypeError(
                f"argument {number} is a bare Python {type(argument).__name__}, which "
                "is 64 bits wide: pass xp.int32(…) or xp.float32(…)"
            )
        flags = getattr(argument, "flags", None)
        if getattr(argument, "ndim", 0) and flags is not None and not flags.c_contiguous:
            raise ValueError(f"argument {number}: an array that is not C-contiguous")


def run_cupy(
    source: str,
    name: str,
    options: Sequence[str],
    grid: Sequence[int],
    block: Sequence[int],
    args: Sequence[Any],
    shared_mem: int,
) -> None:
    """Launch on the device; the arrays are CuPy's."""
    module = cupy()
    assert module is not None
    text = f'{DEVICE_PRELUDE}\n#line 1 "kernel.cu"\n{source}'
    kernel = module.RawKernel(text, name, options=tuple(options))
    kernel(tuple(grid), tuple(block), tuple(args), shared_mem=shared_mem)
    module.cuda.get_current_stream().synchronize()


def run_request(request: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
    """Run a request on the device, from arrays of the CPU to new arrays of the CPU."""
    module = cupy()
    assert module is not None
    buffers = [module.asarray(array) for array in request["buffers"]]
    args = [buffers[value] if tag == "buffer" else value for tag, value in request["args"]]
    run_cupy(
        request["source"],
        request["name"],
        request["options"],
        request["grid"],
        request["block"],
        args,
        request["shared_mem"],
    )
    return [module.asnumpy(buffer) for buffer in buffers]


def to_host(args: Sequence[Any]) -> list[Any]:
    """Copy CuPy's arrays among the arguments to the CPU, one passed twice once."""
    module = cupy()
    assert module is not None
    copies: dict[int, np.ndarray[Any, Any]] = {}
    host: list[Any] = []
    for argument in args:
        if isinstance(argument, module.ndarray):
            place = int(argument.data.ptr)
            if place not in copies:
                copies[place] = module.asnumpy(argument)
            host.append(copies[place])
        else:
            host.append(argument)
    return host
