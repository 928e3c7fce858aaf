"""Refuse values of the wrong kind, with a sentence that helps."""

from __future__ import annotations

from autograder.checks.failure import CheckFailed
from autograder.checks.values import family, numpy_kind, shape_of
from autograder.checks.wording import as_size, describe, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__tracebackhide__ = True

LAZY = ("generator", "map", "filter", "zip", "enumerate", "reversed", "dict_items")
LAZY_KEYS = ("dict_keys", "dict_values", "deque", "list_iterator", "islice", "chain")
WORDS = {
    "int": "a whole number",
    "float": "a number",
    "complex": "a number",
    "bool": "True or False",
}


def refuse(actual: Any, expected: Any, name: str, *, wanted: str | None = None) -> NoReturn:
    """Fail because `actual` is of another kind than `expected`, or than `wanted` says."""
    wanted = wanted or _wanted(actual, expected)
    raise CheckFailed(
        _sentence(actual, expected, name, wanted),
        actual=actual,
        expected=expected,
        kind="type",
        name=name,
    )


def _wanted(actual: Any, expected: Any) -> str:
    kind = family(expected)
    if kind in ("array", "tensor"):
        if family(actual) in ("array", "tensor"):
            return "a torch tensor" if kind == "tensor" else "a numpy array"
        article = "a torch tensor" if kind == "tensor" else "a numpy array"
        return f"{article} of shape {shape_of(expected)}"
    if kind in WORDS and family(actual) not in (*WORDS, "text"):
        return WORDS[kind]
    return describe(expected)


def _sentence(actual: Any, expected: Any, name: str, wanted: str) -> str:
    given, kind = family(actual), type(actual).__name__
    if actual is None:
        if name == "result":
            return "the function returned None: is the return missing?"
        return f"{name} is None, expected {wanted}"
    advice = _advice(actual, expected)
    tail = f": {advice}" if advice else ""
    if given == "other" and name == "result" and kind in ("generator", "coroutine"):
        return f"the function returned a {kind}, expected {wanted}{tail}"
    return f"{name} is {describe(actual)}, expected {wanted}{tail}"


def _advice(actual: Any, expected: Any) -> str:
    given, wanted, kind = family(actual), family(expected), type(actual).__name__
    if actual is NotImplemented or actual is Ellipsis:
        return "is it still to be written?"
    if kind in ("coroutine", "async_generator"):
        return "is an await missing?"
    if kind in LAZY or kind in LAZY_KEYS:
        return "return the values themselves, list(...) for instance"
    if given == "other" and callable(actual):
        return "are the parentheses of a call missing?"
    if isinstance(actual, tuple) and len(actual) == 1 and wanted != "sequence":
        return "does the return end in a comma?"
    if given == "tensor" and wanted in ("int", "float", "bool", "complex"):
        return ".item() is missing?" if as_size(actual) == 1 else ""
    if given == "tensor" and wanted in ("array", "sequence"):
        return f"{'.numpy()' if wanted == 'array' else '.tolist()'} is missing?"
    if wanted == "tensor" and (given in ("array", "sequence") or numpy_kind(actual)):
        return "torch.from_numpy is missing?" if given == "array" else "torch.tensor is missing?"
    if given == "array" and wanted == "sequence":
        return ".tolist() is missing?"
    if given == "text" and wanted in ("int", "float") and show(expected) == actual:
        return "a number is wanted, not its text"
    return ""
