"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close


def floats(*values):
    return np.array(values, dtype=np.float32)


def test_the_worked_example_in_int8(submission):
    weight = np.array([[1, -2, 3], [-128, 0, 127]], dtype=np.int8)
    given = submission.int8_gemv(weight, floats(0.5, 0.01), floats(1, 10, 100))
    assert_close(given, floats(140.5, 125.72))


def test_the_worked_example_in_int4(submission):
    packed = np.array([[0x7A, 0xF8]], dtype=np.uint8)
    scale = np.array([[0.5, 2.0]], dtype=np.float32)
    given = submission.int4_gemv(packed, scale, floats(1, 10, 100, 1000), 2)
    assert_close(given, floats(13996.0))


def test_one_group_of_four(submission):
    packed = np.array([[0x79, 0x88], [0x88, 0x09]], dtype=np.uint8)
    scale = np.array([[1.0], [10.0]], dtype=np.float32)
    given = submission.int4_gemv(packed, scale, floats(1, 10, 100, 1000), 4)
    assert_close(given, floats(-9.0, -79000.0))


def test_a_long_row(submission):
    weight, x = np.full((3, 1000), -1, dtype=np.int8), np.ones(1000, dtype=np.float32)
    assert_close(submission.int8_gemv(weight, floats(1, 2, 3), x), floats(-1000, -2000, -3000))
