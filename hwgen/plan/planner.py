"""From the integer network to a plan: styles, foldings, graphs, schedules, staircases, timing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hwgen.bounds import data_type_bits
from hwgen.errors import PlanError
from hwgen.ir import Dense, Graph
from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.adder_builder import Style
from hwgen.plan.adder_graph import AdderGraph, Output
from hwgen.plan.design import LayerStyle, LayerSummary, Plan
from hwgen.plan.folded import FoldedPlan, plan_folded
from hwgen.plan.layers import Layer, layers_of
from hwgen.plan.options import MAX_UNROLLED_NONZERO, BuildOptions
from hwgen.plan.stages import (
    PADDING,
    FoldedDense,
    ParallelArgmax,
    ParallelThreshold,
    SerialArgmax,
    SerialThreshold,
    Stage,
    Steps,
    Stream,
    UnrolledDense,
)
from hwgen.plan.staircase import code_range, lane_thresholds, steps, wrapped
from hwgen.plan.timing import latency_and_interval
from hwgen.plan.unrolled import LaneRule, plan_adder_graph

DEFAULT_PE = 4
LOAD_MARGIN = 4  # cycles that loading a vector should be ahead of the slowest layer
TERNARY_TARGETS = ("xc7",)  # where one LUT a bit adds three operands
SIGNED_TARGETS = ("ecp5",)  # where a subtraction costs no inverters


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLayer:
    """The stages of one layer and its row of the report."""

    stages: tuple[Stage, ...]
    summary: LayerSummary


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
            planned.append(_unrolled_layer(graph, layer, stream, options))
            stream = planned[-1].stages[-1].outputs
    else:
        stream = _input_stream(elements, lane, 1)
        first = _folded_layer(graph, layers[0], stream, options)
        planned = _folded_chain(graph, layers[1:], first, options)
        cycles = max(item.summary.cycles for item in planned)
        lanes = max(-(-len(elements) // max(cycles - LOAD_MARGIN, 1)), 1)
        if lanes > 1:
            stream = _input_stream(elements, lane, lanes)
            planned[0] = _folded_layer(graph, layers[0], stream, options)
    stages = tuple(stage for item in planned for stage in item.stages)
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
        planned.append(_folded_layer(graph, layer, planned[-1].stages[-1].outputs, options))
    return planned


def identifier(name: str) -> str:
    """Give a name that is legal in Verilog, C++ and as a file name."""
    cleaned = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    return cleaned if cleaned and not cleaned[0].isdigit() else f"net_{cleaned}".rstrip("_")


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


def _unrolled_layer(
    graph: Graph, layer: Layer, stream: Stream, options: BuildOptions
) -> PlannedLayer:
    adders = plan_adder_graph(
        layer,
        stream.lanes,
        style=_arithmetic(layer, options),
        effort=options.effort,
        lane_rule=LaneRule(
            wrap=options.accumulator_method == "offset", minimum_bits=options.accumulator_width
        ),
    )
    lanes = tuple(output.range.type for output in adders.outputs)
    if layer.tail != "threshold":
        lanes = (_widest(tuple(output.range for output in adders.outputs)),) * layer.rows
    _check_width(layer, tuple(lane.bits for lane in lanes), options)
    rows = tuple(range(layer.rows))
    registered = options.levels_per_stage > 0
    dense = UnrolledDense(
        name=identifier(layer.name),
        inputs=stream,
        outputs=Stream(lanes=lanes, order=rows),
        graph=adders,
        levels_per_stage=options.levels_per_stage,
        nonzero=layer.nonzero,
    )
    stages: tuple[Stage, ...] = (dense,)
    if layer.thresholds is not None:
        channels = tuple(
            _staircase(layer, layer.thresholds[row], adders, output)
            for row, output in enumerate(adders.outputs)
        )
        codes = tuple(code_range(channel) for channel in channels)
        is_output = layer.tail_name == graph.output
        kinds = (_widest(codes),) * len(codes) if is_output else tuple(r.type for r in codes)
        stages += (
            ParallelThreshold(
                name=identifier(layer.tail_name),
                inputs=dense.outputs,
                outputs=Stream(lanes=kinds, order=rows),
                channels=channels,
                registered=registered,
            ),
        )
    elif layer.tail == "argmax":
        stages += (
            ParallelArgmax(
                name=identifier(layer.tail_name),
                inputs=dense.outputs,
                outputs=Stream(lanes=(layer.outputs[0].type,), order=(0,)),
                registered=registered,
            ),
        )
    bits = tuple(lane.bits for lane in lanes)
    return PlannedLayer(stages=stages, summary=_summary(graph, layer, "unrolled", bits, dense))


def _staircase(layer: Layer, thresholds: IntArray, adders: AdderGraph, output: Output) -> Steps:
    """Give the codes of a row over what its lane carries."""
    stored = output.range if output.node < 0 else adders.stored_range(output.node)
    staircase = steps(thresholds, output.unit, output.constant, stored, layer.code_lo)
    return wrapped(staircase, stored, output.range.bits) if output.wrapped else staircase


def _folded_layer(
    graph: Graph, layer: Layer, stream: Stream, options: BuildOptions
) -> PlannedLayer:
    planned = plan_folded(
        layer,
        stream,
        pe=min(DEFAULT_PE, layer.rows) if options.pe is None else min(options.pe, layer.rows),
        simd=1 if options.simd is None else min(options.simd, layer.columns),
        skip=options.skip,
        accumulator=options.accumulator_method,
        minimum_bits=options.accumulator_width,
    )
    dense = planned.stage
    bits = _register_bits(dense)
    _check_width(layer, bits, options)
    stages: tuple[Stage, ...] = (dense,)
    if layer.thresholds is not None:
        stages += (_serial_threshold(layer, planned, graph.tensors[layer.tail_name].range),)
    elif layer.tail == "argmax":
        index = layer.outputs[0].type
        stages += (
            SerialArgmax(
                name=identifier(layer.tail_name),
                inputs=dense.outputs,
                outputs=Stream(lanes=(index,), order=(0,)),
            ),
        )
    return PlannedLayer(stages=stages, summary=_summary(graph, layer, "folded", bits, dense))


def _serial_threshold(layer: Layer, planned: FoldedPlan, codes: Range) -> SerialThreshold:
    assert layer.thresholds is not None
    dense = planned.stage
    lane = Range(dense.outputs.lanes[0].lo, dense.outputs.lanes[0].hi)
    never = (lane.hi + 1,) * codes.span
    tables = []
    for p in range(dense.pe):
        rows = dense.rows[p :: dense.pe]
        tables.append(
            tuple(
                never
                if row < 0
                else lane_thresholds(
                    layer.thresholds[row],
                    planned.registers[row].unit,
                    planned.registers[row].constant,
                    lane,
                )[0]
                for row in rows
            )
        )
    return SerialThreshold(
        name=identifier(layer.tail_name),
        inputs=dense.outputs,
        outputs=Stream(lanes=(codes.type,) * dense.pe, order=dense.rows),
        levels=codes.span.bit_length(),
        code_lo=codes.lo,
        tables=tuple(tables),
    )


def _arithmetic(layer: Layer, options: BuildOptions) -> Style:
    """Complement arithmetic leaves a constant in every sum, which only a threshold absorbs."""
    if options.target in TERNARY_TARGETS:
        return "ternary"
    absorbs = layer.tail == "threshold" and options.accumulator == "offset"
    if options.target in SIGNED_TARGETS:
        return "signed"
    return "complement" if absorbs else "additive"


def _widest(ranges: tuple[Range, ...]) -> IntType:
    return Range(min(r.lo for r in ranges), max(r.hi for r in ranges)).type


def _register_bits(dense: FoldedDense) -> tuple[int, ...]:
    """Register width of every row: that of the PE it is dealt to."""
    bits = {
        row: dense.elements[slot % dense.pe].accumulator.bits
        for slot, row in enumerate(dense.rows)
        if row >= 0
    }
    return tuple(bits[row] for row in sorted(bits))


def _check_width(layer: Layer, bits: tuple[int, ...], options: BuildOptions) -> None:
    if options.accumulator_width and max(bits) > options.accumulator_width:
        raise PlanError(
            f"{layer.name}: accumulator must have at least {max(bits)} bits to be certain never to "
            f"overflow, not {options.accumulator_width}; use offset, signed or more bits"
        )


def _summary(
    graph: Graph,
    layer: Layer,
    style: LayerStyle,
    bits: tuple[int, ...],
    dense: UnrolledDense | FoldedDense,
) -> LayerSummary:
    node = next(n for n in graph.nodes if isinstance(n, Dense) and n.name == layer.name)
    source = graph.source(node).range.type
    folded = isinstance(dense, FoldedDense)
    return LayerSummary(
        name=dense.name,
        op="dense",
        style=style,
        pe=dense.pe if isinstance(dense, FoldedDense) else layer.rows,
        simd=dense.simd if isinstance(dense, FoldedDense) else layer.columns,
        rows=layer.rows,
        columns=layer.columns,
        nonzero=int((node.weight != 0).sum()),
        accumulator_bits=bits,
        data_type_bits=data_type_bits(layer.columns, source, node.weight_bits),
        cycles=dense.cycles if folded and isinstance(dense, FoldedDense) else 1,
    )
