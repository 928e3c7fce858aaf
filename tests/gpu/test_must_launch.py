"""When a result of a CUDA kata has to come from a kernel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.catalog import Kata, Task
from autograder.gpu.service import NothingLaunched
from autograder.sandbox.submission import InProcess, Source, Submission

KATA = Kata(
    name="trial",
    title="A trial",
    track="gpu",
    order=1,
    difficulty="easy",
    minutes=1,
    requires=("numpy", "autograder.gpu"),
    prerequisites=(),
    questions=(),
    forbidden=(),
    tasks=(Task("add_bias", 1),),
    time_limit=5,
    root=Path("/nowhere"),
)
WITHOUT_A_KERNEL = "def add_bias(x, bias): return x + bias"


def submission(text: str) -> Submission:
    source = Source("trial.py", (("trial.py", text),))
    made = Submission(KATA, source, InProcess(KATA, source))
    made.begin_test(5.0)
    return made


def test_a_result_that_no_kernel_wrote_is_refused() -> None:
    add_bias = submission(WITHOUT_A_KERNEL).add_bias
    with pytest.raises(NothingLaunched):
        add_bias(np.ones((2, 3), dtype=np.float32), np.ones(3, dtype=np.float32))


@pytest.mark.parametrize(("rows", "columns"), [(0, 3), (2, 0), (0, 0)])
def test_an_empty_array_among_the_inputs_leaves_nothing_to_compute(rows: int, columns: int) -> None:
    add_bias = submission(WITHOUT_A_KERNEL).add_bias
    x, bias = np.ones((rows, columns), dtype=np.float32), np.ones(columns, dtype=np.float32)
    assert add_bias(x, bias).shape == (rows, columns)
