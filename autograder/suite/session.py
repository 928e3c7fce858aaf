"""A kata's tests, collected once and judged many times.

`pytest katas/…` is for people; grading, `kata verify`, `kata watch` and the notebook need the
verdicts of many submissions without starting pytest for each.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from typing import Any

import pytest

from autograder.catalog import CatalogError, Kata
from autograder.report import Verdict
from autograder.sandbox.submission import InProcess, Make, Source, Submission
from autograder.suite import plugin
from autograder.suite.collect import INFO
from autograder.suite.judging import (
    BENCHES,
    Bench,
    Outcome,
    judge,
    needs,
    prepare,
    root_on_path,
)
from autograder.suite.kernels import is_cuda


class Suite:
    """The collected tests of one kata.

    Args:
        kata: whose tests.
        visible: whether the visible examples are judged too, before the hidden suite.

    Raises:
        CatalogError: if the suite cannot be collected, the text is pytest's; or if what the kata
            requires is not installed.
    """

    def __init__(self, kata: Kata, *, visible: bool = False) -> None:
        self.kata = kata
        if kata.missing:
            raise CatalogError(needs(kata))
        root_on_path(kata.root)
        prepare(kata)
        paths = [kata.visible] if visible and kata.visible.is_file() else []
        if kata.suite.is_file():
            paths.append(kata.stub)
        if not paths:
            raise CatalogError(f"{kata.name} has no tests here: {kata.suite} is missing")
        self._session = _collect(kata, [str(path) for path in paths])
        self.items: list[pytest.Item] = self._session.items
        self._trusted: list[Any] | None = None
        self._memos: dict[int, dict[tuple[str, str], Outcome]] = {}

    @property
    def hidden(self) -> list[pytest.Item]:
        """The items of the hidden suite."""
        return [item for item in self.items if item.stash[INFO].hidden]

    def bench(self, source: Source, make: Make, seed: int = 0) -> Bench:
        """Put a submission on trial; misconceptions are loaded once for all of them."""
        bench = Bench(self.kata, seed, Submission(self.kata, source, make))
        bench.candidates = self._trusted
        # What a misconception gives depends on the seed alone, not on the submission.
        bench.memo = self._memos.setdefault(seed, {})
        self._session.config.stash[BENCHES][self.kata.name] = bench
        return bench

    def warm_up(self, seed: int = 0, *, replay: bool = False) -> None:
        """Load reference and misconceptions now, so that judges forked later have them.

        With `replay`, run them too: then a class is diagnosed by comparing alone.
        """
        from autograder.suite.diagnosis import candidates_of, replay_all

        if self.kata.reference.is_file():
            source = Source.of_file(self.kata.reference)
            bench = self.bench(source, InProcess(self.kata, source), seed)
            self._trusted = candidates_of(bench)
            if replay:
                replay_all(self.hidden, bench)
        if is_cuda(self.kata):
            from autograder.gpu.runner import warm_up

            warm_up()

    def judge(
        self,
        source: Source,
        make: Make,
        *,
        seed: int = 0,
        items: list[pytest.Item] | None = None,
        limit: float | None = None,
        diagnose: bool = True,
        stop: Callable[[Verdict], bool] | None = None,
        deadline: float | None = None,
        look: Callable[[pytest.Item, Outcome, Verdict], None] | None = None,
    ) -> list[Verdict]:
        """Judge a submission by all tests, or by `items`."""
        bench = self.bench(source, make, seed)
        try:
            return judge(
                self.items if items is None else items,
                bench,
                limit=limit,
                diagnose=diagnose,
                stop=stop,
                deadline=deadline,
                look=look,
            )
        finally:
            self._trusted = bench.candidates
            make.close()

    def close(self) -> None:
        """End pytest's session."""
        with suppress(Exception):
            self._session._setupstate.teardown_exact(None)
        self._session.config._ensure_unconfigure()


def _collect(kata: Kata, paths: list[str]) -> pytest.Session:
    from _pytest.config import _prepareconfig

    arguments = [
        *paths,
        f"--rootdir={kata.root}",
        f"--config-file={os.devnull}",
        "--capture=no",
        "-p", "no:cacheprovider",
        "-p", "no:terminal",
        "-p", "no:junitxml",
        "-p", "no:faulthandler",
        "-p", "no:unraisableexception",
        "-p", "no:threadexception",
        "-p", "no:logging",
    ]  # fmt: skip
    output = StringIO()
    with _no_autoload(), redirect_stdout(output), redirect_stderr(output):
        config = _prepareconfig(arguments, plugins=[plugin])
        config.option.usepdb = False
        config._do_configure()
        session = pytest.Session.from_config(config)
        config.hook.pytest_sessionstart(session=session)
        try:
            session.perform_collect()
        except (pytest.UsageError, session.Failed) as error:
            raise CatalogError(f"{kata.suite} cannot be collected: {error}") from None
    failed = session.testsfailed
    if failed or not session.items:
        raise CatalogError(
            f"{kata.suite} cannot be collected; see `pytest {kata.stub.relative_to(kata.root)}`"
        )
    return session


@contextmanager
def _no_autoload() -> Any:
    """Keep out plugins that people have installed: a suite needs none of them."""
    name = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
        sys.stdout.flush()
