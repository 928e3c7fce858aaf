"""Katas of Triton: kernels run in the interpreter and are counted; what is missing is said."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from autograder.catalog import CatalogError, load_kata
from autograder.sandbox.submission import InProcess, Make, Source, Submission
from autograder.suite.session import Suite
from autograder.suite.verify import verify

DOUBLE = """
import torch, triton
import triton.language as tl
@triton.jit
def kernel(x, out, n, BLOCK: tl.constexpr):
    place = tl.arange(0, BLOCK)
    tl.store(out + place, 2 * tl.load(x + place, mask=place < n), mask=place < n)
def f(x):
    out = torch.empty_like(x)
    if x.numel():
        kernel[(1,)](x, out, x.numel(), BLOCK=16)
    return out
def g(x): return 2 * x
"""


@pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed")
@pytest.mark.parametrize("isolated", [False, True], ids=["in-process", "worker"])
def test_a_result_that_no_kernel_had_a_part_in_is_refused(
    project: Path, tmp_path: Path, isolated: bool
) -> None:
    import torch

    from autograder.gpu.service import NothingLaunched
    from autograder.sandbox.pool import worker_make
    from autograder.suite.judging import prepare

    requires = ("torch", "autograder.gpu.interpreted", "triton")
    kata = load_kata(project / "katas/mean")._replace(requires=requires, forbidden=())
    prepare(kata)
    (tmp_path / "f.py").write_text(DOUBLE)
    source = Source.of_file(tmp_path / "f.py")
    make: Make = worker_make(kata, source) if isolated else InProcess(kata, source)
    submission = Submission(kata, source, make)
    record = submission.begin_test(20)
    assert submission.f(torch.arange(3.0)).tolist() == [0.0, 2.0, 4.0]
    assert submission.g(torch.ones(0)).tolist() == []
    with pytest.raises(NothingLaunched, match="`g` launched no kernel"):
        submission.g(torch.ones(2))
    assert [c.what for c in record.crossings] == ["f", "g", "g"]
    make.close()


SUM = """
import triton
import autograder.gpu.interpreted
import torch, triton
import triton.language as tl
@triton.jit
def kernel(x, out, BLOCK: tl.constexpr):
    tl.store(out, tl.sum(tl.load(x + tl.arange(0, BLOCK))))
out = torch.zeros(1)
kernel[(1,)](torch.ones(16), out, BLOCK=16)
print(out.item())
"""


@pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed")
def test_the_interpreter_is_switched_on_after_an_optimizer_has_imported_triton(
    tmp_path: Path,
) -> None:
    (tmp_path / "total.py").write_text(SUM)
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    command = [sys.executable, str(tmp_path / "total.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "16.0\n", done.stderr


def test_a_kata_whose_libraries_are_missing_is_left_alone(project: Path) -> None:
    toml = project / "katas/mean/kata.toml"
    toml.write_text(toml.read_text().replace('["numpy"]', '["numpy", "no_such_library"]'))
    kata = load_kata(toml.parent)
    assert kata.missing == ("no_such_library",)
    with pytest.raises(CatalogError, match="mean needs no_such_library"):
        Suite(kata)
    notes = verify(kata).notes
    assert [note for note in notes if "nothing was proven: mean needs no_such_library" in note]


def test_tests_of_a_kata_whose_libraries_are_missing_are_skipped(
    project: Path, pytester: pytest.Pytester
) -> None:
    toml = project / "katas/mean/kata.toml"
    toml.write_text(toml.read_text().replace('["numpy"]', '["no_such_library"]'))
    found = pytester.runpytest_subprocess("-rs", "-p", "no:cacheprovider", str(toml.parent))
    assert found.parseoutcomes().keys() == {"skipped"}
    found.stdout.fnmatch_lines(["*mean needs no_such_library*"])
