# kata: rank_fusion
"""Raises groups of exceptions, chains without end, and errors with a thousand notes."""


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    group = ExceptionGroup("all", [ValueError("one"), TypeError("two")])
    for _ in range(3000):
        group = ExceptionGroup("deeper", [group])
    raise group


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    raise BaseExceptionGroup("all", [SystemExit(0), KeyboardInterrupt()])


def borda(rankings):
    error = KeyError("a")
    error.__context__ = error.__cause__ = KeyError("b")
    error.__cause__.__cause__ = error
    raise error


def copeland(rankings):
    error = KeyError("a")
    for number in range(1000):
        error.add_note(f"note {number}" * 1000)
    raise error
