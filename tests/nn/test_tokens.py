"""Layers on tokens, shape (batch, tokens, features): alike in training and evaluation."""

import pytest
import torch
from torch import nn

from hwgen.nn import QuantActivation, QuantInput, QuantLinear, WeightQuant

BITS = {"qat": None, "a2q": 9, "a2q_plus": 9, "a2q_ip": 7}


def block(method, bias):
    torch.manual_seed(0)
    quant = WeightQuant(method=method, bits=4, accumulator_bits=BITS[method])
    pixels, act = QuantInput(4, True, scale=0.2), QuantActivation(3, calibration_steps=2)
    first = QuantLinear(8, 16, quant=quant, source=pixels)
    last = QuantLinear(16, 5, quant=quant, source=act, bias=bias)
    return nn.Sequential(pixels, first, act, last)


@pytest.mark.parametrize("method", list(BITS))
@pytest.mark.parametrize("bias", [False, True])
def test_tokens_are_samples(method, bias):
    x = torch.randn(6, 7, 8, generator=torch.Generator().manual_seed(1))
    whole, flat = block(method, bias), block(method, bias)
    for _ in range(3):  # two of them calibrate
        whole.train()(x).square().sum().backward()
        flat.train()(x.reshape(-1, 8)).square().sum().backward()
    for ours, theirs in zip(whole.parameters(), flat.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)
    trained = whole(x)
    for net in (whole, flat):
        net.eval()
    exact = whole(x)
    assert torch.equal(exact, flat(x.reshape(-1, 8)).reshape(exact.shape))
    torch.testing.assert_close(trained, exact)
    for token in range(7):
        assert torch.equal(whole(x[:, token]), exact[:, token])
