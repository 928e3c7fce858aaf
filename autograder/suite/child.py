"""Running something in a forked process, so that what it does to itself stays there."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable


def in_child(action: Callable[[], str], seconds: float) -> str | None:
    """Run `action` in a forked process and return its text; None if it takes too long or dies.

    Where there is no fork (Windows) it runs here.
    """
    if not hasattr(os, "fork"):
        return action()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            with open(writer, "w", encoding="utf-8") as file:
                file.write(action())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    try:
        text = _read(reader, time.monotonic() + seconds)
    finally:
        os.close(reader)
    if text is None:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return text if status == 0 else None


def _read(reader: int, deadline: float) -> str | None:
    pieces: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        ready, _, _ = select.select([reader], [], [], max(left, 0.0))
        if not ready:
            return None
        piece = os.read(reader, 1 << 16)
        if not piece:
            return b"".join(pieces).decode("utf-8", errors="replace")
        pieces.append(piece)
