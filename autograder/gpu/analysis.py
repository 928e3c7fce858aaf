"""What a launch did: counts, findings, and figures for each line. Plain data."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["Buffer", "Finding", "Launch", "Line", "Place", "Profile", "make_launch"]

HAZARDS = {
    "read_too_early": "read before another thread has written it: the barrier between is missing",
    "overwritten_too_early": "overwritten while others still read it: the barrier after reading "
    "is missing",
    "write_write": "two threads write the same place",
    "mixed_atomic": "one access is atomic, the other is not",
    "blocks": "two blocks use the same place, and nothing orders blocks",
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A mistake that a launch showed.

    Attributes:
        kind: one of the kinds of the contract, or "crashed".
        hazard: of a race, which; else "".
        lines: the learner's lines, ascending; one line twice is given once.
        block: the linear number of the first block in which it was seen; of a race between blocks
            that of both.
        threads: an example of the threads involved, by their numbers in the block.
        count: how often: pairs of accesses, of a race.
        space: "shared" or "buffer" where it is about memory.
        detail: what else there is to say.
    """

    kind: str
    hazard: str = ""
    lines: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()
    threads: tuple[int, ...] = ()
    count: int = 1
    space: str = ""
    detail: str = ""

    @property
    def block(self) -> int:
        """The first block."""
        return self.blocks[0] if self.blocks else 0

    @property
    def line(self) -> int:
        """The first line."""
        return self.lines[0] if self.lines else 0

    def __str__(self) -> str:
        lines = [str(line) for line in self.lines if line]
        where = f"line {lines[0]}" if len(lines) == 1 else f"lines {' and '.join(lines)}"
        parts = [self.kind if not lines else f"{where}: {self.kind}"]
        if self.hazard:
            place = {"shared": "shared memory", "buffer": "an array"}.get(self.space, "memory")
            parts.append(f"{self.hazard} in {place}: {HAZARDS[self.hazard]}")
        if self.detail:
            parts.append(self.detail)
        who = ""
        if self.threads:
            names = " and ".join(map(str, self.threads))
            who = f"thread{'s' if len(self.threads) > 1 else ''} {names} "
        if self.blocks:
            names = " and ".join(map(str, self.blocks))
            who += f"of block{'s' if len(self.blocks) > 1 else ''} {names}"
        if who:
            parts.append(who.strip())
        if self.count > 1:
            parts.append(f"{self.count} times")
        return "; ".join([": ".join(parts[:2]), *parts[2:]]) if len(parts) > 1 else parts[0]


class Buffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch did to one array argument."""

    nbytes: int
    dtype: str
    load_bytes: int = 0
    store_bytes: int = 0
    load_requests: int = 0
    load_sectors: int = 0
    store_requests: int = 0
    store_sectors: int = 0
    atomics: int = 0


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one memory instruction, with one request of a warp as a picture.

    Attributes:
        line: the learner's line, 0 if it has none.
        kind: "load", "store" or "atomic".
        size: of one access, in bytes.
        lanes: for 32 lanes the offset in the array, −1 where a lane takes no part.
        shared_lanes: the same in shared memory.
    """

    line: int
    code: int
    kind: str
    size: int
    accesses: int
    bytes: int
    requests: int
    sectors: int
    shared_requests: int
    wavefronts: int
    atomics: int
    shared_atomics: int
    buffer: int = -1
    block: int = 0
    warp: int = 0
    lanes: tuple[int, ...] = ()
    shared_lanes: tuple[int, ...] = ()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one line of the source."""

    line: int
    load_bytes: int = 0
    store_bytes: int = 0
    load_requests: int = 0
    load_sectors: int = 0
    store_requests: int = 0
    store_sectors: int = 0
    shared_requests: int = 0
    bank_conflicts: int = 0
    atomics: int = 0
    shared_atomics: int = 0

    @property
    def sectors_per_request(self) -> float:
        """Sectors per request of loads and stores together, 0.0 without requests."""
        return _ratio(
            self.load_sectors + self.store_sectors, self.load_requests + self.store_requests
        )


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """One launch of a kernel, counted over all its threads."""

    name: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared_bytes: int = 0
    barriers: int = 0
    buffers: list[Buffer] = msgspec.field(default_factory=list)
    places: list[Place] = msgspec.field(default_factory=list)
    findings: list[Finding] = msgspec.field(default_factory=list)
    source: str = ""

    @property
    def lines(self) -> list[Line]:
        """The figures of each line that touches memory, in order."""
        numbers = sorted({place.line for place in self.places})
        return [_line(number, self.places) for number in numbers]

    @property
    def global_load_bytes(self) -> int:
        """Bytes of all loads from buffers, a lane at a time."""
        return sum(buffer.load_bytes for buffer in self.buffers)

    @property
    def global_store_bytes(self) -> int:
        """Bytes of all stores to buffers, a lane at a time."""
        return sum(buffer.store_bytes for buffer in self.buffers)

    @property
    def load_requests(self) -> int:
        """Warp-wide loads from buffers."""
        return sum(place.requests for place in self.places if place.kind == "load")

    @property
    def load_sectors(self) -> int:
        """Sectors of 32 bytes that these touch."""
        return sum(place.sectors for place in self.places if place.kind == "load")

    @property
    def store_requests(self) -> int:
        """Warp-wide stores to buffers."""
        return sum(place.requests for place in self.places if place.kind == "store")

    @property
    def store_sectors(self) -> int:
        """Sectors of 32 bytes that these touch."""
        return sum(place.sectors for place in self.places if place.kind == "store")

    @property
    def requests(self) -> int:
        """Warp-wide loads and stores."""
        return self.load_requests + self.store_requests

    @property
    def sectors(self) -> int:
        """Sectors of 32 bytes of loads and stores."""
        return self.load_sectors + self.store_sectors

    @property
    def sectors_per_request(self) -> float:
        """The ratio, 0.0 without requests."""
        return _ratio(self.sectors, self.requests)

    @property
    def load_sectors_per_request(self) -> float:
        """The ratio of loads, 0.0 without any."""
        return _ratio(self.load_sectors, self.load_requests)

    @property
    def store_sectors_per_request(self) -> float:
        """The ratio of stores, 0.0 without any."""
        return _ratio(self.store_sectors, self.store_requests)

    @property
    def shared_requests(self) -> int:
        """Warp-wide requests to shared memory, atomics included."""
        return sum(place.shared_requests for place in self.places)

    @property
    def bank_conflicts(self) -> int:
        """Wavefronts beyond one a request."""
        return sum(place.wavefronts - place.shared_requests for place in self.places)

    @property
    def atomics(self) -> int:
        """Atomic operations of single threads on buffers."""
        return sum(place.atomics for place in self.places)

    @property
    def shared_atomics(self) -> int:
        """Atomic operations of single threads on shared memory."""
        return sum(place.shared_atomics for place in self.places)


class Profile(msgspec.Struct):
    """The launches that were recorded, in order."""

    launches: list[Launch] = msgspec.field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """The findings of all launches."""
        return [finding for launch in self.launches for finding in launch.findings]


class _Report(msgspec.Struct):
    """What the runtime writes."""

    shared_bytes: int
    barriers: int
    buffers: list[dict[str, int]]
    places: list[Place]
    findings: list[Finding]
    ended: bool
    printed: str


def make_launch(
    report: bytes,
    *,
    name: str,
    grid: tuple[int, int, int],
    block: tuple[int, int, int],
    arrays: Iterable[tuple[int, str]],
) -> tuple[Launch, bool, str]:
    """Read what the runtime wrote; it shared its memory with the kernel, so every part is checked.

    Args:
        report: the runtime's JSON.
        name: of the kernel.
        grid: three dimensions.
        block: three dimensions.
        arrays: size in bytes and dtype of each buffer.

    Returns:
        The launch, whether its last finding ended it, and what the kernel printed.

    Raises:
        ValueError: if it is malformed.
    """
    decoded = msgspec.json.decode(report, type=_Report)
    described = list(arrays)
    if len(decoded.buffers) != len(described) or (decoded.ended and not decoded.findings):
        raise ValueError("the report of the runtime is malformed")
    buffers = [
        msgspec.convert({**counts, "nbytes": nbytes, "dtype": dtype}, Buffer)
        for counts, (nbytes, dtype) in zip(decoded.buffers, described, strict=True)
    ]
    # By place in the source, so that the order of discovery does not show.
    body, last = decoded.findings, []
    if decoded.ended:
        body, last = body[:-1], body[-1:]
    findings = sorted(body, key=lambda found: (found.kind, found.lines, found.hazard)) + last
    launch = Launch(
        name=name,
        grid=grid,
        block=block,
        shared_bytes=decoded.shared_bytes,
        barriers=decoded.barriers,
        buffers=buffers,
        places=decoded.places,
        findings=findings,
    )
    return launch, decoded.ended, decoded.printed


def _ratio(sectors: int, requests: int) -> float:
    return sectors / requests if requests else 0.0


def _line(number: int, places: list[Place]) -> Line:
    counts: dict[str, int] = {}

    def add(name: str, value: int) -> None:
        counts[name] = counts.get(name, 0) + value

    for place in places:
        if place.line != number:
            continue
        if place.kind != "atomic":
            add(f"{place.kind}_bytes", place.bytes)
            add(f"{place.kind}_requests", place.requests)
            add(f"{place.kind}_sectors", place.sectors)
        add("shared_requests", place.shared_requests)
        add("bank_conflicts", place.wavefronts - place.shared_requests)
        add("atomics", place.atomics)
        add("shared_atomics", place.shared_atomics)
    return Line(line=number, **counts)
