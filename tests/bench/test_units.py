"""The reference of the bench of units: what uniform P takes at the same accuracy."""

import math

import pytest

from bench.training.units import at_equal_accuracy


def row(accuracy, luts):
    return {"accuracy": accuracy, "luts": luts}


def test_between_two_rows_the_reference_is_log_linear():
    uniform = [row(90.0, 1000), row(94.0, 4000), row(92.0, 2000)]
    assert at_equal_accuracy(row(93.0, 1), uniform, "luts") == pytest.approx(math.sqrt(2000 * 4000))
    assert at_equal_accuracy(row(90.0, 1), uniform, "luts") == pytest.approx(1000)


def test_outside_of_the_rows_there_is_none():
    uniform = [row(90.0, 1000), row(94.0, 4000)]
    assert at_equal_accuracy(row(89.9, 1), uniform, "luts") is None
    assert at_equal_accuracy(row(94.1, 1), uniform, "luts") is None


def test_a_wider_row_that_is_less_accurate_is_no_reference():
    uniform = [row(90.0, 1000), row(89.0, 2000), row(94.0, 4000)]
    assert at_equal_accuracy(row(92.0, 1), uniform, "luts") == pytest.approx(2000)
