"""What a failed check raises."""

from __future__ import annotations

__tracebackhide__ = True

WIDTH = 100
LINES = 12


class CheckFailed(AssertionError):
    """Say that a result is wrong, and how.

    Attributes:
        message: the whole text, at most 12 lines of at most 100 characters.
        actual: the given value, or the part of it that differs.
        expected: what should stand there.
        kind: what is wrong: "values", "shape", "dtype", "nan", "inf", "device", "type", "length",
            "keys", "text", "distribution", "ranking", "permutation", "range" or "raises".
        name: which part it is, such as `result[2]["scores"]`.
    """

    def __init__(
        self,
        message: str,
        *,
        actual: object = None,
        expected: object = None,
        kind: str = "values",
        name: str = "result",
    ) -> None:
        self.message = fitted(message)
        self.actual = actual
        self.expected = expected
        self.kind = kind
        self.name = name
        super().__init__(self.message)


def fitted(message: str) -> str:
    """Wrap lines wider than a terminal, and keep the first twelve of them."""
    lines = [part for line in message.split("\n") for part in _wrapped(line.rstrip())]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], "  …"]
    return "\n".join(lines)


def _wrapped(line: str) -> list[str]:
    parts = []
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    while len(line) > WIDTH:
        space = line.rfind(" ", len(indent) + 1, WIDTH + 1)
        cut = space if space > WIDTH // 2 else WIDTH
        parts.append(line[:cut].rstrip())
        line = indent + line[cut:].lstrip()
    return [*parts, line]
