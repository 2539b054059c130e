"""What adders cost, in LUT sites: for a search that has no graph yet, and for the adders of one.

A carry chain takes a LUT a bit on ice40 and ecp5 from the first bit that two operands reach. On 7
series the carry multiplexer takes a bit that only one operand has without a LUT, at both ends.
"""

from __future__ import annotations

import heapq
from typing import Literal, NamedTuple

from hwgen.numeric import Range

Style = Literal["complement", "signed", "additive", "ternary"]
"""How sums are built; see `AdderBuilder`."""


class Summand(NamedTuple):
    """A term by the range of its value, in the order in which terms are best added.

    In styles without signs the range is that of what is added or, where `sign` is -1, inverted.
    """

    bits: int
    shift: int
    lo: int
    hi: int
    sign: int = 1


def unsigned_style(style: Style) -> bool:
    """Whether nodes are built without signs, by complements."""
    return style in ("complement", "ternary")


def summand(limits: Range, shift: int, sign: int, style: Style) -> Summand:
    """Give the summand of a node's term; without signs only its span counts."""
    lo, hi = limits.lo << shift, limits.hi << shift
    if unsigned_style(style):
        return Summand((hi - lo).bit_length(), shift, 0, hi - lo, sign)
    if sign < 0:
        lo, hi = -hi, -lo
    return Summand(_bits(lo, hi), shift, lo, hi)


def sum_cost(summands: list[Summand], style: Style, row_bits: int = 0) -> int:
    """LUT sites of adding up all summands, the narrow ones first.

    `row_bits` is the width of a row's true sum, 0 where any constant may be left in the sum.
    """
    if len(summands) < 2:
        return 0
    if style != "ternary":
        return _merged(summands, style, 1)[0]
    cost, _ = _merged(summands, style, 1)
    if not row_bits:
        return cost
    exact, last = _merged(summands, style, 2)
    exact += row_bits - sorted(item.shift for item in last)[1]
    return min(exact, cost + row_bits // 2)


def _merged(summands: list[Summand], style: Style, count: int) -> tuple[int, list[Summand]]:
    """Add until `count` are left, and give the LUT sites and what is left."""
    heap = list(summands)
    heapq.heapify(heap)
    cost = 0
    while len(heap) > count:
        added = [heapq.heappop(heap), heapq.heappop(heap)]
        if style == "ternary":
            if (len(heap) + 2 - count) % 2 == 0:
                added.append(heapq.heappop(heap))
            luts, total = min(_chained(added, sign) for sign in {item.sign for item in added})
        else:
            lo, hi = sum(item.lo for item in added), sum(item.hi for item in added)
            bits, shifts = _bits(lo, hi), sorted(item.shift for item in added)
            luts, total = max(bits - shifts[1], 0), Summand(bits, shifts[0], lo, hi)
        cost += luts
        heapq.heappush(heap, total)
    return cost, heap


def _chained(added: list[Summand], sign: int) -> tuple[int, Summand]:
    """LUTs and result of a 7 series chain in which summands of the other sign are inverted."""
    luts = chain_luts([(item.shift, item.bits, item.sign != sign) for item in added])
    top = sum(
        item.hi if item.sign == sign else (1 << item.bits) - (1 << item.shift) for item in added
    )
    return luts, Summand(top.bit_length(), min(item.shift for item in added), 0, top, sign)


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
