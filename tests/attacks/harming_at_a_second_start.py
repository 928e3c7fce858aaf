# kata: rank_fusion
"""Loads well once, falls in its first call, and never finishes loading again."""

import os
import time

if time.monotonic() % 1 < 2 and os.getpid() % 2:
    while True:
        pass


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    os._exit(1)


score_fusion = borda = copeland = reciprocal_rank_fusion
