"""Integer types, ranges and rounding against the definition: Python ints and enumeration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwgen.numeric import IntType, Range, round_half_up, signed_bits

wide = st.integers(-(1 << 200), 1 << 200)


def fits_signed(value, bits):
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1)


@pytest.mark.parametrize("lo", range(-20, 21))
def test_signed_bits_is_the_narrowest_register(lo):
    for hi in range(lo, 21):
        bits = next(b for b in range(1, 10) if fits_signed(lo, b) and fits_signed(hi, b))
        assert signed_bits(lo, hi) == bits
        assert Range(lo, hi).signed_bits == bits


@given(wide, wide)
def test_signed_bits_of_any_integers(one, other):
    lo, hi = min(one, other), max(one, other)
    bits = signed_bits(lo, hi)
    assert fits_signed(lo, bits)
    assert fits_signed(hi, bits)
    assert bits == 1 or not (fits_signed(lo, bits - 1) and fits_signed(hi, bits - 1))


@pytest.mark.parametrize(
    ("lo", "hi", "bits", "text"),
    [
        (0, 0, 0, "u1"),
        (0, 1, 1, "u1"),
        (0, 15, 4, "u4"),
        (3, 16, 5, "u5"),
        (-1, 0, 1, "s1"),
        (-1, 1, 2, "s2"),
        (-8, 7, 4, "s4"),
        (-8, -8, 4, "s4"),
        (-9, 0, 5, "s5"),
        (0, 1 << 80, 81, "u81"),
    ],
)
def test_range(lo, hi, bits, text):
    values = Range(lo, hi)
    assert values.bits == bits
    assert str(values.type) == text
    assert values.span == hi - lo


@given(st.lists(wide, min_size=4, max_size=4))
def test_union_covers_both_and_no_more(ends):
    one, other = Range(*sorted(ends[:2])), Range(*sorted(ends[2:]))
    assert one.union(other) == Range(min(ends), max(ends))


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match=r"^range: lo must not exceed hi, not \[1, 0\]$"):
        Range(1, 0)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16, 31, 32])
@pytest.mark.parametrize("letter", "us")
def test_parse_and_print_are_inverse(letter, bits):
    parsed = IntType.parse(f"{letter}{bits}")
    assert str(parsed) == f"{letter}{bits}"
    assert parsed == IntType(bits=bits, signed=letter == "s")
    assert parsed.range == Range(parsed.lo, parsed.hi)
    assert parsed.range.type == parsed


@pytest.mark.parametrize(
    "text",
    ["", "u", "u0", "s-1", "u04", "u33", "s100", "U4", "x4", "4", "u4 ", "u4\n", "u4.0", "u\u0664"],
)
def test_parse_refuses(text):
    with pytest.raises(
        ValueError, match=r"^integer type: must be u or s and 1 to 32 bits"
    ) as caught:
        IntType.parse(text)
    assert str(caught.value).endswith(f", such as u4 or s8, not {text!r}")


@pytest.mark.parametrize("bits", [0, -1])
def test_a_type_has_bits(bits):
    with pytest.raises(ValueError, match=f"^integer type: bits must be at least 1, not {bits}$"):
        IntType(bits=bits, signed=True)


@pytest.mark.parametrize(
    ("x", "expected"), [(0.5, 1), (-0.5, 0), (1.5, 2), (2.5, 3), (-1.5, -1), (-2.51, -3), (0.49, 0)]
)
def test_halves_round_upwards(x, expected):
    assert round_half_up(np.array([x]))[0] == expected


@given(st.integers(-(1 << 40), 1 << 40))
def test_rounding_in_eighths_is_exact(eighths):
    assert round_half_up(np.array([eighths / 8]))[0] == (eighths + 4) // 8
