"""Goals: met, with the least that the estimates know of, or refused with the nearest."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from hwgen.errors import PlanError
from hwgen.plan.choose.balance import balance_sentences
from hwgen.plan.choose.choices import folded, unrolled
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.execute import from_slots, run_plan
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_chosen, plan_design
from hwgen.reference import outputs
from tests.tiny_nets import network, random_inputs

NET = network(5, widths=(24, 18, 8), codes="u2", weight_bits=3, density=0.3)


def for_interval(interval, **options):
    """The options of a throughput of a vector every so many cycles."""
    return BuildOptions(fps=100_000, clock_mhz=interval / 10, effort="low", **options)


def luts(plan):
    return chain_cost(plan.stages, plan.target).luts


@pytest.mark.parametrize("target", ["xc7", "ice40", "ecp5", "gowin"])
@pytest.mark.parametrize("interval", [1, 2, 9, 30, 400])
def test_a_throughput_is_kept_and_the_plan_is_right(interval, target):
    plan = plan_design(NET, for_interval(interval, target=target))
    assert plan.interval_cycles <= interval
    x = random_inputs(NET, 50)
    assert np.array_equal(from_slots(plan.outputs, run_plan(plan, x)[-1]), outputs(NET, x))


def test_a_throughput_takes_no_more_than_any_other_choice():
    interval, layers = 30, layers_of(NET)
    options = for_interval(interval)
    found = plan_design(NET, options)
    ways = [
        [unrolled(layer, options), *(folded(layer, pe, 1, options) for pe in (1, 2, 3, 4, 6))]
        for layer in layers
    ]
    plans = [plan_chosen(NET, layers, choices, options) for choices in product(*ways)]
    price = options.bram_price
    worth = [
        chain_cost(plan.stages, plan.target).priced(price)
        for plan in plans
        if plan.interval_cycles <= interval
    ]
    assert (
        chain_cost(found.stages, found.target).priced(price) <= min(worth) * 1.05
    )  # queues are only known when the whole chain is


def test_layers_may_differ_in_style():
    net = network(3, widths=(48, 40, 3, 4), codes="u1", inputs="u4", weight_bits=4, density=0.6)
    plan = plan_design(net, for_interval(400))
    assert {choice.style for choice in plan.choices} == {"unrolled", "folded"}


def test_a_number_of_luts_is_kept_by_the_fastest():
    budget = 420
    plan = plan_design(NET, BuildOptions(max_luts=budget, effort="low"))
    assert luts(plan) <= budget
    faster = plan_design(NET, for_interval(plan.slowest.cycles - 1))
    assert luts(faster) > budget


@pytest.mark.parametrize(
    "goal",
    [
        {"max_luts": 2000, "luts_per_bram": 0},
        {"fps": 10_000, "clock_mhz": 3.0, "luts_per_bram": 0},
        {"style": "folded", "pe": 2, "simd": 2, "luts_per_bram": 0},
        {"style": "unrolled"},
    ],
)
def test_block_rams_can_be_limited_with_every_goal(goal):
    """At a price of nothing every memory is a block RAM; none is where none may be."""
    for limit in (0, 2):
        options = BuildOptions(**goal, max_brams=limit, effort="low")
        plan = plan_design(NET, options)
        assert chain_cost(plan.stages, plan.target).brams <= limit


def test_the_memories_that_save_least_go_to_luts_first():
    options = BuildOptions(style="folded", pe=2, simd=2, luts_per_bram=0)
    costs = {
        limit: chain_cost(plan.stages, plan.target)
        for limit in (None, 9, 6, 3, 0)
        for plan in [plan_design(NET, replace(options, max_brams=limit))]
    }
    assert costs[None].brams > 9
    assert [cost.luts for cost in costs.values()] == sorted(cost.luts for cost in costs.values())
    saved = [
        (c.luts - costs[None].luts) / (costs[None].brams - c.brams)
        for c in list(costs.values())[1:]
    ]
    assert saved == sorted(saved)


def test_block_rams_that_are_needed_name_the_nearest():
    options = BuildOptions(target="ice40", style="folded", max_brams=1)
    with pytest.raises(PlanError) as caught:
        plan_design(NET, options)
    nearest = int(str(caught.value).split("--max-brams ")[1].split(";")[0])
    assert str(caught.value) == (
        f"max-brams: the design takes {nearest} block RAMs at the least, not 1; the nearest that "
        f"can be reached is --max-brams {nearest}; ice40 has no memory in LUTs"
    )
    plan = plan_design(NET, replace(options, max_brams=nearest))
    assert chain_cost(plan.stages, "ice40").brams <= nearest


@pytest.mark.parametrize(("target", "price"), [("xc7", 200), ("ice40", 200), ("ecp5", 400)])
def test_a_block_ram_has_the_price_of_the_part(target, price):
    plan = plan_design(NET, BuildOptions(target=target, style="folded"))
    assert {choice.luts_per_bram for choice in plan.choices} == {price}


def test_a_throughput_out_of_reach_names_the_nearest():
    net = network(1, widths=(40, 40, 4), density=0.9)
    options = BuildOptions(style="folded", fps=1_000_000, clock_mhz=1.0)
    with pytest.raises(PlanError) as caught:
        plan_design(net, options)
    words = str(caught.value)
    assert words.startswith(
        "fps: 1,000,000 a second at 1 MHz is a vector every 1 cycles, and dense"
    )
    nearest = int(words.rsplit(" ", 1)[1])
    plan = plan_design(net, BuildOptions(style="folded", fps=nearest, clock_mhz=1.0))
    assert plan.interval_cycles * nearest <= 1_000_000


def test_luts_out_of_reach_name_the_nearest():
    with pytest.raises(PlanError, match="max-luts: the smallest design takes about") as caught:
        plan_design(NET, BuildOptions(max_luts=10, effort="low"))
    nearest = int(str(caught.value).rsplit(" ", 1)[1])
    plan = plan_design(NET, BuildOptions(max_luts=nearest, effort="low"))
    assert luts(plan) == nearest


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"fps": 5}, "fps: needs the clock that it is meant at; add --clock-mhz 100"),
        ({"fps": 5, "clock_mhz": 1.0, "max_luts": 3}, "fps: must not stand beside --max-luts"),
        ({"fps": 2_000_000, "clock_mhz": 1.0}, "fps: must be at most a vector a cycle, 1000000 at"),
        (
            {"max_luts": 4, "pe": 2},
            "pe, simd, pixels: are chosen for a goal; leave them out, or the goal",
        ),
    ],
)
def test_goals_that_contradict_are_refused(options, sentence):
    with pytest.raises(PlanError, match=sentence):
        BuildOptions(**options)


def test_the_limit_is_named():
    plan = plan_design(NET, for_interval(30))
    goal, *_ = sentences = balance_sentences(plan)
    assert goal == (
        "goal met: 100,000 a second at 3 MHz is a vector every 30 cycles; the plan takes "
        f"{plan.interval_cycles}, {int(3e6 / plan.interval_cycles):,} a second"
    )
    assert sentences[-1].startswith("estimate for xc7: ")
    folds = plan_design(NET, BuildOptions(style="folded", pe=1))
    first, second = (layer.cycles for layer in folds.layers)
    assert balance_sentences(folds)[0] == (
        f"dense0 limits with {first} cycles, {first - second} more than dense1, the next"
    )
