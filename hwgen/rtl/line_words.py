"""Makes whole words of a ring out of the columns that come, for one share of the channels."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from hwgen.plan.stages.lines import LineShape, bits_of
from hwgen.plan.stages.ring_shares import Share
from hwgen.rtl.decisions import Decisions
from hwgen.rtl.lanes import choose


def known(index: Decisions, values: Sequence[int | None], bits: int) -> Value:
    """Give a number that is known for each value of an index, or is not looked at."""
    return (
        Cat(
            index.of([None if value is None else bool(value >> bit & 1) for value in values])
            for bit in range(bits)
        )
        if bits
        else Const(0, 0)
    )


def shared(
    word: Signal, decisions: Decisions, shape: LineShape, share: Share, codes: list[list[Value]]
) -> list[list[Value]]:
    """Give the channels of a beat that are stored, of each the columns that came."""
    if not shape.shares:
        return codes
    found = []
    for place in range(shape.lanes):
        lanes = [own[place] if place < len(own) else None for own in share]
        lane = known(decisions, lanes, bits_of(len(codes)))
        found.append([choose(list(column), lane) for column in zip(*codes, strict=True)])
    return found


def assembled(
    m: Module,
    shape: LineShape,
    name: str,
    codes: list[list[Value]],
    *,
    taken: Value,
    place: Value,
    first: Value,
) -> Value:
    """Give the words of a beat, which its columns complete; where `taken`, these are kept.

    The columns of words that are not whole yet wait in a memory, a word a beat of a pixel and
    plane: it is read, moved on by the columns that came and written back.
    """
    bits, columns = shape.element_bits, shape.columns
    depth, width = shape.assembled
    ending, size = columns.ending, columns.waiting * bits
    before: Value = Const(0, 0)
    if width:
        m.submodules[name] = memory = Memory(
            shape=unsigned(width),
            depth=max(depth, 2),
            init=[],
            # no `memory_attributes`: a step reads the place that it writes, and the word before; it
            # is read at once, so that it comes to lie in LUTs, or in registers where they cannot
        )
        read, write = memory.read_port(domain="comb"), memory.write_port()
        beside = Cat(Const(shape.beside, bits) for _ in range(width // bits))
        before = Mux(first, beside, read.data) if columns.padded else read.data
    whole = [
        Cat(before.word_select(k, size) if len(codes) > 1 and width else before, *own)
        for k, own in enumerate(codes)
    ]
    if width:
        m.d.comb += [
            read.addr.eq(place),
            write.addr.eq(place),
            write.en.eq(taken),
            write.data.eq(Cat(own[columns.beside * bits :] for own in whole)),
        ]
    start = max(ending - (columns.span - 1), 0) * bits
    return Cat(own[start : start + columns.span * bits] for own in whole)
