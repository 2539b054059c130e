"""The last line of defence sees what the reading of a model does not, and lets honest models be."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from hwgen.errors import ModelError
from hwgen.nn import QuantActivation, QuantInput, QuantLinear, WeightQuant, export_graph
from hwgen.nn.compare import check_equal, codes_of, first_largest
from hwgen.nn.exact_copy import exact_copy
from tests.nn.networks import codes, small_net


def export(net, **given):
    return export_graph(net, name="net", input_shape=(12,), **given)


def refusal(net, **given):
    with pytest.raises(ModelError) as caught:
        export(net, **given)
    return str(caught.value)


class Remembers(nn.Module):
    """Computes something else once it has been traced."""

    def __init__(self):
        super().__init__()
        self.body, self.calls = small_net(), 0

    def forward(self, x):
        self.calls += 1
        return self.again(x) if self.calls > 1 else self.body(x)


class Negates(Remembers):
    def again(self, x):
        return self.body(-x)


class SkipsNorm(Remembers):
    def again(self, x):
        body = self.body
        x = body.act0(body.norm0(body.dense0(body.quant(x))))
        return body.dense2(body.act1(body.dense1(x)))


class SkipsActivation(Remembers):
    def again(self, x):
        body = self.body
        return body.dense2(body.act1(body.norm1(body.dense1(body.dense0(body.quant(x))[:, :9]))))


class Offset(Remembers):
    def again(self, x):
        return self.body(x) + torch.arange(5) ** 2


REMEDY = "remove what changes the module's function"


@pytest.mark.parametrize(
    ("net", "first", "what", "count"),
    [
        (Negates(), "body_dense0", "codes of body_act0", 244),
        (SkipsNorm(), "body_dense1", "codes of body_act1", 233),
        (Offset(), "argmax", "results", 110),
    ],
)
def test_a_model_that_changes_once_it_is_read(net, first, what, count):
    assert refusal(net) == (
        f"net: {first}: the integers must give what the model gives, and the {what} differ in "
        f"{count} of 256 samples; {REMEDY}"
    )


class Counts(nn.Module):
    """Computes the same in every run, and yet is another model afterwards."""

    def __init__(self):
        super().__init__()
        self.body = small_net()
        self.register_buffer("runs", torch.zeros(1))

    def forward(self, x):
        self.runs += 1
        return self.body(x)


def test_a_model_that_changes_its_own_buffers():
    assert refusal(Counts()) == (
        "net: runs: must be the same after a run in evaluation mode, and forward changes it; let "
        "it remember nothing"
    )


def test_an_activation_that_is_left_out():
    assert refusal(SkipsActivation()) == (
        "net: forward must call the same activations in every run, 2 in all, not 1; let it "
        "remember nothing"
    )


def test_a_method_replaced_for_a_whole_class(monkeypatch):
    forward = QuantLinear.forward
    monkeypatch.setattr(
        QuantLinear,
        "forward",
        lambda layer, x: forward(layer, x) + 0.3 * (layer.out_features == 7),
    )
    assert refusal(small_net()).startswith("net: dense1: the integers must give what the model")


@pytest.mark.parametrize("corner", [0, 15])
def test_corners_of_the_input_are_compared(corner, monkeypatch):
    forward = QuantInput.forward

    def strange(module, x):
        values = forward(module, x)
        return torch.where((x == corner / 15).all(dim=1, keepdim=True), 1 - values, values)

    monkeypatch.setattr(QuantInput, "forward", strange)
    assert "codes of act0 differ in" in refusal(small_net())


def test_samples_are_compared_too(monkeypatch):
    x = codes(700)
    odd = torch.from_numpy(x[600] / 15)
    forward = QuantInput.forward

    def strange(module, values):
        is_odd = (values == odd.to(values)).all(dim=1, keepdim=True)
        return torch.where(is_odd, 1 - forward(module, values), forward(module, values))

    monkeypatch.setattr(QuantInput, "forward", strange)
    export(small_net())  # no random input is that one
    assert "differ in 1 of 188 samples" in refusal(small_net(), x=x)


def halves():
    """A network whose sums lie on the halves between codes exactly."""
    pixels, act = QuantInput(4, scale=1.0), QuantActivation(3)
    layer = QuantLinear(12, 4, quant=WeightQuant(bits=2), source=pixels)
    layer.weight.data.sign_()
    layer.quantizer.log2_scale.data.zero_()
    act.log2_scale.data.fill_(1.0)
    return nn.Sequential(pixels, layer, act)


def moved(graph):
    """The same graph with every threshold one up: only sums on a threshold have other codes."""
    nodes = list(graph.nodes)
    nodes[1] = replace(nodes[1], thresholds=nodes[1].thresholds + 1)
    return replace(graph, nodes=tuple(nodes))


def test_halves_are_compared_exactly():
    net = halves()
    graph = export(net)
    with pytest.raises(ModelError, match="codes of 2 differ"):
        check_equal(moved(graph), exact_copy(net, "net"), None, 1, partial(codes_of, net[2]))


@pytest.mark.parametrize("shift", [1e-13, 1e-6])
def test_the_last_bits_of_a_batch_norm_are_noise(shift):
    """Behind a batch norm a value a hair off the edge has either code; one farther off has not."""
    net = halves()
    net.insert(2, nn.BatchNorm1d(4, eps=0.0))
    graph = export(net)
    net[2].bias.data.fill_(-shift)  # just below the halves that it was exported with
    net = net.double()
    net[2].bias.data.fill_(-shift)
    if shift == 1e-13:
        check_equal(graph, exact_copy(net, "net"), None, 1, partial(codes_of, net[3]))
        return
    with pytest.raises(ModelError, match="codes of 3 differ"):
        check_equal(graph, exact_copy(net, "net"), None, 1, partial(codes_of, net[3]))


def test_a_code_that_is_no_number():
    net = small_net()
    graph, exact = export(net), exact_copy(net, "net")
    exact.norm1.running_mean[0] = torch.nan
    with pytest.raises(ModelError, match="dense1: the integers must give what the model gives"):
        check_equal(graph, exact, np.zeros((3, 12), np.int64), 2, first_largest)


class LooksAtTheBatch(nn.Module):
    """Is the body for a stand-in, and for a real tensor what the size of the batch says."""

    def __init__(self, sizes):
        super().__init__()
        self.body, self.sizes = small_net(), sizes

    def forward(self, x):
        y = self.body(x)
        return -y if isinstance(x, torch.Tensor) and len(x) in self.sizes else y


@pytest.mark.parametrize(("sizes", "count"), [((1,), 1), (range(2, 200), 128)])
def test_batches_of_several_sizes_are_compared(sizes, count):
    text = refusal(LooksAtTheBatch(sizes))
    assert text.endswith("; remove what changes the module's function")
    assert f" of {count} samples" in text


class OwnError(Exception):
    pass


class Raises(nn.Module):
    """Its user's own error, at once or only for real tensors."""

    def __init__(self, real):
        super().__init__()
        self.body, self.real = small_net(), real

    def forward(self, x):
        if isinstance(x, torch.Tensor) or not self.real:
            raise OwnError
        return self.body(x)


def test_an_error_of_the_models_own_is_named():
    assert refusal(Raises(real=False)) == (
        "net: forward must call the same modules for every input, without branches on values "
        "(OwnError); move what depends on values out of the model"
    )
    assert refusal(Raises(real=True)) == (
        "net: forward must compute what its modules do, and fails (OwnError); mend it"
    )
