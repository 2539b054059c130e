"""What the output's integers stand for: kept with the graph, and refused where it cannot be."""

from dataclasses import replace

import numpy as np
import pytest

from hwgen.errors import ModelError
from hwgen.ir import Dequantization, Graph, Input, Threshold
from hwgen.numeric import IntType
from tests.tiny_nets import dense, network

U4 = IntType.parse("u4")
GRAPH = network(1, argmax=False)  # five sums


def refusal(**numbers):
    with pytest.raises(ModelError) as caught:
        replace(GRAPH, dequantization=Dequantization(**numbers))
    return str(caught.value)


@pytest.mark.parametrize("count", [1, 5])
def test_one_number_or_one_a_channel(count):
    numbers = Dequantization(scale=(0.5,) * count, offset=(-1.0,))
    assert replace(GRAPH, dequantization=numbers).dequantization == numbers


def test_refusals():
    assert refusal(scale=(1.0, 2.0), offset=(0.0,)) == (
        "tiny: dequantization: scale must have 1 or 5 numbers, not 2"
    )
    assert refusal(scale=(1.0,), offset=()) == (
        "tiny: dequantization: offset must have 1 or 5 numbers, not 0"
    )
    assert refusal(scale=(float("nan"),), offset=(0.0,)) == (
        "tiny: dequantization: scale must be finite"
    )
    with pytest.raises(ModelError) as caught:
        replace(GRAPH, input=Input(shape=(12,), type=U4, offset=float("inf")))
    assert str(caught.value) == "tiny: input: offset must be finite, not inf"


def test_the_result_of_a_network():
    fc = dense("fc", "input", np.array([[1, 2], [3, -1]]), U4.range)
    sign = Threshold(
        name="sign", inputs=("fc",), thresholds=np.array([[1], [0]]), output=IntType.parse("u1")
    )
    fields = {"name": "net", "input": Input(shape=(2,), type=U4)}
    assert Graph(**fields, nodes=(fc,), output="fc").result == "sums"
    bits = Graph(**fields, nodes=(fc, sign), output="sign")
    assert bits.result == "bits"
    real = Dequantization(scale=(2.0,), offset=(-1.0,))
    assert replace(bits, dequantization=real).result == "codes"
    assert network(1).result == "class"
