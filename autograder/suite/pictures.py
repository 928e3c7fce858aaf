"""Pictures of a failed test: what was expected and what was given, as an SVG that needs nothing.

A matrix is drawn as heat maps side by side, a line of numbers as curves, a CUDA kernel by the
addresses that a warp touches. Text and lines take the colour of the page around them.
"""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from autograder.catalog import Kata
from autograder.checks import CheckFailed
from autograder.suite.judging import Outcome
from autograder.suite.kernels import is_cuda

if TYPE_CHECKING:
    import numpy as np

    from autograder.gpu.analysis import Launch, Place

    Array = np.ndarray[Any, Any]

MOST = 24
"""Rows and columns of a heat map; of a larger matrix the part around the difference is drawn."""
MOST_POINTS = 200
LABELLED = (8, 6)
"""Rows and columns up to which the numbers stand in the cells."""
SCALE = (
    *((68, 1, 84), (72, 40, 120), (62, 73, 137), (49, 104, 142), (38, 130, 142)),
    *((31, 158, 137), (53, 183, 121), (110, 206, 88), (181, 222, 43), (253, 231, 37)),
)
"""Viridis: even steps of lightness, so that it is read without colour too."""
STEPS = 24
PANELS = 3
"""Requests of a kernel that are drawn."""


def picture(item: pytest.Item, outcome: Outcome, kata: Kata) -> str | None:
    """Return a picture of what came out of a test, or None where there is nothing to draw."""
    if is_cuda(kata):
        return _access_pattern(outcome)
    error = outcome.error
    if not isinstance(error, CheckFailed):
        return None
    given, wanted = _numbers(error.actual), _numbers(error.expected)
    if given is None or wanted is None:
        return None
    return compared(given, wanted)


def compared(given: Array, wanted: Array) -> str | None:
    """Draw two arrays: curves where they have one axis, else heat maps of their last two."""
    if given.shape == wanted.shape and given.ndim > 2:
        plane = _worst(given, wanted)[:-2]
        return _heat_maps(given[plane], wanted[plane], plane)
    if given.ndim == wanted.ndim == 2 and min(given.size, wanted.size) > 1:
        return _heat_maps(given, wanted, ())
    if given.ndim == wanted.ndim == 1 and min(given.size, wanted.size) > 2:
        return _curves(given, wanted) if "f" in given.dtype.kind + wanted.dtype.kind else None
    return None


def _numbers(value: Any) -> Array | None:
    """Return a value as an array of real numbers or bools; None where it is none."""
    from autograder.checks.values import as_numpy, family, number_table

    try:
        if family(value) in ("array", "tensor"):
            array = as_numpy(value)
        else:
            table = number_table(value)
            if table is None:
                return None
            array = table[0]
    except Exception:  # a value of a submission's, of whatever kind
        return None
    return array if array.dtype.kind in "biuf" and array.ndim and array.size else None


def _worst(given: Array, wanted: Array) -> tuple[int, ...]:
    """Return the place of the greatest difference."""
    import numpy as np

    off = _difference(given, wanted)
    off[np.isnan(off)] = np.inf
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))


def _difference(given: Array, wanted: Array) -> Array:
    """Return how far apart they are: 0 where both are the same infinity or both NaN."""
    import numpy as np

    a, b = given.astype(np.float64), wanted.astype(np.float64)
    with np.errstate(all="ignore"):
        off = np.abs(a - b)
    off[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    return off


# -- heat maps ----------------------------------------------------------------------------------


def _heat_maps(given: Array, wanted: Array, plane: tuple[int, ...]) -> str:
    same = given.shape == wanted.shape
    rows = columns = (0, MOST)
    if same:
        centre = _worst(given, wanted)
        rows, columns = (_span(at, size) for at, size in zip(centre, given.shape, strict=True))
    a, b = given[slice(*rows), slice(*columns)], wanted[slice(*rows), slice(*columns)]
    low, high = _range(a, b)
    panels = [("expected", b, low, high), ("given", a, low, high)]
    if same:
        off = _difference(a, b)
        panels.append(("difference", off, 0.0, _finite_max(off) or 1.0))
    whole = a.shape == given.shape and b.shape == wanted.shape
    notes = [f"dark {_short(low)}, bright {_short(high)}"]
    if same:
        notes.append(f"difference up to {_short(panels[2][3])}")
    if not whole:
        notes.append(
            f"rows {rows[0]}–{rows[0] + a.shape[0] - 1}, "
            f"columns {columns[0]}–{columns[0] + a.shape[1] - 1}"
        )
        notes[-1] += f" of {given.shape[0]} × {given.shape[1]}" if same else ""
    if plane:
        notes.append(f"at [{', '.join(map(str, plane))}]")
    body, x, tall = [], 0.0, 0.0
    for title, values, least, most in panels:
        size = "" if same else f" {values.shape[0]} × {values.shape[1]}"
        markup, width, height = _panel(title + size, values, least, most)
        body.append(f'<g transform="translate({x:g} 0)">{markup}</g>')
        x, tall = x + width + 24, max(tall, height)
    note = "; ".join(notes)
    body.append(f'<text x="0" y="{tall + 16:g}" opacity="0.75">{html.escape(note)}</text>')
    names = " and ".join(title for title, *_ in panels[:2])
    return _svg(max(x - 24, 6 * len(note)), tall + 24, f"Heat maps of {names}: {note}", body)


def _span(at: int, size: int, length: int = MOST) -> tuple[int, int]:
    start = max(0, min(at - length // 2, size - length))
    return start, min(size, start + length)


def _range(given: Array, wanted: Array) -> tuple[float, float]:
    """Return the range of colours: that of what is expected, and what is given if it is near."""
    import numpy as np

    def ends(values: Array) -> tuple[float, float]:
        finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)

    (low, high), (least, most) = ends(wanted), ends(given)
    reach = 2 * (high - low) or max(abs(high), 1.0)
    return max(min(low, least), low - reach), min(max(high, most), high + reach)


def _finite_max(values: Array) -> float:
    import numpy as np

    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else 0.0


def _panel(title: str, values: Array, low: float, high: float) -> tuple[str, float, float]:
    """Draw one matrix; return its markup, width and height."""
    import numpy as np

    rows, columns = values.shape
    labelled = rows <= LABELLED[0] and columns <= LABELLED[1]
    wide, tall = (46, 24) if labelled else (max(8, min(22, 192 // max(rows, columns))),) * 2
    top = 18
    paths: dict[int, list[str]] = {}
    labels, crosses = [], []
    for (row, column), value in np.ndenumerate(values):
        x, y = column * wide, top + row * tall
        number = float(value)
        if np.isnan(number) or (np.isinf(number) and not labelled):
            crosses.append(
                f"M{x + 2} {y + 2}l{wide - 4} {tall - 4}m0 {4 - tall}l{4 - wide} {tall - 4}"
            )
        else:
            paths.setdefault(_step(number, low, high), []).append(
                f"M{x} {y}h{wide}v{tall}h-{wide}z"
            )
        if labelled and not np.isnan(number):
            ink = "#000" if _lightness(_step(number, low, high)) > 0.45 else "#fff"
            text = str(bool(value)) if values.dtype.kind == "b" else _short(number)
            labels.append(
                f'<text x="{x + wide / 2:g}" y="{y + tall / 2 + 4:g}" text-anchor="middle" '
                f'fill="{ink}">{text}</text>'
            )
    cells = "".join(
        f'<path fill="{_colour(step)}" d="{"".join(parts)}"/>' for step, parts in paths.items()
    )
    cross = "".join(crosses)
    frame = f'<rect x="0" y="{top}" width="{columns * wide}" height="{rows * tall}"'
    markup = (
        f'<text x="0" y="12" font-weight="bold">{html.escape(title)}</text>'
        f'<g shape-rendering="crispEdges">{cells}</g>'
        f'<path d="{cross}" stroke="currentColor" fill="none"/>{"".join(labels)}'
        f'{frame} fill="none" stroke="currentColor" opacity="0.5"/>'
    )
    return markup, max(columns * wide, 7 * len(title)), top + rows * tall


def _step(value: float, low: float, high: float) -> int:
    if high <= low:
        return STEPS // 2
    share = (value - low) / (high - low)
    return round(min(max(share, 0.0), 1.0) * (STEPS - 1))


def _rgb(step: int) -> tuple[int, ...]:
    place = step / (STEPS - 1) * (len(SCALE) - 1)
    left = min(int(place), len(SCALE) - 2)
    share = place - left
    return tuple(
        round(a + (b - a) * share) for a, b in zip(SCALE[left], SCALE[left + 1], strict=True)
    )


def _colour(step: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*_rgb(step))


def _lightness(step: int) -> float:
    red, green, blue = _rgb(step)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


# -- curves -------------------------------------------------------------------------------------

_LEFT, _TOP, _WIDE, _TALL = 58, 22, 420, 140


def _curves(given: Array, wanted: Array) -> str:
    import numpy as np

    start = 0
    if given.shape == wanted.shape and given.size > MOST_POINTS:
        start, stop = _span(_worst(given, wanted)[0], given.size, MOST_POINTS)
        given, wanted = given[start:stop], wanted[start:stop]
    given, wanted = given[:MOST_POINTS], wanted[:MOST_POINTS]
    low, high = _range(given, wanted)
    if high <= low:
        low, high = low - 1, high + 1
    count = max(given.size, wanted.size)

    def at(index: int, value: float) -> tuple[float, float]:
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return _LEFT + index * _WIDE / (count - 1), _TOP + (1 - share) * _TALL

    def line(values: Array) -> str:
        parts, pen = [], "M"
        for index, value in enumerate(values):
            if np.isfinite(value):
                x, y = at(index, float(value))
                parts.append(f"{pen}{x:.1f} {y:.1f}")
                pen = "L"
            else:
                pen = "M"
        return "".join(parts)

    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'
        for x, y in (at(i, float(v)) for i, v in enumerate(given) if np.isfinite(v))
        if count <= 40
    )
    bottom = _TOP + _TALL
    body = [
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{_LEFT + _WIDE}" fill="none" stroke="currentColor" '
        'opacity="0.5"/>',
        f'<text x="{_LEFT - 6}" y="{_TOP + 5}" text-anchor="end">{_short(high)}</text>',
        f'<text x="{_LEFT - 6}" y="{bottom}" text-anchor="end">{_short(low)}</text>',
        f'<text x="{_LEFT}" y="{bottom + 16}">{start}</text>',
        f'<text x="{_LEFT + _WIDE}" y="{bottom + 16}" text-anchor="end">{start + count - 1}</text>',
        f'<path d="{line(wanted)}" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-dasharray="5 4"/>',
        f'<g fill="#d9622b"><path d="{line(given)}" fill="none" stroke="#d9622b" '
        f'stroke-width="2"/>{dots}</g>',
        f'<path d="M{_LEFT} 8h26" stroke="currentColor" stroke-width="2" stroke-dasharray="5 4"/>',
        f'<text x="{_LEFT + 32}" y="12">expected</text>',
        f'<path d="M{_LEFT + 110} 8h26" stroke="#d9622b" stroke-width="2"/>',
        f'<text x="{_LEFT + 142}" y="12">given</text>',
    ]
    text = f"Curves of expected and given, from {_short(low)} to {_short(high)}"
    return _svg(_LEFT + _WIDE + 8, bottom + 22, text, body)


# -- kernels ------------------------------------------------------------------------------------


def _access_pattern(outcome: Outcome) -> str | None:
    """Draw the requests of the launch that shows most: one with findings, else the last."""
    from autograder.gpu.profile import picture as draw
    from autograder.gpu.service import launches

    made = [launch for launch, _, _ in launches(outcome.record) if launch is not None]
    drawn = [launch for launch in made if any(map(_is_drawn, launch.places))]
    if not drawn:
        return None
    chosen = next((launch for launch in drawn if launch.findings), drawn[-1])
    return draw(msgspec.structs.replace(chosen, places=_telling(chosen)))


def _is_drawn(place: Place) -> bool:
    return bool((place.lanes and place.kind != "atomic") or place.shared_lanes)


def _telling(launch: Launch) -> list[Place]:
    """Return the places to draw: lines with findings first, then what costs most requests."""
    found = {line for finding in launch.findings for line in finding.lines}

    def rank(place: Place) -> tuple[bool, float, float]:
        sectors = place.sectors / place.requests if place.requests else 0.0
        return place.line not in found, -(place.wavefronts - place.shared_requests), -sectors

    chosen = sorted(filter(_is_drawn, launch.places), key=rank)[:PANELS]
    return sorted(chosen, key=lambda place: place.line)


def _short(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e")


def _svg(width: float, height: float, title: str, body: list[str]) -> str:
    title = html.escape(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" style="max-width:100%;height:auto" role="img" aria-label="{title}" '
        'font-family="sans-serif" font-size="11" fill="currentColor" stroke="none">'
        f"<title>{title}</title>{''.join(body)}</svg>"
    )
