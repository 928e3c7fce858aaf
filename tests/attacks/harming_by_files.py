# kata: rank_fusion
"""Fills the disk: writes, truncates, preallocates and copies wherever it may."""

import os
import tempfile
from pathlib import Path

import autograder

FOLDERS = {
    *("/tmp", "/var/tmp", "/dev/shm", "/", "/run", ".", "/var/lib", "/etc", "/proc/self", "/sys"),
    *(tempfile.gettempdir(), str(Path.home()), str(Path(autograder.__file__).parents[1])),
    *(str(Path(autograder.__file__).parent), str(Path(os.__file__).parent)),
}
WRITTEN = []
for folder in FOLDERS:
    try:
        with open(f"{folder}/kata-attack-file", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 1 << 20)
            file.write(bytes(1 << 20))
        WRITTEN.append(folder)
    except OSError:
        pass
    for make in (os.mkdir, os.mkfifo, lambda path: os.symlink("/", path), os.mknod):
        try:
            make(f"{folder}/kata-attack-{make.__name__}")
            WRITTEN.append(folder)
        except OSError:
            pass
for open_one in (tempfile.TemporaryFile, tempfile.mkdtemp, lambda: os.open("/tmp", 0o20200001)):
    try:
        WRITTEN.append(open_one())
    except OSError:
        pass


def borda(rankings):
    raise KeyError(WRITTEN) if WRITTEN else LookupError("nothing")
