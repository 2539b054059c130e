"""Thresholds of random chains of functions against every integer, computed one by one."""

import math
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwgen.frontend.onnx.arithmetic.functions import (
    Affine,
    Bounds,
    Clip,
    Leaky,
    Norm,
    Run,
    Sigmoid,
    Tanh,
)
from hwgen.frontend.onnx.arithmetic.roots import logarithm, rational_root, root
from hwgen.frontend.onnx.arithmetic.rounding import Mode, parse_mode, round_array, rounded
from hwgen.frontend.onnx.folding.constants import codes_of, rationals
from hwgen.frontend.onnx.quantizing.thresholds import (
    MOST_IRRATIONAL,
    UncertainError,
    row_of,
    uniform_bounds,
)
from hwgen.frontend.onnx.tensors.value import Channel
from hwgen.numeric import Range

getcontext().prec = 60


def round_by_definition(mode, value):
    sign, size = (-1 if value < 0 else 1), abs(value)
    return {
        Mode.half_even: lambda: round(value),
        Mode.floor: lambda: math.floor(value),
        Mode.ceil: lambda: math.ceil(value),
        Mode.down: lambda: math.trunc(value),
        Mode.up: lambda: sign * math.ceil(size),
        Mode.half_up: lambda: sign * math.floor(size + Fraction(1, 2)),
        Mode.half_down: lambda: sign * math.ceil(size - Fraction(1, 2)),
    }[mode]()


def apply(function, x):
    match function:
        case Affine():
            return function.factor * x + function.shift
        case Clip():
            x = x if function.lo is None else max(x, function.lo)
            return x if function.hi is None else min(x, function.hi)
        case Leaky():
            return x if x > 0 else function.slope * x
        case Norm():
            square = Decimal(function.square.numerator) / Decimal(function.square.denominator)
            value = (x - function.mean) * function.gamma / Fraction(square.sqrt())
            return value + function.beta
        case Sigmoid():
            return Fraction(1 / (1 + (-as_decimal(x)).exp()))
        case Tanh():
            power = (2 * as_decimal(x)).exp()
            return Fraction((power - 1) / (power + 1))


def as_decimal(x):
    return Decimal(x.numerator) / Decimal(x.denominator)


small = st.fractions(min_value=-8, max_value=8, max_denominator=8)
positive = st.fractions(min_value=Fraction(1, 8), max_value=4, max_denominator=8)
affine = st.builds(Affine, small, small)
clip = st.tuples(st.none() | small, st.none() | small).map(
    lambda ends: Clip(*sorted(ends)) if None not in ends else Clip(*ends)
)
exact_functions = st.lists(affine | clip | st.builds(Leaky, positive), max_size=4)
norm = st.builds(Norm, small, st.sampled_from([Fraction(2), Fraction(7, 3)]), small, small)


def codes_by_row(row, limits, lo):
    return [
        lo + sum(row.sign * q >= threshold for threshold in row.thresholds)
        for q in range(limits.lo, limits.hi + 1)
    ]


def codes_by_definition(functions, scale, offset, limits, quantizer):
    mode, lo, hi, step, zero = quantizer
    codes = []
    for q in range(limits.lo, limits.hi + 1):
        x = scale * q + offset
        for function in functions:
            x = apply(function, x)
        codes.append(min(max(round_by_definition(mode, x / step + zero), lo), hi))
    return codes


quantizers = st.tuples(
    st.sampled_from(list(Mode)),
    st.integers(-8, 0),
    st.integers(1, 8),
    positive,
    st.integers(-3, 3),
)


@settings(max_examples=300, deadline=None)
@given(exact_functions, small, small, quantizers)
def test_rational_chains(functions, scale, offset, quantizer):
    limits = Range(-20, 25)
    channel = Channel(scale, offset)
    for function in functions:
        channel = channel.then(function)
    mode, lo, hi, step, zero = quantizer
    row = row_of(channel, uniform_bounds(mode, lo, hi, step, zero), limits)
    expected = codes_by_definition(functions, scale, offset, limits, quantizer)
    assert codes_by_row(row, limits, lo) == expected
    assert list(row.thresholds) == sorted(row.thresholds)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(affine | norm | st.just(Sigmoid()) | st.just(Tanh()) | clip, max_size=3),
    small,
    small,
    quantizers,
)
def test_irrational_chains(functions, scale, offset, quantizer):
    """Where a value lies exactly on a step the decimals here may fall to either side of it."""
    limits = Range(-6, 7)
    channel = Channel(scale, offset)
    for function in functions:
        channel = channel.then(function)
    mode, lo, hi, step, zero = quantizer
    row = row_of(channel, uniform_bounds(mode, lo, hi, step, zero), limits)
    for q, code in zip(range(-6, 8), codes_by_row(row, limits, lo), strict=True):
        x = scale * q + offset
        for function in functions:
            x = apply(function, x)
        near = [x / step + zero + Fraction(sign, 10**40) for sign in (-1, 0, 1)]
        assert code in {min(max(round_by_definition(mode, v), lo), hi) for v in near}


def test_zero_behind_a_root_is_exact():
    """A sign of batch normalization without a shift steps at the mean, whatever the root."""
    channel = Channel().then(Norm(Fraction(3), Fraction(2), Fraction(-1), Fraction(0)))
    row = row_of(channel, uniform_bounds(Mode.floor, -1, 0, Fraction(1), 0), Range(-9, 9))
    assert row.sign == -1
    assert row.thresholds == (-3,)


def test_too_many_irrational_functions_are_not_sure():
    channel = Channel(functions=(Tanh(),) * (MOST_IRRATIONAL + 1))
    with pytest.raises(UncertainError):
        row_of(channel, uniform_bounds(Mode.floor, 0, 3, Fraction(1, 4), 0), Range(-9, 9))


def test_modes_by_name():
    assert parse_mode("round") is Mode.half_even
    assert parse_mode("floor") is Mode.floor
    assert parse_mode("STOCHASTIC") is None


@pytest.mark.parametrize("mode", list(Mode))
def test_rounding_of_one_number_and_of_arrays(mode):
    for numerator in range(-40, 41):
        value = Fraction(numerator, 8)
        assert rounded(mode, value) == round_by_definition(mode, value)
    values = np.arange(-40, 41) / 8 + 0.03
    expected = [round_by_definition(mode, Fraction(value)) for value in values]
    assert round_array(mode, values).tolist() == expected


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("scale", [0.1, 0.25, 1 / 3])
def test_constants_are_rounded_exactly(mode, scale):
    """Ties of the real quotient, which float64 has just beside a half."""
    step = np.float32(scale)
    array = np.concatenate([np.arange(-20, 21) * step / 2, np.arange(-20, 21) * 0.05])
    array = array.astype(np.float32)
    codes = codes_of(array, rationals(np.asarray(step)), 2, mode, -8, 9)
    expected = [
        min(max(round_by_definition(mode, Fraction(float(x)) / Fraction(float(step)) + 2), -8), 9)
        for x in array
    ]
    assert codes.tolist() == expected


@pytest.mark.parametrize("square", [Fraction(2), Fraction(1, 3), Fraction(1, 10**50 + 7)])
def test_roots_are_bracketed(square):
    low, high = root(square, 40)
    assert low * low < square < high * high
    assert (high - low) / low < Fraction(1, 10**38)
    assert rational_root(square) is None


def test_rational_roots_and_logarithms():
    assert root(Fraction(9, 4), 5) == (Fraction(3, 2), Fraction(3, 2))
    assert logarithm(Fraction(1), 40) == (0, 0)
    low, high = logarithm(Fraction(2), 40)
    assert low < Fraction("0.69314718055994530941723212145817656807550013436025") < high


def test_a_part_of_bounds_is_that_of_their_list():
    single = Run(Fraction(3), Fraction(0), 1, (True, False))
    runs = (Run(Fraction(0), Fraction(1, 2), 5, (False, True)), single)
    whole = Bounds(2, runs, 3)
    for first in range(12):
        for count in range(12 - first):
            part = whole.part(first, count)
            assert part.count == count
            for value in (Fraction(k, 4) for k in range(-2, 16)):
                reached = min(max(whole.reached_by(value) - first, 0), count)
                assert part.reached_by(value) == reached
