"""The learner's own block size, for misconceptions that are replayed.

What a wrong kernel gives often depends on the size of its blocks, so a misconception is replayed
with the one that the learner launched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_block: tuple[int, ...] | None = None


def learners_block(default: tuple[int, ...]) -> tuple[int, ...]:
    """Return the block of the launch that is being explained; `default` outside a diagnosis."""
    if _block is None:
        return default
    return (
        _block[: len(default)]
        if _block[len(default) :].count(1) == len(_block[len(default) :])
        else default
    )


@contextmanager
def replaying(block: tuple[int, ...] | None) -> Iterator[None]:
    """Give misconceptions run inside the learner's block."""
    global _block
    before, _block = _block, block
    try:
        yield
    finally:
        _block = before
