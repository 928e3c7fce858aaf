"""Check properties of a result: shape, dtype, range, sums."""

from __future__ import annotations

import math

from autograder.checks.arrays import nan_message, readable, require_shape
from autograder.checks.closeness import assert_close
from autograder.checks.failure import CheckFailed
from autograder.checks.patterns import slice_name
from autograder.checks.refusal import refuse
from autograder.checks.tolerance import tolerance_for
from autograder.checks.values import (
    NUMBERS,
    dtype_name,
    family,
    is_tensor,
    number_table,
    numpy_kind,
    shape_of,
    unwrapped,
)
from autograder.checks.wording import at, describe, number, place, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from autograder.checks.values import Array

__tracebackhide__ = True


def assert_shape(actual: Any, shape: Sequence[int | None], *, name: str = "result") -> None:
    """Check the shape of an array, a tensor or a list of equally long lists; None is any size.

    Raises:
        CheckFailed: says which axis is wrong.
    """
    wanted = tuple(shape)
    value = unwrapped(actual)
    if family(value) in ("array", "tensor"):
        sizes = shape_of(value)
    elif family(value) == "sequence":
        sizes = _list_shape(value, wanted, name)
    elif family(value) in ("bool", *NUMBERS):
        sizes = ()
    else:
        refuse(actual, wanted, name, wanted=f"an array of shape {wanted}")
    require_shape(sizes, wanted, name, actual, wanted)


def _has_length(row: Any) -> bool:
    return family(row) in ("array", "tensor") and len(shape_of(row)) > 0


def _list_shape(value: Any, wanted: object, name: str) -> tuple[int, ...]:
    """Return the shape of nested lists, which must be equally long."""
    sizes = [len(value)]
    level = list(value)
    while level and all(family(row) == "sequence" or _has_length(row) for row in level):
        lengths = {len(row) for row in level}
        if len(lengths) > 1:
            message = f"{name} has rows of different lengths: {show(sorted(lengths), 40)}"
            raise CheckFailed(message, actual=value, expected=wanted, kind="shape", name=name)
        sizes.append(lengths.pop())
        level = [element for row in level for element in row]
    return tuple(sizes)


def assert_dtype(actual: Any, dtype: Any, *, name: str = "result") -> None:
    """Check a dtype, given as a name, as a dtype of numpy or torch, or as a tuple of these.

    Raises:
        CheckFailed: says which dtype it is.
    """
    options = dtype if isinstance(dtype, tuple) else (dtype,)
    names = " or ".join(_dtype_text(option) for option in options)
    torchs = [str(option).startswith("torch.") for option in options]
    tensor, made_by_numpy = is_tensor(actual), numpy_kind(actual) is not None
    if not (tensor or made_by_numpy) or (all(torchs) and not tensor):
        word = "a torch tensor" if any(torchs) else "an array"
        refuse(actual, dtype, name, wanted=f"{word} of {names}")
    given = dtype_name(actual)
    if given not in [_dtype_text(option) for option in options]:
        message = f"{name} has dtype {given}, expected {names}"
        raise CheckFailed(message, actual=actual, expected=dtype, kind="dtype", name=name)


def _dtype_text(dtype: Any) -> str:
    if isinstance(dtype, type):
        import numpy as np

        return str(np.dtype(dtype))
    return str(dtype).removeprefix("torch.")


def assert_finite(actual: Any, *, name: str = "result") -> None:
    """Check that no number in a result, nested or not, is NaN or infinite.

    Raises:
        CheckFailed: says how many are, and where the first stands.
    """
    value = unwrapped(actual)
    kind = family(value)
    if kind in ("float", "complex"):
        if not math.isfinite(abs(value)):
            text = "NaN" if value != value else number(value)
            _not_finite(f"{name} is {text}, expected a finite number", actual, value != value, name)
    elif kind in ("array", "tensor"):
        _finite_array(actual, name)
    elif kind in ("sequence", "dict"):
        held = value.items() if kind == "dict" else enumerate(value)
        for key, element in held:
            assert_finite(element, name=at(name, key))
    elif kind not in ("int", "bool", "text", "bytes"):
        refuse(actual, 0.0, name, wanted="finite numbers")


def _finite_array(actual: Any, name: str) -> None:
    import numpy as np

    array = readable(actual, name)
    if array.dtype.kind not in "fc":
        return
    bad = np.isnan(array)
    if bad.any():
        _not_finite(nan_message(bad, name), actual, True, name)
    bad = np.isinf(array)
    if bad.any():
        index = np.unravel_index(int(np.argmax(bad)), bad.shape)
        count = int(np.count_nonzero(bad))
        message = (
            f"{count} of {bad.size} elements of {name} {'is' if count == 1 else 'are'} infinite,"
        )
        message += f" the first at {place(index)}: {number(array[index])}"
        _not_finite(message, actual, False, name)


def _not_finite(message: str, actual: object, is_nan: bool, name: str) -> None:
    raise CheckFailed(message, actual=actual, kind="nan" if is_nan else "inf", name=name)


def assert_distribution(actual: Any, axis: int = -1, *, name: str = "result") -> None:
    """Check that a result is non-negative and sums to one along an axis.

    Takes arrays, tensors, lists of numbers (or of rows of them) and dicts of numbers.

    Raises:
        CheckFailed: names the line that is off, and its sum.
    """
    import numpy as np

    array, dtypes = _numbers_of(actual, name)
    _finite_array(array if family(actual) in ("sequence", "dict") else actual, name)
    if not -array.ndim <= axis < array.ndim:
        message = f"{name} has shape {array.shape}, expected one with an axis {axis} to sum along"
        raise CheckFailed(message, actual=actual, kind="shape", name=name)
    wide = array.astype(np.float64)
    tolerance = tolerance_for(dtypes, terms=max(1, array.shape[axis]))
    slack = tolerance.relative + tolerance.absolute
    negative = wide < -tolerance.absolute
    if negative.any():
        index = np.unravel_index(int(np.argmin(wide)), wide.shape)
        message = (
            f"{name}{place(index)} is {number(wide[index], 4)}: a probability is never negative"
        )
        raise CheckFailed(message, actual=actual, kind="distribution", name=name)
    sums = wide.sum(axis=axis)
    off = np.abs(sums - 1)
    if not (off > slack).any():
        return
    worst = np.unravel_index(int(np.argmax(off)), sums.shape)
    line = slice_name(tuple(worst), axis, wide.ndim, name)
    total = sums[worst]
    digits = next(d for d in range(2, 18) if abs(float(f"{total:.{d}f}") - 1) > 0)
    message = f"{line} sums to {total:.{digits}f}, not 1{_sum_reason(wide, axis, worst, slack)}"
    raise CheckFailed(message, actual=actual, kind="distribution", name=name)


def _sum_reason(wide: Array, axis: int, worst: tuple[Any, ...], slack: float) -> str:
    import numpy as np

    for other in range(wide.ndim):
        sums = wide.sum(axis=other)
        if other != axis % wide.ndim and wide.shape[other] > 1 and (abs(sums - 1) <= slack).all():
            return f"; along axis {other} the sums are 1: softmax over the wrong axis?"
    line = np.moveaxis(wide, axis, -1)[worst]
    masked = line.sum() < 1 and (line == 0).any() and (line != 0).any()
    return " — masked after the softmax?" if masked else ""


def _numbers_of(actual: Any, name: str) -> tuple[Array, set[str]]:
    """Return the values as a real array, and the names of their dtypes."""
    import numpy as np

    kind = family(actual)
    if kind in ("array", "tensor"):
        array = readable(actual, name)
        if array.dtype.kind not in "biuf":
            message = f"{name} has dtype {dtype_name(actual)}, expected real numbers"
            raise CheckFailed(message, actual=actual, kind="dtype", name=name)
        return array, {dtype_name(actual)}
    held = list(actual.values()) if kind == "dict" else actual
    if kind in ("sequence", "dict"):
        table = number_table(held)
        if table is not None:
            return table
        if all(family(value) == "int" for value in held):
            return np.array([_as_float(value) for value in held]), set()
    refuse(actual, 0.0, name, wanted="numbers")


def _as_float(value: Any) -> float:
    """Return a number as a float, an integer that is too large for one as infinity."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def assert_between(
    actual: Any, low: float | None, high: float | None, *, name: str = "result"
) -> None:
    """Check that a number, or every element of an array or list, lies in [low, high]; None is open.

    Raises:
        CheckFailed: says how many do not, and which lies furthest out.
    """
    import numpy as np

    single = family(unwrapped(actual)) in ("int", "float")
    array = np.asarray(_as_float(unwrapped(actual))) if single else _numbers_of(actual, name)[0]
    wide = array.astype(np.float64)
    if np.isnan(wide).any():
        _not_finite(nan_message(np.isnan(wide), name), actual, True, name)
    with np.errstate(all="ignore"):
        below = np.zeros(wide.shape) if low is None else np.maximum(low - wide, 0)
        above = np.zeros(wide.shape) if high is None else np.maximum(wide - high, 0)
    off = np.maximum(below, above)
    count = int(np.count_nonzero(off))
    if not count:
        return
    worst = np.unravel_index(int(np.argmax(off)), off.shape)
    bounds = f"at least {show(low)}" if high is None else f"at most {show(high)}"
    if low is not None and high is not None:
        bounds = f"between {show(low)} and {show(high)}"
    message = f"{name} is {number(wide[worst])}, expected {bounds}"
    if not single:
        verb = "is" if count == 1 else "are"
        message = f"{count} of {off.size} elements of {name} {verb} not {bounds}:"
        message += f" {number(wide[worst])} at {place(worst)}"
    raise CheckFailed(message, actual=actual, expected=(low, high), kind="range", name=name)


def assert_one_of(actual: Any, candidates: Iterable[Any], *, name: str = "result") -> None:
    """Check that a result is close to one of several right answers.

    Raises:
        CheckFailed: lists them where they are short, else says how it differs from the first.
    """
    options = list(candidates)
    failures = []
    for candidate in options:
        try:
            assert_close(actual, candidate, name=name)
        except CheckFailed as failure:
            failures.append(failure)
        else:
            return
    if failures and all(failure.kind == failures[0].kind == "type" for failure in failures):
        raise failures[0]
    texts = [show(option, 40) for option in options]
    if all(family(option) not in ("array", "tensor") for option in options):
        listed = ", ".join(texts[:6]) + (f" and {len(texts) - 6} more" if len(texts) > 6 else "")
        message = f"{name} is {show(actual)}, expected one of {listed}"
    elif failures:
        message = f"{name} is none of {len(options)} right answers; compared with the first,\n"
        message += failures[0].message
    else:
        message = f"{name} is {describe(actual)}, and no answer is right"
    raise CheckFailed(message, actual=actual, expected=options, name=name)
