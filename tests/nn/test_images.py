"""Convolutional networks: integers against the torch model in every code, and every refusal."""

import numpy as np
import pytest
import torch
from torch import nn

from hwgen import reference
from hwgen.errors import ModelError
from hwgen.ir import Add, Concat, Conv2d, Threshold
from hwgen.nn import (
    QuantActivation,
    QuantAdd,
    QuantAvgPool2d,
    QuantConv2d,
    QuantInput,
    QuantOutput,
    WeightQuant,
    load_model,
    penalty,
    repairs,
    save_model,
)
from hwgen.nn.joining import Concat as Join
from tests.nn.image_networks import (
    EveryOperation,
    count_codes,
    export,
    random_pixels,
    trained,
    weight_quant,
)

METHODS = ["qat", "a2q", "a2q_plus", "a2q_ip"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("signed", [False, True])
def test_reference_equals_torch_in_every_code(method, signed):
    for seed in range(3):
        net = trained(EveryOperation(method, method, bits=9, signed=signed), seed=seed)
        graph = export(net)
        equal, different = count_codes(net, graph, random_pixels(40))
        assert (equal, different) == (40 * 2017, 0)
        values = reference.run(graph, random_pixels(40))
        assert len(np.unique(values["add_act"])) > 4  # not a dead network


def test_structure_and_certificates(tmp_path):
    net = trained(EveryOperation())
    x = random_pixels(5)
    graph = export(net, x=x)
    depthwise, grouped = graph.node("depthwise"), graph.node("grouped")
    assert isinstance(depthwise, Conv2d)
    assert (depthwise.weight.shape, depthwise.groups) == ((8, 1, 3, 2), 8)
    assert (depthwise.stride, depthwise.padding) == ((1, 2), (1, 1))
    assert {(a.method, a.target_bits) for a in depthwise.accumulators} == {("signed", 7)}
    assert {(a.method, a.target_bits) for a in grouped.accumulators} == {("offset", 7)}
    assert max(a.bits for a in grouped.accumulators) <= 7
    assert graph.node("add").inputs == ("shared_2", "shared")
    assert isinstance(graph.node("add"), Add)
    assert isinstance(graph.node("join"), Concat)
    assert isinstance(graph.node("again"), Threshold)
    assert graph.tensors["average"].range.hi == 24 * 7
    assert repairs(net) == 0
    save_model(graph, tmp_path / "model.pt")
    loaded = load_model(tmp_path / "model.pt")
    assert np.array_equal(loaded.samples.y, reference.outputs(graph, x))


@pytest.mark.parametrize("method", METHODS)
def test_every_weight_gets_a_gradient(method):
    net = EveryOperation(method, method, bits=9)
    for _ in range(3):
        net(torch.rand(8, 3, 12, 12))
    loss = net(torch.rand(8, 3, 12, 12)).square().sum() + penalty(net)
    loss.backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    assert float(net.depthwise.weight.grad.abs().sum()) > 0
    assert float(net.grouped.weight.grad.abs().sum()) > 0


def test_training_and_evaluation_agree():
    net = trained(EveryOperation()).double()
    x = torch.from_numpy(random_pixels(4)).double() / 255
    exact = net.stem(net.pixels(x))
    codes = net.shared(net.depthwise_norm(net.depthwise(net.pool(net.stem_act(exact)))))
    faked = net.stem.train()(net.pixels(x))
    torch.testing.assert_close(faked, exact)
    torch.testing.assert_close(net.grouped.train()(codes), net.grouped.eval()(codes))
    torch.testing.assert_close(net.add.train()(codes, codes), net.add.eval()(codes, codes))
    pooled = net.again(codes)
    average = QuantAvgPool2d(2, source=net.again)
    torch.testing.assert_close(average.train()(pooled), average.eval()(pooled))


def test_start_from_projects_the_rows_of_a_kernel():
    net = EveryOperation("a2q", "a2q", bits=6)
    float_layer = nn.Conv2d(8, 8, 3, groups=2)
    net.grouped.start_from(float_layer.weight, float_layer.bias)
    assert net.grouped.weight.shape == float_layer.weight.shape
    norms = net.grouped.weight.flatten(1).abs().sum(1, keepdim=True)
    assert (norms <= net.grouped.quantizer.scale * net.grouped.quantizer.cap * 1.0001).all()
    assert torch.equal(net.grouped.bias, float_layer.bias)


def pixels_and(*modules):
    source = QuantInput(4)
    return nn.Sequential(source, *(make(source) for make in modules))


def conv(source, channels=3, **options):
    return QuantConv2d(channels, 3, 1, quant=weight_quant("a2q", 8), source=source, **options)


class Branches(nn.Module):
    """Two activations of a network's input, joined by a module."""

    def __init__(self, join, share=False):
        super().__init__()
        self.pixels = QuantInput(4)
        self.left = QuantActivation(2)
        self.right = self.left if share else QuantActivation(2)
        self.join = join(self.right)

    def forward(self, x):
        x = self.pixels(x)
        return self.join(self.left(x), self.right(x))


def refusal(net, shape=(3, 4, 4)):
    with pytest.raises(ModelError) as caught:
        export(net, shape)
    return str(caught.value)


@pytest.mark.parametrize("join", [lambda source: QuantAdd(source=source), lambda _: Join()])
def test_branches_of_two_scales_are_refused(join):
    assert refusal(Branches(join)) == (
        "net: join: must read values of one QuantActivation, whose scale both sides share; "
        "end each branch in the same one"
    )


def test_a_sum_must_be_rounded():
    net = Branches(lambda source: QuantAdd(source=source), share=True)
    assert refusal(net) == (
        'net: join: a QuantActivation must follow; add one, or export with result="sums"'
    )


def test_the_sum_names_its_quantizer():
    net = Branches(lambda _: QuantAdd(source=QuantActivation(2)), share=True)
    assert refusal(net) == (
        "net: join: source must be the quantizer whose values are added; pass that one"
    )


def test_one_quantizer_called_twice_is_two_nodes():
    graph = export(Branches(lambda _: Join(), share=True), (3, 4, 4))
    assert [node.name for node in graph.nodes] == ["left", "left_2", "join"]
    assert graph.output == "join"


def test_sums_cannot_be_joined_or_moved():
    for module in (nn.MaxPool2d(2), nn.PixelShuffle(1), nn.Flatten(), nn.Upsample(scale_factor=2)):
        assert refusal(pixels_and(conv, lambda _, module=module: module)) == (
            "net: 2: must follow a QuantInput or a QuantActivation"
        )


@pytest.mark.parametrize(
    "module",
    [
        nn.MaxPool2d(2, padding=1),
        nn.MaxPool2d(2, dilation=2),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.MaxPool2d(2, return_indices=True),
    ],
)
def test_other_max_pooling_is_refused(module):
    assert refusal(pixels_and(lambda _: module)) == (
        "net: 1: must have kernel_size and stride only, no padding, dilation or ceil_mode"
    )


@pytest.mark.parametrize(
    "module",
    [
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Upsample(scale_factor=1.5),
        nn.Upsample(scale_factor=(2, 2)),
        nn.Upsample(size=8),
    ],
)
def test_other_upsampling_is_refused(module):
    assert refusal(pixels_and(lambda _: module)) == (
        "net: 1: must repeat whole pixels; use nn.Upsample(scale_factor=2) with a whole number, "
        "in the mode nearest"
    )


def test_average_pooling_names_its_source_and_must_be_rounded():
    net = pixels_and(lambda source: QuantAvgPool2d(2, source=source))
    assert refusal(net) == (
        'net: 1: a QuantActivation must follow; add one, or export with result="sums"'
    )
    other = pixels_and(lambda _: QuantAvgPool2d(2, source=QuantInput(4)))
    assert refusal(other).startswith("net: 1: source must be the quantizer whose values reach")
    twice = pixels_and(conv, lambda source: QuantAvgPool2d(2, source=source))
    assert refusal(twice).startswith("net: 2: must read a QuantInput or a QuantActivation")


def test_a_norm_of_the_other_kind_is_refused():
    assert refusal(pixels_and(conv, lambda _: nn.BatchNorm1d(3))) == (
        "net: 2: must be a BatchNorm1d behind a QuantLinear, a BatchNorm2d behind a QuantConv2d, "
        "not a BatchNorm1d behind a QuantConv2d"
    )


def test_a_norm_behind_codes_is_refused():
    assert refusal(pixels_and(lambda _: nn.BatchNorm2d(3))) == (
        "net: 1: must follow a QuantLinear or a QuantConv2d, whose thresholds take it in"
    )


def test_a_net_that_ends_in_sums_of_an_image_is_refused():
    assert refusal(pixels_and(conv)) == (
        "net: 1: a QuantActivation or a QuantOutput must follow the sums; add one, or export with "
        'result="sums"'
    )


def test_an_activation_needs_an_input_quantizer():
    assert refusal(nn.Sequential(QuantActivation(2))) == (
        "net: 0: must follow a QuantInput, not be the first module"
    )


def test_another_number_of_channels_is_refused():
    net = pixels_and(lambda source: conv(source, channels=4), lambda _: QuantActivation(2))
    assert refusal(net) == "net: 1: in_channels must be 3, not 4"


def test_sums_that_are_read_twice_are_refused():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.pixels = QuantInput(4)
            self.conv = conv(self.pixels)
            self.act = QuantActivation(2)
            self.join = Join()

        def forward(self, x):
            sums = self.conv(self.pixels(x))
            return self.join(self.act(sums), self.act(sums))

    assert refusal(Twice()) == (
        "net: conv: must be called once, and its sums be read once; call the activation once, "
        "and use its result twice"
    )


def test_other_modules_take_one_tensor():
    net = Branches(lambda _: nn.Identity(), share=True)
    assert refusal(net) == "net: join: must be called with one tensor"


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (QuantAdd(source=QuantInput(4)), "net: 1: must be called with two tensors"),
        (Join(), "net: 1: must be called with two tensors or more"),
    ],
)
def test_joining_needs_two_tensors(module, expected):
    assert refusal(pixels_and(lambda _: module)) == expected


def test_an_output_of_fixed_scale():
    source = QuantInput(8, scale=1 / 255)
    layer = QuantConv2d(3, 4, 3, quant=WeightQuant(scale="tensor"), source=source, padding=1)
    net = nn.Sequential(source, layer, QuantOutput(8, scale=1 / 255), nn.PixelShuffle(2))
    graph = export(net, (3, 5, 5))
    assert graph.tensors["3"].shape == (1, 10, 10)
    assert count_codes(net, graph, random_pixels(20, (3, 5, 5))) == (20 * 4 * 25, 0)
    with pytest.raises(ValueError, match="output quantizer: scale must be positive and finite"):
        QuantOutput(8, scale=0.0)
