"""Every bound against enumeration of all inputs and all partial sums, and the papers' values."""

from fractions import Fraction
from itertools import product
from math import gcd

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwgen.bounds import (
    a2q_cap,
    a2q_plus_cap,
    common_divisor,
    data_type_bits,
    dot_range,
    exact_signed_bits,
    l1_norm_bits,
    offset_bits,
    offset_cap,
    row_ranges,
)
from hwgen.numeric import IntType, Range

TYPES = ["u1", "u2", "s1", "s2", "u3", "s3"]


def array(values):
    return np.array(values, dtype=np.int64)


def every_sum(weights, inputs, bias=0):
    """All values that an accumulator can hold: every input vector, every subset of its products."""
    choices = [{0, *(w * x for x in range(inputs.lo, inputs.hi + 1))} for w in weights]
    sums = {bias}
    for terms in choices:
        sums = {total + term for total in sums for term in terms}
    return sums


def needed_signed_bits(values):
    return next(
        p for p in range(1, 80) if all(-(1 << p - 1) <= value < 1 << (p - 1) for value in values)
    )


@pytest.mark.parametrize("text", TYPES)
def test_dot_range_by_enumeration(text):
    inputs = IntType.parse(text)
    rng = np.random.default_rng(1)
    for length in (1, 2, 3, 4):
        for _ in range(40):
            weights = rng.integers(-7, 8, length)
            bias = int(rng.integers(-20, 21))
            sums = every_sum(weights.tolist(), inputs, bias)
            found = dot_range(weights, inputs.range, bias)
            assert (found.lo, found.hi) == (min(sums), max(sums))
            assert exact_signed_bits(found) == needed_signed_bits({*sums, 0})


@pytest.mark.parametrize("text", TYPES)
def test_final_sums_alone_reach_both_ends(text):
    inputs = IntType.parse(text)
    for weights in product(range(-3, 4), repeat=3):
        sums = [
            sum(w * x for w, x in zip(weights, values, strict=True))
            for values in product(range(inputs.lo, inputs.hi + 1), repeat=3)
        ]
        assert dot_range(array(weights), inputs.range) == Range(min(sums), max(sums))


@pytest.mark.parametrize("text", TYPES)
def test_offset_bits_by_enumeration(text):
    """No register can be narrower: as many codes are needed as there are multiples of g."""
    inputs = IntType.parse(text)
    for weights in product((-6, -4, -2, 0, 3, 4), repeat=3):
        divisor = common_divisor(array(weights))
        sums = every_sum(weights, inputs)
        total = dot_range(array(weights), inputs.range)
        bits = offset_bits(total, divisor)
        codes = {(value - total.lo) // divisor for value in sums}
        assert all((value - total.lo) % divisor == 0 for value in sums)
        assert max(codes) < 1 << bits
        assert bits == 1 or max(codes) >= 1 << (bits - 1)


integers = st.integers(-(1 << 63), (1 << 63) - 1)


@given(
    st.lists(integers, max_size=6),
    st.integers(-(1 << 70), 0),
    st.integers(0, 1 << 70),
    st.integers(-(1 << 90), 1 << 90),
)
def test_dot_range_in_big_integers(weights, lo, hi, bias):
    found = dot_range(array(weights), Range(lo, hi), bias)
    assert found.lo == bias + sum(min(w * lo, w * hi) for w in weights)
    assert found.hi == bias + sum(max(w * lo, w * hi) for w in weights)


@given(st.lists(st.integers(-(1 << 61), 1 << 61), min_size=1, max_size=6))
def test_common_divisor(weights):
    divisor = common_divisor(array(weights))
    assert divisor == (gcd(*weights) or 1)
    assert all(weight % divisor == 0 for weight in weights)


def test_sums_beyond_int64_in_the_middle():
    """Many weights whose sum, not one of them, leaves int64."""
    weights = np.full(9, 1 << 60)
    assert dot_range(weights, Range(-1, 1)) == Range(-9 << 60, 9 << 60)


def test_row_ranges():
    found = row_ranges(array([[3, -2, 1], [0, 0, 0]]), Range(0, 15), array([0, 5]))
    assert found == [Range(-30, 60), Range(5, 5)]
    with pytest.raises(ValueError, match="shorter"):
        row_ranges(array([[1]]), Range(0, 1), array([]))


@pytest.mark.parametrize(
    ("weights", "inputs", "signed", "offset"),
    [  # methods.md 0.1
        ([3, -2, 1], "u4", 7, 7),
        ([3, 2, 1], "u4", 8, 7),
        ([1] * 128, "u8", 16, 15),
        ([1] * 128 + [-1] * 128, "u8", 16, 16),
        ([0, 0], "u8", 1, 1),
        ([4, -8], "u4", 8, 6),
    ],
)
def test_offset_against_signed(weights, inputs, signed, offset):
    total = dot_range(array(weights), IntType.parse(inputs).range)
    assert exact_signed_bits(total) == signed
    assert offset_bits(total, common_divisor(array(weights))) == offset


CAPS = [  # methods.md 1.6: P, N, A2Q unsigned, A2Q signed, A2Q+, A2Q+ a side
    (16, 8, 127.996, 255.992, 256.996, 128),
    (20, 8, 2047.996, 4095.992, 4112.055, 2056),
    (16, 4, 2047.94, 4095.88, 4368.93, 2184),
    (14, 4, 511.94, 1023.88, 1092.13, 546),
    (13, 4, 255.94, 511.88, 546.00, 273),
    (12, 4, 127.94, 255.88, 272.93, 136),
    (12, 3, 255.875, 511.75, 584.86, 292),
    (11, 3, 127.875, 255.75, 292.29, 146),
    (8, 4, 7.94, 15.88, 16.93, 8),
]


@pytest.mark.parametrize(("p", "n", "unsigned", "signed", "centred", "side"), CAPS)
def test_caps_of_the_papers(p, n, unsigned, signed, centred, side):
    u, s = IntType(bits=n, signed=False), IntType(bits=n, signed=True)
    assert float(a2q_cap(p, u)) == pytest.approx(unsigned, abs=0.006)
    assert float(a2q_cap(p, s)) == pytest.approx(signed, abs=0.006)
    assert float(a2q_plus_cap(p, u)) == pytest.approx(centred, abs=0.006)
    assert a2q_plus_cap(p, s) == a2q_plus_cap(p, u)
    assert a2q_plus_cap(p, u) // 2 == side


WIDTHS = [  # methods.md 1.6: weights, inputs, l1, range, exact, by A2Q's norm, by A2Q+'s formula
    ([3, -2, 1], "u4", 6, (-30, 60), 7, 8, 7),
    ([3, -2, 1], "s4", 6, (-46, 44), 7, 7, 7),
    ([1] * 127, "u8", 127, (0, 32385), 16, 16, 15),
    ([1] * 128, "u8", 128, (0, 32640), 16, 17, 15),
    ([1] * 129, "u8", 129, (0, 32895), 17, 17, 16),
    ([1] * 128 + [-1] * 128, "u8", 256, (-32640, 32640), 16, 18, 16),
    ([1] * 256, "s8", 256, (-32768, 32512), 16, 17, 16),
    ([-1] * 256, "s8", 256, (-32512, 32768), 17, 17, 16),
    ([-1] * 255, "s8", 255, (-32385, 32640), 16, 16, 16),
]


@pytest.mark.parametrize(
    ("weights", "text", "l1", "ends", "exact", "norm", "centred"), WIDTHS, ids=range(len(WIDTHS))
)
def test_widths_of_the_papers(weights, text, l1, ends, exact, norm, centred):
    inputs = IntType.parse(text)
    assert sum(map(abs, weights)) == l1
    total = dot_range(array(weights), inputs.range)
    assert (total.lo, total.hi) == ends
    assert exact_signed_bits(total) == exact
    assert l1_norm_bits(l1, inputs) == norm
    assert next(p for p in range(2, 40) if l1 <= a2q_plus_cap(p, inputs)) == centred


@pytest.mark.parametrize(
    ("fan_in", "m", "n", "bits"),
    [  # methods.md 1.2: the largest hidden layers of the papers' nets
        (4608, 3, 3, 19),
        (4608, 3, 4, 20),
        (1024, 3, 3, 17),
        (1024, 3, 4, 18),
        (1024, 3, 5, 19),
        (576, 3, 3, 16),
        (576, 3, 4, 17),
        (576, 3, 5, 18),
        (512, 3, 3, 16),
        (1023, 3, 3, 16),
        (1024, 8, 8, 27),
    ],
)
def test_data_type_bits_of_the_papers(fan_in, m, n, bits):
    assert data_type_bits(fan_in, IntType(bits=n, signed=False), m) == bits


def test_data_type_bits_jump_at_a_power_of_two():
    worst = dot_range(np.full(1024, 127), IntType.parse("u8").range)
    assert exact_signed_bits(worst) == 26


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("p", range(2, 13))
@pytest.mark.parametrize("letter", "us")
def test_caps_are_sound(n, p, letter):
    """No weights within a cap need more than P bits, whatever their signs."""
    inputs = IntType.parse(f"{letter}{n}")
    norm = int(a2q_cap(p, inputs))
    for positive in {0, norm // 2, norm}:
        total = dot_range(array([positive, positive - norm]), inputs.range)
        assert exact_signed_bits(total) <= p
    side = int(a2q_plus_cap(p, inputs) / 2)  # what A2Q+ really enforces: each side alone
    for weights in ([side, -side], [side, 0], [0, -side]):
        assert exact_signed_bits(dot_range(array(weights), inputs.range)) <= p
    norm = offset_cap(p, inputs.range)
    for positive in {0, norm // 3, norm}:
        assert offset_bits(dot_range(array([positive, positive - norm]), inputs.range)) <= p


@pytest.mark.parametrize("text", TYPES)
@pytest.mark.parametrize("p", range(1, 10))
def test_offset_cap_is_the_largest(text, p):
    inputs = IntType.parse(text).range
    norm = offset_cap(p, inputs)
    assert offset_bits(dot_range(array([norm]), inputs)) <= p
    assert offset_bits(dot_range(array([norm + 1]), inputs)) > p


@given(st.integers(1, 40), st.integers(1, 16), st.booleans())
def test_caps_by_their_formula(p, n, signed):
    inputs = IntType(bits=n, signed=signed)
    assert a2q_cap(p, inputs) == Fraction(2 ** (p - 1) - 1, 2 ** (n - signed))
    assert a2q_plus_cap(p, inputs) == Fraction(2**p - 2, 2**n - 1)
    assert offset_cap(p, inputs.range) == (2**p - 1) // (2**n - 1)


@given(st.lists(st.integers(-127, 127), min_size=1, max_size=30), st.sampled_from(TYPES))
def test_the_bounds_are_ordered(weights, text):
    """Exact <= by l1 norm <= by data type; the offset never needs more than the exact register."""
    inputs = IntType.parse(text)
    total = dot_range(array(weights), inputs.range)
    exact = exact_signed_bits(total)
    norm = l1_norm_bits(sum(map(abs, weights)), inputs)
    assert offset_bits(total, common_divisor(array(weights))) <= exact <= norm
    assert norm <= data_type_bits(len(weights), inputs, 8)
