"""Mutate messages of the wire for as long as asked: `python tests/fuzz_wire.py --seconds 600`.

A child unpacks mutations of valid messages, and of valid mutations. It has to say "valid" or
WireError; anything else ends it, and the parent prints the frame that did it.
"""

import argparse
import faulthandler
import mmap
import os
import random
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from test_wire import From, corpus, frame, mutated, mutated_bytes, survives

from autograder.sandbox.wire import WireError, receive

LARGEST = 1 << 22
GROWN = 400  # valid mutations that are kept to be mutated again


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fuzz(seconds: float, seed: int, now: mmap.mmap) -> None:
    """Mutate until the time is over, keeping the frame at hand in shared memory."""
    warnings.simplefilter("ignore")
    faulthandler.enable()
    rng, seeds, grown = random.Random(seed), corpus(), []
    counts = dict.fromkeys(("messages", "valid", "frames", "frames received"), 0)
    slowest, before, started = 0.0, megabytes(), time.monotonic()
    while time.monotonic() - started < seconds:
        message = mutated(rng, seeds + grown)
        data = frame(message)
        if len(data) > LARGEST:
            continue
        if as_frame := rng.random() < 0.2:
            data = mutated_bytes(rng, data)
        now[:8] = len(data).to_bytes(8, "little")
        now[8 : 8 + len(data)] = data
        begun = time.perf_counter()
        if as_frame:
            counts["frames"] += 1
            try:
                message = receive(From(data))
            except (WireError, EOFError):
                continue
            counts["frames received"] += 1
        counts["messages"] += 1
        if survives(message):
            counts["valid"] += 1
            if len(data) < 20_000:
                grown.append(message.copied())
                if len(grown) > GROWN:
                    grown.pop(rng.randrange(len(grown)))
        slowest = max(slowest, time.perf_counter() - begun)
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    print(f"{told}; slowest {slowest * 1000:.1f} ms; memory {before:.0f} → {megabytes():.0f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    now = mmap.mmap(-1, LARGEST + (1 << 16))
    child = os.fork()
    if child == 0:
        try:
            fuzz(options.seconds, options.seed, now)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        size = int.from_bytes(now[:8], "little")
        print(f"ended with {status} by the frame {now[8 : 8 + size].hex()}")
    return int(status != 0)


if __name__ == "__main__":
    sys.exit(main())
