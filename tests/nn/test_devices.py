"""Training steps under torch.compile, and on a GPU where there is one, as on the CPU."""

import copy

import pytest
import torch
from torch import nn

from hwgen.nn import QuantActivation, QuantInput, QuantLinear, WeightQuant, penalty

METHODS = ["qat", "a2q", "a2q_plus", "a2q_ip"]
QUICK = {(method, "aot_eager") for method in ("qat", "a2q_ip")}  # to compile one takes a minute


def net(method):
    """24-40-6, past the calibration of its activation."""
    torch.manual_seed(3)
    bits = None if method == "qat" else 8
    quant = WeightQuant(method=method, bits=4, accumulator_bits=bits)
    pixels, act = QuantInput(4, scale=1 / 15), QuantActivation(4, calibration_steps=1)
    first = QuantLinear(24, 40, quant=quant, source=pixels)
    last = QuantLinear(40, 6, quant=quant, source=act, bias=True)
    model = nn.Sequential(pixels, first, nn.BatchNorm1d(40), act, last)
    model(torch.rand(16, 24))
    return model


def step(forward, model, x):
    """Give the logits and every gradient."""
    model.zero_grad()
    logits = forward(x)
    (nn.functional.cross_entropy(logits, x.argmax(1) % 6) + penalty(model)).backward()
    return [logits.detach(), *(p.grad for p in model.parameters())]


@pytest.mark.parametrize(
    ("method", "backend"),
    [
        pytest.param(method, backend, marks=() if (method, backend) in QUICK else pytest.mark.slow)
        for method in METHODS
        for backend in ("aot_eager", "inductor")
    ],
)
def test_compiled_in_one_graph(method, backend):
    model, x = net(method), torch.rand(16, 24)
    expected = step(model, model, x)
    compiled = torch.compile(model, fullgraph=True, backend=backend)
    torch.testing.assert_close(step(compiled, model, x), expected, rtol=1e-4, atol=1e-5)
    rows, quantize = model[1].weight, model[1].quantizer
    values = torch.compile(quantize, fullgraph=True, backend=backend)(rows)
    assert torch.equal(torch.round(values / quantize.scale), model[1].codes().values)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("method", METHODS)
def test_on_a_gpu(method):
    model, x = net(method), torch.rand(16, 24)
    other = copy.deepcopy(model).cuda()
    expected = step(model, model, x)
    found = [value.cpu() for value in step(other, other, x.cuda())]
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    assert torch.equal(other[1].codes().values.cpu(), model[1].codes().values)
