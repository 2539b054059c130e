"""Shows that a threshold unit that takes several beats gives the network's codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.ir import Threshold
from hwgen.numeric import IntArray, Range
from hwgen.prove.forms.forms import Form
from hwgen.prove.forms.turns import first_difference, turns_of
from hwgen.prove.forms.values import CaseBit, Source, Value
from hwgen.prove.machine.machine import Machine
from hwgen.prove.machine.sending import sent
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Content, Element, Row, Stream, Total
from hwgen.prove.netlist.boolean import packed
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.units.staircase import codes_of, reached_codes


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
        row = None if total is None else _row(machine, node, place, word, total, stream)
        if row is None:
            return None
        return Element(column=alias[row.index], limits=reached[row.index], bits=len(word))

    places = len(stream.beats) * len(stream.lanes)
    result, run = sent(machine, stream.values(places), len(stream.beats), places, decode)
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
    machine: Machine,
    node: Threshold,
    place: Source,
    word: Sequence[Value],
    total: Total,
    stream: Stream,
) -> Row | None:
    """Give the row whose code a lane is, None for a constant lane that may be padding.

    Raises
    ------
    NotProvedError
        Where it is that of none.
    """
    wrong = ""
    for row in total.rows:
        if total.is_wide:
            found = _wide_difference(machine, node, place, word, total, row, stream)
        else:
            found = _difference(node, place, word, total, row)
        if not found:
            return row
        wrong = wrong or found
    if not total.steps.span:
        return None
    raise NotProvedError(
        f"{machine.module.name}, beat {place.beat}, lane {place.lane}, of row "
        f"{total.rows[0].index}: {wrong}"
    )


def _difference(
    node: Threshold, place: Source, word: Sequence[Value], total: Total, row: Row
) -> str:
    """Say where a lane differs from a row's code at some value, or nothing."""
    codes = _codes(node, row, total.steps)
    for index, value in enumerate(word):
        mask = _mask(value, place, total.steps.span + 1)
        where = None if mask is None else mask ^ packed(codes >> index & 1)
        if where is None:
            return f"bit {index} must be a function of the lane's sum"
        if where:
            sample = (where & -where).bit_length() - 1
            return _wrong(row, total.steps.lo + sample, index, int(codes[sample]))
    return ""


def _wide_difference(
    machine: Machine,
    node: Threshold,
    place: Source,
    word: Sequence[Value],
    total: Total,
    row: Row,
    stream: Stream,
) -> str:
    """Say the same of a sum of many values, by the places where a bit changes."""
    lanes = len(stream.lanes)
    column = (place.vector * len(stream.beats) + place.beat) * lanes + place.lane
    turns = turns_of(node, row.index, row.factor, row.constant, total.steps, column)
    found = first_difference(word, turns, machine.rules.linear.inputs)
    if found is None:
        return ""
    index, step = found
    if step is None:
        doubt = machine.rules.doubt
        because = "" if doubt is None else f" ({doubt})"
        return f"bit {index} must be a function of the lane's sum that can be followed{because}"
    return _wrong(row, step, index, turns.code(step - total.steps.lo))


def _wrong(row: Row, step: int, index: int, code: int) -> str:
    total = row.factor * step + row.constant
    return f"must be bit {index} of code {code} at sum {total}, and is not"


def _mask(value: Value, place: Source, count: int) -> int | None:
    if isinstance(value, int):
        return value * ((1 << count) - 1)
    return value.mask if isinstance(value, CaseBit) and value.source == place else None


def _codes(node: Threshold, row: Row, steps: Range) -> IntArray:
    sums = np.arange(steps.lo, steps.hi + 1) * row.factor + row.constant
    return codes_of(node, row.index, sums)


def _alias(node: Threshold, stream: Stream, rows: int) -> tuple[int, ...]:
    """Give, for each row, the first whose code is the same function of the same sum."""
    alias = list(range(rows))
    totals = {t.rows: t.steps for beat in stream.beats for t in beat if isinstance(t, Total)}
    for members, steps in totals.items():
        equal: dict[bytes, list[int]] = defaultdict(list)
        for row in members:
            turns = turns_of(node, row.index, row.factor, row.constant, steps)
            equal[turns.starts.tobytes() + turns.codes.tobytes()].append(row.index)
        for group in equal.values():
            for index in group:
                alias[index] = min(group)
    return tuple(alias)
