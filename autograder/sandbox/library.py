"""The library parent: a process that holds numpy, torch … and forks a worker for a submission.

`python -I -m autograder.sandbox.library FD SETTINGS` serves a control socket of datagrams: each
asks for one worker and brings two descriptors, the worker's end of its wire and of a channel on
which this parent tells the worker's pid and how it ended. No suite or answer is ever loaded here.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

DATAGRAM = 4096


class Settings(msgspec.Struct, frozen=True):
    """What a library parent holds, and how its workers are confined."""

    requires: tuple[str, ...] = ()
    memory_bytes: int = 2 << 30
    cpu_seconds: int = 600
    isolated: bool = True


@dataclass
class _Worker:
    status: socket.socket


def warm_up(requires: tuple[str, ...]) -> None:
    """Import what submissions import, and do once what wants files or takes long the first time.

    torch reads `/proc` at its first operation and writes below the temporary folder at its first
    optimizer step and checkpoint; a confined child could do neither.
    """
    for name in requires:
        with suppress(ImportError):
            importlib.import_module(name)
    if "numpy" in sys.modules:
        numpy: Any = sys.modules["numpy"]
        numpy.linalg.svd(numpy.eye(3))
        numpy.random.default_rng(0).standard_normal(3)
    if "torch" in sys.modules:
        _warm_up_torch(sys.modules["torch"])


def _warm_up_torch(torch: Any) -> None:
    torch.set_num_threads(1)
    import torch.utils.checkpoint

    weight = torch.nn.Parameter(torch.ones(8, 8))
    optimizer = torch.optim.AdamW([weight])
    hidden = torch.utils.checkpoint.checkpoint(
        lambda x: torch.softmax(x @ weight, -1), torch.ones(8, 8), use_reentrant=False
    )
    hidden.sum().backward()
    optimizer.step()
    torch.linalg.svd(torch.eye(3))
    (torch.ones(4, 4, dtype=torch.bfloat16) @ torch.ones(4, 4, dtype=torch.bfloat16)).float()
    torch.nn.functional.layer_norm(torch.ones(2, 4), (4,))
    import torch.utils._python_dispatch


def main() -> None:
    """Serve the control socket until everyone who could ask has gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = msgspec.json.decode(sys.argv[2], type=Settings)
    from autograder.sandbox import isolation

    layers = isolation.isolate_parent() if settings.isolated else ()
    with tempfile.TemporaryDirectory(prefix="kata-") as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        import autograder.sandbox.worker

        warm_up(settings.requires)
        readable = isolation.readable_paths()
        uid = isolation.worker_uid(readable) if settings.isolated else None
        gc.collect()
        gc.freeze()
        control.send(json.dumps({"ready": True}).encode())
        _serve(control, settings, layers, readable, uid)


def _serve(
    control: socket.socket,
    settings: Settings,
    layers: tuple[str, ...],
    readable: list[Path],
    uid: int | None,
) -> None:
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda signum, frame: None)
    workers: dict[int, _Worker] = {}
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(wake, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is control:
                try:
                    data, descriptors, _, _ = socket.recv_fds(control, DATAGRAM, 2)
                except ConnectionError:
                    data = b""
                if not data:
                    _end(workers)
                    return
                _fork(control, data, descriptors, settings, layers, readable, uid, workers)
            else:
                os.read(wake, 512)
                _reap(workers)


def _fork(
    control: socket.socket,
    data: bytes,
    descriptors: list[int],
    settings: Settings,
    layers: tuple[str, ...],
    readable: list[Path],
    uid: int | None,
    workers: dict[int, _Worker],
) -> None:
    wire_end, status_end = (socket.socket(fileno=fd) for fd in descriptors)
    pid = os.fork()
    if pid == 0:
        try:
            request = json.loads(data)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            work(wire_end, settings, layers, readable, uid, request)
        except BaseException:
            if os.environ.get("KATA_DEBUG"):
                import traceback

                os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(0)
    wire_end.close()
    workers[pid] = _Worker(status_end)
    with suppress(OSError):
        pidfds = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
        socket.send_fds(status_end, [json.dumps({"pid": pid}).encode()], pidfds)
        for descriptor in pidfds:
            os.close(descriptor)


def work(
    wire_end: Any,
    settings: Settings,
    layers: tuple[str, ...],
    readable: list[Path],
    uid: int | None,
    request: dict[str, int],
) -> None:
    """Be a worker: give up every right that is not needed, then serve one submission."""
    from autograder.sandbox import isolation, wire, worker

    sys.stdin = None  # type: ignore[assignment]
    sys.stdout = sys.stderr = worker.Discard()  # type: ignore[assignment]
    if settings.isolated:
        limits = isolation.Limits(
            memory_bytes=request.get("memory_bytes", settings.memory_bytes),
            cpu_seconds=request.get("cpu_seconds", settings.cpu_seconds),
        )
        held = isolation.confine(
            keep=[wire_end.fileno()], limits=limits, readable=readable, uid=uid
        )
        layers = (*held, *layers)
    wire.send(wire_end, wire.pack(("ready", layers)))
    worker.serve(wire_end)


def _reap(workers: dict[int, _Worker]) -> None:
    while workers:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        ended = workers.pop(pid, None)
        if ended is not None:
            with suppress(OSError):
                ended.status.send(json.dumps({"status": status}).encode())
            ended.status.close()


def _end(workers: dict[int, _Worker]) -> None:
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for _ in range(len(workers)):
        with suppress(ChildProcessError):
            os.wait()


if __name__ == "__main__":
    main()
