"""`%%kata` in a notebook, what it shows, and `kata notebook`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from autograder.catalog import find_kata
from autograder.commands import app
from autograder.learner import progress
from autograder.notebook.judge import Judgement
from autograder.notebook.magic import Cells
from autograder.notebook.page import page, plain
from autograder.report import Verdict, report_of
from autograder.suite.pictures import compared

ONE_LESS = "def mean(values):\n    return sum(values) / max(len(values) - 1, 1)\n"
MEAN = """\
def mean(values):
    if not values:
        raise ValueError("empty")
    return sum(values) / len(values)
"""


class Kernel:
    """An IPython shell, and what it showed."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        quiet = Config(HistoryManager={"enabled": False}, InteractiveShell={"colors": "nocolor"})
        self.shell = InteractiveShell.instance(config=quiet)
        self.run("%load_ext autograder")

    def run(self, cell: str, cell_id: str | None = None) -> str:
        """Run a cell; return what was printed and the HTML that was shown."""
        from IPython.utils.capture import capture_output

        self.shell.get_parent = lambda: {"metadata": {"cellId": cell_id}}
        with capture_output() as caught:
            self.succeeded = self.shell.run_cell(cell, store_history=True).success
        shown = [output.data for output in caught.outputs]
        self.html = "".join(data.get("text/html", "") for data in shown)
        self.text = "".join(data.get("text/plain", "") for data in shown)
        return caught.stdout + caught.stderr


@pytest.fixture
def kernel(project: Path) -> Iterator[Kernel]:
    made = Kernel()
    yield made
    made.run("%unload_ext autograder")
    type(made.shell).clear_instance()


def test_a_cell_is_judged_and_defined(kernel: Kernel) -> None:
    kernel.run(f"%%kata mean\n{ONE_LESS}")
    assert "the sum is divided by n - 1" in kernel.html
    assert "In [2], line 2" in kernel.html
    assert "Hint" in kernel.html and "Count them." in kernel.html
    assert "not written yet" in kernel.html
    assert kernel.text.endswith("mean: 0 of 6 points (mean 0/3, running_mean 0/2, Meter 0/1)")
    kernel.run("assert mean([1.0, 3.0]) == 4.0")
    assert kernel.succeeded
    assert progress.states()["mean"]["attempts"] == 1
    assert "mean: one_less" in progress.misconceptions()
    assert "solutions.mean.mean" not in sys.modules


def test_earlier_cells_of_the_kata_are_judged_too(kernel: Kernel) -> None:
    kernel.run(f"%%kata mean\n{MEAN}")
    assert "mean 3/3" in kernel.text
    kernel.run("%%kata mean\ndef running_mean(v):\n    return [mean(v[: i + 1]) for i in range(9)]")
    assert "mean 3/3, running_mean 0/2" in kernel.text
    kernel.run(f"%%kata mean\n{ONE_LESS}")
    assert "mean 0/3" in kernel.text
    kernel.run("%kata mean")
    assert "mean 0/3" in kernel.text


def test_the_whole_kata_is_solved(kernel: Kernel, right: str) -> None:
    kernel.run(f"%%kata mean\n{right}")
    assert kernel.text == "mean: 6 of 6 points (mean 3/3, running_mean 2/2, Meter 1/1)"
    assert "kata-warning" not in kernel.html.partition("</style>")[2]
    assert progress.states()["mean"]["state"] == "solved"


def test_a_copy_without_the_answers_counts_examples(kernel: Kernel, project: Path) -> None:
    shutil.rmtree(project / "solutions")
    kernel.run(f"%%kata mean\n{ONE_LESS}")
    assert "0 of 1 examples; the other tests are not in this copy" in kernel.text
    kernel.run(f"%%kata mean\n{MEAN}")
    assert "1 of 1 examples" in kernel.text
    assert "all right" in kernel.html


def test_without_the_sandbox_it_says_so(kernel: Kernel, right: str) -> None:
    kernel.run(f"%%kata mean --trust\n{right}")
    assert "6 of 6" in kernel.text
    assert kernel.text.startswith("Judged without the sandbox (--trust)")
    assert 'role="alert">Judged without the sandbox' in kernel.html


def test_code_that_ends_its_process_costs_only_its_points(kernel: Kernel) -> None:
    kernel.run("%%kata mean\ndef mean(values):\n    import os\n    os._exit(3)\n")
    assert "ended its process with status 3" in kernel.text
    said = kernel.run("%kata mean --trust")
    assert "took its process down" in said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%kata maen\nx = 1", "no kata 'maen'; did you mean 'mean'?"),
        ("%%kata mean\ndef maen(values):\n    return 0", "did you mean 'mean' by 'maen'?"),
        ("%%kata mean\ndef mean(values)\n    return 0", "the cell is not Python: line 2"),
        ("%%kata mean --fast\nx = 1", "no option --fast; usage: %%kata NAME [--trust]"),
        ("%%kata\nx = 1", "name one kata"),
        ("%kata mean", "no cell with `%%kata mean` has run yet"),
    ],
)
def test_a_mistake_is_told_in_a_line(kernel: Kernel, cell: str, said: str) -> None:
    told = kernel.run(cell)
    assert said in told
    assert "Traceback" not in told and "autograder" not in told
    assert not kernel.succeeded


def test_imports_may_come_first(kernel: Kernel) -> None:
    assert "kept for the cells of mean" in kernel.run("%%kata mean\nimport math")
    kernel.run("%%kata mean\ndef mean(values):\n    return math.fsum(values) / len(values)")
    assert "mean 2/3" in kernel.text


def test_a_name_of_another_cell_is_told(kernel: Kernel) -> None:
    kernel.run("def total(values):\n    return sum(values)")
    kernel.run("%%kata mean\ndef mean(values):\n    return total(values) / len(values)")
    assert "`total` is defined in your notebook, but in no cell of the kata" in kernel.text


def test_a_cell_that_raises_shows_its_own_error_and_is_judged(kernel: Kernel) -> None:
    said = kernel.run(f"%%kata mean\n{MEAN}\nmean([1 / 0])")
    assert "ZeroDivisionError" in said and "In[2], line 7" in said
    assert "mean 3/3" in kernel.text


def test_a_cell_that_is_run_again_takes_its_old_place() -> None:
    cells = Cells()
    cells.add("mean", "a", "In [1]", "x = 1")
    cells.add("mean", "b", "In [2]", "y = x")
    cells.add("mean", "a", "In [3]", "x = 2")
    assert cells.chunks("mean") == (("In [3]", "x = 2"), ("In [2]", "y = x"))
    assert cells.chunks("other") == ()


def test_nothing_of_a_submission_is_markup(project: Path) -> None:
    kata = find_kata(project, "mean")
    evil = "<script>alert(1)</script>\x1b[31m"
    verdict = Verdict(
        test=f"test_{evil}",
        task="mean",
        verdict="wrong",
        max_points=1,
        message=evil,
        diagnosis=evil,
        misconception="x",
        file=evil,
    )
    found = Judgement(
        report=report_of(kata, evil, [verdict], seconds=0), hints={"mean": [evil, evil]}
    )
    html = page(kata, found, [evil])
    assert "<script" not in html and "\x1b" not in html
    assert html.count("&lt;script&gt;") == 7
    assert html.count("<details") == html.count("</details>") == 3
    assert evil in plain(kata, found)


def test_pictures_are_well_formed_and_small() -> None:
    rng = np.random.default_rng(0)
    square = rng.normal(size=(2, 3, 100, 70))
    odd = square.copy()
    odd[1, 2, 50, 60] = 9
    small = np.eye(3, dtype=bool)
    line = np.array([0.1, 0.5, np.nan, np.inf])
    for given, wanted in (
        (odd, square),
        (small, ~small),
        (np.full((4, 4), np.nan), np.eye(4)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (line, np.arange(4.0)),
        (rng.normal(size=900), np.zeros(900)),
        (np.array([np.inf, -np.inf, 1, 2]), np.array([1.0, 2.0, 3.0])),
    ):
        drawn = compared(given, wanted)
        assert drawn is not None
        ElementTree.fromstring(drawn)
        assert len(drawn) < 100_000
        assert "nan" not in re.sub(r">[^<]*<", "><", drawn)
    assert "at [1, 2]" in (compared(odd, square) or "")
    assert compared(np.arange(5), np.arange(5)) is None
    assert compared(np.zeros((0, 3)), np.zeros((0, 3))) is None


def test_the_notebook_of_a_kata(project: Path, right: str) -> None:
    done = CliRunner().invoke(app, ["notebook", "mean"])
    path = project / "katas/mean/mean.ipynb"
    assert done.output == "katas/mean/mean.ipynb is written\n"
    notebook = json.loads(path.read_text())
    codes = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    assert [c["id"] for c in codes] == [
        *("mean-load", "mean-mean", "mean-running_mean", "mean-Meter", "mean-examples"),
        "mean-check",
    ]
    assert notebook["cells"][0]["source"] == ["# The mean\n", "\n", "What is the mean of a list?"]

    # An untouched notebook is an untouched stub, a solved one a solved file.
    done = CliRunner().invoke(app, ["test", "mean", "--file", str(path)])
    assert done.output == ("not implemented yet: mean, running_mean, Meter\nmean: 0 of 6 points\n")
    solved = f"%%kata mean\n{right}"
    codes[1]["source"], codes[2]["source"], codes[3]["source"] = solved, "", ""
    path.write_text(json.dumps(notebook))
    for arguments in (["test", "mean", "--file"], ["grade", "--kata", "mean"]):
        done = CliRunner().invoke(app, [*arguments, str(path)])
        assert done.exit_code == 0, done.output

    # Written again, the solved one is kept.
    done = CliRunner().invoke(app, ["notebook", "mean"])
    (saved,) = path.parent.glob("mean.*.ipynb.bak")
    assert done.output.splitlines()[1] == f"what was there is in {saved.name}"
    assert json.loads(saved.read_text()) == notebook


def test_cells_of_another_kata_are_not_graded(project: Path) -> None:
    from autograder.classroom.submissions import source_of

    kata = find_kata(project, "mean")
    cells = ["%load_ext autograder", f"\n%%kata mean --trust\n{MEAN}", f"%%kata other\n{ONE_LESS}"]
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    source = source_of("x", "x.ipynb", json.dumps(notebook).encode(), kata)
    assert [text for _, text in source.chunks] == ["", f"\n\n{MEAN}"]


def test_loading_the_extension_imports_little() -> None:
    heavy = "('torch', 'pytest', 'nbformat', 'rich', 'numpy')"
    code = f"import autograder, autograder.notebook, sys; print([m for m in {heavy} if m in "
    done = subprocess.run(
        [sys.executable, "-c", code + "sys.modules])"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
