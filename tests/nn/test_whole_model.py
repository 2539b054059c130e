"""Whatever makes a module compute something else than its kind is refused, by name."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from hwgen.nn import (
    Concat,
    QuantActivation,
    QuantAvgPool2d,
    QuantInput,
    QuantLinear,
    WeightQuant,
    export_graph,
)
from tests.nn.networks import refusal, small_net


def spy(module, *_):
    return None


@pytest.mark.parametrize("path", ["", "dense0", "norm0", "act0", "dense0.quantizer"])
@pytest.mark.parametrize("register", ["register_forward_hook", "register_forward_pre_hook"])
def test_hooks(path, register):
    net = small_net()
    getattr(net.get_submodule(path), register)(spy)
    assert refusal(net) == (
        f"net: {path or 'Sequential'}: must have no forward hook, and has spy; remove it by its "
        "handle, or make it a module"
    )


@pytest.mark.parametrize(
    "register",
    [
        nn.modules.module.register_module_forward_hook,
        nn.modules.module.register_module_forward_pre_hook,
    ],
)
def test_hooks_of_all_modules(register):
    handle = register(spy)
    try:
        assert refusal(small_net()) == (
            "net: every module has the global forward hook spy; remove it by its handle"
        )
    finally:
        handle.remove()


def test_hooks_of_the_backward_pass_are_none_of_the_functions():
    net = small_net()
    net.dense0.register_full_backward_hook(lambda *_: None)
    export_graph(net, name="net", input_shape=(12,))


class Squared(nn.Identity):
    def forward(self, x):
        return x * x


class Louder(nn.Dropout):
    def __call__(self, x):
        return 2 * super().__call__(x)


class Halved(QuantActivation):
    @property
    def scale(self):
        return super().scale / 2


class Negated(nn.BatchNorm1d):
    def forward(self, x):
        return super().forward(x).abs()


class Rounded(QuantLinear):
    def value_of_sum(self, sums):
        return super().value_of_sum(sums).round()


class Same(nn.Identity):
    """Has a name and a way to show itself, and computes what Identity computes."""

    def __init__(self):
        super().__init__()
        self.note = "same"

    def extra_repr(self):
        return self.note


def with_module(name, module):
    net = small_net()
    net.add_module(name, module)
    return net


@pytest.mark.parametrize(
    ("module", "kind", "own", "method"),
    [
        (Squared(), "Identity", "Squared", "forward"),
        (Louder(), "Dropout", "Louder", "__call__"),
        (Halved(3), "QuantActivation", "Halved", "scale"),
        (Negated(9), "BatchNorm1d", "Negated", "forward"),
        (
            Rounded(12, 9, quant=WeightQuant(), source=QuantInput(4)),
            "QuantLinear",
            "Rounded",
            "value_of_sum",
        ),
    ],
)
def test_subclasses(module, kind, own, method):
    assert refusal(nn.Sequential(module)) == (
        f"net: 0: must compute what {kind} computes, and {own} has its own {method}; "
        f"use {kind} itself"
    )


def test_a_subclass_that_changes_nothing_is_its_kind():
    net = small_net()
    layers = [*net.children()]
    layers.insert(3, Same())
    export_graph(nn.Sequential(*layers), name="net", input_shape=(12,))


@pytest.mark.parametrize(("path", "kind"), [("", "Sequential"), ("dense1", "QuantLinear")])
def test_a_method_replaced_on_one_object(path, kind):
    net = small_net()
    net.get_submodule(path).forward = lambda x: x
    assert refusal(net) == (
        f"net: {path or 'Sequential'}: forward must be that of {kind}, not replaced on this "
        "object; write a module for it"
    )


def test_parametrized_weights():
    net = small_net()
    parametrizations.weight_norm(net.dense0)
    expected = (
        "net: dense0: weight must be a plain parameter, not parametrized; "
        "call torch.nn.utils.parametrize.remove_parametrizations first"
    )
    assert expected in refusal(net).splitlines()
    parametrize.remove_parametrizations(net.dense0, "weight")
    export_graph(net, name="net", input_shape=(12,))


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("change", "hook", "remedy"),
    [
        (lambda m: prune.l1_unstructured(m, "weight", 0.3), "L1Unstructured", "prune.remove"),
        (nn.utils.weight_norm, "WeightNorm", "remove_weight_norm"),
        (nn.utils.spectral_norm, "SpectralNorm", "remove_spectral_norm"),
    ],
)
def test_weights_made_anew_by_a_hook(change, hook, remedy):
    net = small_net().train()
    change(net.dense0)
    net(torch.rand(8, 12)).sum().backward()
    assert refusal(net) == (
        f"net: dense0: weight must be a plain parameter, not made anew at each call by {hook}; "
        f"call torch.nn.utils.{remedy} first"
    )


def test_pruned_weights_are_exported_once_the_pruning_is_made_permanent():
    net = small_net()
    prune.l1_unstructured(net.dense0, "weight", 0.3)
    prune.remove(net.dense0, "weight")
    zeros = net.dense0.weight == 0
    graph = export_graph(net, name="net", input_shape=(12,))
    assert (graph.node("dense0").weight[zeros.numpy()] == 0).all()


@pytest.mark.parametrize(
    "wrap", [torch.compile, nn.DataParallel, lambda net: nn.DataParallel(torch.compile(net))]
)
def test_a_wrapped_model_is_the_model(wrap):
    net = small_net()
    expected = export_graph(net, name="net", input_shape=(12,))
    found = export_graph(wrap(net), name="net", input_shape=(12,))
    assert [node.name for node in found.nodes] == [node.name for node in expected.nodes]


def test_a_wrapped_part_is_refused():
    net = small_net()
    net.dense1 = nn.DataParallel(net.dense1)
    assert refusal(net) == (
        "net: dense1: must be the QuantLinear itself, not wrapped in DataParallel; "
        "wrap the whole model, or nothing"
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TorchScript is old
def test_what_is_no_model():
    assert refusal({"state": 1}) == (
        "net: must be a torch.nn.Module, not dict; pass the model itself"
    )
    assert refusal(torch.jit.script(nn.Linear(2, 2))) == (
        "net: must be made of Python modules, not of TorchScript; pass the model that was scripted"
    )
    net = small_net()
    net.seen = net.dense0(torch.rand(2, 12)) * net.dense0.weight.sum()  # of a forward pass
    assert refusal(net).startswith("net: must be a model that can be copied, and cannot be (Only ")


def test_a_forward_that_cannot_be_followed():
    class Net(nn.Module):
        def __init__(self, body):
            super().__init__()
            self.body = body

        def forward(self, x):
            return self.missing(x)

    assert refusal(Net(small_net())) == (
        "net: forward must call the same modules for every input, without branches on values "
        "('Net' object has no attribute 'missing'); move what depends on values out of the model"
    )


def test_names_that_clash():
    pixels, codes = QuantInput(4), QuantActivation(3, calibration_steps=1)
    net = nn.Sequential()
    net.add_module("pixels", pixels)
    net.add_module("a", nn.Sequential())
    net.a.add_module("b", QuantLinear(12, 5, quant=WeightQuant(), source=pixels))
    net.add_module("codes", codes)
    last = QuantLinear(5, 3, quant=WeightQuant(scale="tensor"), source=codes)
    clash = copy.deepcopy(net)
    clash.add_module("a_b", QuantLinear(5, 3, quant=WeightQuant(), source=clash.codes))
    clash.add_module("codes2", QuantActivation(2))
    assert refusal(clash) == (
        "net: a_b: must not share the name a_b with a.b in the integer network; rename one of them"
    )
    net.add_module("input", last)
    assert refusal(net) == (
        "net: input: must have another name, which is that of the network's input; rename it"
    )


def test_one_output_in_front_of_an_argmax():
    pixels = QuantInput(4)
    layer = QuantLinear(12, 1, quant=WeightQuant(scale="tensor"), source=pixels)
    assert refusal(nn.Sequential(pixels, layer)) == (
        "net: 1: must have two outputs or more in front of an argmax, which is 0 for one; decide "
        'by sum >= 0 with export_graph(..., result="sign"), or give the layer one output a class'
    )


def test_a_model_that_computes_nothing():
    assert refusal(nn.Sequential(QuantInput(4), nn.Identity())) == (
        "net: must compute something, and gives its input; add a QuantLinear"
    )


def test_a_layer_whose_settings_were_changed_later():
    net = small_net()
    net.dense1.quant = WeightQuant(method="a2q", bits=4, accumulator_bits=3)
    assert refusal(net) == (
        "net: dense1: P = 3 leaves no room for a weight of 1 with 3-bit inputs; "
        "the smallest useful P is 5"
    )


@pytest.mark.parametrize(("name", "value"), [("quant", None), ("quantizer", nn.Identity())])
def test_a_layer_whose_quantizer_was_replaced(name, value):
    net = small_net()
    setattr(net.dense1, name, value)
    assert refusal(net) == (
        "net: dense1: must keep its own quant and quantizer; give it others by requantize(quant)"
    )


def test_a_parameter_of_the_model_itself():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.gain = small_net(), nn.Parameter(torch.ones(5))

        def forward(self, x):
            return self.body(x) * self.gain

    assert refusal(Scaled()).splitlines() == [
        "net: forward must only call modules, not the tensor gain; use a module of hwgen.nn",
        "net: forward must only call modules, not the function mul; use a module of hwgen.nn",
    ]


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_a_model_of_another_precision_is_what_its_numbers_are(kind):
    net = small_net().to(kind)
    found, expected = (
        export_graph(model, name="net", input_shape=(12,)) for model in (net, net.double())
    )
    assert np.array_equal(found.nodes[1].thresholds, expected.nodes[1].thresholds)


def test_images_and_vectors_do_not_mix():
    pixels, codes = QuantInput(4), QuantActivation(3)
    layer = QuantLinear(8, 5, quant=WeightQuant(), source=pixels)
    assert refusal(nn.Sequential(pixels, layer, codes), (3, 8)) == (
        "net: 1: input must have one axis, not shape (3, 8); flatten it"
    )
    pool = QuantAvgPool2d(2, source=pixels)
    assert refusal(nn.Sequential(pixels, pool, codes), (8,)) == (
        "net: 1: input must be an image (channels, height, width), not (8,)"
    )
    assert "must be called with two tensors or more" in refusal(nn.Sequential(pixels, Concat()))
