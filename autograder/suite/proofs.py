"""Running `verify` on many katas, each in a process of its own, and printing what it found."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from autograder.catalog import CatalogError, Kata, load_kata
from autograder.suite.proof import Proof
from autograder.suite.verify import verify


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
        yield from pool.map(lambda job: prove_one(*job), work)


def prove_one(kata: Kata, depth: Depth) -> Proof:
    """Verify a kata in a process of its own; what brings that down is a problem of the kata."""
    context = _context()
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, kata.folder, depth))
    process.start()
    theirs.close()
    try:
        proof = msgspec.json.decode(ours.recv_bytes(), type=Proof)
    except EOFError:
        problem = "verify itself fell: run `kata verify` on this kata alone to see how"
        proof = Proof(kata=kata.name, problems=[problem])
    process.join()
    return proof


def _context() -> Any:
    """Return what makes processes: where there is fork, from one that has imported it all."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.suite.warm"])
    return context


def _work(answer: Connection, folder: Path, depth: Depth) -> None:
    proof = verify(load_kata(folder), all_mutants=depth.mutants, quick=depth.quick)
    answer.send_bytes(msgspec.json.encode(proof))


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
