"""What cells give for a linear form of one sum and for step functions of it.

A sum of forms is a form. A form is compared with a word that has few values by a division for each
of them. Choices and gates go bit by bit. Every other cell on step functions is evaluated once for
each stretch of sums in which all its operands are constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hwgen.numeric import IntArray, Range
from hwgen.prove.forms.forms import Bit, Form, LinearBit, Ranges, bit
from hwgen.prove.forms.linear import LinearAlgebra
from hwgen.prove.forms.steps import MOST_BITS, Flag, Step, combined, over_sum, plain_step, step_of
from hwgen.prove.forms.words import read_word
from hwgen.prove.netlist.boolean import COMPARISONS, Samples, packed, unpacked
from hwgen.prove.netlist.netlist import Cell, Module, NotProvedError
from hwgen.prove.netlist.walk import Operands

Stepped = int | Bit | Step
SUMS = ("$add", "$sub", "$neg", "$pos")
GATES: dict[str, Callable[..., IntArray]] = {
    "$not": lambda a: 1 - a,
    "$and": lambda a, b: a & b,
    "$or": lambda a, b: a | b,
    "$xor": lambda a, b: a ^ b,
    "$xnor": lambda a, b: 1 - (a ^ b),
}


class NotFollowedError(NotProvedError):
    """A cell gives no function of one sum that can be written down as steps."""


class Stretches(NamedTuple):
    """Values of a word over its sum less the least sum: `values[i]` from `starts[i]` on.

    `like` is a step of the sum, None for a constant.
    """

    starts: IntArray
    values: IntArray
    like: Step | None


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """A table: its words as unsigned numbers, which of them are known, and their width."""

    words: IntArray
    known: npt.NDArray[np.bool_]
    bits: int


class StepRules:
    """The algebra of functions of one sum.

    Parameters
    ----------
    module
        The netlist.
    inputs
        Ranges of the sums, by column.
    linear
        The algebra of its linear forms.
    """

    def __init__(self, module: Module, inputs: Ranges, linear: LinearAlgebra) -> None:
        self.module = module
        self.inputs = inputs
        self.linear = linear

    def rule(self, cell: Cell, operands: Operands[Stepped]) -> Sequence[Stepped] | None:
        """Give what a cell drives, None where that is not known.

        Raises
        ------
        NotProvedError
            Where a sum of forms has lost bits, or the cell is of another kind.
        """
        kind, width = cell.kind, len(cell.outputs["Y"])
        if kind == "$mux":
            return self._choice(operands)
        if kind in GATES:
            ports = ("A",) if kind == "$not" else ("A", "B")  # a job may give an empty B too
            sides = [self._extended(cell, operands, port, width) for port in ports]
            return _bitwise(GATES[kind], list(zip(*sides, strict=True)), self.inputs)
        if kind in SUMS:
            words = {port: self._as_forms(word) for port, word in operands.items()}
            forms = {port: word for port, word in words.items() if word is not None}
            if len(forms) == len(words):
                return self.linear.rule(cell, forms)
        if kind in COMPARISONS:
            found = self._compared(cell, operands)
            if found is not None:
                return [found, *[0] * (width - 1)]
        return self._by_stretches(cell, operands)

    def certain(self, cell: Cell, operands: Operands[Stepped]) -> list[Stepped]:
        """Give what a cell drives.

        Raises
        ------
        NotFollowedError
            Where that is not known.
        """
        try:
            found = self.rule(cell, operands)
        except NotProvedError as error:
            raise NotFollowedError(str(error)) from None
        if found is None:
            name = self.module.name_of(cell.outputs["Y"][0])
            raise NotFollowedError(f"{self.module.name}, {name}: must be a function of one sum")
        return list(found)

    def _extended(
        self, cell: Cell, operands: Operands[Stepped], port: str, width: int
    ) -> list[Stepped]:
        word = operands[port]
        fill: Stepped = word[-1] if cell.signed(port) and word else 0
        return (word + [fill] * (width - len(word)))[:width]

    def _choice(self, operands: Operands[Stepped]) -> Sequence[Stepped] | None:
        select, a, b = operands["S"][0], operands["A"], operands["B"]
        if isinstance(select, int):
            return b if select else a
        triples = [(select, x, y) for x, y in zip(a, b, strict=True)]
        return _bitwise(_chosen, triples, self.inputs)

    def _as_forms(self, word: Sequence[Stepped]) -> list[LinearBit] | None:
        """Give a word with all bits of forms: a step may be the next bit of the sum below it."""
        found: list[LinearBit] = []
        for place, value in enumerate(word):
            if not isinstance(value, Step):
                found.append(value)
                continue
            low = read_word(found, self.inputs)
            if isinstance(low, int):
                return None
            top = low.dropped + place
            ways = (bit(form, top) for form in (low.form, low.form.plus(1 << top)))
            same = next((way for way in ways if equal(value, way, self.inputs)), None)
            if same is None:
                return None
            found.append(same)
        return found

    def _compared(self, cell: Cell, operands: Operands[Stepped]) -> Flag | None:
        """Compare a form with a word of few values."""
        width = max(len(operands["A"]), len(operands["B"]))
        a, b = (self._extended(cell, operands, port, width) for port in ("A", "B"))
        signed = cell.signed("A")
        for word, other, flipped in ((a, b, False), (b, a, True)):
            form = self._form(word, signed)
            found = None if form is None else self.stretches(other)
            if form is None or found is None:
                continue
            values = found.values
            if signed:
                values = values - (values >> width - 1 << width)
            above = cell.kind in ("$gt", "$le") if not flipped else cell.kind in ("$ge", "$lt")
            reached = _reached(form, found._replace(values=values + above), self.inputs)
            if reached is None:
                return None
            plain = cell.kind in ("$ge", "$gt") if not flipped else cell.kind in ("$le", "$lt")
            if plain:
                return reached
            return reached.complement() if isinstance(reached, Step) else 1 - reached
        return None

    def _form(self, word: Sequence[Stepped], signed: bool) -> Form | None:
        """Give the number that a word is, if that is a form."""
        forms = self._as_forms(word)
        reading = 0 if forms is None else read_word(forms, self.inputs)
        if isinstance(reading, int) or reading.dropped or len(reading.form.coefficients) != 1:
            return None
        form, half = reading.form.modulo(len(word)), 1 << len(word) >> 1
        codes = Range(-half, half - 1) if signed else Range(0, 2 * half - 1)
        fits = codes.lo <= form.limits.lo and form.limits.hi <= codes.hi
        return form if fits and len(word) < MOST_BITS else None

    def stretches(self, word: Sequence[Stepped]) -> Stretches | None:
        """Give the values of a word of steps, None where they are too many."""
        flags = [step_of(value) for value in word]
        plain = [over_sum(f, self.inputs) if isinstance(f, Step) else f for f in flags]
        steps = [flag for flag in plain if isinstance(flag, Step)]
        if None in plain or len({step.column for step in steps}) > 1 or len(word) > MOST_BITS:
            return None
        starts = np.unique(np.concatenate([[0], *(step.changes for step in steps)]))
        values = np.zeros(len(starts), np.int64)
        for place, flag in enumerate(plain):
            bits = flag.at(starts) if isinstance(flag, Step) else np.int64(flag or 0)
            values |= bits << place
        return Stretches(starts, values, steps[0] if steps else None)

    def word_of(self, found: Stretches, width: int) -> list[Flag]:
        """Give the bits of a word by its values."""
        return [_flag_of(found, found.values >> place & 1) for place in range(width)]

    def read(self, contents: Contents, address: Sequence[Stepped]) -> Sequence[Stepped] | None:
        """Give the word of a table at an address, None where it may be unknown."""
        found = self.stretches(address)
        if found is None or int(found.values.max()) >= len(contents.words):
            return None
        if not contents.known[found.values].all():
            return None
        return self.word_of(found._replace(values=contents.words[found.values]), contents.bits)

    def _by_stretches(self, cell: Cell, operands: Operands[Stepped]) -> Sequence[Stepped] | None:
        """Evaluate a cell for each stretch of sums."""
        words = {port: self.stretches(word) for port, word in operands.items()}
        known = {port: word for port, word in words.items() if word is not None}
        likes = [word.like for word in known.values() if word.like is not None]
        if len(known) < len(words) or len({like.column for like in likes}) > 1:
            return None
        starts = np.unique(np.concatenate([word.starts for word in known.values()]))
        algebra, tables = Samples(self.module, len(starts)), {}
        for port, word in known.items():
            values = word.values[np.searchsorted(word.starts, starts, side="right") - 1]
            tables[port] = [packed(values >> k & 1) for k in range(len(operands[port]))]
        found = Stretches(starts, np.zeros(len(starts), np.int64), likes[0] if likes else None)
        return [
            _flag_of(found, unpacked(table, len(starts))) for table in algebra.rule(cell, tables)
        ]


def equal(a: Stepped, b: Stepped, inputs: Ranges) -> bool:
    """Whether two bits are the same at every sum."""
    flags = [step_of(value) for value in (a, b)]
    both = [flag for flag in flags if flag is not None]
    differ = combined(GATES["$xor"], both, inputs) if len(both) == 2 else None
    if isinstance(differ, Step):  # perhaps where the sum never is
        differ = over_sum(differ, inputs)
        return differ is not None and not differ.first and not len(differ.changes)
    return differ == 0


def _bitwise(
    function: Callable[..., IntArray], groups: Sequence[tuple[Stepped, ...]], inputs: Ranges
) -> list[Stepped] | None:
    found: list[Stepped] = []
    for group in groups:
        flags = [flag for flag in map(step_of, group) if flag is not None]
        result = combined(function, flags, inputs) if len(flags) == len(group) else None
        if result is None:
            return None
        found.append(result)
    return found


def _chosen(select: IntArray, a: IntArray, b: IntArray) -> IntArray:
    return np.asarray(np.where(select, b, a), np.int64)


def _flag_of(found: Stretches, bits: IntArray) -> Flag:
    changed = found.starts[1:][bits[1:] != bits[:-1]]
    if found.like is None or not len(changed):
        return int(bits[0])
    return Step(found.like.form, 0, found.like.bits, int(bits[0]), changed)


def _reached(form: Form, words: Stretches, inputs: Ranges) -> Flag | None:
    """Tell where a form is at least a word."""
    ((column, slope),) = form.coefficients.items()
    limits = inputs[column]
    if words.like is not None and words.like.column != column:
        return None
    constant = form.constant + slope * limits.lo  # over the sum less the least sum
    starts, ends = words.starts, np.append(words.starts[1:], limits.span + 1)
    if slope > 0:
        turns = np.clip(-((constant - words.values) // slope), starts, ends)
        first, last = turns <= starts, turns < ends
    else:
        turns = np.clip((constant - words.values) // -slope + 1, starts, ends)
        first, last = turns > starts, turns >= ends
    inside = turns[(turns > starts) & (turns < ends)]
    between = starts[1:][first[1:] != last[:-1]]
    places = np.sort(np.concatenate([inside, between]))
    if not len(places):
        return int(first[0])
    return plain_step(column, limits, int(first[0]), places)
