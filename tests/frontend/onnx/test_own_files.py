"""Files made here, against the float meaning of their nodes: powers of two make float64 exact."""

import numpy as np
import onnx
import pytest

from hwgen import reference
from hwgen.errors import ModelError
from hwgen.frontend.onnx.host import real_values, stream_integers
from hwgen.ir import Argmax, Dense, MaxPool2d, Threshold
from tests.frontend.onnx.files import QONNX, Maker, read

rng = np.random.default_rng(3)


def fake_quant(x, scale, lo, hi, zero=0):
    return (np.clip(np.rint(x / scale) + zero, lo, hi) - zero) * scale


def weights(*shape):
    return rng.integers(-3, 4, shape) * 0.25


def values(found, x):
    real = real_values(found.output, reference.outputs(found.graph, stream_integers(found, x)))
    return real[:, 0]  # the file's batch of one


def test_a_chain_of_layers(tmp_path):
    m, w1, w2, b = Maker(["N", 6]), weights(6, 5), weights(5, 3), np.arange(5) * 0.125
    x = m.quant("x", 0.25, 4)
    y = m.node("Add", m.node("MatMul", x, m.quant(w1, 0.25, 3, narrow=1)), b)
    y = m.quant(m.node("Relu", y), 0.5, 3, signed=0)
    y = m.node("MatMul", y, m.quant(w2, 0.25, 3, narrow=1), output="y")
    found = read(m.save(tmp_path / "net.onnx", y))
    given = rng.normal(size=(50, 6)).astype(np.float32)
    hidden = np.maximum(fake_quant(given, 0.25, -8, 7) @ w1 + b, 0)
    expected = fake_quant(hidden, 0.5, 0, 7) @ w2
    np.testing.assert_array_equal(values(found, given), expected)
    assert [type(node) for node in found.graph.nodes] == [Dense, Threshold, Dense]
    assert found.graph.metadata["onnx"]["nodes"]["Quant_6"] == ["Add_4", "Relu_5", "Quant_6"]


def test_raw_integers_at_the_input(tmp_path):
    m, w = Maker([1, 4]), weights(4, 3)
    x = m.node("Sub", m.node("Div", "x", 256.0), 0.5)
    y = m.node("MatMul", m.quant(x, 0.125, 4), m.quant(w, 0.25, 3, narrow=1), output="y")
    path = m.save(tmp_path / "net.onnx", y)
    given = rng.integers(0, 256, (30, 4))
    expected = fake_quant(given / 256 - 0.5, 0.125, -8, 7) @ w
    raw = read(path, option="--input u8")
    np.testing.assert_array_equal(values(raw, given), expected)
    assert raw.graph.nodes[0].thresholds.shape == (1, 15)
    np.testing.assert_array_equal(values(read(path), given), expected)
    scaled = read(path, option="--input u8 --input-scale 1/4")
    np.testing.assert_array_equal(
        values(scaled, given / 4), fake_quant(given / 1024 - 0.5, 0.125, -8, 7) @ w
    )


def test_pooling_behind_a_falling_normalization(tmp_path):
    """The largest value is that of the smallest sum in channels of a negative gamma."""
    m, w = Maker([1, 2, 6, 6]), weights(3, 2, 3, 3)
    y = m.node("Conv", m.quant("x", 0.25, 4), m.quant(w, 0.25, 3, narrow=1))
    gamma, beta, mean, variance = [1.0, -0.5, -2.0], [0.5, 0.25, 0], [0, 1, 2.0], [4.0, 1.0, 0.25]
    y = m.node("BatchNormalization", y, gamma, beta, mean, variance, epsilon=0.0)
    y = m.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = m.quant(y, 0.5, 4, output="y")
    found = read(m.save(tmp_path / "net.onnx", y))
    given = rng.normal(size=(4, 2, 6, 6)).astype(np.float32)
    x = fake_quant(given, 0.25, -8, 7)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    sums = np.einsum("nchwij,ocij->nohw", windows, w)
    mean, variance, gamma, beta = (
        np.array(v)[:, np.newaxis, np.newaxis] for v in (mean, variance, gamma, beta)
    )
    normal = (sums - mean) / np.sqrt(variance) * gamma + beta
    pooled = normal.reshape(4, 3, 2, 2, 2, 2).max(axis=(3, 5))
    np.testing.assert_array_equal(values(found, given), fake_quant(pooled, 0.5, -8, 7))
    kinds = [type(node) for node in found.graph.nodes]
    assert kinds.index(Threshold) < kinds.index(MaxPool2d)  # the narrower integers are compared


def test_an_input_that_is_read_in_another_order(tmp_path):
    m, w = Maker([1, 5, 4, 2]), weights(3, 2, 3, 3)
    y = m.node("Transpose", m.quant("x", 0.25, 4), perm=[0, 3, 1, 2])
    y = m.quant(m.node("Conv", y, m.quant(w, 0.25, 3, narrow=1)), 1.0, 4, output="y")
    found = read(m.save(tmp_path / "net.onnx", y))
    assert found.graph.input.shape == (2, 5, 4)
    order = found.graph.metadata["onnx"]["input_order"]
    assert order == np.arange(40).reshape(5, 4, 2).transpose(2, 0, 1).ravel().tolist()
    given = rng.normal(size=(3, 5, 4, 2)).astype(np.float32)
    x = fake_quant(given, 0.25, -8, 7).transpose(0, 3, 1, 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    expected = fake_quant(np.einsum("nchwij,ocij->nohw", windows, w), 1.0, -8, 7)
    np.testing.assert_array_equal(values(found, given), expected)


def test_a_label_with_biases_between_two_integers(tmp_path):
    m, w = Maker([1, 4]), weights(4, 5)
    b = np.array([0.01, 0.26, -0.49, 0.02, 0.02])
    y = m.node("MatMul", m.quant("x", 0.25, 3), m.quant(w, 0.25, 3, narrow=1))
    y = m.node("Softmax", m.node("Add", y, b), axis=-1, output="y")
    found = read(m.save(tmp_path / "net.onnx", y))
    given = rng.normal(size=(500, 4)).astype(np.float32)
    scores = fake_quant(given, 0.25, -4, 3) @ w + b.astype(np.float32).astype(np.float64)
    outputs = reference.outputs(found.graph, stream_integers(found, given))
    np.testing.assert_array_equal(outputs[:, 0], scores.argmax(axis=1))
    assert isinstance(found.graph.node(found.graph.output), Argmax)
    assert found.graph.metadata["onnx"]["dropped"] == [
        "Softmax_5: Softmax does not change which score is largest"
    ]


def test_label_asks_for_the_largest_score(tmp_path):
    m = Maker([1, 4])
    y = m.node("MatMul", m.quant("x", 0.25, 3), m.quant(weights(4, 5), 0.25, 3, narrow=1))
    path = m.save(tmp_path / "net.onnx", y)
    assert read(path).graph.result == "sums"
    assert read(path, label=True).graph.result == "class"


def test_qdq_with_zero_points(tmp_path):
    m = Maker([1, 6])
    w = rng.integers(-50, 50, (6, 4))
    scale = m.constant(0.125)
    zero = m.constant(17, np.uint8)
    x = m.node("DequantizeLinear", m.node("QuantizeLinear", "x", scale, zero), scale, zero)
    weight = m.node("DequantizeLinear", m.constant(w, np.int8), 0.5, m.constant(0, np.int8))
    y = m.node("Gemm", x, weight, [0.5, 1, -2, 0])
    s, z = m.constant(16.0), m.constant(-5, np.int8)
    y = m.node("DequantizeLinear", m.node("QuantizeLinear", y, s, z), s, z, output="y")
    found = read(m.save(tmp_path / "net.onnx", y))
    given = (rng.normal(size=(60, 6)) * 8).astype(np.float32)
    sums = fake_quant(given, 0.125, 0, 255, 17) @ (w * 0.5) + [0.5, 1, -2, 0]
    np.testing.assert_array_equal(values(found, given), fake_quant(sums, 16.0, -128, 127, -5))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"scale": 0.0}, "Quant_1: scale must be positive and finite, not 0.0"),
        ({"scale": np.inf}, "Quant_1: scale must be positive and finite, not inf"),
        ({"bits": 17}, "Quant_1: activations must have at most 16 bits, not 17"),
        ({"bits": 0}, "Quant_1: bit width must be 1 to 32, not 0; quantize to fewer bits"),
        ({"zero": 0.5}, "Quant_1: zero point must be a whole number; export the model again"),
        ({"zero": 99}, "Quant_1: zero point must be a code, -8 to 7, not 99"),
        ({"mode": "ODD"}, "Quant_1: rounding_mode must be one of ROUND, HALF_UP, HALF_DOWN"),
    ],
)
def test_quantizers_that_say_nothing_whole(tmp_path, change, sentence):
    m = Maker([1, 4])
    wrong = {"scale": 0.25, "bits": 4} | change
    x = m.quant("x", wrong.pop("scale"), wrong.pop("bits"), **wrong)
    y = m.node("MatMul", x, m.quant(weights(4, 3), 0.25, 3), output="y")
    with pytest.raises(ModelError) as caught:
        read(m.save(tmp_path / "net.onnx", y))
    assert str(caught.value).startswith(f"net.onnx: {sentence}")


def test_all_problems_of_a_file_at_once(tmp_path):
    m = Maker([1, 4])
    y = m.node("MatMul", m.quant("x", 0.25, 4), rng.normal(size=(4, 4)))
    z = m.node("Gelu", m.quant("x", 0.25, 4))
    y = m.node("Add", y, z, output="y")
    with pytest.raises(ModelError) as caught:
        read(m.save(tmp_path / "net.onnx", y))
    assert str(caught.value).splitlines() == [
        "net.onnx: MatMul_2: weights must be quantized; tensor c3 is float32 without Quant or "
        "DequantizeLinear: export the quantized model",
        "net.onnx: Gelu_4: Gelu must rise or fall throughout before a quantizer; use Relu",
    ]


def test_two_quantizers_at_the_input_need_a_type(tmp_path):
    m, w = Maker([1, 4]), weights(4, 4)
    y = m.node("MatMul", m.quant("x", 0.25, 4), m.quant(w, 0.25, 3))
    z = m.node("MatMul", m.quant("x", 0.125, 4), m.quant(w, 0.25, 3))
    path = m.save(tmp_path / "net.onnx", m.node("Add", y, z, output="y"))
    with pytest.raises(ModelError, match="all paths from input x must begin with one quantizer"):
        read(path)
    given = rng.integers(0, 16, (20, 4))
    x = given / 8
    expected = fake_quant(x, 0.25, -8, 7) @ w + fake_quant(x, 0.125, -8, 7) @ w
    found = read(path, option="--input u4 --input-scale 1/8")
    np.testing.assert_array_equal(values(found, x), expected)


def test_external_data_stay_in_the_folder(tmp_path):
    m = Maker([1, 4])
    y = m.node("MatMul", m.quant("x", 0.25, 4), m.quant(weights(4, 4), 0.25, 3), output="y")
    model = m.model(y)
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "net.onnx"
    onnx.save(model, path, save_as_external_data=True, location="data.bin", size_threshold=0)
    assert len(read(path).graph.nodes) == 1
    (tmp_path / "in" / "data.bin").rename(tmp_path / "data.bin")
    moved = path.read_bytes().replace(b"data.bin", b"../d.bin")
    path.write_bytes(moved)
    (tmp_path / "data.bin").rename(tmp_path / "d.bin")
    with pytest.raises(ModelError, match=r"data must lie in the folder of the model, not at '../d"):
        read(path)
    path.write_bytes(moved.replace(b"../d.bin", b"miss.bin"))
    with pytest.raises(ModelError, match=r"data must be in miss.bin, and are not"):
        read(path)


def test_a_shape_without_its_data(tmp_path):
    m = Maker([1, 4])
    y = m.node("MatMul", m.quant("x", 0.25, 4), m.quant(weights(4, 4), 0.25, 3), output="y")
    model = m.model(y)
    model.graph.initializer[3].dims[0] = 1 << 40
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelError, match=r"tensor c3: must have at most \d+ elements"):
        read(tmp_path / "net.onnx")


def test_a_quantizer_must_say_whether_it_is_signed(tmp_path):
    m = Maker([1, 4])
    x = m.node("Quant", "x", 0.25, 0, 4, domain=QONNX, signed=1)
    y = m.node("MatMul", x, m.quant(weights(4, 4), 0.25, 3), output="y")
    with pytest.raises(ModelError, match="Quant_1: must have the attribute narrow"):
        read(m.save(tmp_path / "net.onnx", y))
