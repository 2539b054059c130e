"""Chooses whether convolutions behind an enlargement are computed in front of it (`ir/subpixel`).

Folded, a convolution spends cycles on products, of which there are fewer in front. Unrolled it
would have an adder graph for each phase there, each at work in one of `r * r` cycles, so that it
never is.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.ir.subpixel import subpixel_candidates, with_subpixels
from hwgen.plan.choose.budget import cost_of
from hwgen.plan.choose.candidates import Candidates
from hwgen.plan.design import Budget, LayerChoice, Plan, Throughput
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions


def subpixel_ways(graph: Graph, options: BuildOptions) -> tuple[tuple[str, ...], ...]:
    """Give the sets of convolutions to plan with; the best plan is taken.

    For a throughput each convolution is looked at alone, since its interval is known.
    """
    names = subpixel_candidates(graph)
    if not names or options.subpixel == "never":
        return ((),)
    if options.subpixel == "always":
        return (names,)
    if options.style == "unrolled":
        return ((),)
    if isinstance(options.goal, Throughput):
        interval, own = options.goal.interval, replace(options, style="folded")
        names = tuple(name for name in names if _takes_less(graph, name, own, interval))
        if options.style == "folded":
            return (names,)
    return ((), names) if names else ((),)


def _takes_less(graph: Graph, name: str, options: BuildOptions, interval: int) -> bool:
    """Whether a convolution and what it needs beside it takes less in front of its enlargement."""
    behind = {layer.name: layer for layer in layers_of(graph)}
    moved = with_subpixels(graph, (name,))
    in_front = {layer.name: layer for layer in layers_of(moved)}
    costs = []
    for network, own, others in ((graph, behind, in_front), (moved, in_front, behind)):
        changed = [layer for key, layer in own.items() if key == name or key not in others]
        ways = [Candidates(network, layer, options).ways(interval) for layer in changed]
        if not all(ways):
            costs.append(inf)
            continue
        costs.append(sum(min(way.worth for way in layer) for layer in ways))
    return costs[1] < costs[0]


def check_all_folded(
    subpixel: tuple[str, ...], choices: tuple[LayerChoice, ...], where: str
) -> None:
    """Refuse a convolution in front of its enlargement that is unrolled.

    Raises
    ------
    PlanError
        Where there is one.
    """
    for choice in choices:
        if choice.name in subpixel and choice.style != "folded":
            raise PlanError(
                f"{where}: {choice.name} must be folded to be computed in front of the enlargement "
                f"that it reads, not {choice.style}; choose --style folded or --subpixel never"
            )


def worth(plan: Plan, options: BuildOptions) -> tuple[int, int]:
    """Give what is to be least of a plan, and what decides among equal ones."""
    luts = cost_of(plan).priced(options.bram_price)
    match options.goal:
        case Throughput():
            return luts, plan.interval_cycles
        case Budget():
            return plan.interval_cycles, luts
        case None:
            return luts * plan.interval_cycles, luts


def network_of(graph: Graph, subpixel: tuple[str, ...], where: str) -> Graph:
    """Give the network that a plan is of, as `with_subpixels` does.

    Raises
    ------
    PlanError
        Where one of the names is not such a convolution's.
    """
    allowed = subpixel_candidates(graph)
    wrong = [name for name in subpixel if name not in allowed]
    if wrong or len(set(subpixel)) != len(subpixel):
        raise PlanError(
            f"{where}: must name convolutions of stride 1 that keep the size of the nearest "
            f"upsampling that they read, each once ({', '.join(allowed) or 'none here'}), not "
            f"{(wrong or list(subpixel))[0]!r}"
        )
    return with_subpixels(graph, subpixel)
