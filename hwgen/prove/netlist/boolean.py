"""Cells evaluated on many samples at once: the value of a net is an integer, one bit a sample."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import and_, or_, xor

import numpy as np

from hwgen.numeric import IntArray
from hwgen.prove.netlist.netlist import Cell, Module
from hwgen.prove.netlist.walk import Operands

COMPARISONS = ("$lt", "$le", "$gt", "$ge")


class Samples:
    """The algebra of truth tables over `count` samples."""

    def __init__(self, module: Module, count: int) -> None:
        self.module = module
        self.ones = (1 << count) - 1

    @property
    def constants(self) -> tuple[int, int]:
        """Nets 0 and 1."""
        return 0, self.ones

    def rule(self, cell: Cell, operands: Operands[int]) -> list[int]:
        """Give what a cell drives."""
        width = len(cell.outputs["Y"])
        kind = cell.kind
        if kind == "$mux":
            s = operands["S"][0]
            pairs = zip(operands["A"], operands["B"], strict=True)
            return [(b & s) | (a & ~s & self.ones) for a, b in pairs]
        if kind.startswith(("$reduce_", "$logic_")):
            return [self._truth(kind, operands), *[0] * (width - 1)]
        compares = kind in COMPARISONS or kind in ("$eq", "$ne")
        size = max(len(operands["A"]), len(operands.get("B", ()))) if compares else width
        a = extend(operands["A"], cell.signed("A"), size)
        b = extend(operands["B"], cell.signed("B"), size) if "B" in operands else []
        if compares:
            return [self._compare(kind, a, b, cell.signed("A")), *[0] * (width - 1)]
        bitwise: dict[str, Callable[[int, int], int]] = {
            "$and": lambda x, y: x & y,
            "$or": lambda x, y: x | y,
            "$xor": lambda x, y: x ^ y,
            "$xnor": lambda x, y: x ^ y ^ self.ones,
        }
        if kind in bitwise:
            return [bitwise[kind](x, y) for x, y in zip(a, b, strict=True)]
        if kind == "$shl":
            return self._shifted(a, operands["B"])
        found = self._number(kind, a, b)
        if found is None:
            net = cell.outputs["Y"][0]
            raise self.module.problem(net, f"{kind} is no cell that can be followed")
        return found

    def _number(self, kind: str, a: list[int], b: list[int]) -> list[int] | None:
        """Give what arithmetic makes of words that are extended to its width."""
        match kind:
            case "$not" | "$pos":
                return [x ^ self.ones if kind == "$not" else x for x in a]
            case "$add":
                return self._sum(a, b, 0)
            case "$sub":
                return self._sum(a, [y ^ self.ones for y in b], self.ones)
            case "$mul":
                return self._product(a, b)
            case "$neg":
                return self._sum([0] * len(a), [x ^ self.ones for x in a], self.ones)
        return None

    def _truth(self, kind: str, operands: Operands[int]) -> int:
        any_a = reduce(or_, operands["A"], 0)
        match kind:
            case "$reduce_or" | "$reduce_bool":
                return any_a
            case "$reduce_and":
                return reduce(and_, operands["A"], self.ones)
            case "$reduce_xor":
                return reduce(xor, operands["A"], 0)
            case "$reduce_xnor":
                return reduce(xor, operands["A"], self.ones)
            case "$logic_not":
                return any_a ^ self.ones
        any_b = reduce(or_, operands.get("B", []), 0)
        return any_a & any_b if kind == "$logic_and" else any_a | any_b

    def _compare(self, kind: str, a: list[int], b: list[int], signed: bool) -> int:
        differ = reduce(or_, (x ^ y for x, y in zip(a, b, strict=True)), 0)
        if kind in ("$eq", "$ne"):
            return differ if kind == "$ne" else differ ^ self.ones
        if signed and a:
            a = [*a[:-1], a[-1] ^ self.ones]
            b = [*b[:-1], b[-1] ^ self.ones]
        below = 0
        for x, y in zip(a, b, strict=True):  # the highest bit that differs decides
            below = (~x & y) | (below & ~(x ^ y))
        below &= self.ones
        return {
            "$lt": below,
            "$le": below | (differ ^ self.ones),
            "$gt": differ & ~below,
            "$ge": below ^ self.ones,
        }[kind]

    def _shifted(self, a: list[int], amount: list[int]) -> list[int]:
        for place, s in enumerate(amount):
            zeros = min(1 << place, len(a))
            moved = [0] * zeros + a[: len(a) - zeros]
            a = [(y & s) | (x & ~s & self.ones) for x, y in zip(a, moved, strict=True)]
        return a

    def _product(self, a: list[int], b: list[int]) -> list[int]:
        """Multiply words that are extended to the width of the product."""
        total = [0] * len(a)
        for place, factor in enumerate(b):
            row = [0] * place + [x & factor for x in a[: len(a) - place]]
            total = self._sum(total, row, 0)
        return total

    def _sum(self, a: list[int], b: list[int], carry: int) -> list[int]:
        total = []
        for x, y in zip(a, b, strict=True):
            total.append(x ^ y ^ carry)
            carry = (x & y) | (carry & (x ^ y))
        return total


def packed(bits: IntArray) -> int:
    """Give a row of bits as one integer, the first in the lowest place."""
    return int.from_bytes(np.packbits(bits.astype(np.uint8), bitorder="little"), "little")


def unpacked(table: int, count: int) -> IntArray:
    """Give the lowest `count` bits of an integer as a row."""
    octets = np.frombuffer(table.to_bytes(-(-count // 8), "little"), np.uint8)
    return np.unpackbits(octets, count=count, bitorder="little").astype(np.int64)


def extend(bits: list[int], signed: bool, width: int) -> list[int]:
    """Sign- or zero-extend a word of samples, or cut its high bits."""
    fill = bits[-1] if signed and bits else 0
    return (bits + [fill] * (width - len(bits)))[:width]
