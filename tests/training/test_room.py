"""The smallest useful P: one bit less leaves no room for any weight."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hwgen.errors import HwgenError
from hwgen.nn import QuantInput, QuantLinear, WeightQuant
from hwgen.numeric import IntType
from training.recipes import RECIPES
from training.room import smallest_accumulator_bits
from training.sweep.checks import trainable

DIGITS = replace(RECIPES["digits"], epochs=1, float_epochs=1)


@pytest.mark.parametrize("method", ["a2q", "a2q_plus", "a2q_ip"])
@pytest.mark.parametrize("kind", [IntType(bits=4, signed=False), IntType(bits=3, signed=True)])
def test_the_quantizers_agree(method, kind):
    """A channel with a single weight has a code that is not zero there, and none below."""
    smallest = smallest_accumulator_bits(method, kind)
    counts = []
    for bits in (smallest, smallest - 1):
        quant = WeightQuant(method=method, bits=4, accumulator_bits=bits)
        layer = QuantLinear(16, 1, quant=quant, source=QuantInput(kind.bits, kind.signed, 1.0))
        weight = torch.zeros(1, 16)
        weight[0, 0] = 1.0
        layer.start_from(weight, None)
        counts.append(np.count_nonzero(layer.certified().weight))
    assert counts[0] > 0
    assert counts[1] == 0


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
