"""Property: whatever modules stand in whatever order, the exported integers are the model's."""

import copy

import numpy as np
import pytest
import torch

from hwgen import reference
from hwgen.nn import export_graph, load_model, save_model
from tests.nn.random_networks import integers, random_dense, random_images


def check(net, shape):
    """The result of the float64 model, in codes or classes, against the reference."""
    graph = export_graph(net, name="net", input_shape=shape, result=net.result)
    x = integers(net, shape, 100, seed=1)
    exact = copy.deepcopy(net).double().eval()
    with torch.no_grad():
        result = exact(torch.from_numpy(x).double() * graph.input.scale + graph.input.offset)
    found = reference.outputs(graph, x)
    match graph.result:
        case "class":
            assert np.array_equal(found, result.argmax(1, keepdim=True).numpy())  # lowest of equals
        case "bits":
            assert np.array_equal(found, result >= 0)
        case _:
            real = graph.dequantization
            shape = (-1,) + (1,) * (found.ndim - 2)
            scale, offset = (np.reshape(part, shape) for part in (real.scale, real.offset))
            assert np.allclose(scale * found + offset, result.numpy(), rtol=1e-10, atol=1e-10)
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
