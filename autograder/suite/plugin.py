"""The pytest plugin: `pytest katas/attention` runs the visible examples and the hidden suite.

It loads by its entry point and does nothing outside a project that has `katas/`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder.catalog import is_stub, kata_of
from autograder.suite.collect import INFO, HiddenSuite, VisibleExamples, describe

if TYPE_CHECKING:
    from types import FrameType

    import numpy as np

    from autograder.report import Verdict
    from autograder.sandbox.submission import Submission
    from autograder.suite.judging import Bench, Outcome

TARGET = "KATA_TARGET"
GRACE = 2.0
"""Seconds between the alarm that asks a test to end and the one that ends the process."""

_OUTCOMES: pytest.StashKey[dict[str, Outcome]] = pytest.StashKey()
_VERDICTS: pytest.StashKey[dict[str, tuple[str, Verdict]]] = pytest.StashKey()
_UNSOLVED = pytest.StashKey[list[str]]()
_TOLD = pytest.StashKey[set[tuple[str | None, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kit."""
    group = parser.getgroup("kata", "LLM Katas")
    group.addoption(
        "--kata-target",
        metavar="TARGET",
        default=os.environ.get(TARGET),
        help=f"judge this file, or 'solutions' for the reference (also {TARGET})",
    )
    group.addoption(
        "--kata-seed", metavar="N", type=int, default=0, help="the seed of all inputs (default 0)"
    )
    group.addoption(
        "--kata-sandbox",
        action="store_true",
        help="run the submission in a worker process, as grading does",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and the state of a session."""
    from autograder.suite.judging import BENCHES

    config.addinivalue_line("markers", "points(value, task=None): what a test of a kata is worth")
    config.addinivalue_line("markers", "hint(text): the question that leads to the answer")
    config.addinivalue_line("markers", "whole_blocks: a test in which no bounds check is needed")
    config.addinivalue_line("markers", "worker_only: a test that runs in the worker make only")
    config.stash[BENCHES] = {}
    config.stash[_OUTCOMES] = {}
    config.stash[_VERDICTS] = {}
    config.stash[_UNSOLVED] = []
    config.stash[_TOLD] = set()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of the submissions."""
    from autograder.suite.judging import BENCHES

    for bench in config.stash.get(BENCHES, {}).values():
        bench.on_trial._make.close()


# -- collection ---------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a stub that a folder holds; one given by name comes through the next hook."""
    if is_stub(file_path) and not parent.session.isinitpath(file_path):
        return _hidden_suite(file_path, parent)
    return None


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    """Collect a stub given by name, and visible examples without their folder on the path."""
    if is_stub(module_path):
        return _hidden_suite(module_path, parent)
    kata = kata_of(module_path) if module_path.name.startswith("test_") else None
    if kata is not None and module_path.resolve() == kata.visible:
        module: pytest.Module = VisibleExamples.from_parent(parent, path=module_path)
        return module
    return None


def _hidden_suite(path: Path, parent: Any) -> pytest.Module | None:
    kata = kata_of(path)
    if kata is None:
        return None
    if not kata.suite.is_file():
        parent.config.stash[_UNSOLVED].append(kata.name)
        return None
    suite: pytest.Module = HiddenSuite.from_parent(parent, path=path)
    return suite


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the visible examples of each kata before its hidden suite."""
    describe(items)
    first: dict[str, int] = {}
    for place, item in enumerate(items):
        if INFO in item.stash:
            first.setdefault(item.stash[INFO].kata.name, place)

    def order(entry: tuple[int, pytest.Item]) -> tuple[int, bool, int]:
        place, item = entry
        info = item.stash.get(INFO, None)
        if info is None:
            return place, False, place
        return first[info.kata.name], info.hidden, place

    items[:] = [item for _, item in sorted(enumerate(items), key=order)]
    for item in items:
        if INFO in item.stash:
            _bench(item)
            if item.get_closest_marker("timeout") is None and not config.getoption("timeout", None):
                item.add_marker(pytest.mark.timeout(item.stash[INFO].kata.time_limit))


# -- fixtures -----------------------------------------------------------------------------------


@pytest.fixture
def submission(request: pytest.FixtureRequest) -> Submission:
    """Whatever implementation the suite is judging."""
    from autograder.suite.judging import needs, submission_for

    if INFO in request.node.stash and request.node.stash[INFO].kata.missing:
        pytest.skip(needs(request.node.stash[INFO].kata))
    _bench(request.node)
    return submission_for(request.node)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Return a generator seeded by the run's seed and the test's name."""
    from autograder.suite.judging import rng_for

    _bench(request.node)
    return rng_for(request.node)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    """Return `cuda` where torch has a usable GPU, else `cpu`."""
    from autograder.suite.judging import device_for

    return device_for(request.node)


def _bench(item: pytest.Item) -> Bench:
    """Return what is on trial in the kata of an item, put there at the first call."""
    from autograder.sandbox.submission import InProcess, Make, Source, Submission
    from autograder.suite.judging import BENCHES, Bench, prepare, root_on_path

    if INFO not in item.stash:
        raise pytest.UsageError(
            f"{item.nodeid}: the fixture `submission` belongs to the tests of a kata"
        )
    kata = item.stash[INFO].kata
    benches = item.config.stash[BENCHES]
    if kata.name not in benches:
        root_on_path(kata.root)
        prepare(kata)
        target = item.config.getoption("--kata-target")
        path = kata.reference if target == "solutions" else Path(target) if target else kata.stub
        source = Source.of_file(path)
        if item.config.getoption("--kata-sandbox"):
            from autograder.sandbox.pool import worker_make

            make: Make = worker_make(kata, source)
        else:
            make = InProcess(kata, source)
        seed = item.config.getoption("--kata-seed")
        benches[kata.name] = Bench(kata, seed, Submission(kata, source, make))
    found: Bench = benches[kata.name]
    return found


# -- running ------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a kata's test, and tell a failure in the words of its verdict and diagnosis."""
    if INFO not in item.stash:
        return None
    ihook = item.ihook
    ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = _judged(item)
    item.session._setupstate.teardown_exact(nextitem)
    for report in reports:
        ihook.pytest_runtest_logreport(report=report)
    ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _judged(item: pytest.Item) -> list[pytest.TestReport]:
    from _pytest.runner import runtestprotocol

    from autograder.suite.diagnosis import diagnose_failures
    from autograder.suite.judging import Outcome, verdict_of

    bench = _bench(item)
    record = bench.on_trial.begin_test(_limit(item))
    reports = runtestprotocol(item, log=False, nextitem=item.parent)  # type: ignore[arg-type]
    _silence()
    call = next((report for report in reports if report.when == "call"), None)
    if call is None:
        return reports
    error = item.stash.get(_ERROR, None)
    outcome = Outcome(record, error, call.duration)
    verdict = verdict_of(item, outcome, bench.on_trial._source)
    if outcome.failed:
        peers = _peers(item)
        outcomes = item.config.stash[_OUTCOMES]
        outcomes[item.nodeid] = outcome
        diagnose_failures([item], bench, outcomes, [verdict], peers=peers)
    _tell(call, bench.kata.name, item, verdict)
    return reports


_ERROR: pytest.StashKey[BaseException | None] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what came out of a kata's test."""
    if call.when == "call" and INFO in item.stash:
        item.stash[_ERROR] = call.excinfo.value if call.excinfo else None
    return (yield)


def _peers(item: pytest.Item) -> list[pytest.Item]:
    """Return the hidden tests of the item's kata, in this session."""
    name = item.stash[INFO].kata.name
    return [
        other
        for other in item.session.items
        if INFO in other.stash and other.stash[INFO].kata.name == name and other.stash[INFO].hidden
    ]


def _limit(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    given = item.config.getoption("timeout", None)
    return float(given or (marker.args[0] if marker and marker.args else 0) or 10)


def _tell(report: pytest.TestReport, kata: str, item: pytest.Item, verdict: Verdict) -> None:
    import msgspec

    from autograder.report import cause, explain, explain_again

    report.kata_verdict = {  # type: ignore[attr-defined]
        "kata": kata,
        "hidden": item.stash[INFO].hidden,
        **msgspec.to_builtins(verdict),
    }
    if report.failed:
        told = item.config.stash[_TOLD]
        known = cause(verdict)
        report.longrepr = explain_again(verdict) if known in told else explain(verdict)
        told.add(known or (None, verdict.test))


# -- time limits --------------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool | None:
    """Ring in the submission when the time is over, and end the process if that is swallowed."""
    if INFO not in item.stash or not hasattr(signal, "setitimer"):
        return None
    rung: list[bool] = []

    def ring(signum: int, frame: FrameType | None) -> None:
        from autograder.sandbox.worker import Alarm

        if rung:
            _end(item)
        rung.append(True)
        signal.setitimer(signal.ITIMER_REAL, GRACE)
        raise Alarm

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, settings.timeout)
    return True


@pytest.hookimpl(optionalhook=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> bool | None:
    """Stop the clock."""
    if INFO not in item.stash or not hasattr(signal, "setitimer"):
        return None
    _silence()
    return True


def _silence() -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _end(item: pytest.Item) -> None:
    """End the process with the report so far: the submission swallowed the alarm."""
    from autograder.sandbox.failures import TimedOut
    from autograder.suite.judging import Outcome, verdict_of

    bench = _bench(item)
    error = TimedOut("did not finish within the time limit, and swallowed the alarm (`except:`?)")
    verdict = verdict_of(item, Outcome(bench.on_trial._record, error), bench.on_trial._source)
    report = pytest.TestReport(
        item.nodeid, item.location, {}, "failed", "ended", "call", duration=0.0
    )
    _tell(report, bench.kata.name, item, verdict)
    capture = item.config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    item.ihook.pytest_runtest_logreport(report=report)
    item.session.testsfailed += 1
    item.config.hook.pytest_sessionfinish(
        session=item.session, exitstatus=pytest.ExitCode.TESTS_FAILED
    )
    sys.stdout.flush()
    os._exit(1)


# -- telling ------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """Count what is not implemented yet by itself: a fresh stub is no wall of failures."""
    verdict = getattr(report, "kata_verdict", None)
    if verdict and verdict["verdict"] == "unimplemented" and report.when == "call":
        return "unimplemented", "u", ("UNIMPLEMENTED", {"yellow": True})  # type: ignore[return-value]
    return None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the verdicts for the summary; under xdist they come from other processes."""
    found = getattr(report, "kata_verdict", None)
    if found:
        _SEEN[report.nodeid] = found


_SEEN: dict[str, dict[str, Any]] = {}


def pytest_sessionstart() -> None:
    """Forget the verdicts of a session before."""
    _SEEN.clear()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what each task got, and the next step."""
    unsolved = config.stash[_UNSOLVED]
    for name in dict.fromkeys(unsolved):
        terminalreporter.line(
            f"{name}: solutions/{name} is not here, so only the visible examples ran"
        )
    if not any(verdict["hidden"] for verdict in _SEEN.values()):
        return
    from autograder.suite.summary import lines

    terminalreporter.section("points")
    for line in lines(Path(config.rootpath), list(_SEEN.values())):
        terminalreporter.line(line)
