"""The side that holds the submission: loads its source and answers requests.

Both makes of `submission` are this server: in-process it is called directly, in the worker make it
reads from a stream. It never sees a suite or a reference. Requests and replies are plain tuples
that `wire` packs; a *base* is a task's name or a handle, a *path* the attributes that lead on.

Requests: ("load",) ("call", base, path, args, kwargs) ("get", base, path)
("gradients", base, path, args, kwargs, wrt, upstream) ("probe", name, base, path, args, kwargs).
Replies: ("ok", value) (of a call with the argument that it changed, or None), ("raised", built-in,
kind, text, frames) and the verdicts
("missing" | "refused" | "forbidden" | "timed_out" | "stopped" | "load" , text, frames).
("begin", seconds) starts a test and has no reply.
While it answers, the submission may ask the judge: ("callback", id, args, kwargs) or
("service", name, payload); the answer is ("ok", value) or
("raised", built-in, kind, arguments, text, key).
"""

from __future__ import annotations

import builtins
import contextlib
import io
import linecache
import os
import random
import signal
import sys
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from types import FrameType, MappingProxyType, TracebackType
from typing import Any, Protocol

from autograder.sandbox import probes, wire
from autograder.sandbox.changes import first_change
from autograder.sandbox.forbidden import Patches, Refused

MODULE = "submission"
TEXT_LIMIT = 2000
FRAME_LIMIT = 20
LIMITS = wire.Limits()

Chunk = tuple[str, str]
"""A file (or notebook cell) as (name, source text)."""


class Judge(Protocol):
    """Where the server's own questions go."""

    def ask(self, request: tuple[Any, ...]) -> tuple[Any, ...]:
        """Send a request and return its reply, answering what comes in between."""
        ...


class Alarm(BaseException):
    """The time of this test is over; no Exception, so that `except Exception` lets it pass."""


_current: Server | None = None


def current() -> Server | None:
    """Return the server whose submission is running now, or None outside any."""
    return _current


class Server:
    """One submission, loaded at most once.

    Args:
        chunks: the source, one chunk for a file, one for each cell of a notebook.
        forbidden: the dotted names that the kata forbids.
        judge: where callbacks and services go.
        notebook: whether a chunk that raises is noted and the next one run, as nbgrader does.
        alarm: whether to raise in the submission when the time of a test is over.
        replaced: what takes the place of names of the module once it is loaded (misconceptions).
    """

    def __init__(
        self,
        chunks: list[Chunk],
        forbidden: tuple[str, ...],
        judge: Judge,
        *,
        notebook: bool = False,
        alarm: bool = False,
        replaced: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.chunks = chunks
        self.judge = judge
        self.notebook = notebook
        self.alarm = alarm
        self.replaced = replaced
        self.own_modules = {MODULE, *(value.__module__ for value in replaced.values())}
        self.files = frozenset(name for name, _ in chunks)
        self.patches = Patches(forbidden, self._is_submission, for_good=alarm)
        self.module: types.ModuleType | None = None
        self.failure: tuple[Any, ...] | None = None
        self.objects: dict[int, Any] = {}

    # -- requests ---------------------------------------------------------------------------

    def handle(self, message: wire.Message) -> wire.Message | None:
        """Answer one packed request with one packed reply; the start of a test has none."""
        before = [bytes(blob) for blob in message.blobs]
        request = wire.unpack(message, resolve=self.resolve)
        kind, *rest = request
        if kind == "begin":
            self.begin(*rest)
            return None
        packed: list[wire.Message] = []
        where = "result" if kind != "get" else rest[1][-1]

        def pack() -> None:
            sent = reply
            if kind == "call" and reply[0] == "ok":
                sent = (*reply, self._changed(request, message.head, before))
            packed.append(wire.pack(sent, refer=self.refer, where=where))

        try:
            reply = getattr(self, f"_answer_{kind}")(*rest)
            # Guarded as the call was: a class of the submission's can still run code here.
            failure = self._guarded(pack)
        except wire.Unsupported as error:
            return wire.pack(("refused", _innermost(str(error)), ()))
        return packed[0] if failure is None else wire.pack(failure)

    def _changed(
        self, request: tuple[Any, ...], head: bytes, blobs: list[bytes]
    ) -> int | str | None:
        """Return the position or keyword of the argument that a call changed in place, or None."""
        with contextlib.suppress(wire.Unsupported):
            after = wire.pack(request, refer=self.refer)
            if after.head == head and [bytes(blob) for blob in after.blobs] == blobs:
                return None
        # The bytes differ: most often a value does, now and then only how it lies in memory.
        sent = wire.Message(head, tuple(map(bytearray, blobs)), owned=True)
        before = wire.unpack(sent, resolve=self.resolve)
        place = first_change(before[-2:], request[-2:], _is_callback)
        return None if place is None else place[1]

    def begin(self, seconds: float) -> None:
        """Start a test: the same state of every generator, no objects, the clock set."""
        self.objects.clear()
        self.patches.used = None
        random.seed(0)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(0)
        if "torch" in sys.modules:
            # Not torch.manual_seed: its first call imports torch._dynamo, which takes a second.
            sys.modules["torch"].default_generator.manual_seed(0)
            # Suites are small: threads gain nothing, and cost much on a busy machine.
            sys.modules["torch"].set_num_threads(1)
        if self.alarm:
            signal.signal(signal.SIGALRM, _ring)
            signal.setitimer(signal.ITIMER_REAL, seconds)

    def _answer_load(self) -> tuple[Any, ...]:
        if self.module is None and self.failure is None:
            self._load()
        return self.failure or ("ok",)

    def _answer_call(
        self, base: Any, path: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, ...]:
        return self._run(base, path, lambda target: ("ok", target(*args, **kwargs)))

    def _answer_get(self, base: Any, path: tuple[str, ...]) -> tuple[Any, ...]:
        return self._run(base, path, lambda value: ("ok", _Attribute(value)))

    def _answer_gradients(
        self,
        base: Any,
        path: tuple[str, ...],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        wrt: tuple[int | str, ...],
        upstream: Any,
    ) -> tuple[Any, ...]:
        return self._run(
            base, path, lambda target: ("ok", probes.gradients(target, args, kwargs, wrt, upstream))
        )

    def _answer_probe(
        self,
        name: str,
        base: Any,
        path: tuple[str, ...],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> tuple[Any, ...]:
        probe = probes.PROBES[name]
        return self._run(base, path, lambda target: ("ok", probe(target, args, kwargs)))

    # -- the submission ---------------------------------------------------------------------

    def _load(self) -> None:
        module = types.ModuleType(MODULE)
        module.__file__ = self.chunks[0][0] if self.chunks else None
        sys.modules[MODULE] = module  # dataclasses and typing look their module up there
        with self._running():
            for file, text in self.chunks:
                lines = text.splitlines(keepends=True)
                linecache.cache[file] = len(text), None, lines, file
                failure = self._guarded(partial(_execute, text, file, module))
                if failure is not None:
                    self.failure = ("load", *_load_failure(failure))
                    if not self.notebook:
                        return
        vars(module).update(self.replaced)
        self.module = module

    def _run(
        self, base: Any, path: tuple[str, ...], action: Callable[[Any], tuple[Any, ...]]
    ) -> tuple[Any, ...]:
        loaded = self._answer_load()
        if self.module is None:
            return loaded
        if isinstance(base, str):
            if not hasattr(self.module, base):
                return self.failure or ("missing", f"`{base}` is not defined in the file", ())
            base = getattr(self.module, base)
        done: list[tuple[Any, ...]] = []

        def follow() -> None:
            target = base
            for name in path:
                target = getattr(target, name)
            done.append(action(target))

        with self._running():
            failure = self._guarded(follow)
        return failure if failure is not None else done[0]

    def _guarded(self, action: Callable[[], None]) -> tuple[Any, ...] | None:
        """Run the submission's code; return the reply that says how it failed, or None."""
        try:
            action()
        except wire.Unsupported:
            raise
        except Refused:
            return self._forbidden(sys.exc_info()[2])
        except Alarm:
            return "timed_out", "", self._frames(sys.exc_info()[2])
        except BaseException as error:
            frames = self._frames(sys.exc_info()[2])  # not the exception's: it may have its own
            if not self.alarm and _is_the_learners(error, frames):
                raise
            kind = type(error)
            if issubclass(kind, KeyboardInterrupt | SystemExit | GeneratorExit):
                return "stopped", f"raised {_class_name(kind)[:80]}", frames
            if self.patches.used:
                return self._forbidden(sys.exc_info()[2])
            return _raised(error, frames)
        if self.patches.used:  # refused, but the submission caught it
            return self._forbidden(None)
        return None

    def _forbidden(self, traceback: TracebackType | None) -> tuple[Any, ...]:
        name, frame = self.patches.used or ("a forbidden call", None)
        frames = self._frames(traceback)
        if not frames and frame is not None:
            frames = ((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name),)
        return "forbidden", name, frames

    def _frames(self, traceback: TracebackType | None) -> tuple[tuple[str, int, str], ...]:
        frames = []
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if code.co_filename in self.files:
                frames.append((code.co_filename, traceback.tb_lineno, code.co_name))
            traceback = traceback.tb_next
        return tuple(frames[-FRAME_LIMIT:])

    def _is_submission(self, frame: FrameType) -> bool:
        """Say whether a frame is the submission's own code, or text that it executes."""
        file = frame.f_code.co_filename
        return file in self.files or not (os.path.isabs(file) or file.startswith("<frozen "))

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        global _current
        before, _current = _current, self
        try:
            with self.patches.applied():
                yield
        finally:
            _current = before

    # -- questions to the judge -------------------------------------------------------------

    def ask(self, request: tuple[Any, ...]) -> Any:
        """Ask the judge on the submission's behalf and return the value of its answer."""
        global _current
        before, _current = _current, None
        try:
            with self.patches.suspended():
                reply = self.judge.ask(request)
        finally:
            _current = before
        if reply[0] == "ok":
            return reply[1]
        raise _judge_error(*reply[1:])

    # -- references -------------------------------------------------------------------------

    def resolve(self, ref: wire.Ref) -> Any:
        """Return what a reference in a request stands for."""
        if ref.kind == "callback":
            return Callback(self, ref.id, ref.name)
        if ref.kind == "method":
            target = self.objects[ref.id]
            for name in ref.name.split("."):
                target = getattr(target, name)
            return target
        return self.objects[ref.id]

    def refer(self, value: Any) -> wire.Ref | None:
        """Return a reference to an object that stays here, or None where it may not be kept."""
        if isinstance(value, Callback):
            return wire.Ref("callback", value.id, value.name)
        if isinstance(value, _Attribute):
            return wire.Ref("method", 0, "")
        if not _is_own(value, self.own_modules):
            return None
        for key, held in self.objects.items():
            if held is value:
                return wire.Ref("handle", key, _name(value))
        key = len(self.objects) + 1
        self.objects[key] = value
        return wire.Ref("handle", key, _name(value))


CALLED = (
    types.MethodType,
    types.FunctionType,  # a static method, asked of its class
    types.BuiltinMethodType,
    types.MethodWrapperType,
)


class _Attribute:
    """What `get` found: packs as data where it is data, as a method where it can be called."""

    def __new__(cls, value: Any) -> Any:
        if isinstance(value, CALLED):
            return super().__new__(cls)
        return value

    def __init__(self, value: Any) -> None:
        pass


def _is_callback(value: Any) -> bool:
    return isinstance(value, Callback)


class Callback:
    """A function of the judge, as the submission sees it."""

    def __init__(self, server: Server, key: int, name: str) -> None:
        self.id, self.name, self._server = key, name, server
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Ask the judge to call it."""
        return self._server.ask(("callback", self.id, args, kwargs))

    def __repr__(self) -> str:
        return f"<function {self.name}>"


def _execute(text: str, file: str, module: types.ModuleType) -> None:
    exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)


def _is_own(value: Any, modules: Collection[str]) -> bool:
    kind = value if isinstance(value, type | types.FunctionType) else type(value)
    if isinstance(value, types.MethodType):
        return _is_own(value.__self__, modules)
    if getattr(kind, "__module__", None) in modules:
        return not isinstance(value, types.GeneratorType | types.CoroutineType)
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _name(value: Any) -> str:
    kind = value if isinstance(value, type | types.FunctionType) else type(value)
    return str(getattr(kind, "__name__", "object"))[:80]


def _innermost(text: str) -> str:
    """Drop what stands before the value in a place like `result[1][2]: a generator`."""
    # A reply is ("ok", value, …): the learner's value is its item 1.
    return text.replace("result[1]", "result", 1)


def _is_the_learners(error: BaseException, frames: tuple[tuple[str, int, str], ...]) -> bool:
    """Say whether it is the learner who ends the run: by Ctrl-C, or in the debugger."""
    if isinstance(error, KeyboardInterrupt):
        return not frames
    return type(error).__module__ == "bdb"


def _class_name(kind: type) -> str:
    """Return the name of a class, whatever its metaclass says."""
    return str.__str__(type.__dict__["__name__"].__get__(kind))


def _raised(error: BaseException, frames: tuple[tuple[str, int, str], ...]) -> tuple[Any, ...]:
    kind = type(error)
    key = type.__dict__["__dict__"].__get__(kind).get("_judge_key")
    if type(key) is int:
        return "returned", key, frames
    bases = type.__dict__["__mro__"].__get__(kind)
    builtin = next(
        (name for base in bases if getattr(builtins, name := _class_name(base), None) is base),
        "Exception",
    )
    text = "(its text cannot be read)"
    try:
        text = str.__str__(str(error))[:TEXT_LIMIT]
    except Alarm:
        raise
    except BaseException:  # even an exit: what it wanted to say is lost, what it is is known
        pass
    return "raised", builtin, _class_name(kind)[:80], text, frames


def _load_failure(
    failure: tuple[Any, ...],
) -> tuple[str, str, tuple[tuple[str, int, str], ...]]:
    """Return text, verdict and frames of what kept the file from loading."""
    kind, *rest = failure
    frames = rest[-1]
    if kind == "raised":
        builtin, name, text = rest[:3]
        if builtin == "MemoryError":
            return "the file ran out of memory while it was loaded", "out_of_memory", frames
        return f"the file cannot be loaded: {name}: {text}", "raised", frames
    if kind == "forbidden":
        return f"`{rest[0]}` may not be used in this kata", "forbidden", frames
    if kind == "timed_out":
        return "the file did not finish loading within the time limit", "timed_out", frames
    return f"the file {rest[0]} while it was loaded", "raised", frames


def _judge_error(
    builtin: str, kind: str, arguments: tuple[Any, ...], text: str, key: int
) -> BaseException:
    """Return what a callback raised, as the nearest built-in type under its own name."""
    base = getattr(builtins, builtin, Exception)
    members = {"__str__": lambda self: text, "__module__": "builtins", "_judge_key": key}
    error: BaseException = type(kind, (base,), members)(*arguments)
    return error


def _ring(signum: int, frame: FrameType | None) -> None:
    raise Alarm


class Discard(io.TextIOBase):
    """Standard output of a worker: what a submission prints decides nothing and goes nowhere."""

    def write(self, text: str) -> int:
        """Take `text` and forget it."""
        return len(text)

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True


def serve(stream: Any, limits: wire.Limits = LIMITS) -> None:
    """Be a worker: take the source from `stream`, then answer requests until it closes."""
    judge = StreamJudge(stream, limits)
    setup = wire.unpack(wire.receive(stream, limits=limits))
    _, chunks, forbidden, notebook = setup
    server = Server(list(chunks), tuple(forbidden), judge, notebook=notebook, alarm=True)
    judge.server = server
    while True:
        try:
            message = wire.receive(stream, limits=limits)
        except (EOFError, OSError):
            return
        reply = judge.answer(message)
        if reply is not None:
            wire.send(stream, reply)


class StreamJudge:
    """The judge at the other end of a stream; requests may nest in both directions."""

    def __init__(self, stream: Any, limits: wire.Limits) -> None:
        self.stream, self.limits = stream, limits
        self.server: Server | None = None

    def answer(self, message: wire.Message) -> wire.Message | None:
        """Answer one request of the judge; an alarm that rings in between is an answer too."""
        assert self.server is not None
        try:
            return self.server.handle(message)
        except Alarm:
            return wire.pack(("timed_out", "", ()))

    def ask(self, request: tuple[Any, ...]) -> tuple[Any, ...]:
        """Send a question and wait for its answer, serving nested requests meanwhile."""
        assert self.server is not None
        wire.send(self.stream, wire.pack(("ask", request), refer=self.server.refer, where="call"))
        while True:
            message = wire.receive(self.stream, limits=self.limits)
            reply = wire.unpack(message, resolve=self.server.resolve)
            if isinstance(reply, tuple) and reply and reply[0] == "answer":
                return tuple(reply[1:])
            nested = self.answer(message)
            assert nested is not None
            wire.send(self.stream, nested)
