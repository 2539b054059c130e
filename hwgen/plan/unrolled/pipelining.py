"""Decides where the registers of an unrolled layer lie: in its adders, and in what follows them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

from hwgen.errors import PlanError
from hwgen.plan.cost.delay import MODELS, DelayModel, StageLimit
from hwgen.plan.options import BuildOptions
from hwgen.plan.requantize.channel import Path, path_of
from hwgen.plan.stages.adder_graph import AdderGraph
from hwgen.plan.stages.requantizers import Requantizer, Rescale
from hwgen.plan.stages.stage import Stream
from hwgen.plan.unrolled.cuts import Fits, cheapest_cuts, fewest_cuts
from hwgen.plan.unrolled.registers import Placement, fewest_bits

ANY_LEVELS = 1 << 20  # no limit on adder levels but the clock
OUTPUT_TAIL_NS = math.inf  # behind an output that must end in a register


@dataclass(frozen=True, slots=True, kw_only=True)
class TailCuts:
    """Registers behind the adders, and how long the logic before the first of them takes."""

    cuts: tuple[tuple[int, ...], ...]
    tails_ns: tuple[float, ...]


def stage_limit(name: str, graph: AdderGraph, options: BuildOptions) -> StageLimit | None:
    """Give what may lie between registers of a layer; None where it has none.

    Asked for so many adder levels, everything else gets the time that those take.

    Raises
    ------
    PlanError
        Where not even one adder fits the clock that is asked for.
    """
    model = MODELS[options.target]
    widest = widest_bits(graph)
    if options.pipeline == "auto" and options.clock_mhz:
        period, least = 1000 / options.clock_mhz, model.adders(1, widest)
        if least > period:
            raise PlanError(
                f"{name}: the clock must be at most {int(1000 / least)} MHz on {options.target} "
                f"for an adder of {widest} bits between registers, not {options.clock_mhz:g}; ask "
                "for less, or build narrower sums"
            )
        return StageLimit(model=model, levels=ANY_LEVELS, period_ns=period)
    levels = options.levels_per_stage
    if not levels:
        return None
    return StageLimit(model=model, levels=levels, period_ns=model.adders(levels, widest))


def widest_bits(graph: AdderGraph) -> int:
    """Give the width of the widest sum of a graph, one at the least."""
    adders = [adder.range.bits for adder in graph.adders]
    adjusting = [
        output.range.bits for output in graph.outputs if output.adjusts and output.node >= 0
    ]
    return max([*adders, *adjusting], default=1)


def place_in_graph(
    graph: AdderGraph, limit: StageLimit | None, tails_ns: tuple[float, ...]
) -> Placement:
    """Place the registers of an adder graph."""
    if limit is None:
        stages = ((0,) * len(graph.adders), (0,) * len(graph.outputs))
        return Placement(latency=0, adder_stages=stages[0], output_stages=stages[1])
    return fewest_bits(graph, limit, tails_ns)


def threshold_cuts(
    channels: tuple[Requantizer, ...], inputs: Stream, outputs: Stream, limit: StageLimit | None
) -> TailCuts:
    """Place the registers of requantizers: in every lane as many, one of them at the end."""
    if limit is None:
        return TailCuts(cuts=((),) * len(channels), tails_ns=(0.0,) * len(channels))
    lanes = zip(channels, inputs.lanes, outputs.lanes, strict=True)
    paths = [path_of(channel, lane, code.bits) for channel, lane, code in lanes]
    live = [_is_live(channel) for channel in channels]
    needed = [
        fewest_cuts(path.steps, partial(_path_fits, limit, path))
        for path, is_live in zip(paths, live, strict=True)
        if is_live
    ]
    count = max(needed, default=1)
    cuts = tuple(
        cheapest_cuts(path.steps, partial(_path_fits, limit, path), path.held, count)
        if is_live
        else (path.steps,) * count  # a constant has no logic to cut
        for path, is_live in zip(paths, live, strict=True)
    )
    tails_ns = tuple(
        path.ns(limit.model, 0, places[0]) if is_live else 0.0
        for path, places, is_live in zip(paths, cuts, live, strict=True)
    )
    return TailCuts(cuts=cuts, tails_ns=tails_ns)


def _is_live(channel: Requantizer) -> bool:
    return isinstance(channel, Rescale) or bool(channel.thresholds)


def argmax_cuts(inputs: Stream, outputs: Stream, limit: StageLimit | None) -> TailCuts:
    """Place the registers of a tree of comparisons, one of them at its end."""
    lanes = len(inputs.lanes)
    if limit is None:
        return TailCuts(cuts=((),), tails_ns=(0.0,) * lanes)
    width = inputs.lanes[0].bits
    steps = 2 * (lanes - 1).bit_length()
    fits: Fits = partial(_tree_fits, limit, width)
    held = [tree_bits(inputs, outputs, step) for step in range(steps + 1)]
    cuts = cheapest_cuts(steps, fits, held, fewest_cuts(steps, fits))
    tail = _tree_ns(limit.model, width, 0, cuts[0])
    return TailCuts(cuts=(cuts,), tails_ns=(tail,) * lanes)


def _path_fits(limit: StageLimit, path: Path, start: int, end: int) -> bool:
    return limit.logic_fits(path.ns(limit.model, start, end))


def _tree_fits(limit: StageLimit, width: int, start: int, end: int) -> bool:
    return limit.logic_fits(_tree_ns(limit.model, width, start, end))


def _tree_ns(model: DelayModel, width: int, start: int, end: int) -> float:
    """Give the ns of the steps from one place to another: comparisons at even places."""
    compares = (end + 1) // 2 - (start + 1) // 2
    return compares * model.comparison(width) + (end - start - compares) * model.choice()


def tree_bits(inputs: Stream, outputs: Stream, step: int) -> int:
    """Count the bits that cross a place: values, indices, and outcomes that are not used yet."""
    lanes, (level, compared) = len(inputs.lanes), divmod(step, 2)
    last = level + compared == (lanes - 1).bit_length()
    left = -(-lanes // (1 << level))
    values = 0 if last else left * inputs.lanes[0].bits
    indices = left * min(level, outputs.lanes[0].bits)
    return values + indices + (left // 2 if compared else 0)
