"""What the integers at the input stand for: a dequantizer behind QuantizeLinear says it."""

import numpy as np
import pytest

from tests.frontend.onnx.files import Maker, read


def _qdq(tmp_path, zero, *, clip=None):
    m = Maker([1, 6])
    s, z = m.constant(0.125), m.constant(zero, np.uint8)
    x = m.node("QuantizeLinear", "x", s, z)
    if clip is not None:
        x = m.node("Clip", x, m.constant(0, np.uint8), m.constant(clip, np.uint8))
    x = m.node("DequantizeLinear", x, s, z)
    w = m.node("DequantizeLinear", m.constant(np.eye(6), np.int8), 0.5, m.constant(0, np.int8))
    return m.save(tmp_path / "net.onnx", m.node("MatMul", x, w, output="y"))


@pytest.mark.parametrize(
    ("zero", "clip", "means", "text"),
    [
        (0, None, (0.125, 0), "1/8 * integer"),
        (7, None, (0.125, -0.875), "1/8 * integer - 7/8"),
        (0, 15, (0.125, 0), "1/8 * integer"),
        (7, 15, (0.125, -0.875), "1/8 * integer - 7/8"),
    ],
)
def test_the_dequantizer_says_what_codes_stand_for(tmp_path, zero, clip, means, text):
    found = read(_qdq(tmp_path, zero, clip=clip))
    assert (found.graph.input.scale, found.graph.input.offset) == means
    note = found.graph.metadata["onnx"]["host"]["input"]
    begins = "Clip_2 of x behind QuantizeLinear_1, u4" if clip else "QuantizeLinear_1 of x, u8"
    assert note == f"integer = {begins}; it stands for {text}"


def test_a_quantized_layer_says_it_too(tmp_path):
    m = Maker([1, 4])
    s, z = m.constant(0.25), m.constant(3, np.uint8)
    x = m.node("QuantizeLinear", "x", s, z)
    w, zero = m.constant(np.eye(4), np.int8), m.constant(0, np.int8)
    y = m.node("QLinearMatMul", x, s, z, w, m.constant(0.5), zero, m.constant(1.0), z)
    y = m.node("DequantizeLinear", y, m.constant(1.0), z, output="y")
    own = read(m.save(tmp_path / "net.onnx", y)).graph.input
    assert (own.scale, own.offset) == (0.25, -0.75)
