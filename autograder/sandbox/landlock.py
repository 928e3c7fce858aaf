"""Landlock: a process gives up the file system, but for the paths that it names.

Only what is asked of the kernel by number is here; which paths are meant is `isolation`'s.
"""

from __future__ import annotations

import ctypes
import functools
import os
import stat
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
REMOVE_DIR = 1 << 4
REMOVE_FILE = 1 << 5
MAKE_CHAR = 1 << 6
MAKE_BLOCK = 1 << 11
REFER = 1 << 13
TRUNCATE = 1 << 14
IOCTL_DEVICE = 1 << 15

FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
"""The rights that make sense for what is no folder; the kernel refuses the others."""

_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: REFER, 3: TRUNCATE, 5: IOCTL_DEVICE}
_NETWORK_SINCE, _NETWORK = 4, 0b11  # bind and connect of TCP
_SCOPE_SINCE, _SCOPE = 6, 0b11  # abstract Unix sockets, signals
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_PATH_BENEATH = 1


@functools.cache
def landlock_abi() -> int:
    """Ask which version of Landlock the kernel has, 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(_CREATE_RULESET, None, 0, 1))


def scopes_signals() -> bool:
    """Say whether a confined process can signal only those confined with it."""
    return landlock_abi() >= _SCOPE_SINCE


def restrict(
    readable: Sequence[Path], *, writable: Sequence[Path] = (), executable: bool = False
) -> bool:
    """Confine this thread, and what it starts, to some paths; `no_new_privs` has to be set.

    Args:
        readable: files and folders, with all below them. `/dev/null` can be written as well.
        writable: folders with all below them, to read and change.
        executable: what can be read or written can also be executed.

    Returns:
        True if the kernel has confined it. Paths that do not exist are left out.
    """
    abi = landlock_abi()
    if abi == 0:
        return False
    handled = sum(rights for since, rights in _RIGHTS_BY_ABI.items() if since <= abi)
    network = _NETWORK if abi >= _NETWORK_SINCE else 0
    scope = _SCOPE if abi >= _SCOPE_SINCE else 0
    attributes = struct.pack("=QQQ", handled, network, scope)
    # An older kernel takes a longer structure only where the rest is zero, as it is here.
    size = 24 if scope else 16 if network else 8
    ruleset = _call(_CREATE_RULESET, attributes[:size], size, 0)
    if ruleset < 0:
        return False
    execute = EXECUTE if executable else 0
    read = READ_FILE | READ_DIR | execute
    change = handled & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEVICE | (EXECUTE & ~execute))
    try:
        added = [_allow(ruleset, path, read & handled) for path in readable]
        added += [_allow(ruleset, path, change) for path in writable]
        return all(added) and _call(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> bool:
    """Add one path to a ruleset; True as well for one that is not there, which needs no rule."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISDIR(status.st_mode):
            rights &= FILE_RIGHTS
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == os.makedev(1, 3):
            rights |= WRITE_FILE | (TRUNCATE if landlock_abi() >= 3 else 0)
        rule = struct.pack("=Qi", rights, descriptor)
        return _call(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0) == 0
    finally:
        os.close(descriptor)


@functools.cache
def _system_call() -> Any:
    system_call = ctypes.CDLL(None, use_errno=True).syscall
    system_call.restype = ctypes.c_long
    return system_call


def _call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call that no library has a function for; -1 when it fails."""
    system_call = _system_call()
    converted = [
        ctypes.c_char_p(value) if isinstance(value, bytes) else ctypes.c_long(value or 0)
        for value in arguments
    ]
    status: int = system_call(ctypes.c_long(number), *converted)
    return status
