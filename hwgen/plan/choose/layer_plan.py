"""Plans one layer as chosen: its stages, with thresholds on as few lanes as its rhythm allows."""

from __future__ import annotations

from dataclasses import replace

from hwgen.ir import Graph
from hwgen.plan.choose.choices import options_for
from hwgen.plan.design import LayerChoice, Target
from hwgen.plan.estimate.stage import Cost, chain_cost
from hwgen.plan.folded.layer import ANYONE, Reader, plan_folded_layer
from hwgen.plan.folded.threshold_search import on_lanes
from hwgen.plan.identifier import part_name
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions
from hwgen.plan.planned_layer import PlannedLayer
from hwgen.plan.stages.stage import Fifo, Narrower, SerialThreshold, Stage, Stream
from hwgen.plan.streams.joints import LOAD_MARGIN
from hwgen.plan.unrolled.layer import plan_unrolled_layer


def plan_layer(
    graph: Graph,
    layer: Layer,
    stream: Stream,
    choice: LayerChoice,
    options: BuildOptions,
    interval: int,
    reader: Reader = ANYONE,
) -> PlannedLayer:
    """Plan a layer that gets a vector every `interval` cycles.

    Raises
    ------
    PlanError
        Where it cannot be built so.
    """
    own = options_for(choice, options)
    if choice.style == "unrolled":
        return plan_unrolled_layer(graph, layer, stream, own)
    planned = plan_folded_layer(graph, layer, stream, own, interval, reader)
    slowest = max(interval, planned.summary.cycles)
    match planned.stages:
        case (*before, SerialThreshold() as threshold):
            return replace(planned, stages=(*before, *_narrowed(threshold, slowest, own)))
        case _:
            return planned


def layer_cost(stages: tuple[Stage, ...], target: Target) -> Cost:
    """Give the estimate for a layer's stages, with the queue that a converter may need."""
    queues = tuple(
        Fifo(name=part_name(stage.name, "fifo"), inputs=stage.inputs, outputs=stage.inputs, depth=2)
        for stage in stages
        if isinstance(stage, Narrower)
    )
    return chain_cost((*stages, *queues), target)


def _narrowed(
    threshold: SerialThreshold, interval: int, options: BuildOptions
) -> tuple[Stage, ...]:
    """Give thresholds on fewer lanes behind a converter, where that is cheaper and fast enough."""
    width, beats = len(threshold.inputs.lanes), threshold.inputs.beats
    if threshold.inputs.pixels > 1:
        return (threshold,)
    ways: list[tuple[Stage, ...]] = [(threshold,)]
    ways += (
        on_lanes(threshold, lanes, options.target, options.bram_price)
        for lanes in range(1, width)
        if width % lanes == 0 and beats * (width // lanes) <= interval - LOAD_MARGIN
    )
    target, price = options.target, options.bram_price
    return min(ways, key=lambda stages: layer_cost(stages, target).priced(price))
