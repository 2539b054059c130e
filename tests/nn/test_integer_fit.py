"""The integer fit against a search over every feasible vector, and the moments against loops."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from hwgen.nn import QuantActivation, QuantConv2d, QuantLinear, WeightQuant
from hwgen.nn.post_training.integer_fit import descend
from hwgen.nn.post_training.layer_fit import fit_layer, project_layer
from hwgen.nn.post_training.moments import moments
from hwgen.nn.post_training.wanted import Limits, Wanted, cost


def problem(channels, size, groups=1, seed=0):
    """Correlated inputs and sums of random weights."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    mix = normal(groups, size, size + 3)
    gram = mix @ mix.mT / size
    weight = normal(channels, size)
    each = gram.repeat_interleave(channels // groups, 0)
    cross = (each @ weight[:, :, None])[:, :, 0]
    return Wanted(gram=gram, cross=cross, weight=weight)


def costs(wanted, codes, scale=None):
    return cost(wanted.aligned(codes), wanted.energy(codes), scale).flatten()


def neighbours(row, limits):
    """Every feasible row one unit away."""
    for index, step in itertools.product(range(len(row)), (1, -1)):
        moved = row.clone()
        moved[index] += step
        if moved.abs().sum() <= limits.budget and moved.abs().max() <= limits.limit:
            yield moved


@pytest.mark.parametrize("scale", [None, 0.7])
@pytest.mark.parametrize("limits", [Limits(budget=3, limit=2), Limits(budget=20, limit=1)])
def test_fit_is_close_to_the_best_of_all_vectors(limits, scale):
    wanted = problem(60, 5)
    codes = descend(wanted, torch.zeros_like(wanted.weight), limits, scale)
    assert (codes == codes.round()).all()
    assert codes.abs().sum(1).max() <= limits.budget
    assert codes.abs().max() <= limits.limit
    values = range(-limits.limit, limits.limit + 1)
    feasible = [v for v in itertools.product(values, repeat=5) if sum(map(abs, v)) <= limits.budget]
    rows = torch.tensor(feasible, dtype=torch.float64)
    best = torch.stack([costs(wanted, row.expand(60, 5), scale) for row in rows]).amin(0)
    found = costs(wanted, codes, scale)
    assert (found >= best - 1e-9).all()
    assert (found <= best + 1e-9).double().mean() > 0.7
    assert float(found.sum() / best.sum()) > 0.97


@pytest.mark.parametrize("groups", [1, 4])
def test_no_move_of_one_unit_improves_a_fit(groups):
    wanted, limits = problem(8, 30, groups), Limits(budget=12, limit=3)
    start = torch.zeros_like(wanted.weight)
    start[:, 0] = 1
    codes = descend(wanted, start, limits)
    reached = costs(wanted, codes)
    assert (reached < costs(wanted, start)).all()
    for channel, row in enumerate(codes):
        for moved in neighbours(row, limits):
            trial = codes.clone()
            trial[channel] = moved
            assert costs(wanted, trial)[channel] >= reached[channel] * (1 + 1e-8)


def test_channels_do_not_depend_on_their_neighbours():
    wanted, limits = problem(7, 20), Limits(budget=9, limit=3)
    together = descend(wanted, torch.zeros_like(wanted.weight), limits)
    for i in range(7):
        one = Wanted(
            gram=wanted.gram, cross=wanted.cross[i : i + 1], weight=wanted.weight[i : i + 1]
        )
        alone = descend(one, torch.zeros(1, 20, dtype=torch.float64), limits)
        assert torch.equal(alone[0], together[i])


def test_nothing_to_gain_and_no_budget_give_zero():
    wanted = problem(3, 6)
    flat = Wanted(gram=wanted.gram, cross=torch.zeros_like(wanted.cross), weight=wanted.weight)
    zeros = torch.zeros(3, 6, dtype=torch.float64)
    assert torch.equal(descend(flat, zeros, Limits(budget=5, limit=3)), zeros)
    assert torch.equal(descend(wanted, zeros, Limits(budget=0, limit=3)), zeros)


def convolution(groups, *, method="a2q_ip"):
    source = QuantActivation(3)
    quant = WeightQuant(method=method, bits=4, accumulator_bits=7)
    return QuantConv2d(4, 8, 3, quant=quant, source=source, stride=2, padding=1, groups=groups)


def dense(scale="channel"):
    quant = WeightQuant(method="a2q_ip", bits=4, accumulator_bits=7, scale=scale)
    return QuantLinear(20, 6, quant=quant, source=QuantActivation(3))


def samples(layer, count=40):
    torch.manual_seed(2)
    generator = torch.Generator().manual_seed(2)
    shape = (20,) if isinstance(layer, QuantLinear) else (4, 7, 7)
    free = torch.randint(0, 8, (count, *shape), generator=generator).double()
    codes = ((2 * free + free.roll(1, 1) + free.roll(1, -1)) / 4).round()  # neighbours agree
    floats = (
        nn.Linear(20, 6)
        if isinstance(layer, QuantLinear)
        else nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=layer.groups)
    )
    with torch.no_grad():
        sums = floats.double()(codes + 0.3 * torch.rand(codes.shape, generator=generator).double())
    return codes, sums, floats.weight.detach()


def rows_by_hand(layer, codes, channel):
    """Inputs of one channel's accumulator at every place, (places, K), by Python slices."""
    if isinstance(layer, QuantLinear):
        return codes.numpy()
    padded = nn.functional.pad(codes, (1, 1, 1, 1)).numpy()
    width = 4 // layer.groups
    first = channel // (8 // layer.groups) * width
    return np.stack(
        [
            image[first : first + width, y : y + 3, x : x + 3].ravel()
            for image in padded
            for y in range(0, 7, 2)
            for x in range(0, 7, 2)
        ]
    )


@pytest.mark.parametrize("layer", [dense(), convolution(1), convolution(2), convolution(4)])
def test_moments_are_covariances_of_what_the_accumulator_sees(layer):
    codes, sums, weight = samples(layer)
    found = moments(layer, codes, sums, weight)
    for channel in range(len(sums[0])):
        x = rows_by_hand(layer, codes, channel)
        y = sums[:, channel].reshape(-1).numpy()
        size = x.shape[1]
        share = max(0.05, size / (size + 4 * len(x)))
        joint = np.cov(np.column_stack([x, y]).T, bias=True)
        gram = found.gram[found.group[channel]].numpy()
        off = ~np.eye(size, dtype=bool)
        np.testing.assert_allclose(gram[off], (1 - share) * joint[:size, :size][off], atol=1e-9)
        np.testing.assert_allclose(np.diag(gram), np.diag(joint)[:size], rtol=1e-5)
        rows = weight[channel].flatten().numpy() * float(layer.source.scale.detach())
        cross = (1 - share) * joint[:size, size] + share * np.diag(joint)[:size] * rows
        np.testing.assert_allclose(found.cross[channel].numpy(), cross, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", [dense(), dense("tensor"), convolution(1), convolution(4)])
def test_fit_errs_no_more_than_the_best_projection_and_keeps_the_budget(layer):
    wanted = moments(layer, *samples(layer))
    fitted, projected = fit_layer(layer, wanted), project_layer(layer, wanted)
    budget = (2**7 - 1) // 7
    for chosen in (fitted, projected):
        assert chosen.codes.abs().sum(1).max() <= budget
        assert chosen.codes.abs().max() <= 7
        assert (chosen.unit >= 0).all()

    def errors(chosen):
        unit = chosen.unit
        error = unit * (unit * wanted.energy(chosen.codes) - 2 * wanted.aligned(chosen.codes))
        return error.sum() if layer.quant.scale == "tensor" else error

    assert (errors(fitted) <= errors(projected) + 1e-12).all()
    assert errors(fitted).sum() < errors(projected).sum()


def test_a_method_without_an_integer_budget_is_an_argument_error():
    layer = convolution(1, method="a2q")
    with pytest.raises(ValueError, match="layer: method must be qat or a2q_ip to be quantized"):
        fit_layer(layer, moments(layer, *samples(layer)))
