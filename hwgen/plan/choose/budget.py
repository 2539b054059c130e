"""Finds the fastest design within a number of LUTs, and perhaps of block RAMs, its queues counted.

The shortest interval whose choice fits is found by bisection, at one price of a block RAM or, where
their number is limited, at several.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.plan.choose.candidates import Candidate, Candidates
from hwgen.plan.choose.goals import cheapest, choices_of
from hwgen.plan.design import Budget, LayerChoice, Plan
from hwgen.plan.estimate.stage import Cost, chain_cost
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions, Progress

NEVER = 1 << 30  # LUTs that no block RAM saves
MOST_CHOICES = 4  # that are tried after the first, whose queues were too many


class Planned(Protocol):
    """Plans a choice wholly, with what joins the layers."""

    def __call__(self, choices: tuple[LayerChoice, ...], options: BuildOptions) -> Plan:
        """Give the plan."""


def within_budget(
    goal: Budget,
    graph: Graph,
    layers: tuple[Layer, ...],
    options: BuildOptions,
    planned: Planned,
    progress: Progress,
) -> Plan:
    """Plan the fastest design that fits.

    Raises
    ------
    PlanError
        Where none fits, with the nearest that can be reached.
    """
    found, smallest = [], []
    usual = options.bram_price
    prices = (usual, 2 * usual + 1, 8 * usual + 1, NEVER)
    for price in prices[:1] if goal.brams is None else prices:
        own = replace(options, luts_per_bram=price)
        candidates = [Candidates(graph, layer, own) for layer in layers]
        longest = max(layer.most_cycles for layer in candidates)
        smallest.append(planned(choices_of(cheapest(candidates, longest)), own))
        if _fits(goal, cost_of(smallest[-1])):
            search = _Search(goal, candidates, partial(planned, options=own), progress)
            found.append(search.fastest(smallest[-1]))
    if not found:
        raise PlanError(_nearest(goal, [cost_of(plan) for plan in smallest]))
    return min(found, key=lambda plan: plan.interval_cycles)


def cost_of(plan: Plan) -> Cost:
    """Give the estimate for a whole design."""
    return chain_cost(plan.stages, plan.target)


def _nearest(goal: Budget, costs: list[Cost]) -> str:
    allowed = [cost for cost in costs if goal.brams is None or cost.brams <= goal.brams]
    fewest = min(cost.brams for cost in costs)
    best = min(
        allowed or [cost for cost in costs if cost.brams == fewest], key=lambda cost: cost.luts
    )
    brams = "" if goal.brams is None else f" --max-brams {max(best.brams, goal.brams)}"
    return (
        f"max-luts: the smallest design takes about {best.luts} LUTs and {best.brams} block RAMs; "
        f"the nearest that can be reached is --max-luts {max(best.luts, goal.luts)}{brams}"
    )


def _fits(goal: Budget, cost: Cost) -> bool:
    return cost.luts <= goal.luts and (goal.brams is None or cost.brams <= goal.brams)


class _Search:
    """The bisection over intervals at one price of block RAM."""

    def __init__(
        self,
        goal: Budget,
        candidates: list[Candidates],
        planned: Callable[[tuple[LayerChoice, ...]], Plan],
        progress: Progress,
    ) -> None:
        self.goal, self.candidates, self.planned = goal, candidates, planned
        self.progress = progress

    def fastest(self, smallest: Plan) -> Plan:
        """Give the fastest plan that fits; `smallest` does."""
        goal = self.goal
        for _ in range(1 + MOST_CHOICES):
            best = self._shortest(goal)
            if best is None:
                break
            plan = self.planned(choices_of(best))
            excess = cost_of(plan).luts - self.goal.luts
            if _fits(self.goal, cost_of(plan)):
                return plan
            goal = replace(goal, luts=goal.luts - max(excess, 1))
        return smallest

    def _shortest(self, goal: Budget) -> list[Candidate] | None:
        """Find the shortest interval whose layers fit, without what only a whole chain shows."""
        best = cheapest(self.candidates, max(layer.most_cycles for layer in self.candidates))
        if not _fits(goal, _sum(best)):
            return None
        low, high = 1, max(candidate.cycles for candidate in best)
        steps = high.bit_length()
        while low < high:
            middle = (low + high) // 2
            share = 1 - (high - low).bit_length() / steps
            self.progress(f"try a vector every {middle} cycles", share)
            if any(layer.least_cycles(middle) > middle for layer in self.candidates):
                low = middle + 1
                continue
            found = cheapest(self.candidates, middle)
            if _fits(goal, _sum(found)):
                best, high = found, min(middle, max(candidate.cycles for candidate in found))
            else:
                low = middle + 1
        return best


def _sum(chosen: list[Candidate]) -> Cost:
    return Cost(
        luts=sum(candidate.cost.luts for candidate in chosen),
        brams=sum(candidate.cost.brams for candidate in chosen),
    )
