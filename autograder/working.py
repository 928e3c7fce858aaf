"""The project around the working folder, as every sub-command of `kata` asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.catalog import CatalogError, Kata, find_kata, find_root


def complete(incomplete: str) -> list[str]:
    """Return the names of katas that begin so, for the shell's completion."""
    root = find_root(Path.cwd())
    names = [path.parent.name for path in root.glob("katas/*/kata.toml")] if root else []
    return sorted(name for name in names if name.startswith(incomplete))


Name = Annotated[str, typer.Argument(help="The kata's name.", autocompletion=complete)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for editors.")]


def project() -> Path:
    """Return the project's root.

    Raises:
        CatalogError: outside a project.
    """
    root = find_root(Path.cwd())
    if root is None:
        raise CatalogError("no katas here: run it in the project's folder (the one with katas/)")
    return root


def kata_named(name: str) -> Kata:
    """Return the kata called `name` of the project around the working folder."""
    return find_kata(project(), name)


def katas_named(names: str) -> list[Kata]:
    """Return the katas whose names are joined by commas, each once.

    Raises:
        CatalogError: if one is none, or no name is given.
    """
    root = project()
    wanted = dict.fromkeys(text.strip() for text in names.split(",") if text.strip())
    if not wanted:
        raise CatalogError("no kata is named; `kata list` shows all")
    return [find_kata(root, name) for name in wanted]
