"""Check that a call is refused."""

from __future__ import annotations

from autograder.checks.failure import CheckFailed
from autograder.checks.wording import describe, quoted, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    E = TypeVar("E", bound=BaseException)

__tracebackhide__ = True


def assert_raises(
    error_type: type[E] | tuple[type[E], ...],
    function: Callable[..., object],
    /,
    *args: Any,
    **kwargs: Any,
) -> E:
    """Check that `function(*args, **kwargs)` raises `error_type`, and return what it raised.

    What says nothing about the call passes through, unless its own type is asked for:
    NotImplementedError, MemoryError, failures of checks, exceptions whose class has a true
    `passes_checks` (the submission timed out, crashed …), and what is no Exception.

    Raises:
        CheckFailed: if nothing, or another type, was raised.
    """
    asked = error_type if isinstance(error_type, tuple) else (error_type,)
    names = " or ".join(kind.__name__ for kind in asked)
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        if _passes(error) and not any(
            _passes_class(kind) and isinstance(error, kind) for kind in asked
        ):
            raise
        if isinstance(error, asked):
            return error
        message = f"raised {type(error).__name__[:60]} instead of {names}{_text(error)}"
        raise CheckFailed(message, actual=error, expected=error_type, kind="raises") from error
    raise CheckFailed(
        f"expected {names}, but {_outcome(result)}",
        actual=result,
        expected=error_type,
        kind="raises",
    )


def _passes(error: BaseException) -> bool:
    return not isinstance(error, Exception) or _passes_class(type(error))


def _passes_class(kind: type) -> bool:
    if not issubclass(kind, Exception) and kind is not BaseException:
        return True
    unspoken = (NotImplementedError, MemoryError, CheckFailed)
    return issubclass(kind, unspoken) or getattr(kind, "passes_checks", False) is True


def _text(error: BaseException) -> str:
    try:
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    except Exception:
        return ""
    return f": {quoted(text)[1:-1]}" if text.strip() else ""


def _outcome(result: object) -> str:
    if result is None:
        return "the function returned None"
    kind = type(result).__name__
    if kind in ("generator", "coroutine"):
        return f"got {describe(result)}: nothing in it runs until it is used"
    return f"got the result {show(result)}"
