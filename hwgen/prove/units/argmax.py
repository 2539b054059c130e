"""Shows that a tree of comparisons gives the index of the largest lane, the lowest among equals.

The tree is read from its root: an index is a lane's number or label, or the choice between two
indices by `value of the second > value of the first`, where each value is the same choice of
values. By induction the value is the largest of its lanes, and the index the lowest that has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwgen.ir import Argmax
from hwgen.prove.netlist.netlist import Cell, Module, NotProvedError, Word
from hwgen.prove.netlist.pipeline import Flow, pipeline_of
from hwgen.prove.netlist.walk import Operands, Walk
from hwgen.prove.units.dense import Lane

ExpressionBit = tuple[int, int] | int  # a bit of an expression, or a constant
Expression = tuple[ExpressionBit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgmaxProof:
    """What was shown of an argmax unit; `added` is what every lane has on top of its sum."""

    latency: int
    flow: Flow
    lanes: tuple[Word, ...]
    added: int


def prove_argmax(
    module: Module, sums: Sequence[Lane], input_lanes: Sequence[Word], node: Argmax
) -> ArgmaxProof:
    """Show that the lanes compare as their sums do, and that the tree is one of `a > b`.

    Raises
    ------
    NotProvedError
        Where that cannot be shown.
    """
    pipeline = pipeline_of(module)
    added = sums[0].carried.constant - sums[0].row.constant
    signed = any(lane.carried.limits.lo < 0 for lane in sums)
    for row, lane in enumerate(sums):
        _check_lane(module, row, lane, added, signed)
    tree = Tree(module, input_lanes, signed, node.labels or range(len(sums)))
    walk: Walk[ExpressionBit] = Walk(module, pipeline.registers, tree.leaves, (0, 1), tree.rule)
    (output,) = module.lanes("o__payload", 1)
    first, end, _ = tree.read(tuple(walk.word(output, pipeline.latency)), output)
    if (first, end) != (0, len(sums)):
        raise module.problem(
            output[0], f"must compare lanes 0 to {len(sums) - 1}, not {first} to {end - 1}"
        )
    return ArgmaxProof(latency=pipeline.latency, flow=pipeline.flow, lanes=(output,), added=added)


def _check_lane(module: Module, row: int, lane: Lane, added: int, signed: bool) -> None:
    carried, bits = lane.carried, len(lane.nets)
    half = 1 << bits >> 1
    codes = (-half, half - 1) if signed else (0, 2 * half - 1)
    if carried.limits.lo < codes[0] or carried.limits.hi > codes[1]:
        raise NotProvedError(
            f"{module.name}, lane {row}: must hold [{carried.limits.lo}, {carried.limits.hi}] "
            f"among numbers of {bits} bits"
        )
    if carried.coefficients != lane.row.coefficients or (
        carried.constant != lane.row.constant + added
    ):
        raise NotProvedError(
            f"{module.name}, lane {row}: must be the row's sum plus {added}, what lane 0 has on top"
        )


class Tree:
    """The algebra of expressions, equal where they are built alike from the lanes."""

    def __init__(
        self, module: Module, lanes: Sequence[Word], signed: bool, labels: Sequence[int]
    ) -> None:
        self.module = module
        self.labelled = {label: lane for lane, label in enumerate(labels)}
        self.signed = signed
        self._numbers: dict[object, int] = {}
        self._parts: list[tuple[str, tuple[Expression, ...]]] = []
        self.lanes: list[Expression] = [
            tuple((self._number("lane", ((index,),)), bit) for bit in range(len(nets)))
            for index, nets in enumerate(lanes)
        ]
        self.leaves = {
            net: expression
            for nets, word in zip(lanes, self.lanes, strict=True)
            for net, expression in zip(nets, word, strict=True)
        }

    def _number(self, kind: str, operands: tuple[Expression, ...]) -> int:
        key = (kind, operands)
        if key not in self._numbers:
            self._numbers[key] = len(self._parts)
            self._parts.append(key)
        return self._numbers[key]

    def rule(self, cell: Cell, operands: Operands[ExpressionBit]) -> list[ExpressionBit]:
        """Give what a cell drives: a multiplexer or a comparison."""
        kind = cell.kind
        ports = {"$mux": "ABS", "$gt": "AB", "$lt": "BA"}.get(kind)
        compares = kind != "$mux"
        if ports is None or (compares and cell.signed("A") != self.signed):
            signed = "signed" if self.signed else "unsigned"
            raise self.module.problem(
                cell.outputs["Y"][0], f"must be a choice or a comparison of {signed} numbers"
            )
        number = self._number("gt" if compares else "mux", tuple(tuple(operands[p]) for p in ports))
        return [(number, index) for index in range(len(cell.outputs["Y"]))]

    def read(self, index: Expression, nets: Word) -> tuple[int, int, Expression]:
        """Give the lanes [first, end) that an index chooses among, and the value that it has."""
        if all(isinstance(bit, int) for bit in index):
            label = sum(bit << place for place, bit in enumerate(index) if isinstance(bit, int))
            if label not in self.labelled:
                raise self.module.problem(nets[0], f"must be a lane's number, not {label}")
            lane = self.labelled[label]
            return lane, lane + 1, self.lanes[lane]
        low, high, select = self._choice(index, nets)
        first, middle, low_value = self.read(low, nets)
        other, end, high_value = self.read(high, nets)
        greater = (self._number("gt", (high_value, low_value)), 0)
        if other != middle or select != (greater,):
            raise self.module.problem(
                nets[0],
                f"must take lanes {other} to {end - 1} where their largest is above that of lanes "
                f"{first} to {middle - 1}, which come just before",
            )
        number = self._number("mux", (low_value, high_value, select))
        return first, end, tuple((number, bit) for bit in range(len(low_value)))

    def _choice(self, index: Expression, nets: Word) -> tuple[Expression, Expression, Expression]:
        bit = index[0]
        if isinstance(bit, tuple):
            kind, operands = self._parts[bit[0]]
            if kind == "mux" and index == tuple((bit[0], place) for place in range(len(index))):
                return operands[0], operands[1], operands[2]
        raise self.module.problem(nets[0], "must be a choice between two indices")
