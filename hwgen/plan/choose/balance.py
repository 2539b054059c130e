"""Which layer limits a design, by how much, and whether its goal is met: in words."""

from __future__ import annotations

from typing import assert_never

from hwgen.plan.design import Budget, Plan, Throughput
from hwgen.plan.estimate.stage import layer_costs


def balance_sentences(plan: Plan) -> list[str]:
    """Say what the goal asks for, what limits the design, and what it will take."""
    return [*_goal(plan), *_limit(plan), _cost(plan)]


def _goal(plan: Plan) -> list[str]:
    match plan.goal:
        case Throughput() as goal:
            reached = goal.clock_mhz * 1e6 / plan.interval_cycles
            verdict = "met" if plan.interval_cycles <= goal.interval else "not met"
            return [
                f"goal {verdict}: {goal.fps:,} a second at {goal.clock_mhz:g} MHz is a vector "
                f"every {goal.interval:,} cycles; the plan takes {plan.interval_cycles:,}, "
                f"{int(reached):,} a second"
            ]
        case Budget() as goal:
            brams = "" if goal.brams is None else f" and {goal.brams:,} block RAMs"
            return [f"goal: the fastest within {goal.luts:,} LUTs{brams}"]
        case None:
            return []
        case _:
            assert_never(plan.goal)


def _limit(plan: Plan) -> list[str]:
    """Compare the slowest layer with the others, where a layer takes more than a cycle."""
    slowest = plan.slowest
    if slowest.cycles == 1:
        return []
    others = [layer for layer in plan.layers if layer is not slowest]
    if not others:
        return [f"{slowest.name} takes {slowest.cycles:,} cycles"]
    second = max(others, key=lambda layer: layer.cycles)
    if second.cycles == slowest.cycles:
        equal = sum(layer.cycles == slowest.cycles for layer in plan.layers)
        return [f"{equal} layers limit with {slowest.cycles:,} cycles each, {slowest.name} first"]
    return [
        f"{slowest.name} limits with {slowest.cycles:,} cycles, {slowest.cycles - second.cycles:,} "
        f"more than {second.name}, the next"
    ]


def _cost(plan: Plan) -> str:
    costs = layer_costs(plan)
    luts, brams = sum(cost.luts for cost in costs), sum(cost.brams for cost in costs)
    blocks = f" and {brams:,} block RAMs" if brams else ""
    return f"estimate for {plan.target}: {luts:,} LUTs{blocks}"
