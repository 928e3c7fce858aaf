# kata: rank_fusion
"""Starts as many threads as the system gives, each with a large stack, all of them waiting."""

import threading


def borda(rankings):
    threading.stack_size(1 << 20)
    forever = threading.Event()
    started = 0
    try:
        while started < 20_000:
            threading.Thread(target=forever.wait, daemon=True).start()
            started += 1
    except (RuntimeError, MemoryError):
        pass
    return [("thread", started)]


copeland = borda
