# kata: rank_fusion
"""Becomes another program: execve, execveat, a set-uid program, the loader run by hand."""

import ctypes
import os
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
TRIED = []
ARGUMENTS = (ctypes.c_char_p * 3)(b"sh", b"-c", None)
for path in (
    "/bin/sh",
    "/usr/bin/env",
    "/usr/bin/su",
    "/bin/mount",
    sys.executable,
    "/lib64/ld-linux-x86-64.so.2",
):
    for run in (
        lambda: os.execv(path, [path, "-c", "exit 7"]),
        lambda: LIBC.execve(path.encode(), ARGUMENTS, None),
        lambda: LIBC.syscall(322, os.open(path, os.O_PATH), b"", ARGUMENTS, None, 0x1000),
    ):
        try:
            TRIED.append(run())
        except OSError:
            pass


def borda(rankings):
    raise LookupError("nothing")
