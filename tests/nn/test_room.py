"""The smallest useful P: one bit less leaves no room for any weight."""

import numpy as np
import pytest
import torch

from hwgen.bounds import a2q_cap, a2q_plus_cap, offset_cap
from hwgen.errors import SettingError
from hwgen.nn import QuantConv2d, QuantInput, QuantLinear, WeightQuant
from hwgen.nn.room import smallest_accumulator_bits
from hwgen.numeric import IntType

METHODS = ["a2q", "a2q_plus", "a2q_ip"]
KINDS = [IntType(bits=4, signed=False), IntType(bits=3, signed=True)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_single_weight_is_not_zero_at_the_smallest_width(method, kind):
    bits = smallest_accumulator_bits(method, kind)
    quant = WeightQuant(method=method, bits=4, accumulator_bits=bits)
    layer = QuantLinear(16, 1, quant=quant, source=QuantInput(kind.bits, kind.signed, 1.0))
    weight = torch.zeros(1, 16)
    weight[0, 0] = 1.0
    layer.start_from(weight, None)
    assert np.count_nonzero(layer.certified().weight) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_one_bit_less_has_no_room_by_the_caps(kind):
    less = {method: smallest_accumulator_bits(method, kind) - 1 for method in METHODS}
    assert a2q_cap(less["a2q"], kind) < 1
    assert a2q_plus_cap(less["a2q_plus"], kind) < 2  # one for each sign
    assert offset_cap(less["a2q_ip"], kind.range) < 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_without_room_is_refused_when_made(method, kind):
    smallest = smallest_accumulator_bits(method, kind)
    quant = WeightQuant(method=method, bits=4, accumulator_bits=smallest - 1)
    source = QuantInput(kind.bits, kind.signed, 1.0)
    sentence = (
        f"P = {smallest - 1} leaves no room for a weight of 1 with {kind.bits}-bit inputs; "
        f"the smallest useful P is {smallest}"
    )
    with pytest.raises(SettingError) as caught:
        QuantLinear(16, 1, quant=quant, source=source)
    assert str(caught.value) == f"QuantLinear: {sentence}"
    with pytest.raises(SettingError) as caught:
        QuantConv2d(3, 4, 3, quant=quant, source=source)
    assert str(caught.value) == f"QuantConv2d: {sentence}"
