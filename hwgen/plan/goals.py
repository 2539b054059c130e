"""Chooses style and folding of every layer for a goal: a throughput, or a number of LUTs.

For an interval every layer takes the cheaper of two ways: unrolled, or folded on the fewest
multipliers that keep the interval; what joins neighbours of unlike style is counted in. A number
of LUTs is met by the shortest interval whose choice fits, found by bisection.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.plan.candidates import Candidate, Candidates
from hwgen.plan.choices import DEFAULT_PE, folded, least_cycles
from hwgen.plan.design import LUTS_PER_BLOCK, Budget, LayerChoice, Throughput
from hwgen.plan.layers import Layer
from hwgen.plan.options import BuildOptions, Progress

BLOCK_WORTHS = (LUTS_PER_BLOCK, 80, 320, 1 << 30)  # LUTs that a block RAM must save


def choose(
    graph: Graph, layers: tuple[Layer, ...], options: BuildOptions, progress: Progress
) -> tuple[LayerChoice, ...]:
    """Choose for the goal of the options; without one, keep up with the layer of most weights.

    Raises
    ------
    PlanError
        Where the goal cannot be met, with the nearest that can.
    """
    match options.goal:
        case Throughput() as goal:
            best = _fastest_enough(goal, _candidates(graph, layers, options), progress)
        case Budget() as goal:
            best = _within_blocks(goal, graph, layers, options, progress)
        case None:
            best = _cheapest(_candidates(graph, layers, options), _balanced(layers, options))
        case _:
            assert_never(options.goal)
    return tuple(candidate.choice for candidate in best)


def _candidates(graph: Graph, layers: tuple[Layer, ...], options: BuildOptions) -> list[Candidates]:
    return [Candidates(graph, layer, options) for layer in layers]


def _balanced(layers: tuple[Layer, ...], options: BuildOptions) -> int:
    """Give the interval at which the largest layer has the usual number of multipliers."""
    usual = [folded(layer, DEFAULT_PE, 1, options) for layer in layers]
    least = [least_cycles(*pair) for pair in zip(layers, usual, strict=True)]
    return max(least) * 11 // 10 + len(layers)


def _fastest_enough(
    goal: Throughput, candidates: list[Candidates], progress: Progress
) -> list[Candidate]:
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
    return _cheapest(candidates, goal.interval)


def _within_blocks(
    goal: Budget,
    graph: Graph,
    layers: tuple[Layer, ...],
    options: BuildOptions,
    progress: Progress,
) -> list[Candidate]:
    """Give the fastest of several readinesses to take a block RAM, where their number is limited.

    Raises
    ------
    PlanError
        Where none fits, with the nearest that can be reached.
    """
    found, refusal = [], None
    for worth in (options.luts_per_block,) if goal.brams is None else BLOCK_WORTHS:
        own = replace(options, luts_per_block=worth)
        try:
            found.append(_within(goal, _candidates(graph, layers, own), progress))
        except PlanError as error:
            refusal = error
    if refusal is not None and not found:
        raise refusal
    return min(found, key=lambda best: max(candidate.cycles for candidate in best))


def _within(goal: Budget, candidates: list[Candidates], progress: Progress) -> list[Candidate]:
    """Find the shortest interval that fits by bisection, from the cheapest choice of all."""
    longest = max(layer.most_cycles for layer in candidates)
    best = _cheapest(candidates, longest)
    if not _fits(goal, best):
        raise PlanError(
            f"max-luts: the smallest design takes about {_luts(best)} LUTs and {_brams(best)} "
            f"block RAMs; the nearest that can be reached is --max-luts {_luts(best)}"
            + ("" if goal.brams is None else f" --max-brams {_brams(best)}")
        )
    low, high = 1, max(candidate.cycles for candidate in best)
    steps = high.bit_length()
    while low < high:
        middle = (low + high) // 2
        progress(f"try a vector every {middle} cycles", 1 - (high - low).bit_length() / steps)
        if any(layer.least_cycles(middle) > middle for layer in candidates):
            low = middle + 1
            continue
        found = _cheapest(candidates, middle)
        if _fits(goal, found):
            best, high = found, min(middle, max(candidate.cycles for candidate in found))
        else:
            low = middle + 1
    return best


def _cheapest(candidates: list[Candidates], interval: int) -> list[Candidate]:
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
            longer.append((luts + candidate.cost.luts, [*chain, candidate]))
        ways = longer
    return min(ways, key=lambda way: way[0])[1]


def _fits(goal: Budget, chosen: list[Candidate]) -> bool:
    return _luts(chosen) <= goal.luts and (goal.brams is None or _brams(chosen) <= goal.brams)


def _luts(chosen: list[Candidate]) -> int:
    return sum(candidate.cost.luts for candidate in chosen)


def _brams(chosen: list[Candidate]) -> int:
    return sum(candidate.cost.brams for candidate in chosen)
