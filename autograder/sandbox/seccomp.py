"""The system call filter of a worker: classic BPF for x86_64 and aarch64, built from one table.

Allowed is what is not named here, so that libraries go on working; refused is what reaches beyond
the process, or what the other layers do not see. The answer is EPERM, which libraries survive.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Sequence

MACHINES = ("x86_64", "aarch64")
"""The machines that `filter_program` writes for."""

AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""What the kernel calls them in `seccomp_data.arch`."""

LAST_KNOWN_CALL = 469
"""The newest call that was judged for this filter; newer ones are ENOSYS, as on an older kernel."""

ALLOW = 0x7FFF0000
"""SECCOMP_RET_ALLOW."""

KILL = 0x80000000
"""SECCOMP_RET_KILL_PROCESS."""

ERRNO = 0x00050000
"""SECCOMP_RET_ERRNO; the number of the error is in the low half."""

CALLS: dict[str, tuple[int | None, int | None]] = {
    # New processes and programs.
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "execve": (59, 221),
    "execveat": (322, 281),
    # The network, and datagrams to sockets in the file system.
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "socketpair": (53, 199),
    # Other processes: their memory, descriptors, signals, limits and turns on the CPU.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prctl": (157, 167),
    # Leaving what the parent set up.
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "unshare": (272, 97),
    "setns": (308, 268),
    "personality": (135, 92),
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setgroups": (116, 159),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "capset": (126, 91),
    # Memory that RLIMIT_AS does not count, and that others can see.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmdt": (67, 197),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "semctl": (66, 191),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "mq_timedsend": (242, 182),
    "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184),
    "mq_getsetattr": (245, 185),
    # Marks on files, which Landlock does not see.
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    # Watching files, which Landlock does not see either, and files without a path.
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # Changes to folders: Landlock's, but for `truncate` before its third version.
    "truncate": (76, 45),
    "creat": (85, None),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    # Wide doors into the kernel.
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_setup": (206, 0),
    "io_destroy": (207, 1),
    "io_submit": (209, 2),
    "io_cancel": (210, 3),
    "io_getevents": (208, 4),
    "io_pgetevents": (333, 292),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "lsm_set_self_attr": (460, 460),
    "modify_ldt": (154, None),
    # Mounts.
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    # The machine as a whole.
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "create_module": (174, None),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "syslog": (103, 116),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "vhangup": (153, 58),
    "nfsservctl": (180, 42),
    "lookup_dcookie": (212, 18),
    "uselib": (134, None),
    "_sysctl": (156, None),
    "sync": (162, 81),
    "syncfs": (306, 267),
}
"""Every call with a rule: its number on x86_64 and on aarch64, None where it does not exist."""

PROCESS_CALLS = frozenset({"fork", "vfork", "execve", "execveat"})
"""Refused to a worker, allowed to a runner of compilers and kernels."""

FOLDER_CALLS = frozenset(
    [
        *("truncate", "creat", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat"),
        *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"),
        *("mknod", "mknodat"),
    ]
)
"""Refused to a worker, left to Landlock where there is a writable folder."""

_Instruction = tuple[int, int, int, int]
_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_GREATER = 0x25  # BPF_JMP | BPF_JGT | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000
_EPERM = ERRNO | errno.EPERM
_ENOSYS = ERRNO | 38  # Linux's, whatever system the bytes are built on

_CLONE_THREAD = 0x00010000
_CLONE_OUT = 0x7E02A000  # the seven namespaces of clone, CLONE_PARENT, CLONE_PTRACE

_REFUSED_FCNTL = (
    8,  # F_SETOWN: with F_SETSIG, any signal (SIGKILL too) to any process of the same user
    10,  # F_SETSIG
    15,  # F_SETOWN_EX
    1024,  # F_SETLEASE: holds up whoever opens the file
    1026,  # F_NOTIFY: watches folders
)
_REFUSED_IOCTL = (
    0x8901,  # FIOSETOWN, F_SETOWN by another name
    0x8902,  # SIOCSPGRP, the same
    0x5412,  # TIOCSTI: types into the terminal
    0x541C,  # TIOCLINUX
    0x540E,  # TIOCSCTTY
    0x40086602,  # FS_IOC_SETFLAGS: chattr, on a file that is only open for reading
    0x401C5820,  # FS_IOC_FSSETXATTR
    0x40087602,  # FS_IOC_SETVERSION
)
_REFUSED_PRCTL = (
    1,  # PR_SET_PDEATHSIG: the worker would outlive its parent
    4,  # PR_SET_DUMPABLE
    35,  # PR_SET_MM
    62,  # PR_SCHED_CORE
    0x59616D61,  # PR_SET_PTRACER
)


def filter_program(
    machine: str, *, pid: int | None = 0, executable: bool = False, folders: bool = False
) -> bytes:
    """Write the filter for a machine, as the kernel's array of `struct sock_filter`.

    Args:
        machine: "x86_64" or "aarch64".
        pid: the process that may be signalled, the worker itself; 0 for none; None leaves signals
            alone (Landlock's scope holds them then, and children can be signalled).
        executable: allow new processes and programs, but no new namespaces.
        folders: allow changes to folders, which Landlock confines to the writable ones.

    Raises:
        ValueError: for any other machine.
    """
    if machine not in MACHINES:
        raise ValueError(f"no filter for {machine!r}; there is one for {' and '.join(MACHINES)}")
    column = MACHINES.index(machine)
    program: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, AUDIT_ARCHITECTURE[machine]),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        program += [(_GREATER, 0, 1, _X32 - 1), (_RETURN, 0, 0, KILL)]
    program += [(_GREATER, 0, 1, LAST_KNOWN_CALL), (_RETURN, 0, 0, _ENOSYS)]
    for name, numbers in CALLS.items():
        number = numbers[column]
        body = _body(name, pid, executable, folders)
        if number is not None and body:
            program += [(_EQUAL, 0, len(body), number), *body]
    program.append((_RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


def install(program: bytes) -> bool:
    """Confine this thread, and those that it starts, by a filter; `no_new_privs` has to be set."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(program, len(program))
    description = _Program(len(program) // 8, ctypes.addressof(buffer))
    set_seccomp, filter_mode = 22, 2  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    status: int = libc.prctl(
        ctypes.c_int(set_seccomp),
        ctypes.c_ulong(filter_mode),
        ctypes.byref(description),
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
    )
    return status == 0


def own_machine() -> str | None:
    """Name the machine this interpreter was built for, None where there is no filter for it."""
    if sys.platform != "linux" or sys.byteorder != "little" or sys.maxsize < 2**32:
        return None  # a 32-bit interpreter on a 64-bit kernel would be killed by its first call
    machine = os.uname().machine
    return machine if machine in MACHINES else None


class _Program(ctypes.Structure):
    """The kernel's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _body(name: str, pid: int | None, executable: bool, folders: bool) -> list[_Instruction]:
    """Write what is done once the call is known to be this one; empty where it is just allowed."""
    own = [pid] if pid else []
    match name:
        case "clone3":  # its flags are in memory, where no filter can look: glibc then uses clone
            return [(_RETURN, 0, 0, _ENOSYS)]
        case "clone" if executable:
            return _only(0, [0], mask=_CLONE_OUT)
        case "clone":
            return _only(0, [_CLONE_THREAD], mask=_CLONE_OUT | _CLONE_THREAD)
        case "socketpair":  # a datagram one could be sent from to any socket with a name
            streams = _only(1, [1, 5], mask=0xF)
            return [
                (_LOAD, 0, 0, _ARGUMENTS),
                (_EQUAL, 1, 0, 1),  # AF_UNIX
                (_RETURN, 0, 0, _EPERM),
                *streams,
            ]
        case "kill" | "tkill" | "tgkill" | "rt_sigqueueinfo" | "rt_tgsigqueueinfo":
            return [] if pid is None else _only(0, own)
        case "prlimit64":
            return _only(0, [0, *own])
        case "sched_setaffinity" if executable:  # a worker stays on the processor it was given
            return _only(0, [0, *own])
        case "fcntl":
            return _none_of(1, _REFUSED_FCNTL)
        case "ioctl":
            return _none_of(1, _REFUSED_IOCTL)
        case "prctl":
            return _none_of(0, _REFUSED_PRCTL)
        case _ if executable and name in PROCESS_CALLS:
            return []
        case _ if folders and name in FOLDER_CALLS:
            return []
    return [(_RETURN, 0, 0, _EPERM)]


def _load(argument: int, mask: int | None) -> list[_Instruction]:
    """Load the low half of an argument: the kernel reads no more of any that is judged here."""
    load = [(_LOAD, 0, 0, _ARGUMENTS + 8 * argument)]
    return load if mask is None else [*load, (_AND, 0, 0, mask)]


def _only(argument: int, values: Sequence[int], mask: int | None = None) -> list[_Instruction]:
    """Allow a call where one argument has one of a few values."""
    jumps = [(_EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    return [*_load(argument, mask), *jumps, (_RETURN, 0, 0, _EPERM), (_RETURN, 0, 0, ALLOW)]


def _none_of(argument: int, values: Sequence[int]) -> list[_Instruction]:
    """Allow a call where one argument has none of a few values."""
    jumps = [(_EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    return [*_load(argument, None), *jumps, (_RETURN, 0, 0, ALLOW), (_RETURN, 0, 0, _EPERM)]
