"""Networks that end in sums or in signs: integers, scale and offset against the float64 model."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from hwgen import reference
from hwgen.errors import ModelError
from hwgen.ir import Conv2d, Dense, Threshold
from hwgen.nn import (
    QuantActivation,
    QuantAdd,
    QuantAvgPool2d,
    QuantConv2d,
    QuantInput,
    QuantLinear,
    QuantOutput,
    WeightQuant,
    export_graph,
    load_model,
    save_model,
)
from tests.nn.networks import codes, small_net


def export(net, result, shape=(12,)):
    return export_graph(net, name="net", input_shape=shape, result=result)


def model(net, x):
    """What the float64 model gives for integer inputs."""
    exact = copy.deepcopy(net).double().eval()
    source = next(m for m in exact.modules() if isinstance(m, QuantInput))
    values = (torch.from_numpy(x).double() - source.zero_point) * source.fixed_scale
    with torch.no_grad():
        return exact(values).numpy()


def reals(graph, x):
    """The integers of the output, and the numbers that a driver makes of them."""
    integers = reference.outputs(graph, x)
    real = graph.dequantization
    shape = (-1,) + (1,) * (integers.ndim - 2)
    scale, offset = (np.array(part).reshape(shape) for part in (real.scale, real.offset))
    return integers, scale * integers + offset


def ending(*modules, bias=True, scale="channel", rows=5):
    """A small net whose output layer, with a scale a channel, has modules behind it."""
    net = small_net()
    torch.manual_seed(3)
    quant = WeightQuant(bits=5, scale=scale)
    net.dense2 = QuantLinear(7, rows, quant=quant, source=net.act1, bias=bias)
    if bias:
        net.dense2.bias.data.normal_()
    for index, module in enumerate(modules):
        net.add_module(f"last{index}", module)
    for module in modules:
        module.weight.data.normal_()
        module.bias.data.normal_()
        module.running_mean.normal_()
        module.running_var.uniform_(0.2, 3)
    return net.eval()


NETS = {
    "scale a channel": lambda: ending(),
    "one scale": lambda: ending(scale="tensor"),
    "no bias": lambda: ending(bias=False, scale="tensor"),
    "one row": lambda: ending(rows=1),
    "batch norm": lambda: ending(nn.BatchNorm1d(5)),
    "two batch norms": lambda: ending(nn.BatchNorm1d(5), nn.BatchNorm1d(5)),
}


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_scale_and_offset_give_the_models_numbers(make):
    net, x = make(), codes(500)
    graph = export(net, "sums")
    integers, values = reals(graph, x)
    wanted = model(net, x)
    assert np.allclose(values, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max())
    assert isinstance(graph.nodes[-1], Dense)
    assert not graph.nodes[-1].bias.any()  # no gate adds what the offset holds
    assert np.unique(integers, axis=0).shape[0] > 20
    assert graph.result == "sums"


def test_sums_without_a_constant_need_one_scale_alone():
    graph = export(NETS["no bias"](), "sums")
    assert len(graph.dequantization.scale) == 1
    assert graph.dequantization.offset == (0.0,)


def test_a_constrained_output_layer_keeps_its_width_whatever_its_bias():
    net = small_net()
    quant = WeightQuant(method="a2q", bits=4, accumulator_bits=8)
    net.dense2 = QuantLinear(7, 5, quant=quant, source=net.act1, bias=True)
    net.dense2.bias.data.fill_(1e3)
    graph = export(net, "sums")
    assert max(a.bits for a in graph.node("dense2").accumulators) <= 8
    assert np.allclose(reals(graph, codes(50))[1], model(net, codes(50)), rtol=1e-12)


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_signs_are_those_of_the_model(make):
    net, x = make(), codes(1000)
    graph = export(net, "sign")
    bits = reference.outputs(graph, x)
    assert np.array_equal(bits, model(net, x) >= 0)
    assert 0 < bits.mean() < 1
    assert isinstance(graph.nodes[-1], Threshold)
    assert graph.nodes[-1].name == "sign"
    assert not graph.nodes[-2].bias.any()
    assert (graph.result, graph.dequantization) == ("bits", None)


def test_a_channel_of_gain_zero_is_its_offset_and_costs_nothing():
    net = ending(nn.BatchNorm1d(5))
    net.last0.weight.data[1] = 0
    graph, x = export(net, "sums"), codes(50)
    assert graph.dequantization.scale[1] == 0
    assert not graph.node("dense2").weight[1].any()
    assert graph.node("dense2").weight[0].any()
    assert np.allclose(reals(graph, x)[1], model(net, x), rtol=1e-12, atol=1e-12)


def test_a_sum_of_exactly_zero_is_a_one():
    net = ending(bias=False)
    x = np.zeros((1, 12), np.int64)
    net.norm0.bias.data.fill_(-1e3)  # all codes of the layers between are zero
    net.norm1.bias.data.fill_(-1e3)
    assert (model(net, x) == 0).all()
    assert (reference.outputs(export(net, "sign"), x) == 1).all()


def image_net(last):
    torch.manual_seed(1)
    pixels = QuantInput(3, scale=1 / 7)
    shared = QuantActivation(2, calibration_steps=1)
    conv = QuantConv2d(1, 3, 3, quant=WeightQuant(bits=3), source=pixels, bias=True)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.pixels, self.conv, self.shared, self.last = pixels, conv, shared, last(shared)

        def forward(self, x):
            codes = self.shared(self.conv(self.pixels(x)))
            return self.last(codes, codes) if isinstance(self.last, QuantAdd) else self.last(codes)

    net = Net()
    net(torch.rand(16, 1, 5, 6))
    return net.eval()


IMAGES = {
    "convolution": lambda source: QuantConv2d(
        3, 2, 2, quant=WeightQuant(bits=3), source=source, bias=True
    ),
    "addition": lambda source: QuantAdd(source=source),
    "average": lambda source: QuantAvgPool2d((2, 3), 1, source=source),
}


@pytest.mark.parametrize("last", IMAGES.values(), ids=IMAGES)
def test_sums_of_images(last):
    net = image_net(last)
    x = np.random.default_rng(0).integers(0, 8, (40, 1, 5, 6))
    wanted = model(net, x)
    graph = export(net, "sums", (1, 5, 6))
    assert np.allclose(reals(graph, x)[1], wanted, rtol=1e-12, atol=1e-12)
    signs = reference.outputs(export(net, "sign", (1, 5, 6)), x)
    assert np.array_equal(signs, wanted >= 0)
    assert isinstance(graph.nodes[1], Threshold)
    assert isinstance(graph.nodes[0], Conv2d)


@pytest.mark.parametrize("make", [lambda: QuantOutput(4, scale=0.25), lambda: QuantActivation(3)])
def test_codes_have_the_scale_of_their_quantizer(make):
    net = ending()
    net.add_module("out", make())
    graph, x = export(net, None), codes(200)
    assert np.array_equal(reals(graph, x)[1], model(net, x))
    assert graph.result == "codes"


def test_an_argmax_has_no_scale():
    graph = export(small_net(), "argmax")
    assert (graph.result, graph.dequantization) == ("class", None)


def test_the_file_keeps_scale_and_offset_to_the_last_bit(tmp_path):
    graph = export(NETS["batch norm"](), "sums")
    save_model(graph, tmp_path / "model.pt")
    assert load_model(tmp_path / "model.pt").dequantization == graph.dequantization


def test_another_result():
    with pytest.raises(ModelError) as caught:
        export(small_net(), "logits")
    assert str(caught.value) == "net: result must be one of argmax, sums, sign, not 'logits'"


def test_a_result_where_codes_are_the_result():
    net = ending()
    net.add_module("out", QuantOutput(4, scale=0.25))
    with pytest.raises(ModelError) as caught:
        export(net, "sums")
    assert str(caught.value) == (
        "net: result must be left out where the model ends in the codes of a QuantOutput, not "
        "'sums'; they are the result"
    )


def test_an_argmax_takes_in_no_batch_norm():
    with pytest.raises(ModelError) as caught:
        export(ending(nn.BatchNorm1d(5), scale="tensor"), "argmax")
    assert str(caught.value) == (
        "net: last0: BatchNorm1d must not come after the output layer, whose sums are compared as "
        'they are; remove it, or export with result="sums" or "sign"'
    )


@pytest.mark.parametrize("result", ["argmax", "sums"])
def test_a_bias_that_swamps_the_sums_is_refused(result):
    """In float64 the model's own sums would be lost beside it."""
    net = ending(scale="tensor")
    unit = float(net.dense2.sum_scale.detach())
    net.dense2.bias.data[:] = 2.0**40 * unit
    export(net, result)
    net.dense2.bias.data[2] = -(2.0**54) * unit
    with pytest.raises(ModelError) as caught:
        export(net, result)
    assert str(caught.value) == (
        "net: dense2: channel 2: bias and batch norm must add at most 2**50 units of the sums, not "
        "1.8e+16, beside which float64 cannot tell sums apart; make them smaller, or the weights' "
        "scale larger"
    )
    export(net, "sign")  # needs the sums only near their threshold
