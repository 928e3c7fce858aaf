"""Judging one test of one submission: run it, say what became of it, diagnose it."""

from __future__ import annotations

import importlib
import signal
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.python import get_direct_param_fixture_func

from autograder.catalog import Kata, task_lines
from autograder.report import Verdict
from autograder.sandbox.failures import (
    Frame,
    SubmissionFailure,
    TimedOut,
    raised_by_submission,
)
from autograder.sandbox.submission import Record, Source, Submission
from autograder.suite.collect import INFO, TestInfo

if TYPE_CHECKING:
    import numpy as np

INTERPRETED = "autograder.gpu.interpreted"
"""What katas of Triton require: its import switches the interpreter on."""
ALARM_GRACE = 1.0
"""Seconds that a worker's own clock has before the judge's rings."""


@dataclass
class Outcome:
    """One run of one test: what crossed, and what came out of the test."""

    record: Record
    error: BaseException | None
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether the test did not pass (a skipped one did not fail)."""
        return self.error is not None and not isinstance(self.error, pytest.skip.Exception)


@dataclass
class Bench:
    """What is on trial in a kata: the submission, and what it is held against."""

    kata: Kata
    seed: int
    on_trial: Submission
    current: Submission = field(init=False)
    memo: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    candidates: list[Any] | None = None
    favourites: dict[str | None, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.current = self.on_trial


BENCHES: pytest.StashKey[dict[str, Bench]] = pytest.StashKey()


def bench_of(item: pytest.Item) -> Bench:
    """Return the bench of an item's kata."""
    return item.config.stash[BENCHES][item.stash[INFO].kata.name]


def submission_for(item: pytest.Item) -> Submission:
    """Return the implementation that an item judges now."""
    found = bench_of(item).current
    if not found.in_worker and item.get_closest_marker("worker_only"):
        pytest.skip("needs a process of the submission's own: kata test --sandbox")
    return found


def rng_for(item: pytest.Item) -> np.random.Generator:
    """Return the generator of an item's inputs: the same for every submission."""
    import numpy as np

    return np.random.default_rng([bench_of(item).seed, zlib.crc32(item.name.encode())])


def device_for(item: pytest.Item) -> str:
    """Return `cuda` where torch has a usable GPU, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


KIT = "autograder.suite.plugin"
FIXTURES = {"submission": submission_for, "rng": rng_for, "device": device_for}
"""The fixtures of the kit, defined in the module `KIT`; most suites do with them."""
_PLAIN: pytest.StashKey[bool] = pytest.StashKey()


def run(item: pytest.Item, bench: Bench, candidate: Submission, limit: float) -> Outcome:
    """Run one test with `candidate` as the submission, without pytest's reporting around it."""
    assert isinstance(item, pytest.Function)
    before, bench.current = bench.current, candidate
    start = time.perf_counter()
    error: BaseException | None = None
    record = Record()
    try:
        record = candidate.begin_test(limit)
        with (
            nullcontext() if _is_plain(item) else _set_up(item),
            _alarm(limit) if candidate is bench.on_trial else nullcontext(),
        ):
            if _is_plain(item):
                item.obj(**_arguments(item))
            else:
                item.runtest()
    except KeyboardInterrupt:
        raise
    except BaseException as caught:
        error = caught
    finally:
        bench.current = before
    return Outcome(record, error, time.perf_counter() - start)


def _is_plain(item: pytest.Function) -> bool:
    """Say whether a test takes the kit's fixtures and its parameters alone.

    Then it is called as it is: pytest's own setting up costs more than most tests.
    """
    if _PLAIN not in item.stash:
        known = item._fixtureinfo
        makers = [definitions[-1].func for definitions in known.name2fixturedefs.values()]
        item.stash[_PLAIN] = set(known.argnames) <= set(known.name2fixturedefs) and all(
            maker is get_direct_param_fixture_func or maker.__module__ == KIT for maker in makers
        )
    return item.stash[_PLAIN]


def _arguments(item: pytest.Function) -> dict[str, Any]:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return {
        name: parameters[name] if name in parameters else FIXTURES[name](item)
        for name in item._fixtureinfo.argnames
    }


@contextmanager
def _set_up(item: pytest.Function) -> Iterator[None]:
    """Hold the fixtures of a test, those of pytest and of its suite among them."""
    state = item.session._setupstate
    try:
        state.teardown_exact(item)  # another module's tests may have run before
        item._initrequest()
        state.setup(item)
        yield
    finally:
        try:
            state.teardown_exact(item.parent)  # type: ignore[arg-type]
        finally:
            # As pytest does: the next run of this item must not find this one's fixtures.
            item._request = False  # type: ignore[assignment]
            item.funcargs = None  # type: ignore[assignment]


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise in the submission when the time is over; a worker's time is kept by its pool too."""
    from autograder.sandbox.worker import Alarm

    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(signum: int, frame: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds + ALARM_GRACE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def verdict_of(item: pytest.Item, outcome: Outcome, source: Source) -> Verdict:
    """Say what became of one test, in the words that a learner reads."""
    info = item.stash[INFO]
    kind, message, frames = _tell(outcome, info, source)
    passed = kind in ("passed", "skipped")
    file, line = (None, None) if passed else _where(info, source, frames)
    return Verdict(
        test=item.name,
        task=info.task,
        verdict=kind,
        points=info.points if kind == "passed" else 0.0,
        max_points=info.points,
        message=message,
        # A hint helps with a wrong value, not with what is wrong with the file or the call.
        hint=None if passed or isinstance(outcome.error, SubmissionFailure) else info.hint,
        file=file,
        line=line,
        seconds=round(outcome.seconds, 4),
    )


def _tell(
    outcome: Outcome, info: TestInfo, source: Source
) -> tuple[str, str | None, tuple[Frame, ...]]:
    error = outcome.error
    if error is None:
        return "passed", None, ()
    if isinstance(error, pytest.skip.Exception):
        return "skipped", str(error.msg), ()
    raised = raised_by_submission(error)
    if raised is not None:
        text = f"your code raised {raised.kind}: {raised.text}".rstrip(": ")
        return "raised", text + excerpt(raised.frames, source), raised.frames
    if isinstance(error, SubmissionFailure):
        message = error.message
        if error.verdict == "unimplemented" and error.frames:
            message = f"`{info.task}` is {message}"
        return error.verdict, message + excerpt(error.frames, source), error.frames
    if type(error).__name__ == "Alarm":
        return "timed_out", TimedOut("did not finish within the time limit").message, ()
    if isinstance(error, AssertionError | pytest.fail.Exception):
        return "wrong", str(error) or "the result is not what the test expects", ()
    if getattr(error, "escaped_submission", False):
        text = f"{type(error).__name__}: {error}"
        return "raised", f"what a function that your code was given raised came out: {text}", ()
    return "wrong", f"the test cannot use what was returned: {type(error).__name__}: {error}", ()


def excerpt(frames: tuple[Frame, ...], source: Source) -> str:
    """Return the learner's own lines of a traceback, the innermost last."""
    texts = {name: text.splitlines() for name, text in source.chunks}
    lines = []
    for frame in frames[-5:]:
        code = texts.get(frame.file, [])
        shown = code[frame.line - 1].strip() if 0 < frame.line <= len(code) else ""
        name = frame.function if frame.function != "<module>" else "the file itself"
        lines.append(f"\n  {Path(frame.file).name}:{frame.line} in {name}\n    {shown[:160]}")
    return "".join(lines)


def _where(
    info: TestInfo, source: Source, frames: tuple[Frame, ...]
) -> tuple[str | None, int | None]:
    if frames:
        return _short(frames[-1].file, info.kata), frames[-1].line
    for name, text in source.chunks:
        line = task_lines(text, (info.task,) if info.task else ()).get(info.task or "")
        if line:
            return _short(name, info.kata), line
    return (_short(source.chunks[0][0], info.kata), 1) if source.chunks else (None, None)


def _short(file: str, kata: Kata) -> str:
    path = Path(file)
    return path.relative_to(kata.root).as_posix() if path.is_relative_to(kata.root) else file


def judge(
    items: list[pytest.Item],
    bench: Bench,
    *,
    limit: float | None = None,
    diagnose: bool = True,
    stop: Callable[[Verdict], bool] | None = None,
    deadline: float | None = None,
    look: Callable[[pytest.Item, Outcome, Verdict], None] | None = None,
) -> list[Verdict]:
    """Judge every item of one kata with the submission on trial.

    After two time-outs of a task its other tests are not run, and what `deadline` (of
    time.monotonic) leaves is timed out.

    Args:
        items: the tests, of `bench.kata`.
        bench: what is on trial.
        limit: seconds a test; the kata's own where None.
        diagnose: whether failed tests are held against the misconceptions.
        stop: ends the run after a verdict for which it is true.
        deadline: when the whole submission has to be done.
        look: is shown each test with what crossed, once its verdict is complete (for pictures).
    """
    from autograder.suite.diagnosis import diagnose_failures

    seconds = bench.kata.time_limit if limit is None else limit
    verdicts: list[Verdict] = []
    outcomes: dict[str, Outcome] = {}
    late: dict[str | None, int] = {}
    for item in items:
        info = item.stash[INFO]
        left = seconds if deadline is None else min(seconds, deadline - time.monotonic())
        if left <= 0:
            outcome = Outcome(Record(), TimedOut("not run: the submission's time is used up"))
        elif late.get(info.task, 0) >= 2:
            outcome = Outcome(
                Record(), TimedOut("not run: two tests of this task did not finish in time")
            )
        else:
            outcome = run(item, bench, bench.on_trial, left)
        verdict = verdict_of(item, outcome, bench.on_trial._source)
        late[info.task] = late.get(info.task, 0) + (verdict.verdict == "timed_out")
        outcomes[item.nodeid] = outcome
        verdicts.append(verdict)
        if stop is not None and stop(verdict):
            break
    if diagnose:
        judged = items[: len(verdicts)]
        peers = [item for item in items if item.stash[INFO].hidden]
        diagnose_failures(judged, bench, outcomes, verdicts, peers=peers)
    if look is not None:
        for item, verdict in zip(items, verdicts, strict=False):
            look(item, outcomes[item.nodeid], verdict)
    return verdicts


def prepare(kata: Kata) -> None:
    """Register what a kata's submissions may ask of the judge."""
    if "autograder.gpu" in kata.requires:
        importlib.import_module("autograder.gpu.service")
    if INTERPRETED in kata.requires:
        importlib.import_module(INTERPRETED)


def needs(kata: Kata) -> str:
    """Say what a kata needs that is not installed."""
    names = " and ".join(kata.missing)
    return f"{kata.name} needs {names}, which this Python does not have: pip install {names}"


def root_on_path(root: Path) -> None:
    """Let suites and misconceptions import `solutions.<kata>.<kata>`."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
