"""Running `verify` on many katas, each in a process of its own, and printing what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from autograder.catalog import CatalogError, Kata
from autograder.suite.verify import Proof, verify


@dataclass(frozen=True)
class Depth:
    """How much is proven: every mutant, or those of katas changed since a revision; or a look."""

    mutants: bool = False
    changed: str | None = None
    quick: bool = False


def prove(root: Path, katas: Sequence[Kata], depth: Depth, *, jobs: int, as_json: bool) -> bool:
    """Verify katas, print a line for each as it ends, and say whether all are sound."""
    touched = changed_katas(root, depth.changed) if depth.changed else set()
    work = [(kata, replace(depth, mutants=depth.mutants or kata.name in touched)) for kata in katas]
    console = Console()
    proofs = []
    for proof in _proofs(work, jobs):
        proofs.append(proof)
        if as_json:
            print(json.dumps(msgspec.to_builtins(proof)), flush=True)
        else:
            _tell(console, proof)
    if not as_json:
        _summary(console, proofs)
    return all(proof.sound for proof in proofs)


def _proofs(work: Sequence[tuple[Kata, Depth]], jobs: int) -> Iterator[Proof]:
    if len(work) == 1:
        kata, depth = work[0]
        yield verify(kata, all_mutants=depth.mutants, quick=depth.quick)
        return
    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
        yield from pool.map(_in_process, work)


def _in_process(job: tuple[Kata, Depth]) -> Proof:
    kata, depth = job
    command = [sys.executable, "-m", "autograder", "verify", kata.name, "--json"]
    command += ["--mutants"] if depth.mutants else []
    command += ["--quick"] if depth.quick else []
    done = subprocess.run(
        command,
        cwd=kata.root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Proof)
    except (IndexError, msgspec.DecodeError):
        return Proof(kata=kata.name, problems=[f"verify itself failed: {done.stderr[-2000:]}"])


def changed_katas(root: Path, since: str) -> set[str]:
    """Return the names of the katas whose files differ from the git revision `since`.

    Raises:
        CatalogError: if git does not know the revision.
    """
    command = ["git", "-C", str(root), "diff", "--name-only", since, "--", "katas", "solutions"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CatalogError(f"git cannot compare with {since}: {done.stderr.strip()}")
    paths = [Path(line).parts for line in done.stdout.splitlines()]
    return {parts[1] for parts in paths if len(parts) > 2}


def _tell(console: Console, proof: Proof) -> None:
    state = "[green]sound[/]" if proof.sound else "[red]not sound[/]"
    console.print(f"[bold]{proof.kata}[/]: {state}", highlight=False)
    for problem in proof.problems:
        console.print(f"  • {problem}", highlight=False, markup=False)
    for note in proof.notes:
        console.print(f"  note: {note}", highlight=False, markup=False)
    if proof.sound:
        return
    for name, named in proof.named.items():
        others = ", ".join(f"{other} in {count}" for other, count in named.items())
        console.print(f"    {name}: named {others or 'never'}", highlight=False, markup=False)


def _summary(console: Console, proofs: Sequence[Proof]) -> None:
    table = Table("kata", "tests", "median", "misconceptions", "oracle", "mutants killed", box=None)
    for proof in proofs:
        own = sum(named.get(name, 0) > 0 for name, named in proof.named.items())
        score = f"{proof.killed}/{proof.mutants}" if proof.mutants else "–"
        if proof.equivalent:
            score += f" ({proof.equivalent} equivalent)"
        table.add_row(
            proof.kata,
            str(proof.tests),
            f"{proof.median:.2f} s",
            f"{own}/{len(proof.named)} named",
            proof.oracle,
            score,
        )
    console.print(table)
    tests = [(f"{p.kata}: {name}", t) for p in proofs for name, t in p.slowest]
    slowest = sorted(tests, key=lambda entry: -entry[1])[:10]
    if slowest:
        console.print("slowest tests:", ", ".join(f"{name} {t:.2f} s" for name, t in slowest))
    sound = sum(proof.sound for proof in proofs)
    console.print(f"{sound} of {len(proofs)} katas sound", style="bold")
