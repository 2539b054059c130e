"""Shows that an argmax unit over several beats gives the lowest index of the largest sum.

The unit keeps the largest of words that are a sum above the complement of its row. Words are
compared as unsigned numbers, so all sums must have the same constant on top.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.numeric import Range
from hwgen.prove.forms.values import BestBit, Candidate, Part, Source, Value
from hwgen.prove.machine.machine import Machine
from hwgen.prove.machine.sending import sent
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Content, Element, Stream, Total
from hwgen.prove.netlist.netlist import NotProvedError


def prove_best(machine: Machine, stream: Stream, rows: int) -> tuple[Stream, SteadyRun]:
    """Show that each vector gives one beat, the index of its largest row.

    Raises
    ------
    NotProvedError
        Where that cannot be shown.
    """
    name = machine.module.name

    def decode(place: Source, word: tuple[Value, ...]) -> Content | None:
        index = Element(column=0, limits=Range(0, rows - 1), bits=len(word))
        if rows == 1 and set(word) == {0}:
            return index
        words = word[0].words if isinstance(word[0], BestBit) else frozenset()
        if list(word) != [BestBit(words, bit, True) for bit in range(len(word))]:
            raise NotProvedError(
                f"{name}: must give the complement of the low bits of the largest word"
            )
        _check(name, place.vector, [word for word in words if word], stream, len(word), rows)
        return index

    found, run = sent(machine, stream.parts, len(stream.beats), 0, decode)
    if run.beats != 1 or len(found.lanes) != 1:
        raise NotProvedError(f"{name}: must give one index a vector, in one beat")
    return found, run


def _check(
    name: str, vector: int, words: list[Candidate], stream: Stream, width: int, rows: int
) -> None:
    """Show that words are those of all rows, alike on top of their sums."""
    added = {}
    for word in words:
        inverted = sum(bit << k for k, bit in enumerate(word[:width]) if isinstance(bit, int))
        index = (1 << width) - 1 - inverted
        constant = None
        if all(isinstance(bit, int) for bit in word[:width]):
            constant = _added(vector, word[width:], stream, index)
        if constant is None or index in added:
            raise NotProvedError(f"{name}: each word must be a row's sum above its number, {index}")
        added[index] = constant
    if sorted(added) != list(range(rows)):
        missing = sorted(set(range(rows)) - set(added))
        raise NotProvedError(f"{name}: must compare rows 0 to {rows - 1}, and lacks {missing[:4]}")
    if len(set(added.values())) > 1:
        raise NotProvedError(f"{name}: all rows must have the same constant on top of their sums")


def _added(vector: int, word: Sequence[Value], stream: Stream, index: int) -> int | None:
    """Give what a word has on top of a row's sum, None where it is not that."""
    source = next((part.source for part in word if isinstance(part, Part)), None)
    if source is None or source.vector != vector:
        return None
    total = stream.beats[source.beat][source.lane]
    if not isinstance(total, Total) or len(word) != total.bits:
        return None
    plain = [Part(source, place) for place in range(total.bits)]
    flipped = [*plain[:-1], Part(source, total.bits - 1, True)]
    row = total.row(index)
    if row is None or row.factor != total.factor or list(word) not in (plain, flipped):
        return None
    half = 1 << total.bits >> 1
    raised = half if list(word) == flipped else 0  # a signed number with its sign turned
    for wrap in (0, 2 * half, -2 * half):
        lo, hi = (end + wrap + raised for end in (total.limits.lo, total.limits.hi))
        if lo >= 0 and hi < 2 * half:
            return total.constant + wrap + raised - row.constant
    return None
