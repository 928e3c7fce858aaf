"""A project of one small kata, and a right answer to it in another style."""

from __future__ import annotations

FILES = {
    "katas/mean/README.md": "# The mean\n\nWhat is the mean of a list?\n",
    "katas/mean/kata.toml": """\
title = "The mean"
track = "search"
order = 1
difficulty = "easy"
minutes = 5
requires = ["numpy"]
questions = ["search-01"]
forbidden = ["statistics.mean", "numpy.mean"]
time_limit = 2

[tasks]
mean = 3
running_mean = 2
Meter = 1
""",
    "katas/mean/mean.py": '''\
"""The mean. The question is in README.md."""


def mean(values: list[float]) -> float:
    """Return the mean of `values`; ValueError when there are none."""
    raise NotImplementedError


def running_mean(values: list[float]) -> list[float]:
    """Return the mean of each prefix."""
    raise NotImplementedError


class Meter:
    """Counts and averages."""

    def __init__(self) -> None:
        raise NotImplementedError
''',
    "katas/mean/test_mean.py": """\
def test_two_values(submission):
    assert submission.mean([1.0, 3.0]) == 2.0
""",
    "solutions/mean/mean.py": """\
def mean(values):
    if not values:
        raise ValueError("values is empty")
    return sum(values) / len(values)


def running_mean(values):
    return [mean(values[: i + 1]) for i in range(len(values))]


class Meter:
    def __init__(self):
        self.values = []

    def add(self, value):
        self.values.append(value)

    @property
    def average(self):
        return mean(self.values)
""",
    "solutions/mean/test_hidden.py": """\
from autograder.checks import assert_close, assert_raises
from autograder.suite import array, hint, points
from solutions.mean.mean import mean, running_mean


@points(2)
@hint("How many values are there?")
def test_the_sum_is_divided_by_the_count(submission, rng):
    values = array(rng, 7).tolist()
    assert_close(submission.mean(values), mean(values))


@points(1)
@hint("What is the mean of nothing?")
def test_no_values_are_refused(submission):
    assert_raises(ValueError, submission.mean, [])


@points(2)
@hint("Which values has the third mean seen?")
def test_each_prefix_has_its_mean(submission, rng):
    values = array(rng, 5).tolist()
    assert_close(submission.running_mean(values), running_mean(values))


@points(1)
@hint("What does the meter remember?")
def test_the_meter_averages(submission):
    meter = submission.Meter()
    meter.add(1.0)
    meter.add(5.0)
    assert_close(meter.average, 3.0)
""",
    "solutions/mean/misconceptions.py": """\
from autograder.suite import misconception
from solutions.mean import mean as reference


@misconception(replaces="mean", says="the sum is divided by n - 1", hint="Count them.")
def one_less(values):
    if not values:
        raise ValueError("empty")
    return sum(values) / max(len(values) - 1, 1)


@misconception(replaces="mean", says="nothing has the mean 0", hint="Is it 0?")
def zero_of_nothing(values):
    return sum(values) / len(values) if values else 0.0


@misconception(replaces="running_mean", says="each window holds the last two values only")
def last_two(values):
    return [reference.mean(values[max(i - 1, 0) : i + 1]) for i in range(len(values))]


@misconception(replaces="Meter", says="only the last value counts")
class forgetful(reference.Meter):
    def add(self, value):
        self.values = [value]
""",
    "solutions/mean/discussion.md": "# The mean: discussion\n\nAdd and divide.\n",
}

RIGHT = """
def mean(values):
    if len(values) == 0:
        raise ValueError("nothing")
    total = 0.0
    for value in values:
        total += value
    return total / len(values)

def running_mean(values):
    return [mean(values[:i]) for i in range(1, len(values) + 1)]

class Meter:
    def __init__(self):
        self.n, self.total = 0, 0.0
    def add(self, value):
        self.n += 1
        self.total += value
    @property
    def average(self):
        return self.total / self.n
"""
