"""Constant tables: in block RAM, or in LUTs, a long one in parts that Yosys leaves apart.

Yosys knows tables of 128 words as LUTs with the free multiplexers behind them, on all targets that
have these, and on xc7 those of 256. Of a longer one it makes logic that takes up to two fifths
more, unless the bits of each part are kept (`bench/folded/long_tables.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from amaranth import Module, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from hwgen.plan.cost.memory import part_words
from hwgen.plan.stages.memory_kind import MemoryKind
from hwgen.rtl.lanes import choose
from hwgen.rtl.registers import Registers
from hwgen.rtl.vector_memory import memory_attributes


def look_up(
    registers: Registers,
    name: str,
    words: Sequence[int],
    bits: int,
    address: Value,
    kind: MemoryKind = "lut",
) -> Value:
    """Give the word at an address, one enabled cycle later."""
    m = registers.m
    if kind == "block":
        read = _memory(m, name, words, bits, kind).read_port()
        m.d.comb += [read.addr.eq(address), read.en.eq(registers.enable)]
        return read.data
    size = part_words(len(words))
    if len(words) <= size:
        return registers.delay(_read(m, name, words, bits, address), f"{name}_word")
    parts = []
    for start in range(0, len(words), size):
        own = f"{name}_{start // size}"
        part = Signal(bits, name=f"{own}_part", attrs={"keep": 1})
        inside = address[: size.bit_length() - 1]
        m.d.comb += part.eq(_read(m, own, words[start : start + size], bits, inside))
        parts.append(part)
    chosen = choose(parts, address[size.bit_length() - 1 :])
    return registers.delay(chosen, f"{name}_word")


def _read(m: Module, name: str, words: Sequence[int], bits: int, address: Value) -> Value:
    read = _memory(m, name, words, bits, "lut").read_port(domain="comb")
    m.d.comb += read.addr.eq(address)
    return read.data


def _memory(m: Module, name: str, words: Sequence[int], bits: int, kind: MemoryKind) -> Memory:
    memory = Memory(
        shape=unsigned(bits),
        depth=max(len(words), 2),
        init=words,
        attrs=memory_attributes(kind, writable=False),
    )
    m.submodules[name] = memory
    return memory
