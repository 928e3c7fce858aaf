"""What `kata profile` shows: the launches that a submission makes in the tests of its kata."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.catalog import Kata
from autograder.gpu.analysis import Launch
from autograder.gpu.profile import picture, render
from autograder.gpu.service import PROFILED, launches
from autograder.sandbox.submission import InProcess, Source
from autograder.suite.collect import INFO
from autograder.suite.judging import run, verdict_of
from autograder.suite.session import Suite

STYLE = """\
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; line-height: 1.35; }
"""


@dataclass
class TaskProfile:
    """The launches of one task, in the test that shows it best.

    Attributes:
        test: the test whose calls these are, or that failed without any.
        launches: what was launched.
        problem: why nothing was launched.
    """

    test: str
    launches: list[Launch] = field(default_factory=list)
    problem: str | None = None


def profiles(kata: Kata, source: Source, seed: int = 0) -> dict[str, TaskProfile]:
    """Return a profile for each task.

    Of a task's tests it is the one with a budget, where there is one, and among equals the one
    that moves most.

    Raises:
        CatalogError: if the kata has no tests here.
    """
    suite = Suite(kata, visible=True)
    found: dict[str, tuple[tuple[int, int], TaskProfile]] = {}
    try:
        make = InProcess(kata, source)
        bench = suite.bench(source, make, seed)
        for item in suite.items:
            info = item.stash[INFO]
            if info.task is None:
                continue
            outcome = run(item, bench, bench.on_trial, kata.time_limit)
            made = [launch for launch, _, _ in launches(outcome.record) if launch is not None]
            budget = any(crossing.what == PROFILED for crossing in outcome.record.crossings)
            weight = int(budget and bool(made)), sum(launch.requests for launch in made)
            if info.task in found and found[info.task][0] >= weight:
                continue
            problem = None if made else verdict_of(item, outcome, source).message
            found[info.task] = weight, TaskProfile(item.name, made, problem)
        make.close()
    finally:
        suite.close()
    return {task: found[task][1] for task in kata.task_names if task in found}


def as_text(found: Mapping[str, TaskProfile]) -> str:
    """Write profiles for a terminal."""
    parts = []
    for task, profile in found.items():
        parts.append(f"{task}, in {profile.test}\n{'─' * 72}")
        if profile.launches:
            parts.append(render(profile.launches))
        else:
            parts.append(f"no kernel was launched: {profile.problem or 'the task called none'}")
    return "\n\n".join(parts)


def as_page(kata: Kata, found: Mapping[str, TaskProfile]) -> str:
    """Write profiles as a page that needs nothing else, with a picture for each kernel."""
    parts = []
    for task, profile in found.items():
        parts.append(f"<h2>{html.escape(task)}</h2><p>in {html.escape(profile.test)}</p>")
        parts.append(
            f"<pre>{html.escape(as_text({task: profile}).partition(chr(10) * 2)[2])}</pre>"
        )
        drawn = {(launch.name, launch.source): launch for launch in profile.launches}
        parts += [f"<h3>{html.escape(each.name)}</h3>{picture(each)}" for each in drawn.values()]
    title = f"{kata.title}: profile"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{html.escape(title)}</h1>{''.join(parts)}</html>\n"
    )
