"""The library parent: a process that holds numpy, torch … and forks a worker for a submission.

`python -I -m autograder.sandbox.library FD SETTINGS` is a fork server (see there). No suite and no
answer is ever loaded here.
"""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from autograder.sandbox import forkserver, isolation, wire, worker


class Settings(msgspec.Struct, frozen=True):
    """What a library parent holds, and how its workers are confined."""

    requires: tuple[str, ...] = ()
    memory_bytes: int = 2 << 30
    cpu_seconds: int = 600
    isolated: bool = True


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
    """Import the libraries, then fork workers until everyone who could ask has gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = msgspec.json.decode(sys.argv[2], type=Settings)
    layers = isolation.isolate_parent() if settings.isolated else ()
    with tempfile.TemporaryDirectory(prefix="kata-") as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        os.environ["KATA_GPU"] = "0"  # the judge owns the device: workers make numpy arrays
        warm_up(settings.requires)
        readable = isolation.readable_paths()
        uid = isolation.worker_uid(readable) if settings.isolated else None

        def start(stream: socket.socket, request: dict[str, Any]) -> None:
            # Each worker alive has a uid of its own: a limit of threads counts all of one uid.
            own = None if uid is None else uid + request["slot"] % isolation.UID_BLOCK
            isolation.keep_to_one_processor(os.getppid() + request["slot"])
            work(stream, settings, layers, readable, own, request)

        gc.collect()
        gc.freeze()
        forkserver.serve(control, start)


def work(
    stream: socket.socket,
    settings: Settings,
    layers: tuple[str, ...],
    readable: list[Path],
    uid: int | None,
    request: dict[str, Any],
) -> None:
    """Be a worker: give up every right that is not needed, then serve one submission."""
    sys.stdin = None
    sys.stdout = sys.stderr = worker.Discard()
    if settings.isolated:
        limits = isolation.Limits(
            memory_bytes=request.get("memory_bytes") or settings.memory_bytes,
            cpu_seconds=settings.cpu_seconds,
        )
        held = isolation.confine(keep=[stream.fileno()], limits=limits, readable=readable, uid=uid)
        layers = (*held, *layers)
    wire.send(stream, wire.pack(("ready", layers)))
    worker.serve(wire.SocketStream(stream, wire.AHEAD))


if __name__ == "__main__":
    main()
