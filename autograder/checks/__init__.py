"""Assertions that teach: a failure says what differs, where, by how much, and what that means.

    assert_close(result, expected)

compares numbers, arrays, tensors and nestings of them at the tolerance of their dtype (see
`autograder.checks.tolerance` for the formula); `assert_equal` compares what has one exact value.
Each check takes `name="…"`, what the message calls the value, and raises `CheckFailed`, which
holds both values for a notebook to draw. `close` is the same comparison as a predicate.

Importing this module imports neither numpy nor torch.
"""

from autograder.checks.closeness import assert_close, close
from autograder.checks.exact import assert_equal
from autograder.checks.failure import CheckFailed
from autograder.checks.properties import (
    assert_between,
    assert_distribution,
    assert_dtype,
    assert_finite,
    assert_one_of,
    assert_shape,
)
from autograder.checks.raising import assert_raises
from autograder.checks.ranking import assert_permutation, assert_ranking

__all__ = [
    "CheckFailed",
    "assert_between",
    "assert_close",
    "assert_distribution",
    "assert_dtype",
    "assert_equal",
    "assert_finite",
    "assert_one_of",
    "assert_permutation",
    "assert_raises",
    "assert_ranking",
    "assert_shape",
    "close",
]
