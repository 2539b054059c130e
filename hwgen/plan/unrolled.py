"""Plans a matrix-vector unit that takes a new vector every cycle: a shared adder graph."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import combinations
from math import gcd

import numpy as np

from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.adder_builder import AdderBuilder, Style, Term
from hwgen.plan.adder_graph import AdderGraph, Output
from hwgen.plan.adder_passes import fuse, graph_bits, prune
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
    search = _Search(layer, lanes, style, lane_rule or LaneRule())
    restarts = RESTARTS[effort] if search.shares else 1
    graphs = (search.attempt(NOISE[k % len(NOISE)], seed + k) for k in range(restarts))
    return min(graphs, key=graph_bits)


class _Search:
    """What all attempts at a layer's graph have in common."""

    def __init__(
        self, layer: Layer, lanes: tuple[IntType, ...], style: Style, lane_rule: LaneRule
    ) -> None:
        self.layer = layer
        self.style = style
        self.lane_rule = lane_rule
        self.raw = layer.tail != "threshold"
        self.offsets = _input_offsets(lanes, style)
        self.inputs = tuple(
            Range(limits.lo + offset, limits.hi + offset)
            for limits, offset in zip(layer.inputs, self.offsets, strict=True)
        )
        self.divisors = [1 if self.raw else _divisor(row) for row in layer.weight]
        self.rows = digit_rows(layer.weight // np.array(self.divisors, np.int64)[:, None])
        self.shares = pair_count(self.rows) <= MAX_PAIRS

    def attempt(self, noise: float, seed: int) -> AdderGraph:
        """One graph: shared sub-sums first, then each row's rest."""
        builder = AdderBuilder(self.inputs, self.style)
        rows = self.rows
        if self.shares:
            sharing = Sharing(rows, builder, noise=noise, seed=seed)
            sharing.run()
            rows = sharing.rows
        roots = [_sum_terms(builder, row, raw=self.raw) for row in rows]
        if self.raw:
            roots = [root and builder.made_positive(root) for root in roots]
        outputs = tuple(self._output(builder, root, index) for index, root in enumerate(roots))
        graph = AdderGraph(
            inputs=self.inputs,
            flipped=any(self.offsets),
            adders=tuple(builder.adders),
            outputs=outputs,
        )
        return fuse(graph) if self.style == "ternary" else prune(graph)

    def _output(self, builder: AdderBuilder, root: Term | None, index: int) -> Output:
        layer, total = self.layer, self.layer.totals[index]
        bias, align = int(layer.bias[index]), _alignment(layer)
        if root is None:
            unit, constant, node, stored = 1, bias, -1, Range(0, 0)
        else:
            node, stored = root.node, builder.ranges[root.node]
            unit = (root.sign * self.divisors[index]) << root.shift
            row = layer.weight[index]
            offset_part = sum(int(row[c]) * self.offsets[c] for c in np.flatnonzero(row))
            constant = bias - offset_part - unit * builder.forms[node].constant
        natural = Range(total.lo + align, total.hi + align)
        lane, wrapped = (natural, False) if self.raw else self.lane_rule.lane(stored)
        return Output(
            node=node,
            unit=unit,
            constant=constant,
            wrapped=wrapped,
            adjusted=self.raw,
            align=align,
            lo=lane.lo,
            hi=lane.hi,
        )


def _input_offsets(lanes: tuple[IntType, ...], style: Style) -> list[int]:
    """Give what turns signed inputs into unsigned ones, by flipping their top bit."""
    flips = style == "complement"
    return [1 << (lane.bits - 1) if flips and lane.signed else 0 for lane in lanes]


def _divisor(row: IntArray) -> int:
    return gcd(*(int(abs(w)) for w in row)) or 1


def _sum_terms(builder: AdderBuilder, row: Row, *, raw: bool) -> Term | None:
    """Sum a row's terms, shallow and narrow ones first, each with its cheapest partners."""
    heap = [_entry(builder, Term(node, shift, sign)) for (node, shift), sign in row.items()]
    heapq.heapify(heap)
    while len(heap) > 1:
        _, _, first = heapq.heappop(heap)
        arity = 3 if builder.style == "ternary" and len(heap) % 2 == 0 else 2
        candidates = [heapq.heappop(heap) for _ in range(min(WINDOW, len(heap)))]
        partners = min(
            combinations([term for _, _, term in candidates], arity - 1),
            key=lambda terms: _price(builder, first, terms),
        )
        for candidate in candidates:
            if candidate[2] not in partners:
                heapq.heappush(heap, candidate)
        term = builder.add(first, *partners, positive=raw and not heap)
        heapq.heappush(heap, _entry(builder, term))
    return heap[0][2] if heap else None


def _entry(builder: AdderBuilder, term: Term) -> tuple[int, int, Term]:
    """Order of a term: the shallow ones first, then the narrow ones."""
    return builder.levels[term.node], term.shift + builder.ranges[term.node].bits, term


def _price(builder: AdderBuilder, first: Term, others: tuple[Term, ...]) -> float:
    bits, level = builder.cost(first, *others)
    return bits + DEPTH_WEIGHT * level


def _alignment(layer: Layer) -> int:
    """Give what is added to all sums alike so that an argmax can compare them without signs."""
    return -min(t.lo for t in layer.totals) if layer.tail == "argmax" else 0
