"""What is refused, with what message, and what survives a hostile kernel."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.gpu import CompileError, LaunchError, RawKernel, kernel, record, xp
from autograder.gpu.compile import cache_folder, compile_kernel, find_compiler
from tests.gpu.kernels import f32, profile, run

ADD = 'extern "C" __global__ void k(float* y, int n) { if (threadIdx.x < n) y[threadIdx.x] += 1; }'


def compile_error(source: str, options: tuple[str, ...] = ()) -> str:
    with pytest.raises(CompileError) as caught:
        RawKernel(source, "k", options)((1,), (32,), (f32(32), xp.int32(32)))
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("#include <cuda_fp16.h>", "line 2: not in the language: #include"),
        ("  #  include <x>", "line 2: not in the language: #include"),
        ("#inc\\\nlude <x>", "#include"),
        ("%:include <x>", "line 2: not in the language: #include"),
        ("#embed </etc/passwd>", "line 2: not in the language: #embed"),
        ("#line 7", "line 2: not in the language: #line"),
        ("#pragma GCC poison x", "#pragma"),
        ('asm(".incbin \\"/etc/passwd\\"");', "line 2: not in the language: inline PTX"),
        ('__asm__ volatile("");', "inline PTX"),
        ("__attribute__((constructor)) void f() {}", "attribute"),
        ("[[gnu::constructor]] void f() {}", "attribute"),
        ("__device__ __half h(float x);", "half precision"),
        ("__device__ half h(float x);", "half"),
        ("__device__ __nv_bfloat16 h(float x);", "bfloat16"),
        ("__device__ void f() { __threadfence(); }", "a memory fence"),
        ("namespace cg = cooperative_groups;", "cooperative groups"),
        ("texture<float, 2> t;", "textures"),
        ("void f() { k<<<1, 2>>>(nullptr, 1); }", "launches kernels"),
        ("__device__ int counter;", "a __device__ variable"),
        ("__device__ float table[3] = {1, 2, 3};", "a __device__ variable"),
        ("__constant__ float w[3];", "needs an initialiser"),
        ("__device__ void f() { undeclared(1); }", "line 2: 'undeclared' is not known here"),
        ("__device__ void f() { int x = ; }", "line 2: "),
    ],
)
def test_constructs_are_refused_by_name(line: str, said: str) -> None:
    assert said in compile_error(f"// the first line\n{line}\n{ADD}")


@pytest.mark.parametrize(
    "text",
    [
        "// #include <x>",
        "/*\n#include <x>\nasm */",
        'const char* s = "asm #include";',
        "int texture_size = 1, asmx = 2, halfway = 3;",
    ],
)
def test_comments_and_names_are_not_refused(text: str) -> None:
    y = f32(4, value=0)
    RawKernel(f"{text}\n{ADD}", "k")((1,), (32,), (y, xp.int32(4)))
    assert (y == 1).all()


@pytest.mark.parametrize(
    "option",
    [
        "-fplugin=/tmp/x.so",
        "-include/etc/passwd",
        "-I/",
        "@file",
        "-DX=1\n#include <x>",
        "-o/tmp/x",
        "-Wl,-x",
        "--compiler=x",
    ],
)
def test_options_are_of_a_short_list(option: str) -> None:
    assert "is not one of -D, -std" in compile_error(ADD, (option,))


def test_a_macro_cannot_make_a_directive_or_name_a_file() -> None:
    assert compile_error(f"#define H <stdio.h>\n#include H\n{ADD}").startswith("line 2: ")
    secret = Path(__file__)
    assert compile_error(f'#if __has_include("{secret}")\n#endif\n{ADD}').startswith("line 1: ")


def test_the_compiler_itself_cannot_read_a_file_of_ours(tmp_path: Path) -> None:
    # Past our own check, the sandbox holds: what is tried here never comes through `language`.
    from autograder.gpu import compile as module

    secret = tmp_path / "secret.h"
    secret.write_text("#error the secret is out\n")
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "source.cpp").write_text(f'#include "{secret}"\n')
    compiler = find_compiler()
    status, output = module._run_confined(
        [*compiler.command, "-c", str(folder / "source.cpp"), "-o", str(folder / "x.o")], folder
    )
    assert status != 0
    assert "the secret is out" not in output


def test_a_compiler_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.gpu import compile as module

    monkeypatch.setattr(module, "SECONDS", 0.5)
    slow = (
        "template <int N> struct F { static const int v = F<N - 1>::v + F<N - 2>::v; };"
        "constexpr long loop(long n) { long s = 0; for (long i = 0; i < n; i++) "
        "for (long j = 0; j < n; j++) s += i ^ j; return s; }\n"
        "constexpr long big[] = {loop(500), loop(501), loop(502), loop(503), loop(504), "
        "loop(505), loop(506), loop(507), loop(508), loop(509), loop(510), loop(511)};\n"
    )
    start = time.monotonic()
    with pytest.raises(CompileError):
        compile_kernel(slow + ADD + f"// {os.getpid()}", "k")
    assert time.monotonic() - start < 10


def test_arguments_are_checked() -> None:
    add = RawKernel(ADD, "k")
    y, n = f32(32), xp.int32(32)

    def raises(
        kind: type[Exception],
        said: str,
        *args: Any,
        grid: Any = (1,),
        block: Any = (32,),
        **how: Any,
    ) -> None:
        with pytest.raises(kind, match=said):
            add(grid, block, args, **how)

    raises(TypeError, r"bare Python int.*xp\.int32", y, 32)
    raises(TypeError, "bare Python float", y, 32.0)
    raises(TypeError, "bare Python bool", y, True)
    raises(TypeError, "takes 2 arguments, but 1", y)
    raises(TypeError, "takes 2 arguments, but 3", y, n, n)
    raises(TypeError, "is an array, but the kernel takes a value", y, y)
    raises(TypeError, "is a value, but the kernel takes an array", n, n)
    raises(TypeError, "has 64 bits", y, xp.int64(32))
    raises(TypeError, r"float.*takes 32 bits \(integer\)", y, xp.float32(32))
    raises(TypeError, "is a str", y, "32")
    raises(TypeError, "is a list", [1.0], n)
    raises(ValueError, "not C-contiguous", f32(8, 8).T, n)
    raises(ValueError, "not C-contiguous", f32(64)[::2], n)
    raises(ValueError, "below 1", y, n, grid=(0,))
    raises(ValueError, "below 1", y, n, block=(32, -1))
    raises(ValueError, "at most 1024", y, n, block=(1025,))
    raises(ValueError, "64 of them in z", y, n, block=(1, 1, 65))
    raises(ValueError, "shared memory", y, n, shared_mem=49153)
    raises(TypeError, "tuple of one to three", y, n, grid=4)
    raises(TypeError, "tuple of one to three", y, n, grid=(1, 1, 1, 1))
    raises(TypeError, "whole number", y, n, grid=(1.5,))
    two = RawKernel('extern "C" __global__ void k(float* x, float* y) { x[0] = y[0]; }', "k")
    with pytest.raises(ValueError, match="overlap"):
        two((1,), (1,), (y[:20], y[10:]))
    with pytest.raises(ValueError, match="shared memory"):
        profile_source = "k(float* y) { __shared__ float s[8000]; extern __shared__ float d[];\n"
        profile_source += "s[0] = d[0] = 1; y[0] = s[0]; }"
        result = run(profile_source, 1, 1, (y,), shared_mem=20000)
        raise ValueError(result["error"]["message"])


def test_unknown_kernels_are_named() -> None:
    with pytest.raises(CompileError, match="no kernel named missing"):
        RawKernel(ADD, "missing")((1,), (1,), ())
    assert 'extern "C"' in compile_error(ADD.replace('extern "C" ', ""))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("while (true) ;", "timeout"),
        ("volatile int* p = nullptr; *p = 1;", "out_of_bounds"),
        ("y[0] = 1 / (n - n);", "crashed|None"),
        ("volatile float big[1 << 20]; big[threadIdx.x] = 1; y[0] = big[0];", "crashed"),
        ("void (*f)() = nullptr; f();", "crashed"),
        ("__builtin_trap();", "crashed"),
        ("for (;;) __syncthreads();", "timeout"),
        ("for (;;) __syncwarp();", "timeout"),
    ],
)
def test_a_kernel_that_crashes_or_hangs_ends_its_launch_alone(body: str, said: str) -> None:
    source = f'extern "C" __global__ void k(float* y, int n) {{ {body} }}'
    start = time.monotonic()
    result = run(source, 1, 32, (f32(32), xp.int32(32)), seconds=0.2)
    kind = result["error"]["finding"]["kind"] if result["error"] else "None"
    assert kind in said.split("|")
    assert time.monotonic() - start < 10
    y = f32(4, value=0)
    RawKernel(ADD, "k")((1,), (32,), (y, xp.int32(4)))
    assert (y == 1).all()


def test_a_kernel_that_calls_the_system_gets_nothing(tmp_path: Path) -> None:
    target = tmp_path / "made"
    source = f"""extern "C" int open(const char*, int, ...); extern "C" int fork();
extern "C" int socket(int, int, int); extern "C" int execve(const char*, char**, char**);
extern "C" int kill(int, int);
extern "C" __global__ void k(int* y) {{
    y[0] = open("{__file__}", 0);
    y[1] = open("{target}", 0101, 0600);
    y[2] = fork();
    y[3] = socket(2, 1, 0);
    y[4] = execve("/bin/true", nullptr, nullptr);
    y[5] = kill({os.getpid()}, 9);
}}"""
    y = xp.zeros(6, xp.int32)
    profile(source, 1, 1, (y,))
    assert (y == -1).all()
    assert not target.exists()


def test_a_kernel_that_takes_memory_is_stopped() -> None:
    source = """extern "C" void* malloc(unsigned long);
extern "C" __global__ void k(long long* y) {
    for (int i = 0; i < 64; i++) y[i] = (long long)malloc(1ul << 30);
}"""
    y = xp.zeros(64, xp.int64)
    profile(source, 1, 1, (y,))
    assert np.count_nonzero(y) < 8


def test_a_forged_report_is_no_report() -> None:
    source = """extern "C" long write(int, const void*, unsigned long);
extern "C" void _exit(int);
extern "C" __global__ void k(float* y) {
    for (int fd = 3; fd < 64; fd++) write(fd, "{\\"shared_bytes\\":0}", 18);
    _exit(0);
}"""
    result = run(source, 1, 1, (f32(1),))
    assert result["error"]["type"] == "LaunchError"


def test_a_request_is_not_trusted() -> None:
    good = RawKernel(ADD, "k").request((1,), (32,), (f32(32), xp.int32(32)))
    for change in (
        {"grid": (1, 1)},
        {"block": (2000, 1, 1)},
        {"buffers": [np.array([{}])]},
        {"args": [("buffer", 9), ("value", np.int32(1))]},
        {"args": [("value", 3)]},
        {"options": ["-fplugin=x"]},
        {"source": 3},
        {"shared_mem": -1},
        {"name": "k; int x"},
    ):
        result = kernel.launch({**good, **change})
        assert result["error"] is not None or change == {"grid": (1, 1)}


def test_the_seam_takes_and_gives_plain_data(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def route(request: dict[str, Any]) -> dict[str, Any]:
        seen.append(request)
        return kernel.launch(request)

    monkeypatch.setattr(kernel, "route", route)
    y = f32(4, value=0)
    RawKernel(ADD, "k")((1,), (32,), (y, xp.int32(4)))
    assert (y == 1).all()
    (request,) = seen

    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(item) for key, item in value.items())
        if isinstance(value, (list, tuple)):
            return all(map(plain, value))
        return value is None or isinstance(value, (str, int, float, bool, np.ndarray, np.generic))

    assert plain(request)
    assert plain(kernel.launch(request))


def test_launches_are_recorded_also_those_that_end() -> None:
    with record() as seen:
        RawKernel(ADD, "k")((1,), (32,), (f32(32), xp.int32(32)))
        with pytest.raises(LaunchError, match="line 1: out_of_bounds"):
            RawKernel(ADD, "k")((1,), (64,), (f32(32), xp.int32(64)))
    assert [each.name for each in seen.launches] == ["k", "k"]
    assert [found.kind for found in seen.findings] == ["out_of_bounds"]


def test_a_fork_shares_the_runner() -> None:
    profile(ADD, 1, 32, (f32(4), xp.int32(4)))
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        y = f32(4, value=0)
        try:
            RawKernel(ADD, "k")((1,), (32,), (y, xp.int32(4)))
        finally:
            os.write(writing, b"y" if (y == 1).all() else b"n")
            os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reading, 1) == b"y"
    profile(ADD, 1, 32, (f32(4), xp.int32(4)))


def test_the_cache_holds_whole_files_only() -> None:
    assert not [path for path in cache_folder().iterdir() if path.name.startswith("tmp")]


def test_new_arrays_of_xp() -> None:
    for array in (
        xp.empty((3, 5), dtype=xp.float32),
        xp.empty_like(f32(7)),
        xp.zeros(9),
        xp.empty(3, dtype=xp.int32),
    ):
        assert array.__array_interface__["data"][0] % 256 == 0
    assert np.isnan(xp.empty(4)).all()
    assert (xp.empty(4, dtype=xp.int32) == -1).all()
    assert np.isnan(xp.empty_like(f32(2, 2))).all()
    assert xp.float32 is np.float32
    assert xp.linalg is np.linalg
