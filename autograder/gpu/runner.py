"""The client of the kernel runner: one warm process, shared by this one and all that it forks."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from autograder.gpu.server import Answer, Request, receive, receive_into, send

__all__ = ["Runner", "runner", "warm_up"]


class RunnerError(RuntimeError):
    """The runner's process is gone."""


class Runner:
    """A connection to the runner's process, which is started when it is first needed.

    After a fork the child makes a connection of its own to the same process.
    """

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._connection: socket.socket | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the process, so that children forked from now on share it."""
        if self._control is not None:
            return
        if not hasattr(os, "fork"):
            raise RunnerError("CUDA kernels need a system that can fork (Linux, macOS or WSL)")
        ours, theirs = socket.socketpair(socket.AF_UNIX, _kind())
        root = str(Path(__file__).resolve().parents[2])
        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); from autograder.gpu.server import main; "
        )
        code += "main(int(sys.argv[2]))"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.Popen(
            [sys.executable, "-c", code, root, str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
        theirs.close()
        self._control = ours
        atexit.register(self.close)

    def close(self) -> None:
        """Hang up; the process ends when nobody holds it any more."""
        for end in (self._connection, self._control):
            if end is not None:
                end.close()
        self._connection = self._control = None

    def run(
        self, request: Request, buffers: list[np.ndarray[Any, Any]]
    ) -> tuple[Answer, list[bytearray]]:
        """Run a launch.

        Returns:
            The answer and, where it has them, the new contents of the buffers.
        """
        with self._lock:
            for attempt in (0, 1):
                try:
                    return self._run(request, buffers)
                except (OSError, EOFError) as error:
                    self.close()
                    if attempt:
                        raise RunnerError(f"the kernel runner does not answer: {error}") from None
        raise AssertionError

    def _run(
        self, request: Request, buffers: list[np.ndarray[Any, Any]]
    ) -> tuple[Answer, list[bytearray]]:
        connection = self._connected()
        raw = [array.reshape(-1).view(np.uint8).data for array in buffers if array.nbytes]
        send(connection, msgspec.msgpack.encode(request), *raw)
        data = receive(connection)
        if data is None:
            raise EOFError("it hung up")
        answer = msgspec.msgpack.decode(data, type=Answer)
        contents = []
        if answer.buffers:
            for size in request.sizes:
                content = bytearray(size)
                if size and not receive_into(connection, memoryview(content)):
                    raise EOFError("it hung up")
                contents.append(content)
        return answer, contents

    def _connected(self) -> socket.socket:
        self.start()
        if self._connection is None or self._owner != os.getpid():
            assert self._control is not None
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            socket.send_fds(self._control, [b"c"], [theirs.fileno()])
            theirs.close()
            self._connection, self._owner = ours, os.getpid()
        return self._connection


runner = Runner()
"""The one that this process, and what it forks, uses."""


def warm_up() -> None:
    """Start the runner before a fork, so that the children need not."""
    runner.start()


def _kind() -> int:
    return socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
