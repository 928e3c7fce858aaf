# kata: rank_fusion
"""Leaves threads that are no daemons, and that go on when their call has ended."""

import threading
import time


def stay():
    while True:
        time.sleep(0.01)


def borda(rankings):
    threading.Thread(target=stay, daemon=False).start()
    threading.Timer(0.5, stay).start()
    return None
