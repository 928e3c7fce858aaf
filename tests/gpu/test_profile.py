"""The profile for people, the picture, Triton's switch and the device's path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from autograder.gpu import RawKernel, device, kernel, record, triton, xp
from autograder.gpu.profile import annotated, picture, render, table
from tests.gpu.kernels import f32

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """extern "C" __global__ void transpose(const float* x, float* y, int n) {
    __shared__ float tile[32][32];
    int t = threadIdx.x;
    for (int r = 0; r < 32; r++)
        tile[r][t] = x[r * n + t];
    __syncthreads();
    for (int r = 0; r < 32; r++)
        y[t * n + r] = tile[r][t];
}"""


def launches() -> Any:
    with record() as seen:
        RawKernel(SOURCE, "transpose")((1,), (32,), (f32(32, 32), f32(32, 32), xp.int32(32)))
    return seen.launches


def test_the_table_has_the_counts() -> None:
    text = table(launches())
    assert "transpose" in text
    assert any(line.split() == ["load_sectors_per_request", "4.00"] for line in text.splitlines())
    assert any(line.split() == ["store_sectors_per_request", "32.00"] for line in text.splitlines())
    assert max(map(len, text.splitlines())) < 100


def test_the_source_has_figures_in_the_margin() -> None:
    lines = annotated(launches()[0]).splitlines()
    assert lines[5].split()[0] == "4.00"
    assert lines[8].split()[0] == "32.00"
    assert "│   1  extern" in lines[1]


def test_findings_are_marked_at_their_lines() -> None:
    with record() as seen:
        source = SOURCE.replace("tile[r][t];", "tile[t][r];").replace("__syncthreads();", "")
        RawKernel(source, "transpose")((1,), (32,), (f32(32, 32), f32(32, 32), xp.int32(32)))
    text = render(seen.launches)
    assert "^ race (read_too_early)" in text
    assert "lines 5 and 8: race: read_too_early in shared memory" in text
    assert render([]) == "no kernel was launched"


def test_the_picture_is_an_svg_that_needs_nothing_else() -> None:
    text = picture(launches()[0])
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg")
    assert "currentColor" in text
    assert "href" not in text
    assert "line 5: load of 4 bytes" in text
    assert "line 8: store of 4 bytes" in text
    boxes = [node for node in root.iter() if node.tag.endswith("rect")]
    assert len(boxes) >= 4 * 32  # a load, a store and two requests to shared memory


def test_importing_brings_numpy_only() -> None:
    code = (
        "import sys, autograder.gpu; heavy = {'torch', 'cupy', 'rich', 'pytest', 'triton'}; "
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_triton_is_interpreted_without_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.delitem(sys.modules, "triton", raising=False)
    assert triton.prepare()
    assert os.environ["TRITON_INTERPRET"] == "1"
    assert triton.interpreted()
    monkeypatch.setenv("TRITON_INTERPRET", "0")
    assert not triton.prepare()
    monkeypatch.delenv("TRITON_INTERPRET")


class _Stand:
    """CuPy's stand-in: kernels add one to their first array."""

    ndarray = np.ndarray
    asarray = staticmethod(np.array)
    asnumpy = staticmethod(np.array)
    cuda = SimpleNamespace(get_current_stream=lambda: SimpleNamespace(synchronize=lambda: None))

    class RawKernel:
        def __init__(self, source: str, name: str, options: tuple[str, ...]) -> None:
            assert "#define INFINITY" in source
            assert options == ("-DA=1",)

        def __call__(self, grid: Any, block: Any, args: Any, shared_mem: int) -> None:
            assert grid == (1, 1, 1)
            args[0][...] += 1


def test_with_a_device_values_come_from_it_and_figures_from_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(device, "cupy", lambda: _Stand)
    monkeypatch.setattr(device, "has_device", lambda: True)
    monkeypatch.setattr(kernel, "route", kernel.launch)
    y = f32(4, value=0)
    add = RawKernel(
        'extern "C" __global__ void k(float* y) { y[threadIdx.x] += 5; }', "k", ("-DA=1",)
    )
    with record() as seen:
        add((1,), (4,), (y,))
    assert (y == 1).all()
    assert seen.launches[0].store_requests == 1


@pytest.mark.skipif(not device.usable(), reason="no CUDA device with CuPy")
def test_a_kernel_gives_the_same_on_a_device() -> None:
    x = xp.arange(1000, dtype=xp.float32)
    y = xp.zeros(1000, dtype=xp.float32)
    RawKernel(
        'extern "C" __global__ void k(const float* x, float* y, int n) {'
        " int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = 2 * x[i]; }",
        "k",
    )((4,), (256,), (x, y, xp.int32(1000)))
    assert bool((y == 2 * x).all())


def kata_profile(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", "profile", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_command_shows_each_task_in_one_of_its_tests(tmp_path: Path) -> None:
    done = kata_profile("solutions/cuda_elementwise/cuda_elementwise.py")
    assert done.returncode == 0, done.stderr
    for task in ("saxpy", "grid_stride_gelu", "fused_bias_gelu_residual"):
        assert f"\n{task}, in test_" in f"\n{done.stdout}"
    assert "sectors per request" in done.stdout
    page = tmp_path / "profile.html"
    stub = "katas/cuda_elementwise/cuda_elementwise.py"
    answer = "solutions/cuda_elementwise/cuda_elementwise.py"
    assert kata_profile(answer, "--html", str(page)).returncode == 0
    assert page.read_text().count("<svg") >= 3
    done = kata_profile(stub)
    assert "no kernel was launched: `saxpy` is not implemented yet" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("none.py",), "none.py: no such file"),
        (("solutions/ndcg/ndcg.py",), "ndcg launches no CUDA kernels"),
        (("README.md", "--kata", "cuda_elementwis"), "cuda_elementwise"),
    ],
)
def test_what_cannot_be_profiled_is_said(arguments: tuple[str, ...], says: str) -> None:
    done = kata_profile(*arguments)
    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr
