"""What can become of a submission besides a wrong value, as exceptions of the judge.

None of them is a built-in exception, and `passes_checks` lets them through `assert_raises`: a test
that expects a ValueError is not satisfied by a crash.
"""

from __future__ import annotations

import builtins
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Frame:
    """One line of the learner's own code in a traceback."""

    file: str
    line: int
    function: str


class SubmissionFailure(Exception):
    """The submission, not the test, is why this call has no result."""

    passes_checks = True
    verdict = "raised"

    def __init__(self, message: str, frames: tuple[Frame, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.frames = frames


class Unimplemented(SubmissionFailure):
    """The task is missing or still raises NotImplementedError."""

    verdict = "unimplemented"


class LoadFailed(SubmissionFailure):
    """The file cannot be read, parsed or imported; `verdict` says in which way."""

    def __init__(
        self, message: str, frames: tuple[Frame, ...] = (), *, verdict: str = "raised"
    ) -> None:
        super().__init__(message, frames)
        if verdict in ("forbidden", "timed_out", "out_of_memory"):
            self.verdict = verdict


class Stopped(SubmissionFailure):
    """The submission raised what is no Exception (SystemExit, KeyboardInterrupt …)."""


class ForbiddenCall(SubmissionFailure):
    """The submission uses what the kata forbids."""

    verdict = "forbidden"


class TimedOut(SubmissionFailure):
    """The call took longer than its limit."""

    verdict = "timed_out"


class OutOfMemory(SubmissionFailure):
    """The call asked for more memory than its limit."""

    verdict = "out_of_memory"


class Crashed(SubmissionFailure):
    """The worker died."""

    verdict = "crashed"


class ProtocolBroken(SubmissionFailure):
    """The worker sent what is no answer."""

    verdict = "protocol"


class ChangedInput(SubmissionFailure):
    """The submission changed an argument in place."""

    verdict = "wrong"


class NotPlainData(SubmissionFailure):
    """The result holds something that is no value: a generator, an object without data."""

    verdict = "wrong"


@dataclass(frozen=True)
class Raised:
    """What the submission raised: kept on the exception that the judge raises in its place."""

    kind: str
    text: str
    frames: tuple[Frame, ...] = field(default=())


def as_exception(raised: Raised, builtin: str) -> BaseException:
    """Return an exception of the built-in type named `builtin` that carries `raised`.

    Where that wants more than a text (UnicodeDecodeError), it is of the nearest base that does not.
    A name that is no built-in Exception gives a plain `Exception`: what ends a process
    (SystemExit …) must not be raised in the judge because a submission asked for it.
    """
    kind = getattr(builtins, builtin, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return Stopped(f"raised {raised.kind}: {raised.text}", raised.frames)
    error = Exception(raised.text)
    for base in kind.__mro__[: kind.__mro__.index(Exception)]:
        with suppress(Exception):
            error = base(raised.text)
            break
    error.submission_raised = raised  # type: ignore[attr-defined]
    return error


def printable(text: str) -> str:
    """Return a text without what a terminal obeys or no encoding holds: escapes stand for it.

    >>> printable(chr(27) + "[31m") == chr(92) + "x1b[31m"
    True
    """
    return "".join(
        char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text
    )


def raised_by_submission(error: BaseException) -> Raised | None:
    """Return what the submission raised, where `error` stands for that."""
    found = getattr(error, "submission_raised", None)
    return found if isinstance(found, Raised) else None
