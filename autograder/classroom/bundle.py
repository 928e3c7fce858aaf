"""`kata bundle`: the folder that students get, which holds no answer.

Stubs are copied as they were given out, whatever the instructor's own copies hold by now; a second
copy of each lies in `katas/.stubs/`, for `kata reset`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import autograder
from autograder.catalog import CatalogError, Kata
from autograder.learner.files import PRISTINE, is_untouched, pristine_stub
from autograder.report import number

PACKAGE = Path(autograder.__file__).parent
KIT = ("LICENSE", "constraints.txt", ".gitignore", ".ci/setup.sh", ".ci/setup.py")
"""Files of the checkout that go along as they are; pyproject.toml and .vscode do, too."""
KINDS = {".py", ".h", ".cpp", ".html", ".css", ".js", ".json", ".typed"}

MAKEFILE = """\
# make start      install once, run the first kata, say what to do next
# make setup      install only; EXTRAS=gpu,triton,compiler for more
.DEFAULT_GOAL := help
.PHONY: help start setup clean distclean

PYTHON ?=
EXTRAS ?=
KATA ?= {first}
SETUP := PYTHON="$(PYTHON)" sh .ci/setup.sh

help:
	@echo "make start      install once, run a kata (KATA=$(KATA)), say what to do next"
	@echo "make setup      install only; EXTRAS=gpu,triton,compiler for more"
	@echo "make clean      remove caches; distclean removes .venv too"

start:
	@$(SETUP) start --kata "$(KATA)"

setup:
	@$(SETUP) setup --extras "$(EXTRAS)"

clean:
	@rm -rf build *.egg-info .pytest_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {{}} +

distclean: clean
	@rm -rf .venv
"""

README = """\
# Your katas

{katas}

## Start

```
make start        # .venv, the pinned packages, and the first kata
```

Without make: `python -m venv .venv`, then `.venv/bin/pip install -e . -c constraints.txt` (on
Windows `.venv\\Scripts\\pip`). Python 3.11 or newer.

Then activate the environment (`. .venv/bin/activate`; on Windows `.venv\\Scripts\\activate`):

```
kata show {first}          # the question
pytest katas/{first}       # the visible examples
kata reset {first}         # the stub as it was; yours is kept in a backup
```

## What to do

For each kata, read `README.md` in its folder and write your answer into the stub, in place of
`raise NotImplementedError`; hand in the stub, under its own name:

{stubs}

The examples beside it (`test_….py`) are a few of many: what you hand in is judged by more tests,
which are not here, in a sandbox without files or network. Keep names and signatures; what each of
them must accept, return and refuse is in its docstring.

In VS Code, open this folder: the Testing panel shows the examples.
"""


def write(folder: Path, katas: Sequence[Kata]) -> int:
    """Write a bundle into a new or empty folder; return how many files it has.

    Raises:
        CatalogError: if the folder is not empty or is a file, if a stub as it was given out is not
            known, or if the kit is not a checkout.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CatalogError(f"{folder}: exists and is not an empty folder; name a new one")
    missing = [name for name in (*KIT, "pyproject.toml") if not (PACKAGE.parent / name).is_file()]
    if missing:
        raise CatalogError(f"a bundle is made of a checkout: {PACKAGE.parent} has no {missing[0]}")
    files = dict(_files(katas))  # all is read before anything is written
    try:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        raise CatalogError(f"{folder}: cannot be written: {error.strerror}") from None
    shutil.copymode(PACKAGE.parent / ".ci/setup.sh", folder / ".ci/setup.sh")
    return len(files)


def _files(katas: Sequence[Kata]) -> Iterator[tuple[str, bytes]]:
    for kata in katas:
        stub = given_out(kata).encode()
        place = f"katas/{kata.name}"
        yield f"{place}/{kata.stub.name}", stub
        yield f"katas/{PRISTINE}/{kata.stub.name}", stub
        for path in (kata.readme, kata.visible, kata.folder / "kata.toml"):
            if path.is_file():
                yield f"{place}/{path.name}", path.read_bytes()
    kit = PACKAGE.parent
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in KINDS and path.is_file():
            yield path.relative_to(kit).as_posix(), path.read_bytes()
    for name in KIT:
        yield name, (kit / name).read_bytes()
    for path in sorted((kit / ".vscode").glob("*.json")):
        yield f".vscode/{path.name}", path.read_bytes()
    project = (kit / "pyproject.toml").read_text(encoding="utf-8")
    # `pytest` alone runs the katas here: there are no tests of the kit.
    yield (
        "pyproject.toml",
        project.replace('testpaths = ["tests"]', 'testpaths = ["katas"]').encode(),
    )
    yield "Makefile", MAKEFILE.format(first=katas[0].name).encode()
    yield "README.md", _readme(katas).encode()


def given_out(kata: Kata) -> str:
    """Return the stub as it was given out: that of the checkout, else the file if it is untouched.

    Raises:
        CatalogError: if it is not known.
    """
    try:
        return pristine_stub(kata)
    except CatalogError:
        text = kata.stub.read_text(encoding="utf-8")
        if is_untouched(text, kata):
            return text
        raise


def _readme(katas: Sequence[Kata]) -> str:
    told = "\n".join(
        f"- **{kata.title}** (`{kata.name}`): {kata.difficulty}, about {kata.minutes} minutes, "
        f"{number(kata.points)} points"
        for kata in katas
    )
    stubs = "\n".join(f"- `katas/{kata.name}/{kata.stub.name}`" for kata in katas)
    return README.format(katas=told, first=katas[0].name, stubs=stubs)
