"""Sums of 25 to 60 bits: lines, products and staircases are decided by arithmetic."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.numeric import IntType, Range
from hwgen.plan.check.plan import check_plan
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.plan.requantize.line import Corridor
from hwgen.plan.requantize.rescale import is_equal, rescales
from hwgen.plan.requantize.staircase import steps
from hwgen.plan.requantize.steps_over import steps_over
from hwgen.plan.stages.requantizers import Digit, Rescale, Steps, codes_of
from hwgen.plan.stages.stage import ParallelThreshold, SerialThreshold
from tests.tiny_nets import bent, wide_network


def test_slopes_and_constants_are_all_that_there_are():
    rng = np.random.default_rng(5)
    for _ in range(10):
        places = np.cumsum(rng.integers(1, 9, 6))
        codes = np.arange(7)
        corridor = Corridor.of(places.tolist(), codes.tolist())
        slopes = corridor.slopes()
        for multiplier in range(1, 65):
            constants = np.arange(-3500, 300)
            at = multiplier * places + constants[:, None]
            is_right = (at >= 16 * codes[1:]) & (at - multiplier < 16 * codes[1:])
            right = constants[is_right.all(axis=1)]
            found = corridor.constants(multiplier, 4)
            assert (found is None) == (not len(right))
            if len(right):
                assert found == (right.min(), right.max())
                assert slopes is not None
                assert slopes[0] < Fraction(multiplier, 16) < slopes[1]


def thresholds_of(bits, span, seed):
    """Give thresholds of a scale and an offset, over sums from a negative one on."""
    rng = np.random.default_rng(seed)
    lo = -int(rng.integers(0, span))
    step = Fraction(span * 3 // 4, (1 << bits) - 1) + Fraction(int(rng.integers(1 << 40)), 1 << 45)
    start = lo + Fraction(int(rng.integers(1 << 30)), 1 << 32) * span / 4
    places = [-((-start - step * k) // 1) for k in range(1, 1 << bits)]
    return np.array(places, np.int64), Range(lo, lo + span - 1)


@pytest.mark.parametrize(("bits", "width"), [(8, 26), (12, 40), (14, 33), (16, 33), (10, 60)])
@pytest.mark.parametrize("unit", [1, -1])
def test_products_of_wide_sums_have_every_code(bits, width, unit):
    thresholds, stored = thresholds_of(bits, (1 << width) - 1000, bits + width)
    if unit < 0:
        stored = Range(-stored.hi, -stored.lo)
    plain = steps(thresholds, unit, 0, stored, 0)
    lane = IntType(bits=width, signed=False)
    made = next(rescales(plain, stored, lane))
    assert made.multiplier is not None
    assert is_equal(made, plain, stored, lane)
    near = np.array([t + d for t in plain.thresholds[::97] for d in (-1, 0)])
    assert np.array_equal(
        codes_of(made, lane, near & (1 << width) - 1), codes_of(plain, lane, near)
    )
    first, *rest = made.digits
    for wrong in (
        replace(made, constant=(made.constant + (1 << made.shift)) % (1 << made.bits)),
        replace(made, shift=made.shift - 1),
        replace(made, digits=(*rest[::-1], first) if rest[-1].sign > 0 else (first, *rest[:-1])),
        replace(made, digits=(*made.digits, Digit(3, 1))),
    ):
        if wrong.digits == made.digits and wrong == made:
            continue
        same = wrong.multiplier == made.multiplier and wrong.shift == made.shift
        assert is_equal(wrong, plain, stored, lane) == (same and wrong.constant == made.constant)


def test_a_threshold_off_the_line_has_no_such_product():
    thresholds, stored = thresholds_of(12, 1 << 40, 1)
    plain = steps(thresholds, 1, 0, stored, 0)
    made = next(rescales(plain, stored, stored.type))
    moved = list(plain.thresholds)
    moved[1000] += 1
    other = Steps(thresholds=tuple(moved), codes=plain.codes)
    assert is_equal(made, plain, stored, stored.type)
    assert not is_equal(made, other, stored, stored.type)


def test_staircases_over_few_values_are_those_of_trying_each():
    rng = np.random.default_rng(2)
    for _ in range(200):
        lane = IntType(bits=7, signed=False)
        channel = Rescale(
            digits=(Digit(0, 1), Digit(int(rng.integers(2, 5)), 1)),
            constant=int(rng.integers(1 << 11)),
            seam=int(rng.integers(128)),
            bits=11,
            shift=int(rng.integers(4, 8)),
            steps=Steps(thresholds=(2, 3, 5), codes=(0, 1, 2, 3)),
        )
        lo = int(rng.integers(-200, 200))
        values = Range(lo, lo + int(rng.integers(1, 128)))
        every = np.arange(values.lo, values.hi + 1)
        expected = codes_of(channel, lane, every & 127)
        found = steps_over(channel, lane, values, 7)
        index = np.searchsorted(found.thresholds, every, side="right")
        assert np.array_equal(np.array(found.codes)[index], expected)


@pytest.mark.parametrize("style", ["unrolled", "folded"])
def test_edited_plans_of_wide_sums_are_compared(style):
    graph = wide_network(inputs="u14", codes="u13", weight_bits=14)
    plan = plan_design(graph, BuildOptions(style=style, effort="low"))
    layers = layers_of(graph)
    check_plan(plan, graph, layers, "plan")
    index, stage = next(
        (i, s) for i, s in enumerate(plan.stages) if isinstance(s, ParallelThreshold)
    )
    channel = stage.channels[0]
    assert isinstance(channel, Rescale)
    wrong = replace(channel, constant=channel.constant ^ 1 << channel.shift - 1)
    stages = list(plan.stages)
    stages[index] = replace(stage, channels=(wrong, *stage.channels[1:]))
    with pytest.raises(PlanError, match=r"row 0 of dense0 must have code \d+ for a sum of -?\d+"):
        check_plan(replace(plan, stages=tuple(stages)), graph, layers, "plan")


def test_too_many_thresholds_for_logic_are_refused():
    graph = bent(wide_network(inputs="u14", codes="u13", weight_bits=14))
    with pytest.raises(PlanError) as caught:
        plan_design(graph, BuildOptions(style="unrolled", effort="low"))
    count = int(str(caught.value).split("not ")[1].split(";")[0])
    assert count > 4095
    assert str(caught.value) == (
        "act0: row 0 must have at most 4095 thresholds where no multiplication and shift has its "
        f"codes in the time of a clock cycle, not {count}; take --style folded, or fewer bits of "
        "the activation"
    )
    folded = plan_design(graph, BuildOptions(style="folded"))
    assert any(isinstance(stage, SerialThreshold) for stage in folded.stages)


def test_too_many_thresholds_for_memories_are_refused():
    graph = bent(wide_network(inputs="u8", codes="u16", weight_bits=12, widths=(3, 17, 2)))
    with pytest.raises(PlanError) as caught:
        plan_design(graph, BuildOptions(style="folded"))
    assert str(caught.value) == (
        "act0: must have at most 1048576 thresholds in memories, not 1114095, or rows that a "
        "multiplication and a shift make, and row 0 is none; take fewer bits of the activation"
    )
