"""The side that asks the judge: one warm process for a kernel, or for a server."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

import msgspec

from autograder.catalog import CatalogError, Kata
from autograder.notebook.judge import PATIENCE, Judgement, Request
from autograder.sandbox.submission import Source

STARTING = 120.0
"""Seconds that a judge may take to import torch and collect a suite, on a slow machine."""


class JudgeProcess:
    """Starts a judge at the first need, and again when it fell or was interrupted."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()
        self._warming: list[str] = []

    def warm(self, kata: Kata) -> None:
        """Make a kata ready while its learner reads; the next request waits for it."""
        with self._turn:
            if not self._warming:
                self._send(Request(str(kata.folder)))
                self._warming.append(kata.name)

    def judge(self, kata: Kata, source: Source, *, trust: bool = False, seed: int = 0) -> Judgement:
        """Judge a source.

        Raises:
            CatalogError: if it could not be judged; the text says why.
        """
        with self._turn:
            try:
                found = self._ask(Request(str(kata.folder), source, trust, seed))
            except KeyboardInterrupt:
                self._end()
                raise
        if found.error is not None:
            raise CatalogError(found.error)
        return found

    def close(self) -> None:
        """End the judge."""
        with self._turn:
            self._end()

    def _ask(self, request: Request) -> Judgement:
        self._send(request)
        process = self._process
        assert process is not None and process.stdout is not None
        # A timer, since pipes cannot be waited for with a limit on every system.
        timer = threading.Timer(STARTING + 2 * PATIENCE, process.kill)
        timer.daemon = True
        timer.start()
        try:
            while self._warming:  # its own answer comes first; an error will come again
                self._warming.pop()
                self._receive(process)
            return self._receive(process)
        finally:
            timer.cancel()

    def _receive(self, process: subprocess.Popen[bytes]) -> Judgement:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            status = process.wait()
            self._end()
            raise CatalogError(
                f"the judge ended with status {status}; run the cell again, or see what "
                "`kata test NAME` says"
            )
        return msgspec.json.decode(line, type=Judgement)

    def _send(self, request: Request) -> None:
        line = msgspec.json.encode(request) + b"\n"
        for attempt in range(2):
            process = self._running()
            assert process.stdin is not None
            try:
                process.stdin.write(line)
                process.stdin.flush()
                return
            except OSError:
                self._end()
                if attempt:
                    raise CatalogError("the judge does not start: see `kata doctor`") from None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            options: dict[str, Any] = {}
            if os.name == "posix":  # an interrupt of the kernel is the kernel's
                options["start_new_session"] = True
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "autograder.notebook.judge"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **single},
                **options,
            )
            atexit.register(self._end)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        self._warming.clear()
        if process is None:
            return
        atexit.unregister(self._end)
        assert process.stdin is not None and process.stdout is not None
        process.kill()
        process.wait()
        process.stdout.close()
        with suppress(OSError):
            process.stdin.close()
