"""The figures of a class, from the reports of its gradebook: plain data for the class page."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.submissions import SUFFIXES
from autograder.report import Report, Verdict, number


@dataclass(frozen=True)
class Student:
    """One student: a name, and a report for each kata."""

    name: str
    reports: dict[str, Report]

    @property
    def points(self) -> float:
        """What all katas gave."""
        return sum(report.points for report in self.reports.values())

    @property
    def max_points(self) -> float:
        """What all katas are worth."""
        return sum(report.max_points for report in self.reports.values())

    @property
    def seconds(self) -> float:
        """How long judging took."""
        return sum(report.seconds for report in self.reports.values())


@dataclass(frozen=True)
class TestFigures:
    """One test: how many failed it, and how."""

    __test__ = False

    sentence: str
    task: str | None
    failed: int
    count: int
    verdicts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Misconception:
    """One wrong turn, and how many took it."""

    name: str
    task: str | None
    says: str
    count: int


@dataclass(frozen=True)
class KataFigures:
    """What a class did with one kata."""

    kata: str
    count: int
    max_points: float
    mean: float
    median: float
    perfect: int
    nothing: int
    distribution: tuple[tuple[str, int], ...]
    tests: tuple[TestFigures, ...]
    misconceptions: tuple[Misconception, ...]
    seconds: tuple[float, float, float]
    slowest: tuple[tuple[str, float], ...]


def students(reports: Iterable[Report]) -> list[Student]:
    """Group reports by student: the name of a file or folder, as long as that tells them apart."""
    found = list(reports)
    names = Counter((report.kata, short_name(report.submission)) for report in found)
    clashing = {name for (_, name), count in names.items() if count > 1}
    grouped: defaultdict[str, dict[str, Report]] = defaultdict(dict)
    for report in found:
        name = short_name(report.submission)
        grouped[report.submission if name in clashing else name][report.kata] = report
    return [Student(name, grouped[name]) for name in sorted(grouped)]


def short_name(submission: str) -> str:
    """Return a submission's name without the folder of the class and the file's ending."""
    path = Path(submission)
    return (path.stem if path.suffix in SUFFIXES else path.name) or submission


def failures(report: Report) -> list[Verdict]:
    """Return the verdicts that cost points."""
    return [v for v in report.verdicts if v.verdict not in ("passed", "skipped")]


def kata_figures(kata: str, reports: Sequence[Report]) -> KataFigures:
    """Count what the reports of one kata say."""
    points = [report.points for report in reports]
    most = max(report.max_points for report in reports)
    times = sorted(report.seconds for report in reports)
    slow = sorted(reports, key=lambda report: -report.seconds)[:5]
    return KataFigures(
        kata=kata,
        count=len(reports),
        max_points=most,
        mean=statistics.fmean(points),
        median=statistics.median(points),
        perfect=sum(report.points >= report.max_points for report in reports),
        nothing=sum(value <= 0 for value in points),
        distribution=tuple(_distribution(points, most)),
        tests=tuple(_tests(reports)),
        misconceptions=tuple(_misconceptions(reports)),
        seconds=(statistics.median(times), times[math.ceil(0.9 * len(times)) - 1], times[-1]),
        slowest=tuple((report.submission, report.seconds) for report in slow),
    )


def _distribution(points: Sequence[float], most: float) -> Iterable[tuple[str, int]]:
    """Yield ranges of points and how many lie in each; all points have a range of their own."""
    width = max(1, math.ceil(most / 12))
    start = 0.0
    while start < most:
        end = min(start + width, most)
        count = sum(start <= value < end for value in points)
        yield f"{number(start)} to below {number(end)}", count
        start = end
    yield f"all {number(most)}", sum(value >= most for value in points)


def _tests(reports: Sequence[Report]) -> Iterable[TestFigures]:
    """Yield each test, its cases taken together: a submission fails it if it fails one of them."""
    counts: Counter[str] = Counter()
    first: dict[str, Verdict] = {}
    failed: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        seen: dict[str, str | None] = {}
        for verdict in report.verdicts:
            test = verdict.test.partition("[")[0]
            first.setdefault(test, verdict)
            lost = verdict.verdict not in ("passed", "skipped")
            seen[test] = seen.get(test) or (verdict.verdict if lost else None)
        for test, kind in seen.items():
            counts[test] += 1
            if kind is not None:
                failed[test][kind] += 1
    for test in sorted(counts, key=lambda test: -failed[test].total()):
        yield TestFigures(
            sentence=first[test].sentence.partition(" [")[0],
            task=first[test].task,
            failed=failed[test].total(),
            count=counts[test],
            verdicts=tuple(failed[test].most_common()),
        )


def _misconceptions(reports: Sequence[Report]) -> Iterable[Misconception]:
    counts: Counter[str] = Counter()
    first: dict[str, Verdict] = {}
    for report in reports:
        named = {v.misconception: v for v in report.verdicts if v.misconception}
        for name, verdict in named.items():
            counts[name] += 1
            first.setdefault(name, verdict)
    for name, count in counts.most_common():
        yield Misconception(name, first[name].task, first[name].diagnosis or name, count)
