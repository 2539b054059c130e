"""Methods and widths of single layers, from the line of text to the certified integers."""

from dataclasses import replace

import pytest
import torch

from hwgen.errors import HwgenError
from hwgen.nn import export_graph
from training.build import quant_net
from training.data.digits import digits
from training.layer_choice import choices
from training.recipes import RECIPES, with_method

DIGITS = replace(RECIPES["digits"], constrain="hidden", widths=(16, 16, 16))


def net_of(layers, method="a2q_plus", bits=9):
    return quant_net(replace(with_method(DIGITS, method, bits), layers=layers), digits(), 1)


def quants(net):
    return {name: (m.quant.method, m.quant.accumulator_bits)
            for name, m in net.named_modules() if hasattr(m, "quant") and name}  # fmt: skip


def test_the_line_of_text():
    found = choices("a=10, b*=a2q:12,c=qat,d=u9,e=8:u9,f=a2q_ip:u9,g=a2q_ip:8:u9", "net")
    assert [(c.pattern, c.method, c.accumulator_bits, c.units) for c in found] == [
        ("a", None, 10, None),
        ("b*", "a2q", 12, None),
        ("c", "qat", None, None),
        ("d", None, None, 9),
        ("e", None, 8, 9),
        ("f", "a2q_ip", None, 9),
        ("g", "a2q_ip", 8, 9),
    ]
    assert choices("", "net") == ()


def test_every_layer_has_its_own():
    net = net_of("dense*=10,dense1=a2q,dense2=a2q_ip:7,dense3=12")
    assert quants(net) == {
        "dense0": ("a2q_ip", 10),
        "dense1": ("a2q", 10),
        "dense2": ("a2q_ip", 7),
        "dense3": ("a2q_ip", 12),
    }


def test_certificates_keep_each_layers_width():
    torch.manual_seed(0)
    net = net_of("dense1=a2q:11,dense2=6")
    assert quants(net)["dense2"] == ("a2q_plus", 6)
    graph = export_graph(net.eval(), name="net", input_shape=(64,))
    widest = {name: max(a.bits for a in graph.node(name).accumulators)
              for name in ("dense1", "dense2")}  # fmt: skip
    assert 6 < widest["dense1"] <= 11
    assert widest["dense2"] <= 6
    assert {a.target_bits for a in graph.node("dense1").accumulators} == {11}


@pytest.mark.parametrize(
    "text", ["dense1", "dense1=", "=8", "a=a2q:", "a=foo:8", "x=-3", "a=u", "a=u9:8"]
)
def test_what_cannot_be_read(text):
    with pytest.raises(HwgenError) as caught:
        replace(DIGITS, layers=text)
    assert str(caught.value) == (
        "digits: layers must be such as dense1=10, dense1=u12 or dense1=a2q:10, with a method of "
        f"qat, a2q, a2q_plus, a2q_ip, not {text!r}"
    )


@pytest.mark.parametrize(
    ("text", "method", "sentence"),
    [
        (
            "conv*=9",
            "a2q",
            "digits: 'conv*' must fit a layer, and fits none; the layers are dense0, dense1, "
            "dense2, dense3",
        ),
        (
            "dense1=qat:9",
            "a2q",
            "digits: dense1: qat must have no accumulator bits; leave them out",
        ),
        (
            "dense0=a2q",
            "a2q",
            "digits: dense0: accumulator bits must be given for a2q; add :BITS",
        ),
        (
            "dense1=4",
            "a2q",
            "digits: dense1: P = 4 leaves no room for a weight of 1 with 4-bit inputs; the "
            "smallest useful P is 6",
        ),
        (
            "dense3=a2q:12",
            "a2q",
            "digits: dense3: a layer with a bias must have qat or a2q_ip, not a2q, whose cap "
            "leaves it no room",
        ),
    ],
)
def test_what_cannot_be_kept(text, method, sentence):
    with pytest.raises(HwgenError) as caught:
        net_of(text, method)
    assert str(caught.value) == sentence
