"""Compare results at the tolerance of their dtype."""

from __future__ import annotations

from autograder.checks.arrays import compare_arrays, compare_values
from autograder.checks.exact import compare_exactly, compare_keys, compare_lengths, same_object
from autograder.checks.failure import CheckFailed
from autograder.checks.refusal import refuse
from autograder.checks.tolerance import (
    Tolerance,
    differing,
    numbers_close,
    tolerance_for,
)
from autograder.checks.values import (
    NUMBERS,
    as_numpy,
    dtype_kind,
    dtype_name,
    family,
    key_of,
    number_table,
    plain,
    shape_of,
    unwrapped,
)
from autograder.checks.wording import at, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__tracebackhide__ = True

DEEPEST = 100


def assert_close(
    actual: object,
    expected: object,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    terms: float = 1,
    check_dtype: bool = False,
    equal_nan: bool = False,
    strict_types: bool = False,
    name: str = "result",
) -> None:
    """Check that numbers, arrays, tensors or nestings of them are equal up to rounding.

    The tolerance is that of the coarser dtype, times the root of `terms`, the length of the sums
    (see `autograder.checks.tolerance`); `rtol` and `atol` replace its parts. Text, ints, bools,
    None, keys and lengths must be equal. A list, a tuple and a numpy array with one axis may stand
    for each other, unless `strict_types`; so may a Python number, a numpy scalar and a numpy array
    without axes. A tensor stands only for a tensor. Kinds of dtype (bool, int, float, complex)
    matter, except that whole numbers may stand for floats; `check_dtype` compares dtypes exactly.
    NaN fails, unless `equal_nan` and one is expected there.

    Raises:
        CheckFailed: says what differs, where and by how much.
    """
    _Close(rtol, atol, terms, check_dtype, equal_nan, strict_types).compare(actual, expected, name)


class _Close:
    """The settings of one comparison, carried down a nesting."""

    def __init__(
        self,
        rtol: float | None,
        atol: float | None,
        terms: float,
        check_dtype: bool,
        equal_nan: bool,
        strict_types: bool,
    ) -> None:
        self.rtol = rtol
        self.atol = atol
        self.terms = terms
        self.check_dtype = check_dtype
        self.equal_nan = equal_nan
        self.strict_types = strict_types

    def tolerance(self, *dtypes: str) -> Tolerance:
        return tolerance_for(dtypes, self.rtol, self.atol, self.terms)

    def compare(self, actual: Any, expected: Any, name: str) -> None:
        wanted = family(unwrapped(expected))
        if wanted in NUMBERS:
            self.numbers(actual, expected, name)
        elif wanted == "tensor" or wanted == "array":
            self.arrays(actual, expected, name)
        elif wanted == "sequence":
            self.sequences(actual, expected, name)
        elif wanted == "dict":
            if family(actual) != "dict":
                refuse(actual, expected, name)
            held = compare_keys(actual, expected, name)
            for key, value in expected.items():
                self.compare(actual[held[key_of(key)]], value, at(name, key))
        else:
            compare_exactly(actual, expected, name, self.strict_types)

    def arrays(self, actual: Any, expected: Any, name: str) -> None:
        given, wanted = family(actual), family(expected)
        if given != wanted:
            listed = wanted == "array" and given == "sequence" and not self.strict_types
            if not (listed and len(shape_of(expected)) == 1):
                refuse(actual, expected, name)
            self.sequences(actual, expected, name)
            return
        compare_arrays(
            actual,
            expected,
            self.tolerance(dtype_name(actual), dtype_name(expected)),
            check_dtype=self.check_dtype,
            equal_nan=self.equal_nan,
            name=name,
        )

    def sequences(self, actual: Any, expected: Any, name: str) -> None:
        """Compare lists, as one array where they hold nothing but numbers."""
        one_axis = family(actual) == "array" and len(shape_of(actual)) == 1
        if family(actual) != "sequence" and not (one_axis and not self.strict_types):
            refuse(actual, expected, name)
        if self.strict_types and type(actual) is not type(expected):
            refuse(actual, expected, name)
        given, wanted = as_list(actual), as_list(expected)
        compare_lengths(given, wanted, actual, expected, name)
        strict = self.check_dtype or self.strict_types
        tables = None if strict else (number_table(given), number_table(wanted))
        if tables and tables[0] and tables[1] and tables[0][0].shape == tables[1][0].shape:
            names = (
                tables[0][1]
                | tables[1][1]
                | {dtype_name(x) for x in (actual, expected) if family(x) == "array"}
            )
            compare_values(
                tables[0][0],
                tables[1][0],
                self.tolerance(*names),
                equal_nan=self.equal_nan,
                name=name,
                given=actual,
                wanted=expected,
            )
            return
        whole = self.rtol is None and self.atol is None
        if whole and all(
            family(value) not in ("sequence", "dict", "array", "tensor", "float", "complex")
            for value in (*given, *wanted)
        ):
            compare_exactly(given, wanted, name, self.strict_types)
            return
        for index, value in enumerate(wanted):
            self.compare(given[index], value, at(name, index))

    def numbers(self, actual: Any, expected: Any, name: str) -> None:
        given, wanted = unwrapped(actual), unwrapped(expected)
        kinds = (family(given), family(wanted))
        if kinds[0] not in NUMBERS or (kinds[0] == "complex" and kinds[1] != "complex"):
            refuse(actual, expected, name)
        names = (dtype_name(given), dtype_name(wanted))
        if self.check_dtype and names[0] != names[1]:
            message = f"{name} has dtype {names[0]}, expected {names[1]}"
            raise CheckFailed(message, actual=actual, expected=expected, kind="dtype", name=name)
        if kinds == ("int", "int") and self.rtol is None and self.atol is None:
            compare_exactly(given, wanted, name, False)
            return
        if numbers_close(
            plain(given), plain(wanted), self.tolerance(*names), equal_nan=self.equal_nan
        ) and (given == given or self.equal_nan):
            return
        try:
            convert = complex if "complex" in kinds else float
            given_array, wanted_array = as_numpy(convert(given)), as_numpy(convert(wanted))
        except OverflowError:
            message = f"{name} is {number(given)}, expected {number(wanted)}"
            raise CheckFailed(message, actual=actual, expected=expected, name=name) from None
        compare_values(
            given_array,
            wanted_array,
            self.tolerance(*names),
            equal_nan=self.equal_nan,
            name=name,
            given=actual,
            wanted=expected,
        )


def as_list(value: Any) -> list[Any]:
    """Return the elements of a sequence, or of an array with one axis, which keep their dtype."""
    return list(value)


def close(a: object, b: object, *, loose: float = 1.0) -> bool:
    """Return whether two recorded values are the same answer. Never raises.

    The tolerances are those of `assert_close`, times `loose`, with the magnitude of the larger of
    the two. NaN is equal to NaN; lists, tuples and arrays with one axis stand for each other, and
    Python's numbers for numpy's scalars, 0 for 0.0 too. Shapes matter; so do kinds of dtype and
    all dtypes whose values differ visibly: only float32 and float64, complex64 and complex128,
    int32 and int64 are taken for each other. Gradients and devices do not matter.
    """
    try:
        return bool(_same(a, b, loose, 0))
    except Exception:
        return False


def _same(a: Any, b: Any, loose: float, depth: int) -> bool:
    if depth > DEEPEST:
        return False
    a, b = unwrapped(a), unwrapped(b)
    kinds = (family(a), family(b))
    if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
        tolerance = tolerance_for((dtype_name(a), dtype_name(b)), loose=loose)
        return numbers_close(plain(a), plain(b), tolerance, equal_nan=True, both=True)
    if set(kinds) == {"array", "sequence"}:
        one_axis = all(family(x) != "array" or len(shape_of(x)) == 1 for x in (a, b))
        return one_axis and _same_sequences(a, b, loose, depth)
    if kinds[0] != kinds[1]:
        return False
    if kinds[0] in ("array", "tensor"):
        return _same_arrays(a, b, loose)
    if kinds[0] == "sequence":
        return _same_sequences(a, b, loose, depth)
    if kinds[0] == "dict":
        held = {key_of(key): key for key in a}
        return len(a) == len(b) and all(
            key_of(key) in held and _same(a[held[key_of(key)]], value, loose, depth + 1)
            for key, value in b.items()
        )
    if kinds[0] == "set":
        return bool(key_of(a) == key_of(b))
    if kinds[0] == "other":
        return same_object(a, b)
    return bool(plain(a) == plain(b))


def _same_sequences(a: Any, b: Any, loose: float, depth: int) -> bool:
    a, b = as_list(a), as_list(b)
    if len(a) != len(b):
        return False
    given, wanted = number_table(a), number_table(b)
    if given and wanted:
        if given[0].shape != wanted[0].shape:
            return False
        tolerance = tolerance_for(given[1] | wanted[1], loose=loose)
        return not differing(given[0], wanted[0], tolerance, equal_nan=True, both=True).any()
    return all(_same(x, y, loose, depth + 1) for x, y in zip(a, b, strict=True))


def _same_arrays(a: Any, b: Any, loose: float) -> bool:
    names = (dtype_name(a), dtype_name(b))
    if shape_of(a) != shape_of(b) or not _same_dtype(*names):
        return False
    tolerance = tolerance_for(names, loose=loose)
    return not differing(as_numpy(a), as_numpy(b), tolerance, equal_nan=True, both=True).any()


def _same_dtype(a: str, b: str) -> bool:
    wide = ({"float32", "float64"}, {"complex64", "complex128"}, {"int32", "int64"})
    if dtype_kind(a) == dtype_kind(b) == "other":
        return a[:2] == b[:2]  # text of another longest length
    return a == b or any({a, b} == pair for pair in wide)
