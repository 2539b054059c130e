"""Streams whose payload is a row of integers, each with its own width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Const, Module, Mux, Shape, Signal, Value, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hwgen.numeric import IntType, Range
from hwgen.plan.stages.stage import Flow


def shape_of(kind: IntType) -> Shape:
    """Give the Amaranth shape of an integer type."""
    return signed(kind.bits) if kind.signed else unsigned(kind.bits)


def range_shape(limits: Range) -> Shape:
    """Give the narrowest shape that holds every value of a range, of one bit at the least."""
    return signed(limits.bits) if limits.lo < 0 else unsigned(max(limits.bits, 1))


def layout(lanes: Sequence[IntType]) -> data.StructLayout:
    """Lanes `e0`, `e1`, ... packed with the first in the lowest bits."""
    return data.StructLayout({f"e{i}": shape_of(lane) for i, lane in enumerate(lanes)})


def lane_stream(lanes: Sequence[IntType]) -> Any:
    """Give the stream signature of a row of lanes."""
    return stream.Signature(layout(lanes))


def ports(inputs: Sequence[IntType], outputs: Sequence[IntType]) -> dict[str, Any]:
    """Members of a component that reads one lane stream and writes another."""
    return {"i": In(lane_stream(inputs)), "o": Out(lane_stream(outputs))}


def resize(value: Value, width: int) -> Value:
    """Sign- or zero-extend to `width` bits, or drop high bits; the result is unsigned bits."""
    size = len(value)
    if size >= width:
        return value[:width]
    fill = value[-1].replicate(width - size) if value.shape().signed and size else None
    return Cat(value, Const(0, width - size) if fill is None else fill)


def split(payload: Any, lanes: Sequence[IntType]) -> list[Value]:
    """Give the lanes of a payload.

    All at once: to look one up by its name takes Amaranth as long as the layout is.
    """
    bits, found, place = payload.as_value(), [], 0
    for lane in lanes:
        value = bits[place : place + lane.bits]
        found.append(value.as_signed() if lane.signed else value)
        place += lane.bits
    return found


def joined(values: Sequence[Value], lanes: Sequence[IntType]) -> Value:
    """Give a payload of values, one a lane; driven as one, which takes Amaranth least time."""
    pairs = zip(values, lanes, strict=True)
    return Cat(*(resize(value, lane.bits) for value, lane in pairs))


def counter(count: int, name: str) -> Signal:
    """Give a register for 0 to `count - 1`, of one bit at the least."""
    return Signal(max((count - 1).bit_length(), 1), name=name)


def following(value: Signal, count: int) -> Value:
    """Give what follows in a `counter`: one more, and 0 behind the last."""
    if count == 1 << len(value):
        return value + 1
    return Mux(value == count - 1, 0, value + 1)


def choose(values: Sequence[Value], index: Value) -> Value:
    """`values[index]`, the last one beyond the end, as a tree of multiplexers.

    Not an `Array`: that becomes a Verilog case statement, which Icarus Verilog 11 does not run
    before its inputs change for the first time.
    """
    if len(values) == 1 or not len(index):
        return values[0]
    half = 1 << (len(index) - 1)
    low = choose(values[:half], index[:-1])
    return Mux(index[-1], choose(values[half:], index[:-1]), low) if values[half:] else low


class Pipeline:
    """Valid bits beside a fixed number of registers, and what becomes of them while a sink waits.

    Flow `stall`: all registers hold their values together. `free`: they move on in every cycle,
    and an output buffer behind takes what comes. `gate` is `free` for the first stage of a design,
    which takes a beat only while that buffer is ready. With `latency` 0 the payload passes
    through combinationally.
    """

    def __init__(self, m: Module, i: Any, o: Any, latency: int, flow: Flow) -> None:
        self._enable: Value | None = i.ready if flow == "stall" and latency else None
        taken = i.valid & o.ready if flow == "gate" else i.valid
        if latency == 0:
            m.d.comb += [o.valid.eq(taken), i.ready.eq(o.ready)]
            return
        valid = [Signal(name=f"valid{k + 1}") for k in range(latency)]
        ready = o.ready | ~o.valid if flow == "stall" else o.ready
        m.d.comb += [i.ready.eq(ready), o.valid.eq(valid[-1])]
        self._load(m, Cat(*valid), Cat(taken, *valid[:-1]))

    def delay(self, m: Module, value: Value, name: str) -> Signal:
        """`value` one cycle later, in flow `stall` one enabled cycle."""
        register = Signal(value.shape(), name=name, reset_less=True)
        self._load(m, register, value)
        return register

    def _load(self, m: Module, register: Value, value: Value) -> None:
        if self._enable is None:
            m.d.sync += register.eq(value)
            return
        with m.If(self._enable):
            m.d.sync += register.eq(value)


class LaneComponent(wiring.Component):
    """A component with one lane stream in (`i`) and one out (`o`)."""

    i: stream.Interface
    o: stream.Interface

    def __init__(self, inputs: Sequence[IntType], outputs: Sequence[IntType]) -> None:
        super().__init__(ports(inputs, outputs))
