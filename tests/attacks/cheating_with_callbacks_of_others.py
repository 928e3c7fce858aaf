# kata: echo
# earns: 2
"""Keeps a callback of one test and calls it in the next, when its number means another."""

KEPT = []


def through(function, value):
    KEPT.append(function)
    return [kept(value) for kept in KEPT][0:0]


def checked(function):
    for kept in KEPT:
        kept("wanted")
    return "done"
