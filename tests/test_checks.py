"""The assertions, and the sentences that they fail with."""

from __future__ import annotations

import copy
import math
import os
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import checks
from autograder.checks import (
    CheckFailed,
    assert_between,
    assert_close,
    assert_distribution,
    assert_dtype,
    assert_equal,
    assert_finite,
    assert_one_of,
    assert_permutation,
    assert_raises,
    assert_ranking,
    assert_shape,
    close,
)

TABLE = np.array([[1.0, -2.0, 4.0], [0.5, 3.0, -7.0]])
QUICK = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def failure(check, *operands, **options) -> CheckFailed:
    """Return the failure of a check, whose message must fit a terminal."""
    with pytest.raises(CheckFailed) as caught:
        check(*operands, **options)
    lines = caught.value.message.split("\n")
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 100
    assert all(line.isprintable() for line in lines)
    return caught.value


def message(check, *operands, **options) -> str:
    return failure(check, *operands, **options).message


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


# --- the failure itself ---------------------------------------------------------------------


def test_a_failure_holds_what_a_notebook_draws_and_survives_pickling():
    failed = failure(assert_close, {"a": [TABLE + 1]}, {"a": [TABLE]})
    assert isinstance(failed, AssertionError)
    assert failed.kind == "values"
    assert failed.name == 'result["a"][0]'
    assert np.array_equal(failed.actual, TABLE + 1)
    assert np.array_equal(failed.expected, TABLE)
    assert str(failed) == failed.message
    again = pickle.loads(pickle.dumps(failed))
    assert (again.message, again.kind, again.name) == (failed.message, failed.kind, failed.name)


def test_importing_the_checks_imports_neither_numpy_nor_torch():
    code = (
        "import sys, autograder.checks; print([m for m in ('numpy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_numbers_and_text_are_checked_without_importing_torch():
    code = (
        "import sys; from autograder.checks import *\n"
        "assert_close(0.1 + 0.2, 0.3); assert_equal({'a': [1]}, {'a': [1]}); close('a', 1.0)\n"
        "assert_ranking(['a'], ['a']); assert_raises(ValueError, int, 'x')\n"
        "print([m for m in ('numpy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_frame_of_the_checks_is_hidden_from_tracebacks():
    with pytest.raises(CheckFailed) as caught:
        assert_close({"a": [TABLE + 1]}, {"a": [TABLE]})
    ours = [e for e in caught.traceback if f"{os.sep}checks{os.sep}" in str(e.path)]
    assert len(ours) >= 3
    assert all(entry.ishidden(caught) for entry in ours)


def test_all_names_are_listed():
    assert all(hasattr(checks, name) for name in checks.__all__)
    assert checks.__all__ == sorted(checks.__all__, key=lambda name: (name != "CheckFailed", name))


# --- assert_close: what passes --------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (0.1 + 0.2, 0.3),
        (1, 1.0),
        (1.0, 1),
        (np.float64(0.5), 0.5),
        (np.array(0.5), 0.5),
        (0.5, np.array(0.5)),
        (np.float32(0.1), 0.1),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (1 + 2j, 1 + 2j),
        (2, 2 + 0j),
        (math.inf, math.inf),
        (10**400, 10**400),
        (None, None),
        ("a", "a"),
        ([1.0, 2], (1, 2.0)),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        ([1.0, 2.0], np.array([1.0, 2.0])),
        ([np.array([1.0]), "x", None], [[1.0], "x", None]),
        ({"a": [1.0, {"b": (True, None)}]}, {"a": (1.0, {"b": [True, None]})}),
        ([], []),
        ([], np.zeros(0)),
        ([[1.0], [2.0, 3.0]], [[1.0], [2.0, 3.0]]),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (torch.tensor(1.5), torch.tensor(1.5)),
        (torch.zeros(0, 4), torch.zeros(0, 4)),
        (torch.ones(2, requires_grad=True), torch.ones(2)),
        (torch.ones(2, 3).T, torch.ones(3, 2)),
        (torch.ones(2, dtype=torch.float64), torch.ones(2)),
        (torch.ones(2, dtype=torch.int64), torch.ones(2)),
        (torch.tensor([1j]).conj(), torch.tensor([-1j])),
        (torch.eye(2).to_sparse(), torch.eye(2)),
        (torch.tensor([-math.inf, 0.0]), torch.tensor([-math.inf, 0.0])),
        (np.array([2**63 - 1]), np.array([2**63 - 1], dtype=np.uint64)),
        (np.array(["a", "bc"]), np.array(["a", "bc"])),
        (range(3), [0, 1, 2]),
    ],
)
def test_close_values_pass(actual, expected):
    assert_close(actual, expected)


@pytest.mark.parametrize(
    ("dtype", "passing", "failing"),
    [
        (torch.float64, 3e-10, 3e-9),
        (torch.float32, 5e-6, 3e-5),
        (torch.float16, 2e-3, 2e-2),
        (torch.bfloat16, 8e-3, 6e-2),
        (torch.float8_e4m3fn, 0.125, 1.0),
        (torch.float8_e5m2, 0.25, 4.0),
    ],
)
def test_the_tolerance_is_that_of_the_coarser_dtype(dtype, passing, failing):
    expected = torch.ones(3, dtype=torch.float64)
    coarse = torch.ones(3, dtype=dtype)
    for pair in ((coarse, expected + passing), (expected + passing, coarse)):
        assert_close(*pair)
    for pair in ((coarse, expected + failing), (expected + failing, coarse)):
        assert failure(assert_close, *pair).kind == "values"


def test_the_tolerance_grows_with_the_root_of_the_number_of_terms():
    expected = np.ones(3)
    assert_close(expected + 3e-9, expected, terms=100)
    failure(assert_close, expected + 3e-8, expected, terms=100)
    with pytest.raises(ValueError, match="at least 1"):
        assert_close(1.0, 1.0, terms=0)


def test_sums_that_cancel_pass_in_another_order():
    terms = noise(400, 1000).astype(np.float32)
    one, other = terms.sum(axis=1), terms[:, ::-1].cumsum(axis=1)[:, -1]
    assert not np.array_equal(one, other)
    assert_close(one, other, terms=1000)


def test_a_small_element_beside_large_ones_is_judged_by_their_magnitude():
    assert_close([1e6, 1e-7], [1e6, 0.0])
    failure(assert_close, [1e6, 1e-5], [1e6, 0.0])


def test_where_all_is_rounding_noise_the_scale_is_one():
    assert_close(np.full(3, 3e-17), np.zeros(3))
    assert_close(torch.full((3,), 3e-7), torch.full((3,), -2e-8))
    failure(assert_close, torch.full((3,), 3e-5), torch.full((3,), 2e-5))


def test_given_tolerances_are_taken_as_they_are():
    assert_close(1000.4, 1000.0, atol=0.5, rtol=0)
    failure(assert_close, 1000.6, 1000.0, atol=0.5, rtol=0, terms=100)
    assert_close(103, 100, atol=5)
    assert_close(np.array([103]), np.array([100]), rtol=0.05)
    assert_close([103, 2], [100, 2], atol=5)
    failure(assert_close, 103, 100)


def test_nan_passes_only_where_one_is_expected_and_allowed():
    values = np.array([1.0, np.nan])
    assert_close(values, values, equal_nan=True)
    assert_close(math.nan, math.nan, equal_nan=True)
    assert failure(assert_close, values, values).kind == "nan"
    assert failure(assert_close, math.nan, math.nan).kind == "nan"
    assert failure(assert_close, values[::-1], values, equal_nan=True).kind == "nan"
    assert failure(assert_close, np.ones(2), values, equal_nan=True).kind == "values"


def test_ten_million_elements_are_fine():
    expected = torch.zeros(10_000_000)
    actual = expected.clone()
    start = time.process_time()
    actual[7_654_321] = 1.0
    failed = failure(assert_close, actual, expected)
    assert failed.message.startswith(
        "result: 1 of 10000000 elements differs, at [7654321]: given 1, expected 0 (off by 1)"
    )
    assert time.process_time() - start < 3


# --- assert_close: what is refused ----------------------------------------------------------


def generator():
    yield 1.0


@pytest.mark.parametrize(
    ("actual", "expected", "kind", "text"),
    [
        (None, 1.0, "type", "the function returned None: is the return missing?"),
        (None, "text", "type", "the function returned None: is the return missing?"),
        (None, {}, "type", "the function returned None: is the return missing?"),
        (1.5, None, "type", "result is 1.5 (float), expected None"),
        ([1.0, None], [1.0, 2.0], "type", "result[1] is None, expected a number"),
        (
            generator(),
            [1.0, 2.0],
            "type",
            "the function returned a generator, expected a list of 2 elements: return the values"
            " themselves,\n  list(...) for instance",
        ),
        (
            NotImplemented,
            1.0,
            "type",
            "result is NotImplemented, expected a number: is it still to be written?",
        ),
        (
            ...,
            "a",
            "type",
            "result is ... (Ellipsis), expected the text 'a': is it still to be written?",
        ),
        (
            noise,
            1.0,
            "type",
            "result is the function noise, expected a number: are the parentheses of a call"
            " missing?",
        ),
        (
            (TABLE,),
            TABLE,
            "type",
            "result is a tuple of 1 element, expected a numpy array of shape (2, 3): does the"
            " return end in a\n  comma?",
        ),
        (
            TABLE,
            torch.ones(2, 3),
            "type",
            "result is a numpy array of shape (2, 3), float64, expected a torch tensor:"
            " torch.from_numpy is\n  missing?",
        ),
        (
            torch.ones(2, 3),
            TABLE,
            "type",
            "result is a torch tensor of shape (2, 3), float32, expected a numpy array:"
            " .numpy() is missing?",
        ),
        (
            torch.tensor(0.5),
            0.5,
            "type",
            "result is a torch tensor of shape (), float32, expected a number: .item() is missing?",
        ),
        (
            0.5,
            torch.tensor(0.5),
            "type",
            "result is 0.5 (float), expected a torch tensor of shape ()",
        ),
        (
            [0.5],
            torch.tensor([0.5]),
            "type",
            "result is a list of 1 element, expected a torch tensor of shape (1,):"
            " torch.tensor is missing?",
        ),
        (
            [[1.0]],
            np.ones((1, 1)),
            "type",
            "result is a list of 1 element, expected a numpy array of shape (1, 1)",
        ),
        (
            np.ones((1, 1)),
            [[1.0]],
            "type",
            "result is a numpy array of shape (1, 1), float64, expected a list of 1 element:"
            " .tolist() is\n  missing?",
        ),
        (
            "0.5",
            0.5,
            "type",
            "result is the text '0.5', expected 0.5 (float): a number is wanted, not its text",
        ),
        (True, 1.0, "type", "result is True (bool), expected 1.0 (float)"),
        (1, True, "type", "result is 1 (int), expected True (bool)"),
        (1j, 1.0, "type", "result is 0+1j (complex), expected 1.0 (float)"),
        ({"a": 1.0}, [1.0], "type", "result is a dict of 1 key, expected a list of 1 element"),
        (
            np.ones((2, 5)),
            np.ones((2, 7)),
            "shape",
            "result has shape (2, 5), expected (2, 7): axis 1 is 5, expected 7",
        ),
        (
            np.ones((2, 5, 1)),
            np.ones((3, 5, 2)),
            "shape",
            "result has shape (2, 5, 1), expected (3, 5, 2): axis 0 is 2, expected 3, axis 2"
            " is 1, expected 2",
        ),
        (
            np.ones(5),
            np.ones((5, 3)),
            "shape",
            "result has shape (5,), expected (5, 3): 1 axis, expected 2",
        ),
        (
            np.ones((5, 1)),
            np.ones(5),
            "shape",
            "result has shape (5, 1), expected (5,): 2 axes, expected 1; axis 1, of size 1, is"
            " too many",
        ),
        (
            np.ones(5),
            np.ones((1, 5)),
            "shape",
            "result has shape (5,), expected (1, 5): 1 axis, expected 2; axis 0, of size 1, is"
            " missing",
        ),
        (
            np.ones((3, 2)),
            TABLE,
            "shape",
            "result has shape (3, 2), expected (2, 3): looks transposed",
        ),
        (
            torch.ones(2, 4, 3),
            torch.ones(2, 3, 4),
            "shape",
            "result has shape (2, 4, 3), expected (2, 3, 4): looks transposed: axes 1 and 2"
            " are swapped",
        ),
        (TABLE > 0, TABLE, "dtype", "result has dtype bool, expected float64"),
        (
            torch.ones(2),
            torch.ones(2, dtype=torch.bool),
            "dtype",
            "result has dtype float32, expected bool",
        ),
        (
            torch.ones(2),
            torch.ones(2, dtype=torch.int64),
            "dtype",
            "result has dtype float32, expected int64",
        ),
        (
            torch.ones(2) + 0j,
            torch.ones(2),
            "dtype",
            "result has dtype complex64, expected float32: only the real part is wanted",
        ),
        (
            torch.ones(2, device="meta"),
            torch.ones(2),
            "device",
            "result is on the device meta, expected cpu: it has a shape but no values",
        ),
        (
            np.array([[1.0], [1.0, 2.0]], dtype=object),
            np.ones(2),
            "type",
            "result is a numpy array of Python objects (dtype object), not numbers: are its"
            " rows of different\n  lengths?",
        ),
        (
            [1.0, 2.0],
            [1.0, 2.0, 3.0],
            "length",
            "result has 2 elements, expected 3\n  given     [1.0, 2.0]\n  expected  [1.0, 2.0,"
            " 3.0]",
        ),
        ({"a": 1.0}, {"a": 1.0, "b": 2.0}, "keys", "result lacks the key 'b'"),
        (math.inf, 1.5, "inf", "result is inf, expected 1.5"),
        (
            math.nan,
            1.5,
            "nan",
            "result is NaN: 0/0, or inf − inf, or the logarithm or root of a negative number?",
        ),
        (10**400, 1.5, "values", None),
    ],
)
def test_what_is_not_comparable_is_refused_with_advice(actual, expected, kind, text):
    failed = failure(assert_close, actual, expected)
    assert failed.kind == kind
    assert text is None or failed.message == text


def test_a_coroutine_asks_for_await():
    async def run():
        return 1.0

    coroutine = run()
    assert "is an await missing?" in message(assert_close, coroutine, 1.0)
    coroutine.close()


def test_dtypes_are_compared_where_asked():
    assert_close(torch.ones(2), torch.ones(2), check_dtype=True)
    text = message(assert_close, torch.ones(2).double(), torch.ones(2), check_dtype=True)
    assert text == "result has dtype float64, expected float32"
    text = message(assert_close, [np.float64(1)], [np.float32(1)], check_dtype=True)
    assert text == "result[0] has dtype float64, expected float32"


def test_types_of_containers_are_compared_where_asked():
    assert_close([(1.0, "a")], [(1.0, "a")], strict_types=True)
    text = message(assert_close, [[1.0, "a"]], [(1.0, "a")], strict_types=True)
    assert text == "result[0] is a list of 2 elements, expected a tuple of 2 elements"
    failure(assert_close, np.ones(1), [1.0], strict_types=True)
    failure(assert_close, [[1.0, 2.0]], [(1.0, 2.0)], strict_types=True)
    failure(assert_equal, [1], (1,), strict_types=True)


def test_another_name_is_used_in_every_sentence():
    assert message(assert_close, None, 1.0, name="loss") == "loss is None, expected a number"
    assert message(assert_close, [[1.0, "a"]], [[2.0, "a"]], name="pairs").startswith(
        "pairs[0][0] is"
    )


# --- assert_close: where values differ ------------------------------------------------------


def test_a_number_says_by_how_much():
    assert message(assert_close, 0.25, 0.5) == "result is 0.25, expected 0.5 (off by 0.25, 50 %)"
    assert message(assert_close, 3, 4) == "result is 3, expected 4 (off by 1)"
    assert message(assert_close, 1.5, 0.0) == "result is 1.5, expected 0 (off by 1.5)"
    assert (
        message(assert_close, 1.0000001, 1.0)
        == "result is 1.0000001, expected 1 (off by 1e-07, relative 1e-07)"
    )
    assert message(assert_close, -2.0, 2.0).endswith("\nthe sign is flipped")


def test_a_small_array_is_shown_whole():
    actual = TABLE.copy()
    actual[0, 2] = 4.25
    assert message(assert_close, actual, TABLE) == (
        "result: 1 of 6 elements differs, at [0, 2]: given 4.25, expected 4 (off by 0.25, 6.2 %)\n"
        "  given             expected\n"
        "    1  -2  4.25*      1 -2  4\n"
        "  0.5   3    -7     0.5  3 -7"
    )


def test_a_line_of_numbers_has_carets():
    assert message(assert_close, [1.0, 2.5, 3.0], [1.0, 2.0, 3.0], name="scores") == (
        "scores: 1 of 3 elements differs, at [1]: given 2.5, expected 2 (off by 0.5, 25 %)\n"
        "  given     1  2.5  3\n"
        "  expected  1    2  3\n"
        "               ^^^"
    )


def test_a_large_array_is_shown_around_the_worst_element():
    expected = np.arange(2 * 40 * 30, dtype=np.float64).reshape(2, 40, 30)
    actual = expected.copy()
    actual[1, 20, 10] = 0.0
    actual[1, 20, 11] += 1
    assert message(assert_close, actual, expected) == (
        "result: 2 of 2400 elements differ, most at [1, 20, 10]: given 0, expected 1810 (off"
        " by 1810, 100 %)\n"
        "  around it, [1, 19:22, 8:13]:\n"
        "  given                            expected\n"
        "  1778  1779  1780  1781  1782     1778 1779 1780 1781 1782\n"
        "  1808  1809     0* 1812* 1812     1808 1809 1810 1811 1812\n"
        "  1838  1839  1840  1841  1842     1838 1839 1840 1841 1842"
    )


def test_a_long_line_is_shown_around_the_worst_element():
    expected = np.arange(100)
    actual = expected.copy()
    actual[50] = 7
    assert message(assert_close, actual, expected) == (
        "result: 1 of 100 elements differs, at [50]: given 7, expected 50 (off by 43)\n"
        "  around it, [47:54]:\n"
        "  given     47  48  49   7  51  52  53\n"
        "  expected  47  48  49  50  51  52  53\n"
        "                        ^^"
    )


def test_wide_numbers_narrow_the_excerpt():
    expected = noise(6, 6) * 1e-12 + 1.2345678
    actual = expected.copy()
    actual[3, 3] *= 1 + 1e-8
    assert "around it" in message(assert_close, actual, expected)
    expected = 1.23456789e-100 * (1 + noise(12))
    failure(assert_close, expected * (1 + 3e-9 * noise(12, seed=1)), expected, atol=0)


def test_nan_rows_are_named():
    weights = np.full((3, 4), 0.25)
    weights[1] = np.nan
    assert message(assert_close, weights, np.full((3, 4), 0.25), name="weights") == (
        "4 of 12 elements of weights are NaN, the first at [1, 0]\n"
        "row 1 of the weights is all NaN: the softmax of a fully masked row?"
    )
    weights[0, 0] = np.nan
    assert "row" not in message(assert_close, weights, np.ones((3, 4)))
    assert (
        message(assert_close, np.full(3, np.nan), np.ones(3)) == "all 3 elements of result are NaN"
    )


def test_infinities_are_told_from_numbers():
    wrong = np.array([1.0, np.inf, np.inf])
    assert message(assert_close, wrong, np.ones(3)) == (
        "2 of 3 elements of result are infinite and should not be, the first at [1]: given"
        " inf, expected 1"
    )
    assert "finite and should be infinite" in message(assert_close, np.ones(3), wrong)
    assert "infinite with the wrong sign" in message(assert_close, -wrong, np.abs(wrong))
    assert failure(assert_close, wrong[::-1], wrong).kind == "inf"
    assert failure(assert_close, torch.tensor([1]), torch.tensor([math.inf])).kind == "inf"


SQUARE = noise(5, 5)
ROWS = np.exp(SQUARE) / np.exp(SQUARE).sum(axis=1, keepdims=True)
MASKED = np.tril(np.exp(SQUARE)) / np.tril(np.exp(SQUARE)).sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("actual", "expected", "says"),
    [
        (8 * SQUARE, SQUARE, "every element is 8.00 times the expected one"),
        (SQUARE / 8, SQUARE, "every element is 0.125 times the expected one"),
        (SQUARE * 1e5, SQUARE, "every element is 100000 times the expected one"),
        (SQUARE * 1.0001, SQUARE, "every element is 1.0001 times the expected one"),
        (SQUARE + 0.5, SQUARE, "every element is 0.5 more than the expected one"),
        (np.arange(4), np.arange(4) + 1, "every element is 1 less than the expected one"),
        (-SQUARE, SQUARE, "every element has the opposite sign"),
        (0 * SQUARE, SQUARE, "every element is 0"),
        (SQUARE.T, SQUARE, "it is the transpose of the expected one"),
        (
            np.stack([SQUARE.T, SQUARE.T + 1]),
            np.stack([SQUARE, SQUARE + 1]),
            "it is the transpose of the expected one (axes 1 and 2 are swapped)",
        ),
        (SQUARE[::-1], SQUARE, "the right values, reversed along axis 0"),
        (SQUARE[0, ::-1], SQUARE[0], "the right values, reversed"),
        (np.roll(SQUARE, 1, 1), SQUARE, "the right values, each one place too late along axis 1"),
        (np.roll(SQUARE[0], -1), SQUARE[0], "the right values, each one place too early"),
        (SQUARE[:, [1, 0, 3, 2, 4]], SQUARE, "each row has the right values in another order"),
        (SQUARE[[1, 0, 3, 2, 4]], SQUARE, "the right values in another order"),
        (SQUARE > 0, SQUARE <= 0, "every element is the opposite of the expected one"),
        (
            np.exp(SQUARE) / np.exp(SQUARE).sum(axis=0),
            ROWS,
            "it sums to 1 along axis 0, not along the last: softmax over the wrong axis?",
        ),
        (
            np.tril(ROWS),
            MASKED,
            f"row 0 of the result sums to {ROWS[0, 0]:.2f}, not 1 — masked after the softmax?",
        ),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_the_numbers_leave_no_doubt_of_is_said(actual, expected, says, dtype):
    if actual.dtype.kind == "f":
        actual, expected = actual.astype(dtype), expected.astype(dtype)
    assert message(assert_close, actual, expected).split("\n")[-1] == says
    tensors = torch.from_numpy(actual.copy()), torch.from_numpy(expected.copy())
    assert message(assert_close, *tensors).split("\n")[-1] == says


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (SQUARE + noise(5, 5, seed=1), SQUARE),
        (np.full(4, 2.0), np.full(4, 1.0)),  # twice, or one more?
        (np.array([3.0]), np.array([1.0])),
        (np.array([1.0, 2.0, 3.5]), np.array([1.0, 2.0, 3.0])),
        (np.full((3, 3), 2.0), np.zeros((3, 3))),
        (torch.ones(3), torch.full((3,), 2.0)),
    ],
)
def test_what_the_numbers_leave_open_is_not_said(actual, expected):
    last = message(assert_close, actual, expected).split("\n")[-1]
    assert "element " not in last
    assert "right values" not in last


# --- assert_equal ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ("a", "a"),
        (b"a", b"a"),
        (3, 3),
        (np.int64(3), 3),
        (3, 3.0),
        (True, True),
        (np.bool_(False), False),
        (math.nan, math.nan),
        ([1, [2, "x"]], (1, (2, "x"))),
        (np.array([1, 2]), [1, 2]),
        ([1, 2], np.array([1, 2])),
        (np.array(["a", "b"]), ["a", "b"]),
        (range(3), [0, 1, 2]),
        ({1: "a", "1": "b", None: 0, (1, "x"): 2}, {(1, "x"): 2, None: 0, "1": "b", 1: "a"}),
        ({1, 2}, frozenset({2, 1})),
        (torch.arange(3), torch.arange(3)),
        (np.ones((2, 2)), np.ones((2, 2), dtype=np.float32)),
        (None, None),
        (ValueError, ValueError),
    ],
)
def test_equal_values_pass(actual, expected):
    assert_equal(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected", "text"),
    [
        (3.0, 3, "result is 3.0 (float), expected 3 (int)"),
        (True, 1, "result is True (bool), expected 1 (int)"),
        (1, True, "result is 1 (int), expected True (bool)"),
        (True, False, "result is True, expected False"),
        (4, 3, "result is 4, expected 3 (off by 1)"),
        (0.30000000000000004, 0.3, "result is 0.30000000000000004, expected 0.3"),
        (
            "hello wurld",
            "hello world",
            "result differs from the expected text at character 7:\n"
            "  given     'hello wurld'\n"
            "  expected  'hello world'\n"
            "                    ^",
        ),
        (
            "a\nb\x1b[31mc",
            "a\nb\x1b[32mc",
            "result differs from the expected text at character 6 (line 2, character 4):\n"
            "  given     'a\\nb\\x1b[31mc'\n"
            "  expected  'a\\nb\\x1b[32mc'\n"
            "                       ^",
        ),
        (
            "Answer: ",
            "Answer:",
            "result differs from the expected text at character 7:\n"
            "  given     'Answer: '\n"
            "  expected  'Answer:'\n"
            "                    ^\n"
            "only the white space at the end differs",
        ),
        (
            "yes",
            "Yes",
            "result differs from the expected text at character 0:\n"
            "  given     'yes'\n"
            "  expected  'Yes'\n"
            "             ^\n"
            "only upper and lower case differ",
        ),
        (
            "x" * 300 + "y",
            "x" * 300 + "zz",
            "result differs from the expected text at character 300:\n"
            f"  given     '…{'x' * 30}y'\n"
            f"  expected  '…{'x' * 30}zz'\n"
            f"{' ' * 44}^\n"
            "given are 301 characters, expected 302",
        ),
        (
            b"hello",
            b"help!",
            "result differs from the expected bytes at byte 3:\n"
            "  given     b'hello'\n"
            "  expected  b'help!'",
        ),
        (
            [1, 2, 3],
            [1, 3, 2],
            "result[1] is 2, expected 3 (off by 1)\n"
            "  given     [1, 2, 3]\n"
            "  expected  [1, 3, 2]\n"
            "the right elements in another order",
        ),
        (
            ["a", "b", "c"],
            ["c", "b", "a"],
            "result[0] is 'a', expected 'c'\n"
            "  given     ['a', 'b', 'c']\n"
            "  expected  ['c', 'b', 'a']\n"
            "the right elements in reversed order",
        ),
        (
            ["a", "b"],
            ["a", "b", "c"],
            "result has 2 elements, expected 3: 'c' is missing\n"
            "  given     ['a', 'b']\n"
            "  expected  ['a', 'b', 'c']",
        ),
        (
            [1, 1, 2],
            [1, 2],
            "result has 3 elements, expected 2: 1 is too many\n"
            "  given     [1, 1, 2]\n"
            "  expected  [1, 2]",
        ),
        ([1, 2.0], [1, 2], "result[1] is 2.0 (float), expected 2 (int)"),
        (
            {"a": {"b": [0, True]}},
            {"a": {"b": [0, 1]}},
            'result["a"]["b"][1] is True (bool), expected 1 (int)',
        ),
        (
            {"a": 1, "c": 2},
            {"a": 1, "b": 2},
            "result lacks the key 'b' and has the unexpected key 'c'",
        ),
        (
            {1: "a", None: 1},
            {"1": "a", None: 1},
            "result lacks the key '1' and has the unexpected key 1: the keys are of another type",
        ),
        ({1, 2}, {1, 3}, "result lacks 3 and has the unexpected 2"),
        ({1}, {1.0}, "result lacks 1.0 and has the unexpected 1"),
        (None, "a", "the function returned None: is the return missing?"),
        (np.arange(3.0), [0, 1, 2], "result[0] is 0.0 (float64), expected 0 (int)"),
    ],
)
def test_unequal_values_fail_with_the_first_difference(actual, expected, text):
    assert message(assert_equal, actual, expected) == text


def test_long_lists_and_hostile_text_stay_short():
    text = message(assert_equal, list(range(500)), [*range(499), 0])
    assert text == "result[499] is 499, expected 0 (off by 499)"
    assert "3 more" not in message(assert_equal, ["\x1b[31m" * 500], ["a"])
    failure(assert_equal, {"\r\n" * 300: 1}, {"\r\n" * 300: 2})
    failure(assert_equal, {"k" * 500: {"k" * 500: [1]}}, {"k" * 500: {"k" * 500: [2]}})
    failure(assert_equal, 10**5000, 10**5000 + 1)
    failure(assert_equal, "\ud800", "\u202e")


def test_keys_of_mixed_types_need_no_order():
    given = {1: 0, "a": 0, None: 0, (1, 2): 0, 2.5: 0}
    assert message(assert_equal, given, {}).startswith(
        "result has the unexpected keys 1, 'a', None and 2"
    )
    assert failure(assert_equal, {1, "a", None, (1,)}, {2, "b", (2,)}).kind == "values"


# --- shapes, dtypes, ranges -----------------------------------------------------------------


def test_shape_is_checked():
    assert_shape(TABLE, (2, 3))
    assert_shape(torch.ones(2, 3), torch.Size([2, 3]))
    assert_shape(TABLE, (None, 3))
    assert_shape([[1, 2, 3], [4, 5, 6]], (2, 3))
    assert_shape(1.0, ())
    assert_shape([], (0,))
    text = "result has shape (2, 3), expected (2, 4): axis 1 is 3, expected 4"
    assert message(assert_shape, TABLE, (2, 4)) == text
    assert message(assert_shape, TABLE, (None, 4)) == text.replace("(2, 4)", "(any, 4)")
    assert (
        message(assert_shape, [[1], [1, 2]], (2, 2))
        == "result has rows of different lengths: [1, 2]"
    )
    assert (
        message(assert_shape, "a", (1,))
        == "result is the text 'a', expected an array of shape (1,)"
    )
    assert failure(assert_shape, None, (1,)).kind == "type"
    assert failure(assert_shape, [np.array(1.0)], (1, 1)).kind == "shape"


def test_dtype_is_checked_by_name_or_object():
    for dtype in ("float64", np.float64, np.dtype("f8"), float, ("int64", "float64")):
        assert_dtype(TABLE, dtype)
    for dtype in ("bfloat16", torch.bfloat16, "torch.bfloat16"):
        assert_dtype(torch.ones(1, dtype=torch.bfloat16), dtype)
    assert_dtype(np.float32(1), "float32")
    assert message(assert_dtype, TABLE, "float32") == "result has dtype float64, expected float32"
    text = "result is a numpy array of shape (2, 3), float64, expected a torch tensor of float64"
    assert message(assert_dtype, TABLE, torch.float64) == text
    assert (
        message(assert_dtype, 1.0, "int64") == "result is 1.0 (float), expected an array of int64"
    )


def test_finite_values_are_required_at_any_depth():
    assert_finite({"a": [1, 2.5, "x", TABLE, torch.ones(2, requires_grad=True)]})
    assert_finite(np.zeros((0, 2)))
    text = 'result["a"][1] is inf, expected a finite number'
    assert message(assert_finite, {"a": [1, math.inf]}) == text
    text = "1 of 2 elements of result is infinite, the first at [1]: -inf"
    assert message(assert_finite, torch.tensor([0.0, -math.inf])) == text
    assert failure(assert_finite, [np.array([np.nan])]).kind == "nan"
    assert failure(assert_finite, None).kind == "type"


def test_distributions_sum_to_one():
    assert_distribution(ROWS)
    assert_distribution(ROWS.T, axis=0)
    assert_distribution(torch.softmax(torch.randn(3, 50_000), dim=-1))
    assert_distribution(torch.softmax(torch.randn(3, 50).bfloat16(), dim=-1))
    assert_distribution([0.25, 0.75])
    assert_distribution([1, 0])
    assert_distribution({"a": 0.5, "b": 0.5})
    assert_distribution(np.zeros((0, 3)))


def test_a_distribution_that_is_none_is_described():
    wrong = np.array([[0.5, 0.5], [0.61, 0.0]])
    assert message(assert_distribution, wrong, name="weights") == (
        "row 1 of the weights sums to 0.61, not 1 — masked after the softmax?"
    )
    assert message(assert_distribution, wrong.T, axis=0) == (
        "column 1 of the result sums to 0.61, not 1 — masked after the softmax?"
    )
    assert message(assert_distribution, np.stack([wrong, wrong]), name="out[0]") == (
        "[0, 1, :] of out[0] sums to 0.61, not 1 — masked after the softmax?"
    )
    assert "along axis 0 the sums are 1: softmax over the wrong axis?" in message(
        assert_distribution, ROWS.T
    )
    assert message(assert_distribution, [1.5, -0.5]) == (
        "result[1] is -0.5: a probability is never negative"
    )
    assert message(assert_distribution, [0.5, 0.499999]) == "the result sums to 0.999999, not 1"
    assert failure(assert_distribution, [math.nan, 1.0]).kind == "nan"
    assert failure(assert_distribution, [math.inf, 1.0]).kind == "inf"
    assert failure(assert_distribution, np.ones(1), axis=1).kind == "shape"
    for junk in (None, "a", 1.0, ["a"], np.ones(1) + 0j, np.array([None])):
        failure(assert_distribution, junk)


def test_ranges_are_closed():
    assert_between(1, 0, 1)
    assert_between(torch.tensor([0.0, 1.0]), 0, 1)
    assert_between([1, 5], 1, None)
    assert_between(np.zeros(0), 0, 1)
    assert message(assert_between, 1.2, 0, 1) == "result is 1.2, expected between 0 and 1"
    assert message(assert_between, 1.2, 2, None) == "result is 1.2, expected at least 2"
    text = "2 of 6 elements of result are not at least 0: -7 at [1, 2]"
    assert message(assert_between, TABLE, 0, None) == text
    assert failure(assert_between, [math.nan, 1.0], 0, 1).kind == "nan"
    assert failure(assert_between, 10**400, 0, 1).kind == "range"
    assert failure(assert_between, None, 0, 1).kind == "type"


def test_one_of_several_answers():
    assert_one_of("b", ["a", "b"])
    assert_one_of(TABLE, [TABLE + 1, TABLE])
    assert_one_of(None, [1, None])
    assert message(assert_one_of, "x", ["a", "b"]) == "result is 'x', expected one of 'a', 'b'"
    text = "the function returned None: is the return missing?"
    assert message(assert_one_of, None, [1.0, 2.0]) == text
    text = message(assert_one_of, TABLE, [TABLE + 1, TABLE * 2])
    assert text.startswith(
        "result is none of 2 right answers; compared with the first,\nresult: all 6"
    )


# --- orders ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "expected", "options"),
    [
        (["a", "b"], ["a", "b"], {}),
        (("a", "b"), ["a", "b"], {}),
        (np.array([2, 0, 1]), [2, 0, 1], {}),
        (torch.tensor([2, 0, 1]), [2, 0, 1], {}),
        ([], [], {}),
        ([], [("a", 1.0)][:0], {}),
        (["a", "c", "b"], ["a", "b", "c"], {"scores": [1.0, 0.5, 0.5]}),
        (["a", "c", "b"], ["a", "b", "c"], {"scores": {"a": 1.0, "b": 0.5, "c": 0.5 + 1e-12}}),
        (["a", "d"], ["a", "b"], {"scores": {"a": 1.0, "b": 0.5, "d": 0.5}}),
        ([["a", 1.0], ["b", 0.5]], [("a", 1.0), ("b", 0.5)], {}),
        ([("b", 0.5), ("a", 0.5)], [("a", 0.5), ("b", 0.5 - 1e-13)], {}),
        ([("a", np.float32(0.1))], [("a", 0.1)], {}),
        ([("a", 1)], [("a", 1.0)], {}),
        ([("a", 1.0)], ["a"], {"scores": {"a": 1.0}}),
        ([(1, 2), (3, 4)], [(1, 2), (3, 4)], {"scores": {(1, 2): 5, (3, 4): 4}}),
    ],
)
def test_right_rankings_pass(actual, expected, options):
    assert_ranking(actual, expected, **options)


@pytest.mark.parametrize(
    ("actual", "expected", "options", "text"),
    [
        (
            ["a", "c", "b"],
            ["a", "b", "c"],
            {},
            "result[1] is 'c', expected 'b'\n  given     'a', 'c', 'b'\n  expected  'a', 'b', 'c'",
        ),
        (
            ["c", "b", "a"],
            ["a", "b", "c"],
            {"scores": [3, 1, 1]},
            "result[0] is 'c', expected 'a'\n  given     'c', 'b', 'a'\n  expected  'a', 'b', 'c'\n"
            "the right order, reversed",
        ),
        (
            ["b", "a", "c"],
            ["a", "b", "c"],
            {"scores": [2, 1, 1]},
            "result[0] is 'b', expected 'a'\n  given     'b', 'a', 'c'\n  expected  'a', 'b', 'c'",
        ),
        (
            ["b", "c", "a"],
            ["a", "b", "c"],
            {"scores": [2, 2, 1]},
            "result[1] is 'c', expected 'a' or 'b' (tied)\n"
            "  given     'b', 'c', 'a'\n  expected  'a', 'b', 'c'",
        ),
        (
            [("a", 0.5), ("b", 0.25)],
            [("a", 1.0), ("b", 0.5)],
            {},
            "the score of 'a' in result is 0.5, expected 1 (all 2 scores differ)\n"
            "every score is 0.500 times the expected one\n"
            "  given     'a' 0.5, 'b' 0.25\n  expected  'a' 1, 'b' 0.5",
        ),
        (
            ["a"],
            ["a", "b"],
            {},
            "result lacks 'b'\n  given     'a'\n  expected  'a', 'b'",
        ),
        (
            ["a", "x"],
            ["a", "b"],
            {},
            "result lacks 'b' and has 'x', which does not belong\n"
            "  given     'a', 'x'\n  expected  'a', 'b'",
        ),
        (
            ["a", "a", "b"],
            ["a", "b", "c"],
            {},
            "result holds 'a' 2 times, at 0, 1 and lacks 'c'\n"
            "  given     'a', 'a', 'b'\n  expected  'a', 'b', 'c'",
        ),
        (["a"], [("a", 1.0)], {}, "result does not hold (id, score) pairs: it starts with 'a'"),
        ([("a", 1.0)], ["a"], {}, None),
        ([("a", math.nan)], [("a", 1.0)], {}, None),
        ([("a", 1.0)], [], {}, None),
        ([], [("a", 1.0)], {}, None),
        (["a", None], ["a", "b"], {}, "result[1] is None, expected an id"),
        (None, ["a"], {}, "the function returned None: is the return missing?"),
        ({"a": 1.0}, [("a", 1.0)], {}, "result is a dict of 1 key, expected a list of ids"),
        (
            ["1"],
            [1],
            {},
            "result lacks 1 and has '1', which does not belong\n  given     '1'\n  expected  1",
        ),
    ],
)
def test_wrong_rankings_fail(actual, expected, options, text):
    failed = failure(assert_ranking, actual, expected, **options)
    assert text is None or failed.message == text


def test_a_tolerance_of_zero_allows_exact_ties_only():
    pairs = [("a", 1.0), ("b", 1.0 - 1e-12)]
    assert_ranking(pairs[::-1], pairs)
    failure(assert_ranking, pairs[::-1], pairs, tolerance=0)


def test_long_rankings_are_cut():
    ids = [f"document-{index}" for index in range(100)]
    failed = failure(assert_ranking, [ids[1], ids[0], *ids[2:]], ids)
    assert failed.kind == "ranking"
    assert failed.message.endswith("…")


def test_permutations():
    assert_permutation([3, 1, 2], range(1, 4))
    assert_permutation(torch.tensor([1, 0]), [0, 1])
    assert_permutation([[1], [2]], [[2], [1]])
    assert message(assert_permutation, [1, 2, 2], [1, 2, 3]) == (
        "result is no permutation of the expected elements: it lacks 3 and has too often or"
        " wrongly 2"
    )
    assert failure(assert_permutation, None, [1]).kind == "type"
    assert failure(assert_permutation, [1.0], [1]).kind == "permutation"


# --- assert_raises --------------------------------------------------------------------------


def throw(error):
    raise error


def test_the_expected_error_is_returned():
    error = ValueError("k must be positive")
    assert assert_raises(ValueError, throw, error) is error
    assert assert_raises((KeyError, ValueError), throw, error) is error
    assert isinstance(assert_raises(LookupError, {}.__getitem__, "a"), KeyError)
    assert assert_raises(ZeroDivisionError, lambda function: 1 / function, function=0)


def test_no_error_or_another_one_fails():
    text = "expected ValueError, but got the result [0.1, 0.2]"
    assert message(assert_raises, ValueError, lambda: [0.1, 0.2]) == text
    text = "expected KeyError or ValueError, but the function returned None"
    assert message(assert_raises, (KeyError, ValueError), lambda: None) == text
    text = "expected ValueError, but got a generator: nothing in it runs until it is used"
    assert message(assert_raises, ValueError, generator) == text
    text = "expected ValueError, but got the result a torch tensor of shape (2, 2), float32"
    assert message(assert_raises, ValueError, torch.ones, 2, 2) == text
    failed = failure(assert_raises, ValueError, throw, TypeError("bad\nthing\x1b"))
    assert failed.message == "raised TypeError instead of ValueError: bad\\nthing\\x1b"
    assert isinstance(failed.__cause__, TypeError)
    assert failed.kind == "raises"
    assert message(assert_raises, ValueError, throw, KeyError("a")).endswith(
        "KeyError instead of ValueError: a"
    )
    assert (
        message(assert_raises, ValueError, throw, TypeError())
        == "raised TypeError instead of ValueError"
    )
    failure(assert_raises, ValueError, throw, TypeError("x" * 10_000))


class SubmissionFailure(Exception):
    passes_checks = True


class Silent(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize("asked", [ValueError, RuntimeError, Exception, (ValueError, Exception)])
@pytest.mark.parametrize(
    "error",
    [
        NotImplementedError(),
        MemoryError(),
        SubmissionFailure("timed out"),
        KeyboardInterrupt(),
        SystemExit(),
        CheckFailed("from a callback"),
    ],
)
def test_what_says_nothing_about_the_call_passes_through(asked, error):
    with pytest.raises(type(error)) as caught:
        assert_raises(asked, throw, error)
    assert caught.value is error


@pytest.mark.parametrize("error", [NotImplementedError(), MemoryError(), SubmissionFailure()])
def test_it_is_returned_where_its_own_type_is_asked_for(error):
    assert assert_raises(type(error), throw, error) is error
    assert assert_raises((ValueError, type(error)), throw, error) is error


def test_an_error_without_text_is_no_trouble():
    assert (
        message(assert_raises, ValueError, throw, Silent()) == "raised Silent instead of ValueError"
    )


# --- close ----------------------------------------------------------------------------------


class Unequal:
    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (0.1 + 0.2, 0.3),
        (0, 0.0),
        (np.float64(1), 1.0),
        (np.array(1.0), 1.0),
        (math.nan, math.nan),
        ([1.0, math.nan], (1.0, math.nan)),
        ([1.0, 2.0], np.array([1.0, 2.0])),
        ({"a": [1, b"x"]}, {"a": (1, b"x")}),
        ({1, "a"}, frozenset({"a", 1})),
        (range(2), range(2)),
        (np.ones(2), np.ones(2, dtype=np.float32)),
        (np.ones(2, dtype=np.int32), np.ones(2, dtype=np.int64)),
        (torch.ones(2, requires_grad=True), torch.ones(2)),
        (torch.full((2,), math.nan), torch.full((2,), math.nan)),
        (torch.zeros(0, 2), torch.zeros(0, 2)),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)),
        (np.array(["a"]), np.array(["a"], dtype="U9")),
        (None, None),
        (ValueError, ValueError),
        (complex(1, 2), 1 + 2j),
    ],
)
def test_values_that_are_the_same_answer(a, b):
    assert close(a, b) is True
    assert close(b, a) is True


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1.0, 1.001),
        (True, 1),
        (1, "1"),
        (None, 0),
        ("a", b"a"),
        (math.nan, 1.0),
        (math.inf, -math.inf),
        (math.inf, 1e308),
        ([1.0], [1.0, 2.0]),
        ([1.0], 1.0),
        ({"a": 1}, {"b": 1}),
        ({1: 0}, {"1": 0}),
        ({1: 0}, {True: 0}),
        ({1}, {1, 2}),
        ([1], {1}),
        (np.ones(2), np.ones((2, 1))),
        (np.ones(2), np.ones(2, dtype=np.int64)),
        (np.ones(2, dtype=np.uint8), np.ones(2, dtype=np.int64)),
        (np.ones(2, dtype=bool), np.ones(2)),
        (torch.ones(2), torch.ones(2, dtype=torch.float16)),
        (torch.ones(2), np.ones(2, dtype=np.float32)),
        (torch.tensor(1.0), 1.0),
        (np.ones((1, 1)), [[1.0]]),
        (torch.ones(1, device="meta"), torch.ones(1)),
        (object(), object()),
        (Unequal(), Unequal()),
        (10**400, 10**400 + 1),
    ],
)
def test_values_that_are_different_answers(a, b):
    assert close(a, b) is False
    assert close(b, a) is False


def test_close_can_be_looser():
    assert not close(np.ones(2) + 5e-9, np.ones(2))
    assert close(np.ones(2) + 5e-9, np.ones(2), loose=10)
    assert close([("a", 1 + 5e-9)], [("a", 1.0)], loose=10)
    assert not close(3, 4, loose=1e12)


def test_close_never_raises_on_a_value_that_holds_itself():
    loop = []
    loop.append(loop)
    other = []
    other.append(other)
    assert close(loop, other) is False


def test_one_ulp_more_is_close_however_a_sum_was_taken():
    x = noise(64, 64).astype(np.float32)
    assert close(
        x @ x.T, (x.astype(np.float64) @ x.T.astype(np.float64)).astype(np.float32), loose=8
    )


# --- anything at all ------------------------------------------------------------------------

numbers = st.one_of(
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.booleans(),
    st.floats(width=32).map(np.float32),
    st.complex_numbers(max_magnitude=1e6),
)
arrays = st.tuples(
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from(
        ["float64", "float32", "float16", "int64", "uint8", "bool", "complex64", "object"]
    ),
    st.integers(0, 5),
).map(lambda parts: (noise(*parts[0], seed=parts[2]) * 3).astype(parts[1]))
tensors = st.tuples(
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from([torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.float8_e5m2]),
    st.integers(0, 5),
).map(lambda parts: torch.from_numpy(np.asarray(noise(*parts[0], seed=parts[2]) * 3)).to(parts[1]))
keys = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.floats())
leaves = st.one_of(st.none(), numbers, st.text(), st.binary(), arrays, tensors)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(keys, inner, max_size=3),
        st.sets(keys, max_size=3),
        st.lists(st.floats(), max_size=15),
    ),
    max_leaves=8,
)


@QUICK
@given(values, values)
def test_any_two_values_are_compared_or_refused(actual, expected):
    for check in (assert_equal, assert_close):
        try:
            check(actual, expected)
        except CheckFailed as failed:
            lines = failed.message.split("\n")
            assert len(lines) <= 12
            assert max(map(len, lines)) <= 100
            assert all(line.isprintable() for line in lines)
    assert close(actual, expected) is close(expected, actual)


@QUICK
@given(values)
def test_every_value_is_close_to_its_copy(value):
    assert close(value, copy.deepcopy(value)) is True


@QUICK
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_rounding_passes_and_a_visible_change_fails(expected, random):
    actual = [value * (1 + random.uniform(-1e-10, 1e-10)) for value in expected]
    assert_close(actual, expected)
    assert_close(np.array(actual), np.array(expected))
    spot = random.randrange(len(actual))
    actual[spot] += 1e-3 * max(1.0, *map(abs, expected))
    assert f"[{spot}]" in message(assert_close, np.array(actual), np.array(expected))


@QUICK
@given(
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_any_order_of_tied_documents_is_a_right_ranking(scores, random):
    documents = [(f"d{index}", score) for index, score in enumerate(scores)]
    expected = sorted(documents, key=lambda pair: -pair[1])
    shuffled = random.sample(documents, len(documents))
    assert_ranking(sorted(shuffled, key=lambda pair: -pair[1]), expected)
    ids = [one for one, _ in sorted(shuffled, key=lambda pair: -pair[1])]
    assert_ranking(ids, [one for one, _ in expected], scores=dict(documents))
    if len(set(scores)) > 1:
        failure(assert_ranking, sorted(shuffled, key=lambda pair: pair[1]), expected)
