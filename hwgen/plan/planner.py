"""From the integer network to a plan: styles, foldings, graphs, schedules, staircases, timing."""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.numeric import IntType
from hwgen.plan.design import LayerStyle, Plan
from hwgen.plan.flow import with_flow
from hwgen.plan.folded_layer import plan_folded_layer
from hwgen.plan.layers import Layer, layers_of
from hwgen.plan.options import MAX_UNROLLED_NONZERO, BuildOptions
from hwgen.plan.planned_layer import PlannedLayer, identifier
from hwgen.plan.stages import PADDING, Stage, Stream
from hwgen.plan.timing import latency_and_interval
from hwgen.plan.unrolled_layer import plan_unrolled_layer

LOAD_MARGIN = 4  # cycles that loading a vector should be ahead of the slowest layer


def plan_design(graph: Graph, options: BuildOptions) -> Plan:
    """Decide everything about the hardware of a network.

    Raises
    ------
    PlanError
        Where the network or the options cannot be built.
    """
    layers = layers_of(graph)
    style = _style(layers, options)
    elements = tuple(range(layers[0].columns))
    lane = graph.input.type
    planned: list[PlannedLayer] = []
    if style == "unrolled":
        stream = Stream(lanes=(lane,) * len(elements), order=elements)
        for layer in layers:
            planned.append(plan_unrolled_layer(graph, layer, stream, options))
            stream = planned[-1].stages[-1].outputs
    else:
        stream = _input_stream(elements, lane, 1)
        first = plan_folded_layer(graph, layers[0], stream, options)
        planned = _folded_chain(graph, layers[1:], first, options)
        cycles = max(item.summary.cycles for item in planned)
        lanes = max(-(-len(elements) // max(cycles - LOAD_MARGIN, 1)), 1)
        if lanes > 1:
            stream = _input_stream(elements, lane, lanes)
            planned[0] = plan_folded_layer(graph, layers[0], stream, options)
    stages = with_flow(tuple(stage for item in planned for stage in item.stages), options)
    _check_names(graph, stages)
    latency, interval = latency_and_interval(stages)
    return Plan(
        name=identifier(graph.name),
        target=options.target,
        accumulator=options.accumulator,
        stages=stages,
        layers=tuple(item.summary for item in planned),
        latency_cycles=latency,
        interval_cycles=interval,
    )


def _check_names(graph: Graph, stages: tuple[Stage, ...]) -> None:
    """Each stage becomes a Verilog module, so that their names must differ as identifiers."""
    names = [stage.name for stage in stages]
    twice = [name for index, name in enumerate(names) if name in names[:index]]
    if twice:
        raise PlanError(
            f"{graph.name}: node names must differ in letters and digits, and {twice[0]!r} stands "
            "for two of them in Verilog; rename one"
        )


def _input_stream(elements: tuple[int, ...], lane: IntType, lanes: int) -> Stream:
    """Give the network's input, `lanes` elements a beat, the last beat padded."""
    padding = (PADDING,) * (-len(elements) % lanes)
    return Stream(lanes=(lane,) * lanes, order=elements + padding)


def _folded_chain(
    graph: Graph, layers: tuple[Layer, ...], first: PlannedLayer, options: BuildOptions
) -> list[PlannedLayer]:
    """`first` and the layers behind it, each reading the beats of the one before."""
    planned = [first]
    for layer in layers:
        planned.append(plan_folded_layer(graph, layer, planned[-1].stages[-1].outputs, options))
    return planned


def _style(layers: tuple[Layer, ...], options: BuildOptions) -> LayerStyle:
    if options.style == "auto":
        nonzero = sum(layer.nonzero for layer in layers)
        return "unrolled" if nonzero <= MAX_UNROLLED_NONZERO else "folded"
    if options.style == "unrolled" and (options.pe or options.simd or not options.skip):
        raise PlanError(
            "style: --pe, --simd and --no-skip belong to --style folded; an unrolled unit has all "
            "rows in parallel and never holds a zero weight"
        )
    return options.style
