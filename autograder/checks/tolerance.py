"""How far two numbers may be apart.

A given element a and an expected element e of one array are close when

    |a − e| ≤ (relative · |e| + absolute · scale) · √terms

`relative` and `absolute` belong to the coarser of the two floats:

    float64   1e-9   1e-12
    float32   1e-5   1e-6
    float16   4e-3   2e-3
    bfloat16  2e-2   1e-2
    float8    0.25   0.125  (e4m3; e5m2 and narrower: 0.5, 0.25)

`scale` is the largest finite |e| of the array, so that elements which are small because large
terms cancelled pass when summed in another order. Where that is below `absolute`, all expected
values are rounding noise, and `scale` is 1. `terms` is the length of the sums, whose rounding
errors grow with its root. A `rtol` or `atol` that a test gives is taken as it is: neither scaled
nor multiplied; only then do integers have a tolerance. Bools are equal or not, infinities too.
"""

from __future__ import annotations

import cmath
import math

from autograder.checks.values import dtype_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from autograder.checks.values import Array

__tracebackhide__ = True

CHUNK = 1 << 18
DEFAULT = (1e-9, 1e-12)
BY_DTYPE = {
    "float64": DEFAULT,
    "complex128": DEFAULT,
    "float32": (1e-5, 1e-6),
    "complex64": (1e-5, 1e-6),
    "float16": (4e-3, 2e-3),
    "complex32": (4e-3, 2e-3),
    "bfloat16": (2e-2, 1e-2),
    "float8_e4m3fn": (0.25, 0.125),
    "float8_e4m3fnuz": (0.25, 0.125),
}
NARROWEST = (0.5, 0.25)


class Tolerance:
    """The two tolerances of one comparison."""

    __slots__ = ("absolute", "given", "relative", "scaled")

    def __init__(self, relative: float, absolute: float, *, scaled: bool, given: bool) -> None:
        self.relative = relative
        self.absolute = absolute
        self.scaled = scaled  # by the largest expected magnitude
        self.given = given  # by the test, and so for integers too

    def allowed(self, magnitude: Any, largest: float) -> Any:
        """Return how far each element may be off, given |e| and the largest finite |e|."""
        absolute = self.absolute
        if self.scaled and largest >= absolute:
            absolute *= largest
        return self.relative * magnitude + absolute


EXACT = Tolerance(0.0, 0.0, scaled=False, given=False)


def tolerance_for(
    dtypes: Iterable[str],
    rtol: float | None = None,
    atol: float | None = None,
    terms: float = 1,
    loose: float = 1.0,
) -> Tolerance:
    """Return the tolerance for the coarsest of some dtypes."""
    if terms < 1:
        raise ValueError(f"terms is the length of a sum, at least 1, not {terms}")
    pairs = [DEFAULT]
    for name in dtypes:
        kind = dtype_kind(name)
        if kind in ("float", "complex"):
            narrow = name.startswith(("float8", "float4"))
            pairs.append(BY_DTYPE.get(name, NARROWEST if narrow else DEFAULT))
    relative, absolute = max(pairs)
    growth = math.sqrt(terms) * loose
    return Tolerance(
        relative * growth if rtol is None else rtol,
        absolute * growth if atol is None else atol,
        scaled=atol is None,
        given=not (rtol is None and atol is None),
    )


def differing(
    actual: Array, expected: Array, tolerance: Tolerance, *, equal_nan: bool, both: bool = False
) -> Array:
    """Return where two arrays of one shape differ, as an array of bools.

    With `both` the magnitude is that of the larger of the two, so that neither is the expected one.
    """
    import numpy as np

    kinds = {dtype_kind(str(array.dtype)) for array in (actual, expected)}
    if kinds <= {"bool", "other"} or (kinds <= {"bool", "int"} and not tolerance.given):
        return np.asarray(actual != expected)
    result = np.zeros(actual.size, dtype=bool)
    given, wanted = actual.reshape(-1), expected.reshape(-1)
    largest = largest_finite(wanted)
    if both:
        largest = max(largest, largest_finite(given))
    for start in range(0, given.size, CHUNK):
        part = slice(start, start + CHUNK)
        result[part] = _differing_part(
            widened(given[part]), widened(wanted[part]), tolerance, largest, equal_nan, both
        )
    return result.reshape(actual.shape)


def _differing_part(
    given: Array, wanted: Array, tolerance: Tolerance, largest: float, equal_nan: bool, both: bool
) -> Array:
    import numpy as np

    with np.errstate(all="ignore"):
        magnitude = np.maximum(np.abs(wanted), np.abs(given)) if both else np.abs(wanted)
        close = np.abs(given - wanted) <= tolerance.allowed(magnitude, largest)
        finite = np.isfinite(given) & np.isfinite(wanted)
        close = np.where(finite, close, given == wanted)
        if equal_nan:
            close |= np.isnan(given) & np.isnan(wanted)
    return np.asarray(~close)


def widened(array: Array) -> Array:
    """Return an array as float64 or complex128, for differences that do not overflow or wrap."""
    import numpy as np

    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def largest_finite(array: Array) -> float:
    """Return the largest finite magnitude of a flat array, 0 where there is none."""
    import numpy as np

    largest = 0.0
    with np.errstate(all="ignore"):
        for start in range(0, array.size, CHUNK):
            part = np.abs(widened(array[start : start + CHUNK]))
            largest = max(largest, float(np.max(part, initial=0.0, where=np.isfinite(part))))
    return largest


def numbers_close(
    actual: Any, expected: Any, tolerance: Tolerance, *, equal_nan: bool, both: bool = False
) -> bool:
    """Return whether two single numbers are close; two integers must be equal."""
    if isinstance(actual, int) and isinstance(expected, int) and not tolerance.given:
        return actual == expected
    try:
        given, wanted = complex(actual), complex(expected)
    except OverflowError:
        return bool(actual == expected)
    if not (cmath.isfinite(given) and cmath.isfinite(wanted)):
        return given == wanted or (equal_nan and cmath.isnan(given) and cmath.isnan(wanted))
    magnitude = max(abs(given), abs(wanted)) if both else abs(wanted)
    return bool(abs(given - wanted) <= tolerance.allowed(magnitude, magnitude))
