"""From the integer network to a plan: styles, foldings, graphs, schedules, staircases, timing."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from hwgen.ir import Graph
from hwgen.numeric import Range
from hwgen.plan.choose.bram_limit import hold_brams
from hwgen.plan.choose.budget import within_budget
from hwgen.plan.choose.choices import asked_for, least_cycles
from hwgen.plan.choose.goals import choose
from hwgen.plan.choose.layer_plan import plan_layer
from hwgen.plan.design import Budget, LayerChoice, Plan
from hwgen.plan.identifier import top_name
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions, Progress
from hwgen.plan.stages.positions import flattened, on_map, one_position
from hwgen.plan.stages.stage import Narrower, RunningPool, Stage, Stream, WindowBuffer
from hwgen.plan.streams.joints import entry, lanes_within, narrower, widener, with_fifos
from hwgen.plan.streams.timing import latency_and_interval
from hwgen.plan.unrolled.flow import with_flow
from hwgen.plan.unrolled.front import front_stages


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
        brought = _brought(stages, stream, layer, choice, interval, options)
        bursts = [k for k, stage in enumerate(brought) if _comes_in_bursts(stage)]
        places += [len(stages) + k for k in {0, *bursts} if len(stages) + k]
        stages += brought
        stream = stages[-1].outputs if stages else stream
        own = one_position(stream) if layer.window is not None else flattened(stream)
        planned = plan_layer(graph, layer, own, choice, options, interval)
        if any(isinstance(stage, Narrower) for stage in planned.stages):
            places.append(len(stages) + 1)
        stages += on_map(planned.stages, layer.positions)
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


def _brought(
    stages: list[Stage],
    stream: Stream,
    layer: Layer,
    choice: LayerChoice,
    interval: int,
    options: BuildOptions,
) -> list[Stage]:
    """Give what brings a layer's matrix its inputs: converters, poolings and windows.

    Poolings, windows and unrolled matrices read whole pixels or vectors.
    """
    found: list[Stage] = []

    def gather(stream: Stream, ranges: tuple[Range, ...]) -> Stream:
        before = [*stages, *found]
        if before and (wide := widener(before[-1].name, stream, ranges)) is not None:
            found.append(wide)
        return found[-1].outputs if found else stream

    unrolled, front = choice.style == "unrolled", layer.pools or layer.has_window
    if layer.input_image is not None and (front or unrolled):
        image = layer.input_image
        channels = layer.pools[0].inputs if layer.pools else layer.channels
        whole = gather(one_position(stream), channels)
        found = list(on_map(found, image))
        found += front_stages(layer, replace(whole, image=image), options)
        stream = found[-1].outputs if found else stream
    if layer.window is None and unrolled:
        gather(stream, layer.inputs)
    elif not unrolled and stream.beats == stream.positions and (stages or found):
        at_once = one_position(stream) if layer.window is not None else flattened(stream)
        name = [*stages, *found][-1].name
        narrow = narrower(name, at_once, layer, lanes_within(layer.columns, interval))
        if narrow is not None:
            found += on_map((narrow,), layer.positions)
    return found
