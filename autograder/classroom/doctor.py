"""`kata doctor`: what works on this machine, what does not, and what that means."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from autograder.sandbox import isolation

PACKAGES = (
    "pytest",
    "pytest-timeout",
    "numpy",
    "torch",
    "faiss-cpu",
    "nbgrader",
    "jupyterlab",
    "triton",
    "cupy-cuda13x",
)
COMPILERS = ("g++", "clang++")
WITHOUT = {
    "process": "code of others would run inside the grader",
    "rlimits": "a submission can fill memory and processors",
    "landlock": "a submission can read the answers",
    "seccomp": "a submission can start programs and open connections",
    "namespaces": "the network is closed by seccomp alone",
    "uid": "workers share the grader's user",
}


def examine(root: Path | None) -> dict[str, Any]:
    """Return what was found: versions, layers of the sandbox with what is missing, tools."""
    secrets = sorted(root.glob("solutions/*/*.py"))[:3] if root is not None else []
    layers = isolation.probe(secrets=secrets)
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "root": str(root) if root is not None else None,
        "katas": len(list(root.glob("katas/*/kata.toml"))) if root is not None else 0,
        "packages": {name: _version(name) for name in PACKAGES},
        "layers": layers,
        "grades_others": all(
            layers.get(name) == "" for name in ("process", "rlimits", "landlock", "seccomp")
        ),
        "alembic": shutil.which("alembic"),
        "jupyterlab": _side_bar(),
        "compilers": {name: shutil.which(name) for name in COMPILERS},
        "ziglang": _version("ziglang"),
        "gpu": _gpu(),
        "jobs": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
    }


def _side_bar() -> str:
    """Say whether JupyterLab finds the side bar; an editable install is put right here."""
    from autograder.jupyterlab import link

    try:
        return "linked now" if link() else "in place"
    except OSError as error:
        return f"cannot be linked: {error}"


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gpu() -> str | None:
    """Return the name of a usable CUDA device; CuPy alone can say so without importing torch."""
    try:
        import cupy

        if cupy.cuda.is_available():
            return str(cupy.cuda.runtime.getDeviceProperties(0)["name"].decode())
    except Exception:
        return None
    return None


def show_findings(found: dict[str, Any]) -> None:
    """Print the findings for a person."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"Python {found['python']} on {found['system']}, {sys.executable}")
    where = found["root"] or "no katas here: run it in the project's folder"
    console.print(f"project: {where} ({found['katas']} katas)")
    table = Table("package", "version", box=None)
    for name, version in found["packages"].items():
        table.add_row(name, version or "not installed")
    console.print(table)
    console.print("\nsandbox")
    for layer in isolation.LAYERS:
        reason = found["layers"].get(layer, "not on this system")
        mark = "holds" if not reason else "MISSING"
        text = "" if not reason else f"{reason}: {WITHOUT[layer]}"
        console.print(f"  {layer:<11} {mark:<8} {text}", markup=False)
    verdict = "can grade" if found["grades_others"] else "cannot safely grade (see --trust)"
    console.print(f"  this machine {verdict} other people's code")
    if not found["alembic"]:
        where = Path(sys.executable).parent
        console.print(
            f"\nnbgrader: runs alembic by name, and PATH has none: activate the environment of "
            f"{where} (course folders of `kata nbgrader init` do it by themselves)",
            markup=False,
        )
    console.print(f"\nJupyterLab: the side bar is {found['jupyterlab']}", markup=False)
    compilers = [name for name, path in found["compilers"].items() if path]
    if found["ziglang"]:
        compilers.append("ziglang")
    console.print(
        f"CUDA katas: {', '.join(compilers)}"
        if compilers
        else "CUDA katas: no C++ compiler; install g++, or: pip install 'llm-katas[compiler]'"
    )
    console.print(f"GPU: {found['gpu'] or 'none usable; CUDA katas run on the processor'}")
