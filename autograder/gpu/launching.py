"""One launch in a process of its own: load the kernel, run it on the arena, report."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.gpu.lines import Library

__all__ = ["Arena", "Order", "load_runtime", "run_launch"]

GUARD = 4096
"""Bytes between buffers that belong to none."""


@dataclass(frozen=True)
class Order:
    """What to launch.

    Attributes:
        grid: three dimensions.
        block: three dimensions.
        shared_mem: dynamic shared memory in bytes.
        arguments: for each parameter the number of a buffer or the bytes of a value.
        seconds: of CPU time.
        shuffle: seed of the order of threads, 0 for that of their numbers.
        trace: whether to count and check; without, only values come of it.
    """

    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared_mem: int
    arguments: tuple[int | bytes, ...]
    seconds: float
    shuffle: int = 0
    trace: bool = True


@dataclass(frozen=True)
class Arena:
    """Where the buffers lie in one piece of memory, each at a multiple of 256."""

    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    total: int

    @staticmethod
    def of(sizes: Sequence[int]) -> Arena:
        """Lay out buffers of these sizes."""
        starts, at = [], GUARD
        for size in sizes:
            starts.append(at)
            at = (at + size + GUARD + 255) // 256 * 256
        return Arena(tuple(starts), tuple(sizes), (at + 4095) // 4096 * 4096)


class _Configuration(ctypes.Structure):
    _fields_ = (
        ("grid", ctypes.c_uint32 * 3),
        ("block", ctypes.c_uint32 * 3),
        ("dynamic_bytes", ctypes.c_uint64),
        ("arena", ctypes.c_void_p),
        ("arena_bytes", ctypes.c_uint64),
        ("buffer_count", ctypes.c_uint32),
        ("buffer_starts", ctypes.c_void_p),
        ("buffer_bytes", ctypes.c_void_p),
        ("arguments", ctypes.c_void_p),
        ("entry", ctypes.c_void_p),
        ("shared_range", ctypes.c_void_p),
        ("text_start", ctypes.c_uint64),
        ("text_bytes", ctypes.c_uint64),
        ("image_start", ctypes.c_uint64),
        ("image_bytes", ctypes.c_uint64),
        ("row_count", ctypes.c_uint32),
        ("row_addresses", ctypes.c_void_p),
        ("row_lines", ctypes.c_void_p),
        ("seconds", ctypes.c_double),
        ("shuffle_seed", ctypes.c_uint64),
        ("trace", ctypes.c_uint32),
    )


def load_runtime(path: Path) -> ctypes.CDLL:
    """Load the runtime where kernels find it."""
    runtime = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL | os.RTLD_NOW)
    runtime.kata_run.restype = ctypes.c_char_p
    runtime.kata_run.argtypes = [ctypes.POINTER(_Configuration)]
    return runtime


def run_launch(
    runtime: ctypes.CDLL, kernel: Path, library: Library, order: Order, arena: Arena, memory: int
) -> bytes:
    """Run a launch; to be called in a confined process that ends with it.

    Args:
        runtime: from `load_runtime`.
        kernel: the compiled kernel.
        library: what is known of it.
        order: what to launch.
        arena: where the buffers lie.
        memory: the address of the arena.

    Returns:
        The report of the runtime.
    """
    loaded = ctypes.CDLL(str(kernel), mode=os.RTLD_NOW | os.RTLD_LOCAL)
    entry = ctypes.cast(loaded.kata_entry, ctypes.c_void_p).value or 0
    shared_range = ctypes.cast(loaded.kata_shared_range, ctypes.c_void_p).value
    base = entry - library.symbols["kata_entry"]
    values = [
        (memory + arena.starts[argument]).to_bytes(8, "little")
        if isinstance(argument, int)
        else argument
        for argument in order.arguments
    ]
    held = [ctypes.create_string_buffer(value, max(16, len(value))) for value in values]
    arguments = (ctypes.c_void_p * (len(held) + 1))(*map(ctypes.addressof, held))
    starts = (ctypes.c_uint64 * (len(arena.starts) + 1))(*arena.starts)
    sizes = (ctypes.c_uint64 * (len(arena.sizes) + 1))(*arena.sizes)
    addresses = (ctypes.c_uint32 * len(library.addresses))(*library.addresses)
    lines = (ctypes.c_uint32 * len(library.lines))(*library.lines)
    configuration = _Configuration(
        grid=order.grid,
        block=order.block,
        dynamic_bytes=order.shared_mem,
        arena=memory,
        arena_bytes=arena.total,
        buffer_count=len(arena.starts),
        buffer_starts=ctypes.addressof(starts),
        buffer_bytes=ctypes.addressof(sizes),
        arguments=ctypes.addressof(arguments),
        entry=entry,
        shared_range=shared_range,
        text_start=base + library.text_start,
        text_bytes=library.text_bytes,
        image_start=base,
        image_bytes=library.image_bytes,
        row_count=len(library.addresses),
        row_addresses=ctypes.addressof(addresses),
        row_lines=ctypes.addressof(lines),
        seconds=order.seconds,
        shuffle_seed=order.shuffle,
        trace=int(order.trace),
    )
    report: bytes = runtime.kata_run(ctypes.byref(configuration))
    return report
