"""Memories that a vector is written to beat by beat, and read from element by element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth import Cat, Const, Module, Value, unsigned
from amaranth.lib.memory import Memory

from hwgen.plan.stages.stage import MemoryKind
from hwgen.plan.stages.vector_shape import VectorShape


def memory_attributes(kind: MemoryKind, *, writable: bool) -> dict[str, object]:
    """Tell synthesis where a memory goes, and that no place is read while it is written."""
    style = "block" if kind == "block" else "distributed" if writable else "logic"
    return {"ram_style": style, "no_rw_check": 1} if writable else {"ram_style": style}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Elements of a beat, the address of the beat, and whether it is written."""

    elements: Sequence[Value]
    beat: Value
    enable: Value


def memory_of_elements(m: Module, shape: VectorShape, write: Write) -> Memory:
    """Give a block RAM of elements, which synthesis writes through one wide port.

    For that their number must be a power of two: those that are missing are zero.
    """
    bits = shape.part_bits
    memory = _memory("block", shape.element_bits, shape.depth << bits)
    for part in range(1 << bits):
        port = memory.write_port()
        m.d.comb += [
            port.addr.eq(Cat(Const(part, bits), write.beat)),
            port.data.eq(write.elements[part] if part < len(write.elements) else 0),
            port.en.eq(write.enable),
        ]
    return memory


def memory_of_beats(m: Module, shape: VectorShape, write: Write) -> Memory:
    """Give a memory of whole beats in LUTs."""
    memory = _memory("lut", shape.element_bits * len(write.elements), shape.depth)
    port = memory.write_port()
    m.d.comb += [
        port.addr.eq(write.beat),
        port.data.eq(Cat(*write.elements)),
        port.en.eq(write.enable),
    ]
    return memory


def _memory(kind: MemoryKind, bits: int, depth: int) -> Memory:
    attributes = memory_attributes(kind, writable=True)
    return Memory(shape=unsigned(bits), depth=depth, init=[], attrs=attributes)
