# kata: echo
# earns: 1
"""Asks a callback of the judge a million times within one call."""


def through(function, value):
    for number in range(1_000_000):
        function(number)
    return value
