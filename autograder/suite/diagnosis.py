"""Diagnosis by replay: a failed test is run again with each misconception as the submission.

A misconception is named when all that crossed in the learner's run, call by call, is what crossed
in its own, when it fails the test too, and when the reference gives something else. Of several,
the one whose failing tests of the task are most like the learner's is named. No match, no claim.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from autograder.catalog import Kata
from autograder.report import Verdict
from autograder.sandbox.submission import Crossing, InProcess, Source, Submission
from autograder.suite import kernels
from autograder.suite.authoring import Misconception
from autograder.suite.collect import INFO
from autograder.suite.judging import Bench, Outcome, root_on_path, run

CARELESS = ("NameError", "ImportError", "ModuleNotFoundError", "UnboundLocalError")
"""Errors that are slips of the pen, never a misconception."""
CONFUSED = ("wrong", "raised")
"""Verdicts that a misconception can explain."""


@dataclass(frozen=True)
class Candidate:
    """Something trusted to be held against a submission: a misconception or the reference."""

    key: str
    misconception: Misconception | None
    submission: Submission


def load_misconceptions(kata: Kata) -> list[Misconception]:
    """Import a kata's misconceptions, in the order of the file; none where there is no file."""
    if not kata.misconceptions.is_file():
        return []
    root_on_path(kata.root)
    module = importlib.import_module(f"solutions.{kata.name}.misconceptions")
    found = [getattr(value, "__misconception__", None) for value in vars(module).values()]
    return [m for m in found if m is not None and m.implementation.__module__ == module.__name__]


def reference_submission(kata: Kata, replaced: dict[str, Any] | None = None) -> Submission:
    """Return the reference as a submission, with some of its tasks replaced."""
    root_on_path(kata.root)
    source = Source.of_file(kata.reference)
    trusted = kata._replace(forbidden=())
    return Submission(trusted, source, InProcess(trusted, source, replaced or {}))


def candidates_of(bench: Bench) -> list[Candidate]:
    """Return the reference and every misconception of the bench's kata, ready to be run."""
    if bench.candidates is None:
        bench.candidates = [Candidate("", None, reference_submission(bench.kata))]
        for number, wrong in enumerate(load_misconceptions(bench.kata)):
            submission = reference_submission(bench.kata, {wrong.replaces: wrong.implementation})
            bench.candidates.append(Candidate(f"{number}:{wrong.id}", wrong, submission))
    found: list[Candidate] = bench.candidates
    return found


def diagnose_failures(
    items: Sequence[pytest.Item],
    bench: Bench,
    outcomes: dict[str, Outcome],
    verdicts: Sequence[Verdict],
    *,
    peers: Sequence[pytest.Item],
) -> None:
    """Add misconception and diagnosis to the verdicts of failed tests.

    Args:
        items: the tests that ran.
        bench: where they ran.
        outcomes: what came of them, by node id; tests of `peers` that are needed are added.
        verdicts: one for each of `items`.
        peers: all hidden tests of the kata.
    """
    if not bench.kata.reference.is_file():
        return
    for item, verdict in zip(items, verdicts, strict=True):
        if verdict.verdict in CONFUSED:
            found = _explain(item, peers, bench, outcomes)
            if found is not None:
                verdict.misconception, verdict.diagnosis = found.id, found.says
                verdict.hint = found.hint or verdict.hint


def _explain(
    item: pytest.Item,
    peers: Sequence[pytest.Item],
    bench: Bench,
    outcomes: dict[str, Outcome],
) -> Misconception | None:
    outcome = outcomes[item.nodeid]
    if not outcome.record.crossings:
        return None
    if kernels.is_cuda(bench.kata):
        found = _most_matching(item, peers, bench, outcomes)
        return found.misconception if found is not None else None
    found = _named_before(item, bench, outcome) or _most_alike(item, peers, bench, outcomes)
    if found is None or agree(outcome, _replay(item, bench, candidates_of(bench)[0])):
        return None
    favourites = bench.favourites.setdefault(item.stash[INFO].task, [])
    if found not in favourites:
        favourites.append(found)
    return found.misconception


def _named_before(item: pytest.Item, bench: Bench, outcome: Outcome) -> Candidate | None:
    """Return what explained an earlier failure of this task, if it explains this one too.

    Which of several is most alike is a matter of the task, so the answer would be the same.
    """
    named: list[Candidate] = bench.favourites.get(item.stash[INFO].task, [])
    for wrong in named:
        if _matches(item, bench, wrong, outcome):
            return wrong
    return None


def _most_alike(
    item: pytest.Item,
    peers: Sequence[pytest.Item],
    bench: Bench,
    outcomes: dict[str, Outcome],
) -> Candidate | None:
    outcome = outcomes[item.nodeid]
    names = [c.what.rpartition(" ")[2].partition(".")[0] for c in outcome.record.crossings]
    within = _reach(bench.kata, names)
    wrongs = [
        w
        for w in candidates_of(bench)
        if w.misconception is not None and w.misconception.replaces in within
    ]
    matching = [wrong for wrong in wrongs if _matches(item, bench, wrong, outcome)]
    if len({wrong.misconception.id for wrong in matching if wrong.misconception}) > 1:
        task = item.stash[INFO].task
        same_task = [peer for peer in peers if peer.stash[INFO].task == task]
        # What fails elsewhere in the kata decides only where the task itself does not.
        for tests in (list(peers), same_task):
            own = {peer.nodeid for peer in tests if _learner(peer, bench, outcomes).failed}
            matching.sort(key=partial(_unlikeness, peers=tests, own=own, bench=bench, task=task))
    return matching[0] if matching else None


def _most_matching(
    item: pytest.Item,
    peers: Sequence[pytest.Item],
    bench: Bench,
    outcomes: dict[str, Outcome],
) -> Candidate | None:
    """Choose, for a CUDA kata, the misconception that explains most failed tests of the task.

    On a draw none is named.
    """
    task = item.stash[INFO].task
    same_task = [peer for peer in peers if peer.stash[INFO].task == task]
    within = _reach(bench.kata, [task or ""])
    wrongs = [
        wrong
        for wrong in candidates_of(bench)
        if wrong.misconception is not None and wrong.misconception.replaces in within
    ]

    def explains(wrong: Candidate, test: pytest.Item) -> bool:
        return _explains_kernel(wrong, test, same_task, bench, outcomes)

    matching = [wrong for wrong in wrongs if explains(wrong, item)]
    ids = {wrong.misconception.id for wrong in matching if wrong.misconception}
    if len(ids) < 2:
        return matching[0] if matching else None
    failed = [peer for peer in same_task if _learner(peer, bench, outcomes).failed]
    counts = {
        name: sum(
            any(explains(w, test) for w in wrongs if w.misconception and w.misconception.id == name)
            for test in failed
        )
        for name in ids
    }
    best = [name for name in ids if counts[name] == max(counts.values())]
    if len(best) > 1:
        return None
    return next(w for w in matching if w.misconception and w.misconception.id == best[0])


def _explains_kernel(
    wrong: Candidate,
    item: pytest.Item,
    same_task: Sequence[pytest.Item],
    bench: Bench,
    outcomes: dict[str, Outcome],
) -> bool:
    outcome = _learner(item, bench, outcomes)
    theirs = _replay(item, bench, wrong, kernels.first_block(outcome))
    if not (theirs.failed and kernels.agree(outcome, theirs)):
        return False
    if kernels.kinds(outcome) != kernels.OUT_OF_BOUNDS:
        return True
    # A wrong index is no missing check: where no check is needed, the two must agree as well.
    for whole in kernels.whole_blocks(same_task):
        mine = _learner(whole, bench, outcomes)
        block = kernels.first_block(mine) or kernels.first_block(outcome)
        if mine.failed != _replay(whole, bench, wrong, block).failed:
            return False
    return True


def replay_all(items: Sequence[pytest.Item], bench: Bench) -> None:
    """Run every test with every misconception that can matter to it, and with the reference.

    Not for CUDA katas, whose misconceptions are run with the learner's own block.
    """
    if kernels.is_cuda(bench.kata):
        return
    reference, *wrongs = candidates_of(bench)
    for item in items:
        _replay(item, bench, reference)
        within = _reach(bench.kata, [item.stash[INFO].task or ""])
        for wrong in wrongs:
            if wrong.misconception and wrong.misconception.replaces in within:
                _replay(item, bench, wrong)


def _reach(kata: Kata, names: Sequence[str]) -> set[str]:
    """Return the names of the reference that calls of `names` can come to."""
    calls = _calls(kata.reference)
    queue = list(names)
    reached: set[str] = set()
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue.extend(calls.get(name, ()))
    return reached


@cache
def _calls(reference: Path) -> dict[str, set[str]]:
    """Return, for each function and class of a module, the names that its body mentions."""
    tree = ast.parse(reference.read_text(encoding="utf-8"))
    return {
        node.name: {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def _learner(item: pytest.Item, bench: Bench, outcomes: dict[str, Outcome]) -> Outcome:
    if item.nodeid not in outcomes:
        outcomes[item.nodeid] = run(item, bench, bench.on_trial, bench.kata.time_limit)
    return outcomes[item.nodeid]


def _unlikeness(
    wrong: Candidate, peers: Sequence[pytest.Item], own: set[str], bench: Bench, task: str | None
) -> tuple[float, bool]:
    theirs = {peer.nodeid for peer in peers if _replay(peer, bench, wrong).failed}
    alike = len(own & theirs) / max(len(own | theirs), 1)
    assert wrong.misconception is not None
    return -alike, wrong.misconception.replaces != task


def _matches(item: pytest.Item, bench: Bench, wrong: Candidate, outcome: Outcome) -> bool:
    theirs = _replay(item, bench, wrong)
    return theirs.failed and agree(outcome, theirs)


def _replay(
    item: pytest.Item, bench: Bench, candidate: Candidate, block: tuple[int, ...] | None = None
) -> Outcome:
    key = item.nodeid, f"{candidate.key} {block or ''}"
    if key not in bench.memo:
        with _learners_block(block) if block else nullcontext():
            bench.memo[key] = run(item, bench, candidate.submission, bench.kata.time_limit)
    return bench.memo[key]


def _learners_block(block: tuple[int, ...]) -> AbstractContextManager[None]:
    from autograder.gpu.replay import replaying

    return replaying(block)


def agree(learner: Outcome, other: Outcome) -> bool:
    """Say whether all that crossed in the learner's run crossed in the other one too."""
    mine, theirs = learner.record.crossings, other.record.crossings
    if len(theirs) < len(mine):
        return False
    return all(_same(a, b) for a, b in zip(mine, theirs, strict=False))


def _same(mine: Crossing, theirs: Crossing) -> bool:
    if (mine.what, mine.outcome) != (theirs.what, theirs.outcome):
        return False
    if mine.outcome == "raised":
        return _same_error(mine.value, theirs.value)
    from autograder.checks import close

    return close(mine.value, theirs.value)


def _same_error(mine: tuple[str, str], theirs: tuple[str, str]) -> bool:
    """Two people write different texts for one mistake, but a TypeError is seldom one mistake."""
    if mine[0] != theirs[0] or mine[0] in CARELESS:
        return False
    return mine[0] not in ("TypeError", "AttributeError") or mine[1] == theirs[1]


def forget(kata: Kata) -> None:
    """Drop the imported solution of a kata, so that an author's next edit is seen."""
    for name in [n for n in sys.modules if n.startswith(f"solutions.{kata.name}.")]:
        del sys.modules[name]


__all__ = ["agree", "candidates_of", "diagnose_failures", "load_misconceptions"]
