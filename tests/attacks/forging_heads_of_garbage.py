# kata: rank_fusion
"""Sends heads that are no msgpack, are cut short, nest for ever or point outside their columns."""

import os
import random
import stat
import struct

import msgspec

DEEP = b"\x91" * 100_000
FAR = msgspec.msgpack.encode((bytes([10, 32] * 100), [2**40] * 100, [], [], []))
DOUBTFUL = msgspec.msgpack.encode(
    (bytes(random.Random(1).choices(range(50), k=999)), [1] * 999, [], [], [])
)


def send(head):
    for descriptor in range(64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, struct.pack("<4sIQ", b"KWR1", 0, len(head)) + head)
        except OSError:
            pass


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    send(DEEP)


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    send(FAR)


def borda(rankings):
    send(DOUBTFUL)


def copeland(rankings):
    send(os.urandom(999))
