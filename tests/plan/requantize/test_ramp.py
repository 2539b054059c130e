"""Lines through thresholds, against the comparisons that they stand for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwgen.numeric import Range
from hwgen.plan.requantize.ramp import Row, ramps_of


def computed(ramps, lane, group, count):
    ramp = ramps.rows[lane][group]
    return [ramp.start + k * ramp.step >> ramps.fraction for k in range(1, count + 1)]


def codes(thresholds, values):
    return (values[:, None] >= np.array(thresholds)).sum(axis=1)


def uniform(scale, offset, bits, reached):
    """Thresholds of clip(round(sum * scale + offset)) with those that all or none reach moved."""
    places = [int(np.ceil((k - 0.5 - offset) / scale)) for k in range(1, 1 << bits)]
    return Row(
        thresholds=tuple(min(max(place, reached.lo), reached.hi + 1) for place in places),
        reached=reached,
    )


@given(
    scale=st.floats(0.003, 3),
    offset=st.floats(-400, 400),
    bits=st.integers(2, 8),
    lo=st.integers(-3000, 3000),
    span=st.integers(1, 4000),
)
@settings(max_examples=300, deadline=None)
def test_a_uniform_quantizer_is_a_line(scale, offset, bits, lo, span):
    reached = Range(lo, lo + span)
    row = uniform(scale, offset - scale * lo, bits, reached)
    ramps = ramps_of([[row]])
    assert ramps is not None
    values = np.arange(reached.lo, reached.hi + 1)
    found = computed(ramps, 0, 0, len(row.thresholds))
    assert np.array_equal(codes(found, values), codes(row.thresholds, values))


@given(places=st.lists(st.integers(-40, 40), min_size=3, max_size=7))
@settings(max_examples=40, deadline=None)
def test_any_line_has_the_codes_and_none_is_missed(places):
    reached = Range(-30, 30)
    thresholds = tuple(sorted(places))
    ramps = ramps_of([[Row(thresholds=thresholds, reached=reached)]])
    values = np.arange(reached.lo, reached.hi + 1)
    wanted = codes(thresholds, values)
    if ramps is not None:
        found = computed(ramps, 0, 0, len(thresholds))
        assert np.array_equal(codes(found, values), wanted)
        return
    for step in np.arange(0, 70, 0.125):  # steps in eighths would have been found
        starts = np.arange(-600, 100, 0.125)[:, None]
        moved = np.floor(starts + step * np.arange(1, len(thresholds) + 1))
        kept = np.clip(moved, reached.lo, reached.hi + 1)
        fixed = np.clip(thresholds, reached.lo, reached.hi + 1)
        assert not (kept == fixed).all(axis=1).any()


def test_all_rows_share_the_fewest_bits_behind_the_point():
    whole = Row(thresholds=(4, 8, 12), reached=Range(0, 15))
    half = Row(thresholds=(3, 6, 8), reached=Range(0, 15))
    assert ramps_of([[whole]]).fraction == 0
    ramps = ramps_of([[whole, half]])
    assert ramps.fraction == 1
    assert computed(ramps, 0, 0, 3) == [4, 8, 12]
    assert computed(ramps, 0, 1, 3) == [3, 6, 8]


@pytest.mark.parametrize("thresholds", [(5, 5, 5), (-9, -9, -9), (99, 99, 99), (-9, -9, 99)])
def test_thresholds_that_all_or_none_reach_have_lines(thresholds):
    ramps = ramps_of([[Row(thresholds=thresholds, reached=Range(-5, 20))]])
    values = np.arange(-5, 21)
    assert np.array_equal(codes(computed(ramps, 0, 0, 3), values), codes(thresholds, values))


def test_a_bent_staircase_has_none():
    assert ramps_of([[Row(thresholds=(1, 2, 9), reached=Range(0, 15))]]) is None
