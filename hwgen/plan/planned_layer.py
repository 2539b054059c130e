"""What a layer's plan consists of, and what both styles have in common."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from hwgen.bounds import data_type_bits
from hwgen.errors import PlanError
from hwgen.ir import Conv2d, Dense, Graph
from hwgen.numeric import IntType, Range
from hwgen.plan.design import LayerStyle, LayerSummary
from hwgen.plan.layer import Layer
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import PADDING, FoldedDense, Stage, UnrolledDense


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLayer:
    """The stages of one layer and its row of the report."""

    stages: tuple[Stage, ...]
    summary: LayerSummary


def widest(ranges: tuple[Range, ...]) -> IntType:
    """Give the narrowest type that holds every value of every range."""
    return Range.covering(ranges).type


def check_width(layer: Layer, bits: tuple[int, ...], options: BuildOptions) -> None:
    """Refuse accumulators that are wider than the width that was asked for."""
    if options.accumulator_width and max(bits) > options.accumulator_width:
        raise PlanError(
            f"{layer.name}: accumulator must have at least {max(bits)} bits to be certain never to "
            f"overflow, not {options.accumulator_width}; use offset, signed or more bits"
        )


def register_bits(layer: Layer, dense: UnrolledDense | FoldedDense) -> tuple[int, ...]:
    """Bits of every row's accumulator: its own, or that of the PE it is dealt to; 0 for none."""
    if isinstance(dense, UnrolledDense):
        return tuple(lane.bits for lane in dense.outputs.lanes)
    bits = dict.fromkeys(range(layer.rows), 0)
    for slot, (element, _) in dense.sources.items():
        if dense.rows[slot] != PADDING:
            bits[dense.rows[slot]] = dense.elements[element].accumulator.bits
    return tuple(bits.values())


def summary_of(
    graph: Graph,
    layer: Layer,
    style: LayerStyle,
    bits: tuple[int, ...],
    dense: UnrolledDense | FoldedDense,
) -> LayerSummary:
    """Give the row of the report."""
    node = graph.node(layer.node_name)
    weighted = node if isinstance(node, Dense | Conv2d) else None
    return LayerSummary(
        name=dense.name,
        op=layer.op,
        style=style,
        pe=dense.pe if isinstance(dense, FoldedDense) else layer.rows,
        simd=dense.simd if isinstance(dense, FoldedDense) else layer.columns,
        pixels=dense.pixels if isinstance(dense, FoldedDense) else 1,
        rows=layer.rows,
        columns=layer.fan_in,
        nonzero=layer.nonzero if weighted is None else int((weighted.weight != 0).sum()),
        accumulator_bits=bits,
        data_type_bits=max(bits) if weighted is None else _data_type(graph, weighted, layer),
        cycles=dense.cycles * prod(layer.positions) // dense.pixels
        if isinstance(dense, FoldedDense)
        else layer.cycles,
    )


def _data_type(graph: Graph, node: Dense | Conv2d, layer: Layer) -> int:
    return data_type_bits(layer.fan_in, graph.source(node).range.type, node.weight_bits)
