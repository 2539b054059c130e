"""Shows that an argmax unit over several beats gives the lowest index of the largest sum.

The unit keeps the largest of words that are a sum above the complement of its row, and that above
the row's label where there are labels. Words are compared as unsigned numbers, so all sums must
have the same constant on top.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.ir import Argmax
from hwgen.prove.forms.values import BestBit, Candidate, Part, Source, Value
from hwgen.prove.machine.machine import Machine
from hwgen.prove.machine.sending import sent
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Content, Element, Stream, Total
from hwgen.prove.netlist.netlist import NotProvedError


def prove_best(
    machine: Machine, stream: Stream, rows: int, node: Argmax
) -> tuple[Stream, SteadyRun]:
    """Show that each vector gives one beat, the index or label of its largest row.

    Raises
    ------
    NotProvedError
        Where that cannot be shown.
    """
    name = machine.module.name

    def decode(place: Source, word: tuple[Value, ...]) -> Content | None:
        index = Element(column=0, limits=node.given(rows), bits=len(word))
        if rows == 1 and set(word) == {0}:
            return index
        words = word[0].words if isinstance(word[0], BestBit) else frozenset()
        inverts = node.labels is None
        if list(word) != [BestBit(words, bit, inverts) for bit in range(len(word))]:
            low = "the complement of the low bits" if inverts else "the low bits"
            raise NotProvedError(f"{name}: must give {low} of the largest word")
        compared = {w: w for w in words if w}
        if node.labels is not None:
            compared = {w[len(word) :]: w[: len(word)] for w in compared}
        width = len(word) if inverts else max((rows - 1).bit_length(), 1)
        found = _check(name, place.vector, list(compared), stream, width, rows)
        given = [_number(compared[w]) for w in found]
        if node.labels is not None and given != list(node.labels):
            raise NotProvedError(f"{name}: each word must have its row's label below its number")
        return index

    found, run = sent(machine, stream.parts, len(stream.beats), 0, decode)
    if run.beats != 1 or len(found.lanes) != 1:
        raise NotProvedError(f"{name}: must give one index a vector, in one beat")
    return found, run


def _number(bits: Sequence[Value]) -> int | None:
    """Give a number whose bits are constants."""
    if not all(isinstance(bit, int) for bit in bits):
        return None
    return sum(bit << k for k, bit in enumerate(bits) if isinstance(bit, int))


def _check(
    name: str, vector: int, words: list[Candidate], stream: Stream, width: int, rows: int
) -> list[Candidate]:
    """Show that words are those of all rows, alike on top of their sums, and give them by row."""
    added, found = {}, {}
    for word in words:
        inverted = _number(word[:width])
        index = (1 << width) - 1 - (inverted or 0)
        constant = None
        if inverted is not None:
            constant = _added(vector, word[width:], stream, index)
        if constant is None or index in added:
            raise NotProvedError(f"{name}: each word must be a row's sum above its number, {index}")
        added[index], found[index] = constant, word
    if sorted(added) != list(range(rows)):
        missing = sorted(set(range(rows)) - set(added))
        raise NotProvedError(f"{name}: must compare rows 0 to {rows - 1}, and lacks {missing[:4]}")
    if len(set(added.values())) > 1:
        raise NotProvedError(f"{name}: all rows must have the same constant on top of their sums")
    return [found[row] for row in range(rows)]


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
