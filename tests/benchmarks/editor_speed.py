"""How long the editor's loop takes, beside what it cannot be faster than.

    python tests/benchmarks/editor_speed.py [--runs 7]

Whole processes, in turn (A B A B …), so that a machine that slows down slows both; medians, and the
median of the ratios pair by pair.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BARE = {
    "numpy": "import numpy as np\n\ndef test_sum():\n    assert np.ones(3).sum() == 3\n",
    "torch": "import torch\n\ndef test_sum():\n    assert torch.ones(3).sum() == 3\n",
}
UNDIAGNOSED = (
    "import autograder.suite.diagnosis as d; d.diagnose_failures = lambda *a, **k: None;"
    "import pytest, sys; sys.exit(pytest.main(sys.argv[1:]))"
)


def seconds(command: list[str], folder: Path) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": ""}
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, capture_output=True, check=False, env=environment)
    return time.perf_counter() - start


def compare(title: str, a: list[str], b: list[str], folder: Path, runs: int, limit: float) -> None:
    times = [(seconds(a, ROOT), seconds(b, folder)) for _ in range(runs + 1)][1:]
    ours, bare = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(x / y for x, y in times)
    print(f"{title:<52} {ours:6.2f} s  {bare:6.2f} s   {ratio:5.2f}  (at most {limit})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    python = [sys.executable]
    pytest = [*python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    print(f"{'':<52} {'ours':>8}  {'beside':>8}   ratio")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for library, text in BARE.items():
            (folder / f"test_{library}.py").write_text(text)
        wrong = folder / "wrong.py"
        text = (ROOT / "solutions/attention/attention.py").read_text()
        wrong.write_text(text.replace(" / math.sqrt(d_k)", ""))
        for kata, library, limit in (("ndcg", "numpy", 1.5), ("attention", "torch", 1.3)):
            title = f"pytest katas/{kata}, a bare {library} test"
            bare = [*pytest, f"test_{library}.py"]
            compare(title, [*pytest, f"katas/{kata}"], bare, folder, runs, limit)
            title = "the same, solved (KATA_TARGET=solutions)"
            solved = [*pytest, f"katas/{kata}", "--kata-target=solutions"]
            compare(title, solved, bare, folder, runs, limit)
        arguments = ["-q", "-p", "no:cacheprovider", "katas/attention", f"--kata-target={wrong}"]
        compare(
            "an unscaled attention, with and without diagnosis",
            [*python, "-m", "pytest", *arguments],
            [
                *python,
                "-c",
                UNDIAGNOSED,
                f"--rootdir={ROOT}",
                *arguments[:-2],
                str(ROOT / "katas/attention"),
                arguments[-1],
            ],
            ROOT,
            runs,
            1.3,
        )
        compare(
            "kata list, python -c pass",
            [str(Path(sys.executable).with_name("kata")), "list"],
            [*python, "-c", "pass"],
            folder,
            runs,
            3,
        )


if __name__ == "__main__":
    main()
