"""The compiled loops against the torch formulas: equal integers, gradients but for rounding."""

import pytest
import torch

from hwgen.nn import WeightQuant
from hwgen.nn.fake_quantize import on_fixed_grid, on_grid
from hwgen.nn.loops import fit
from hwgen.nn.quantizers import quantizer
from hwgen.nn.search import by_sort, project_rows
from hwgen.numeric import IntType

U4 = IntType(bits=4, signed=False)


def by_formula(monkeypatch, function, *arguments):
    with monkeypatch.context() as patch:
        patch.setattr(torch.compiler, "is_compiling", lambda: True)
        assert not fit(torch.zeros(1))
        return function(*arguments)


def rows(columns):
    """Random rows, ties, zeros, one value, huge and denormal numbers, one sign, both signs."""
    generator = torch.Generator().manual_seed(columns)
    x = torch.randn(40, columns, generator=generator) * torch.logspace(-1, 1, 40)[:, None]
    x[1] = torch.round(4 * x[1]) / 4
    x[2], x[3], x[4] = 0.0, 0.75, -1e-41
    x[5] = 1e6 * x[5]
    x[6, 1:], x[7, :-1] = 1e-30, 0.0
    x[8], x[9] = x[8].abs(), -x[9].abs()
    x[10] = torch.where(x[10] > 0, 0.5, -0.5)
    x[11] = 0.5 - 2.0**-25  # adding a half rounds up
    return x


def step(module, x, grad):
    leaf = x.clone().requires_grad_()
    module.zero_grad()
    values = module(leaf)
    values.backward(grad)
    return values.detach(), [leaf.grad, *(p.grad.clone() for p in module.parameters())]


@pytest.mark.parametrize("method", ["qat", "a2q", "a2q_plus", "a2q_ip"])
@pytest.mark.parametrize("scale", ["channel", "tensor"])
@pytest.mark.parametrize("backward", ["soft", "identity"])
@pytest.mark.parametrize("columns", [1, 9, 333])
def test_weights(method, scale, backward, columns, monkeypatch):
    bits = None if method == "qat" else 9
    config = WeightQuant(
        method=method, bits=3, accumulator_bits=bits, scale=scale, backward=backward
    )
    x = rows(columns)
    x = x[6:] if scale == "tensor" else x  # the scale of the huge row would round all else to zero
    module = quantizer(config, x, U4)
    module.log2_scale.data -= 0.4
    grad = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    values, gradients = step(module, x, grad)
    expected, others = by_formula(monkeypatch, step, module, x, grad)
    assert torch.equal(values, expected)
    assert torch.equal(module.codes(x).values * module.scale, expected)
    for found, other in zip(gradients, others, strict=True):
        torch.testing.assert_close(found, other, rtol=1e-4, atol=1e-4 * float(other.abs().max()))


@pytest.mark.parametrize("columns", [1, 3, 9, 333])
@pytest.mark.parametrize("limit", [1, 7, 32767])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_projection_of_every_budget(columns, limit, dtype):
    x = (rows(columns) * 3).to(dtype)
    one, start = x.new_ones(1, 1), x.new_zeros(len(x), 1)
    for budget in (0, 1, 2, 7, columns, 5 * columns, limit * columns, 2**40):
        values, threshold = project_rows(x, one, start, budget, limit)
        codes, expected = by_sort(x.abs(), budget, limit)
        assert torch.equal(values, codes.copysign(x))
        assert torch.equal(threshold, expected)


def test_what_is_not_a_number_stays_and_does_not_spread():
    x, one = torch.randn(4, 20), torch.ones(1, 1)
    x[1, 3], x[2, 5] = torch.nan, torch.inf
    start = torch.tensor([[torch.nan], [torch.inf], [0.0], [3.0]])
    values, threshold = project_rows(x, one, start, 6, 3)
    assert values[1, 3].isnan()
    assert values[2, 5] == 3
    clean, least = project_rows(x[[0, 3]], one, torch.zeros(2, 1), 6, 3)
    assert torch.equal(values[[0, 3]], clean)
    assert torch.equal(threshold[[0, 3]], least)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("shape", [(1,), (3, 5), (2, 3, 60, 61)])
def test_activations(signed, shape, monkeypatch):
    generator = torch.Generator().manual_seed(5)
    x, grad = (4 * torch.randn(2, *shape, generator=generator)).unbind()
    kind, scale = IntType(bits=3, signed=signed), torch.tensor(-0.6)

    def one_step():
        leaf, learned = x.clone().requires_grad_(), scale.clone().requires_grad_()
        values = on_grid(leaf, learned, kind)
        values.backward(grad)
        return values.detach(), leaf.grad, learned.grad

    found, expected = one_step(), by_formula(monkeypatch, one_step)
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])
    torch.testing.assert_close(found[2], expected[2], rtol=1e-4, atol=1e-4)
    fixed = by_formula(monkeypatch, on_fixed_grid, x, 0.3, kind)
    assert torch.equal(on_fixed_grid(x, 0.3, kind), fixed)
