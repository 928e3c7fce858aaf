"""Triton without a GPU: its interpreter, switched on before anything imports it."""

from __future__ import annotations

import os
import sys

from autograder.gpu.device import has_device

__all__ = ["interpreted", "prepare"]


def prepare() -> bool:
    """Choose between compiled and interpreted kernels, for this process and its children.

    To be called before anything imports triton, which reads the switch once. A setting that is
    there already stays.

    Returns:
        Whether kernels are interpreted, on tensors of the CPU.

    Raises:
        RuntimeError: if triton is imported already, with the other setting.
    """
    wanted = os.environ.get("TRITON_INTERPRET")
    if wanted is None:
        wanted = "0" if has_device() else "1"
        if wanted == "1" and "triton" in sys.modules:
            raise RuntimeError("triton was imported before TRITON_INTERPRET=1 was set")
        os.environ["TRITON_INTERPRET"] = wanted
    return wanted == "1"


def interpreted() -> bool:
    """Whether kernels of this process are interpreted."""
    return os.environ.get("TRITON_INTERPRET") == "1"
