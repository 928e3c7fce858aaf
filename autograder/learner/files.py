"""Resetting a stub and revealing an answer, so that nothing a learner wrote is lost."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

from autograder.catalog import CatalogError, Kata

PRISTINE = ".stubs"


def pristine_stub(kata: Kata) -> str:
    """Return the stub as it was given out.

    It is the file of the last commit, where the project is a git checkout and that is a stub; else
    the copy that a bundle carries; else it is made from the reference by dropping the bodies.

    Raises:
        CatalogError: if there is no way to know it.
    """
    copy = kata.root / "katas" / PRISTINE / kata.stub.name
    if copy.is_file():
        return copy.read_text(encoding="utf-8")
    relative = kata.stub.relative_to(kata.root).as_posix()
    for revision in ("HEAD", "origin/HEAD", "origin/main"):
        done = subprocess.run(
            ["git", "-C", str(kata.root), "show", f"{revision}:./{relative}"],
            capture_output=True,
            check=False,
        )
        text = done.stdout.decode("utf-8", errors="replace")
        if done.returncode == 0 and is_untouched(text, kata):
            return text
    raise CatalogError(
        f"{relative}: the stub as it was given out is not known here (no git checkout, no copy in "
        f"katas/{PRISTINE}); fetch the project anew to have it"
    )


def is_untouched(text: str, kata: Kata) -> bool:
    """Say whether every task of a stub still raises NotImplementedError."""
    raising = len(re.findall(r"^\s+raise NotImplementedError\b", text, flags=re.MULTILINE))
    return raising >= len(kata.tasks)


def backup(path: Path) -> Path:
    """Copy a file beside itself under a name with the time; return the copy."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    copy = path.with_name(f"{path.stem}.{stamp}{path.suffix}.bak")
    number = 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.stem}.{stamp}-{number}{path.suffix}.bak")
    copy.write_bytes(path.read_bytes())
    return copy


def reset(kata: Kata) -> Path | None:
    """Put the stub back; return the backup of what was there, or None where nothing had changed."""
    text = pristine_stub(kata)
    before = kata.stub.read_bytes() if kata.stub.is_file() else None
    if before == text.encode():
        return None
    saved = backup(kata.stub) if before is not None else None
    temporary = kata.stub.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(kata.stub)
    return saved


def answer(kata: Kata) -> str:
    """Return the reference and the model answer.

    Raises:
        CatalogError: if this copy of the project has no answers.
    """
    discussion = kata.solutions / "discussion.md"
    if not kata.reference.is_file():
        raise CatalogError(f"solutions/{kata.name} is not part of this copy: ask your instructor")
    parts = [kata.reference.read_text(encoding="utf-8")]
    if discussion.is_file():
        parts.append(discussion.read_text(encoding="utf-8"))
    return "\n\n".join(parts)
