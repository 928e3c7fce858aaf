"""The kernel runner's process: warm, with one thread, forks a process a launch.

It holds numpy at most and never saw a suite. The control socket brings one end of a socket pair
for each client; a fork serves that client until it hangs up.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import re
import select
import signal
import socket
import sys
import time
from pathlib import Path

import msgspec

from autograder.gpu.compile import (
    CompileError,
    compile_kernel,
    compile_runtime,
    find_compiler,
    library_of,
)
from autograder.gpu.launching import Arena, Order, load_runtime, run_launch
from autograder.gpu.lines import Library

__all__ = ["Answer", "Request", "main", "receive", "send"]

MAX_REPORT = 16 << 20
EXTRA_SECONDS = 10.0


class Request(msgspec.Struct, kw_only=True):
    """A launch, as it crosses to the runner; the buffers' bytes follow it."""

    source: str
    name: str
    options: list[str]
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared_mem: int
    arguments: list[int | bytes]
    kinds: list[tuple[str, int]]  # of each argument: "array", "i", "f", "b" …, and its bytes
    sizes: list[int]
    seconds: float = 10.0
    shuffle: int = 0
    trace: bool = True
    compiler: str = ""


class Answer(msgspec.Struct, kw_only=True):
    """What came of it; with `error` empty or "LaunchError" the buffers' bytes follow."""

    error: str = ""
    message: str = ""
    report: bytes = b""
    buffers: bool = False


def send(connection: socket.socket, head: bytes, *parts: memoryview | bytes | mmap.mmap) -> None:
    """Send a message with its length before it, then raw parts."""
    connection.sendall(len(head).to_bytes(8, "little") + head)
    for part in parts:
        connection.sendall(part)


def receive(connection: socket.socket, limit: int = 64 << 20) -> bytearray | None:
    """Receive a message, None at the end of the stream."""
    size = bytearray(8)
    if not receive_into(connection, memoryview(size)):
        return None
    length = int.from_bytes(size, "little")
    if length > limit:
        raise ValueError("a message is too long")
    data = bytearray(length)
    if not receive_into(connection, memoryview(data)):
        raise EOFError("a message was cut short")
    return data


def receive_into(connection: socket.socket, view: memoryview) -> bool:
    """Fill a buffer; False if the stream ended before it began."""
    done = 0
    while done < len(view):
        count = connection.recv_into(view[done:])
        if not count:
            if done:
                raise EOFError("a message was cut short")
            return False
        done += count
    return True


def main(descriptor: int) -> None:
    """Wait for clients on the control socket until nobody holds its other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from autograder.sandbox import isolation  # noqa: F401 — a confined child could not import it

    control = socket.socket(fileno=descriptor)
    runtimes = _Runtimes()
    with contextlib.suppress(CompileError, OSError):
        runtimes.get("")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        except OSError:
            return
        if not message:
            return
        if not descriptors:
            continue
        if os.fork() == 0:
            status = 1
            try:
                control.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _serve(socket.socket(fileno=descriptors[0]), runtimes)
                status = 0
            finally:
                os._exit(status)
        os.close(descriptors[0])


class _Runtimes:
    """The runtimes that are loaded, by compiler."""

    def __init__(self) -> None:
        self._loaded: dict[str, ctypes.CDLL] = {}

    def get(self, name: str) -> ctypes.CDLL:
        if name not in self._loaded:
            # One process holds one runtime: kernels find its symbols by name.
            self._loaded[name] = load_runtime(compile_runtime(find_compiler(name or None)))
        return self._loaded[name]


def _serve(connection: socket.socket, runtimes: _Runtimes) -> None:
    while (data := receive(connection)) is not None:
        request = msgspec.msgpack.decode(data, type=Request)
        arena = Arena.of(request.sizes)
        memory = mmap.mmap(-1, arena.total)
        for start, size in zip(arena.starts, arena.sizes, strict=True):
            if size and not receive_into(connection, memoryview(memory)[start : start + size]):
                return
        answer = _answer(request, arena, memory, runtimes)
        parts = []
        if answer.buffers:
            view = memoryview(memory)
            parts = [
                view[start : start + size]
                for start, size in zip(arena.starts, arena.sizes, strict=True)
            ]
        send(connection, msgspec.msgpack.encode(answer), *parts)


def _answer(request: Request, arena: Arena, memory: mmap.mmap, runtimes: _Runtimes) -> Answer:
    try:
        compiler = find_compiler(request.compiler or None)
        kernel = compile_kernel(request.source, request.name, request.options, compiler)
        runtime = runtimes.get(request.compiler)
    except CompileError as error:
        return Answer(error="CompileError", message=str(error))
    library = library_of(kernel)
    if problem := check_signature(request, library):
        return Answer(error="TypeError", message=problem)
    order = Order(
        request.grid,
        request.block,
        request.shared_mem,
        tuple(request.arguments),
        request.seconds,
        request.shuffle,
        request.trace,
    )
    return _launch(order, arena, memory, runtime, kernel, library)


def check_signature(request: Request, library: Library) -> str:
    """Say what is wrong with the arguments, "" if nothing."""
    kinds = {1: "array", 2: "integer", 3: "float", 4: "bool"}
    dtype_kinds = {"i": 2, "u": 2, "f": 3, "b": 4}
    wanted = library.parameters
    if len(request.kinds) != len(wanted):
        return (
            f"{request.name} takes {len(wanted)} argument{'s' * (len(wanted) != 1)}, "
            f"but {len(request.kinds)} were given"
        )
    for number, ((kind, size), (parameter, size_wanted, _)) in enumerate(
        zip(request.kinds, wanted, strict=True), start=1
    ):
        what = f"argument {number} of {request.name}"
        if parameter == 5:
            return f"{what}: a struct by value is not in the language"
        if (kind == "array") != (parameter == 1):
            return (
                f"{what} is {'an array' if kind == 'array' else 'a value'}, but the kernel "
                f"takes {'an array' if parameter == 1 else 'a value'}"
            )
        if kind != "array" and (dtype_kinds.get(kind) != parameter or size != size_wanted):
            given = kinds.get(dtype_kinds.get(kind, 0), kind)
            return (
                f"{what} has {size * 8} bits ({given}), but the kernel takes "
                f"{size_wanted * 8} bits ({kinds[parameter]})"
            )
    return ""


def _launch(
    order: Order,
    arena: Arena,
    memory: mmap.mmap,
    runtime: ctypes.CDLL,
    kernel: Path,
    library: Library,
) -> Answer:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            _confine(writing, kernel, order, arena)
            address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
            report = run_launch(runtime, kernel, library, order, arena, address)
            while report:
                report = report[os.write(writing, report) :]
        except BaseException as error:
            os.write(writing, f"!{error}"[:2000].encode("utf-8", "replace"))
        finally:
            os._exit(0)
    os.close(writing)
    report, late = _read_report(reading, order.seconds * 2 + EXTRA_SECONDS)
    os.close(reading)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # it has nothing more to do
    _, status = os.waitpid(pid, 0)
    if late:
        return Answer(
            error="LaunchError", message="timeout: the launch ran past its time limit", buffers=True
        )
    if report.startswith(b"!") and (lost := re.search(rb"undefined symbol: (\w+)", report)):
        return Answer(
            error="CompileError", message=f"{lost[1].decode()} is declared but not defined"
        )
    if not report.endswith(b"}"):
        code = os.waitstatus_to_exitcode(status)
        name = signal.Signals(-code).name if code < 0 else f"status {code}"
        return Answer(
            error="LaunchError",
            message=f"crashed: the kernel's process ended: {name} {report[1:300]!r}",
            buffers=True,
        )
    return Answer(report=report, buffers=True)


def _confine(writing: int, kernel: Path, order: Order, arena: Arena) -> None:
    from autograder.sandbox import isolation

    limits = isolation.Limits(
        memory_bytes=(2 << 30) + 24 * arena.total, cpu_seconds=order.seconds * 2 + EXTRA_SECONDS
    )
    system = [
        Path(path) for path in ("/lib", "/lib64", "/usr/lib", "/usr/lib64") if os.path.exists(path)
    ]
    isolation.confine(keep=(writing,), limits=limits, readable=[kernel, *system], uid=None)


def _read_report(reading: int, seconds: float) -> tuple[bytes, bool]:
    end = time.monotonic() + seconds
    parts, total = [], 0
    while total < MAX_REPORT:
        ready, _, _ = select.select([reading], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return b"", True
        part = os.read(reading, 1 << 20)
        if not part:
            break
        parts.append(part)
        total += len(part)
    return b"".join(parts), False


if __name__ == "__main__":
    main(int(sys.argv[1]))
