"""Weights and activations in {-1, +1}: formulas, gradients, training, and the exported integers."""

import numpy as np
import pytest
import torch
from torch import nn

from hwgen import reference
from hwgen.errors import ModelError
from hwgen.nn import (
    Concat,
    QuantActivation,
    QuantAdd,
    QuantAvgPool2d,
    QuantConv2d,
    QuantInput,
    QuantLinear,
    WeightQuant,
    export_graph,
    load_model,
    save_model,
)
from hwgen.nn.post_training import quantize_after_training
from tests.nn.bipolar_networks import bipolar_codes, bipolar_net
from tests.nn.test_results import model, reals

TERNARY = WeightQuant(method="a2q_ip", bits=3, accumulator_bits=3)


def export(net, result=None, shape=(10,)):
    return export_graph(net, name="net", input_shape=shape, result=result)


def test_an_activation_is_the_sign_times_half_its_scale():
    act = QuantActivation(1, bipolar=True).eval()
    act.log2_scale.data.fill_(1.0)
    x = torch.tensor([-3.0, -1e-30, -0.0, 0.0, 1e-30, 5.0])
    assert act(x).tolist() == [-1, -1, 1, 1, 1, 1]
    assert act.codes(x).tolist() == [0, 0, 1, 1, 1, 1]


def test_an_input_is_the_sign_times_its_scale():
    pixels = QuantInput(1, bipolar=True, scale=3.0)
    x = torch.tensor([-0.1, 0.0, 7.0])
    assert pixels(x).tolist() == [-3, 3, 3]
    assert pixels.codes(x).tolist() == [0, 1, 1]


def test_weights_are_signs_times_their_mean():
    quant = WeightQuant(bits=1)
    layer = QuantLinear(4, 2, quant=quant, source=QuantInput(1, bipolar=True))
    weight = torch.tensor([[0.5, -1.0, 0.0, 2.5], [-0.0, -3.0, -3.0, 2.0]])
    layer.start_from(weight, None)
    signs = [[1, -1, 1, 1], [1, -1, -1, 1]]
    assert layer.certified().weight.tolist() == signs
    expected = torch.tensor(signs) * torch.tensor([[1.0], [2.0]])
    assert torch.allclose(layer._fake_weight(), expected)


def test_gradients_pass_the_sign_of_a_value_within_its_scale():
    act = QuantActivation(1, bipolar=True, calibration_steps=1).double()
    act.calibrating = False
    act.log2_scale.data.fill_(1.0)
    x = torch.tensor([-2.5, -1.5, 0.5, 3.0], dtype=torch.float64, requires_grad=True)
    factors = torch.tensor([1.0, 2.0, 4.0, 8.0], dtype=torch.float64)
    (act(x) * factors).sum().backward()
    assert x.grad.tolist() == [0, 2, 4, 0]
    of_scale = -0.5 + 2 * (-0.5 + 0.75) + 4 * (0.5 - 0.25) + 8 * 0.5  # q - dq/dx * x / s
    assert float(act.log2_scale.grad) == pytest.approx(of_scale * 2 * np.log(2))


def test_gradients_pass_the_sign_of_every_weight():
    layer = QuantLinear(3, 1, quant=WeightQuant(bits=1), source=QuantInput(1, bipolar=True))
    layer.start_from(torch.tensor([[0.1, -0.2, 3.0]]), None)
    (layer._fake_weight() * torch.tensor([[1.0, 2.0, 4.0]])).sum().backward()
    assert torch.allclose(layer.weight.grad, torch.tensor([[1.0, 2.0, 4.0]]))
    of_scale = (1 - 2 + 4) * 1.1 * np.log(2)
    assert float(layer.quantizer.log2_scale.grad) == pytest.approx(of_scale)


def test_the_scale_of_an_activation_starts_at_twice_the_mean_magnitude():
    act = QuantActivation(1, bipolar=True, calibration_steps=1)
    act(torch.tensor([-1.0, 2.0, 6.0]))
    assert float(act.scale.detach()) == pytest.approx(6)


def test_training_and_evaluation_compute_the_same():
    net = bipolar_net(bias=True).double()
    x = torch.randn(64, 10, dtype=torch.float64)
    with torch.no_grad():
        expected = net(x)
        for module in net.modules():
            if isinstance(module, (QuantLinear, QuantActivation)):
                module.training = True
        assert torch.allclose(net(x), expected, rtol=1e-12)


def test_a_bipolar_net_learns():
    """Four classes by the signs of two sums of twenty signs: a linear float net gets all right."""
    torch.manual_seed(0)
    rules = torch.randn(2, 20).sign()
    x = torch.randn(2000, 20).sign()
    y = ((x @ rules.T + 0.5) > 0).long() @ torch.tensor([1, 2])
    pixels = QuantInput(1, bipolar=True)
    act = QuantActivation(1, bipolar=True, calibration_steps=10)
    net = nn.Sequential(
        pixels,
        QuantLinear(20, 32, quant=WeightQuant(bits=1), source=pixels),
        nn.BatchNorm1d(32),
        act,
        QuantLinear(32, 4, quant=WeightQuant(bits=1, scale="tensor"), source=act, bias=True),
    )
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    for step in range(300):
        batch = slice(step % 20 * 100, step % 20 * 100 + 100)
        loss = nn.functional.cross_entropy(net(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    graph = export_graph(net, name="net", input_shape=(20,))
    found = reference.outputs(graph, (x.numpy() > 0).astype(np.int64))[:, 0]
    assert (found == y.numpy()).mean() > 0.85


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bipolar_input", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("weights", [None, TERNARY], ids=["bipolar", "a2q_ip"])
def test_every_ending_equals_the_model(seed, bipolar_input, bias, weights):
    bits = 1 if bipolar_input else 4
    if weights is not None and not bipolar_input:
        weights = WeightQuant(method="a2q_ip", bits=3, accumulator_bits=6)
    net = bipolar_net(seed=seed, bipolar_input=bipolar_input, bias=bias, weights=weights)
    x = bipolar_codes(bits=bits)
    wanted = model(net, x)
    assert len(np.unique(wanted, axis=0)) > 8
    classes = reference.outputs(export(net), x)[:, 0]
    assert np.array_equal(classes, wanted.argmax(1))
    graph = export(net, "sums")
    assert np.allclose(reals(graph, x)[1], wanted, rtol=1e-12, atol=1e-12)
    assert np.array_equal(reference.outputs(export(net, "sign"), x), wanted >= 0)
    assert graph.node("act0").output.range.span == 1
    if weights is not None:
        declared = [a.bits for a in graph.node("dense1").accumulators]
        assert max(declared) <= weights.accumulator_bits


@pytest.mark.parametrize("bias", [True, False])
def test_rows_of_unlike_parity_are_compared_exactly(bias):
    """Half units of some rows: everything is doubled, and a trained width is kept all the same."""
    last = WeightQuant(method="a2q_ip", bits=3, accumulator_bits=3, scale="tensor")
    for seed in range(4):
        net = bipolar_net(last=last, bias=bias, seed=seed, rows=5)
        odd = net.last.certified().weight.sum(1) % 2
        graph, x = export(net), bipolar_codes()
        assert np.array_equal(reference.outputs(graph, x)[:, 0], model(net, x).argmax(1))
        doubled = len(set(odd.tolist())) > 1
        assert graph.node("last").weight_bits == 3 + doubled
        assert max(a.bits for a in graph.node("last").accumulators) <= 3


def test_no_sum_needs_more_bits_than_its_inputs():
    """K inputs of one bit and weights -1 and 1: K + 1 different sums."""
    graph = export(bipolar_net(hidden=(7, 15), features=15), shape=(15,))
    for name, inputs in (("dense0", 15), ("dense1", 7), ("last", 15)):
        node = graph.node(name)
        assert set(np.unique(node.weight)) == {-1, 1}
        spans = {total.span for total in node.totals(graph.source(node).range)}
        assert spans == {inputs}


def test_the_input_has_an_offset(tmp_path):
    net = bipolar_net()
    graph = export(net)
    assert (graph.input.scale, graph.input.offset) == (2.0, -1.0)
    save_model(graph, tmp_path / "model.pt")
    assert load_model(tmp_path / "model.pt").input == graph.input


class Images(nn.Module):
    """A convolution of bipolar values, and one of the modules that read two or many of them."""

    def __init__(self, last):
        super().__init__()
        self.pixels = QuantInput(1, bipolar=True)
        self.conv = QuantConv2d(2, 3, 2, quant=WeightQuant(bits=1), source=self.pixels)
        self.norm = nn.BatchNorm2d(3)
        self.act = QuantActivation(1, bipolar=True, calibration_steps=1)
        self.pool = nn.MaxPool2d(2, 1)
        self.last = last(self.act)
        self.out = QuantActivation(2, calibration_steps=1, signed=True)

    def forward(self, x):
        codes = self.pool(self.act(self.norm(self.conv(self.pixels(x)))))
        if isinstance(self.last, (QuantAdd, Concat)):
            return self.out(self.last(codes, codes))
        return self.out(self.last(codes))


@pytest.mark.parametrize(
    "last",
    [
        lambda source: QuantAdd(source=source),
        lambda source: QuantAvgPool2d(2, source=source),
        lambda source: QuantConv2d(3, 2, 2, quant=WeightQuant(bits=1), source=source, bias=True),
        lambda source: Concat(),
    ],
    ids=["addition", "average", "convolution", "concatenation"],
)
def test_images_of_bipolar_values(last):
    torch.manual_seed(0)
    net = Images(last)
    net(torch.randn(32, 2, 6, 6))
    x = np.random.default_rng(0).integers(0, 2, (50, 2, 6, 6))
    graph = export(net.eval(), shape=(2, 6, 6))
    integers, values = reals(graph, x)
    assert np.array_equal(values, model(net, x))
    assert len(np.unique(integers)) > 1


def test_refusals():
    with pytest.raises(ValueError, match="quantizer") as caught:
        QuantActivation(2, bipolar=True)
    assert str(caught.value) == (
        "activation quantizer: bits must be 1, unsigned, where bipolar, not u2; its codes 0 and 1 "
        "stand for -1 and +1"
    )
    with pytest.raises(ValueError, match="padding") as caught:
        QuantConv2d(
            1, 1, 3, quant=WeightQuant(bits=1), source=QuantInput(1, bipolar=True), padding=1
        )
    assert str(caught.value) == (
        "QuantConv2d: padding must be 0 behind a bipolar quantizer, whose values have no zero, "
        "not 1; enlarge the image before it is quantized"
    )


def test_no_quantization_after_training():
    net = bipolar_net()
    with pytest.raises(ModelError) as caught:
        quantize_after_training(net, nn.Sequential(), torch.randn(4, 10))
    assert str(caught.value) == (
        "network: quant: must not be bipolar to be quantized after training, which cannot make up "
        "for signs; train it"
    )
