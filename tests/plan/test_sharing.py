from itertools import pairwise

import numpy as np
import pytest

from hwgen.plan.sharing import digit_rows, pair_count, signed_digits


@pytest.mark.parametrize("value", [*range(-300, 301), 2**31 - 1, -(2**31)])
def test_signed_digits_sum_to_the_value_and_are_never_adjacent(value):
    digits = signed_digits(value)
    assert sum(sign << shift for shift, sign in digits) == value
    shifts = [shift for shift, _ in digits]
    assert all(b - a >= 2 for a, b in pairwise(shifts))


def test_zero_weights_have_no_terms():
    rows = digit_rows(np.array([[0, 0], [0, 3]]))
    assert rows == [{}, {(1, 0): -1, (1, 2): 1}]
    assert pair_count(rows) == 1
