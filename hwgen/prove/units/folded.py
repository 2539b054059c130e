"""Shows that the beats of a folded dense unit are rows of its matrix, and its accumulators fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

from hwgen.numeric import Range
from hwgen.prove.forms.congruent import representatives
from hwgen.prove.forms.forms import Bit, Form, Ranges, linear_form
from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.values import Source, Value
from hwgen.prove.forms.words import read_word
from hwgen.prove.machine.machine import Machine
from hwgen.prove.machine.sending import sent
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Content, Row, Stream, Total
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.units.accumulators import Accumulator, Watch
from hwgen.prove.units.dense import terms

Direction = tuple[tuple[int, int], ...]  # columns and factors without common divisor, first > 0


class Repeated:
    """Ranges of the inputs of one vector after another, without end."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self._ranges = ranges

    def __getitem__(self, column: int, /) -> Range:
        """Give the range of an input of any vector."""
        return self._ranges[column % len(self._ranges)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldedProof:
    """What was shown of a dense unit over the cycles of a vector."""

    rows: tuple[Form, ...]
    stream: Stream
    run: SteadyRun
    accumulators: tuple[Accumulator, ...]
    adders: int
    modulo: int


def prove_folded(
    machine: Machine,
    rules: Rules,
    stream: Stream,
    rows: Sequence[Form],
    columns: int,
    needed: Sequence[bool],
) -> FoldedProof:
    """Show that each row that is needed leaves in a beat, and that all sums fit accumulators.

    `rows` are over the elements of a vector, of which there are `columns`.

    Raises
    ------
    NotProvedError
        Where that cannot be shown.
    """
    known, watch = _by_direction(rows), Watch(machine, rules)

    def decode(place: Source, word: tuple[Value, ...]) -> Content | None:
        return _total(place.vector, word, known, rules.linear.inputs, columns)

    result, run = sent(
        machine, stream.values(columns), len(stream.beats), columns, decode, watch.look
    )
    left = {r.index for t in result.natural() if isinstance(t, Total) for r in t.rows}
    for index, form in enumerate(rows):
        if needed[index] and form.coefficients and index not in left:
            _missing(rules, result, index, form)
    return FoldedProof(
        rows=tuple(rows),
        stream=result,
        run=run,
        accumulators=watch.accumulators(),
        adders=len(rules.widest),
        modulo=rules.modulo,
    )


def _by_direction(rows: Sequence[Form]) -> Mapping[Direction, list[Row]]:
    """Sort rows by what they are multiples of."""
    known: dict[Direction, list[Row]] = defaultdict(list)
    for index, form in enumerate(rows):
        direction, factor = direction_of(form.coefficients)
        known[direction].append(Row(index=index, factor=factor, constant=form.constant))
    return known


def _total(
    vector: int,
    word: Sequence[Value],
    known: Mapping[Direction, list[Row]],
    inputs: Ranges,
    columns: int,
) -> Content | None:
    """Give what a lane carries, if it is the sum of a row of this vector."""
    bits = [value for value in word if isinstance(value, int | Bit)]
    reading = read_word(bits, inputs) if len(bits) == len(word) else 0
    if isinstance(reading, int) or reading.dropped:
        return None
    for form in (reading.form, *representatives(reading.form, len(word), inputs)):
        if any(column // columns != vector for column in form.coefficients):
            return None
        carried = form.modulo(len(word))
        factors = {column % columns: v for column, v in carried.coefficients.items()}
        direction, factor = direction_of(factors)
        rows = known.get(direction, ())
        if rows and not carried.limits.span >> len(word):
            steps = linear_form(dict(direction), 0, inputs).limits
            return Total(
                steps=steps,
                factor=factor,
                constant=carried.constant,
                rows=tuple(rows),
                bits=len(word),
            )
    return None


def direction_of(factors: Mapping[int, int]) -> tuple[Direction, int]:
    """Write factors as a multiple of factors that have no common divisor, the first positive."""
    if not factors:
        return (), 0
    divisor = gcd(*factors.values())
    if factors[min(factors)] < 0:
        divisor = -divisor
    return tuple(sorted((column, v // divisor) for column, v in factors.items())), divisor


def _missing(rules: Rules, stream: Stream, row: int, form: Form) -> None:
    """Refuse a unit that a row never leaves.

    Raises
    ------
    NotProvedError
        Always, with the sum that could not be followed, if there is one.
    """
    lost = [
        f"lane {lane} of beat {beat}"
        for beat, contents in enumerate(stream.beats)
        for lane, content in enumerate(contents)
        if content is None
    ]
    doubt = "" if rules.doubt is None else f" ({rules.doubt})"
    place = f"; {lost[0]} carries no row of the vector in one code a value" if lost else ""
    raise NotProvedError(
        f"{rules.module.name}, row {row}: its sum {terms(form)} must leave in every vector{place}"
        f"{doubt}"
    )
