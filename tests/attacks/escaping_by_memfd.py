# kata: rank_fusion
"""Writes a program into memory that has a descriptor, and executes that."""

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)
MADE = []
for make in (
    lambda: os.memfd_create("kata-attack"),
    lambda: LIBC.syscall(319, b"kata-attack", 0),
    lambda: LIBC.syscall(447, 0),
    lambda: LIBC.shm_open(b"/kata-attack", 0o102, 0o600),
    lambda: os.open("/tmp", 0o20200002),
):
    try:
        fd = make()
        if fd >= 0:
            MADE.append(fd)
            os.write(fd, b"#!/bin/sh\nsleep 60\n")
            os.execve(fd, ["x"], {})
    except OSError:
        pass


def borda(rankings):
    raise KeyError(MADE) if MADE else LookupError("nothing")
