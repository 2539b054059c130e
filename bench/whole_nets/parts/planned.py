"""The planner's count of an unrolled net's adders and LUTs, exact and with all sums in 32 bits.

A layer of many weights takes a greedy search hours as a whole. It is cut into slices of columns,
each planned by itself; a row's sum over the slices is priced as the planner prices sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bench.whole_nets.parts.rows import WIDE
from hwgen.ir import Graph
from hwgen.numeric import IntType, Range
from hwgen.plan.adders.cost import Summand, sum_cost, summand
from hwgen.plan.adders.passes import graph_luts
from hwgen.plan.choose.choices import unrolled
from hwgen.plan.choose.layer_plan import plan_layer
from hwgen.plan.design import Plan
from hwgen.plan.estimate.stage import chain_cost, stage_cost
from hwgen.plan.layer import Layer
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.requantize.channel import LaneRow, requantizer
from hwgen.plan.requantize.staircase import code_range, steps
from hwgen.plan.stages.adder_graph import AdderGraph
from hwgen.plan.stages.stage import ParallelArgmax, ParallelThreshold, Stage, Stream, UnrolledDense
from hwgen.plan.unrolled.matrix import plan_adder_graph

TARGET = "xc7"
STYLE = "ternary"  # of the planner's sums on xc7
WIDE_LANE = IntType(bits=WIDE, signed=True)
SLICE = 14_336  # weights of a slice; a whole layer of no more is planned as one
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Adders and LUTs of a layer: exact sums, and every sum in 32 bits."""

    adders: int
    luts: int
    luts_32: int
    slices: int = 1


def fits_whole(graph: Graph) -> bool:
    """Whether a net is small enough to be planned and built as one."""
    return all(layer.nonzero <= SLICE for layer in layers_of(graph))


def count_layers(graph: Graph, progress: Progress) -> tuple[Count, ...]:
    """Plan and count the layers of a net that is too large to be built."""
    found, layers = [], layers_of(graph)
    for index, layer in enumerate(layers):
        progress(f"plan {layer.name}", index / len(layers))
        is_small = layer.nonzero <= SLICE
        found.append(_whole(graph, layer) if is_small else sliced(layer, SLICE, progress))
    return tuple(found)


def count_plan(plan: Plan, graph: Graph) -> Count:
    """Count the plan of a design."""
    return _count(plan.stages, {layer.tail_name: layer for layer in layers_of(graph)})


def _whole(graph: Graph, layer: Layer) -> Count:
    lanes = tuple(limits.type for limits in layer.inputs)
    stream = Stream(lanes=lanes, order=tuple(range(layer.columns)))
    options = BuildOptions(style="unrolled", target=TARGET, pipeline="none")
    made = plan_layer(graph, layer, stream, unrolled(layer, options), options, 1)
    return _count(made.stages, {layer.tail_name: layer})


def _count(stages: tuple[Stage, ...], layers: dict[str, Layer]) -> Count:
    return Count(
        adders=sum(len(s.graph.adders) for s in stages if isinstance(s, UnrolledDense)),
        luts=chain_cost(stages, TARGET).luts,
        luts_32=sum(_wide_luts(stage, layers) for stage in stages),
    )


def _wide_luts(stage: Stage, layers: dict[str, Layer]) -> int:
    """LUTs of a stage whose sums all have 32 bits; the low bits that are only wires are free."""
    match stage:
        case UnrolledDense():
            adjusting = sum(output.adjusts and output.node >= 0 for output in stage.graph.outputs)
            return _wide_adders(stage.graph) + WIDE * adjusting
        case ParallelThreshold():
            return tail_luts(layers[stage.name], offset=False)
        case ParallelArgmax():
            lanes = (WIDE_LANE,) * len(stage.inputs.lanes)
            wide = replace(stage, inputs=replace(stage.inputs, lanes=lanes))
            return stage_cost(wide, TARGET).luts
        case _:
            return stage_cost(stage, TARGET).luts


def _wide_adders(graph: AdderGraph) -> int:
    return sum(max(WIDE - adder.wires, 0) for adder in graph.adders)


def columns_of(layer: Layer, columns: range) -> Layer:
    """Give a slice of a layer, its sums free to keep a constant."""
    weight = layer.weight[:, columns.start : columns.stop]
    inputs = layer.inputs[columns.start : columns.stop]
    lo, hi = (np.array([getattr(limits, end) for limits in inputs]) for end in ("lo", "hi"))
    totals = tuple(
        Range(int(np.minimum(row * lo, row * hi).sum()), int(np.maximum(row * lo, row * hi).sum()))
        for row in weight
    )
    bias = np.zeros_like(layer.bias)
    return replace(layer, weight=weight, bias=bias, inputs=inputs, totals=totals)


def sliced(layer: Layer, slice_weights: int, progress: Progress) -> Count:
    """Count the slices, the sums over them, and the thresholds behind."""
    width = max(slice_weights // layer.rows, 1)
    starts = range(0, layer.columns, width)
    adders = luts = wide = 0
    parts: list[list[Summand]] = [[] for _ in range(layer.rows)]
    for start in starts:
        progress(f"plan {layer.name}, columns from {start}", start / layer.columns)
        part = columns_of(layer, range(start, min(start + width, layer.columns)))
        lanes = tuple(limits.type for limits in part.inputs)
        graph = plan_adder_graph(part, lanes, style=STYLE, effort="low")
        adders, luts = adders + len(graph.adders), luts + graph_luts(graph, TARGET)
        wide += _wide_adders(graph)
        for row, output in enumerate(graph.outputs):
            if output.node >= 0:
                parts[row].append(summand(graph.stored_range(output.node), 0, 1, STYLE))
    joins = sum(len(terms) // 2 for terms in parts)  # of three operands each
    tail, tail_32 = tail_luts(layer, offset=True), tail_luts(layer, offset=False)
    return Count(
        adders=adders + joins,
        luts=luts + sum(sum_cost(terms, STYLE) for terms in parts) + tail,
        luts_32=wide + WIDE * joins + tail_32,
        slices=len(starts),
    )


def tail_luts(layer: Layer, *, offset: bool) -> int:
    """LUTs of the thresholds, on sums of exact width or on 32 bits."""
    if layer.thresholds is None:
        raise ValueError(f"{layer.name}: a layer in slices must have thresholds")
    channels, lanes = [], []
    for thresholds, total in zip(layer.thresholds, layer.totals, strict=True):
        stored, constant = (Range(0, total.span), total.lo) if offset else (total, 0)
        lane = stored.type if offset else WIDE_LANE
        staircase = steps(thresholds, 1, constant, stored, layer.code_lo)
        row = LaneRow(lane=lane, stored=stored, is_wrapped=False)
        channels.append(requantizer(staircase, row, TARGET, None, "auto"))
        lanes.append(lane)
    order = tuple(range(layer.rows))
    stage = ParallelThreshold(
        name=layer.tail_name,
        inputs=Stream(lanes=tuple(lanes), order=order),
        outputs=Stream(lanes=tuple(code_range(c).type for c in channels), order=order),
        channels=tuple(channels),
        cuts=((),) * layer.rows,
    )
    return stage_cost(stage, TARGET).luts
