"""CUDA C kernels on any machine: run, traced and judged on the CPU, unchanged on a GPU."""

from autograder.gpu import routing as _routing  # noqa: F401 — sets where launches go
from autograder.gpu.kernel import CompileError, LaunchError, RawKernel, record
from autograder.gpu.replay import learners_block
from autograder.gpu.xp import make_xp

__all__ = ["CompileError", "LaunchError", "RawKernel", "learners_block", "record", "xp"]

xp = make_xp()
"""numpy with aligned arrays, or CuPy where a device is usable in this process."""
