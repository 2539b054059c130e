"""Shows that a threshold unit that takes several beats gives the network's codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.ir import Threshold
from hwgen.numeric import IntArray, Range
from hwgen.prove.forms import Form
from hwgen.prove.machine import Machine
from hwgen.prove.netlist import NotProvedError
from hwgen.prove.sending import sent
from hwgen.prove.staircase import codes_of, packed
from hwgen.prove.steady import SteadyRun
from hwgen.prove.streams import Content, Element, Row, Stream, Total
from hwgen.prove.values import CaseBit, Source, Value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodesProof:
    """What was shown: ranges of the codes, and for each the first one that is always equal."""

    stream: Stream
    run: SteadyRun
    codes: tuple[Range, ...]
    alias: tuple[int, ...]
    values: int


def prove_codes(
    machine: Machine, node: Threshold, stream: Stream, rows: Sequence[Form]
) -> CodesProof:
    """Show that each lane is the code of the row whose sum comes in that place.

    Raises
    ------
    NotProvedError
        Where a code differs.
    """
    reached = tuple(reached_codes(node, index, form.limits) for index, form in enumerate(rows))
    alias = _alias(node, stream, len(rows))

    def decode(place: Source, word: tuple[Value, ...]) -> Content | None:
        total = _total_at(stream, place)
        row = None if total is None else _row(machine, node, place, word, total)
        if row is None:
            return None
        return Element(column=alias[row.index], limits=reached[row.index], bits=len(word))

    result, run = sent(machine, stream.values(0), len(stream.beats), 0, decode)
    totals = [t for beat in stream.beats for t in beat if isinstance(t, Total)]
    return CodesProof(
        stream=result,
        run=run,
        codes=reached,
        alias=alias,
        values=sum(total.steps.span + 1 for total in totals),
    )


def _total_at(stream: Stream, place: Source) -> Total | None:
    if place.beat >= len(stream.beats) or place.lane >= len(stream.lanes):
        return None
    found = stream.beats[place.beat][place.lane]
    return found if isinstance(found, Total) else None


def _row(
    machine: Machine, node: Threshold, place: Source, word: Sequence[Value], total: Total
) -> Row | None:
    """Give the row whose code a lane is, None for a constant lane that may be padding.

    Raises
    ------
    NotProvedError
        Where it is that of none.
    """
    count = total.steps.span + 1
    found = [_mask(value, place, count) for value in word]
    wrong = ""
    for row in total.rows:
        codes = _codes(node, row, total.steps)
        differ = [
            None if mask is None else mask ^ packed(codes >> index & 1)
            for index, mask in enumerate(found)
        ]
        if not any(d != 0 for d in differ):
            return row
        if not wrong:
            wrong = _difference(row, total, codes, differ)
    if not total.steps.span:
        return None
    raise NotProvedError(
        f"{machine.module.name}, beat {place.beat}, lane {place.lane}, of row "
        f"{total.rows[0].index}: {wrong}"
    )


def _difference(row: Row, total: Total, codes: IntArray, differ: Sequence[int | None]) -> str:
    index = next(k for k, d in enumerate(differ) if d != 0)
    where = differ[index]
    if where is None:
        return f"bit {index} must be a function of the lane's sum"
    sample = (where & -where).bit_length() - 1
    total_sum = row.factor * (total.steps.lo + sample) + row.constant
    return f"must be bit {index} of code {int(codes[sample])} at sum {total_sum}, and is not"


def _mask(value: Value, place: Source, count: int) -> int | None:
    if isinstance(value, int):
        return value * ((1 << count) - 1)
    return value.mask if isinstance(value, CaseBit) and value.source == place else None


def _codes(node: Threshold, row: Row, steps: Range) -> IntArray:
    sums = np.arange(steps.lo, steps.hi + 1) * row.factor + row.constant
    return codes_of(node, row.index, sums)


def reached_codes(node: Threshold, row: int, limits: Range) -> Range:
    """Give the range of a row's codes over the range of its sum."""
    lo, hi = codes_of(node, row, np.array([limits.lo, limits.hi]))
    return Range(int(lo), int(hi))


def _alias(node: Threshold, stream: Stream, rows: int) -> tuple[int, ...]:
    """Give, for each row, the first whose code is the same function of the same sum."""
    alias = list(range(rows))
    totals = {t.rows: t.steps for beat in stream.beats for t in beat if isinstance(t, Total)}
    for members, steps in totals.items():
        equal: dict[bytes, list[int]] = defaultdict(list)
        for row in members:
            equal[_codes(node, row, steps).tobytes()].append(row.index)
        for group in equal.values():
            for index in group:
                alias[index] = min(group)
    return tuple(alias)
