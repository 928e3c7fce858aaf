# kata: rank_fusion
"""Starts programs in the background, by a shell, by spawn and with nohup."""

import os
import subprocess
import sys

STARTED = []
for start in (
    lambda: subprocess.Popen(["sleep", "60"], start_new_session=True).pid,
    lambda: subprocess.Popen("nohup sleep 60 &", shell=True).pid,
    lambda: os.posix_spawn("/bin/sleep", ["sleep", "60"], {}),
    lambda: os.spawnl(os.P_NOWAIT, sys.executable, "python", "-c", "input()"),
    lambda: 1 / (os.system("sleep 60 &") == 0),
    lambda: os.popen("sleep 60").fileno(),
):
    try:
        STARTED.append(start())
    except Exception:
        pass


def borda(rankings):
    raise KeyError(STARTED) if STARTED else LookupError("nothing")
