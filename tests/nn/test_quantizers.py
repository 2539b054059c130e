"""Each quantizer against its formula, its gradients, and the exact bound that it promises."""

import math

import numpy as np
import pytest
import torch

from hwgen.bounds import dot_range, exact_signed_bits, offset_bits
from hwgen.nn import WeightQuant
from hwgen.nn.certify import certify
from hwgen.nn.quantizers import quantizer
from hwgen.numeric import IntType

EQUAL = torch.full((1, 64), 0.9999999)
U4, U8, S8 = IntType(bits=4, signed=False), IntType(bits=8, signed=False), IntType(8, True)


def widths(method, weight, inputs, bits, accumulator_bits):
    """Exact width that each row of raw codes needs, before any repair."""
    config = WeightQuant(method=method, bits=bits, accumulator_bits=accumulator_bits)
    codes = quantizer(config, weight, inputs).codes(weight).values
    rows = codes.numpy().astype(np.int64)
    assert np.array_equal(rows, codes.numpy())
    assert np.abs(rows).max() <= config.limit
    needed = offset_bits if config.register == "offset" else exact_signed_bits
    return [needed(dot_range(row, inputs.range)) for row in rows]


def adversarial_rows():
    """Rows that sit on caps: equal magnitudes, one sign, near-integer codes, one huge element."""
    generator = torch.Generator().manual_seed(11)
    rows = [
        torch.ones(64),
        -torch.ones(64),
        torch.cat([torch.ones(32), -torch.ones(32)]),
        torch.cat([torch.tensor([1e6]), torch.full((63,), 1e-3)]),
        torch.randint(-7, 8, (64,), generator=generator).float(),
        -torch.rand(64, generator=generator),
        torch.zeros(64),
        torch.full((64,), 1e-30),
    ]
    return torch.stack(rows)


@pytest.mark.parametrize("method", ["a2q", "a2q_plus", "a2q_ip"])
@pytest.mark.parametrize("inputs", [U4, U8, S8], ids=str)
@pytest.mark.parametrize("slack", [2, 4, 8])
def test_caps_hold_exactly(method, inputs, slack):
    accumulator_bits = inputs.bits + slack
    random = torch.randn(64, 64, generator=torch.Generator().manual_seed(slack))
    for weight in (random, adversarial_rows()):
        assert max(widths(method, weight, inputs, 4, accumulator_bits)) <= accumulator_bits


@pytest.mark.parametrize("inputs", [U4, U8, S8], ids=str)
def test_rows_that_centring_turns_to_noise_are_repaired(inputs):
    """Equal weights less their mean are zero, but in float32 a common residue of one sign.

    A2Q+ normalizes that residue to its full norm on one side, twice the bound: only the exact
    check holds the promise here.
    """
    config = WeightQuant(method="a2q_plus", bits=4, accumulator_bits=inputs.bits + 8)
    codes = quantizer(config, EQUAL, inputs).codes(EQUAL)
    rows = codes.values.numpy().astype(np.int64)
    assert exact_signed_bits(dot_range(rows[0], inputs.range)) > config.accumulator_bits
    fixed = certify(rows, codes.reals.double().numpy(), config, inputs)
    assert exact_signed_bits(dot_range(fixed.weight[0], inputs.range)) <= config.accumulator_bits
    assert fixed.repairs > 0


@pytest.mark.parametrize("bits", [2, 3, 8])
def test_caps_hold_after_the_parameters_have_moved(bits):
    weight = torch.randn(16, 40, generator=torch.Generator().manual_seed(bits))
    for method in ("a2q", "a2q_plus", "a2q_ip"):
        config = WeightQuant(method=method, bits=bits, accumulator_bits=9)
        module = quantizer(config, weight, U4)
        for p in module.parameters():
            p.data += torch.randn(p.shape, generator=torch.Generator().manual_seed(7)) * 3
        rows = module.codes(weight).values.numpy().astype(np.int64)
        needed = offset_bits if method == "a2q_ip" else exact_signed_bits
        assert max(needed(dot_range(row, U4.range)) for row in rows) <= 9


def test_equal_magnitudes_vanish_with_rounding_to_zero_and_survive_the_projection():
    weight = torch.ones(1, 128)
    codes = {}
    for method in ("a2q", "a2q_ip"):
        config = WeightQuant(method=method, bits=4, accumulator_bits=8)
        codes[method] = quantizer(config, weight, U4).codes(weight).values.abs().sum().item()
    assert codes == {"a2q": 0, "a2q_ip": 17}


@pytest.mark.parametrize("method", ["qat", "a2q", "a2q_plus", "a2q_ip"])
def test_zero_channels_stay_finite(method):
    weight = torch.zeros(2, 5, requires_grad=True)
    config = WeightQuant(method=method, accumulator_bits=None if method == "qat" else 8)
    module = quantizer(config, weight, U4)
    out = module(weight).sum() + module.penalty()
    out.backward()
    assert out.item() == 0
    assert torch.isfinite(weight.grad).all()
    assert all(torch.isfinite(p).all() for p in module.parameters())


def test_a2q_plus_of_one_input_is_zero():
    weight = torch.tensor([[3.0]])
    config = WeightQuant(method="a2q_plus", accumulator_bits=8)
    assert quantizer(config, weight, U4).codes(weight).values.item() == 0


def test_qat_rounds_halves_up_and_clips():
    weight = torch.tensor([[3.5, 0.5, -0.5, -1.5, 2.4999]])
    module = quantizer(WeightQuant(bits=3), weight, U4)
    module.log2_scale.data.fill_(0.0)
    assert module.codes(weight).values.tolist() == [[3, 1, 0, -1, 2]]


@pytest.mark.parametrize("method", ["a2q", "a2q_plus"])
@pytest.mark.parametrize("free", [True, False])
def test_gradients_follow_the_formulas(method, free):
    """methods: dL/du = (m / |u|) (G - sign(u) sum(G u) / |u|), and the scale's and norm's."""
    generator = torch.Generator().manual_seed(2)
    v = torch.randn(3, 20, generator=generator, dtype=torch.float64, requires_grad=True)
    config = WeightQuant(method=method, bits=8, accumulator_bits=14)
    module = quantizer(config, v, U4).double()
    module.log2_scale.data.fill_(math.log2(0.02))
    g = torch.tensor([[0.5 if free else 1e3]] * 3, dtype=torch.float64)
    module.log2_norm.data.copy_(torch.log2(g))
    s, cap = 0.02, module.cap
    grad = torch.randn(3, 20, generator=generator, dtype=torch.float64)
    module(v).backward(grad)

    u = v.detach() - (v.detach().mean(1, keepdim=True) if method == "a2q_plus" else 0)
    length = u.abs().sum(1, keepdim=True)
    m = torch.minimum(g, torch.full_like(g, s * cap))
    x = u * (m / s / length)
    inside = (torch.trunc(x).abs() <= 127).double()
    q = torch.trunc(x).clamp(-127, 127)
    masked = grad * inside
    du = m / length * (masked - u.sign() * (masked * u).sum(1, keepdim=True) / length)
    dv = du - (du.mean(1, keepdim=True) if method == "a2q_plus" else 0)
    torch.testing.assert_close(v.grad, dv)
    ds = (grad * (q - inside * x if free else q)).sum(1, keepdim=True)
    torch.testing.assert_close(module.log2_scale.grad, ds * s * math.log(2))
    dg = (masked * u / length).sum(1, keepdim=True) if free else torch.zeros_like(g)
    torch.testing.assert_close(module.log2_norm.grad, dg * g * math.log(2))


def test_penalty_is_the_excess_of_the_norm():
    weight = torch.randn(3, 20, generator=torch.Generator().manual_seed(2))
    module = quantizer(WeightQuant(method="a2q", accumulator_bits=9), weight, U4)
    module.log2_scale.data.fill_(-3.0)
    module.log2_norm.data.copy_(torch.log2(torch.tensor([[1.0], [2.5], [4.0]])))
    penalty = module.penalty()  # s * T0 = 255 / 16 / 8
    assert penalty.item() == pytest.approx((2.5 - 255 / 128) + (4 - 255 / 128))
    penalty.backward()
    assert (module.log2_scale.grad[1:] < 0).all()  # a step against it raises the scale
    assert module.log2_norm.grad[0] == 0


@pytest.mark.parametrize("method", ["a2q", "a2q_plus"])
def test_initial_weight_is_projected_onto_the_ball(method):
    weight = torch.randn(8, 100, generator=torch.Generator().manual_seed(4))
    module = quantizer(WeightQuant(method=method, accumulator_bits=9), weight, U4)
    start = module.initial_weight(weight)
    scale = weight.abs().amax(1, keepdim=True) / 7
    torch.testing.assert_close(module.scale.detach(), scale)
    torch.testing.assert_close(start.abs().sum(1, keepdim=True), scale * module.cap)
    torch.testing.assert_close(module.norm.detach(), scale * module.cap)


def test_projection_gradients_outside_the_ball():
    """identity: dW/ds = q, dW/dv = 1. soft: what is inactive gets none, and uniform growth none."""
    v = torch.randn(1, 30, generator=torch.Generator().manual_seed(6)) * 2
    grads = {}
    for backward in ("identity", "soft"):
        leaf = v.clone().requires_grad_()
        config = WeightQuant(method="a2q_ip", bits=4, accumulator_bits=8, backward=backward)
        module = quantizer(config, v, U4)
        module.log2_scale.data.fill_(0.0)
        codes = module(leaf)  # the scale is one
        codes.backward(torch.linspace(-1, 1, 30)[None])
        grads[backward] = (leaf.grad, module.log2_scale.grad.item(), codes.detach())
    weight_grad, scale_grad, q = grads["identity"]
    torch.testing.assert_close(weight_grad, torch.linspace(-1, 1, 30)[None])
    expected = float((torch.linspace(-1, 1, 30) * q).sum()) * math.log(2)
    assert scale_grad == pytest.approx(expected, rel=1e-5)
    weight_grad, _, q = grads["soft"]
    assert (weight_grad[q == 0] == 0).sum() > 0
    assert float((weight_grad * v.sign()).sum()) == pytest.approx(0, abs=1e-5)


def test_certify_lowers_the_cheapest_code_of_the_overflowing_side():
    config = WeightQuant(method="a2q", bits=4, accumulator_bits=6)  # limits: |sums| <= 31
    inputs = IntType(bits=4, signed=False)  # so 2 units a side
    codes = np.array([[2, 1, -2, 0], [1, 0, 1, -1], [-3, 0, 0, 0]])
    reals = np.array([[2.5, 1.01, -2.0, 0.4], [1.0, 0.9, 1.0, -1.0], [-3.2, 0.0, 0.0, 0.0]])
    fixed = certify(codes, reals, config, inputs)
    assert fixed.weight.tolist() == [[2, 0, -2, 0], [1, 0, 1, -1], [-2, 0, 0, 0]]
    assert fixed.repairs == 2
    assert codes[0, 1] == 1  # the input is left alone


def test_certify_offset_counts_both_sides():
    config = WeightQuant(method="a2q_ip", bits=4, accumulator_bits=6)  # 63 // 15 = 4 units
    codes, reals = np.array([[3, -2, 0]]), np.array([[3.3, -2.1, 0.0]])
    fixed = certify(codes, reals, config, IntType(bits=4, signed=False))
    assert fixed.weight.tolist() == [[3, -1, 0]]


def test_certify_repairs_float32_noise_at_wide_accumulators():
    """A cap of 2**23 units leaves less than an ulp: the exact check has the last word."""
    inputs = IntType(bits=2, signed=True)
    config = WeightQuant(method="a2q", bits=24, accumulator_bits=24)
    generator = torch.Generator().manual_seed(1)
    weight = -torch.rand(4000, 9, generator=generator)
    codes = quantizer(config, weight, inputs).codes(weight)
    integers = codes.values.numpy().astype(np.int64)
    fixed = certify(integers, codes.reals.double().numpy(), config, inputs)
    for row in fixed.weight:
        assert exact_signed_bits(dot_range(row, inputs.range)) <= 24
    assert fixed.repairs == np.abs(integers - fixed.weight).sum()
