"""A sweep leaves out, or refuses, widths without room for a weight."""

from dataclasses import replace

import pytest

from hwgen.errors import HwgenError
from training.recipes import RECIPES
from training.sweep.checks import trainable

DIGITS = replace(RECIPES["digits"], epochs=1, float_epochs=1)


def test_the_smallest_useful_width_is_named():
    trials = [replace(DIGITS, method=method, accumulator_bits=3) for method in ("a2q", "a2q_ip")]
    with pytest.raises(HwgenError) as caught:
        trainable(trials, None)
    assert str(caught.value) == (
        "digits: P = 3 leaves no room for a weight of 1 with 4-bit inputs; "
        "the smallest useful P is 4"
    )


def test_a_method_without_room_is_left_out_where_another_has_some():
    trials = [replace(DIGITS, method=m, accumulator_bits=5) for m in ("a2q", "a2q_plus", "a2q_ip")]
    kept, without = trainable([*trials, replace(DIGITS, method="qat", accumulator_bits=None)], None)
    assert [trial.method for trial in kept] == ["a2q_plus", "a2q_ip", "qat"]
    assert [(trial.method, needed) for trial, needed in without] == [("a2q", 6)]
