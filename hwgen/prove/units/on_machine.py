"""Shows the same as `folded` on a machine, which follows sums through cells of all kinds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import gcd

from hwgen.prove.forms.congruent import representatives
from hwgen.prove.forms.forms import Bit, Form, Ranges, linear_form
from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.values import Source, Value
from hwgen.prove.forms.words import read_word
from hwgen.prove.machine.machine import Machine
from hwgen.prove.machine.sending import sent
from hwgen.prove.machine.streams import Content, Row, Stream, Total
from hwgen.prove.units.accumulators import Watch
from hwgen.prove.units.folded import FoldedProof, missing

Direction = tuple[tuple[int, int], ...]  # columns and factors without common divisor, first > 0


def prove_on_machine(
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
            missing(rules, result, index, form)
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
        direction, factor = _direction_of(form.coefficients)
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
        direction, factor = _direction_of(factors)
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


def _direction_of(factors: Mapping[int, int]) -> tuple[Direction, int]:
    """Write factors as a multiple of factors that have no common divisor, the first positive."""
    if not factors:
        return (), 0
    divisor = gcd(*factors.values())
    if factors[min(factors)] < 0:
        divisor = -divisor
    return tuple(sorted((column, v // divisor) for column, v in factors.items())), divisor
