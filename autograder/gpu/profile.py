"""A profile for people: a table, the source with figures beside it, and a picture."""

from __future__ import annotations

import html
from collections.abc import Sequence

from autograder.gpu.analysis import Launch, Line, Place

__all__ = ["annotated", "picture", "render", "table"]

_MAX_PICTURES = 12
_CELL, _LEFT, _TOP = 10, 46, 34


def table(launches: Sequence[Launch]) -> str:
    """Write the counts of launches as a table, a column a launch."""
    rows: list[list[str]] = [["", *[launch.name for launch in launches]]]

    def row(name: str, *values: str) -> None:
        rows.append([name, *values])

    row("grid × block", *[f"{_size(each.grid)} × {_size(each.block)}" for each in launches])
    for name in ("global_load_bytes", "global_store_bytes", "requests", "sectors"):
        row(name, *[f"{getattr(each, name):,}" for each in launches])
    for name in ("load_sectors_per_request", "store_sectors_per_request"):
        row(name, *[f"{getattr(each, name):.2f}" for each in launches])
    for name in (
        "shared_bytes",
        "shared_requests",
        "bank_conflicts",
        "atomics",
        "shared_atomics",
        "barriers",
    ):
        row(name, *[f"{getattr(each, name):,}" for each in launches])
    row("findings", *[str(len(each.findings)) for each in launches])
    widths = [max(len(line[i]) for line in rows) for i in range(len(rows[0]))]
    lines = []
    for line in rows:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def annotated(launch: Launch) -> str:
    """Write the source with the figures of each line in the margin.

    The margin holds sectors per request of loads and of stores (4 is coalesced for a warp of
    floats), extra wavefronts of shared memory, and atomics.
    """
    figures = {line.line: line for line in launch.lines}
    marks: dict[int, list[str]] = {}
    for finding in launch.findings:
        name = finding.kind + (f" ({finding.hazard})" if finding.hazard else "")
        for number in finding.lines:
            marks.setdefault(number, []).append(name)
    head = f"{'load':>6} {'store':>6} {'banks':>6} {'atomic':>6}"
    lines = [f"{head} │ sectors per request, extra wavefronts, atomics"]
    for number, text in enumerate(launch.source.splitlines(), start=1):
        margin = _margin(figures.get(number))
        lines.append(f"{margin} │ {number:>3}  {text}".rstrip())
        lines += [f"{'':27} │      ^ {mark}" for mark in dict.fromkeys(marks.get(number, []))]
    return "\n".join(lines)


def render(launches: Sequence[Launch]) -> str:
    """Write everything that `kata profile` prints."""
    if not launches:
        return "no kernel was launched"
    parts = [table(launches)]
    seen: set[tuple[str, str]] = set()
    for launch in launches:
        if (launch.source, launch.name) not in seen:
            seen.add((launch.source, launch.name))
            parts.append(f"{launch.name}\n{annotated(launch)}")
    findings = [f"{launch.name}: {finding}" for launch in launches for finding in launch.findings]
    if findings:
        parts.append("\n".join(["findings", *(f"  {finding}" for finding in findings)]))
    return "\n\n".join(parts)


def picture(launch: Launch) -> str:
    """Draw which lane of a warp touches which address, as an SVG that needs nothing else.

    A panel for each line's first request: rows are the 32 lanes, columns the 32-byte sectors that
    the request spans, or the 32 banks of shared memory.
    """
    panels = [panel for place in launch.places for panel in _panels(place)]
    shown = panels[:_MAX_PICTURES]
    height = sum(panel[1] for panel in shown) + 10
    width = max((panel[2] for panel in shown), default=200) + 10
    body, y = [], 0
    for markup, tall, _ in shown:
        body.append(f'<g transform="translate(0 {y})">{markup}</g>')
        y += tall
    title = html.escape(f"Which lane of a warp touches which address: {launch.name}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" style="max-width:100%;height:auto" role="img" aria-label="{title}" '
        'font-family="sans-serif" font-size="11" fill="currentColor" stroke="none">'
        f"<title>{title}</title>{''.join(body)}</svg>"
    )


def _size(dimensions: Sequence[int]) -> str:
    kept = list(dimensions)
    while len(kept) > 1 and kept[-1] == 1:
        kept.pop()
    return ",".join(map(str, kept))


def _margin(line: Line | None) -> str:
    if line is None:
        return " " * 27
    cells = [
        f"{line.load_sectors / line.load_requests:.2f}" if line.load_requests else "",
        f"{line.store_sectors / line.store_requests:.2f}" if line.store_requests else "",
        f"{line.bank_conflicts}" if line.shared_requests else "",
        f"{line.atomics + line.shared_atomics}" if line.atomics or line.shared_atomics else "",
    ]
    return " ".join(f"{cell:>6}" for cell in cells)


def _panels(place: Place) -> list[tuple[str, int, int]]:
    found = []
    if place.lanes and place.kind != "atomic":
        ratio = place.sectors / place.requests if place.requests else 0.0
        found.append(_panel(place, place.lanes, 32, f"{ratio:.2f} sectors a request"))
    if place.shared_lanes:
        extra = place.wavefronts - place.shared_requests
        found.append(_panel(place, place.shared_lanes, 4, f"{extra} extra wavefronts"))
    return found


def _panel(place: Place, lanes: Sequence[int], unit: int, figure: str) -> tuple[str, int, int]:
    """Draw one request; `unit` is 32 for sectors of a buffer, 4 for words of shared memory."""
    shared = unit == 4
    if shared:
        columns = {bank: bank for bank in range(32)}
    else:
        touched = sorted({lane // unit for lane in lanes if lane >= 0})
        spread = range(touched[0], touched[-1] + 1)
        # Where they are far apart, only those that are touched.
        columns = {sector: i for i, sector in enumerate(spread if len(spread) <= 40 else touched)}
    space = "shared memory, by bank" if shared else f"array {place.buffer}, by 32-byte sector"
    title = f"line {place.line}: {place.kind} of {place.size} bytes, {space} — {figure}"
    parts = [
        f'<text x="0" y="14">{html.escape(title)}</text>',
        f'<text x="0" y="{_TOP - 4}" opacity="0.7">lane</text>',
    ]
    width, height = len(columns) * _CELL, 32 * _CELL
    grid = "".join(
        f"M{_LEFT + i * _CELL} {_TOP}v{height}" for i in range(len(columns) + 1)
    ) + "".join(f"M{_LEFT} {_TOP + i * _CELL}h{width}" for i in range(0, 33, 8))
    parts.append(
        f'<path d="{grid}" stroke="currentColor" stroke-width="0.5" opacity="0.3" fill="none"/>'
    )
    for lane in range(0, 32, 8):
        parts.append(
            f'<text x="{_LEFT - 6}" y="{_TOP + lane * _CELL + 9}" text-anchor="end" '
            f'font-size="9">{lane}</text>'
        )
    for lane, offset in enumerate(lanes):
        if offset < 0:
            continue
        for step in range(0, place.size, unit):
            index = (offset + step) // unit
            column = columns.get(index % 32 if shared else index)
            if column is None:
                continue
            if not shared:  # the whole sector moves, whatever a lane takes of it
                parts.append(
                    f'<rect x="{_LEFT + column * _CELL}" y="{_TOP + lane * _CELL}" '
                    f'width="{_CELL}" height="{_CELL}" opacity="0.18"/>'
                )
            where = (offset + step) % unit / unit * (_CELL - 2)
            wide = min(1.0, place.size / unit) * (_CELL - 2)
            x = _LEFT + column * _CELL + 1 + where
            parts.append(
                f'<rect x="{x:.1f}" y="{_TOP + lane * _CELL + 1}" width="{wide:.1f}" '
                f'height="{_CELL - 2}"/>'
            )
    return "".join(parts), _TOP + height + 24, max(_LEFT + width, 7 * len(title))
