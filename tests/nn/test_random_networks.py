"""Property: whatever modules stand in whatever order, the exported integers are the model's."""

import copy

import numpy as np
import pytest
import torch

from hwgen import reference
from hwgen.ir import Argmax
from hwgen.nn import QuantActivation, QuantOutput, export_graph, load_model, save_model
from tests.nn.random_networks import integers, random_dense, random_images


def check(net, shape):
    """The result of the float64 model, in codes or classes, against the reference."""
    graph = export_graph(net, name="net", input_shape=shape)
    x = integers(net, shape, 100, seed=1)
    exact = copy.deepcopy(net).double().eval()
    with torch.no_grad():
        result = exact(torch.from_numpy(x).double() * graph.input.scale)
    if isinstance(graph.node(graph.output), Argmax):
        expected = result.argmax(1, keepdim=True).numpy()  # the lowest index among equals
    else:
        quantizers = [m for m in exact.steps if isinstance(m, QuantActivation | QuantOutput)]
        expected = torch.round(result / quantizers[-1].scale).detach().numpy()
    assert np.array_equal(reference.outputs(graph, x), expected)
    return graph


@pytest.mark.parametrize("seed", range(24))
def test_dense(seed, tmp_path):
    graph = check(*random_dense(seed))
    save_model(graph, tmp_path / "net.pt")
    assert load_model(tmp_path / "net.pt").output == graph.output


@pytest.mark.parametrize("seed", range(12))
def test_images(seed):
    check(*random_images(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 700))
def test_many(seed):
    check(*(random_dense if seed % 2 else random_images)(seed))
