"""Checks of a profile for suites: no findings, or one budget.

Each failure carries its `kind` ("findings", or the budget's name), by which a diagnosis tells
whether a misconception fails a test in the same way.
"""

from __future__ import annotations

from autograder.checks import CheckFailed
from autograder.gpu.analysis import Launch, Profile

__all__ = [
    "COALESCED",
    "assert_at_most",
    "assert_coalesced",
    "assert_launches",
    "assert_no_findings",
    "totals",
]

COALESCED = 4.5
"""Sectors a request of coalesced code takes at most: 4, and a little for rows not aligned."""

MEANING = {
    "global_load_bytes": "bytes loaded from arrays",
    "global_store_bytes": "bytes stored to arrays",
    "load_sectors_per_request": "32-byte sectors a warp's load touches",
    "store_sectors_per_request": "32-byte sectors a warp's store touches",
    "bank_conflicts": "extra wavefronts of shared memory",
    "atomics": "atomic operations on arrays",
    "shared_atomics": "atomic operations on shared memory",
    "barriers": "block-wide barriers",
    "launches": "launches",
}


def assert_no_findings(profile: Profile) -> None:
    """Refuse races, accesses out of bounds, divergent barriers and their like."""
    if profile.findings:
        lines = [f"  {finding}" for finding in profile.findings[:6]]
        more = len(profile.findings) - len(lines)
        lines += [f"  … and {more} more"] if more > 0 else []
        raise CheckFailed("\n".join(["the kernel has findings:", *lines]), kind="findings")


def totals(profile: Profile, count: str) -> float:
    """Return a count over all launches of a profile; a ratio is that of the sums."""
    if count == "launches":
        return len(profile.launches)
    if count.endswith("sectors_per_request"):
        prefix = count.removesuffix("sectors_per_request")
        requests = totals(profile, f"{prefix}requests")
        return totals(profile, f"{prefix}sectors") / requests if requests else 0.0
    return float(sum(getattr(launch, count) for launch in profile.launches))


def assert_at_most(profile: Profile, count: str, limit: float, *, why: str = "") -> None:
    """Hold one count of a profile, by its name in `Launch`, against an upper bound."""
    found = totals(profile, count)
    if found > limit:
        what = MEANING.get(count, count.replace("_", " "))
        text = f"{what}: {found:g}, at most {limit:g} are needed"
        lines = [text + (f" ({why})" if why else ""), *_worst_lines(profile, count)]
        raise CheckFailed("\n".join(lines), kind=count)


def assert_coalesced(profile: Profile, *, loads: bool = True, stores: bool = True) -> None:
    """Hold sectors a request of loads and stores against what coalesced code takes."""
    why = "neighbouring threads should touch neighbouring addresses"
    if loads:
        assert_at_most(profile, "load_sectors_per_request", COALESCED, why=why)
    if stores:
        assert_at_most(profile, "store_sectors_per_request", COALESCED, why=why)


def assert_launches(profile: Profile, count: int) -> None:
    """Refuse another number of launches."""
    found = len(profile.launches)
    if found != count:
        names = ", ".join(launch.name for launch in profile.launches) or "none"
        raise CheckFailed(f"{found} launches ({names}), expected {count}", kind="launches")


def _worst_lines(profile: Profile, count: str) -> list[str]:
    """Return the learner's lines that a ratio of sectors comes from."""
    if not count.endswith("sectors_per_request"):
        return []
    lines = [
        (line.sectors_per_request, line.line, launch)
        for launch in profile.launches
        for line in launch.lines
        if line.sectors_per_request > COALESCED
    ]
    lines.sort(key=lambda entry: -entry[0])
    return [
        f"  line {number}: {ratio:.1f} sectors a request: {_text(launch, number)}"
        for ratio, number, launch in lines[:3]
    ]


def _text(launch: Launch, number: int) -> str:
    lines = launch.source.splitlines()
    return lines[number - 1].strip()[:80] if 0 < number <= len(lines) else ""
