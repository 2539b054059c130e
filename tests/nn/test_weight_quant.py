"""Refusals of the configurations."""

import pytest

from hwgen.nn import QuantActivation, QuantInput, WeightQuant


def test_qat_promises_no_accumulator():
    with pytest.raises(ValueError, match="accumulator_bits must be None for qat"):
        WeightQuant(method="qat", accumulator_bits=8)


@pytest.mark.parametrize("bits", [None, 1])
def test_constrained_methods_need_accumulator_bits(bits):
    with pytest.raises(ValueError, match=f"must be at least 2 for a2q_ip, not {bits}"):
        WeightQuant(method="a2q_ip", accumulator_bits=bits)


def test_weight_bits():
    with pytest.raises(ValueError, match="bits must be at least 1, not 0"):
        WeightQuant(bits=0)


def test_one_bit_is_for_a_method_without_zeros():
    with pytest.raises(ValueError, match="weight quantizer: ") as caught:
        WeightQuant(method="a2q_ip", bits=1, accumulator_bits=8)
    assert str(caught.value) == (
        "weight quantizer: bits must be at least 2 for a2q_ip, which makes weights zero, not 1; "
        "use qat, whose one-bit weights are -1 and +1"
    )


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan")])
def test_input_scale(scale):
    with pytest.raises(ValueError, match="scale must be positive and finite"):
        QuantInput(4, scale=scale)


def test_calibration_steps():
    with pytest.raises(ValueError, match="calibration_steps must be at least 1, not 0"):
        QuantActivation(4, calibration_steps=0)
