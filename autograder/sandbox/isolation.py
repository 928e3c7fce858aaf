"""What keeps a worker from reading answers, harming the machine and outliving its time.

Six layers, each of the operating system's own, each of use without the others: `confine` puts them
on in a forked worker, `probe` attacks each and says which hold. On a system that lacks one, the
function says so in what it returns; nothing here fails at import.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import importlib
import importlib.util
import math
import mmap
import os
import select
import signal
import site
import socket
import struct
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox import landlock, seccomp
from autograder.sandbox.landlock import landlock_abi
from autograder.sandbox.seccomp import filter_program

if sys.platform != "win32":
    import pwd
    import resource

__all__ = [
    "LAYERS",
    "UID_BLOCK",
    "Limits",
    "close_descriptors",
    "close_pidfd",
    "confine",
    "die_with_parent",
    "filter_program",
    "isolate_parent",
    "keep_to_one_processor",
    "kill_pidfd",
    "landlock_abi",
    "open_pidfd",
    "probe",
    "readable_paths",
    "worker_uid",
]

LAYERS = ("process", "rlimits", "landlock", "seccomp", "namespaces", "uid")
"""The layers, in the order of reports."""

UID_BLOCK = 64
"""How many uids from `worker_uid` on are unused as well: each worker alive takes one of its own."""

_SYSTEM_PATHS = (
    # Not /usr as a whole: containers keep projects below /usr/src and /usr/local.
    *("/lib", "/lib64", "/bin", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/bin"),
    *("/usr/include", "/usr/local/lib", "/usr/local/lib64", "/usr/share/zoneinfo", "/nix/store"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf"),
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom"),
)

_PR_SET_PDEATHSIG, _PR_GET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 1, 2, 3, 4
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 24, 38, 47
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


@dataclass(frozen=True)
class Limits:
    """What a worker may use.

    Attributes:
        memory_bytes: address space beyond what is mapped when it is confined.
        cpu_seconds: CPU time from then on, over all its threads.
        file_bytes: size of any file it writes.
        open_files: descriptors, the kept ones included.
        threads: beyond the first; only a worker with a uid of its own can be held to it.
    """

    memory_bytes: int
    cpu_seconds: float
    file_bytes: int = 0
    open_files: int = 64
    threads: int = 128


def isolate_parent() -> tuple[str, ...]:
    """Leave the network, and as an ordinary user the user namespace, for good.

    To be called by a library parent with one thread, before it imports anything. Root leaves the
    network alone: in a user namespace of its own the workers' uid would not be mapped.

    Returns:
        `("namespaces",)` if the machine's own loopback is out of reach afterwards, else `()`.
    """
    if sys.platform != "linux":
        return ()
    uid, gid = os.geteuid(), os.getegid()
    flags = _CLONE_NEWNET if uid == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    if _libc().unshare(ctypes.c_int(flags)) != 0:
        return ()
    if uid != 0:
        maps = {"setgroups": "deny", "uid_map": f"{uid} {uid} 1", "gid_map": f"{gid} {gid} 1"}
        for name, text in maps.items():
            with contextlib.suppress(OSError):  # unmapped, it reads as 65534 and is no less cut off
                Path("/proc/self", name).write_text(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        return ("namespaces",) if _refused(lambda: datagrams.connect(("127.0.0.1", 9))) else ()


def close_descriptors(keep: Collection[int]) -> None:
    """Close every descriptor but some; standard streams that are not kept lead to nowhere.

    A closed 0, 1 or 2 would be given to the next socket pair, and C libraries print into it.
    """
    if sys.platform == "win32":
        return
    nowhere = _open_nowhere()
    for stream in {0, 1, 2} - set(keep):
        if nowhere is None:
            with contextlib.suppress(OSError):
                os.close(stream)
        elif nowhere != stream:
            os.dup2(nowhere, stream)
    kept = {0, 1, 2, *keep}
    try:
        found = {int(name) for name in os.listdir("/dev/fd")}
    except OSError:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        found = set(range(65536 if limit == resource.RLIM_INFINITY else limit))
    for descriptor in found - kept:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def confine(
    *,
    keep: Collection[int],
    limits: Limits,
    readable: Sequence[Path],
    uid: int | None,
    executable: bool = False,
    writable: Sequence[Path] = (),
    layers: Collection[str] = LAYERS,
) -> tuple[str, ...]:
    """Give up, for good, all that a worker does not need.

    To be called in a forked child, while it has one thread and before it sees foreign code. The
    order matters: each step takes away what the step before needed.

    Args:
        keep: the descriptors that stay open.
        limits: what it may use.
        readable: files and folders that it may read, usually `readable_paths()` and one more.
        uid: the uid to become, from `worker_uid`; None to stay, without capabilities.
        executable: for compilers and kernels: allow new processes and programs.
        writable: folders that it may change.
        layers: those to put on, where `probe` found that one cannot be had.

    Returns:
        The layers that are on. "namespaces" is never among them: see `isolate_parent`.

    Raises:
        RuntimeError: if the process has other threads, which some layers would not reach.
    """
    if (threads := _thread_count()) > 1:
        raise RuntimeError(f"only a process with one thread can be confined; this has {threads}")
    held = set()
    signal_of_death = _death_signal()
    if "process" in layers:
        close_descriptors(keep)
        _empty_bounding_set()
    if "rlimits" in layers and _set_limits(limits):
        held.add("rlimits")
    if "uid" in layers and uid is not None and _become(uid):
        held.add("uid")
        _set_limit("RLIMIT_NPROC", limits.threads + 1)  # which counts a uid, so only its own
    if "process" in layers and _drop_capabilities() and _hide():
        held.add("process")
    if signal_of_death:  # the kernel forgets it when the uid changes
        _prctl(_PR_SET_PDEATHSIG, signal_of_death)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in layers and landlock.restrict(
        readable, writable=writable, executable=executable
    ):
        held.add("landlock")
    if "seccomp" in layers and (machine := seccomp.own_machine()) is not None:
        scoped = executable and "landlock" in held and landlock.scopes_signals()
        program = filter_program(
            machine,
            pid=None if scoped else os.getpid(),
            executable=executable,
            folders=bool(writable),
        )
        if seccomp.install(program):
            held.add("seccomp")
    return tuple(layer for layer in LAYERS if layer in held)


def worker_uid(readable: Sequence[Path]) -> int | None:
    """Find a uid that nobody uses and that can read what a worker needs.

    Only root can change its uid, and only where the interpreter is not below a private folder.
    The next `UID_BLOCK - 1` uids are as good: a limit of threads counts all workers of one uid.

    Returns:
        The first of the uids, or None where a worker has to stay root without capabilities.
    """
    return _choose_uid(readable)[0]


def readable_paths() -> list[Path]:
    """List what a worker may read: the interpreter, its libraries, this package and the system's.

    Never `sys.path` as it stands: an editable install has the project's root there, with the
    answers. Symbolic links are resolved, what lies below another path is left out.
    """
    package = Path(__file__).resolve().parents[1]
    project = package.parent if (package.parent / "katas").is_dir() else None
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    below = ("bin", "lib", "lib64", "include", "pyvenv.cfg")
    candidates = [
        package,
        *(Path(prefix, name) for prefix in prefixes for name in below),
        *_python_folders(),
        *map(Path, _SYSTEM_PATHS),
    ]
    if sys.executable:
        candidates.append(Path(sys.executable))
    found = set()
    for candidate in candidates:
        with contextlib.suppress(OSError):
            resolved = candidate.resolve(strict=True)
            if project is None or not project.is_relative_to(resolved):
                found.add(resolved)
    return sorted(path for path in found if not found.intersection(path.parents))


def probe(readable: Sequence[Path] | None = None, secrets: Sequence[Path] = ()) -> dict[str, str]:
    """Attack each layer in a child that has no other, and say what came of it.

    Args:
        readable: what workers may read, `readable_paths()` if None.
        secrets: files that they must not read, such as a reference and the gradebook; a stand-in
            is always tried.

    Returns:
        For each layer "" if every attack failed, or why it does not hold.
    """
    if sys.platform == "win32":
        return {layer: "not on this system" for layer in LAYERS}
    allowed = readable_paths() if readable is None else list(readable)
    with _Bait() as bait:
        uid, no_uid = _choose_uid(allowed)
        attacks: dict[str, _Attack] = {
            "process": _attack_process,
            "rlimits": _attack_limits,
            "landlock": functools.partial(_attack_landlock, secrets=[bait.secret, *secrets]),
            "seccomp": _attack_seccomp,
            "namespaces": _attack_namespaces,
            "uid": _attack_uid,
        }
        reasons = {}
        for layer in LAYERS:
            if layer == "uid" and uid is None:
                reasons[layer] = no_uid
            else:
                attack = functools.partial(_probe_layer, layer, attacks[layer], bait, allowed, uid)
                reasons[layer] = _in_child(attack)
        return reasons


def die_with_parent() -> None:
    """Have the system kill this process when its parent ends; before `confine`, which keeps it."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def keep_to_one_processor(number: int) -> None:
    """Let this process run on one of its processors only, the same for the same number.

    However many threads spin in a worker, its neighbours on other processors lose no time by it;
    the filter keeps it there. To be called before `confine`.
    """
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {processors[number % len(processors)]})


def open_pidfd(pid: int) -> int:
    """Open a handle on a process, one that never comes to mean another.

    Where the system has none, the handle is the negated pid: good while its parent has not
    waited for it.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
        os.kill(pid, 0)  # no such process: the same error as from pidfd_open
    return -pid


def kill_pidfd(fd: int) -> None:
    """End the process behind a handle of `open_pidfd`; nothing happens if it has ended."""
    with contextlib.suppress(ProcessLookupError):
        if fd < 0:
            os.kill(-fd, getattr(signal, "SIGKILL", signal.SIGTERM))
        elif sys.platform == "linux":
            signal.pidfd_send_signal(fd, signal.SIGKILL)


def close_pidfd(fd: int) -> None:
    """Close a handle of `open_pidfd`, whichever kind it is."""
    if fd >= 0:
        os.close(fd)


# The steps of `confine`.


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *arguments: int) -> int:
    """Call prctl, -1 where there is none."""
    if sys.platform != "linux":
        return -1
    padded = (*arguments, 0, 0, 0, 0)[:4]
    status: int = _libc().prctl(ctypes.c_int(option), *map(ctypes.c_ulong, padded))
    return status


def _death_signal() -> int:
    """Read which signal this process gets when its parent dies, 0 for none."""
    if sys.platform != "linux":
        return 0
    number = ctypes.c_int(0)
    _libc().prctl(ctypes.c_int(_PR_GET_PDEATHSIG), ctypes.byref(number))
    return number.value


def _thread_count() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def _open_nowhere() -> int | None:
    try:
        return os.open(os.devnull, os.O_RDWR)
    except OSError:
        return None


def _set_limits(limits: Limits) -> bool:
    """Set the limits of the system; True if it is one that keeps them all."""
    _set_limit("RLIMIT_CPU", math.ceil(time.process_time() + limits.cpu_seconds), room=1)
    _set_limit("RLIMIT_FSIZE", limits.file_bytes)
    _set_limit("RLIMIT_NOFILE", limits.open_files)
    # Too small for any file, and one byte is how Linux is told not to start a core handler either.
    _set_limit("RLIMIT_CORE", 1 if sys.platform == "linux" else 0)
    if sys.platform != "linux":
        return False
    try:
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
    except OSError:
        return False
    with contextlib.suppress(AttributeError):
        # Each thread would reserve 64 MiB of address space for an arena of its own.
        _libc().mallopt(ctypes.c_int(-8), ctypes.c_int(1))  # M_ARENA_MAX
    return _set_limit("RLIMIT_AS", mapped + limits.memory_bytes)


def _set_limit(name: str, value: int, room: int = 0) -> bool:
    """Lower one limit for good; `room` is how far the hard one lies above, which cannot be met."""
    if sys.platform == "win32":
        return False
    kind = getattr(resource, name, None)
    if kind is None:
        return False
    ceiling = resource.getrlimit(kind)[1]
    hard = value + room if ceiling == resource.RLIM_INFINITY else min(value + room, ceiling)
    try:
        resource.setrlimit(kind, (min(value, hard), hard))
    except (OSError, ValueError):
        return False
    return True


def _become(uid: int) -> bool:
    """Change to another uid, with the group of the same number and no other."""
    if sys.platform != "linux":
        return False
    try:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    except OSError:
        return False
    return True


def _empty_bounding_set() -> None:
    """Let no program that is started have capabilities; changing the uid takes the right to."""
    capability = 0
    while _prctl(_PR_CAPBSET_DROP, capability) == 0:  # EPERM if there are none, EINVAL at the end
        capability += 1


def _drop_capabilities() -> bool:
    """Drop every capability there is, as root or in a user namespace."""
    if sys.platform != "linux":
        return True
    _prctl(_PR_CAP_AMBIENT, 4)  # PR_CAP_AMBIENT_CLEAR_ALL
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    status: int = _libc().capset(header, bytes(24))
    return status == 0


def _hide() -> bool:
    """Let nobody of the same user look into this process, and no crash write its memory."""
    return sys.platform != "linux" or _prctl(_PR_SET_DUMPABLE, 0) == 0


# What may be read, and by which uid.


def _python_folders() -> list[Path]:
    """List the folders that hold the standard library and installed packages."""
    paths = sysconfig.get_paths()
    named = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    named += [*site.getsitepackages(), sysconfig.get_config_var("DESTSHARED") or ""]
    if site.ENABLE_USER_SITE:
        named.append(site.getusersitepackages())
    packages = ("site-packages", "dist-packages")
    named += [entry for entry in sys.path if Path(entry).name in packages or entry.endswith(".zip")]
    return list(dict.fromkeys(Path(name) for name in named if name and os.path.exists(name)))


def _choose_uid(readable: Sequence[Path]) -> tuple[int | None, str]:
    """Find the uid of `worker_uid`, or say why there is none."""
    if sys.platform != "linux":
        return None, "not on this system"
    if os.geteuid() != 0:
        return None, "only root can give a worker another uid"
    uid = next(_unused_uids(), None)
    if uid is None:
        return None, "no unused uid is mapped in this user namespace"
    origins = []
    for name in ("numpy", "torch", "faiss"):
        with contextlib.suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.origin is not None:
                origins.append(Path(spec.origin))
    folders = [folder.resolve() for folder in _python_folders()]
    reason = _in_child(lambda _: _read_as(uid, readable, folders, origins))
    return (None, reason) if reason else (uid, "")


def _unused_uids() -> Iterator[int]:
    """Go through the starts of unused blocks of uids, from one that the process id picks."""
    mapped = [tuple(map(int, line.split())) for line in _lines("/proc/self/uid_map")]
    taken: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        for line in _lines(folder / "status"):
            if line.startswith("Uid:"):
                taken.update(map(int, line.split()[1:]))
    # 65536 to 99999 belong to no scheme of users or containers; 64000 on is for small containers.
    high = list(range(65536, 99968, UID_BLOCK))
    start = os.getpid() % len(high)
    for first in [*high[start:], *high[:start], *range(64000, 64960, UID_BLOCK)]:
        block = range(first, first + UID_BLOCK)
        inside = any(low <= first and block[-1] < low + count for low, _, count in mapped)
        if inside and taken.isdisjoint(block) and not _is_user(first):
            yield first


def _is_user(uid: int) -> bool:
    if sys.platform == "win32":
        return False
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _lines(path: str | Path) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _read_as(
    uid: int, readable: Sequence[Path], folders: Collection[Path], origins: Sequence[Path]
) -> str:
    """Try, in a child, whether a uid can read what a worker needs; say what it cannot."""
    if not _become(uid):
        return f"uid {uid} cannot be taken here"
    unreadable = f"uid {uid} cannot read "
    for path in [*readable, *folders, *origins]:
        try:
            if path.is_dir():
                os.listdir(path)
            else:
                path.open("rb").close()
        except OSError:
            return f"{unreadable}{path}"
    for path in (path for folder in folders for path in folder.iterdir()):
        is_folder = path.is_dir()
        if not os.access(path, os.R_OK | (os.X_OK if is_folder else 0)):
            return f"{unreadable}{path}"
    for name in ("colorsys", "stringprep", "nturl2path"):
        if name not in sys.modules:
            try:
                importlib.import_module(name)
            except ImportError:
                return f"uid {uid} cannot import {name}"
    return ""


# The attacks of `probe`, each in a child that has the one layer.


class _Bait:
    """What the attacks aim at, in the process that probes."""

    def __enter__(self) -> _Bait:
        self.folder = tempfile.TemporaryDirectory(prefix="kata-probe-")
        self.secret = Path(self.folder.name, "secret")
        self.secret.write_text("the answer")
        self.secret.chmod(0o600)
        self.descriptor = os.open(self.secret, os.O_RDONLY)
        self.memory = ctypes.create_string_buffer(b"the answer")
        self.pid = os.getpid()
        self.listeners: list[socket.socket] = []
        for family, address in _addresses():
            with contextlib.suppress(OSError):
                listener = socket.socket(family, socket.SOCK_STREAM)
                self.listeners.append(listener)
                listener.bind(address)
                listener.listen()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self.listeners:
            listener.close()
        os.close(self.descriptor)
        self.folder.cleanup()


def _addresses() -> list[tuple[int, Any]]:
    """List where the bait listens: on the loopback, and on a name that no file has."""
    addresses: list[tuple[int, Any]] = [(socket.AF_INET, ("127.0.0.1", 0))]
    if sys.platform == "linux":
        addresses.append((socket.AF_UNIX, f"\0kata-probe-{os.getpid()}"))
    return addresses


_Attack = Callable[[_Bait], Iterator[tuple[str, bool]]]
"""Yields what was tried and whether it went well for the attacker."""


def _probe_layer(
    layer: str,
    attack: _Attack,
    bait: _Bait,
    readable: Sequence[Path],
    uid: int | None,
    answer: int,
) -> str:
    """Put on one layer, attack it, and say what went well for the attacker."""
    if layer == "namespaces":
        held = isolate_parent()
    else:
        held = confine(
            keep=[answer],
            limits=Limits(memory_bytes=256 << 20, cpu_seconds=10),
            readable=readable,
            uid=uid if layer == "uid" else None,
            layers=(layer,),
        )
    if layer not in held:
        return "this system does not have it, or does not allow it"
    return "; ".join(name for name, worked in attack(bait) if worked)


def _attack_process(bait: _Bait) -> Iterator[tuple[str, bool]]:
    yield "an inherited file could be read", _works(lambda: os.read(bait.descriptor, 1))
    if sys.platform == "linux":
        capable = [line.split()[1] for line in _lines("/proc/self/status") if "CapEff" in line]
        yield "capabilities were left", any(int(mask, 16) for mask in capable)
        yield "its memory could be dumped", _prctl(_PR_GET_DUMPABLE) != 0


def _attack_limits(bait: _Bait) -> Iterator[tuple[str, bool]]:
    yield "too much memory could be had", _works(lambda: mmap.mmap(-1, 512 << 20).close())
    yield "a file could be written", _works(lambda: bait.secret.with_name("new").write_text("x"))
    duplicates: list[int] = []
    too_many = _works(lambda: duplicates.extend(os.dup(bait.descriptor) for _ in range(200)))
    yield "too many files could be opened", too_many


def _attack_landlock(bait: _Bait, secrets: Sequence[Path]) -> Iterator[tuple[str, bool]]:
    for secret in secrets:
        yield f"{secret} could be read", _works(functools.partial(_read, secret))
        beside = functools.partial(os.listdir, secret.parent)
        yield f"{secret.parent} could be listed", _works(beside)
    new = bait.secret.with_name("new")
    yield "a file could be written", _works(lambda: new.write_text("x"))
    yield "a file could be removed", _works(bait.secret.unlink)
    yield "a folder could be made", _works(lambda: new.with_suffix(".d").mkdir())
    yield "/proc could be read", _works(lambda: _read(Path(f"/proc/{bait.pid}/environ")))
    yield "the standard library could not be read", _refused(lambda: _read(Path(os.__file__)))


def _attack_seccomp(bait: _Bait) -> Iterator[tuple[str, bool]]:
    call = _reaches_kernel
    yield "a socket could be opened", _works(lambda: socket.socket().close())
    yield "a process could be forked", _works(_fork_and_wait)
    yield "a program could be started", call("execve", 0, 0, 0)
    yield "the parent could be signalled", _works(lambda: os.kill(bait.pid, 0))
    yield "the parent could be traced", call("ptrace", 0x4206, bait.pid, 0, 0)  # PTRACE_SEIZE
    yield "the parent's memory could be read", _reads_memory(bait)
    yield "the parent's limits could be changed", call("prlimit64", bait.pid, 0, 0, 0)
    yield "descriptors could be taken", call("pidfd_open", bait.pid, 0)
    yield "a namespace could be made", call("unshare", 0)
    yield "memory outside the limit could be had", call("memfd_create", 0, 0)
    yield "io_uring could be used", call("io_uring_setup", 0, 0)
    yield "a mode could be changed", _works(lambda: bait.secret.chmod(0o600))
    yield "a session could be left", call("setsid")
    done: list[int] = []
    thread = threading.Thread(target=done.append, args=(1,))
    started = _works(thread.start)
    if started:
        thread.join()
    yield "no thread could be started", not done


def _attack_namespaces(bait: _Bait) -> Iterator[tuple[str, bool]]:
    for listener in bait.listeners:

        def reach(listener: socket.socket = listener) -> None:
            with socket.socket(listener.family, socket.SOCK_STREAM) as client:
                client.settimeout(2)
                client.connect(listener.getsockname())

        yield f"{listener.getsockname()!r} could be reached", _works(reach)


def _attack_uid(bait: _Bait) -> Iterator[tuple[str, bool]]:
    yield "a private file could be read", _works(lambda: _read(bait.secret))
    yield "the parent could be signalled", _works(lambda: os.kill(bait.pid, 0))
    yield "root could be had back", _works(lambda: os.setuid(0))


def _works(attack: Callable[[], object]) -> bool:
    """Try something; True if the system let it pass."""
    try:
        attack()
    except (OSError, MemoryError, RuntimeError):
        return False
    return True


def _refused(attack: Callable[[], object]) -> bool:
    return not _works(attack)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _fork_and_wait() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _reaches_kernel(name: str, *arguments: int) -> bool:
    """Make a call that the filter should refuse; any answer but its EPERM came from behind it."""
    machine = seccomp.own_machine()
    number = None if machine is None else seccomp.CALLS[name][seccomp.MACHINES.index(machine)]
    if number is None:
        return False
    ctypes.set_errno(0)
    status = _libc().syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return status != -1 or ctypes.get_errno() != errno.EPERM


def _reads_memory(bait: _Bait) -> bool:
    """Read the parent's copy of a buffer, which lies at the same address as this process's."""
    copy = ctypes.create_string_buffer(len(bait.memory))
    here = struct.pack("=QQ", ctypes.addressof(copy), len(copy))
    there = struct.pack("=QQ", ctypes.addressof(bait.memory), len(bait.memory))
    count = _libc().process_vm_readv(
        ctypes.c_int(bait.pid), here, ctypes.c_ulong(1), there, ctypes.c_ulong(1), ctypes.c_ulong(0)
    )
    return bool(count > 0)


def _in_child(action: Callable[[int], str], seconds: float = 30) -> str:
    """Run something in a forked child, with the descriptor that its answer goes to."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            try:
                text = action(writer)
            except BaseException as error:
                text = f"{type(error).__name__}: {error}"
            os.write(writer, f"={text}".encode(errors="replace"))
        finally:
            os._exit(0)
    os.close(writer)
    answer = b""
    deadline = time.monotonic() + seconds
    while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
        part = os.read(reader, 4096)
        if not part:
            break
        answer += part
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(reader)
    _, status = os.waitpid(pid, 0)
    if answer.startswith(b"="):
        return answer[1:].decode(errors="replace")
    code = os.waitstatus_to_exitcode(status)
    return f"the probe died of {signal.Signals(-code).name}" if code < 0 else "the probe died"
