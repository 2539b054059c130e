"""Shows that the beats of a folded dense unit are rows of its matrix, and its accumulators fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.numeric import Range
from hwgen.prove.compiled.engine import Engine
from hwgen.prove.compiled.layout import Longs
from hwgen.prove.compiled.sending import Lanes, feed_of, sent
from hwgen.prove.forms.congruent import representatives
from hwgen.prove.forms.forms import Form
from hwgen.prove.forms.rules import Rules
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Content, Row, Stream, Total
from hwgen.prove.netlist.netlist import NotProvedError
from hwgen.prove.units.accumulators import Accumulator
from hwgen.prove.units.dense import terms


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
    engine: Engine, stream: Stream, rows: Sequence[Form], needed: Sequence[bool]
) -> FoldedProof:
    """Show that each row that is needed leaves in a beat, and that all sums fit accumulators.

    `rows` are over the elements of a vector, which are those of the engine.

    Raises
    ------
    NotProvedError
        Where that cannot be shown.
    """
    known = Directions(rows, engine)
    feed = feed_of(engine, len(stream.beats), stream.values(engine.columns))
    result, run = sent(engine, feed, Lanes(engine, at_once=known.total))
    adders, modulo = engine.adders()
    left = {r.index for t in result.natural() if isinstance(t, Total) for r in t.rows}
    for index, form in enumerate(rows):
        if needed[index] and form.coefficients and index not in left:
            missing(engine.teacher.rules, result, index, form)
    return FoldedProof(
        rows=tuple(rows),
        stream=result,
        run=run,
        accumulators=accumulators(engine),
        adders=adders,
        modulo=modulo,
    )


class Directions:
    """Rows by what they are multiples of.

    Parameters
    ----------
    rows
        Their sums.
    engine
        The unit whose elements they are of.
    """

    def __init__(self, rows: Sequence[Form], engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[bytes, bytes, int, int], Total | None] = {}
        self._rows: dict[tuple[bytes, bytes], list[Row]] = defaultdict(list)
        for index, form in enumerate(rows):
            columns = np.array(sorted(form.coefficients), np.int64)
            factors = np.array([form.coefficients[c] for c in columns.tolist()], np.int64)
            direction, factor = _direction(columns, factors)
            self._rows[direction].append(Row(index=index, factor=factor, constant=form.constant))

    def total(self, word: Longs) -> tuple[int | None, Content | None]:
        """Give the vector of a lane, and what it carries, if it is the sum of a row."""
        engine, size = self._engine, len(word)
        whole = engine.form_of(word)
        if whole is None:
            return None, None
        columns, factors, constant = whole
        count = max(engine.columns, 1)
        vector = int(columns[0]) // count if len(columns) else None
        if vector is not None and int(columns[-1]) // count != vector:
            return None, None
        columns = columns - (vector or 0) * count
        key = columns.tobytes(), factors.tobytes(), constant, size
        if key not in self._known:
            self._known[key] = self._total(engine.linear(columns, factors, constant), size)
        return vector, self._known[key]

    def _total(self, form: Form, size: int) -> Total | None:
        """Give the row that a sum is of, or one that its bits are of as well."""
        found = self._carried(form, size)
        if found is None:
            limits = Repeated(self._engine.ranges)
            others = (self._carried(f, size) for f in representatives(form, size, limits))
            found = next((total for total in others if total is not None), None)
        return found

    def _carried(self, form: Form, size: int) -> Total | None:
        carried = form.modulo(size)
        columns = np.array(sorted(carried.coefficients), np.int64)
        factors = np.array([carried.coefficients[c] for c in columns.tolist()], np.int64)
        direction, factor = _direction(columns, factors)
        rows = self._rows.get(direction, ())
        if not rows or carried.limits.span >> size:
            return None
        steps = self._engine.linear(columns, factors // (factor or 1), 0).limits
        return Total(
            steps=steps, factor=factor, constant=carried.constant, rows=tuple(rows), bits=size
        )


def _direction(columns: Longs, factors: Longs) -> tuple[tuple[bytes, bytes], int]:
    """Write factors as a multiple of factors that have no common divisor, the first positive."""
    divisor = int(np.gcd.reduce(factors)) if len(factors) else 0
    if len(factors) and factors[0] < 0:
        divisor = -divisor
    return (columns.tobytes(), (factors // (divisor or 1)).tobytes()), divisor


def accumulators(engine: Engine) -> tuple[Accumulator, ...]:
    """Give the registers that held sums, those of one name together."""
    found: dict[str, Accumulator] = {}
    for flop, low, high in engine.ends():
        nets = flop.outputs["Q"]
        name = engine.module.name_of(nets[0]).split("[")[0]
        old = found.get(name)
        if old is not None:
            low = min(old.lowest, low, key=lambda form: form.limits.lo)
            high = max(old.highest, high, key=lambda form: form.limits.hi)
        found[name] = Accumulator(name=name, bits=len(nets), lowest=low, highest=high)
    return tuple(found.values())


def missing(rules: Rules, stream: Stream, row: int, form: Form) -> None:
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
