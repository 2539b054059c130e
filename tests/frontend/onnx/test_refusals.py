"""What is refused says what is true of it, and of which node."""

import numpy as np
import pytest

from hwgen.errors import ModelError
from tests.frontend.onnx.files import Maker, read

READ = "use Relu, LeakyRelu, PRelu, HardSigmoid, Sigmoid or Tanh"


def dense(m, size=6):
    return m.node("MatMul", m.quant("x", 0.25, 4), m.quant(np.eye(size), 1, 3))


def sentence(path):
    with pytest.raises(ModelError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize("op", ["Elu", "Celu", "Selu", "Softplus", "Exp", "Log", "Erf", "Sqrt"])
def test_functions_that_rise_but_are_not_read(tmp_path, op):
    m = Maker([1, 6])
    y = m.quant(m.node(op, dense(m)), 0.5, 4, output="y")
    path = m.save(tmp_path / "net.onnx", y)
    assert sentence(path) == f"net.onnx: {op}_4: operator {op} is not read; {READ}"


def test_a_largest_value_is_not_always_a_scale(tmp_path):
    m = Maker([1, 2, 4, 4])
    y = m.node("ReduceMax", m.quant("x", 0.25, 4), axes=[2, 3])
    path = m.save(tmp_path / "net.onnx", m.quant(y, 0.5, 4, output="y"))
    assert sentence(path) == (
        "net.onnx: ReduceMax_2: operator ReduceMax is not read; use GlobalMaxPool or MaxPool"
    )
    m = Maker([1, 6])
    y = dense(m)
    scale = m.node("Div", m.node("ReduceMax", y, keepdims=0), 7.0)
    path = m.save(tmp_path / "net.onnx", m.quant(y, scale, 4, output="y"))
    assert sentence(path).startswith(
        "net.onnx: ReduceMax_4: scale must be constant, not computed from the data (dynamic "
        "quantization), as ReduceMax of the data is for; use static quantization"
    )


@pytest.mark.parametrize(("opset", "axis"), [(13, 0), (13, -2), (13, 7)])
def test_a_softmax_must_be_over_the_classes(tmp_path, opset, axis):
    m = Maker([1, 6])
    y = m.node("Softmax", dense(m), axis=axis, output="y")
    assert sentence(m.save(tmp_path / "net.onnx", y, opset)) == (
        "net.onnx: Softmax_4: axis must be that of the classes; take probabilities in software"
    )


@pytest.mark.parametrize(
    ("opset", "given"), [(13, {}), (13, {"axis": 1}), (11, {}), (11, {"axis": 0})]
)
def test_a_softmax_over_the_classes(tmp_path, opset, given):
    """Up to opset 12 it is over all axes from `axis` on."""
    m = Maker([1, 6])
    y = m.node("Softmax", dense(m), output="y", **given)
    assert read(m.save(tmp_path / "net.onnx", y, opset)).graph.result == "class"


def test_biases_of_scores_that_no_sum_holds(tmp_path):
    m = Maker([1, 6])
    y = m.node("Softmax", m.node("Add", dense(m), [0.0, 1e30, 0, 0, 0, 0]), output="y")
    assert sentence(m.save(tmp_path / "net.onnx", y)) == (
        "net.onnx: output y: biases of the scores must fit 62 bits"
    )


@pytest.mark.parametrize(
    ("scales", "given"),
    [([1.5, 1.5], "1.5 by 1.5"), ([0.5, 0.5], "0.5 by 0.5"), ([2, 1], "2 by 1")],
)
def test_a_resize_by_no_whole_factor_is_named(tmp_path, scales, given):
    resize = "Resize_2 must enlarge rows and columns by one whole factor"
    for last, where in (("Quant", "output y"), ("Conv", "Conv_4")):
        m = Maker([1, 2, 4, 4])
        y = m.node("Resize", m.quant("x", 0.25, 4), "", [1, 1, *scales], mode="nearest")
        if last == "Quant":
            y = m.quant(y, 0.5, 4, output="y")
        else:
            y = m.node("Conv", y, m.quant(np.ones((1, 2, 1, 1)), 1, 3), output="y")
        assert sentence(m.save(tmp_path / "net.onnx", y)) == (
            f"net.onnx: {where}: {resize}, not by {given}; export the model so"
        )
