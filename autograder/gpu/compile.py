"""CUDA C to a shared library, by the C++ compiler of the machine, confined and cached."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from autograder.gpu.language import CompileError, check_options, check_source, rewrite
from autograder.gpu.lines import KERNEL_FILE, Library, read_library

__all__ = [
    "CompileError",
    "Compiler",
    "compile_kernel",
    "compile_runtime",
    "find_compiler",
    "library_of",
]

RUNTIME = Path(__file__).parent / "runtime"
PRELUDE = ("prelude.h", "functions.h", "qualifiers.h", "footer.h")
SECONDS = 30.0

_COMMON = (
    *("-O1", "-fPIC", "-shared", "-nostdlib", "-fsanitize=thread", "-fvisibility=hidden"),
    *("-fno-strict-aliasing", "-fno-math-errno", "-fno-exceptions", "-fno-rtti"),
    *("-fno-threadsafe-statics", "-fno-stack-protector", "-ffp-contract=off", "-w"),
    "-fno-delete-null-pointer-checks",
    *("-gdwarf-4", "-g1", "-fno-diagnostics-show-option", "-fdiagnostics-color=never"),
)
_GCC = (
    *("-fno-tree-vectorize", "-fno-tree-slp-vectorize", "-fno-unroll-loops", "-fno-tree-sra"),
    *("-fno-store-merging", "-fno-tree-loop-distribute-patterns", "-fno-semantic-interposition"),
    *("-fno-diagnostics-show-caret", "-fmax-errors=3", "-ftemplate-depth=200"),
)
_CLANG = (
    *("-fno-vectorize", "-fno-slp-vectorize", "-fno-unroll-loops", "-fno-caret-diagnostics"),
    "-fno-finite-loops",
    *("-ferror-limit=3", "-mllvm", "-tsan-instrument-read-before-write=1"),
    *("-mllvm", "-simplifycfg-sink-common=false", "-mllvm", "-simplifycfg-hoist-common=false"),
    *("-mllvm", "-disable-branch-fold", "-mllvm", "-enable-tail-merge=false"),
)
_LINK = ("-Wl,-Bsymbolic", "-Wl,--wrap=memcpy", "-Wl,--wrap=memmove", "-Wl,--wrap=memset")


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Attributes:
        command: how to call it.
        family: "gcc" or "clang".
        version: its first line about itself, a part of the cache's key.
    """

    command: tuple[str, ...]
    family: str
    version: str


@functools.cache
def find_compiler(name: str | None = None) -> Compiler:
    """Find a compiler: $KATA_CXX, g++, clang++, c++, or `ziglang`.

    Raises:
        CompileError: if the machine has none.
    """
    wanted = name or os.environ.get("KATA_CXX")
    candidates = [wanted] if wanted else ["g++", "clang++", "c++", "zig"]
    for candidate in candidates:
        if candidate == "zig":
            spec = importlib.util.find_spec("ziglang")
            if spec is None or spec.origin is None:
                continue
            command: tuple[str, ...] = (str(Path(spec.origin).with_name("zig")), "c++")
        elif found := shutil.which(candidate):
            command = (found,)
        else:
            continue
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            text = subprocess.run(
                [*command, "--version"], capture_output=True, text=True, check=True, timeout=60
            ).stdout
            family = "clang" if "clang" in text else "gcc"
            return Compiler(command, family, text.splitlines()[0])
    missing = f"no C++ compiler named {wanted}" if wanted else "no C++ compiler"
    raise CompileError(
        f"{missing}: install g++ or clang++, or `pip install ziglang` (the extra `compiler`)"
    )


def cache_folder() -> Path:
    """Return where compiled kernels are kept: $KATA_CACHE or the user's cache."""
    named = os.environ.get("KATA_CACHE")
    base = Path(named) if named else Path(platformdirs.user_cache_dir("llm-katas"))
    return base / "kernels"


def compile_runtime(compiler: Compiler) -> Path:
    """Build the runtime, once for a compiler and a version of it."""
    sources = b"".join(path.read_bytes() for path in sorted(RUNTIME.iterdir()) if path.is_file())
    key = _key(compiler.version, " ".join(compiler.command), sources)
    target = cache_folder() / f"runtime-{key}.so"
    if target.exists():
        return target
    flags = [
        "-std=c++17",
        "-O2",
        "-fPIC",
        "-shared",
        "-nostdlib",
        "-fno-exceptions",
        "-fno-rtti",
        "-fno-threadsafe-statics",
        "-fno-stack-protector",
        "-w",
    ]
    with _scratch() as folder:
        made = folder / "runtime.so"
        command = [*compiler.command, *flags, str(RUNTIME / "runtime.cpp"), "-o", str(made)]
        done = subprocess.run(
            [*command, "-lm", "-lc"],
            capture_output=True,
            text=True,
            timeout=300,
            env=_environment(folder),
        )
        if done.returncode:
            raise CompileError(f"the runtime does not compile: {done.stderr[-2000:]}")
        _keep(made, target)
    return target


def compile_kernel(
    source: str, name: str, options: Sequence[str] = (), compiler: Compiler | None = None
) -> Path:
    """Compile one kernel of a source.

    Returns:
        The shared library, in the cache.

    Raises:
        CompileError: with the learner's line.
    """
    check_source(source, name)
    defines, standard = check_options(options)
    compiler = compiler or find_compiler()
    key = _key(
        compiler.version, " ".join(compiler.command), _prelude(), standard, *defines, name, source
    )
    target = cache_folder() / f"{key}.so"
    if target.exists():
        return target
    text = "\n".join(
        [
            '#include "prelude.h"',
            '#include "functions.h"',
            '#include "footer.h"',
            '#include "qualifiers.h"',
            *defines,
            f'#line 1 "{KERNEL_FILE}"',
            rewrite(source),
            '#line 1 "entry"',
            f"KATA_ENTRY({name})",
            "",
        ]
    )
    with _scratch() as folder:
        (folder / "source.cpp").write_text(text)
        for header in PRELUDE:
            shutil.copyfile(RUNTIME / header, folder / header)
        made = folder / "kernel.so"
        family = _GCC if compiler.family == "gcc" else _CLANG
        flags = [f"-std={standard}", *_COMMON, *family]
        source_file, linking = str(folder / "source.cpp"), [*_LINK, "-o", str(made), "-lm", "-lc"]
        if compiler.command[-1] == "c++":
            # zig would build the sanitizer's library for minutes: let it link what is compiled.
            object_file = str(folder / "kernel.o")
            status, output = _run_confined(
                [*compiler.command, *flags, "-c", source_file, "-o", object_file], folder
            )
            link = [*compiler.command, "-shared", "-nostdlib", object_file, *linking]
            if not status:
                status, output = _run_confined(link, folder)
        else:
            status, output = _run_confined(
                [*compiler.command, *flags, source_file, *linking], folder
            )
        if status or not made.exists():
            raise CompileError(_explain(status, output, name))
        try:
            library = read_library(made.read_bytes())
        except ValueError as error:
            raise CompileError(str(error)) from None
        if name not in library.symbols:
            raise CompileError(f'kernel {name} is not declared extern "C"')
        _keep(made, target)
    return target


@functools.lru_cache(maxsize=256)
def library_of(path: Path) -> Library:
    """Read what is known of a compiled kernel."""
    return read_library(path.read_bytes())


@functools.cache
def _prelude() -> bytes:
    return b"".join((RUNTIME / name).read_bytes() for name in PRELUDE)


def _key(*parts: str | bytes) -> str:
    digest = hashlib.sha256(repr((_COMMON, _GCC, _CLANG, _LINK)).encode())
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:40]


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kata-kernel-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(made: Path, target: Path) -> None:
    """Copy a file into the cache so that it is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made.read_bytes())
    os.chmod(temporary, 0o644)
    os.replace(temporary, target)


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        "PATH": "/usr/bin:/bin",
        **kept,
        "LC_ALL": "C",
        "TMPDIR": str(folder),
        "HOME": str(folder),
        "ZIG_GLOBAL_CACHE_DIR": str(_zig_cache()),
        "ZIG_LOCAL_CACHE_DIR": str(folder),
    }


def _run_confined(command: list[str], folder: Path) -> tuple[int, str]:
    """Run the compiler where it can read the system and its folder, and write the latter alone."""
    try:
        from autograder.sandbox import isolation
    except ImportError:
        isolation = None  # type: ignore[assignment]
    if isolation is None or not hasattr(os, "fork"):
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS * 4,
                cwd=folder,
                env=_environment(folder),
            )
        except subprocess.TimeoutExpired:
            return 124, ""
        return done.returncode, done.stderr
    log = folder / "messages"
    environment = _environment(folder)
    pid = os.fork()
    if pid == 0:
        try:
            sink = os.open(log, os.O_RDWR | os.O_CREAT, 0o600)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            os.chdir(folder)
            os.setpgid(0, 0)
            limits = isolation.Limits(
                memory_bytes=2 << 30, cpu_seconds=SECONDS, file_bytes=64 << 20
            )
            readable = [path for path in isolation.readable_paths() if _for_compiler(path)]
            writable = [folder, Path(os.devnull)]
            if Path(command[0]).name == "zig":  # it brings its own headers, and keeps its libraries
                readable.append(Path(command[0]).parent)
                writable.append(_zig_cache())
            isolation.confine(
                keep=(0, 1, 2),
                limits=limits,
                readable=[*readable, folder],
                uid=None,
                executable=True,
                writable=writable,
            )
            os.execve(command[0], command, environment)
        finally:
            os._exit(127)
    status = _wait(pid, SECONDS)
    with contextlib.suppress(OSError), open(log, "rb") as file:
        return status, file.read(65536).decode("utf-8", "replace")
    return status, ""


def _zig_cache() -> Path:
    folder = cache_folder() / "zig"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _for_compiler(path: Path) -> bool:
    system = ("/usr", "/lib", "/lib64", "/bin", "/nix", "/etc", "/opt", "/dev", "/proc", "/sys")
    return str(path).startswith(system)


def _wait(pid: int, seconds: float) -> int:
    """Wait for a child and its group; kill it when its time is up."""
    end = time.monotonic() + seconds
    pause = 0.001
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return 124
        time.sleep(pause)
        pause = min(pause * 1.2, 0.01)


def _explain(status: int, output: str, name: str) -> str:
    """Turn what the compiler said into the learner's own lines."""
    found = []
    for line in output.splitlines():
        match = re.match(
            rf"(?:\S*/)?{re.escape(KERNEL_FILE)}:(\d+):(?:\d+:)? (?:fatal )?error: (.*)", line
        )
        if match:
            found.append(f"line {match[1]}: {_plainer(match[2])}")
    if found:
        return "\n".join(dict.fromkeys(found))
    if status == 124:
        return "the compiler ran past its time limit"
    if match := re.search(
        r"^(?:\S*/)?(?:entry|source\.cpp|footer\.h):\d+:.*?error: (.*)$", output, re.MULTILINE
    ):
        return f"kernel {name}: {_plainer(match[1])}"
    if match := re.search(r"undefined (?:reference to|symbol:?) [`'\"]?([\w:]+)", output):
        return f"{match[1]} is declared but not defined"
    if status < 0:
        return f"the compiler was ended by signal {-status}"
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1][:300] if lines else f"the compiler failed with status {status}"


def _plainer(message: str) -> str:
    message = message.replace("‘", "'").replace("’", "'")
    unknown = re.match(
        r"(?:use of undeclared identifier |unknown type name )?'(\w+)'"
        r"(?: was not declared in this scope.*| does not name a type.*| has not been declared.*)?$",
        message,
    )
    if unknown and unknown[1] in ("half", "bfloat16"):
        return f"not in the language: {unknown[1]} (no kata stores it; use float)"
    if unknown:
        return f"'{unknown[1]}' is not known here: not declared, or not in the language"
    return message
