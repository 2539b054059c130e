"""Codes that do not fit are lowered until they do, and no farther, however far off they are."""

import numpy as np
import pytest

from hwgen.bounds import dot_range
from hwgen.nn.certify import certify
from hwgen.nn.weight_quant import WeightQuant
from hwgen.numeric import IntType


@pytest.mark.parametrize("method", ["a2q", "a2q_ip"])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [4, 24])
def test_codes_fit_and_use_the_register(method, signed, bits):
    """A register of half the bits of the largest codes: millions of units are taken at once."""
    random = np.random.default_rng(bits)
    inputs = IntType(bits=4, signed=signed)
    config = WeightQuant(method=method, bits=bits, accumulator_bits=max(bits, 8))
    codes = random.integers(-config.limit, config.limit, (3, 40), endpoint=True)
    found = certify(codes, codes.astype(float), config, inputs)
    assert found.repairs == np.abs(codes - found.weight).sum()
    assert (np.abs(found.weight) <= np.abs(codes)).all()
    half = 1 << (config.accumulator_bits - 1)
    for row in found.weight:
        total = dot_range(row, inputs.range)
        if method == "a2q_ip":
            assert 2 * half - inputs.range.span <= total.span < 2 * half
        else:
            largest = max(total.hi, -total.lo)
            assert half - 16 <= largest < half
