"""Regrading after a suite was corrected: who changes, by how much, before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from autograder.catalog import CatalogError
from autograder.classroom.gradebook import Gradebook
from autograder.report import Report, number


class Draft(Gradebook):
    """A gradebook that keeps what it is given to itself until it is told to write.

    Args:
        path: the gradebook's file.

    Raises:
        CatalogError: if there is none, or it is no gradebook.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise CatalogError(f"{path}: no gradebook to compare with; grade without --regrade")
        super().__init__(path)
        self._before = {(report.submission, report.kata): report for report in self.reports()}
        self._rows: dict[tuple[str, str], tuple[Report, str, str, int]] = {}

    @property
    def count(self) -> int:
        """How many reports were remembered."""
        return len(self._rows)

    def write(self, report: Report, suite: str, source: str, seed: int) -> None:
        """Remember a report."""
        self._rows[report.submission, report.kata] = (report, suite, source, seed)

    def commit(self) -> None:
        """Write all that was remembered, in one transaction."""
        self._write_sources()
        self._db.execute("begin")
        for row in self._rows.values():
            super().write(*row)
        self._db.execute("commit")
        self._rows.clear()

    def close(self) -> None:
        """Close the file; nothing is written but what was committed."""
        self._sources.clear()
        super().close()

    def changes(self) -> Iterator[tuple[Report | None, Report]]:
        """Yield the old report, if any, and the new one, where the points differ."""
        for key, (report, *_) in sorted(self._rows.items()):
            before = self._before.get(key)
            if before is None or before.points != report.points:
                yield before, report

    def told(self) -> Iterator[str]:
        """Yield the lines that a person reads before deciding."""
        changes = list(self.changes())
        known = [(before, after) for before, after in changes if before is not None]
        gain = sum(after.points > before.points for before, after in known)
        yield (
            f"{self.count} judged again: {gain} gain, {len(known) - gain} lose, "
            f"{len(changes) - len(known)} new, {self.count - len(changes)} keep their points"
        )
        width = max((len(after.submission) for _, after in changes), default=0)
        for before, after in changes:
            new = f"{number(after.points)}/{number(after.max_points)}"
            if before is None:
                yield f"  {after.submission:<{width}}  {after.kata}  new: {new}"
                continue
            old = f"{number(before.points)}/{number(before.max_points)}"
            by = after.points - before.points
            sign = "+" if by > 0 else "−"
            yield (
                f"  {after.submission:<{width}}  {after.kata}  {old} → {new}"
                f"  ({sign}{number(abs(by))})"
            )
        for (kata, test), (passed, failed) in sorted(self._turned().items()):
            yield f"  {kata}: {test}: {passed} more pass, {failed} more fail"

    def _turned(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return the tests whose verdicts turned, with how many pass and fail now."""
        passed: Counter[tuple[str, str]] = Counter()
        failed: Counter[tuple[str, str]] = Counter()
        for key, (report, *_) in self._rows.items():
            before = self._before.get(key)
            if before is None:
                continue
            old = {verdict.test: verdict.verdict == "passed" for verdict in before.verdicts}
            for verdict in report.verdicts:
                now = verdict.verdict == "passed"
                if old.get(verdict.test, now) != now:
                    (passed if now else failed)[report.kata, verdict.test] += 1
        return {key: (passed[key], failed[key]) for key in passed | failed}
