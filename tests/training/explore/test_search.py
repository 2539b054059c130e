"""The course of a search, on losses and LUTs that a formula gives in place of trainings."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from training.explore.front import Point
from training.explore.goal import Goal
from training.explore.moves import with_all_units
from training.explore.search import SEEDS, Search
from training.explore.trainings import OutOfTimeError
from training.recipes import RECIPES

FIRST = replace(
    RECIPES["mnist"],
    units=(10, 10, 10),
    accumulator_bits=None,
    constrain="all",
    activation_bits=2,
    input_bits=4,
)
GOAL = Goal(target="xc7", max_luts=6000)


def luts(recipe):
    """About what the planner counts."""
    inputs = (recipe.input_bits, *[recipe.activation_bits] * len(recipe.widths))
    rows = (*recipe.widths, 10)
    sums = sum(r * u * (0.2 + 0.5 * b) for r, u, b in zip(rows, recipe.units, inputs, strict=True))
    return sums + 3 * 2 ** (recipe.activation_bits - 2) * sum(recipe.widths) + 100


def loss(recipe, seed):
    """Layers that are worth unlike much; short trainings are worse, and seeds scatter."""
    gain = sum(w * math.log(u) for w, u in zip((0.05, 0.02, 0.004), recipe.units, strict=True))
    gain += 0.03 * math.log(recipe.activation_bits) + 0.002 * math.log(recipe.input_bits)
    gain += sum(0.02 * math.log(width) for width in recipe.widths)
    noise = 0.001 * math.sin(37 * seed + luts(recipe))
    return 1 - gain + 0.1 / recipe.epochs + noise


class Formula:
    """Takes the place of `Trainings`; after `most` of them there is no time."""

    def __init__(self, most=10**6):
        self.done, self.most = {}, most

    def train(self, recipes, seeds):
        for recipe in recipes:
            for seed in seeds:
                if (recipe, seed) not in self.done:
                    if len(self.done) >= self.most:
                        raise OutOfTimeError
                    self.done[recipe, seed] = loss(recipe, seed)

    def known(self, recipes, seeds):
        found = {}
        for recipe in recipes:
            losses = [self.done.get((recipe, seed)) for seed in seeds]
            if None not in losses:
                mean = sum(losses) / len(losses)
                found[recipe] = Point(recipe=recipe, loss=mean, accuracy=0.0, luts=luts(recipe))
        return found

    def points(self, recipes, seeds):
        self.train(recipes, seeds)
        return self.known(recipes, seeds)


def test_it_ends_with_better_networks_than_scaled_units():
    trainings = Formula(most=400)
    search = Search(trainings, GOAL, lambda _: None)
    with pytest.raises(OutOfTimeError):
        search.run(FIRST)
    best = search.front[-1]
    assert 0.75 * GOAL.max_luts < best.luts <= GOAL.max_luts
    scaled = [with_all_units(FIRST, factor / 20) for factor in range(2, 60)]
    rivals = [sum(loss(r, s) for s in SEEDS) / 2 for r in scaled if luts(r) <= GOAL.max_luts]
    assert best.loss < min(rivals) - 0.02
    assert best.recipe.input_bits < FIRST.input_bits  # dear here, and worth nearly nothing
    assert len(search.front) > 3
    assert all(a.luts < b.luts and a.loss > b.loss for a, b in pairwise(search.front))


@pytest.mark.parametrize(("trainings", "points"), [(0, 0), (2, 0), (5, 1)])
def test_a_front_has_what_there_was_time_for(trainings, points):
    search = Search(Formula(most=trainings), GOAL, lambda _: None)
    with pytest.raises(OutOfTimeError):
        search.run(FIRST)
    assert len(search.front) == points


def test_equal_rows_lead_to_equal_trainings():
    found = []
    for _ in range(2):
        trainings = Formula(most=150)
        with pytest.raises(OutOfTimeError):
            Search(trainings, GOAL, lambda _: None).run(FIRST)
        found.append(list(trainings.done))
    assert found[0] == found[1]


def test_a_rate_has_no_most_luts():
    trainings = Formula(most=200)
    search = Search(trainings, Goal(target="xc7", fps=10**6, clock_mhz=100.0), lambda _: None)
    with pytest.raises(OutOfTimeError):
        search.run(FIRST)
    assert max(p.luts for p in search.front) > 1.3 * luts(FIRST) > min(p.luts for p in search.front)
