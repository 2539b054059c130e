"""From the integer network to a plan: styles, foldings, graphs, schedules, staircases, timing."""

from __future__ import annotations

from hwgen.ir import Graph
from hwgen.plan.choose.bram_limit import hold_brams
from hwgen.plan.choose.budget import within_budget
from hwgen.plan.choose.choices import asked_for, least_cycles
from hwgen.plan.choose.goals import choose
from hwgen.plan.choose.layer_plan import plan_layer
from hwgen.plan.design import Budget, LayerChoice, Plan
from hwgen.plan.identifier import top_name
from hwgen.plan.layers import Layer, layers_of
from hwgen.plan.options import BuildOptions, Progress
from hwgen.plan.stages.stage import Narrower, Stage, Stream
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
        front = front_stages(layer, stream, options)
        stages += front
        stream = front[-1].outputs if front else stream
        joint = _joint(stages, stream, layer, choice, slowest)
        if stages:
            places.append(len(stages))
        stages += joint
        stream = joint[-1].outputs if joint else stream
        planned = plan_layer(graph, layer, stream, choice, options, slowest)
        if any(isinstance(stage, Narrower) for stage in planned.stages):
            places.append(len(stages) + 1)
        stages += planned.stages
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


def _joint(
    stages: list[Stage], stream: Stream, layer: Layer, choice: LayerChoice, slowest: int
) -> list[Stage]:
    """Give the converter between the stages so far and a layer, where one is needed."""
    if not stages or layer.window is not None:
        return []
    name = stages[-1].name
    if choice.style == "unrolled":
        wide = widener(name, stream, layer)
        return [] if wide is None else [wide]
    if stream.beats > 1:
        return []  # a folded layer reads another's beats as they are
    narrow = narrower(name, stream, layer, lanes_within(layer.columns, slowest))
    return [] if narrow is None else [narrow]
