# kata: rank_fusion
"""Changes what lies outside: modes, owners, times, names, attributes and links of files."""

import contextlib
import ctypes
import os
from pathlib import Path

import autograder

LIBC = ctypes.CDLL(None, use_errno=True)
DONE = []
ROOT = Path(autograder.__file__).parents[1]
for path in map(
    str, ("/tmp", "/", ROOT, ROOT / "solutions", autograder.__file__, os.__file__, "/dev/null")
):
    for act in (
        lambda: os.chmod(path, 0o755 if path != "/tmp" else 0o1777),
        lambda: os.chown(path, -1, -1),
        lambda: os.utime(path),
        lambda: os.setxattr(path, "user.kata", b"x"),
        lambda: os.rename(path, path + ".kata-attack"),
        lambda: os.link(path, "/tmp/kata-attack-hard"),
        lambda: os.truncate(path, 10**9),
        lambda: os.open(path, os.O_WRONLY | os.O_APPEND) and path != "/dev/null",
        lambda: os.unlink(path + "/kata-attack"),
        lambda: 1 / (LIBC.syscall(469, -100, path.encode(), bytes(24), 24, 0) == 0),
        lambda: 1 / (LIBC.ioctl(os.open(path, os.O_RDONLY), 0x40086602, b"\x10\0\0\0") == 0),
    ):
        with contextlib.suppress(OSError, ZeroDivisionError):
            if act() is not False:
                DONE.append((path, act.__code__.co_names))


def borda(rankings):
    raise KeyError(DONE) if DONE else LookupError("nothing")
