"""Plans a matrix-vector unit that takes a new vector every cycle: a shared adder graph."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from math import gcd

import numpy as np

from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.adder_builder import AdderBuilder, Style, Term
from hwgen.plan.adder_graph import Adder, AdderGraph, Operand, Output
from hwgen.plan.layers import Layer
from hwgen.plan.sharing import MAX_PAIRS, Row, Sharing, digit_rows, pair_count

RESTARTS = {"low": 1, "normal": 4, "high": 24}
NOISE = (0.0, 0.15, 0.3, 0.6, 1.0)
DEPTH_WEIGHT = 0.5  # what one more adder level costs when the rest of a row is summed, in bits
WINDOW = 8  # how many candidate partners are tried for the next addition


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRule:
    """How wide the lane of a sum is.

    With `wrap` it has the bits of the span and carries the stored value modulo `2**bits`: the
    offset accumulator of docs/method.md, its offset chosen by whatever constants the graph has
    collected. Without, it has the bits of the stored range, and at least `minimum_bits` (a baseline
    with wide accumulators).
    """

    wrap: bool = True
    minimum_bits: int = 0

    def lane(self, stored: Range) -> tuple[Range, bool]:
        """Range that the lane carries, and whether that is the stored value modulo `2**bits`."""
        if self.minimum_bits > stored.bits:
            return IntType(bits=self.minimum_bits, signed=True).range, False
        bits = max(stored.span.bit_length(), 1)
        if self.wrap and bits < stored.bits:
            return Range(0, (1 << bits) - 1), True
        return stored, False


def plan_adder_graph(
    layer: Layer,
    lanes: tuple[IntType, ...],
    *,
    style: Style,
    effort: str,
    seed: int = 0,
    lane_rule: LaneRule | None = None,
) -> AdderGraph:
    """Give the cheapest adder graph found for a layer.

    Parameters
    ----------
    layer, lanes
        Its weights and ranges, and the types that its inputs arrive in.
    style
        How subtraction is built; see `AdderBuilder`.
    effort
        "low", "normal" or "high": how many restarts of the search.
    seed
        Of the search's noise.
    lane_rule
        How many bits the lanes of unadjusted sums have; as few as can be where None.
    """
    raw = layer.tail != "threshold"
    offsets = _input_offsets(lanes, style)
    inputs = tuple(
        Range(limits.lo + offset, limits.hi + offset)
        for limits, offset in zip(layer.inputs, offsets, strict=True)
    )
    divisors = [1 if raw else _divisor(row) for row in layer.weight]
    rows = digit_rows(layer.weight // np.array(divisors, np.int64)[:, None])
    searched = pair_count(rows) <= MAX_PAIRS
    best: tuple[int, AdderBuilder, list[Term | None]] | None = None
    for restart in range(RESTARTS[effort] if searched else 1):
        builder = AdderBuilder(inputs, style)
        terms = rows
        if searched:
            sharing = Sharing(rows, builder, NOISE[restart % len(NOISE)], seed + restart)
            sharing.run()
            terms = sharing.rows
        roots = [_sum_terms(builder, row) for row in terms]
        cost = sum(adder_bits(builder, adder) for adder in builder.adders)
        if best is None or cost < best[0]:
            best = (cost, builder, roots)
    assert best is not None
    _, builder, roots = best
    align = _alignment(layer)
    lane_rule = lane_rule or LaneRule()
    outputs = tuple(
        _output(builder, root, divisors[i], layer, offsets, i, align, lane_rule)
        for i, root in enumerate(roots)
    )
    return prune(
        AdderGraph(
            inputs=inputs, flipped=any(offsets), adders=tuple(builder.adders), outputs=outputs
        )
    )


def adder_bits(builder: AdderBuilder, adder: Adder) -> int:
    """Full adders of an adder: its width less the low bits that only one operand reaches."""
    wires = max(adder.a.shift, adder.b.shift)
    return max(adder.range.bits - wires, 0)


def _input_offsets(lanes: tuple[IntType, ...], style: Style) -> list[int]:
    """Give what turns signed inputs into unsigned ones, by flipping their top bit."""
    flips = style == "complement"
    return [1 << (lane.bits - 1) if flips and lane.signed else 0 for lane in lanes]


def _divisor(row: IntArray) -> int:
    return gcd(*(int(abs(w)) for w in row)) or 1


def _sum_terms(builder: AdderBuilder, row: Row) -> Term | None:
    """Sum a row's terms, shallow and narrow ones first, each with its cheapest partner."""
    heap = [
        (builder.levels[node], shift + builder.ranges[node].bits, Term(node, shift, sign))
        for (node, shift), sign in row.items()
    ]
    heapq.heapify(heap)
    while len(heap) > 1:
        _, _, first = heapq.heappop(heap)
        candidates = [heapq.heappop(heap) for _ in range(min(WINDOW, len(heap)))]

        def price(candidate: tuple[int, int, Term], first: Term = first) -> float:
            bits, level = builder.cost(first, candidate[2])
            return bits + DEPTH_WEIGHT * level

        partner = min(candidates, key=price)
        candidates.remove(partner)
        for candidate in candidates:
            heapq.heappush(heap, candidate)
        term = builder.add(first, partner[2])
        top = term.shift + builder.width(term)
        heapq.heappush(heap, (builder.levels[term.node], top, term))
    return heap[0][2] if heap else None


def _alignment(layer: Layer) -> int:
    """Give what is added to all sums alike so that an argmax can compare them without signs."""
    return -min(t.lo for t in layer.totals) if layer.tail == "argmax" else 0


def _output(
    builder: AdderBuilder,
    root: Term | None,
    divisor: int,
    layer: Layer,
    offsets: list[int],
    index: int,
    align: int,
    lane_rule: LaneRule,
) -> Output:
    total, adjusted = layer.totals[index], layer.tail != "threshold"
    bias = int(layer.bias[index])
    natural = Range(total.lo + align, total.hi + align)
    if root is None:
        unit, constant, node, stored = 1, bias, -1, Range(0, 0)
    else:
        node, stored = root.node, builder.ranges[root.node]
        unit = (root.sign * divisor) << root.shift
        row = layer.weight[index]
        offset_part = sum(int(row[c]) * offsets[c] for c in np.flatnonzero(row))
        constant = bias - offset_part - unit * builder.forms[node].constant
    lane, wrapped = (natural, False) if adjusted else lane_rule.lane(stored)
    return Output(
        node=node,
        unit=unit,
        constant=constant,
        wrapped=wrapped,
        adjusted=adjusted,
        align=align,
        lo=lane.lo,
        hi=lane.hi,
    )


def prune(graph: AdderGraph) -> AdderGraph:
    """Give the graph without adders that no output reads."""
    count = len(graph.inputs)
    used = {output.node for output in graph.outputs}
    for node in range(count + len(graph.adders) - 1, count - 1, -1):
        if node in used:
            adder = graph.adders[node - count]
            used |= {adder.a.node, adder.b.node}
    names = {node: node for node in range(count)} | {-1: -1}
    adders: list[Adder] = []
    for node in range(count, count + len(graph.adders)):
        if node in used:
            names[node] = count + len(adders)
            adders.append(_renamed(graph.adders[node - count], names))
    outputs = tuple(_renamed_output(output, names) for output in graph.outputs)
    return AdderGraph(
        inputs=graph.inputs, flipped=graph.flipped, adders=tuple(adders), outputs=outputs
    )


def _renamed(adder: Adder, names: dict[int, int]) -> Adder:
    def rename(operand: Operand) -> Operand:
        return operand._replace(node=names[operand.node])

    return Adder(
        a=rename(adder.a),
        b=rename(adder.b),
        subtract=adder.subtract,
        lo=adder.lo,
        hi=adder.hi,
        level=adder.level,
    )


def _renamed_output(output: Output, names: dict[int, int]) -> Output:
    return Output(
        node=names[output.node],
        unit=output.unit,
        constant=output.constant,
        wrapped=output.wrapped,
        adjusted=output.adjusted,
        align=output.align,
        lo=output.lo,
        hi=output.hi,
    )
