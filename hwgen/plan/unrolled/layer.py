"""Plans the stages of an unrolled layer: adder graph, staircases or argmax."""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.numeric import IntArray
from hwgen.plan.adders.cost import Style
from hwgen.plan.adders.passes import graph_luts
from hwgen.plan.cost.delay import StageLimit
from hwgen.plan.identifier import identifier
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions
from hwgen.plan.planned_layer import PlannedLayer, check_width, summary_of, widest
from hwgen.plan.requantize.channel import MOST_THRESHOLDS, LaneRow, requantizer
from hwgen.plan.requantize.staircase import code_range, steps
from hwgen.plan.stages.adder_graph import AdderGraph
from hwgen.plan.stages.requantizers import Requantizer
from hwgen.plan.stages.stage import ParallelArgmax, ParallelThreshold, Stage, Stream, UnrolledDense
from hwgen.plan.streams.port_width import check_ports
from hwgen.plan.unrolled.lane_rule import LaneRule
from hwgen.plan.unrolled.matrix import plan_adder_graph
from hwgen.plan.unrolled.pipelining import (
    OUTPUT_TAIL_NS,
    argmax_cuts,
    place_in_graph,
    stage_limit,
    threshold_cuts,
)

TERNARY_TARGETS = ("xc7",)  # where one LUT a bit adds three operands
SIGNED_TARGETS = ("ecp5", "gowin")  # where a subtraction costs no inverters


def plan_unrolled_layer(
    graph: Graph, layer: Layer, stream: Stream, options: BuildOptions
) -> PlannedLayer:
    """Plan a layer that takes a vector every cycle, down to its codes or its argmax."""
    check_ports(layer)
    adders = _adder_graph(layer, stream, options)
    lanes = tuple(output.range.type for output in adders.outputs)
    if layer.tail != "threshold":
        lanes = (widest(tuple(output.range for output in adders.outputs)),) * layer.rows
    check_width(layer, tuple(lane.bits for lane in lanes), options)
    rows = tuple(range(layer.rows))
    sums = Stream(lanes=lanes, order=rows)
    limit = stage_limit(layer.name, adders, options)
    tails_ns: tuple[float, ...] = (OUTPUT_TAIL_NS,) * layer.rows
    tail: tuple[Stage, ...] = ()
    if layer.thresholds is not None:
        channels = tuple(
            _requantizer(layer, layer.thresholds, row, adders, limit, options)
            for row in range(layer.rows)
        )
        codes = tuple(
            code_range(channel).union(limits)
            for channel, limits in zip(channels, layer.outputs, strict=True)
        )
        kinds = (widest(codes),) * len(codes) if layer.is_last else tuple(r.type for r in codes)
        outputs = Stream(lanes=kinds, order=rows)
        placed = threshold_cuts(channels, sums, outputs, limit)
        tails_ns = placed.tails_ns
        tail = (
            ParallelThreshold(
                name=identifier(layer.tail_name),
                inputs=sums,
                outputs=outputs,
                channels=channels,
                cuts=placed.cuts,
            ),
        )
    elif layer.tail == "argmax":
        outputs = Stream(lanes=(layer.outputs[0].type,), order=(0,))
        placed = argmax_cuts(sums, outputs, limit)
        tails_ns = placed.tails_ns
        tail = (
            ParallelArgmax(
                name=identifier(layer.tail_name),
                inputs=sums,
                outputs=outputs,
                cuts=placed.cuts[0],
                labels=layer.labels,
            ),
        )
    placement = place_in_graph(adders, limit, tails_ns)
    dense = UnrolledDense(
        name=identifier(layer.name),
        inputs=stream,
        outputs=sums,
        graph=adders,
        adder_stages=placement.adder_stages,
        output_stages=placement.output_stages,
        latency=placement.latency,
        nonzero=layer.nonzero,
    )
    bits = tuple(lane.bits for lane in lanes)
    return PlannedLayer(
        stages=(dense, *tail), summary=summary_of(graph, layer, "unrolled", bits, dense)
    )


def _requantizer(
    layer: Layer,
    thresholds: IntArray,
    row: int,
    adders: AdderGraph,
    limit: StageLimit | None,
    options: BuildOptions,
) -> Requantizer:
    """Give the codes of a row over what its lane carries.

    Raises
    ------
    PlanError
        Where neither a product has them nor logic of a sensible size.
    """
    output = adders.outputs[row]
    stored = output.range if output.node < 0 else adders.stored_range(output.node)
    staircase = steps(thresholds[row], output.unit, output.constant, stored, layer.code_lo)
    lane = LaneRow(lane=output.range.type, stored=stored, is_wrapped=output.wrapped)
    found = requantizer(staircase, lane, options.target, limit, options.requantization)
    if found is None:
        raise PlanError(
            f"{layer.tail_name}: row {row} must have at most {MOST_THRESHOLDS} thresholds where no "
            "multiplication and shift has its codes in the time of a clock cycle, not "
            f"{len(staircase.thresholds)}; take --style folded, or fewer bits of the activation"
        )
    return found


def _adder_graph(layer: Layer, stream: Stream, options: BuildOptions) -> AdderGraph:
    """Search in every way of adding that may suit the target, and take the cheapest result."""
    rule = LaneRule(
        wrap=options.accumulator_method == "offset", minimum_bits=options.accumulator_width
    )
    found = [
        plan_adder_graph(layer, stream.lanes, style=style, effort=options.effort, lane_rule=rule)
        for style in _arithmetic(layer, options)
    ]
    return min(found, key=lambda graph: graph_luts(graph, options.target))


def _arithmetic(layer: Layer, options: BuildOptions) -> tuple[Style, ...]:
    """Complement arithmetic leaves a constant in every sum, which only a threshold absorbs."""
    if options.target in TERNARY_TARGETS:
        return ("ternary",)
    if options.target in SIGNED_TARGETS:
        return ("signed",)
    absorbs = layer.tail == "threshold" and options.accumulator == "offset"
    return ("complement", "additive") if absorbs else ("additive",)
