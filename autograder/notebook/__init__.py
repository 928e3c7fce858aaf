"""What cells of an assignment call in a student's kernel; it judges nothing that counts."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

VALIDATING = "NBGRADER_VALIDATING"
"""Set in the kernel of `nbgrader validate`."""

_told: dict[str, dict[str, str]] = {}


def run_examples(namespace: dict[str, Any], names: Sequence[str], kata: str = "") -> None:
    """Run the visible examples on the functions of a notebook and print what came of each."""
    submission = SimpleNamespace(**namespace)
    _told[kata] = {}
    for name in names:
        test = namespace[name]
        sentence = name.removeprefix("test_").replace("_", " ")
        try:
            wanted = inspect.signature(test).parameters
            test(**{key: submission for key in wanted if key == "submission"})
        except NotImplementedError:
            told = "not implemented yet"
        except AttributeError as error:
            told = f"not defined: {error}"
        except Exception as error:
            told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        else:
            told = "passed"
        _told[kata][sentence] = told
        print(f"{sentence}: {told}")


def not_graded_here(kata: str, task: str) -> None:
    """Say that the points of a grade cell come from the judge, and what the examples gave."""
    lines = [f"The points of {kata}.{task} come from the judge, not from this notebook."]
    told = _told.get(kata)
    if told is None:
        lines.append("Run the cell of the visible examples to see what they give.")
    else:
        passed = sum(what == "passed" for what in told.values())
        lines.append(f"Of the visible examples {passed} of {len(told)} passed.")
        lines += [f"{sentence}: {what}" for sentence, what in told.items() if what != "passed"]
    # `nbgrader validate` shows of a cell without full points what went to stderr, and that alone.
    print("\n".join(lines), file=sys.stderr if os.environ.get(VALIDATING) else sys.stdout)
