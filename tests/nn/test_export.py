"""The exported integers against the torch model, in every tensor, and every refusal."""

import numpy as np
import pytest
import torch
from torch import nn

from hwgen import reference
from hwgen.errors import ModelError
from hwgen.ir import Argmax, Dense, Flatten, Threshold
from hwgen.nn import (
    QuantActivation,
    QuantConv2d,
    QuantInput,
    QuantLinear,
    WeightQuant,
    export_graph,
    load_model,
    repairs,
    save_model,
)
from tests.nn.networks import codes, small_net


def export(net, shape=(12,), **samples):
    return export_graph(net, name="net", input_shape=shape, **samples)


def torch_codes(net, x):
    """Codes of every activation and the winning class, by the float64 model."""
    exact = net.double().eval()
    found = {}

    def keep(name):
        def hook(module, inputs, output):
            found[name] = torch.round(output / module.scale).long().numpy()

        return hook

    for name, module in exact.named_modules():
        if isinstance(module, QuantActivation):
            module.register_forward_hook(keep(name))
    with torch.no_grad():
        logits = exact(torch.from_numpy(x).double() * exact.quant.fixed_scale)
    found["argmax"] = logits.numpy().argmax(1)[:, None]  # the lowest index among equals
    return found


@pytest.mark.parametrize("method", ["qat", "a2q", "a2q_plus", "a2q_ip"])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_reference_equals_torch_in_every_code(method, signed, seed):
    net = small_net(method=method, signed_activation=signed, seed=seed)
    graph = export(net)
    x = codes()
    values = reference.run(graph, x)
    for name, expected in torch_codes(net, x).items():
        assert np.array_equal(values[name], expected), name
    assert len({tuple(row) for row in values["act0"]}) > 30  # not a dead network


def test_ties_between_outputs_go_to_the_lowest_index():
    net = small_net()
    net.dense2.weight.data[:] = net.dense2.weight.data[0]
    net.dense2.bias.data.zero_()
    graph = export(net)
    assert (reference.outputs(graph, codes()) == 0).all()
    assert (torch_codes(net, codes())["argmax"] == 0).all()


def test_structure_and_certificates():
    net = small_net(accumulator_bits=7)
    graph = export(net)
    kinds = [type(node) for node in graph.nodes]
    assert kinds == [Dense, Threshold, Dense, Threshold, Dense, Argmax]
    hidden, output = graph.node("dense0"), graph.node("dense2")
    assert {a.method for a in hidden.accumulators} == {"offset"}
    assert {a.target_bits for a in hidden.accumulators} == {7}
    assert max(a.bits for a in hidden.accumulators) <= 7
    assert {(a.method, a.target_bits) for a in output.accumulators} == {("signed", None)}
    assert (graph.node("dense1").bias == 0).all()  # the thresholds took it in
    assert np.array_equal(output.bias, net.double().dense2.bias_codes().detach().numpy())
    assert graph.input.scale == 1 / 15
    assert repairs(net) == 0


def test_negative_gain_negates_the_row():
    net = small_net()
    net.norm0.weight.data = torch.tensor([-1.0, 1.0] * 4 + [-1.0])
    before = net.dense0.certified().weight
    after = export(net).node("dense0").weight
    flipped = (after == -before).all(axis=1) & (before != 0).any(axis=1)
    assert np.array_equal(after[~flipped], before[~flipped])
    assert flipped[::2].any()
    assert not flipped[1::2].any()


def test_zero_gain_is_a_constant_channel():
    net = small_net()
    net.norm0.bias.data[0] = 2.0 * float(net.act0.scale.detach())
    graph = export(net)
    assert set(reference.run(graph, codes())["act0"][:, 0]) == {2}
    total = graph.node("dense0").totals(graph.input.type.range)[0]
    thresholds = graph.node("act0").thresholds[0]
    assert thresholds.tolist() == [total.lo] * 2 + [total.hi + 1] * 5


def test_nested_modules_flatten_and_dropout(tmp_path):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.front = nn.Sequential(QuantInput(4, scale=0.1), nn.Flatten())
            quant = WeightQuant(method="a2q_ip", bits=3, accumulator_bits=7)
            act = QuantActivation(2, calibration_steps=1)
            dense = QuantLinear(12, 6, quant=quant, source=self.front[0])
            self.body = nn.Sequential(dense, act, nn.Dropout(0.5))
            self.head = QuantLinear(6, 3, quant=WeightQuant(scale="tensor"), source=act)

        def forward(self, x):
            return self.head(self.body(self.front(x)))

    torch.manual_seed(0)
    net = Net()
    net(torch.rand(8, 3, 4))
    x = codes(50).reshape(50, 3, 4)
    labels = np.arange(50) % 3
    graph = export(net, shape=(3, 4), x=x, labels=labels, metadata={"recipe": "test"})
    assert [n.name for n in graph.nodes if isinstance(n, Flatten)] == ["front_1"]
    save_model(graph, tmp_path / "model.pt")
    loaded = load_model(tmp_path / "model.pt")
    assert np.array_equal(loaded.samples.y, reference.outputs(graph, x))
    assert np.array_equal(loaded.samples.labels, labels)
    assert loaded.metadata["recipe"] == "test"


def test_the_model_is_not_changed():
    net = small_net().train()
    state = {name: value.clone() for name, value in net.state_dict().items()}
    export(net)
    assert net.training
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert net.dense0.weight.dtype == torch.float32


def refusal(net, shape=(12,)):
    with pytest.raises(ModelError) as caught:
        export(net, shape)
    return str(caught.value)


def test_refuses_unsupported_modules_and_functions_all_at_once():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = small_net()
            self.last = nn.Softmax(1)

        def forward(self, x):
            return self.last(torch.relu(self.body(x)))

    lines = refusal(Net()).splitlines()
    assert lines[0] == (
        "net: forward must only call modules, not the function relu; use a module of hwgen.nn"
    )
    assert lines[1].startswith("net: last: must be one of QuantInput, QuantActivation, QuantLinear")
    assert lines[1].endswith("not Softmax")


def test_refuses_branches_on_values():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = small_net()

        def forward(self, x):
            return self.body(x) if x.sum() > 0 else x

    assert "without branches on values" in refusal(Net())


def test_refuses_a_scale_for_each_output():
    message = refusal(small_net(output_scale="channel"))
    assert message.startswith("net: dense2: the output layer must have one scale")
    assert message.endswith('use WeightQuant(scale="tensor")')


def test_refuses_modules_after_the_output_layer():
    net = small_net()
    net.add_module("norm2", nn.BatchNorm1d(5))
    assert refusal(net).startswith("net: norm2: BatchNorm1d must not come after the output layer")


def test_refuses_a_layer_without_quantized_input():
    net = small_net()
    del net.act0
    assert refusal(net) == (
        "net: dense1: must read a QuantInput or a QuantActivation; put one before it"
    )


def test_refuses_another_source_than_the_one_that_feeds_the_layer():
    net = small_net()
    net.act0 = QuantActivation(3)
    assert refusal(net).startswith("net: dense1: source must be the quantizer whose values reach")


def test_refuses_a_second_input_quantizer():
    net = nn.Sequential(QuantInput(4), *small_net())
    assert refusal(net) == "net: 1: must be the first module, and the only QuantInput"


def test_refuses_a_net_without_layers():
    assert refusal(nn.Sequential()) == (
        "net: must return the result of its last module, and one tensor only"
    )


def test_refuses_another_input_shape():
    assert "in_features must be (13,), not (12,)" in refusal(small_net(), (13,))


def test_refuses_an_output_bias_that_breaks_a_trained_width():
    quant = WeightQuant(method="a2q", bits=4, accumulator_bits=8, scale="tensor")
    source = QuantInput(4)
    layer = QuantLinear(12, 5, quant=quant, source=source, bias=True)
    layer.bias.data.fill_(1e3)
    net = nn.Sequential(source, layer)
    assert "more than the 8 that it was trained for" in refusal(net)


def test_half_precision_weights_are_quantized_in_float32():
    net = small_net(method="a2q", accumulator_bits=9)
    expected = net.dense0.codes().values
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(net.dense0.codes().values, expected)
    net.dense0.weight.data = net.dense0.weight.data.bfloat16()
    assert net.dense0.codes().values.dtype == torch.float32


def test_training_and_evaluation_agree():
    """Fake quantization in training mode and exact sums in evaluation mode, up to rounding."""
    net = small_net().double()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.momentum = 0.0
    x = torch.from_numpy(codes(200)).double() / 15
    exact = net.dense0(net.quant(x))
    net.dense0.train()
    torch.testing.assert_close(net.dense0(net.quant(x)), exact)
    net.dense2.train()
    features = net.act1(net.norm1(net.dense1(net.act0(net.norm0(exact)))))
    faked = net.dense2(features)
    net.dense2.eval()
    torch.testing.assert_close(faked, net.dense2(features))


@pytest.mark.parametrize("method", ["qat", "a2q", "a2q_ip"])
@pytest.mark.parametrize("shape", [(6,), (4, 6), (4, 5, 6), (4, 7, 6), (2, 3, 5, 6)])
def test_a_dense_layer_reads_the_last_axis_in_both_modes(shape, method):
    """Scale and bias belong to the last axis, whatever stands in front of it."""
    torch.manual_seed(0)
    pixels = QuantInput(4, scale=1 / 15)
    quant = WeightQuant(method=method, bits=4, accumulator_bits=None if method == "qat" else 9)
    layer = QuantLinear(6, 5, quant=quant, source=pixels, bias=True).double()
    x = pixels(torch.rand(shape, dtype=torch.float64))
    with torch.no_grad():
        rows = layer.eval()(x.reshape(-1, 6)).reshape(*shape[:-1], 5)
        assert torch.equal(layer(x), rows)
        torch.testing.assert_close(layer.train()(x), rows)


def test_a_convolution_takes_an_image_without_samples_in_both_modes():
    torch.manual_seed(0)
    pixels = QuantInput(4, scale=1 / 15)
    layer = QuantConv2d(3, 4, 3, quant=WeightQuant(), source=pixels, bias=True).double()
    x = pixels(torch.rand(2, 3, 6, 4, dtype=torch.float64))
    with torch.no_grad():
        whole = layer.eval()(x)
        assert torch.equal(layer(x[0]), whole[0])
        torch.testing.assert_close(layer.train()(x[0]), whole[0])
