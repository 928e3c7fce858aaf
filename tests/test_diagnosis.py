"""What is named, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.catalog import find_kata
from autograder.report import Verdict
from autograder.sandbox.submission import InProcess, Source
from autograder.suite.session import Suite


def judge(project: Path, text: str, *, seed: int = 0) -> dict[str, Verdict]:
    kata = find_kata(project, "mean")
    source = Source("a.py", (("a.py", text),))
    suite = Suite(kata)
    try:
        verdicts = suite.judge(source, InProcess(kata, source), seed=seed)
    finally:
        suite.close()
    return {verdict.test: verdict for verdict in verdicts}


@pytest.mark.parametrize(
    ("before", "after", "test", "named"),
    [
        (
            "total / len(values)",
            "total / (len(values) - 1 or 1)",
            "test_the_sum_is_divided_by_the_count",
            "one_less",
        ),
        (
            'raise ValueError("nothing")',
            "return 0.0",
            "test_no_values_are_refused",
            "zero_of_nothing",
        ),
        (
            "mean(values[:i])",
            "mean(values[max(0, i - 2) : i])",
            "test_each_prefix_has_its_mean",
            "last_two",
        ),
        (
            "self.n += 1\n        self.total += value",
            "self.n, self.total = 1, value",
            "test_the_meter_averages",
            "forgetful",
        ),
    ],
)
def test_a_mistake_is_named_however_it_is_written(
    project: Path, right: str, before: str, after: str, test: str, named: str
) -> None:
    assert before in right
    verdict = judge(project, right.replace(before, after))[test]
    assert (verdict.verdict, verdict.misconception) == ("wrong", named)


@pytest.mark.parametrize("wrong", ["total / (len(values) + 1)", "max(values)", "None", "total * 2"])
def test_an_unlisted_mistake_gets_no_name(project: Path, right: str, wrong: str) -> None:
    found = judge(project, right.replace("total / len(values)", wrong))
    verdict = found["test_the_sum_is_divided_by_the_count"]
    assert verdict.verdict == "wrong"
    assert verdict.misconception is None


def test_a_misconception_reaches_the_tasks_that_call_it(project: Path, right: str) -> None:
    found = judge(project, right.replace("total / len(values)", "total / (len(values) - 1 or 1)"))
    assert found["test_each_prefix_has_its_mean"].misconception == "one_less"


def test_of_two_that_match_the_one_that_fails_the_same_tests_is_named(
    project: Path, right: str
) -> None:
    path = project / "solutions/mean/misconceptions.py"
    path.write_text(
        path.read_text()
        + """

@misconception(replaces="mean", says="it is divided by n - 1 and nothing is 0")
def both(values):
    return sum(values) / max(len(values) - 1, 1) if values else 0.0
"""
    )
    text = right.replace("total / len(values)", "total / (len(values) - 1 or 1)")
    assert judge(project, text)["test_the_sum_is_divided_by_the_count"].misconception == "one_less"
    worse = text.replace('raise ValueError("nothing")', "return 0.0")
    names = {v.misconception for v in judge(project, worse).values() if v.verdict == "wrong"}
    assert names == {"both"}


def test_the_diagnosis_is_the_same_for_any_seed(project: Path, right: str) -> None:
    text = right.replace("total / len(values)", "total / (len(values) - 1 or 1)")
    for seed in range(5):
        found = judge(project, text, seed=seed)
        assert found["test_the_sum_is_divided_by_the_count"].misconception == "one_less"


def test_a_suite_may_have_fixtures_of_its_own(project: Path, right: str) -> None:
    path = project / "solutions/mean/test_hidden.py"
    own = """
import pytest


@pytest.fixture
def values(rng):
    yield array(rng, 7).tolist()


@points(2)
"""
    text = path.read_text().replace("\n@points(2)\n", own, 1)
    text = text.replace(
        "(submission, rng):\n    values = array(rng, 7).tolist()", "(submission, values):", 1
    )
    path.write_text(text)
    test = "test_the_sum_is_divided_by_the_count"
    assert judge(project, right)[test].verdict == "passed"
    wrong = judge(project, right.replace("total / len(values)", "total / (len(values) - 1 or 1)"))
    assert (wrong[test].verdict, wrong[test].misconception) == ("wrong", "one_less")
