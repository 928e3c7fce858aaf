"""A worker in a process of its own, where no parent can fork one (Windows)."""

from __future__ import annotations

import os
import sys

import msgspec

from autograder.sandbox import wire
from autograder.sandbox.library import Settings, warm_up


def main() -> None:
    """Serve one submission over standard input and output."""
    from autograder.sandbox import worker

    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    # The wire gets descriptors of its own: what the submission prints must not mix with it.
    stream = wire.PipeStream(os.dup(0), os.dup(1))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    warm_up(settings.requires)
    sys.stdin = None
    sys.stdout = sys.stderr = worker.Discard()
    wire.send(stream, wire.pack(("ready", ("process",))))
    worker.serve(stream)


if __name__ == "__main__":
    main()
