"""Passes over a finished adder graph: its cost on a target, and what no output reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwgen.numeric import Range
from hwgen.plan.adders.cost import chain_luts
from hwgen.plan.design import Target
from hwgen.plan.stages.adder_graph import Adder, AdderGraph, Operand, Output


def graph_luts(graph: AdderGraph, target: Target) -> int:
    """LUT sites that synthesis for a target should need.

    A LUT a bit above the bits that are only wires. On xc7 a bit that one operand alone reaches
    needs none; on ice40 a node that is read both ways needs inverters, whereas those of a node
    that is only subtracted or inverted go into the LUTs that make it. There the top bit of a sum
    without signs is the carry itself, which Yosys counts no LUT for; placement needs one.
    """
    ranges = [graph.stored_range(node) for node in range(len(graph.inputs) + len(graph.adders))]
    luts = sum(adder_luts(adder, ranges, target) for adder in graph.adders)
    luts += sum(_adjusting_luts(graph, output, target) for output in graph.outputs)
    if target == "ice40":
        uses = {
            (op.node, op.inverted != (sign < 0))
            for adder in graph.adders
            for op, sign in adder.signed_operands
        }
        made = len(graph.inputs)
        luts += sum(
            graph.stored_range(node).bits
            for node, inverted in uses
            if inverted and (node < made or (node, False) in uses)
        )
    return luts


def adder_luts(adder: Adder, ranges: Sequence[Range], target: Target) -> int:
    """LUT sites of one adder, from the ranges of all nodes."""
    bits = max(adder.range.bits - adder.wires, 0)
    operands = [
        (op.shift, op.shift + ranges[op.node].bits, op.inverted) for op, _ in adder.signed_operands
    ]
    if target == "ice40" and not adder.subtract:
        unsigned = all(ranges[op.node].lo >= 0 for op, _ in adder.signed_operands)
        carried = adder.range.bits > max(top for _, top, _ in operands)
        return bits - int(unsigned and carried and bits > 0)
    if target != "xc7" or adder.subtract:
        return bits
    if adder.constant:
        return max(adder.range.bits - sorted(low for low, _, _ in operands)[1], 0)
    return min(chain_luts(operands), bits)


def adjusting_luts(stored: Range, unit: int, constant: int, lane: Range, target: Target) -> int:
    """LUT sites of `stored * unit + constant`; on xc7 an inverter where a bit of it is one."""
    if target != "xc7":
        return lane.bits
    return stored.bits if unit < 0 else (constant % (1 << lane.bits)).bit_count()


def _adjusting_luts(graph: AdderGraph, output: Output, target: Target) -> int:
    if not output.adjusts:
        return 0
    stored, constant = graph.stored_range(output.node), output.constant + output.align
    return adjusting_luts(stored, output.unit, constant, output.range, target)


def prune(graph: AdderGraph) -> AdderGraph:
    """Give the graph without adders that no output reads."""
    count = len(graph.inputs)
    used = {output.node for output in graph.outputs}
    for node in range(count + len(graph.adders) - 1, count - 1, -1):
        if node in used:
            adder = graph.adders[node - count]
            used |= {operand.node for operand, _ in adder.signed_operands}
    names = {node: node for node in range(count)} | {-1: -1}
    adders: list[Adder] = []
    for node in range(count, count + len(graph.adders)):
        if node in used:
            names[node] = count + len(adders)
            adders.append(_renamed(graph.adders[node - count], names))
    outputs = tuple(replace(output, node=names[output.node]) for output in graph.outputs)
    return replace(graph, adders=tuple(adders), outputs=outputs)


def _renamed(adder: Adder, names: dict[int, int]) -> Adder:
    def rename(operand: Operand) -> Operand:
        return operand._replace(node=names[operand.node])

    third = tuple(rename(operand) for operand in adder.third)
    return replace(adder, a=rename(adder.a), b=rename(adder.b), third=third)
