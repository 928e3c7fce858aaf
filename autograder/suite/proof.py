"""What `kata verify` found out about one kata."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from autograder.report import Verdict


class Proof(msgspec.Struct, kw_only=True):
    """What `kata verify` found out about one kata."""

    kata: str
    problems: list[str] = []
    notes: list[str] = []
    tests: int = 0
    median: float = 0.0
    slowest: list[tuple[str, float]] = []
    named: dict[str, dict[str, int]] = {}
    oracle: str = "none"
    mutants: int = 0
    killed: int = 0
    equivalent: int = 0
    survivors: list[str] = []

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems


def fails(verdict: Verdict) -> bool:
    """Say whether a verdict is one of failure."""
    return verdict.verdict not in ("passed", "skipped")


def failures(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that are ones of failure."""
    return list(filter(fails, verdicts))
