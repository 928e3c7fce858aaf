"""Tests that cannot fail, and mutants of the reference that no test catches."""

from __future__ import annotations

import gc
import random
from collections.abc import Sequence

import pytest

from autograder.catalog import Kata
from autograder.sandbox.submission import InProcess, Source
from autograder.suite import mutants as mutation
from autograder.suite.child import in_child
from autograder.suite.collect import INFO
from autograder.suite.proof import Proof, fails, failures
from autograder.suite.session import Suite

MUTANT_TEST_SECONDS = 3.0
MUTANT_SECONDS = 30.0


def no_test_is_idle(
    kata: Kata, suite: Suite, caught: set[str], proof: Proof, all_mutants: bool
) -> None:
    """Look for tests that nothing fails; with `all_mutants` for mutants that nothing catches."""
    idle = {item.name for item in suite.hidden} - caught
    path = kata.solutions / "equivalent.toml"
    listed = mutation.load_equivalents(path) if path.is_file() else []
    everything = mutation.mutants(kata.reference.read_text(encoding="utf-8"), kata.task_names)
    proof.problems += [
        f"equivalent.toml lists a mutant that does not exist: {entry.after}"
        for entry in mutation.unused_equivalents(listed, everything)
    ]
    proof.equivalent = sum(mutation.is_equivalent(mutant, listed) for mutant in everything)
    candidates = [m for m in everything if not mutation.is_equivalent(m, listed)]
    gc.collect()
    gc.freeze()
    if all_mutants:
        proof.mutants = len(candidates)
        for mutant in candidates:
            failed = _run_mutant(kata, suite, mutant, _ordered(suite.hidden, mutant, idle))
            idle -= failed
            if failed:
                proof.killed += 1
            else:
                proof.survivors.append(
                    f"line {mutant.line} of {mutant.task}: {mutant.before}  →  {mutant.after}"
                )
        proof.problems += [f"a mutant survives: {survivor}" for survivor in proof.survivors]
    order = random.Random(0).sample(candidates, len(candidates))
    for of_its_task in (True, False):  # mutants of a test's own task fail it most often
        for mutant in order:
            items = [
                item
                for item in suite.hidden
                if item.name in idle and (item.stash[INFO].task == mutant.task) == of_its_task
            ]
            if items:
                idle -= _run_mutant(kata, suite, mutant, items, first=False)
    proof.problems += [
        f"{name} cannot fail: no misconception and no mutant fails it" for name in sorted(idle)
    ]


def _ordered(
    items: Sequence[pytest.Item], mutant: mutation.Mutant, idle: set[str]
) -> list[pytest.Item]:
    """Put first the tests most likely to notice: those of the task, and the idle ones of it."""
    return sorted(
        items,
        key=lambda item: (item.stash[INFO].task != mutant.task, item.name not in idle),
    )


def _run_mutant(
    kata: Kata,
    suite: Suite,
    mutant: mutation.Mutant,
    items: list[pytest.Item],
    *,
    first: bool = True,
) -> set[str]:
    """Return the tests that a mutant fails, or only the first, in a process of its own."""
    source = Source(f"mutant {mutant.line}", ((str(kata.reference), mutant.source),))
    trusted = kata._replace(forbidden=())

    def trial() -> str:
        verdicts = suite.judge(
            source,
            InProcess(trusted, source),
            items=items,
            limit=min(MUTANT_TEST_SECONDS, kata.time_limit),
            diagnose=False,
            stop=lambda verdict: verdict.verdict == "timed_out" or (first and fails(verdict)),
        )
        return "\n".join(verdict.test for verdict in failures(verdicts))

    answer = in_child(trial, MUTANT_SECONDS)
    if answer is not None:
        return set(answer.split("\n")) - {""}
    if first or len(items) == 1:  # it took the process down: no test would have passed
        return {items[0].name}
    return set().union(*(_run_mutant(kata, suite, mutant, [item]) for item in items))
