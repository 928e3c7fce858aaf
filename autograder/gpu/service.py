"""Kernels of a submission: the judge runs them, keeps their profiles and gives back the arrays.

Importing this registers with the sandbox: the service `launch`, which `RawKernel` asks for from
inside a submission, and `submission.profile()`. The code being judged never measures itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from autograder.gpu import kernel
from autograder.gpu.analysis import Launch, Profile
from autograder.gpu.routing import LAUNCH
from autograder.sandbox import submission as judged
from autograder.sandbox.failures import ProtocolBroken, SubmissionFailure
from autograder.sandbox.submission import Remote, Submission

PROFILED = "profile"
LAUNCHES_LIMIT = 1000
"""Launches that one test may ask for."""


class NothingLaunched(SubmissionFailure):
    """The result does not come from a kernel."""

    verdict = "wrong"


def _launch(submission: Submission, request: Any) -> dict[str, Any]:
    """Answer a submission's launch; nothing in the request is trusted."""
    seen = sum(crossing.what == LAUNCH for crossing in submission._record.crossings)
    if seen >= LAUNCHES_LIMIT:
        raise ProtocolBroken(f"more than {LAUNCHES_LIMIT} launches in one test")
    try:
        result = kernel.launch(request)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ProtocolBroken(f"a launch that no RawKernel asks for: {error}") from None
    found = None if result["launch"] is None else kernel.read_launch(result["launch"])
    submission._record.add(LAUNCH, "ok", (found, result["error"], tuple(request["block"])))
    return {**result, "launch": None}


def launches(record: judged.Record) -> list[tuple[Launch | None, Any, tuple[int, ...]]]:
    """Return what was launched in a test: launch, error and block of each."""
    return [c.value for c in record.crossings if c.what == LAUNCH]


def _profile(submission: Submission) -> Callable[[], AbstractContextManager[Profile]]:
    @contextmanager
    def profile() -> Iterator[Profile]:
        """Record the launches of the calls inside the block."""
        record = submission._record
        record.add(PROFILED, "ok", None)
        start = len(launches(record))
        found = Profile()
        try:
            yield found
        finally:
            for launch, _, _ in launches(record)[start:]:
                if launch is not None:
                    found.launches.append(launch)

    return profile


def _must_launch(submission: Submission, remote: Remote, args: tuple[Any, ...], start: int) -> None:
    """Refuse a result of a CUDA kata that no kernel wrote.

    Where an array is empty there may be nothing to compute, though others hold something: a matrix
    without rows still has a bias.

    Raises:
        NothingLaunched: if a call without empty arrays made no launch that stores anything.
    """
    if "autograder.gpu" not in submission._kata.requires:
        return
    arrays = [arg for arg in args if isinstance(arg, np.ndarray)]
    if not arrays or not all(array.size for array in arrays):
        return
    made = [
        crossing.value[0]
        for crossing in submission._record.crossings[start:]
        if crossing.what == LAUNCH
    ]
    if not made:
        raise NothingLaunched(f"`{remote._label}` launched no kernel: the arithmetic belongs there")
    if not any(
        launch is not None and (launch.global_store_bytes or launch.atomics) for launch in made
    ):
        raise NothingLaunched(f"no kernel of `{remote._label}` wrote anything to an array")


judged.SERVICES[LAUNCH] = _launch
judged.EXTENSIONS[PROFILED] = _profile
judged.AFTER_CALL.append(_must_launch)
