"""Parts a unit into control and data: what its payload can reach, and what it cannot.

Data is what the payload reaches through cells, registers and memories, and what registers reach
that no reset sets. All else is control, and so is the same whatever the payload is and was. No
enable, handshake or address may be data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hwgen.prove.machine.memory import Memory, memories_of
from hwgen.prove.netlist.netlist import Cell, Module, Net, Word

BY_BIT = ("$and", "$or", "$xor", "$xnor", "$not", "$mux", "$dff")
CONSTANTS = ("0", "1", "x", "z")
Register = tuple[Net, Net]  # what it holds, and what it loads


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """The two parts of a unit.

    Attributes
    ----------
    payload
        What comes in.
    data
        All nets that it reaches.
    control, stored
        Registers of control, and those of data, bit by bit.
    memories
        All of data.
    steering
        Control nets that cells of data read.
    """

    module: Module
    payload: Word
    data: frozenset[Net]
    control: tuple[Register, ...]
    stored: tuple[Register, ...]
    memories: tuple[Memory, ...]
    steering: Word


def split(module: Module, document: Mapping[str, Any], payload: Word) -> Split:
    """Part a unit by what `payload` reaches; instances in it are left out.

    Raises
    ------
    NotProvedError
        Where data reaches an address or an enable, or a memory or a register is of another kind.
    """
    memories = memories_of(module, document)
    registers = list(_registers(module))
    kept = [held for held, loaded in registers if not _is_reset(module, loaded)]
    data = _reached(module, memories, (*payload, *kept))
    for memory in memories:
        if (len(memory.reads), len(memory.writes)) != (1, 1):
            raise module.problem(
                memory.reads[0].words[0],
                "must be of a memory that is read and written in one place",
            )
        for port in (*memory.reads, *memory.writes):
            check_control(module, data, port.address + port.enable)
    return Split(
        module=module,
        payload=payload,
        data=frozenset(data),
        control=tuple(r for r in registers if r[0] not in data),
        stored=tuple(r for r in registers if r[0] in data),
        memories=tuple(memories),
        steering=tuple(dict.fromkeys(_steering(module, data))),
    )


def _registers(module: Module) -> Iterator[Register]:
    for cell in module.cells:
        if cell.kind == "$dff":
            if cell.inputs["CLK"] != module.port("clk") or not cell.parameters["CLK_POLARITY"]:
                raise module.problem(
                    cell.outputs["Q"][0], "must be clocked by the rising edge of clk"
                )
            yield from zip(cell.outputs["Q"], cell.inputs["D"], strict=True)


def _is_reset(module: Module, loaded: Net) -> bool:
    """Whether a reset decides what a register loads."""
    cell = module.driver[loaded][0] if loaded in module.driver else None
    return cell is not None and cell.kind == "$mux" and cell.inputs["S"] == module.port("rst")


def check_control(module: Module, data: set[Net] | frozenset[Net], nets: Word) -> None:
    """Refuse a unit whose control depends on data.

    Raises
    ------
    NotProvedError
        With the place.
    """
    for net in nets:
        if net in data:
            raise module.problem(net, "must not depend on the payload")


def _reached(module: Module, memories: list[Memory], payload: Word) -> set[Net]:
    """Follow the payload forward."""
    readers: dict[Net, list[tuple[Cell, str, int]]] = defaultdict(list)
    for cell in module.cells:
        for port, word in cell.inputs.items():
            for index, net in enumerate(word):
                readers[net].append((cell, port, index))
    columns: dict[Net, list[Net]] = defaultdict(list)
    for memory in memories:
        for write in memory.writes:
            for index, net in enumerate(write.words):
                columns[net] += [read.words[index] for read in memory.reads]
    data: set[Net] = set()
    waiting = list(payload)
    while waiting:
        net = waiting.pop()
        if net in data or net in CONSTANTS:
            continue
        data.add(net)
        waiting += columns[net]
        for cell, port, index in readers[net]:
            waiting += _moved_to(cell, port, index)
    return data


def _moved_to(cell: Cell, port: str, index: int) -> Iterator[Net]:
    """Give the outputs of a cell that may depend on a bit of an operand."""
    if cell.kind == "$mem_v2" or not cell.kind.startswith("$"):
        return
    for word in cell.outputs.values():
        alike = cell.kind in BY_BIT and port in ("A", "B", "D") and len(word) > index
        if alike and len(cell.inputs[port]) == len(word):
            yield word[index]
        else:
            yield from word


def _steering(module: Module, data: set[Net]) -> Iterator[Net]:
    """Give the control nets that cells of data read."""
    for cell in module.cells:
        word = cell.outputs.get("Y", ())
        if data.isdisjoint(word):
            continue
        for port, operand in cell.inputs.items():
            by_bit = cell.kind in BY_BIT and port in ("A", "B") and len(operand) == len(word)
            for index, net in enumerate(operand):
                if net in data or net in CONSTANTS or (by_bit and word[index] not in data):
                    continue
                yield net
