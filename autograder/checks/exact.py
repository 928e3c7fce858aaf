"""Compare results that have one exact value: text, whole numbers, keys, sets."""

from __future__ import annotations

from collections import Counter

from autograder.checks.arrays import compare_arrays
from autograder.checks.failure import WIDTH, CheckFailed
from autograder.checks.refusal import refuse
from autograder.checks.tolerance import EXACT
from autograder.checks.values import family, key_of, plain, shape_of, unwrapped
from autograder.checks.wording import at, describe, listed, number, plural, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__tracebackhide__ = True

AROUND = 30
FAST = (str, int, bool, float, bytes)


def assert_equal(
    actual: object, expected: object, *, strict_types: bool = False, name: str = "result"
) -> None:
    """Check that a result is exactly the expected one.

    True is not 1, and 3.0 is not 3, but numpy's bools and whole numbers may stand for Python's, and
    a whole number for an equal float. NaN is equal to NaN. A list, a tuple, a range and a numpy
    array with one axis may stand for each other, a set and a frozenset too, unless `strict_types`.
    Arrays and tensors must have the same shape and kind of dtype.

    Raises:
        CheckFailed: names the first part that differs.
    """
    compare_exactly(actual, expected, name, strict_types)


def compare_exactly(actual: Any, expected: Any, name: str, strict_types: bool) -> None:
    """Compare two values of any kind, part by part."""
    given, wanted = unwrapped(actual), unwrapped(expected)
    kinds = (family(given), family(wanted))
    one_axis = kinds[0] == "array" and kinds[1] == "sequence" and len(shape_of(given)) == 1
    one_axis |= kinds[1] == "array" and kinds[0] == "sequence" and len(shape_of(wanted)) == 1
    whole = kinds == ("int", "float")
    if kinds[0] != kinds[1] and not (whole or (one_axis and not strict_types)):
        refuse(actual, expected, name)
    if strict_types and kinds[1] in ("sequence", "dict", "set") and type(given) is not type(wanted):
        refuse(actual, expected, name)
    if kinds[0] == kinds[1] and kinds[1] in ("array", "tensor"):
        compare_arrays(given, wanted, EXACT, equal_nan=True, name=name)
    elif kinds[1] in ("sequence", "array"):
        _compare_sequences(given, wanted, name, strict_types)
    elif kinds[1] == "dict":
        held = compare_keys(given, wanted, name)
        for key, value in wanted.items():
            compare_exactly(given[held[key_of(key)]], value, at(name, key), strict_types)
    elif kinds[1] == "set":
        _compare_sets(given, wanted, name)
    elif kinds[1] == "text":
        _compare_text(str(given), str(wanted), name)
    else:
        _compare_plain(given, wanted, name)


def _compare_plain(actual: Any, expected: Any, name: str) -> None:
    given, wanted = plain(actual), plain(expected)
    if family(wanted) == "other":
        if same_object(given, wanted):
            return
    elif given == wanted or (given != given and wanted != wanted):
        return
    if family(wanted) == "bytes":
        first = _first_difference(given, wanted)
        start = max(0, first - 8)
        pair = [f"{bytes(value[start : first + 8])!r}" for value in (given, wanted)]
        message = f"{name} differs from the expected bytes at byte {first}:"
        message += (
            f"\n  given     {pair[0]}\n  expected  {pair[1]}{_length_note(given, wanted, 'byte')}"
        )
    elif family(wanted) in ("int", "float", "complex"):
        digits = next((d for d in range(6, 17) if number(given, d) != number(wanted, d)), 17)
        message = f"{name} is {number(given, digits)}, expected {number(wanted, digits)}"
        if family(given) == family(wanted) == "int" and abs(given - wanted) < 10**15:
            message += f" (off by {abs(given - wanted)})"
    else:
        message = f"{name} is {describe(actual)}, expected {describe(expected)}"
        if family(wanted) == "bool":
            message = f"{name} is {given}, expected {wanted}"
    raise CheckFailed(message, actual=actual, expected=expected, name=name)


def same_object(actual: Any, expected: Any) -> bool:
    """Return whether two objects of a type that we do not know are the same or equal."""
    try:
        return actual is expected or (type(actual) is type(expected) and bool(actual == expected))
    except Exception:
        return False


def _first_difference(given: Any, wanted: Any) -> int:
    pairs = enumerate(zip(given, wanted, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(given), len(wanted)))


def _length_note(given: Any, wanted: Any, word: str) -> str:
    if len(given) == len(wanted):
        return ""
    return f"\ngiven are {plural(len(given), word)}, expected {len(wanted)}"


def _compare_text(given: str, wanted: str, name: str) -> None:
    if given == wanted:
        return
    first = _first_difference(given, wanted)
    start = max(0, first - AROUND)
    before = _escaped(given[start:first])
    lead = "…" if start else ""
    lines = [f"{name} differs from the expected text at character {first}:"]
    if "\n" in wanted[:first]:
        line, column = wanted.count("\n", 0, first) + 1, first - wanted.rfind("\n", 0, first) - 1
        lines = [f"{lines[0][:-1]} (line {line}, character {column}):"]
    for title, text in (("given", given), ("expected", wanted)):
        tail = "…" if len(text) > first + AROUND else ""
        shown = _escaped(text[first : first + AROUND])
        lines.append(f"  {title:8}  '{lead}{before}{shown}{tail}'"[: WIDTH - 1])
    lines.append(" " * (13 + len(lead) + len(before)) + "^")
    note = _text_note(given, wanted)
    raise CheckFailed(
        "\n".join([*lines, note] if note else lines),
        actual=given,
        expected=wanted,
        kind="text",
        name=name,
    )


def _escaped(text: str) -> str:
    """Return text without line breaks and control characters, cut to what fits."""
    parts = [char if char.isprintable() else repr(char)[1:-1] for char in text]
    return "".join(parts)[: AROUND + 5]


def _text_note(given: str, wanted: str) -> str:
    if not given:
        return "the given text is empty"
    if "".join(given.split()) == "".join(wanted.split()):
        end = given.rstrip() == wanted.rstrip()
        return f"only the white space {'at the end ' if end else ''}differs"
    if given.casefold() == wanted.casefold():
        return "only upper and lower case differ"
    return _length_note(given, wanted, "character").lstrip("\n")


def compare_lengths(
    given: list[Any], wanted: list[Any], actual: object, expected: object, name: str
) -> None:
    """Refuse another number of elements, and say what is missing or too many."""
    if len(given) == len(wanted):
        return
    lines = [f"{name} has {plural(len(given), 'element')}, expected {len(wanted)}"]
    missing, extra = _difference(wanted, given), _difference(given, wanted)
    if missing and not extra:
        lines[0] += f": {listed(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    elif extra and not missing:
        lines[0] += f": {listed(extra)} {'is' if len(extra) == 1 else 'are'} too many"
    lines += _both(given, wanted)
    raise CheckFailed("\n".join(lines), actual=actual, expected=expected, kind="length", name=name)


def _difference(values: list[Any], others: list[Any]) -> list[Any]:
    """Return the values that the others lack, counting repeats; [] where any is not a plain id."""
    if len(values) + len(others) > 100_000:
        return []
    if any(family(value) in ("float", "array", "tensor", "other") for value in (*values, *others)):
        return []
    left = Counter(map(key_of, others))
    result = []
    for value in values:
        key = key_of(value)
        if left[key] > 0:
            left[key] -= 1
        else:
            result.append(value)
    return result


def _both(given: Any, wanted: Any) -> list[str]:
    """Show two lists below each other where they are short."""
    texts = [show(list(value), 10_000) for value in (given, wanted) if len(value) <= 24]
    if len(texts) < 2 or max(map(len, texts)) > WIDTH - 12:
        return []
    return [f"  given     {texts[0]}", f"  expected  {texts[1]}"]


def _compare_sequences(actual: Any, expected: Any, name: str, strict_types: bool) -> None:
    given, wanted = list(actual), list(expected)
    compare_lengths(given, wanted, actual, expected, name)
    for index, (one, other) in enumerate(zip(given, wanted, strict=True)):
        if type(one) is type(other) and type(one) in FAST and one == other:
            continue
        try:
            compare_exactly(one, other, at(name, index), strict_types)
        except CheckFailed as failure:
            if family(other) in ("sequence", "dict", "set", "array", "tensor"):
                raise
            if failure.kind not in ("values", "text"):
                raise
            raise _of_list(failure, given, wanted, actual, expected, name) from None


def _of_list(
    failure: CheckFailed,
    given: list[Any],
    wanted: list[Any],
    actual: object,
    expected: object,
    name: str,
) -> CheckFailed:
    """Say where the first wrong element of a list stands in it."""
    both = _both(given, wanted)
    message = failure.message
    if failure.kind == "text" and both:
        message = f"{failure.name} is {show(failure.actual)}, expected {show(failure.expected)}"
    lines = [message, *both]
    keys = (
        ([], [])
        if len(given) > 100_000
        else [[key_of(x) for x in held] for held in (given, wanted)]
    )
    if keys[0] and keys[0] == keys[1][::-1]:
        lines.append("the right elements in reversed order")
    elif keys[0] and Counter(keys[0]) == Counter(keys[1]):
        lines.append("the right elements in another order")
    return CheckFailed(
        "\n".join(lines), actual=actual, expected=expected, kind=failure.kind, name=failure.name
    )


def compare_keys(actual: Any, expected: Any, name: str) -> dict[Any, Any]:
    """Require the same keys, and return the given ones by `key_of`."""
    held = {key_of(key): key for key in actual}
    wanted = {key_of(key): key for key in expected}
    missing = [key for found, key in wanted.items() if found not in held]
    extra = [key for found, key in held.items() if found not in wanted]
    if not missing and not extra:
        return held
    parts = []
    if missing:
        parts.append(f"lacks the {'key' if len(missing) == 1 else 'keys'} {listed(missing)}")
    if extra:
        parts.append(f"has the unexpected {'key' if len(extra) == 1 else 'keys'} {listed(extra)}")
    message = f"{name} {' and '.join(parts)}"
    if missing and {str(plain(key)) for key in missing} == {str(plain(key)) for key in extra}:
        message += ": the keys are of another type"
    raise CheckFailed(message, actual=actual, expected=expected, kind="keys", name=name)


def _compare_sets(actual: Any, expected: Any, name: str) -> None:
    held, wanted = ({key_of(x): x for x in value} for value in (actual, expected))
    missing = sorted((show(x, 40) for key, x in wanted.items() if key not in held))
    extra = sorted(show(x, 40) for key, x in held.items() if key not in wanted)
    if not missing and not extra:
        return
    parts = []
    for word, texts in (("lacks", missing), ("has the unexpected", extra)):
        if texts:
            more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
            parts.append(f"{word} {', '.join(texts[:3])}{more}")
    message = f"{name} {' and '.join(parts)}"
    raise CheckFailed(message, actual=actual, expected=expected, kind="values", name=name)
