"""Triton kernels of a submission: interpreted on the CPU, and counted.

Katas of Triton require this module before triton itself, since its import switches the interpreter
on, which triton reads when its own functions are made. In the process that holds the submission
each launch is told to the judge; there a task that launched nothing has its result refused.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

from autograder.gpu.service import NothingLaunched
from autograder.sandbox import submission as judged
from autograder.sandbox import worker
from autograder.sandbox.submission import Remote, Submission

TRITON = "triton launch"


def _switch_on() -> None:
    """Have triton's functions made for the interpreter, also where they have been made already.

    An optimizer's first step imports triton, and with it a kata before this one may have.
    """
    if "TRITON_INTERPRET" in os.environ:
        return
    os.environ["TRITON_INTERPRET"] = "1"
    for name in [n for n in sys.modules if n == "triton" or n.startswith("triton.")]:
        if not name.startswith("triton._C"):  # a compiled module can't be loaded twice
            del sys.modules[name]


def _counted(run: Any) -> Any:
    """Tell the judge of each launch that the running submission makes."""

    @functools.wraps(run)
    def counting(kernel: Any, *args: Any, **kwargs: Any) -> Any:
        server = worker.current()
        if server is not None and not kwargs.get("warmup"):
            server.ask(("service", TRITON, None))
        return run(kernel, *args, **kwargs)

    return counting


def _watch() -> None:
    try:
        from triton.runtime.interpreter import InterpretedFunction
        from triton.runtime.jit import JITFunction
    except ImportError:  # whoever needs it says so
        return
    for kind in (InterpretedFunction, JITFunction):
        kind.run = _counted(kind.run)


def _launched(submission: Submission, _: Any) -> None:
    submission._record.uncounted += 1


def _must_launch(submission: Submission, remote: Remote, args: tuple[Any, ...], _: int) -> None:
    """Refuse a result of a Triton kata that no kernel had a part in.

    Where a tensor is empty there may be nothing to compute.

    Raises:
        NothingLaunched: if a call without empty tensors launched no kernel.
    """
    if __name__ not in submission._kata.requires:
        return
    made, submission._record.uncounted = submission._record.uncounted, 0
    sizes = [arg.numel() for arg in args if hasattr(arg, "numel")]
    if not made and sizes and all(sizes):
        raise NothingLaunched(f"`{remote._label}` launched no kernel: the arithmetic belongs there")


_switch_on()
_watch()
judged.SERVICES[TRITON] = _launched
judged.AFTER_CALL.append(_must_launch)
