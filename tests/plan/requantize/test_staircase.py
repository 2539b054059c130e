import numpy as np
import pytest

from hwgen.numeric import Range
from hwgen.plan.requantize.staircase import code_range, lane_thresholds, steps, wrapped


def code_of(staircase, lane):
    return staircase.codes[int(np.searchsorted(staircase.thresholds, lane, side="right"))]


@pytest.mark.parametrize("unit", [1, -1, 3, -4, 8])
@pytest.mark.parametrize("constant", [0, 7, -13])
@pytest.mark.parametrize("seed", range(5))
def test_a_moved_staircase_gives_the_code_of_the_sum(seed, constant, unit):
    rng = np.random.default_rng(seed)
    lane = Range(-5, 20)
    thresholds = np.sort(rng.integers(-120, 120, 15))
    staircase = steps(thresholds, unit, constant, lane, -8)
    for value in range(lane.lo, lane.hi + 1):
        expected = -8 + int((unit * value + constant >= thresholds).sum())
        assert code_of(staircase, value) == expected
    assert all(lane.lo < t <= lane.hi for t in staircase.thresholds)
    assert len(set(staircase.thresholds)) == len(staircase.thresholds)


def test_thresholds_beyond_reach_leave_a_constant():
    staircase = steps(np.array([-50, 90, 91]), 1, 0, Range(0, 30), 0)
    assert staircase.thresholds == ()
    assert staircase.codes == (1,)
    assert code_range(staircase) == Range(1, 1)


def test_lane_thresholds_are_clipped_to_always_and_never():
    moved, descending = lane_thresholds(np.array([-99, 5, 99]), 1, 0, Range(0, 10))
    assert moved == (0, 5, 11)
    assert not descending


@pytest.mark.parametrize(
    "stored", [Range(-5, 20), Range(40, 62), Range(64, 80), Range(1, 32), Range(-32, -1)]
)
@pytest.mark.parametrize("unit", [1, -1])
@pytest.mark.parametrize("seed", range(6))
def test_a_wrapped_staircase_gives_the_same_codes(seed, unit, stored):
    rng = np.random.default_rng(seed)
    thresholds = np.sort(rng.integers(-70, 90, 7))
    plain = steps(thresholds, unit, 0, stored, 0)
    bits = stored.span.bit_length()
    turned = wrapped(plain, stored, bits)
    for value in range(stored.lo, stored.hi + 1):
        assert code_of(turned, value % 2**bits) == code_of(plain, value)
    assert list(turned.thresholds) == sorted(set(turned.thresholds))
