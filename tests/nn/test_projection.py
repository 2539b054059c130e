"""The projections against brute force and against their defining conditions."""

import itertools

import pytest
import torch

from hwgen.nn.projection import project_integer, project_l1
from hwgen.nn.search import by_sort


def best_distance(x, budget, limit):
    magnitudes = x.abs().tolist()
    feasible = (v for v in itertools.product(range(limit + 1), repeat=len(x)) if sum(v) <= budget)
    return min(sum((a - n) ** 2 for a, n in zip(magnitudes, v, strict=True)) for v in feasible)


@pytest.mark.parametrize("limit", [1, 3, 7])
@pytest.mark.parametrize("budget", [0, 1, 4, 9, 40])
@pytest.mark.parametrize("grid", [None, 4])
def test_integer_projection_is_the_nearest_feasible_vector(limit, budget, grid):
    generator = torch.Generator().manual_seed(limit * 100 + budget)
    x = torch.randn(12, 4, generator=generator, dtype=torch.float64) * (1 + limit / 2)
    if grid:
        x = torch.round(x * grid) / grid  # many exact ties
    codes, _ = project_integer(x, budget, limit)
    for row, code in zip(x, codes, strict=True):
        found = float(((row - code) ** 2).sum())
        assert found == pytest.approx(best_distance(row, budget, limit), abs=1e-9)
        assert (row * code >= 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("budget", [1, 8, 17, 300])
def test_integer_projection_spends_exactly_its_budget_outside_the_ball(budget, dtype):
    generator = torch.Generator().manual_seed(budget)
    x = torch.randn(64, 97, generator=generator, dtype=dtype) * torch.logspace(-2, 2, 64)[:, None]
    x = x.to(dtype)
    codes, threshold = project_integer(x, budget, 7)
    free = torch.floor(x.abs() + 0.5).clamp(max=7).sum(1)
    spent = codes.abs().sum(1)
    assert torch.equal(spent, free.clamp(max=budget))
    inside = free <= budget
    assert inside.any()
    assert not inside.all()
    assert torch.equal(
        codes[inside], x[inside].sign() * torch.floor(x[inside].abs() + 0.5).clamp(max=7)
    )
    assert (threshold[inside] == 0).all()


def test_equal_gains_go_to_the_lowest_index():
    codes, _ = project_integer(torch.full((1, 6), -0.75), 2, 7)
    assert codes.tolist() == [[-1, -1, 0, 0, 0, 0]]


def test_integer_projection_of_extreme_rows():
    rows = torch.tensor([[0.0, 0.0, 0.0], [1e30, 1.0, 1.0], [1e-30, 0.0, -1e-30], [0.5, -0.5, 0.4]])
    codes, _ = project_integer(rows, 5, 3)
    assert codes.tolist() == [[0, 0, 0], [3, 1, 1], [0, 0, 0], [1, -1, 0]]
    assert project_integer(torch.ones(1, 1), 0, 3)[0].tolist() == [[0]]


def test_threshold_gives_the_codes_by_the_formula():
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(40, 50, generator=generator, dtype=torch.float64) * 3
    codes, threshold = project_integer(x, 20, 7)
    above = threshold * (1 + 1e-12) + 1e-12  # the threshold itself is where the next code appears
    assert torch.equal(torch.floor(x.abs() - above + 0.5).clamp(0, 7), codes.abs())


@pytest.mark.parametrize("columns", [8, 9, 64, 200, 700])
@pytest.mark.parametrize("limit", [1, 7, 127])
@pytest.mark.parametrize("grid", [None, 4])
def test_the_search_finds_what_the_sort_finds_from_any_start(columns, limit, grid):
    generator = torch.Generator().manual_seed(columns * limit)
    x = torch.randn(40, columns, generator=generator) * torch.logspace(-1, 1.5, 40)[:, None]
    if grid:
        x = torch.round(x * grid) / grid  # many exact ties
    x[0], x[1, 1:], x[2] = 0.0, 1e-30, 1e6 * torch.rand(columns, generator=generator)
    for budget in (0, 3, columns // 3, 2 * columns):
        codes, threshold = by_sort(x.abs(), budget, limit)
        noise = torch.randn(40, 1, generator=generator)
        for start in (None, threshold, (threshold + noise).clamp_min(0), threshold * 3):
            found = project_integer(x, budget, limit, start)
            assert torch.equal(found[0], torch.copysign(codes, x))
            assert torch.equal(found[1], threshold)


def test_l1_projection_check_value():
    weight = torch.tensor([[0.5, -1.2, 0.3]], dtype=torch.float64)
    projected = project_l1(weight, torch.tensor([[1.0]], dtype=torch.float64))
    torch.testing.assert_close(projected, torch.tensor([[0.15, -0.85, 0.0]], dtype=torch.float64))


def test_l1_projection_agrees_with_bisection():
    generator = torch.Generator().manual_seed(5)
    weight = torch.randn(50, 31, generator=generator, dtype=torch.float64)
    radius = torch.linspace(0.1, 60, 50, dtype=torch.float64)[:, None]
    low, high = torch.zeros(50, 1, dtype=torch.float64), weight.abs().amax(1, keepdim=True)
    for _ in range(100):
        middle = (low + high) / 2
        over = (weight.abs() - middle).clamp_min(0).sum(1, keepdim=True) > radius
        low, high = torch.where(over, middle, low), torch.where(over, high, middle)
    expected = weight.sign() * (weight.abs() - low).clamp_min(0)
    torch.testing.assert_close(project_l1(weight, radius), expected, atol=1e-12, rtol=0)
