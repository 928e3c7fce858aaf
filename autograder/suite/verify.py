"""Proving a kata sound: right answers pass, wrong ones are caught and named, no test is idle.

See "A kata is sound when" in CONTRIBUTING.md; the six points there are the functions here.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from autograder.catalog import CatalogError, Kata, task_lines
from autograder.report import Verdict, number
from autograder.sandbox.submission import InProcess, Source
from autograder.suite.authoring import Misconception
from autograder.suite.collect import INFO
from autograder.suite.diagnosis import load_misconceptions
from autograder.suite.idle import no_test_is_idle
from autograder.suite.judging import needs
from autograder.suite.proof import Proof, failures
from autograder.suite.session import Suite

SEEDS = 20
SEEDS_IN_BOTH = 3
QUICK_SEEDS = 3
README_LINES = 80
STUB_SAYS = ("unimplemented",)


def verify(kata: Kata, *, all_mutants: bool = False, quick: bool = False) -> Proof:
    """Prove one kata sound, or say what is missing.

    Args:
        kata: the kata.
        all_mutants: whether to run every mutant, not only as many as idle tests need.
        quick: whether to look only, as an author does while writing: few seeds, one make, and
            idle tests are not looked for.
    """
    proof = Proof(kata=kata.name)
    proof.problems += _missing_files(kata)
    if proof.problems:
        return proof
    proof.problems += _shape(kata)
    if kata.missing:
        proof.notes.append(f"nothing was proven: {needs(kata)}")
        return proof
    try:
        suite = Suite(kata, visible=True)
        wrongs = load_misconceptions(kata)
    except (CatalogError, Exception) as error:
        proof.problems.append(f"the suite or the misconceptions cannot be loaded: {error}")
        return proof
    try:
        _prove(kata, suite, wrongs, proof, all_mutants, quick)
    finally:
        suite.close()
    return proof


def _prove(
    kata: Kata,
    suite: Suite,
    wrongs: Sequence[Misconception],
    proof: Proof,
    all_mutants: bool,
    quick: bool,
) -> None:
    proof.tests = len(suite.hidden)
    proof.problems += _marked(kata, suite)
    if not _reference_passes(kata, suite, proof, QUICK_SEEDS if quick else SEEDS):
        return
    _stub_fails(kata, suite, proof)
    judged = _misconceptions_are_named(kata, suite, wrongs, proof)
    _oracle_passes(kata, suite, proof)
    if quick and not all_mutants:
        proof.notes.append("a quick look, no proof: run it without --quick")
        return
    _makes_agree(kata, suite, wrongs, judged, proof)
    caught = {v.test for verdicts in judged for v in failures(verdicts) if v.max_points}
    no_test_is_idle(kata, suite, caught, proof, all_mutants)


# -- the files ----------------------------------------------------------------------------------


def _missing_files(kata: Kata) -> list[str]:
    discussion = kata.solutions / "discussion.md"
    files = (
        (kata.readme, "the question as an interviewer asks it"),
        (kata.stub, "the stub that the learner edits"),
        (kata.visible, "a few visible examples"),
        (kata.reference, "the reference"),
        (kata.suite, "the hidden suite"),
        (kata.misconceptions, "the wrong turns that people take"),
        (discussion, "the model answer, follow-ups and rubric"),
    )
    return [
        f"{path.relative_to(kata.root)} is missing: {what}"
        for path, what in files
        if not path.is_file()
    ]


def _shape(kata: Kata) -> Iterator[str]:
    lines = kata.readme.read_text(encoding="utf-8").splitlines()
    if len(lines) >= README_LINES:
        yield f"README.md has {len(lines)} lines; keep it under {README_LINES}"
    for path in (*sorted(kata.folder.glob("*.*")), *sorted(kata.solutions.glob("*.*"))):
        if path.suffix in (".py", ".md", ".toml") and "TODO" in path.read_text(encoding="utf-8"):
            yield f"{path.relative_to(kata.root)} still has a TODO"
    stub, reference = (path.read_text(encoding="utf-8") for path in (kata.stub, kata.reference))
    for task in kata.task_names:
        for path, text in ((kata.stub, stub), (kata.reference, reference)):
            if task not in task_lines(text, [task]):
                yield f"{path.relative_to(kata.root)} does not define `{task}`"
    if not kata.questions:
        yield "kata.toml names no interview questions"
    try:
        yield from _signatures_agree(kata, stub, reference)
    except SyntaxError as error:
        yield f"stub or reference cannot be parsed: {error}"


def _signatures_agree(kata: Kata, stub: str, reference: str) -> Iterator[str]:
    theirs, ours = (_signatures(text) for text in (stub, reference))
    for name in theirs:
        if name.partition(".")[0] in kata.task_names and theirs[name] != ours.get(name):
            yield f"`{name}` has another signature in the stub than in the reference"


def _signatures(text: str) -> dict[str, str]:
    """Return parameter names and defaults of functions and public methods, without annotations."""
    found = {}
    for node in ast.parse(text).body:
        members: list[tuple[str, ast.AST]] = [(getattr(node, "name", ""), node)]
        if isinstance(node, ast.ClassDef):
            members = [(f"{node.name}.{getattr(item, 'name', '')}", item) for item in node.body]
        for name, item in members:
            if isinstance(item, ast.FunctionDef):
                arguments = ast.unparse(_bare(item.args))
                found[name] = arguments
    return found


def _bare(arguments: ast.arguments) -> ast.arguments:
    for node in ast.walk(arguments):
        if isinstance(node, ast.arg):
            node.annotation = None
    return arguments


def _marked(kata: Kata, suite: Suite) -> Iterator[str]:
    got = dict.fromkeys(kata.task_names, 0.0)
    for item in suite.hidden:
        info = item.stash[INFO]
        if info.task is None:
            yield f"{item.name} names no task: call `submission.<task>`, or @points(…, task=…)"
            continue
        if info.points <= 0:
            yield f"{item.name} is worth nothing: @points(…)"
        if not info.hint:
            yield f"{item.name} has no hint: @hint(…)"
        got[info.task] += info.points
    for task in kata.tasks:
        if abs(got[task.name] - task.points) > 1e-6:
            yield (
                f"the tests of `{task.name}` are worth {number(got[task.name])} points, "
                f"kata.toml says {number(task.points)}"
            )
    if not any(not item.stash[INFO].hidden for item in suite.items):
        yield f"{kata.visible.name} holds no test"


# -- right answers pass -------------------------------------------------------------------------


def _reference_passes(kata: Kata, suite: Suite, proof: Proof, seeds: int) -> bool:
    source = Source.of_file(kata.reference)
    times: list[float] = []
    slowest: dict[str, float] = {}
    # What does not draw from the generator is the same with every seed.
    drawn = [item for item in suite.items if "rng" in getattr(item, "fixturenames", ())]
    for seed in range(seeds):
        start = time.perf_counter()
        items = suite.items if seed < QUICK_SEEDS else drawn
        make = InProcess(kata, source)
        verdicts = suite.judge(source, make, seed=seed, items=items, diagnose=False)
        if items is suite.items:
            times.append(time.perf_counter() - start)
        for verdict in verdicts:
            slowest[verdict.test] = max(slowest.get(verdict.test, 0.0), verdict.seconds)
        failed = failures(verdicts)
        if failed:
            first = failed[0]
            proof.problems.append(
                f"the reference fails {first.test} with seed {seed}: {first.message}"
            )
            return False
        for verdict in verdicts:
            if verdict.verdict == "skipped" and seed == 0:
                proof.notes.append(f"{verdict.test} was skipped: {verdict.message}")
    proof.median = round(statistics.median(times), 3)
    most = sorted(slowest, key=lambda name: -slowest[name])[:3]
    proof.slowest = [(name, round(slowest[name], 3)) for name in most]
    return True


def _stub_fails(kata: Kata, suite: Suite, proof: Proof) -> None:
    source = Source.of_file(kata.stub)
    for path, text in source.chunks:
        stubs = text.count("raise NotImplementedError")
        if stubs == 0:
            proof.notes.append(f"{Path(path).name} is not the untouched stub: it was left alone")
            return
    for verdict in suite.judge(source, InProcess(kata, source), diagnose=False):
        if verdict.verdict not in STUB_SAYS and verdict.verdict != "skipped":
            proof.problems.append(
                f"{verdict.test} says `{verdict.verdict}` of the untouched stub, not unimplemented"
            )


def _oracle_passes(kata: Kata, suite: Suite, proof: Proof) -> None:
    path = kata.solutions / "oracle.py"
    if not path.is_file():
        return
    try:
        oracle = _import(path, f"solutions.{kata.name}.oracle")
    except ImportError as error:
        proof.oracle = "not installed"
        proof.notes.append(f"the oracle was not run: {error}")
        return
    replaced = {
        name: value
        for name, value in vars(oracle).items()
        if name in kata.task_names and getattr(value, "__module__", None) == oracle.__name__
    }
    skips: dict[str, str] = getattr(oracle, "SKIPS", {})
    known = {item.name.partition("[")[0] for item in suite.items}
    proof.problems += [
        f"oracle.py skips {name}, which is no test"
        for name in skips
        if name.partition("[")[0] not in known
    ]
    items = [
        item
        for item in suite.hidden
        if item.name not in skips
        and item.name.partition("[")[0] not in skips
        and item.stash[INFO].task in replaced
    ]
    source = Source.of_file(kata.reference)
    trusted = kata._replace(forbidden=())
    make = InProcess(trusted, source, replaced)
    failed = failures(suite.judge(source, make, items=items, diagnose=False))
    proof.oracle = f"{len(items) - len(failed)}/{len(items)}"
    proof.problems += [f"the oracle fails {v.test}: {v.message}" for v in failed]


def _import(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


# -- wrong answers are caught and named ---------------------------------------------------------


def misconception_source(kata: Kata, wrong: Misconception) -> Source:
    """Return a misconception as the file that a learner would have handed in.

    The reference, then the text of misconceptions.py run in a namespace in which the reference
    takes the place of the module it imports, then the task replaced. So it can run in a worker,
    which can read neither file.
    """
    reference = kata.reference.read_text(encoding="utf-8")
    wrongs = kata.misconceptions.read_text(encoding="utf-8")
    name = wrong.implementation.__name__
    glue = inspect.cleandoc(
        f"""
        import linecache as _linecache, sys as _sys, types as _types
        _names = ("solutions", "solutions.{kata.name}", "solutions.{kata.name}.{kata.name}")
        _modules = {{name: _types.ModuleType(name) for name in _names}}
        vars(_modules[_names[-1]]).update(globals())
        _modules["autograder.suite"] = _types.ModuleType("autograder.suite")
        _modules["autograder.suite"].misconception = lambda **_: lambda wrong: wrong
        _before = {{name: _sys.modules.get(name) for name in _modules}}
        _sys.modules.update(_modules)
        _space = {{"__name__": __name__}}
        _text, _file = {wrongs!r}, "misconceptions.py"
        _linecache.cache[_file] = len(_text), None, _text.splitlines(True), _file  # for triton.jit
        exec(compile(_text, _file, "exec", dont_inherit=True), _space)
        for _name, _module in _before.items():
            if _module is None:
                del _sys.modules[_name]
            else:
                _sys.modules[_name] = _module
        {wrong.replaces} = _space[{name!r}]
        """
    )
    chunks = ((str(kata.reference), reference), ("misconceptions", glue))
    return Source(f"misconception {wrong.id}", chunks)


def _misconceptions_are_named(
    kata: Kata, suite: Suite, wrongs: Sequence[Misconception], proof: Proof
) -> list[list[Verdict]]:
    """Judge each misconception as a submission; return the verdicts of each."""
    judged: list[list[Verdict]] = []
    trusted = kata._replace(forbidden=())
    source = Source.of_file(kata.reference)
    reference = task_lines(kata.reference.read_text(encoding="utf-8"), kata.task_names)
    for wrong in wrongs:
        if wrong.replaces not in reference:
            proof.problems.append(f"{wrong.id} replaces `{wrong.replaces}`, which is no task")
            judged.append([])
            continue
        make = InProcess(trusted, source, {wrong.replaces: wrong.implementation})
        judged.append(suite.judge(source, make))
        hidden = [verdict for verdict in failures(judged[-1]) if verdict.max_points]
        named = Counter(v.misconception for v in hidden if v.misconception)
        mine = proof.named.setdefault(wrong.id, {})
        for name, count in named.items():
            mine[name] = mine.get(name, 0) + count
        if not hidden:
            proof.problems.append(f"{wrong.id} passes every hidden test")
        elif wrong.id not in named:
            proof.problems.append(f"{wrong.id} is caught but never named")
        others = sorted(set(named) - {wrong.id})
        if others:
            proof.problems.append(f"{wrong.id} is named {', '.join(others)}")
    if not wrongs:
        proof.problems.append("misconceptions.py holds none")
    return judged


def _makes_agree(
    kata: Kata,
    suite: Suite,
    wrongs: Sequence[Misconception],
    judged: list[list[Verdict]],
    proof: Proof,
) -> None:
    """Judge reference, stub and misconceptions in a worker too, on the same inputs.

    Adds to `judged` what a misconception got there: some tests run in a worker only.
    """
    from autograder.sandbox.pool import worker_make

    for seed in range(SEEDS_IN_BOTH):
        _, there = _in_both(kata, suite, kata.reference, seed)
        proof.problems += [
            f"the reference fails {verdict.test} in a worker: {verdict.message}"
            for verdict in failures(there)
        ]
    proof.problems += _differences("the stub", *_in_both(kata, suite, kata.stub, 0))
    trusted = kata._replace(forbidden=())
    for wrong, here in list(zip(wrongs, judged, strict=True)):
        if here:
            # The tests of a task that it leaves alone are run on the reference, which was seen.
            tasks = {wrong.replaces, *(verdict.task for verdict in failures(here))}
            chosen = [
                (item, verdict)
                for item, verdict in zip(suite.items, here, strict=True)
                if item.stash[INFO].task in tasks
            ]
            source = misconception_source(kata, wrong)
            make = worker_make(trusted, source)
            there = suite.judge(source, make, items=[item for item, _ in chosen])
            same = [verdict for _, verdict in chosen]
            proof.problems += _differences(wrong.id, same, there)
            judged.append(there)


def _in_both(kata: Kata, suite: Suite, path: Path, seed: int) -> list[list[Verdict]]:
    from autograder.sandbox.pool import worker_make

    source = Source.of_file(path)
    makes = (InProcess(kata, source), worker_make(kata, source))
    return [suite.judge(source, make, seed=seed, diagnose=False) for make in makes]


def _differences(name: str, here: list[Verdict], there: list[Verdict]) -> Iterator[str]:
    for mine, other in zip(here, there, strict=True):
        if mine.verdict == "skipped":  # a test of the worker make only, as those of memory are
            continue
        if (mine.verdict, mine.misconception) != (other.verdict, other.misconception):
            yield (
                f"{name} and {mine.test}: {mine.verdict}, {mine.misconception} in-process, "
                f"{other.verdict}, {other.misconception} in a worker: {other.message}"
            )
