"""A value of some moves ago, out of a memory that is written behind and read in front."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth import Module, Mux, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from hwgen.plan.stages.stage import MemoryKind
from hwgen.rtl.vector_memory import memory_attributes

FEW = 2  # moves that registers are made for


def following(place: Signal, count: int) -> Value:
    """Give the place behind one of `count`, 0 behind the last."""
    if count == 1 << len(place):
        return (place + 1)[: len(place)]
    return Mux(place == count - 1, 0, place + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayLine:
    """Delays by `length` moves.

    Attributes
    ----------
    enable
        Moves.
    place
        Counts the moves from 0 to `length - 1` again and again. It may start anew at any time:
        what came before is lost then.
    kind
        What the memory is made of. LUTs are read in the same cycle, block RAM a move ahead.
    name
        Of the memory, or the registers.
    next_place
        That of the next move, where it is not the one behind. A place may come again behind two
        others, which gives what was written there then.
    """

    length: int
    enable: Value
    place: Signal
    kind: MemoryKind
    name: str
    next_place: Value | None = None

    def of(self, m: Module, value: Value) -> Value:
        """Give the value of `length` moves ago, as of the move that comes."""
        if self.length <= FEW:
            return self._registers(m, value)
        memory = Memory(
            shape=unsigned(len(value)),
            depth=self.length,
            init=[],
            attrs=self._attributes(),
        )
        m.submodules[self.name] = memory
        write = memory.write_port()
        m.d.comb += [write.addr.eq(self.place), write.data.eq(value), write.en.eq(self.enable)]
        if self.kind == "lut":
            read = memory.read_port(domain="comb")
            m.d.comb += read.addr.eq(self.place)
        else:
            read = memory.read_port()
            ahead = (
                following(self.place, self.length) if self.next_place is None else self.next_place
            )
            m.d.comb += [read.addr.eq(ahead), read.en.eq(self.enable)]
        return read.data

    def _attributes(self) -> dict[str, object]:
        """Give what synthesis is told: LUTs are read where they are written, what was there."""
        if self.kind == "lut":
            return {"ram_style": "distributed"}
        return memory_attributes(self.kind, writable=True)

    def _registers(self, m: Module, value: Value) -> Value:
        for move in range(self.length):
            register = Signal(len(value), name=f"{self.name}{move}", reset_less=True)
            with m.If(self.enable):
                m.d.sync += register.eq(value)
            value = register
        return value


class BeatPlaces:
    """Places of the beats of pixels, of which each may come several times before the next one.

    Parameters
    ----------
    m
        Where the counter goes.
    beats, pixels
        Of a pixel, two at the least, and pixels side by side.
    enable
        A beat comes.
    again
        The pixel of the beat that comes, its last one, comes again.
    """

    def __init__(self, m: Module, beats: int, pixels: int, enable: Value, again: Value) -> None:
        self.length, self.enable = beats * pixels, enable
        self.place = Signal((self.length - 1).bit_length(), name="place")
        self.next = Signal.like(self.place, name="next_place")
        m.d.comb += self.next.eq(
            Mux(again, self.place - (beats - 1), following(self.place, self.length))
        )
        with m.If(enable):
            m.d.sync += self.place.eq(self.next)

    def line(self, kind: MemoryKind, name: str) -> DelayLine:
        """Give a memory with a word for each place."""
        return DelayLine(
            length=self.length,
            enable=self.enable,
            place=self.place,
            kind=kind,
            name=name,
            next_place=self.next,
        )
