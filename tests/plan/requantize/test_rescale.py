"""Products against the staircases that they stand for, value by value."""

from itertools import pairwise

import numpy as np
import pytest

from hwgen.numeric import IntType, Range
from hwgen.plan.requantize.rescale import is_equal, ordered_digits, rescales, signed_digits
from hwgen.plan.requantize.staircase import code_range, steps
from hwgen.plan.stages.requantizers import Rescale, Steps, codes_of


def affine(scale, offset, bits, stored, signed=False, unit=1):
    """Thresholds of clip(round(scale * sum + offset)), as a trained network has them."""
    kind = IntType(bits=bits, signed=signed)
    codes = np.arange(kind.lo + 1, kind.hi + 1)
    thresholds = np.ceil((codes - 0.5 - offset) / scale).astype(np.int64)
    return steps(thresholds, unit, 0, stored, kind.lo)


def lane_of(stored, wraps):
    bits = stored.span.bit_length()
    return IntType(bits=bits, signed=False) if wraps and bits < stored.bits else stored.type


STORED = [Range(-300, 500), Range(0, 1023), Range(700, 1500), Range(-2000, -900), Range(5, 260)]


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("wraps", [False, True])
@pytest.mark.parametrize("unit", [1, -1])
@pytest.mark.parametrize("kind", ["u4", "s5", "u8"])
@pytest.mark.parametrize("scale", [0.0173, 0.25, 1.7])
def test_every_product_has_the_codes(stored, wraps, unit, kind, scale):
    code = IntType.parse(kind)
    middle = unit * (stored.lo + stored.hi) / 2
    plain = affine(scale, 3.3 - scale * middle, code.bits, stored, code.signed, unit)
    lane = lane_of(stored, wraps)
    found = list(rescales(plain, stored, lane))
    if len(plain.thresholds) < 2:
        assert not found
        return
    assert found
    values = np.arange(stored.lo, stored.hi + 1)
    expected = np.array(plain.codes)[(values[:, None] >= plain.thresholds).sum(axis=1)]
    carried = values % 2**lane.bits if not lane.lo <= stored.lo <= stored.hi <= lane.hi else values
    for made in found:
        assert np.array_equal(codes_of(made, lane, carried), expected)
        assert code_range(made) == code_range(plain)


def test_a_power_of_two_is_one_addition():
    stored = Range(-100, 411)
    plain = affine(1 / 16, 0.3, 5, stored)
    best = min(rescales(plain, stored, lane_of(stored, True)), key=lambda made: made.adders)
    assert len(best.digits) == 1
    assert best.adders == 1


def test_an_aligned_power_of_two_is_wiring():
    stored = Range(0, 1023)
    plain = steps(np.arange(32, 1024, 32), 1, 0, stored, 0)
    best = min(rescales(plain, stored, stored.type), key=lambda made: made.adders)
    assert (len(best.digits), best.adders, best.constant, best.seam) == (1, 0, 0, 0)


def test_thresholds_on_no_line_have_no_product():
    stored = Range(0, 255)
    squares = steps(np.arange(1, 16) ** 2, 1, 0, stored, 0)
    assert not list(rescales(squares, stored, stored.type))


@pytest.mark.parametrize("change", ["constant", "seam", "digits"])
def test_a_changed_product_is_not_equal(change):
    stored, lane = Range(700, 1500), IntType(bits=10, signed=False)
    plain = affine(0.11, -120.2, 5, stored)
    made = next(item for item in rescales(plain, stored, lane) if item.seam)
    fields = {name: getattr(made, name) for name in Rescale.__dataclass_fields__}
    fields |= {
        "constant": {"constant": made.constant ^ 1 << made.shift},
        "seam": {"seam": 0},
        "digits": {"digits": made.digits[:-1]},
    }[change]
    assert is_equal(made, plain, stored, lane)
    assert not is_equal(Rescale(**fields), plain, stored, lane)


@pytest.mark.parametrize("number", [1, 2, 3, 7, 11, 23, 85, 119, 255, 1000, 43691])
def test_digits_are_the_number_and_no_two_are_neighbours(number):
    digits = signed_digits(number)
    assert sum(digit.sign << digit.shift for digit in digits) == number
    assert all(b.shift - a.shift > 1 for a, b in pairwise(digits))
    assert sorted(ordered_digits(number)) == sorted(digits)
    assert ordered_digits(number)[0].sign > 0


def test_a_staircase_of_one_step_is_left_alone():
    plain = Steps(thresholds=(5,), codes=(0, 1))
    assert not list(rescales(plain, Range(0, 9), IntType(bits=4, signed=False)))


def test_a_product_that_cannot_be_built_is_refused():
    stored = Range(-100, 411)
    made = next(rescales(affine(1 / 16, 0.3, 5, stored), stored, lane_of(stored, True)))
    fields = {name: getattr(made, name) for name in Rescale.__dataclass_fields__}
    with pytest.raises(ValueError, match="digits must start with a positive one"):
        Rescale(**fields | {"digits": ()})
    with pytest.raises(ValueError, match="constant fit"):
        Rescale(**fields | {"constant": 1 << made.bits})
