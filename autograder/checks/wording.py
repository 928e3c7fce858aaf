"""Put values into words: short, on one line, whatever is in them."""

from __future__ import annotations

from autograder.checks.values import (
    as_numpy,
    dtype_name,
    family,
    is_tensor,
    numpy_kind,
    plain,
    shape_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__tracebackhide__ = True

LONGEST_TEXT = 200


def show(value: Any, width: int = 72) -> str:
    """Write a value as Python does, cut to about `width` characters.

    Nothing but the types of this module is asked for its own text.
    """
    return _shown(value, width, depth=3)


def _shown(value: Any, width: int, depth: int) -> str:
    kind = family(value)
    value = plain(value)
    if kind in ("none", "bool"):
        return str(value)
    if kind == "int":
        return number(value)
    if kind == "float":
        text = number(value)
        return text if set(text) & set(".enNi") else f"{text}.0"
    if kind == "complex":
        return number(value)
    if kind in ("text", "bytes"):
        return quoted(value, width)
    if kind in ("array", "tensor"):
        return _shown_array(value)
    if kind in ("sequence", "dict", "set"):
        return _shown_container(value, kind, width, depth)
    if isinstance(value, type):
        return value.__name__[:60]
    return f"<{type(value).__name__[:60]} object>"


def _shown_array(value: Any) -> str:
    if len(shape_of(value)) > 1 or as_size(value) > 8 or unreadable(value):
        return describe(value)
    word = "tensor" if is_tensor(value) else "array"
    return f"{word}({show(as_numpy(value).tolist())})"


def _shown_container(value: Any, kind: str, width: int, depth: int) -> str:
    left, right = _brackets(value, kind)
    if depth == 0:
        return f"{left}…{right}"
    parts: list[str] = []
    used = 0
    for count, element in enumerate(_in_order(value) if kind == "set" else value):
        part = _shown(element, width, depth - 1)
        if kind == "dict":
            part += f": {_shown(value[element], width, depth - 1)}"
        used += len(part) + 2
        if parts and used > width:
            parts.append(f"… {len(value) - count} more")
            break
        parts.append(part)
    comma = "," if left == "(" and len(value) == 1 else ""
    return f"{left}{', '.join(parts)}{comma}{right}"


def _in_order(values: Any) -> list[Any]:
    """Return the elements of a set in an order that does not change from run to run."""
    held = list(values)
    return held if len(held) > 1000 else sorted(held, key=_sort_key)


def _sort_key(value: Any) -> tuple[str, float, str]:
    kind = family(value)
    whole = kind in ("bool", "int") and abs(int(value)) < 10**15
    return kind, float(value) if whole or kind == "float" else 0.0, show(value)


def _brackets(value: Any, kind: str) -> tuple[str, str]:
    if kind == "set":
        word = "frozenset" if isinstance(value, frozenset) else "set"
        return ("{", "}") if value and word == "set" else (f"{word}(", ")")
    if kind == "dict":
        return "{", "}"
    return ("(", ")") if isinstance(value, tuple) else ("[", "]")


def quoted(value: str | bytes | bytearray, width: int = LONGEST_TEXT) -> str:
    """Write text or bytes in quotes, control characters escaped, cut at 200 characters."""
    width = min(width, LONGEST_TEXT)
    text = repr(value[:width] if isinstance(value, str) else bytes(value[:width]))
    if len(value) <= width and len(text) <= 2 * width:
        return text
    return (
        f"{text[: 2 * width]}… ({len(value)} {'characters' if isinstance(value, str) else 'bytes'})"
    )


def describe(value: Any) -> str:
    """Say what a value is: `a torch tensor of shape (2, 3), float32`."""
    kind = family(value)
    if kind in ("array", "tensor"):
        word = "torch tensor" if kind == "tensor" else "numpy array"
        return f"a {word} of shape {shape_of(value)}, {dtype_name(value)}"
    if kind in ("sequence", "dict", "set"):
        word = "keys" if kind == "dict" else "elements"
        return f"a {type(value).__name__[:40]} of {plural(len(value), word[:-1])}"
    if kind == "none":
        return "None"
    if kind == "text":
        return f"the text {quoted(value, 60)}"
    if kind == "bytes":
        return f"the bytes {quoted(value, 60)}"
    if kind in ("bool", "int", "float", "complex"):
        return f"{show(value)} ({type(value).__name__})"
    return _describe_other(value)


def _describe_other(value: Any) -> str:
    name = type(value).__name__[:60]
    if value is NotImplemented or value is Ellipsis:
        return "NotImplemented" if value is NotImplemented else "... (Ellipsis)"
    if isinstance(value, type):
        return f"the class {value.__name__[:60]}"
    if name in ("function", "method", "builtin_function_or_method"):
        return f"the function {str(getattr(value, '__name__', '?'))[:60]}"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def number(value: Any, digits: int = 6) -> str:
    """Write a number with so many significant digits; integers whole."""
    value = plain(value)
    if isinstance(value, bool | int):
        return str(value) if abs(value) < 10**60 else f"an integer of {value.bit_length()} bits"
    if isinstance(value, complex):
        return f"{value:.{digits}g}"
    if not isinstance(value, float):
        return show(value, 20)
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    if digits >= 17:
        return repr(value)
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in text and abs(value) < 1e7 else text


def plural(count: int, word: str) -> str:
    """Write a count with its noun: `1 element`, `2 elements`."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def listed(values: Iterable[Any], most: int = 3, joint: str = ", ") -> str:
    """Write the first few of some values, and how many more there are."""
    held = list(values)
    text = joint.join(show(value, 40) for value in held[:most])
    return text if len(held) <= most else f"{text} and {len(held) - most} more"


def at(name: str, key: Any) -> str:
    """Name what stands under an index or key: `result[2]["scores"]`."""
    if family(key) == "text":
        text = repr(key[:40])[1:-1] + ("…" if len(key) > 40 else "")
        part = f"[{quoted(key, 40)}]" if '"' in key else f'["{text}"]'
    else:
        part = f"[{show(key, 40)}]"
    whole = name + part
    return whole if len(whole) <= 80 else f"{whole[:38]}…{whole[-38:]}"


def place(index: Iterable[Any]) -> str:
    """Write an index: `[1, 2]`."""
    return f"[{', '.join(str(int(i)) for i in index)}]"


def as_size(value: Any) -> int:
    """Return the number of elements of an array or tensor."""
    size = 1
    for axis in shape_of(value):
        size *= axis
    return size


def unreadable(value: Any) -> bool:
    """Return whether an array or tensor has no numbers to read."""
    if is_tensor(value):
        return str(value.device.type) == "meta"
    return numpy_kind(value) == "array" and value.dtype.kind not in "biufcSUmM"
