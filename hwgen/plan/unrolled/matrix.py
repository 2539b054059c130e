"""Plans a matrix-vector unit that takes a new vector every cycle: a shared adder graph."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd

import numpy as np

from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.adders.builder import AdderBuilder, Term
from hwgen.plan.adders.cost import Style, unsigned_style
from hwgen.plan.adders.local_search import LocalSearch
from hwgen.plan.adders.multiples import Multiple, multiples
from hwgen.plan.adders.passes import graph_luts, prune
from hwgen.plan.adders.pieces import pieces_of
from hwgen.plan.adders.sub_sums import SHIFT_BITS, SHIFT_MASK, Terms, in_order
from hwgen.plan.adders.term_sums import sum_row, sum_terms
from hwgen.plan.design import Target
from hwgen.plan.layer import Layer
from hwgen.plan.stages.adder_graph import AdderGraph, Output
from hwgen.plan.unrolled.lane_rule import LaneRule

NOISE = {"low": (0.0,), "normal": (0.0, 0.15, 0.3), "high": (0.0, 0.15, 0.3, 0.6, 1.0)}
WORK = {"low": 0, "normal": 2_000, "high": 20_000}  # patterns that the search touches, a digit
MOST_WORK = {"low": 0, "normal": 4_000_000, "high": 80_000_000}
TARGET_OF: dict[Style, Target] = {
    "ternary": "xc7",
    "signed": "ecp5",
    "additive": "ice40",
    "complement": "ice40",
}


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
    return _Search(layer, lanes, style, lane_rule or LaneRule()).graph(effort, seed)


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
        weight = layer.weight // np.array(self.divisors, np.int64)[:, None]
        self.alike: dict[int, list[tuple[int, Multiple]]] = {}
        for row, multiple in enumerate(multiples(weight)):
            self.alike.setdefault(multiple.of, []).append((row, multiple))
        self.different = list(self.alike)
        self.pieces = pieces_of(weight[self.different])

    def graph(self, effort: str, seed: int) -> AdderGraph:
        """Search for shared sub-sums, and build them and the rest of each row."""
        best: LocalSearch | None = None
        for k, noise in enumerate(NOISE[effort]):
            search = self._search(seed + k)
            search.start(noise)
            best = search if best is None or search.cost < best.cost else best
        assert best is not None
        started = self._build(best.sums.sums)
        best.improve(min(WORK[effort] * self.pieces.sought, MOST_WORK[effort]))
        target = TARGET_OF[self.style]
        found = self._build(best.sums.sums)
        return min(started, found, key=lambda graph: graph_luts(graph, target))

    def _search(self, seed: int) -> LocalSearch:
        pieces = self.pieces
        bits = tuple(self._row_bits(row) for row in pieces.rows) if self.raw else ()
        ranges = pieces.ranges(self.inputs)
        return LocalSearch(list(pieces.sums), ranges, self.style, seed, bits)

    def _row_bits(self, piece_row: int) -> int:
        """Give the width of a row's true sum, where the row is not one of several."""
        row = self.different[piece_row]
        alone = len(self.alike[row]) == 1 and self.pieces.rows.count(piece_row) == 1
        return self.layer.totals[row].bits if alone else 0

    def _build(self, sums: Mapping[int, Terms]) -> AdderGraph:
        builder = AdderBuilder(self.inputs, self.style)
        inputs = {node: Term(node, 0, 1) for node in range(len(self.inputs))}
        built = {
            index: sum_terms(builder, _terms(column, inputs))
            for index, column in enumerate(self.pieces.columns)
        }
        rows = [_terms(terms, inputs) for terms in self.pieces.loose]
        first_shared = len(built) + len(self.pieces.sums)
        for node in in_order(sums):
            terms = _terms(sums[node], built)
            if node < first_shared:
                rows[self.pieces.rows[node - len(self.pieces.columns)]] += terms
            else:
                built[node] = sum_terms(builder, terms)
        outputs: dict[int, Output] = {}
        for row, terms in zip(self.different, rows, strict=True):
            outputs |= self._outputs(builder, terms, self.alike[row])
        graph = AdderGraph(
            inputs=self.inputs,
            flipped=any(self.offsets),
            adders=tuple(builder.adders),
            outputs=tuple(outputs[row] for row in range(self.layer.rows)),
        )
        return prune(graph)

    def _outputs(
        self, builder: AdderBuilder, terms: list[Term], alike: list[tuple[int, Multiple]]
    ) -> dict[int, Output]:
        """Give the outputs of rows that are multiples of one sum."""
        endings = {(self._ending(row), multiple.shift, multiple.sign) for row, multiple in alike}
        if len(endings) > 1 and terms:
            terms = [sum_terms(builder, terms)]
        return {
            row: self._output(
                builder,
                sum_row(builder, [_placed(term, shift, sign) for term in terms], self._ending(row)),
                row,
            )
            for row, (_, shift, sign) in alike
        }

    def _ending(self, index: int) -> int | None:
        """Give the constant that a row's root must have; None where any will do."""
        if not self.raw:
            return None
        return int(self.layer.bias[index]) + _alignment(self.layer) - self._offset_part(index)

    def _offset_part(self, index: int) -> int:
        row = self.layer.weight[index]
        return sum(int(row[c]) * self.offsets[c] for c in np.flatnonzero(row))

    def _output(self, builder: AdderBuilder, root: Term | None, index: int) -> Output:
        layer, total = self.layer, self.layer.totals[index]
        bias, align = int(layer.bias[index]), _alignment(layer)
        if root is None:
            unit, constant, node, stored = 1, bias, -1, Range(0, 0)
        else:
            node, stored = root.node, builder.ranges[root.node]
            unit = (root.sign * self.divisors[index]) << root.shift
            constant = bias - self._offset_part(index) - unit * builder.forms[node].constant
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
    flips = unsigned_style(style)
    return [1 << (lane.bits - 1) if flips and lane.signed else 0 for lane in lanes]


def _divisor(row: IntArray) -> int:
    return gcd(*(int(abs(w)) for w in row)) or 1


def _terms(terms: Terms, built: Mapping[int, Term]) -> list[Term]:
    """Give terms over nodes of the search as terms over nodes of the graph."""
    return [
        _placed(built[key >> SHIFT_BITS], key & SHIFT_MASK, sign) for key, sign in terms.items()
    ]


def _placed(built: Term, shift: int, sign: int) -> Term:
    return Term(built.node, built.shift + shift, built.sign * sign)


def _alignment(layer: Layer) -> int:
    """Give what is added to all sums alike so that an argmax can compare them without signs."""
    return -min(t.lo for t in layer.totals) if layer.tail == "argmax" else 0
