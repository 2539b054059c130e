"""Refusals of what layers and quantizers are told, and NumPy's numbers, which count as numbers."""

import numpy as np
import pytest
import torch
from torch import nn

from hwgen.errors import HwgenError
from hwgen.nn import (
    QuantActivation,
    QuantAdd,
    QuantAvgPool2d,
    QuantConv2d,
    QuantInput,
    QuantLinear,
    QuantOutput,
    WeightQuant,
)

PIXELS = QuantInput(4)


def refusal(make):
    with pytest.raises(HwgenError) as caught:
        make()
    assert isinstance(caught.value, ValueError)  # as wrong arguments are to code
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"method": "qat", "accumulator_bits": 8},
            "accumulator_bits must be None for qat, which cannot keep them, not 8; "
            "use a2q, a2q_plus or a2q_ip",
        ),
        (
            {"method": "a2q_ip"},
            "accumulator_bits must be at least 2 for a2q_ip without units, not None",
        ),
        (
            {"method": "a2q_ip", "accumulator_bits": 1},
            "accumulator_bits must be at least 2, not 1",
        ),
        ({"method": "a2q", "accumulator_bits": 63}, "accumulator_bits must be at most 62, not 63"),
        (
            {"method": "a2q", "accumulator_bits": 8.0},
            "accumulator_bits must be a whole number, not 8.0",
        ),
        ({"bits": 0}, "bits must be at least 1, not 0"),
        ({"bits": 25}, "bits must be at most 24, not 25"),
        ({"bits": 4.5}, "bits must be a whole number, not 4.5"),
        ({"bits": True}, "bits must be a whole number, not True"),
        ({"bits": np.arange(2)}, "bits must be a whole number, not ndarray"),
        ({"method": "a3q"}, "method must be one of qat, a2q, a2q_plus, a2q_ip, not 'a3q'"),
        ({"scale": "row"}, "scale must be one of channel, tensor, not 'row'"),
        ({"backward": "hard"}, "backward must be one of soft, identity, not 'hard'"),
    ],
)
def test_weights(settings, sentence):
    assert refusal(lambda: WeightQuant(**settings)) == f"weight quantizer: {sentence}"


@pytest.mark.parametrize(
    ("what", "make"),
    [
        ("input", QuantInput),
        ("activation", QuantActivation),
        ("output", lambda *arguments: QuantOutput(*arguments, scale=1.0)),
    ],
)
def test_what_flows_between_layers(what, make):
    assert refusal(lambda: make(0)) == f"{what} quantizer: bits must be at least 1, not 0"
    assert refusal(lambda: make(17)) == f"{what} quantizer: bits must be at most 16, not 17"
    assert refusal(lambda: make("4")) == (f"{what} quantizer: bits must be a whole number, not '4'")
    assert refusal(lambda: make(4, "no")) == (
        f"{what} quantizer: signed must be True or False, not 'no'"
    )
    assert refusal(lambda: make(4, "False")) == (
        f"{what} quantizer: signed must be True or False, not 'False'"
    )
    assert refusal(lambda: make(1, True)) == (
        f"{what} quantizer: bits must be at least 2 where signed, not 1, whose codes are -1 and 0; "
        "use two bits, or one bit unsigned"
    )


def test_one_bit_is_for_a_method_without_zeros():
    with pytest.raises(ValueError, match="weight quantizer: ") as caught:
        WeightQuant(method="a2q_ip", bits=1, accumulator_bits=8)
    assert str(caught.value) == (
        "weight quantizer: bits must be at least 2 for a2q_ip, which makes weights zero, not 1; "
        "use qat, whose one-bit weights are -1 and +1"
    )


@pytest.mark.parametrize(
    ("scale", "shown"),
    [
        (0.0, "0.0"),
        (-1.0, "-1.0"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        ("1/255", "'1/255'"),
        (None, "None"),
        (np.ones(2), "ndarray"),
        (torch.ones(2), "Tensor"),
    ],
)
def test_fixed_scales(scale, shown):
    sentence = f"quantizer: scale must be positive and finite, not {shown}"
    assert refusal(lambda: QuantInput(4, scale=scale)) == f"input {sentence}"
    assert refusal(lambda: QuantOutput(4, scale=scale)) == f"output {sentence}"


@pytest.mark.parametrize("scale", [1e-300, 1e-31, 1e31, 1e300])
def test_fixed_scales_that_float32_cannot_compute_with(scale):
    assert refusal(lambda: QuantInput(4, scale=scale)) == (
        f"input quantizer: scale must be 1e-30 to 1e+30, not {scale}"
    )


@pytest.mark.parametrize(("what", "make"), [("input", QuantInput), ("activation", QuantActivation)])
def test_bipolar_is_true_or_false(what, make):
    assert refusal(lambda: make(1, bipolar="no")) == (
        f"{what} quantizer: bipolar must be True or False, not 'no'"
    )


def test_calibration_steps():
    assert refusal(lambda: QuantActivation(4, calibration_steps=0)) == (
        "activation quantizer: calibration_steps must be at least 1, not 0"
    )


def test_numbers_of_numpy_become_those_of_python():
    pixels = QuantInput(np.int64(4), np.bool_(True), np.float64(0.1))
    assert (type(pixels.int_type.bits), type(pixels.fixed_scale)) == (int, float)
    assert pixels.int_type.signed is True
    quant = WeightQuant(method="a2q_ip", bits=np.int8(4), accumulator_bits=np.uint16(9))
    assert (type(quant.bits), type(quant.accumulator_bits)) == (int, int)
    layer = QuantConv2d(np.int64(3), 4, np.array([3, 3]).tolist(), quant=quant, source=pixels)
    assert layer.weight.shape == (4, 3, 3, 3)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: QuantLinear(4, 3, quant=WeightQuant(), source=nn.ReLU()),
            "QuantLinear: source must be a QuantInput, a QuantActivation or a QuantOutput, "
            "not ReLU; pass the quantizer whose values reach the layer",
        ),
        (
            lambda: QuantAdd(source=None),
            "QuantAdd: source must be a QuantInput, a QuantActivation or a QuantOutput, "
            "not NoneType; pass the quantizer whose values reach the layer",
        ),
        (
            lambda: QuantLinear(4, 3, quant=4, source=PIXELS),
            "QuantLinear: quant must be a WeightQuant, not int; pass WeightQuant(bits=4)",
        ),
        (
            lambda: QuantLinear(0, 3, quant=WeightQuant(), source=PIXELS),
            "QuantLinear: in_features must be at least 1, not 0",
        ),
        (
            lambda: QuantLinear(3, 2.5, quant=WeightQuant(), source=PIXELS),
            "QuantLinear: out_features must be a whole number, not 2.5",
        ),
        (
            lambda: QuantLinear(3, 2, quant=WeightQuant(), source=PIXELS, bias="no"),
            "QuantLinear: bias must be True or False, not 'no'",
        ),
        (
            lambda: QuantConv2d(4, 6, 3, bias=0, quant=WeightQuant(), source=PIXELS),
            "QuantConv2d: bias must be True or False, not 0",
        ),
        (
            lambda: QuantConv2d(4, 6, 3, groups=4, quant=WeightQuant(), source=PIXELS),
            "QuantConv2d: out_channels must be a multiple of groups = 4, not 6",
        ),
        (
            lambda: QuantConv2d(4, 6, 0, quant=WeightQuant(), source=PIXELS),
            "QuantConv2d: kernel_size must be at least 1, not 0",
        ),
        (
            lambda: QuantConv2d(4, 6, 3, padding="same", quant=WeightQuant(), source=PIXELS),
            "QuantConv2d: padding must be a whole number, not 'same'",
        ),
        (
            lambda: QuantAvgPool2d((2, 2, 2), source=PIXELS),
            "QuantAvgPool2d: kernel_size must be one whole number or two, not 3",
        ),
    ],
)
def test_layers(make, sentence):
    assert refusal(make) == sentence
