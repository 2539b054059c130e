"""Numbers, shapes and settings of a model that mean nothing are refused, with where they are."""

import pytest
import torch
from torch import nn

from hwgen.nn import export_graph
from tests.nn.networks import refusal, small_net

NOT_FINITE = "must be finite everywhere; train the network again"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("dense0", "weight"),
        ("dense1", "bias"),
        ("dense0.quantizer", "log2_scale"),
        ("act0", "log2_scale"),
        ("norm0", "weight"),
        ("norm0", "bias"),
        ("norm0", "running_mean"),
        ("norm0", "running_var"),
    ],
)
def test_numbers_that_are_none(path, name, value):
    net = small_net()
    getattr(net.get_submodule(path), name).data.view(-1)[0] = value
    assert f"net: {path}: {name} {NOT_FINITE}" in refusal(net).splitlines()


def test_scales_that_are_no_numbers_any_more():
    net = small_net()
    net.act0.log2_scale.data.fill_(1e4)
    assert refusal(net) == (
        "net: act0: log2_scale must be the logarithm of a finite number; train the network again"
    )


def test_norms():
    net = small_net()
    net.norm0.running_var[2] = -1e-9
    net.norm1.eps = -1.0
    assert refusal(net).splitlines() == [
        "net: norm0: running_var must not be negative; train the network again",
        "net: norm1: eps must be a finite number, 0 or more, not -1.0; set eps = 1e-5",
    ]
    net.norm0.running_var[2], net.norm0.eps, net.norm1.eps = 0.0, 0.0, 1e-5
    assert refusal(net) == "net: norm0: running_var must not be 0 where eps is 0; set eps"
    net.norm0 = nn.BatchNorm1d(9, track_running_stats=False)
    assert refusal(net) == (
        "net: norm0: must have running statistics, or it computes with those of each batch; "
        "use track_running_stats=True"
    )
    net.norm0 = nn.BatchNorm1d(8)
    assert refusal(net) == "net: norm0: num_features must be 9, as dense0 has, not 8"
    net.norm0 = nn.LazyBatchNorm1d()
    assert refusal(net).splitlines()[0] == (
        "net: norm0: weight must know its shape; run the model once"
    )


@pytest.mark.parametrize("eps", ["1e-5", None, 1j, float("nan"), float("inf")])
def test_an_eps_that_is_no_number(eps):
    net = small_net()
    net.norm0.eps = eps
    assert refusal(net) == (
        f"net: norm0: eps must be a finite number, 0 or more, not {eps!r}; set eps = 1e-5"
    )


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("dense0", "weight", nn.Parameter(torch.ones(9, 4, 3))),
        ("dense1", "bias", nn.Parameter(torch.ones(2))),
        ("norm0", "running_mean", torch.zeros(5)),
        ("norm0", "momentum", "0.1"),
        ("act0", "int_type", "u4"),
    ],
)
def test_a_module_that_torch_cannot_run_is_named(path, name, value):
    net = small_net()
    setattr(net.get_submodule(path), name, value)
    start, end = refusal(net).split("must compute in torch what it is given, and fails (")
    assert start == f"net: {path}: "
    assert end.endswith("); mend its tensors and settings")


def test_a_scale_for_each_channel():
    net = small_net()
    net.act0.log2_scale = nn.Parameter(torch.zeros(9))
    assert refusal(net) == (
        "net: act0: log2_scale must be one number, whatever the channel, not of shape (9,); "
        "keep one scale an activation"
    )


def test_a_norm_without_gain_is_exported_as_it_is():
    net = small_net()
    norm = nn.BatchNorm1d(9, affine=False)
    norm.running_mean, norm.running_var = net.norm0.running_mean, net.norm0.running_var
    net.norm0 = norm
    export_graph(net, name="net", input_shape=(12,))


@pytest.mark.filterwarnings("ignore::UserWarning")  # complex modules are new
def test_tensors_without_numbers():
    net = small_net()
    net.dense0.to(torch.complex64)
    assert refusal(net).splitlines()[0] == (
        "net: dense0: weight must be a dense tensor of real numbers, not torch.complex64, "
        "torch.strided"
    )
    assert refusal(small_net().to("meta")).splitlines()[0] == (
        "net: dense0: weight must hold numbers, not be on the device meta; load a trained model"
    )
