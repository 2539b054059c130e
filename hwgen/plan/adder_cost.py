"""What adders cost, in LUT sites: for a search that has no graph yet, and for the adders of one.

A carry chain takes a LUT a bit on ice40 and ecp5 from the first bit that two operands reach. On 7
series the carry multiplexer takes a bit that only one operand has without a LUT, at both ends.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Literal, NamedTuple

from hwgen.numeric import Range

Style = Literal["complement", "signed", "additive", "ternary"]
"""How sums are built; see `AdderBuilder`."""


class Summand(NamedTuple):
    """A term by the range of its value, in the order in which terms are best added."""

    bits: int
    shift: int
    lo: int
    hi: int


def unsigned_style(style: Style) -> bool:
    """Whether nodes are built without signs, by complements."""
    return style in ("complement", "ternary")


def summand(limits: Range, shift: int, sign: int, style: Style) -> Summand:
    """Give the summand of a node's term; without signs only its span counts."""
    lo, hi = limits.lo << shift, limits.hi << shift
    if unsigned_style(style):
        lo, hi = 0, hi - lo
    elif sign < 0:
        lo, hi = -hi, -lo
    return Summand(_bits(lo, hi), shift, lo, hi)


def sum_cost(summands: Iterable[Summand], style: Style) -> int:
    """LUT sites of adding up all summands, the narrow ones first."""
    heap = list(summands)
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        added = [heapq.heappop(heap), heapq.heappop(heap)]
        if style == "ternary" and len(heap) % 2:
            added.append(heapq.heappop(heap))
        lo, hi = sum(item.lo for item in added), sum(item.hi for item in added)
        shifts = sorted(item.shift for item in added)
        bits = _bits(lo, hi)
        end = carry_end([item.bits for item in added]) if style == "ternary" else bits
        cost += max(end - shifts[1], 0)
        heapq.heappush(heap, Summand(bits, shifts[0], lo, hi))
    return cost


def carry_end(tops: list[int]) -> int:
    """Bit from which on a 7 series chain of unsigned operands needs no LUT.

    Above the second highest top there is one operand, and at the first such bit the carry that
    three operands save.
    """
    first, second = sorted(tops)[-1:-3:-1]
    return second + int(len(tops) > 2 and first > second)


def chain_luts(operands: list[tuple[int, int, bool]]) -> int:
    """LUTs of a 7 series chain of unsigned operands, each (lowest bit, bits above zero, inverted).

    An inverter a bit is due where an inverted operand is alone.
    """
    lows = sorted((low, inverted) for low, _, inverted in operands)
    tops = sorted((top, inverted) for _, top, inverted in operands)
    end, second = carry_end([top for top, _ in tops]), lows[1][0]
    luts = max(end - second, 0)
    if lows[0][1]:
        luts += second - lows[0][0]
    return luts + (max(tops[-1][0] - end, 0) if tops[-1][1] else 0)


def _bits(lo: int, hi: int) -> int:
    if lo >= 0:
        return hi.bit_length()
    if hi <= 0:
        return (-lo).bit_length()
    return max(hi, -lo - 1).bit_length() + 1
