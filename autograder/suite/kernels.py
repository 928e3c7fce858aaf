"""When a misconception explains a failed test of a CUDA kata.

Two people's wrong kernels seldom give the same numbers: a race may or may not show. So what has to
agree is the way in which a test fails: the same findings, the same budget, the same error; and the
values only where no launch has findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from autograder.catalog import Kata
from autograder.checks import CheckFailed, close
from autograder.sandbox.failures import raised_by_submission
from autograder.suite.judging import Outcome

if TYPE_CHECKING:
    from autograder.gpu.analysis import Finding

Kinds = frozenset[tuple[str, str]]

OUT_OF_BOUNDS: Kinds = frozenset({("out_of_bounds", "")})
AFTER_A_DIVERGENT_BARRIER = ("race", "uninitialized_shared")
WHOLE_BLOCKS = "whole_blocks"
"""The marker of a task's test of values whose sizes are multiples of every usual block."""


def is_cuda(kata: Kata) -> bool:
    """Say whether a kata's tasks launch CUDA kernels."""
    return "autograder.gpu" in kata.requires


def first_block(outcome: Outcome) -> tuple[int, ...] | None:
    """Return the block of the first launch of a run, or None where nothing was launched."""
    from autograder.gpu.service import launches

    made = launches(outcome.record)
    return made[0][2] if made else None


def kinds(outcome: Outcome) -> Kinds:
    """Return the kinds of finding of all launches of a run, races with their hazards.

    An access out of bounds ends a launch and hides all else; what follows from a divergent barrier
    is hidden by it.
    """
    from autograder.gpu.service import launches

    found: set[tuple[str, str]] = set()
    for launch, error, _ in launches(outcome.record):
        findings: Sequence[Finding] = launch.findings if launch is not None else ()
        found |= {(finding.kind, finding.hazard) for finding in findings}
        if launch is None and error and error.get("finding"):
            found.add((str(error["finding"]["kind"]), ""))
    if OUT_OF_BOUNDS & found:
        return OUT_OF_BOUNDS
    if ("divergent_barrier", "") in found:
        found = {kind for kind in found if kind[0] not in AFTER_A_DIVERGENT_BARRIER}
    return frozenset(found)


def agree(learner: Outcome, other: Outcome) -> bool:
    """Say whether another run of a test failed in the same way as the learner's."""
    from autograder.gpu.budgets import MEANING

    mine, theirs = learner.error, other.error
    raised, other_raised = _raised(mine), _raised(theirs)
    if raised is not None or other_raised is not None:
        return raised == other_raised and kinds(learner) == kinds(other)
    if isinstance(mine, CheckFailed) and mine.kind == "findings":
        same = isinstance(theirs, CheckFailed) and theirs.kind == "findings"
        return same and kinds(learner) == kinds(other)
    if isinstance(mine, CheckFailed) and mine.kind in MEANING:
        return isinstance(theirs, CheckFailed) and theirs.kind == mine.kind
    if type(mine) is not type(theirs):
        return False
    if not isinstance(mine, AssertionError):  # nothing was launched, an argument was changed
        return mine is not None
    if kinds(learner):
        return kinds(learner) == kinds(other)
    return not kinds(other) and _same_values(learner, other)


def whole_blocks(peers: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests of values in which a missing bounds check does not show."""
    return [peer for peer in peers if peer.get_closest_marker(WHOLE_BLOCKS)]


def _raised(error: BaseException | None) -> str | None:
    raised = raised_by_submission(error) if error is not None else None
    return raised.kind if raised is not None else None


def _same_values(learner: Outcome, other: Outcome) -> bool:
    mine, theirs = (
        [
            (c.what, c.outcome, c.value)
            for c in outcome.record.crossings
            if c.what not in ("launch", "profile")
        ]
        for outcome in (learner, other)
    )
    if len(theirs) < len(mine):
        return False
    return all(a[:2] == b[:2] and close(a[2], b[2]) for a, b in zip(mine, theirs, strict=False))
