# kata: echo
# earns: 2
"""Calls its callback from within its callback, so that the judge recurs until its stack is full."""


def through(function, value):
    return function(value)


def again(function, depth):
    return function(depth + 1)
