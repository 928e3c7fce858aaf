"""The judge's side of a submission: `submission.task(...)`, whatever holds the code.

A `Submission` sends requests over a *make* (in-process, or a worker) and rebuilds plain data from
the replies. All that crosses is recorded, so that a failed test can be told from the values alone.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from autograder.catalog import Kata
from autograder.sandbox import wire
from autograder.sandbox.failures import (
    ChangedInput,
    Crashed,
    ForbiddenCall,
    Frame,
    LoadFailed,
    NotPlainData,
    OutOfMemory,
    ProtocolBroken,
    Raised,
    Stopped,
    SubmissionFailure,
    TimedOut,
    Unimplemented,
    as_exception,
    printable,
    raised_by_submission,
)
from autograder.sandbox.forbidden import violations
from autograder.sandbox.probes import RECORDED
from autograder.sandbox.remote import Method, Remote, forget_handles, handle_type, without_handles

TEXT_LIMIT, NAME_LIMIT, FRAME_LIMIT = 2000, 80, 20
"""How much the judge keeps of a text, of a name and of a traceback that a submission sends."""


@dataclass(frozen=True)
class Source:
    """The text of a submission: one chunk for a file, one for each code cell of a notebook."""

    name: str
    chunks: tuple[tuple[str, str], ...]
    notebook: bool = False
    problem: str | None = None

    @classmethod
    def of_file(cls, path: Path) -> Source:
        """Read a `.py` file; one that cannot be read or decoded is a source with a `problem`."""
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            return cls(str(path), (), problem=f"the file cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            return cls(str(path), (), problem=f"the file is not UTF-8 text: {error}")
        return cls(str(path), ((str(path.resolve()), text),))


@dataclass(frozen=True)
class Crossing:
    """One thing that crossed between judge and submission: a call and its outcome, a callback."""

    what: str
    outcome: str
    value: Any


@dataclass
class Record:
    """All that crossed in one test, in order."""

    crossings: list[Crossing] = field(default_factory=list)
    uncounted: int = 0
    """Launches of Triton kernels since the last call returned; no two people make the same."""

    def add(self, what: str, outcome: str, value: Any) -> None:
        """Append one crossing; an object that stayed on its side is noted as that alone."""
        self.crossings.append(Crossing(what, outcome, without_handles(value)))


class Make(Protocol):
    """What holds a submission and answers requests about it."""

    def begin(self, seconds: float) -> None:
        """Start a test that may take `seconds`."""

    def request(
        self,
        message: wire.Message,
        answer: Callable[[tuple[Any, ...]], wire.Message],
        resolve: Callable[[wire.Ref], Any],
    ) -> Any:
        """Send a packed request and return the unpacked reply; `answer` serves its questions."""

    def close(self) -> None:
        """Let go of the submission."""


Service = Callable[["Submission", Any], Any]
SERVICES: dict[str, Service] = {}
"""What a submission may ask the judge for, by name, besides its callbacks (kernel launches)."""
EXTENSIONS: dict[str, Callable[["Submission"], Callable[..., Any]]] = {}
"""Further methods of the `submission` fixture, by name (`profile`)."""
AFTER_CALL: list[Callable[["Submission", "Remote", tuple[Any, ...], int], None]] = []
"""What looks at a call that returned: its arguments, and where its crossings start."""


class Submission:
    """The implementation that a suite is judging.

    `submission.task(...)` calls a function or makes an object of a class; see `gradients` and
    `probe` for what else a test can ask.
    """

    def __init__(self, kata: Kata, source: Source, make: Make) -> None:
        self._kata = kata
        self._source = source
        self._make = make
        self._may_change = False
        self._callbacks: list[Callable[..., Any]] = []
        self._errors: list[BaseException] = []
        self._refused: AssertionError | None = None
        self._violations: dict[str, tuple[str, str, int]] | None = None
        self._record = Record()

    def __getattr__(self, name: str) -> Any:
        if name in EXTENSIONS:
            return EXTENSIONS[name](self)
        if name.startswith("_"):
            raise AttributeError(name)
        return Remote(self, name, ())

    def __repr__(self) -> str:
        return f"<submission {self._source.name}>"

    @property
    def in_worker(self) -> bool:
        """Whether the code runs in a process of its own."""
        return not isinstance(self._make, InProcess)

    def begin_test(self, seconds: float) -> Record:
        """Forget handles and callbacks of the test before; return the record of the new one."""
        self._callbacks.clear()
        self._errors.clear()
        self._refused = None
        self._may_change = False
        self._record = Record()
        self._make.begin(seconds)
        return self._record

    def allow_changes(self) -> None:
        """Let the submission change its arguments for the rest of this test."""
        self._may_change = True

    def note_result(self, value: Any) -> None:
        """Let a diagnosis compare `value` in place of the last result: what is beside it is free.

        For results that may hold more than the contract names, and texts in words of one's own.
        """
        last = self._record.crossings[-1]
        self._record.crossings[-1] = replace(last, value=without_handles(value))

    def gradients(
        self,
        target: str | Remote,
        *args: Any,
        wrt: Sequence[int | str] = (0,),
        upstream: Any = None,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Run a task (by name) or a method forward and backward; return the gradients of `wrt`."""
        remote = self._target(target)
        request = ("gradients", *remote._address, args, kwargs, tuple(wrt), upstream)
        found: tuple[Any, ...] = self._ask(f"gradients of {remote._what}", remote, request)[0]
        return found

    def probe(self, name: str, target: str | Remote, *args: Any, **kwargs: Any) -> Any:
        """Run a registered probe on one call of a task (by name) or a method."""
        remote = self._target(target)
        request = ("probe", name, *remote._address, args, kwargs)
        what, record = f"{name} of {remote._what}", name in RECORDED
        return self._ask(what, remote, request, record=record)[0]

    def measure(
        self, name: str, target: str | Remote, *args: Any, limit: float, **kwargs: Any
    ) -> float:
        """Run a registered probe that measures one call; return what it found.

        Whether that is within `limit` is recorded, so that a diagnosis can tell who is not; the
        figure itself is not, since no two runs agree in it.
        """
        found = self.probe(name, target, *args, **kwargs)
        if type(found) not in (int, float):
            raise ProtocolBroken(f"{name} is a number, not {type(found).__name__}")
        remote = self._target(target)
        self._record.add(f"{name} of {remote._what}", "ok", bool(found <= limit))
        return float(found)

    def _target(self, target: str | Remote) -> Remote:
        if isinstance(target, str):
            base, *path = target.split(".")
            return Remote(self, base, tuple(path))
        return target

    # -- asking -----------------------------------------------------------------------------

    def _call(self, remote: Remote, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = ("call", *remote._address, args, kwargs)
        start = len(self._record.crossings)
        value, changed = self._ask(remote._what, remote, request)
        for look in AFTER_CALL:
            look(self, remote, args, start)
        if changed is not None and not self._may_change:
            raise ChangedInput(
                f"`{remote._label}` changed its {self._argument(remote, changed)} in place: "
                "work on a copy"
            )
        return value

    def _ask(
        self, what: str, remote: Remote, request: tuple[Any, ...], *, record: bool = True
    ) -> list[Any]:
        self._refuse_forbidden(remote)
        message = wire.pack(request, refer=self._refer, where="argument")
        try:
            reply = self._make.request(message, self._answer, self._resolve)
        finally:
            if self._refused is not None:
                # A check in a callback failed: whether the submission let that pass or not.
                raise self._refused
        word, rest = _read_reply(reply, request[0])
        if word == "ok":
            if record:
                self._record.add(what, "ok", rest[0])
            return rest
        error = self._failure(word, rest)
        if record:
            self._note(what, error)
        raise error

    def _note(self, what: str, error: BaseException) -> None:
        raised = getattr(error, "submission_raised", None)
        if isinstance(error, SubmissionFailure):
            self._record.add(what, error.verdict, error.message)
        else:
            kind = next(k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins")
            self._record.add(what, "raised", (kind, raised.text if raised else str(error)))

    def _failure(self, word: str, rest: list[Any]) -> BaseException:
        if word == "returned":
            if not 0 <= rest[0] < len(self._errors):
                raise ProtocolBroken("the submission's process sent an error that nobody raised")
            escaped: BaseException = self._errors[rest[0]]
            vars(escaped)["escaped_submission"] = True
            return escaped
        files = {name for name, _ in self._source.chunks}
        frames = tuple(
            Frame(file, line, printable(function[:NAME_LIMIT]))
            for file, line, function in rest[-1][-FRAME_LIMIT:]
            if file in files
        )
        if word == "raised":
            builtin = rest[0]
            name, text = printable(rest[1][:NAME_LIMIT]), printable(rest[2][:TEXT_LIMIT])
            if builtin == "NotImplementedError":
                return Unimplemented("not implemented yet", frames)
            if builtin == "MemoryError" or (
                builtin == "RuntimeError" and "can't allocate memory" in text
            ):
                return OutOfMemory("ran out of memory", frames)
            return as_exception(Raised(name, text, frames), builtin)
        text = printable(rest[0][:TEXT_LIMIT])
        match word:
            case "forbidden":
                return ForbiddenCall(f"`{text}` may not be used in this kata", frames)
            case "load":
                return LoadFailed(text, frames, verdict=rest[1])
            case "refused":
                return NotPlainData(f"returned what is no plain value: {text}", frames)
            case "timed_out":
                return TimedOut("did not finish within the time limit", frames)
            case "missing":
                return Unimplemented(text, frames)
        return Stopped(text, frames)

    def _refuse_forbidden(self, remote: Remote) -> None:
        if self._source.problem is not None:
            raise LoadFailed(self._source.problem)
        if not self._kata.forbidden or not isinstance(remote._base, str):
            return
        if self._violations is None:
            names = self._kata.task_names
            self._violations = violations(self._source.chunks, names, self._kata.forbidden)
        found = self._violations.get(remote._base)
        if found:
            name, file, line = found
            raise ForbiddenCall(
                f"`{name}` may not be used in this kata", (Frame(file, line, remote._base),)
            )

    def _argument(self, remote: Remote, key: int | str) -> str:
        if isinstance(key, str):
            return f"argument `{printable(key[:NAME_LIMIT])}`"
        names = self._parameters(remote)
        return f"argument `{names[key]}`" if key < len(names) else f"argument {key + 1}"

    def _parameters(self, remote: Remote) -> list[str]:
        name = remote._path[-1] if remote._path else remote._base
        for _, text in self._source.chunks:
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError, MemoryError, RecursionError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef) and node.name == name:
                    return [arg.arg for arg in node.args.args if arg.arg not in ("self", "cls")]
                if isinstance(node, ast.ClassDef) and node.name == name:
                    for item in node.body:
                        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                            return [arg.arg for arg in item.args.args[1:]]
        return []

    # -- answering --------------------------------------------------------------------------

    def _answer(self, request: tuple[Any, ...]) -> wire.Message:
        """Answer a question of the submission: call a callback, run a service."""
        match request:
            case ("callback", int(key), tuple(args), dict(kwargs)) if 0 <= key < len(
                self._callbacks
            ) and all(isinstance(name, str) for name in kwargs):
                function = self._callbacks[key]
                self._record.add(f"callback {key}", "asked", (args, kwargs))
                action: Callable[[], Any] = partial(function, *args, **kwargs)
            case ("service", str(name), payload) if name in SERVICES:
                action = partial(SERVICES[name], self, payload)
            case _:
                raise ProtocolBroken("the submission's process asked a broken question")
        try:
            return wire.pack(("answer", "ok", action()), refer=self._refer, where="callback")
        except SubmissionFailure:
            raise
        except Exception as error:
            if isinstance(error, AssertionError) and raised_by_submission(error) is None:
                self._refused = self._refused or error
            self._errors.append(error)
            return self._raise_there(error)

    def _raise_there(self, error: Exception) -> wire.Message:
        kind = type(error)
        builtin = next(k for k in kind.__mro__ if k.__module__ == "builtins")
        text, key = str(error), len(self._errors) - 1
        try:
            builtin(*error.args)
            head = ("answer", "raised", builtin.__name__, kind.__name__)
            return wire.pack((*head, error.args, text, key))
        except Exception:
            return wire.pack(("answer", "raised", "Exception", kind.__name__, (text,), text, key))

    def _refer(self, value: Any) -> wire.Ref | None:
        if isinstance(value, Remote):
            if isinstance(value._base, wire.Ref):
                if not value._path:
                    return value._base
                return wire.Ref("method", value._base.id, ".".join(value._path))
        elif not callable(value):
            return None
        known = [key for key, function in enumerate(self._callbacks) if function is value]
        if not known:
            self._callbacks.append(value)
        key = known[0] if known else len(self._callbacks) - 1
        name = getattr(value, "__name__", "callback")
        return wire.Ref("callback", key, name if isinstance(name, str) else "callback")

    def _resolve(self, ref: wire.Ref) -> Any:
        if ref.kind == "callback":
            try:
                return self._callbacks[ref.id]
            except IndexError:
                raise wire.WireError("a callback that was never given") from None
        if ref.kind == "method":
            return Method()
        return handle_type(ref.name)(self, ref, ())


_FAILURES: dict[str, tuple[type, ...]] = {
    "returned": (int,),
    "raised": (str, str, str),
    "load": (str, str),
    **dict.fromkeys(("missing", "refused", "forbidden", "timed_out", "stopped"), (str,)),
}
"""What stands in a reply between its first word and its frames."""


def _read_reply(reply: Any, kind: str) -> tuple[str, list[Any]]:
    """Return the first word of the reply to a request of this kind, and the rest.

    A worker may send anything: what has not the form of a reply must not get further.
    """
    if isinstance(reply, tuple) and reply and type(reply[0]) is str:
        word, *rest = reply
        if word == "ok":
            if kind != "call":
                if len(rest) == 1:
                    return word, rest
            elif len(rest) == 2 and _is_place(rest[1]):
                return word, rest
        elif word in _FAILURES:
            form = (*_FAILURES[word], tuple)
            if tuple(map(type, rest)) == form and all(map(_is_frame, rest[-1])):
                return word, rest
    raise ProtocolBroken("the submission's process sent a broken answer")


def _is_place(place: Any) -> bool:
    """Say whether it names an argument by position or keyword, or is None."""
    return place is None or type(place) is str or (type(place) is int and place >= 0)


def _is_frame(frame: Any) -> bool:
    if type(frame) is not tuple or tuple(map(type, frame)) != (str, int, str):
        return False
    return bool(0 <= frame[1] < 1 << 31)


class InProcess:
    """The make of the editor loop: the submission runs here, so breakpoints in it work."""

    def __init__(
        self, kata: Kata, source: Source, replaced: Mapping[str, Any] | None = None
    ) -> None:
        # The server belongs to workers; grading never imports it into the judge.
        from autograder.sandbox.worker import Server

        self._answer: Callable[[tuple[Any, ...]], wire.Message] | None = None
        self._resolve: Callable[[wire.Ref], Any] | None = None
        self._server = Server(
            list(source.chunks),
            kata.forbidden,
            self,
            notebook=source.notebook,
            replaced=replaced or {},
        )

    def begin(self, seconds: float) -> None:
        """Start a test; its time limit is pytest-timeout's."""
        self._server.begin(seconds)

    def request(
        self,
        message: wire.Message,
        answer: Callable[[tuple[Any, ...]], wire.Message],
        resolve: Callable[[wire.Ref], Any],
    ) -> Any:
        """Call the server; copies of all arguments and results keep both sides apart."""
        before = self._answer, self._resolve
        self._answer, self._resolve = answer, resolve
        try:
            reply = self._server.handle(message.copied())
            assert reply is not None
            return wire.unpack(reply.copied(), resolve=resolve)
        finally:
            self._answer, self._resolve = before

    def ask(self, request: tuple[Any, ...]) -> tuple[Any, ...]:
        """Answer the server's question."""
        assert self._answer is not None
        packed = wire.pack(request, refer=self._server.refer, where="call")
        question = wire.unpack(packed.copied(), resolve=self._resolve)
        reply = wire.unpack(self._answer(question).copied(), resolve=self._server.resolve)
        return tuple(reply[1:])

    def close(self) -> None:
        """Let go of the submission."""
        sys.modules.pop("submission", None)


__all__ = [
    "EXTENSIONS",
    "SERVICES",
    "Crashed",
    "Crossing",
    "InProcess",
    "Make",
    "Record",
    "Remote",
    "Service",
    "Source",
    "Submission",
    "forget_handles",
]
