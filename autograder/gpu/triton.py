"""Triton without a GPU: its interpreter, switched on before anything imports it."""

from __future__ import annotations

import glob
import os
import sys

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
        wanted = "0" if _has_device() else "1"
        if wanted == "1" and "triton" in sys.modules:
            raise RuntimeError("triton was imported before TRITON_INTERPRET=1 was set")
        os.environ["TRITON_INTERPRET"] = wanted
    return wanted == "1"


def interpreted() -> bool:
    """Whether kernels of this process are interpreted."""
    return os.environ.get("TRITON_INTERPRET") == "1"


def _has_device() -> bool:
    """Whether the driver shows a device; asking torch would take seconds."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return bool(glob.glob("/dev/nvidia[0-9]*")) or os.path.exists("/dev/dxg")
