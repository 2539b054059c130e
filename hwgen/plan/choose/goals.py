"""Chooses style and folding of every layer for an interval: of a throughput, or a usual one.

Every layer takes the cheaper of two ways: unrolled, or folded on the fewest multipliers that keep
the interval; what joins neighbours of unlike style is counted in. Block RAMs count at their price.
"""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.plan.choose.candidates import Candidate, Candidates
from hwgen.plan.choose.choices import DEFAULT_PE, folded, least_cycles
from hwgen.plan.design import LayerChoice, Throughput
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions, Progress


def choose(
    graph: Graph, layers: tuple[Layer, ...], options: BuildOptions, progress: Progress
) -> tuple[LayerChoice, ...]:
    """Choose for a throughput; without one, keep up with the layer of most weights.

    Raises
    ------
    PlanError
        Where the throughput cannot be met, with the nearest that can.
    """
    candidates = [Candidates(graph, layer, options) for layer in layers]
    if isinstance(options.goal, Throughput):
        return _fastest_enough(options.goal, candidates, progress)
    return choices_of(cheapest(candidates, _balanced(layers, options)))


def choices_of(chosen: list[Candidate]) -> tuple[LayerChoice, ...]:
    """Give what was chosen of the ways to build the layers."""
    return tuple(candidate.choice for candidate in chosen)


def _balanced(layers: tuple[Layer, ...], options: BuildOptions) -> int:
    """Give the interval at which the largest layer has the usual number of multipliers."""
    usual = [folded(layer, DEFAULT_PE, 1, options) for layer in layers]
    least = [least_cycles(*pair) for pair in zip(layers, usual, strict=True)]
    return max(least) * 11 // 10 + len(layers)


def _fastest_enough(
    goal: Throughput, candidates: list[Candidates], progress: Progress
) -> tuple[LayerChoice, ...]:
    limits = {}
    for place, layer in enumerate(candidates):
        progress(f"choose {layer.name}", place / len(candidates))
        least = layer.least_cycles(goal.interval)
        if least > goal.interval:
            limits[layer.name] = least
    if limits:
        name = max(limits, key=lambda layer: limits[layer])
        raise PlanError(
            f"fps: {goal.fps:,} a second at {goal.clock_mhz:g} MHz is a vector every "
            f"{goal.interval} cycles, and {name} takes {limits[name]} at the least; the nearest "
            f"that can be reached is --fps {int(goal.clock_mhz * 1e6 / limits[name])}"
        )
    return choices_of(cheapest(candidates, goal.interval))


def cheapest(candidates: list[Candidates], interval: int) -> list[Candidate]:
    """Give the cheapest way of each layer, with what joins it to the one before."""
    ways: list[tuple[int, list[Candidate]]] = [(0, [])]
    for layer in candidates:
        longer = []
        for candidate in layer.ways(interval):
            luts, chain = min(
                (
                    (luts + layer.joint_luts(chain[-1] if chain else None, candidate), chain)
                    for luts, chain in ways
                ),
                key=lambda way: way[0],
            )
            longer.append((luts + candidate.worth, [*chain, candidate]))
        ways = longer
    return min(ways, key=lambda way: way[0])[1]
