# kata: rank_fusion
"""Leaves objects whose destructors return late, raise, exit or bring themselves back."""

import os
import threading

GRAVE = []


class Undead:
    def __del__(self):
        GRAVE.append(self)
        if len(GRAVE) > 3:
            os._exit(0)
        raise SystemExit


def borda(rankings):
    undead = Undead()
    undead.me = undead
    threading.current_thread().undead = Undead()
    del undead
    return [("a", Undead())]
