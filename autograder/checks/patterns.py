"""What a difference usually means, said only where the numbers leave no doubt."""

from __future__ import annotations

from autograder.checks.tolerance import Tolerance, differing, largest_finite, widened
from autograder.checks.wording import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from autograder.checks.values import Array

    Near = Callable[[Array, Array], bool]

__tracebackhide__ = True

LARGEST = 1_000_000
MOST_AXES = 4


def pattern(
    actual: Array, expected: Array, tolerance: Tolerance, name: str = "result"
) -> str | None:
    """Return the sentence for how all of `actual` is related to `expected`, or None.

    Both are real and of one shape, and differ.
    """
    import numpy as np

    if (
        actual.size > LARGEST
        or actual.dtype.kind not in "biuf"
        or expected.dtype.kind not in "biuf"
    ):
        return None
    if actual.dtype.kind == "b" or expected.dtype.kind == "b":
        return _of_bools(actual, expected)
    given, wanted = widened(actual), widened(expected)
    if np.isnan(given).any() or np.isnan(wanted).any():
        return None

    def near(a: Array, b: Array) -> bool:
        return not differing(a, b, tolerance, equal_nan=False).any()

    if np.isfinite(given).all() and np.isfinite(wanted).all():
        found = _of_size(given, wanted, tolerance, near)
        if found is not None:
            return found
    return (
        _of_place(given, wanted, near)
        or _of_sums(given, wanted, near, name)
        or _of_order(given, wanted, near)
    )


def _of_bools(actual: Array, expected: Array) -> str | None:
    import numpy as np

    def near(a: Array, b: Array) -> bool:
        return bool(np.array_equal(a, b))

    if actual.size > 1 and (actual != expected).all():
        return "every element is the opposite of the expected one"
    return _of_place(actual, expected, near)


def _of_size(given: Array, wanted: Array, tolerance: Tolerance, near: Near) -> str | None:
    """Find one sign, factor or offset for all elements."""
    import numpy as np

    if not wanted.any():
        return None
    if near(given, -wanted):
        return "the sign is flipped" if given.size == 1 else "every element has the opposite sign"
    if given.size == 1:
        return None
    if not given.any():
        return "every element is 0"
    largest = largest_finite(wanted.reshape(-1))
    spread = float(np.ptp(wanted))
    if spread <= 100 * float(tolerance.allowed(largest, largest)):
        return None  # of equal elements nobody can tell a factor from an offset
    peak = int(np.argmax(np.abs(wanted)))
    factor = float(given.reshape(-1)[peak] / wanted.reshape(-1)[peak])
    if factor != 0 and np.isfinite(factor) and near(given, factor * wanted):
        return f"every element is {_factor(factor)} times the expected one"
    offset = float(np.median(given - wanted))
    if offset != 0 and near(given - offset, wanted):
        more = "more" if offset > 0 else "less"
        return f"every element is {number(abs(offset), 4)} {more} than the expected one"
    return None


def _factor(factor: float) -> str:
    if abs(factor) >= 1000 or abs(factor) < 0.001:
        return number(factor, 4)
    for digits in range(3, 12):
        text = f"{factor:#.{digits}g}"
        if float(text) != 1.0:
            break
    return text


def _of_place(given: Array, wanted: Array, near: Near) -> str | None:
    """Find the expected values, moved along or across axes."""
    import numpy as np

    axes = range(given.ndim) if given.ndim <= MOST_AXES else ()
    for first in axes:
        for second in axes[first + 1 :]:
            if given.shape[first] != given.shape[second]:
                continue
            if near(given, wanted.swapaxes(first, second)):
                where = "" if given.ndim == 2 else f" (axes {first} and {second} are swapped)"
                return f"it is the transpose of the expected one{where}"
    for axis in axes:
        where = "" if given.ndim == 1 else f" along axis {axis}"
        if near(given, np.flip(wanted, axis)):
            return f"the right values, reversed{where}"
    for axis in axes:
        where = "" if given.ndim == 1 else f" along axis {axis}"
        a, b = np.moveaxis(given, axis, 0), np.moveaxis(wanted, axis, 0)
        if len(a) < 3:
            continue
        if _moved(a[1:], b[:-1], near):
            return f"the right values, each one place too late{where}"
        if _moved(a[:-1], b[1:], near):
            return f"the right values, each one place too early{where}"
    return None


def _moved(given: Array, wanted: Array, near: Near) -> bool:
    """Return whether slices agree that are not all alike, so that agreeing means something."""
    return near(given, wanted) and not near(wanted[1:], wanted[:-1])


def _of_sums(given: Array, wanted: Array, near: Near, name: str) -> str | None:
    """Find rows that should sum to one and do not."""
    import numpy as np

    if given.ndim == 0 or given.shape[-1] < 2 or (wanted < 0).any():
        return None
    if not (np.isfinite(given).all() and np.isfinite(wanted).all()):
        return None
    sums, right = given.sum(axis=-1), wanted.sum(axis=-1)
    if not near(right, np.ones_like(right)) or near(sums, right):
        return None
    for axis in range(given.ndim - 1):
        across = given.sum(axis=axis)
        if given.shape[axis] > 1 and (given >= 0).all() and near(across, np.ones_like(across)):
            return (
                f"it sums to 1 along axis {axis}, not along the last: softmax over the wrong axis?"
            )
    row = int(np.argmax(np.abs(sums - 1)))
    index = np.unravel_index(row, sums.shape)
    kept, whole = given[index], wanted[index]
    # A softmax that is masked afterwards keeps the proportions of what the mask leaves.
    masked = (
        0 < sums[index] < 1
        and bool(((whole == 0) & (kept == 0)).any())
        and near(kept / sums[index], whole)
    )
    tail = " — masked after the softmax?" if masked else ""
    return f"{slice_name(index, -1, given.ndim, name)} sums to {sums[index]:.2f}, not 1{tail}"


def _of_order(given: Array, wanted: Array, near: Near) -> str | None:
    import numpy as np

    if given.size < 3 or near(np.full_like(wanted, wanted.flat[0]), wanted):
        return None
    if given.ndim > 1 and near(np.sort(given, axis=-1), np.sort(wanted, axis=-1)):
        return "each row has the right values in another order"
    if near(np.sort(given, axis=None), np.sort(wanted, axis=None)):
        return "the right values in another order"
    return None


def slice_name(index: tuple[object, ...], axis: int, axes: int, name: str) -> str:
    """Name one line of an array: `row 3 of the weights`."""
    whole = f"the {name}" if name.isidentifier() else name
    if axes == 1:
        return whole
    axis %= axes
    if axes == 2:
        return f"{'row' if axis == 1 else 'column'} {index[0]} of {whole}"
    held = [str(part) for part in index]
    return f"[{', '.join([*held[:axis], ':', *held[axis:]])}] of {whole}"
