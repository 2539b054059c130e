"""The gradients written by hand against autograd of the formulas they stand for, in float64."""

import math

import pytest
import torch

from hwgen.nn import QuantActivation, QuantInput, QuantOutput, WeightQuant
from hwgen.nn.projection import project_integer
from hwgen.nn.quantizers import CappedNorm, quantizer
from hwgen.nn.rounding import round_half_up, straight_through
from hwgen.numeric import IntType

U4 = IntType(bits=4, signed=False)


def qat(module, v):
    scale = torch.exp2(module.log2_scale)
    return scale * round_half_up(v / scale).clamp(-module.config.limit, module.config.limit)


def capped_norm(module, v):
    scale, norm = torch.exp2(module.log2_scale), torch.exp2(module.log2_norm)
    u = v - v.mean(1, keepdim=True) if module.centred else v
    x = u / u.abs().sum(1, keepdim=True) * (norm / scale).clamp(max=module.cap)
    truncated = straight_through(torch.trunc(x), x)
    return scale * truncated.clamp(-module.config.limit, module.config.limit)


def projected(module, v):
    scale, limit = torch.exp2(module.log2_scale), module.config.limit
    x = v / scale
    codes, threshold = project_integer(x, module.budget, limit)
    if module.config.backward == "soft":
        active = (x.detach().abs() > threshold).double()
        mean = (x.abs() * active).sum(1, keepdim=True) / active.sum(1, keepdim=True).clamp_min(1)
        moving = straight_through(threshold, (threshold > 0) * mean)
        path = x.sign() * (x.abs() - moving) * active
    else:
        path = torch.where(threshold > 0, v / scale.detach(), x)
    return scale * straight_through(codes, path.clamp(-limit - 0.5, limit + 0.5))


FORMULAS = {"qat": qat, "a2q": capped_norm, "a2q_plus": capped_norm, "a2q_ip": projected}


@pytest.mark.parametrize("method", FORMULAS)
@pytest.mark.parametrize("scale", ["channel", "tensor"])
@pytest.mark.parametrize("backward", ["soft", "identity"])
@pytest.mark.parametrize("accumulator_bits", [7, 10, 14])
def test_weights(method, scale, backward, accumulator_bits):
    generator = torch.Generator().manual_seed(accumulator_bits)
    v = torch.randn(12, 90, generator=generator, dtype=torch.float64)
    v *= torch.logspace(-0.7, 0.7, 12)[:, None]  # rows inside their ball and outside
    v[0, :5] = 0.0
    config = WeightQuant(
        method=method,
        bits=4,
        accumulator_bits=None if method == "qat" else accumulator_bits,
        scale=scale,
        backward=backward,
    )
    module = quantizer(config, v, U4).double()
    module.log2_scale.data -= 0.4  # so that some weights clip
    if isinstance(module, CappedNorm):
        module.log2_norm.data += torch.linspace(-3, 3, 12, dtype=torch.float64)[:, None]
    grad = torch.randn(v.shape, generator=generator, dtype=torch.float64)
    found = {}
    for name, function in (("hand", module), ("formula", lambda w: FORMULAS[method](module, w))):
        leaf = v.clone().requires_grad_()
        module.zero_grad()
        values = function(leaf)
        values.backward(grad)
        found[name] = [values.detach(), leaf.grad, *(p.grad for p in module.parameters())]
    for hand, formula in zip(found["hand"], found["formula"], strict=True):
        torch.testing.assert_close(hand, formula, rtol=1e-10, atol=1e-12)
    assert found["formula"][1].abs().max() > 0


@pytest.mark.parametrize("method", ["a2q", "a2q_plus"])
@pytest.mark.parametrize("scale", ["channel", "tensor"])
def test_penalty(method, scale):
    v = torch.randn(6, 40, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    config = WeightQuant(method=method, bits=4, accumulator_bits=9, scale=scale)
    module = quantizer(config, v, U4).double()
    module.log2_norm.data += torch.linspace(-6, 3, 6, dtype=torch.float64)[:, None]
    excess = torch.exp2(module.log2_norm) - torch.exp2(module.log2_scale) * module.cap
    assert (excess < 0).any()
    expected = torch.autograd.grad(3 * excess.clamp_min(0).sum(), module.parameters())
    (3 * module.penalty()).backward()
    for parameter, gradient in zip(module.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


@pytest.mark.parametrize("signed", [False, True])
def test_activation(signed):
    generator = torch.Generator().manual_seed(2)
    module = QuantActivation(3, signed, calibration_steps=1).double()
    module(torch.rand(8, 8, dtype=torch.float64))
    module.log2_scale.data.fill_(math.log2(0.3))
    x = torch.randn(20, 30, generator=generator, dtype=torch.float64)
    x[0, :3] = torch.tensor([0.15, -0.15, 6.5 * 0.3])  # on the edges between codes
    grad = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    found = []
    for by_hand in (True, False):
        leaf = x.clone().requires_grad_()
        module.zero_grad()
        scale = torch.exp2(module.log2_scale)
        kind = module.int_type
        formula = round_half_up(leaf / scale).clamp(kind.lo, kind.hi) * scale
        values = module(leaf) if by_hand else formula
        values.backward(grad)
        found.append((values.detach(), leaf.grad, module.log2_scale.grad))
    torch.testing.assert_close(found[0], found[1])


@pytest.mark.parametrize("module", [QuantInput(3, scale=0.2), QuantOutput(3, scale=0.2)])
def test_fixed_scale(module):
    x = torch.linspace(-0.5, 2.5, 61, dtype=torch.float64).requires_grad_()
    module(x).backward(torch.ones_like(x))
    rounded = torch.floor(x.detach() / 0.2 + 0.5)
    assert torch.equal(x.grad, ((rounded >= 0) & (rounded <= 7)).double())


def test_calibration_is_remembered_by_a_checkpoint():
    module = QuantActivation(3, calibration_steps=2)
    for _ in range(2):
        module(torch.rand(8, 8))
    copy = QuantActivation(3, calibration_steps=2)
    copy.load_state_dict(module.state_dict())
    before = copy.scale.item()
    copy(100 * torch.rand(8, 8))
    assert copy.scale.item() == before
    copy.load_state_dict(QuantActivation(3, calibration_steps=2).state_dict())
    copy(100 * torch.rand(8, 8))
    assert copy.scale.item() != before
