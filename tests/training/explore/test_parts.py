"""The parts of a search: knobs, effects, fronts, where it starts, and what it refuses."""

import math
from dataclasses import replace
from itertools import product

import pytest
from typer.testing import CliRunner

from hwgen.errors import HwgenError
from training.__main__ import app
from training.data.digits import digits
from training.explore.effects import Effect, composed, effect, smoothed
from training.explore.front import Point, front, spread
from training.explore.goal import Goal
from training.explore.moves import Knob, knobs, turned, with_all_units
from training.explore.start import paid_units, shapes, short, start
from training.recipes import RECIPES

BASE = replace(
    RECIPES["digits"], units=(9, 8, 10), accumulator_bits=None, activation_bits=2, widths=(32, 16)
)


def point(luts, loss):
    return Point(recipe=BASE, loss=loss, accuracy=0.0, luts=luts)


def test_every_knob_of_a_recipe():
    names = [str(knob) for knob in knobs(BASE)]
    assert names == ["units 0", "units 1", "units 2", "widths 0", "widths 1", "activation_bits"]
    deep = replace(RECIPES["resnet18"], units=(9,) * 21, accumulator_bits=None)
    assert [str(k) for k in knobs(deep)] == [
        *("units 0", "units 1", "units 20", "width", "activation_bits"),
    ]
    assert str(knobs(replace(RECIPES["mnist"], units=(9,) * 3))[-1]) == "input_bits"


def test_a_step_of_each_knob():
    first, bits = Knob(kind="units", places=(0,)), Knob(kind="activation_bits")
    assert turned(BASE, first, 1).units == (13, 8, 10)
    assert turned(BASE, first, -1).units == (6, 8, 10)
    assert turned(BASE, Knob(kind="widths", places=(1,)), -2).widths == (32, 8)
    assert turned(BASE, bits, -1).activation_bits == 1
    assert turned(turned(BASE, bits, -1), bits, -1).activation_bits == 1  # its end
    few = replace(BASE, units=(1, 8, 10))
    assert [turned(few, first, step).units[0] for step in (-1, 0.5, 1)] == [1, 1, 2]
    assert with_all_units(BASE, 1.5).units == (14, 12, 15)
    assert with_all_units(BASE, 1e-9).units == (1, 1, 1)


def test_the_composed_network_is_the_best_of_all_that_the_effects_allow():
    sides = {
        Knob(kind="units", places=(0,)): (Effect(loss=-0.02, log_luts=0.25), 0.05),
        Knob(kind="units", places=(1,)): (Effect(loss=-0.001, log_luts=0.2), 0.002),
        Knob(kind="activation_bits"): (Effect(loss=-0.03, log_luts=0.3), 0.09),
    }
    effects = {
        knob: {1: up, -1: Effect(loss=cost, log_luts=-up.log_luts)}
        for knob, (up, cost) in sides.items()
    }
    for change in (0.15, 0.0, -0.3):
        recipe = composed(BASE, effects, change, kinds=("units", "activation_bits"), most=1.0)
        options = {}
        for steps in product((-1.0, -0.5, 0.0, 0.5, 1.0), repeat=3):
            if steps[2] % 1:
                continue
            found = [effect(s, n) for s, n in zip(effects.values(), steps, strict=True) if n]
            if sum(e.log_luts for e in found) <= change + 1e-12:
                options[steps] = sum(e.loss for e in found)
        loss = {}
        for steps, value in options.items():
            built = BASE
            for knob, number in zip(effects, steps, strict=True):
                built = turned(built, knob, number)
            loss[built] = min(value, loss.get(built, math.inf))
        best = min(loss.values())
        assert loss[recipe] == pytest.approx(best)


def test_only_the_kinds_asked_for_are_turned():
    effects = {Knob(kind="activation_bits"): {1: Effect(loss=-1.0, log_luts=0.1)}}
    assert composed(BASE, effects, 1.0, kinds=("units",), most=2.0) == BASE
    turned_up = composed(BASE, effects, 1.0, kinds=("activation_bits",), most=2.0)
    assert turned_up.activation_bits == 4


def test_noise_does_not_make_saving_better():
    knob = Knob(kind="units", places=(0,))
    noisy = {knob: {1: Effect(loss=0.01, log_luts=0.2), -1: Effect(loss=-0.02, log_luts=-0.2)}}
    assert [found.loss for found in smoothed(noisy)[knob].values()] == [0.0, 0.0]
    fair = {knob: {1: Effect(loss=-0.02, log_luts=0.2), -1: Effect(loss=0.04, log_luts=-0.2)}}
    assert [found.loss for found in smoothed(fair)[knob].values()] == pytest.approx([-0.03, 0.03])


def test_the_front_has_no_point_that_a_smaller_one_beats():
    points = [point(900, 0.3), point(500, 0.4), point(700, 0.5), point(1200, 0.2), point(800, 0.3)]
    assert [(p.luts, p.loss) for p in front(points, 1000)] == [(500, 0.4), (800, 0.3)]
    assert front(points, 100) == []
    many = [point(100 * 1.1**i, 1 - 0.01 * i) for i in range(20)]
    chosen = spread(many, 5)
    assert len(chosen) == 5
    assert (chosen[0], chosen[-1]) == (many[0], many[-1])
    assert spread(many[:1], 5) == many[:1]


def test_the_start_about_pays_the_goal():
    goal = Goal(target="xc7", max_luts=1500)
    first = start(RECIPES["digits"], digits(), goal)
    assert first.accumulator_bits is None
    assert (first.constrain, first.weight_bits, first.activation_bits) == ("all", 4, 2)
    layers = shapes(first, digits())
    assert [(layer.rows, layer.input_bits) for layer in layers] == [(32, 4), (32, 2), (10, 2)]
    assert first.units == (round(paid_units(layers, 2, 1500)),) * 3
    small = start(RECIPES["digits"], digits(), Goal(target="ice40", max_luts=300))
    assert small.widths < first.widths
    assert short(first).epochs == 20


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            [],
            "explore: must have one goal, the LUTs or the rate; give --max-luts, or --fps with "
            "--clock-mhz",
        ),
        (["--fps", "100"], "fps: needs the clock that it is meant at; add --clock-mhz 100"),
        (
            ["--max-luts", "100", "--clock-mhz", "100"],
            "clock-mhz: must be given with fps only; leave it out",
        ),
        (["--max-luts", "0"], "max-luts: must be at least 1, not 0; choose another"),
    ],
)
def test_goals_that_are_none(options, sentence, tmp_path):
    out = tmp_path / "out"
    said = CliRunner().invoke(app, ["explore", "digits", "--out", str(out), *options])
    assert said.exit_code == 2
    assert said.stderr.replace("\n", "") == f"hwgen: {sentence}"
    assert not out.exists()


def test_a_folder_of_another_exploration(tmp_path):
    (tmp_path / "explore.json").write_text("{}\n")
    said = CliRunner().invoke(
        app, ["explore", "digits", "--max-luts", "900", "--out", str(tmp_path)]
    )
    assert said.exit_code == 2
    assert said.stderr.strip() == (
        f"hwgen: {tmp_path}: must be of this recipe and goal, and is of others (explore.json); "
        "name another folder"
    )


def test_a_goal_is_refused_where_it_is_made():
    with pytest.raises(HwgenError, match="explore: must have one goal"):
        Goal(target="xc7", max_luts=9, fps=9, clock_mhz=9.0)
