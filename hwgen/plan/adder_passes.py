"""Passes over a finished adder graph: each gives an equal graph of lower cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hwgen.plan.adder_graph import Adder, AdderGraph, Operand


def adder_bits(adder: Adder) -> int:
    """Full adders of an adder: its width less the low bits that only one operand reaches."""
    return max(adder.range.bits - adder.wires, 0)


def graph_bits(graph: AdderGraph) -> int:
    """Full adders of all adders, those that adjust outputs among them."""
    adjusting = sum(output.range.bits for output in graph.outputs if output.adjusts)
    return adjusting + sum(adder_bits(adder) for adder in graph.adders)


def fuse(graph: AdderGraph) -> AdderGraph:
    """Take a two-operand adder that only one other reads into that one: three operands at once.

    From the inputs up, so that a chain is paired off from its end; of two candidates the wider.
    """
    first = len(graph.inputs)
    uses = Counter(op.node for adder in graph.adders for op, _ in adder.signed_operands)
    uses.update(output.node for output in graph.outputs)
    adders = list(graph.adders)
    levels = [0] * first + [adder.level for adder in adders]
    for index, adder in enumerate(adders):
        children = [
            operand
            for operand, _ in adder.signed_operands
            if operand.node >= first
            and uses[operand.node] == 1
            and not operand.inverted
            and not adders[operand.node - first].third
        ]
        if children and not adder.third:
            child = max(children, key=lambda op: adder_bits(adders[op.node - first]))
            fused = _fused(adder, child, adders[child.node - first])
            if adder_bits(fused) <= adder_bits(adder) + adder_bits(adders[child.node - first]):
                adders[index] = adder = fused
        level = 1 + max(levels[operand.node] for operand, _ in adder.signed_operands)
        levels[first + index] = level
        adders[index] = replace(adder, level=level)
    return prune(replace(graph, adders=tuple(adders)))


def _fused(adder: Adder, child: Operand, inner: Adder) -> Adder:
    outer_sign = next(sign for operand, sign in adder.signed_operands if operand == child)
    terms = [(op, sign) for op, sign in adder.signed_operands if op != child]
    if len(terms) == 0:  # the child is added to itself
        return adder
    terms += [
        (op._replace(shift=op.shift + child.shift), sign * outer_sign)
        for op, sign in inner.signed_operands
    ]
    (a, _), (b, sign_b), (c, sign_c) = sorted(terms, key=lambda term: (-term[1], term[0]))
    return replace(adder, a=a, b=b, third=(c,), subtract=sign_b < 0, subtract_third=sign_c < 0)


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
