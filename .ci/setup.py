"""Make `.venv` with what constraints.txt pins, once; `make` calls this through setup.sh.

    python .ci/setup.py setup [--extras dev,gpu]    make or complete .venv
    python .ci/setup.py start [--kata NAME]         that, then run a kata and say what comes next

A run that finds everything in place installs nothing and prints nothing. What goes wrong is told
in one line. The standard library is all that there is here.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
LABEXTENSION = "share/jupyter/labextensions/llm-katas/package.json"
SECONDS_FOR_THE_INDEX = 5
GIGABYTES_NEEDED = 2.0  # a fresh .venv has 1.4 GB, with the extra `dev` 2.3 GB
GIGABYTES_NEEDED_BY_EXTRAS = {"dev": 1.0, "gpu": 8.0, "triton": 1.0, "compiler": 0.5}

CAUSES = (  # the first whose pattern is in pip's output is told
    (
        r"No space left on device|\[Errno 28\]|Disk quota exceeded|\[Errno 122\]",
        "the disk is full: free some space (a fresh .venv needs about 2 GB), then run it again",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError"
        r"|Temporary failure in name resolution|Network is unreachable|Connection refused"
        r"|getaddrinfo failed|Failed to establish a new connection|Connection broken",
        "no network: pip could not reach its package index; connect (or set a proxy), "
        "then run it again",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED",
        "no network: the package index's certificate was refused; behind a company's proxy, "
        "set PIP_CERT to its certificate",
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        "there is no {what} for Python {python} on this machine: "
        "try another Python, make start PYTHON=python3.11",
    ),
    (r"Permission denied|\[Errno 13\]", "a file could not be written: is .venv another user's?"),
)


class SetupError(Exception):
    """What went wrong, in one line that says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(prog="setup.py", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["setup", "start"])
    parser.add_argument("--extras", default="", help="comma-separated, as in pyproject.toml")
    parser.add_argument("--kata", default="attention", help="the kata that start runs")
    options = parser.parse_args(arguments)
    try:
        set_up(ROOT, extras_named(options.extras, ROOT))
        return start(ROOT, options.kata) if options.command == "start" else 0
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error_line(str(error))}", file=sys.stderr)
    except KeyboardInterrupt:
        print("error: interrupted; run it again and it goes on", file=sys.stderr)
    return 1


# What is asked for, and what is there


def extras_named(text: str, root: Path) -> frozenset[str]:
    """Read "dev,gpu"; an extra that pyproject.toml does not have is an error."""
    extras = frozenset(re.split(r"[,\s]+", text.strip())) - {""}
    known = project_of(root)["optional-dependencies"]
    for extra in sorted(extras - set(known)):
        raise SetupError(f"no extra {extra!r}: there are {', '.join(sorted(known))}")
    return extras


def project_of(root: Path) -> dict[str, dict[str, object]]:
    """Return the table `project` of pyproject.toml."""
    text = (root / "pyproject.toml").read_text("utf-8")
    tables: dict[str, dict[str, dict[str, object]]] = tomllib.loads(text)
    return tables["project"]


def pin_of(package: str, constraints: str) -> str:
    """Return the version that constraints.txt gives a package."""
    match = re.search(rf"^{re.escape(package)}==([^\s;]+)", constraints, re.MULTILINE)
    if match is None:
        raise SetupError(f"constraints.txt has no line {package}==…")
    return match[1]


def fingerprint(root: Path) -> str:
    """Hash what decides what is installed: the project's table, the pins, and the place.

    The tables of pytest or ruff are left out: changing a linter's rule installs nothing.
    """
    decides = [
        project_of(root),
        (root / "constraints.txt").read_text("utf-8"),
        str(root),
    ]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def is_complete(stamp: Mapping[str, object], wanted: str, extras: Iterable[str]) -> bool:
    """Tell whether the last install was of the same project and brought these extras."""
    installed = stamp.get("extras", [])
    return (
        stamp.get("fingerprint") == wanted
        and isinstance(installed, list)
        and set(extras) <= set(installed)
    )


def read_stamp(venv: Path) -> dict[str, object]:
    """Return what the last complete install left; an empty one where there was none."""
    try:
        stamp = json.loads((venv / "installed.json").read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def python_in(venv: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


# Installing


def set_up(root: Path, extras: frozenset[str]) -> None:
    """Make or complete `.venv`; do nothing when the stamp says that all is there."""
    venv = root / ".venv"
    stamp, wanted = read_stamp(venv), fingerprint(root)
    if is_complete(stamp, wanted, extras) and python_in(venv).exists():
        link_jupyterlab(venv)
        return
    # Extras that are there stay; the .venv of a checkout that was moved is made again.
    moved = bool(stamp) and stamp.get("root") != str(root)
    if not moved:
        extras |= frozenset(map(str, stamp.get("extras", [])))  # type: ignore[call-overload]
    pin = pin_of("torch", (root / "constraints.txt").read_text("utf-8"))
    usable = not moved and installed_version(venv, "pip") is not None
    torch = installed_version(venv, "torch") if usable else None
    if torch is None:
        check_disk(root, extras)
    (venv / "installed.json").unlink(missing_ok=True)
    if not usable:
        print("making .venv …", flush=True)
        make_venv(venv)
    install_torch(venv, pin, there=torch, cpu="gpu" not in extras)
    print("installing what constraints.txt pins (two minutes the first time) …", flush=True)
    name = f".[{','.join(sorted(extras))}]" if extras else "."
    pip(venv, "install", "--constraint", "constraints.txt", "--editable", name)
    stamp = {"fingerprint": wanted, "extras": sorted(extras), "root": str(root)}
    (venv / "installed.json").write_text(json.dumps(stamp) + "\n")
    link_jupyterlab(venv)


def link_jupyterlab(venv: Path) -> None:
    """Put the side bar where JupyterLab looks: an editable install leaves it out."""
    if not (venv / LABEXTENSION).exists():
        subprocess.run([str(python_in(venv)), "-m", "autograder.jupyterlab"], cwd=ROOT)


def check_disk(root: Path, extras: Iterable[str]) -> None:
    """Refuse to start what will not fit."""
    needed = GIGABYTES_NEEDED + sum(GIGABYTES_NEEDED_BY_EXTRAS.get(name, 0.1) for name in extras)
    free = shutil.disk_usage(root).free / 1e9
    if free < needed:
        raise SetupError(
            f"the disk is full: {free:.1f} GB are free where {root} is, "
            f"installing needs about {needed:.1f} GB"
        )


def make_venv(venv: Path) -> None:
    """Make a fresh virtual environment by venv, or by virtualenv where Debian left venv out."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        how = [sys.executable, "-m", "venv"]
    elif importlib.util.find_spec("virtualenv"):
        how = [sys.executable, "-m", "virtualenv", "--quiet"]
    elif command := shutil.which("virtualenv"):
        how = [command, "--quiet", "--python", sys.executable]
    else:
        raise SetupError(
            f"Python {platform.python_version()} ({sys.executable}) has no venv module: "
            "sudo apt install python3-venv (or: pip install virtualenv), then run it again"
        )
    done = subprocess.run(
        [*how, "--clear", str(venv)], capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        raise SetupError(error_line(done.stdout + done.stderr, what="making .venv"))


def installed_version(venv: Path, package: str) -> str | None:
    """Return the version of a package in the environment, None where it or Python is missing."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    command = [str(python_in(venv)), "-I", "-c", code]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def install_torch(venv: Path, pin: str, *, there: str | None, cpu: bool) -> None:
    """Install torch alone where the usual index would bring gigabytes of CUDA.

    That is Linux without the extra `gpu`. A wheel that pip finds locally (`find-links` in its
    configuration) is taken as it is; where PyTorch's own index does not answer, the usual one
    serves, when everything else is installed.
    """
    version, _, build = (there or "").partition("+")
    if build == "cpu" and not cpu:
        pip(venv, "uninstall", "--yes", "torch")
    if version == pin or not cpu or sys.platform != "linux":
        return
    if pip_succeeds(venv, "install", "--dry-run", "--no-index", "--no-deps", f"torch=={pin}"):
        return
    if answers(f"{CPU_WHEELS}/torch/"):
        print(f"installing torch {pin} for the CPU …", flush=True)
        pip(venv, "install", "--no-deps", "--index-url", CPU_WHEELS, f"torch=={pin}")
    else:
        print("PyTorch's index of CPU builds does not answer: torch comes from the usual one")


def answers(url: str) -> bool:
    """Tell whether a page can be had within a few seconds."""
    try:
        with urllib.request.urlopen(url, timeout=SECONDS_FOR_THE_INDEX) as page:
            return bool(page.status == 200)
    except (OSError, ValueError, urllib.error.URLError):
        return False


def pip(venv: Path, *arguments: str) -> None:
    """Run pip quietly; its output goes to `.venv/install.log`, its failure into one line."""
    log = venv / "install.log"
    with log.open("w+", errors="replace") as output:
        done = subprocess.run(pip_command(venv, *arguments), cwd=ROOT, stdout=output, stderr=output)
        output.seek(0)
        said = output.read()
    if done.returncode:
        raise SetupError(error_line(said, what="pip") + f" (all of it: {log})")


def pip_succeeds(venv: Path, *arguments: str) -> bool:
    """Tell whether pip can do this."""
    return subprocess.run(pip_command(venv, *arguments), capture_output=True).returncode == 0


def pip_command(venv: Path, *arguments: str) -> list[str]:
    """Return pip's command line, of the environment's own interpreter."""
    quietly = ["--disable-pip-version-check", "--no-input", "--retries", "2"]
    return [str(python_in(venv)), "-m", "pip", *quietly, *arguments]


def error_line(output: str, what: str = "setup") -> str:
    """Say in one line why an install failed."""
    for pattern, line in CAUSES:
        if match := re.search(pattern, output):
            return line.format(python=platform.python_version(), **match.groupdict())
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"error|\w*Error\b", line, re.IGNORECASE)]
    last = (errors or lines or ["it printed nothing"])[-1]
    return f"{what} failed: {last.removeprefix('ERROR: ').removeprefix('error: ')}"


# What a learner sees first


def start(root: Path, kata: str) -> int:
    """Run a kata as its learner would, and say what comes next."""
    if not (root / "katas" / kata / "kata.toml").is_file():
        raise SetupError(f"no kata {kata!r}: katas/{kata}/kata.toml is not there")
    bin_folder = python_in(root / ".venv").parent.relative_to(root)
    print(f"$ {bin_folder / 'pytest'} katas/{kata}\n", flush=True)
    status = subprocess.run(
        [str(python_in(root / ".venv")), "-m", "pytest", f"katas/{kata}"], cwd=root
    ).returncode
    if status not in (0, 1):
        raise SetupError(f"pytest ended with status {status}: see above")
    print(f"\n{next_steps(kata, bin_folder, solved=status == 0)}")
    return 0


def next_steps(kata: str, bin_folder: Path, *, solved: bool) -> str:
    """Tell what a learner does next."""
    activate = rf"{bin_folder}\activate" if os.name == "nt" else f"source {bin_folder / 'activate'}"
    if solved:
        return f"{kata} is solved. For the next one:\n\n  {activate}\n  kata list"
    readme, stub, run = f"katas/{kata}/README.md", f"katas/{kata}/{kata}.py", f"pytest katas/{kata}"
    width = max(map(len, (readme, stub, run)))
    return f"""\
That is what a kata looks like before it is written. Now it is your turn:

  1. read   {readme:{width}}   the question, with a worked example
  2. write  {stub:{width}}   your answer, in place of `raise NotImplementedError`
  3. run    {run:{width}}   again and again: failures say what differs, and why

Activate the environment first, so that pytest and kata are found:  {activate}
Then: kata hint {kata} (one step at a time) · kata list (all katas) · kata doctor (this machine)"""


if __name__ == "__main__":
    sys.exit(main())
