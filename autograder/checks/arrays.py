"""Compare arrays and tensors, and show where they differ."""

from __future__ import annotations

import math

from autograder.checks.failure import WIDTH, CheckFailed
from autograder.checks.patterns import pattern, slice_name
from autograder.checks.tolerance import Tolerance, differing, largest_finite, widened
from autograder.checks.values import as_numpy, dtype_kind, dtype_name, family, shape_of
from autograder.checks.wording import describe, number, place, unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from autograder.checks.values import Array

__tracebackhide__ = True

SMALL = 12
MARGIN = 2


def compare_arrays(
    actual: Any,
    expected: Any,
    tolerance: Tolerance,
    *,
    check_dtype: bool = False,
    equal_nan: bool = False,
    name: str = "result",
) -> None:
    """Compare two arrays, or two tensors: device, shape, dtype, NaN, infinities, values."""
    require_device(actual, expected, name)
    require_numbers(actual, name)
    require_shape(shape_of(actual), shape_of(expected), name, actual, expected)
    require_dtype(actual, expected, check_dtype, name)
    compare_values(
        readable(actual, name),
        as_numpy(expected),
        tolerance,
        equal_nan=equal_nan,
        name=name,
        given=actual,
        wanted=expected,
    )


def readable(value: Any, name: str) -> Array:
    """Return the values of a given array or tensor as a numpy array."""
    require_numbers(value, name)
    try:
        return as_numpy(value)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        message = (
            f"{name} is {describe(value)}, whose values cannot be read: it is of an unusual kind"
        )
        raise CheckFailed(message, actual=value, kind="type", name=name) from error


def require_device(actual: Any, expected: Any, name: str) -> None:
    """Refuse a tensor that lies on another device than the expected one."""
    if family(expected) != "tensor" or actual.device == expected.device:
        return
    given, wanted = str(actual.device), str(expected.device)
    advice = ": it has a shape but no values" if given == "meta" else ""
    message = f"{name} is on the device {given}, expected {wanted}{advice}"
    raise CheckFailed(message, actual=actual, expected=expected, kind="device", name=name)


def require_numbers(value: Any, name: str) -> None:
    """Refuse arrays of objects, and tensors without values."""
    if not unreadable(value):
        return
    if family(value) == "tensor":
        message = f"{name} is a tensor on the meta device: it has a shape but no values"
        raise CheckFailed(message, actual=value, kind="device", name=name)
    message = (
        f"{name} is a numpy array of Python objects (dtype {dtype_name(value)[:40]}), not numbers:"
        " are its rows of different lengths?"
    )
    raise CheckFailed(message, actual=value, kind="type", name=name)


def require_shape(
    given: tuple[int, ...],
    wanted: tuple[int | None, ...],
    name: str,
    actual: object,
    expected: object,
) -> None:
    """Refuse another shape, and say which axis is wrong. None stands for any size."""
    if len(given) == len(wanted) and all(
        size is None or size == held for held, size in zip(given, wanted, strict=True)
    ):
        return
    message = f"{name} has shape {_shape_text(given)}, expected {_shape_text(wanted)}: "
    message += _shape_reason(given, wanted)
    raise CheckFailed(message, actual=actual, expected=expected, kind="shape", name=name)


def _shape_text(shape: tuple[int | None, ...]) -> str:
    sizes = ", ".join("any" if size is None else str(size) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def _shape_reason(given: tuple[int, ...], wanted: tuple[int | None, ...]) -> str:
    if len(given) != len(wanted):
        reason = f"{len(given)} {'axis' if len(given) == 1 else 'axes'}, expected {len(wanted)}"
        for axis in range(len(given)):
            if given[axis] == 1 and given[:axis] + given[axis + 1 :] == wanted:
                return f"{reason}; axis {axis}, of size 1, is too many"
        for axis in range(len(wanted)):
            if wanted[axis] == 1 and wanted[:axis] + wanted[axis + 1 :] == given:
                return f"{reason}; axis {axis}, of size 1, is missing"
        return reason
    for first in range(len(given)):
        for second in range(first + 1, len(given)):
            swapped = list(given)
            swapped[first], swapped[second] = given[second], given[first]
            if tuple(swapped) == wanted:
                where = "" if len(given) == 2 else f": axes {first} and {second} are swapped"
                return f"looks transposed{where}"
    wrong = [
        f"axis {axis} is {held}, expected {size}"
        for axis, (held, size) in enumerate(zip(given, wanted, strict=True))
        if size not in (None, held)
    ]
    return ", ".join(wrong)


def require_dtype(actual: Any, expected: Any, check_dtype: bool, name: str) -> None:
    """Refuse another kind of number, or with `check_dtype` any other dtype.

    Whole numbers may stand for floats and real ones for complex; nothing stands for a bool or int.
    """
    given, wanted = dtype_name(actual), dtype_name(expected)
    if given == wanted:
        return
    kinds = (dtype_kind(given), dtype_kind(wanted))
    mixed = kinds[0] != kinds[1] and kinds not in (
        ("int", "float"),
        ("int", "complex"),
        ("float", "complex"),
    )
    if not (check_dtype or mixed):
        return
    advice = ": only the real part is wanted" if kinds[0] == "complex" and mixed else ""
    message = f"{name} has dtype {given}, expected {wanted}{advice}"
    raise CheckFailed(message, actual=actual, expected=expected, kind="dtype", name=name)


def compare_values(
    actual: Array,
    expected: Array,
    tolerance: Tolerance,
    *,
    equal_nan: bool,
    name: str,
    given: object,
    wanted: object,
) -> None:
    """Compare the elements of two numpy arrays of one shape; `given` and `wanted` are reported."""
    import numpy as np

    if actual.size == 0:
        return
    wrong = differing(actual, expected, tolerance, equal_nan=equal_nan)
    unwanted = None
    if actual.dtype.kind in "fc":
        unwanted = np.isnan(actual)
        if equal_nan and expected.dtype.kind in "fc":
            unwanted &= ~np.isnan(expected)
    if unwanted is not None and unwanted.any():
        message, kind = nan_message(unwanted, name), "nan"
    elif not wrong.any():
        return
    else:
        message, kind = _infinity_message(actual, expected, wrong, name), "inf"
        if not message:
            message, kind = _value_message(actual, expected, wrong, tolerance, name), "values"
    raise CheckFailed(message, actual=given, expected=wanted, kind=kind, name=name)


def nan_message(where: Array, name: str) -> str:
    """Say how many elements are NaN, and whether whole rows are."""
    import numpy as np

    count = int(np.count_nonzero(where))
    if where.size == 1:
        return f"{name} is NaN: 0/0, or inf − inf, or the logarithm or root of a negative number?"
    if count == where.size:
        return f"all {count} elements of {name} are NaN"
    first = np.unravel_index(int(np.argmax(where)), where.shape)
    message = f"{count} of {where.size} elements of {name} are NaN, the first at {place(first)}"
    if where.ndim > 1 and where.shape[-1] > 1:
        rows = where.all(axis=-1)
        if rows.any() and np.array_equal(where.any(axis=-1), rows):
            index = np.unravel_index(int(np.argmax(rows)), rows.shape)
            line = slice_name(index, -1, where.ndim, name)
            message += f"\n{line} is all NaN: the softmax of a fully masked row?"
    return message


def _infinity_message(actual: Array, expected: Array, wrong: Array, name: str) -> str:
    """Return what to say where infinities stand in only one of the two, "" where none do."""
    import numpy as np

    if actual.dtype.kind not in "fc":
        actual = widened(actual)
    pair = (np.isinf(actual), np.isinf(widened(expected)))
    odd = wrong & (pair[0] | pair[1])
    if not odd.any():
        return ""
    index = np.unravel_index(int(np.argmax(odd)), odd.shape)
    given, wanted = number(actual[index], 4), number(expected[index], 4)
    if odd.size == 1:
        return f"{name} is {given}, expected {wanted}"
    count = int(np.count_nonzero(odd))
    what = "infinite and should not be" if pair[0][index] else "finite and should be infinite"
    if pair[0][index] and pair[1][index]:
        what = "infinite with the wrong sign"
    verb = "is" if count == 1 else "are"
    same = pair[0][odd] == pair[0][index]
    if not (same.all() and (pair[1][odd] == pair[1][index]).all()):
        what = "infinite in only one of given and expected"
    return (
        f"{count} of {odd.size} elements of {name} {verb} {what}, the first at {place(index)}:"
        f" given {given}, expected {wanted}"
    )


def _value_message(
    actual: Array, expected: Array, wrong: Array, tolerance: Tolerance, name: str
) -> str:
    import numpy as np

    worst = _worst(actual, expected, wrong, tolerance)
    digits = _digits(actual[worst], expected[worst])
    given, wanted = number(actual[worst], digits), number(expected[worst], digits)
    off = _off(actual[worst], expected[worst])
    hint = pattern(actual, expected, tolerance, name)
    if actual.size == 1:
        where = f"{name}{place(worst)}" if actual.ndim else name
        lines = [f"{where} is {given}, expected {wanted}{off}"]
    else:
        count = int(np.count_nonzero(wrong))
        many = f"all {count}" if count == wrong.size else f"{count} of {wrong.size}"
        word = "elements differs" if count == 1 else "elements differ"
        spot = f"at {place(worst)}" if count == 1 else f"most at {place(worst)}"
        lines = [f"{name}: {many} {word}, {spot}: given {given}, expected {wanted}{off}"]
        lines += excerpt(actual, expected, wrong, worst, min(max(digits, 4), 9))
    return "\n".join([*lines, hint] if hint else lines)


def _worst(actual: Array, expected: Array, wrong: Array, tolerance: Tolerance) -> tuple[int, ...]:
    """Return the index that is furthest outside its tolerance."""
    import numpy as np

    spots = np.flatnonzero(wrong)
    if actual.dtype.kind in "biufc" and expected.dtype.kind in "biufc":
        given, wanted = actual.reshape(-1)[spots], expected.reshape(-1)[spots]
        largest = largest_finite(expected.reshape(-1))
        with np.errstate(all="ignore"):
            off = np.abs(widened(given) - widened(wanted))
            allowed = tolerance.allowed(np.abs(widened(wanted)), largest)
            excess = np.where(allowed > 0, off / np.where(allowed > 0, allowed, 1), off)
        spots = spots[int(np.argmax(np.nan_to_num(excess, nan=np.inf))) :]
    return tuple(int(i) for i in np.unravel_index(int(spots[0]), actual.shape))


def _digits(given: Any, wanted: Any) -> int:
    """Return how many significant digits it takes to see the difference."""
    for digits in range(4, 17):
        if number(given, digits) != number(wanted, digits):
            return min(digits + 1, 17) if digits > 4 else 4
    return 17


def _off(given: Any, wanted: Any) -> str:
    """Write the absolute and the relative difference."""
    if any(getattr(value.dtype, "kind", "") not in "iufc" for value in (given, wanted)):
        return ""
    if given.dtype.kind in "iu" and wanted.dtype.kind in "iu":
        return f" (off by {abs(int(given) - int(wanted))})"
    difference = float(abs(widened(given) - widened(wanted)))
    magnitude = float(abs(widened(wanted)))
    if not math.isfinite(difference):
        return ""
    text = f" (off by {number(difference, 2)}"
    share = difference / magnitude if magnitude else 0.0
    if 0.001 <= share < 10:
        text += f", {number(100 * share, 2)} %"
    elif 0 < share < 0.001:
        text += f", relative {share:.1g}"
    return f"{text})"


def excerpt(
    actual: Array, expected: Array, wrong: Array, worst: tuple[int, ...], digits: int = 4
) -> list[str]:
    """Show both values, whole where they are small, else around the worst element."""
    if actual.ndim == 0:
        return []
    if actual.ndim == 1:
        return _line(actual, expected, wrong, worst[0], digits)
    small = actual.size <= SMALL and max(actual.shape[-2:]) <= 6
    rows, columns = (6, 6) if small else (3, 5)
    plane = tuple(worst[:-2])
    while True:
        spans = [
            _span(worst[-2], actual.shape[-2], rows),
            _span(worst[-1], actual.shape[-1], columns),
        ]
        parts = [array[plane][slice(*spans[0]), slice(*spans[1])] for array in (actual, expected)]
        marks = wrong[plane][slice(*spans[0]), slice(*spans[1])]
        lines = _table(parts[0], parts[1], marks, digits)
        if max(map(len, lines)) <= WIDTH or columns == 1:
            break
        columns -= 1
    whole = spans == [(0, actual.shape[-2]), (0, actual.shape[-1])]
    if whole and not plane:
        return lines
    ranges = [
        ":" if span == (0, size) else f"{span[0]}:{span[1]}"
        for span, size in zip(spans, actual.shape[-2:], strict=True)
    ]
    return [f"  around it, [{', '.join([*map(str, plane), *ranges])}]:", *lines]


def _span(centre: int, size: int, length: int) -> tuple[int, int]:
    start = max(0, min(centre - length // 2, size - length))
    return start, min(size, start + length)


def _line(actual: Array, expected: Array, wrong: Array, worst: int, digits: int) -> list[str]:
    """Show two lines of numbers, carets under those that differ."""
    length = SMALL if actual.size <= SMALL else 7
    while True:
        start, stop = _span(worst, actual.size, length)
        given = [number(value, digits) for value in actual[start:stop]]
        wanted = [number(value, digits) for value in expected[start:stop]]
        widths = [max(len(a), len(b)) for a, b in zip(given, wanted, strict=True)]
        if sum(widths) + 2 * len(widths) + 10 <= WIDTH or length == 1:
            break
        length -= 1
    carets = [
        "^" * width if mark else "" for width, mark in zip(widths, wrong[start:stop], strict=True)
    ]
    lines = [
        f"  {title:8}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for title, cells in (("given", given), ("expected", wanted), ("", carets))
    ]
    whole = (start, stop) == (0, actual.size)
    return lines if whole else [f"  around it, [{start}:{stop}]:", *lines]


def _table(actual: Array, expected: Array, wrong: Array, digits: int) -> list[str]:
    """Show two tables side by side, a star after each element that differs."""
    given = [
        [
            number(value, digits) + ("*" if mark else " ")
            for value, mark in zip(row, marks, strict=True)
        ]
        for row, marks in zip(actual, wrong, strict=True)
    ]
    wanted = [[number(value, digits) for value in row] for row in expected]
    left, right = _aligned(given), _aligned(wanted)
    gap = max(len(left[0]), len("given")) + 4
    lines = [f"  {'given':{gap}}expected"]
    return lines + [f"  {a:{gap}}{b}" for a, b in zip(left, right, strict=True)]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        " ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
