"""The `kata` command: where it starts, and how a user's mistake is told."""

from __future__ import annotations

import os
import sys

from autograder.catalog import CatalogError


def main() -> None:
    """Run the `kata` command; a mistake of the user's is one line and status 2."""
    # Before torch is imported anywhere: suites are small, and forked judges need a single thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        if sys.argv[1:2] == ["list"] and not {"--help", "-h"} & set(sys.argv):
            # typer alone takes longer to import than the whole list takes to print.
            from autograder.learner.listing import main as listing

            raise SystemExit(listing(sys.argv[2:]))
        from autograder.commands import app

        app(prog_name="kata")
    except CatalogError as error:
        print(f"kata: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise SystemExit(1) from None
