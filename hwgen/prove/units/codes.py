"""Shows that a threshold unit that takes several beats gives the network's codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.ir import Threshold
from hwgen.numeric import IntArray, Range
from hwgen.prove.compiled.engine import Engine
from hwgen.prove.compiled.layout import ELEMENTS, LETTER_BITS, UNKNOWN, Longs
from hwgen.prove.compiled.letters import value_of
from hwgen.prove.compiled.sending import Lanes, feed_of, sent
from hwgen.prove.forms.forms import Form
from hwgen.prove.forms.turns import first_difference, turns_of
from hwgen.prove.forms.values import UNKNOWN as NOTHING
from hwgen.prove.forms.values import CaseBit, Source, Value
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Content, Element, Row, Stream, Total
from hwgen.prove.netlist.boolean import packed
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.units.staircase import codes_of, reached_codes

LETTER = UNKNOWN + 1  # the first letter of a lane's own sum


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodesProof:
    """What was shown: ranges of the codes, and for each the first one that is always equal."""

    stream: Stream
    run: SteadyRun
    codes: tuple[Range, ...]
    alias: tuple[int, ...]
    values: int


def prove_codes(
    engine: Engine, node: Threshold, stream: Stream, rows: Sequence[Form]
) -> CodesProof:
    """Show that each lane is the code of the row whose sum comes in that place.

    Elements of the engine are the places of a vector.

    Raises
    ------
    NotProvedError
        Where a code differs.
    """
    reached = _reached(node, rows)
    alias = _alias(node, stream, len(rows))
    codes = _Codes(engine, node, stream)

    def decode(place: Source, word: Longs) -> Content | None:
        row = codes.row(place, word)
        if row is None:
            return None
        return Element(column=alias[row.index], limits=reached[row.index], bits=len(word))

    feed = feed_of(engine, len(stream.beats), _payloads(stream))
    result, run = sent(engine, feed, Lanes(engine, decode=decode))
    totals = [t for beat in stream.beats for t in beat if isinstance(t, Total)]
    return CodesProof(
        stream=result,
        run=run,
        codes=reached,
        alias=alias,
        values=sum(total.steps.span + 1 for total in totals),
    )


def _reached(node: Threshold, rows: Sequence[Form]) -> tuple[Range, ...]:
    """Give the range of each row's codes; rows alike are looked at once."""
    known: dict[tuple[bytes, Range], Range] = {}
    found = []
    for index, form in enumerate(rows):
        key = node.of_channel(index).tobytes(), form.limits
        if key not in known:
            known[key] = reached_codes(node, index, form.limits)
        found.append(known[key])
    return tuple(found)


def _payloads(stream: Stream) -> Callable[[int, int], list[Value]]:
    """Give payloads as functions of sums; those of few values are worked out once of all alike."""
    known: dict[tuple[Range, int, int, int], list[Value]] = {}

    def lane(place: Source, content: Content | None) -> Sequence[Value]:
        if content is None:
            return [NOTHING] * stream.lanes[place.lane]
        if not isinstance(content, Total) or content.is_wide:
            return content.leaf(place, 0, place.beat * len(stream.lanes) + place.lane)
        key = content.steps, content.factor, content.constant, content.bits
        if key not in known:
            known[key] = [*content.leaf(Source(0, 0, 0), 0, 0)]
        return [
            CaseBit(place, value.mask, value.count) if isinstance(value, CaseBit) else value
            for value in known[key]
        ]

    def payload(vector: int, beat: int) -> list[Value]:
        contents = enumerate(stream.beats[beat])
        return [
            value for k, content in contents for value in lane(Source(vector, beat, k), content)
        ]

    return payload


class _Codes:
    """Tells which row's code a lane is; lanes that are alike are looked at once.

    Parameters
    ----------
    engine, stream
        The unit, and what it reads.
    node
        The network's thresholds.
    """

    def __init__(self, engine: Engine, node: Threshold, stream: Stream) -> None:
        self._engine, self._node, self._stream = engine, node, stream
        self._known: dict[object, str] = {}

    def row(self, place: Source, word: Longs) -> Row | None:
        """Give the row, None for a constant lane that may be padding, or of no sum.

        Raises
        ------
        NotProvedError
            Where it is that of none.
        """
        total = _total_at(self._stream, place)
        if total is None:
            return None
        own = ELEMENTS + place.beat * len(self._stream.lanes) + place.lane
        is_own = word >> LETTER_BITS == own
        letters = np.where(is_own, word - (own << LETTER_BITS) + LETTER, np.minimum(word, UNKNOWN))
        wrong = ""
        for row in total.rows:
            found = self._difference(letters, total, row)
            if not found:
                return row
            wrong = wrong or found
        if not total.steps.span:
            return None
        raise NotProvedError(
            f"{self._engine.module.name}, beat {place.beat}, lane {place.lane}, of row "
            f"{total.rows[0].index}: {wrong}"
        )

    def _difference(self, letters: Longs, total: Total, row: Row) -> str:
        """Say where a lane differs from a row's code at some value, or nothing."""
        thresholds = self._node.of_channel(row.index).tobytes()
        key = thresholds, row.factor, row.constant, total.steps, letters.tobytes()
        if key not in self._known:
            known = self._engine.letters.all
            word = [
                value_of(known[code - LETTER], 0, total.steps)
                if code >= LETTER
                else (NOTHING if code == UNKNOWN else code)
                for code in letters.tolist()
            ]
            differs = self._wide_difference if total.is_wide else self._tried_difference
            self._known[key] = differs(word, total, row)
        return self._known[key]

    def _tried_difference(self, word: Sequence[Value], total: Total, row: Row) -> str:
        codes = _codes(self._node, row, total.steps)
        for index, value in enumerate(word):
            mask = _mask(value, total.steps.span + 1)
            where = None if mask is None else mask ^ packed(codes >> index & 1)
            if where is None:
                return f"bit {index} must be a function of the lane's sum"
            if where:
                sample = (where & -where).bit_length() - 1
                return _wrong(row, total.steps.lo + sample, index, int(codes[sample]))
        return ""

    def _wide_difference(self, word: Sequence[Value], total: Total, row: Row) -> str:
        """Say the same of a sum of many values, by the places where a bit changes."""
        turns = turns_of(self._node, row.index, row.factor, row.constant, total.steps)
        found = first_difference(word, turns, (total.steps,))
        if found is None:
            return ""
        index, step = found
        if step is None:
            doubt = self._engine.teacher.rules.doubt
            because = "" if doubt is None else f" ({doubt})"
            return f"bit {index} must be a function of the lane's sum that can be followed{because}"
        return _wrong(row, step, index, turns.code(step - total.steps.lo))


def _total_at(stream: Stream, place: Source) -> Total | None:
    if place.beat >= len(stream.beats) or place.lane >= len(stream.lanes):
        return None
    found = stream.beats[place.beat][place.lane]
    return found if isinstance(found, Total) else None


def _wrong(row: Row, step: int, index: int, code: int) -> str:
    total = row.factor * step + row.constant
    return f"must be bit {index} of code {code} at sum {total}, and is not"


def _mask(value: Value, count: int) -> int | None:
    if isinstance(value, int):
        return value * ((1 << count) - 1)
    return value.mask if isinstance(value, CaseBit) else None


def _codes(node: Threshold, row: Row, steps: Range) -> IntArray:
    sums = np.arange(steps.lo, steps.hi + 1) * row.factor + row.constant
    return codes_of(node, row.index, sums)


def _alias(node: Threshold, stream: Stream, rows: int) -> tuple[int, ...]:
    """Give, for each row, the first whose code is the same function of the same sum."""
    alias = list(range(rows))
    totals = {t.rows: t.steps for beat in stream.beats for t in beat if isinstance(t, Total)}
    for members, steps in totals.items():
        if len(members) == 1:
            continue
        equal: dict[bytes, list[int]] = defaultdict(list)
        for row in members:
            turns = turns_of(node, row.index, row.factor, row.constant, steps)
            equal[turns.starts.tobytes() + turns.codes.tobytes()].append(row.index)
        for group in equal.values():
            for index in group:
                alias[index] = min(group)
    return tuple(alias)
