"""From the integer network to a plan: styles, foldings, graphs, schedules, staircases, timing."""

from __future__ import annotations

from math import prod
from typing import TypeVar

from hwgen.ir import Graph
from hwgen.plan.choose.bram_limit import hold_brams
from hwgen.plan.choose.budget import within_budget
from hwgen.plan.choose.choices import asked_for, least_cycles
from hwgen.plan.choose.goals import choose
from hwgen.plan.choose.layer_plan import plan_layer
from hwgen.plan.design import Budget, LayerChoice, Plan
from hwgen.plan.folded.layer import Reader
from hwgen.plan.folded.ring import ring_lanes
from hwgen.plan.identifier import identifier, top_name
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions, Progress
from hwgen.plan.stages.positions import flattened, on_map, one_position
from hwgen.plan.stages.stage import Narrower, RunningPool, Stage, Stream, WindowBuffer
from hwgen.plan.streams.joints import (
    entry,
    lanes_within,
    narrower,
    one_beside,
    reordered,
    widener,
    with_fifos,
)
from hwgen.plan.streams.timing import latency_and_interval
from hwgen.plan.unrolled.flow import with_flow
from hwgen.plan.unrolled.front import front_stages
from hwgen.plan.windows import lines_of

S = TypeVar("S", bound=Stage)


def plan_design(
    graph: Graph, options: BuildOptions, progress: Progress = lambda _, __: None
) -> Plan:
    """Decide everything about the hardware of a network.

    Raises
    ------
    PlanError
        Where the network or the options cannot be built.
    """
    layers = layers_of(graph)

    def planned(choices: tuple[LayerChoice, ...], options: BuildOptions) -> Plan:
        return plan_chosen(graph, layers, choices, options, progress)

    def at_price(own: BuildOptions) -> Plan:
        if isinstance(own.goal, Budget):
            return within_budget(own.goal, graph, layers, own, planned, progress)
        return planned(asked_for(layers, own) or choose(graph, layers, own, progress), own)

    return hold_brams(options, at_price)


def plan_chosen(
    graph: Graph,
    layers: tuple[Layer, ...],
    choices: tuple[LayerChoice, ...],
    options: BuildOptions,
    progress: Progress = lambda _, __: None,
) -> Plan:
    """Plan each layer as chosen, and what joins them.

    Raises
    ------
    PlanError
        Where a layer cannot be built so.
    """
    slowest = max(least_cycles(*pair) for pair in zip(layers, choices, strict=True))
    stream = _input_stream(graph, layers[0], choices[0], slowest)
    stages: list[Stage] = []
    summaries, places = [], []
    for index, (layer, choice) in enumerate(zip(layers, choices, strict=True)):
        progress(f"plan {layer.name}", index / len(layers))
        interval = max(slowest // prod(layer.positions), 1)
        brought = _brought(stages, stream, layer, choice, slowest, options)
        bursts = [k for k, stage in enumerate(brought) if _comes_in_bursts(stage)]
        places += [len(stages) + k for k in {0, *bursts} if len(stages) + k]
        stages += brought
        stream = stages[-1].outputs if stages else stream
        if choice.style == "folded" and lines_of(layer.window, stream.image) is not None:
            is_last = index == len(layers) - 1
            reader = (
                Reader(knows_constants=True)
                if is_last
                else _reader(layer, layers[index + 1], choices[index + 1])
            )
            planned = plan_layer(graph, layer, stream, choice, options, slowest, reader)
            own = planned.stages
        else:
            at_once = one_position(stream) if layer.window is not None else flattened(stream)
            planned = plan_layer(graph, layer, at_once, choice, options, interval)
            own = on_map(planned.stages, layer.positions)
        if any(isinstance(stage, Narrower) for stage in own):
            places.append(len(stages) + 1)
        stages += own
        stream = stages[-1].outputs
        summaries.append(planned.summary)
    chain = with_flow(with_fifos(tuple(stages), tuple(places)), options)
    latency, interval = latency_and_interval(chain)
    return Plan(
        name=top_name(graph.name),
        target=options.target,
        goal=options.goal,
        pipeline=options.pipeline,
        clock_mhz=options.clock_mhz,
        effort=options.effort,
        choices=choices,
        stages=chain,
        layers=tuple(summaries),
        latency_cycles=latency,
        interval_cycles=interval,
    )


def _comes_in_bursts(stage: Stage) -> bool:
    """Whether a stage that has no queue reads or is read unevenly."""
    return isinstance(stage, RunningPool) or (isinstance(stage, WindowBuffer) and not stage.queue)


def _input_stream(graph: Graph, layer: Layer, choice: LayerChoice, slowest: int) -> Stream:
    """Give the design's input: for an unrolled layer whole, else a vector as narrow as can be.

    Whole is a vector, or a pixel of a map.
    """
    image = layer.input_image
    if image is not None:
        channels, *size = graph.input.shape
        kinds = (graph.input.type,) * channels
        return Stream(lanes=kinds, order=tuple(range(channels)), image=(size[0], size[1]))
    elements = tuple(range(layer.columns))
    whole = choice.style == "unrolled"
    lanes = len(elements) if whole else lanes_within(len(elements), slowest)
    return entry(elements, graph.input.type, lanes)


def _reader(layer: Layer, following: Layer, choice: LayerChoice) -> Reader:
    """Give what a layer is to the one that follows it."""
    window = following.window
    if window is None or following.pools:
        return Reader()
    read = {tap.lane for tap in window.taps}
    knows = not any(row in read and not weights.any() for row, weights in enumerate(layer.weight))
    taken = choice.pixels if window.columns.stride == 1 else 1
    return Reader(taken=0 if choice.style == "unrolled" else taken, knows_constants=knows)


def _brought(
    stages: list[Stage],
    stream: Stream,
    layer: Layer,
    choice: LayerChoice,
    slowest: int,
    options: BuildOptions,
) -> list[Stage]:
    """Give what brings a layer's matrix its inputs: converters, poolings and windows.

    Poolings, windows and unrolled matrices read whole pixels or vectors.
    """
    found: list[Stage] = []
    unrolled = choice.style == "unrolled"
    if layer.input_image is not None and (layer.pools or unrolled):
        found += _whole_pixels(stages, stream, layer, slowest, options)
        stream = found[-1].outputs if found else stream
        found += front_stages(layer, stream, options, shows=unrolled)
        stream = found[-1].outputs if found else stream
    before = [*stages, *found]
    if unrolled:
        if layer.window is None and before:
            found += _all(widener(before[-1].name, stream, layer.inputs))
        return found
    name = before[-1].name if before else identifier(layer.name)
    if layer.window is None or lines_of(layer.window, stream.image) is None:
        if stream.beats != stream.positions or not before:
            return found
        at_once = one_position(stream) if layer.window is not None else flattened(stream)
        interval = max(slowest // prod(layer.positions), 1)
        narrow = narrower(name, at_once, layer, lanes_within(layer.columns, interval))
        return [*found, *on_map(_all(narrow), layer.positions)]
    strides = layer.window.columns.stride > 1 or choice.pixels % stream.beside
    if stream.beside > 1 and strides:
        found += on_map((one_beside(name, one_position(stream)),), stream.image)
    elif stream.beats == stream.positions and stream.pixels == 1:
        narrow = narrower(name, one_position(stream), layer, ring_lanes(layer, stream, slowest))
        found += on_map(_all(narrow), stream.image)
    return found


def _whole_pixels(
    stages: list[Stage], stream: Stream, layer: Layer, slowest: int, options: BuildOptions
) -> list[Stage]:
    """Give what gathers the channels of each pixel, one pixel after another."""
    found: list[Stage] = []
    channels = layer.pools[0].inputs if layer.pools else layer.channels
    if not stages:
        return found
    if stream.pixels > 1:
        cycles = slowest // stream.positions
        found.append(reordered(stages[-1].name, stream, channels, cycles, options))
        stream = found[-1].outputs
    wide = widener([*stages, *found][-1].name, one_position(stream), channels)
    return [*found, *on_map(_all(wide), stream.image)]


def _all(stage: S | None) -> tuple[S, ...]:
    return () if stage is None else (stage,)
