"""A memory of a netlist: what it holds, and what a read gives at an address that may vary."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwgen.prove.forms.step_rules import Contents
from hwgen.prove.forms.steps import MOST_BITS
from hwgen.prove.forms.values import UNKNOWN, CaseBit, Value
from hwgen.prove.netlist.netlist import Module, NotProvedError, Word


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Port:
    """A read or write port: `enable` is empty for a read."""

    address: Word
    words: Word
    enable: Word


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """A memory that is read in the same cycle and written at the end of a cycle.

    `contents` are its words as written in the Verilog, before anything is written. It is
    `unchecked` where synthesis is told that no word is read while it is written.
    """

    name: str
    size: int
    reads: tuple[Port, ...]
    writes: tuple[Port, ...]
    contents: tuple[tuple[Value, ...], ...]
    unchecked: bool

    def table(self) -> Contents:
        """Give the words as numbers."""
        width = len(self.contents[0])
        known = np.array([UNKNOWN not in word for word in self.contents])
        words = np.zeros(len(known), np.int64)
        for place in range(min(width, MOST_BITS)):
            words |= np.array([word[place] == 1 for word in self.contents], np.int64) << place
        return Contents(words, known & (width <= MOST_BITS), width)

    def unknown(self, kept: Collection[int]) -> list[Sequence[Value]]:
        """Give the words that are certain whatever happened before; `kept` are never written."""
        if not self.writes:
            return list(self.contents)
        nothing = (UNKNOWN,) * len(self.writes[0].words)
        return [word if k in kept else nothing for k, word in enumerate(self.contents)]


def memories_of(module: Module, document: Mapping[str, Any]) -> list[Memory]:
    """Give the memories of a module.

    Raises
    ------
    NotProvedError
        Where one has a port of another kind.
    """
    found = []
    for name, entry in document["cells"].items():
        if entry["type"] == "$mem_v2":
            found.append(_memory(module, name, entry))
    return found


def _memory(module: Module, name: str, entry: Mapping[str, Any]) -> Memory:
    parameters, nets = entry["parameters"], entry["connections"]
    numbers = {
        key: int(value, 2) for key, value in parameters.items() if not set(value) - set("01")
    }
    if not _is_plain(module, numbers, nets):
        raise NotProvedError(
            f"{module.name}, memory {name}: must be written by the rising edge of clk, a word a "
            "port, and read in the same cycle"
        )
    width, size, bits = numbers["WIDTH"], numbers["SIZE"], numbers["ABITS"]
    text = parameters["INIT"][::-1]
    words = [text[k * width : (k + 1) * width].ljust(width, "x") for k in range(size)]

    def ports(count: int, kind: str, *, enabled: bool) -> tuple[Port, ...]:
        places = [
            (slice(k * bits, (k + 1) * bits), slice(k * width, (k + 1) * width))
            for k in range(count)
        ]
        return tuple(
            Port(
                address=tuple(nets[f"{kind}_ADDR"][address]),
                words=tuple(nets[f"{kind}_DATA"][word]),
                enable=tuple(nets[f"{kind}_EN"][word]) if enabled else (),
            )
            for address, word in places
        )

    return Memory(
        name=name,
        size=size,
        reads=ports(numbers["RD_PORTS"], "RD", enabled=False),
        writes=ports(numbers["WR_PORTS"], "WR", enabled=True),
        unchecked=int(entry.get("attributes", {}).get("no_rw_check", "0"), 2) != 0,
        contents=tuple(tuple(int(c) if c in "01" else UNKNOWN for c in word) for word in words),
    )


def _is_plain(module: Module, numbers: Mapping[str, int], nets: Mapping[str, Any]) -> bool:
    """Whether a memory is written on the clock, and has no registers in its reads."""
    if numbers["OFFSET"] or numbers.get("RD_WIDE_CONTINUATION", 0):
        return False
    if numbers.get("WR_WIDE_CONTINUATION", 0):
        return False
    if numbers["RD_PORTS"] and numbers["RD_CLK_ENABLE"]:
        return False
    ports = numbers["WR_PORTS"]
    if not ports:
        return True
    rising = numbers["WR_CLK_ENABLE"] == numbers["WR_CLK_POLARITY"] == (1 << ports) - 1
    return rising and tuple(nets["WR_CLK"]) == module.port("clk") * ports


def read(words: Sequence[Sequence[Value]], address: Sequence[Value]) -> Sequence[Value]:
    """Give the word at an address, as a function of a sum where the address is one."""
    width = len(words[0])
    cases = {(v.source, v.count) for v in address if isinstance(v, CaseBit)}
    if len(cases) > 1 or not all(isinstance(v, int | CaseBit) for v in address):
        return (UNKNOWN,) * width
    source, count = next(iter(cases), (None, 1))
    ones = (1 << count) - 1
    masks = [0] * width
    for place, where in _places(address, ones):
        word: Sequence[Value] = words[place] if place < len(words) else (UNKNOWN,) * width
        if source is None:
            return word
        for index, value in enumerate(word):
            if not isinstance(value, int):
                return (UNKNOWN,) * width
            masks[index] |= where * value
    assert source is not None
    return [int(m != 0) if m in (0, ones) else CaseBit(source, m, count) for m in masks]


def _places(address: Sequence[Value], ones: int) -> list[tuple[int, int]]:
    """Give each address that can occur, and where it does."""
    found = [(0, ones)]
    for index, value in enumerate(address):
        if isinstance(value, int):
            found = [(place | value << index, where) for place, where in found]
        elif isinstance(value, CaseBit):
            found = [
                (place | bit << index, where & (value.mask if bit else ~value.mask))
                for place, where in found
                for bit in (0, 1)
            ]
            found = [(place, where) for place, where in found if where]
    return found


def number(address: Sequence[Value]) -> int | None:
    """Give a word as an unsigned number, None where it is not constant."""
    place = 0
    for index, value in enumerate(address):
        if not isinstance(value, int):
            return None
        place |= value << index
    return place
