"""Runs the netlist of a unit, one clock cycle after another, on symbolic values.

It begins behind a cycle of reset, with every register and every memory that is written holding
any value: what the unit does then, it does after every reset. Words that the unit never writes keep
what the Verilog gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.values import UNKNOWN, Value, aged
from hwgen.prove.machine.memory import Memory, memories_of
from hwgen.prove.machine.nets import Nets
from hwgen.prove.machine.stored import Stored
from hwgen.prove.netlist.netlist import Cell, Module, Net, Word
from hwgen.prove.netlist.order import in_order

Run = Callable[[], Sequence[Value]]
CERTAIN = (int,).__contains__
MOST_KNOWN = 1 << 12  # results of a cell on constants that are kept
INPUTS = ("i__payload", "i__valid", "o__ready", "rst", "clk")
STATELESS = ("$dff", "$mem_v2", "$scopeinfo")


class Machine:
    """A unit and what its nets carry in this cycle.

    Parameters
    ----------
    module, document
        The netlist, and what Yosys wrote of it.
    rules
        What cells give.

    Raises
    ------
    NotProvedError
        Where a register or a memory is of another kind, or cells make a loop.
    """

    def __init__(self, module: Module, document: Mapping[str, Any], rules: Rules) -> None:
        self.module = module
        self.rules = rules
        self.memories = memories_of(module, document)
        self._flops = [cell for cell in module.cells if cell.kind == "$dff"]
        for flop in self._flops:
            if flop.inputs["CLK"] != module.port("clk") or not flop.parameters["CLK_POLARITY"]:
                raise module.problem(
                    flop.outputs["Q"][0], "must be clocked by the rising edge of clk"
                )
        self._nets = Nets(self._drivers())
        self._held = [
            (self._nets.index(flop.outputs["Q"]), self._nets.gather(flop.inputs["D"]))
            for flop in self._flops
        ]
        self._stored = [Stored(module, memory, self.get) for memory in self.memories]
        self._places: dict[str, int] = {}
        self._steps: list[tuple[Run, int]] = []
        self._order()
        self._dirty = bytearray(b"\1" * len(self._steps))
        self.reset()

    def _drivers(self) -> Iterator[Word]:
        """Give the words that something drives: inputs, cells, registers, reads of memories."""
        ports = self.module.ports
        yield from (ports[port] for port in INPUTS if ports.get(port))
        for cell in self.module.cells:
            if cell.kind != "$mem_v2":
                yield from cell.outputs.values()
        for memory in self.memories:
            yield from (port.words for port in memory.reads)

    def reset(self) -> None:
        """Forget all that registers and memories hold, and pass through a cycle of reset."""
        for index, _ in self._held:
            self._put(index, (UNKNOWN,) * len(self._nets.now[index]))
        for stored in self._stored:
            stored.reset()
            self._touch(stored.memory)
        for port in ("i__payload", "i__valid", "o__ready"):
            self.set(self.module.port(port), [UNKNOWN] * len(self.module.port(port)))
        for reset in (1, 0) if "rst" in self.module.ports else ():
            self.set(self.module.port("rst"), (reset,))
            self.settle()
            if reset:  # what is written meanwhile is where something was written before
                self._load()

    def keep_unwritten(self) -> bool:
        """Let words that were read and never written count from the next reset on.

        Tells whether there are any that did not.
        """
        new = [stored.keep_unwritten() for stored in self._stored]
        return any(new)

    @property
    def deepest(self) -> int:
        """Give the words of the largest memory."""
        return max((memory.size for memory in self.memories), default=0)

    def get(self, word: Word) -> tuple[Value, ...]:
        """Give what nets carry."""
        return self._nets.get(word)

    def set(self, word: Word, values: Sequence[Value]) -> None:
        """Drive a port from outside."""
        if word:
            self._put(self._nets.index(word), values)

    def _put(self, index: int, values: Sequence[Value]) -> None:
        for place in self._nets.put(index, values):
            self._dirty[place] = 1

    def settle(self) -> None:
        """Evaluate all cells whose operands changed."""
        now, dirty = self._nets.now, self._dirty
        place = dirty.find(1)
        while place >= 0:
            dirty[place] = 0
            run, index = self._steps[place]
            values = run()
            if values is not now[index]:  # a call for each word would take longer
                self._put(index, values)
            place = dirty.find(1, place + 1)

    def clock(self) -> None:
        """Load all registers and write all memories."""
        for stored in self._stored:
            if stored.clock():
                self._touch(stored.memory)
        self._load()

    def _load(self) -> None:
        loaded = [(index, gather()) for index, gather in self._held]
        for index, values in loaded:
            if self._nets.now[index] is not values:
                self._put(index, values)

    def _touch(self, memory: Memory) -> None:
        for index in range(len(memory.reads)):
            self._dirty[self._places[f"{memory.name} {index}"]] = 1

    def state(self, vectors: int, columns: int) -> tuple[object, ...]:
        """Describe registers and memories, with the vectors counted from `vectors` on."""
        now = self._nets.now
        held = (aged(value, vectors, columns) for index, _ in self._held for value in now[index])
        stored = (
            aged(value, vectors, columns)
            for memory in self._stored
            if memory.memory.writes
            for word in memory.words
            for value in word
        )
        return (*held, *stored)

    def _order(self) -> None:
        """Put cells and reads behind those that drive their operands."""
        makers: dict[Net, int] = {}
        jobs: list[tuple[Run, Word, Word, str]] = []
        for cell in self.module.cells:
            if cell.kind not in STATELESS and "Y" in cell.outputs:
                operands = sum(cell.inputs.values(), ())
                jobs.append((self._cell(cell), cell.outputs["Y"], operands, ""))
            elif cell.kind not in STATELESS:
                net = next(iter(sum(cell.outputs.values(), ())), "x")
                raise self.module.problem(net, f"{cell.kind} is no cell that can be followed")
        for stored in self._stored:
            memory = stored.memory
            for index, port in enumerate(memory.reads):
                written = sum((w.address + w.enable for w in memory.writes), ())
                name = f"{memory.name} {index}"
                jobs.append((self._read(stored, index), port.words, port.address + written, name))
        for job, (_, outputs, _, _) in enumerate(jobs):
            makers |= dict.fromkeys(outputs, job)
        for job in in_order(self.module, [operands for _, _, operands, _ in jobs], makers):
            run, outputs, operands, name = jobs[job]
            for source in self._nets.sources(operands):
                self._nets.readers[source].append(len(self._steps))
            if name:
                self._places[name] = len(self._steps)
            self._steps.append((run, self._nets.index(outputs)))

    def _cell(self, cell: Cell) -> Run:
        """Give what evaluates a cell; a choice that is certain is the most frequent one."""
        rule, gather = self.rules.rule, self._nets.gather
        ports, readers = list(cell.inputs), [gather(nets) for nets in cell.inputs.values()]
        known: dict[tuple[tuple[Value, ...], ...], Sequence[Value]] = {}

        def run() -> Sequence[Value]:
            words = tuple(read() for read in readers)
            certain = all(map(CERTAIN, map(type, chain.from_iterable(words))))
            if certain and words in known:
                return known[words]
            found = rule(cell, dict(zip(ports, map(list, words), strict=True)))
            if certain and len(known) < MOST_KNOWN:
                known[words] = tuple(found)
            return found

        if cell.kind != "$mux":
            return run
        a, b, select = (gather(cell.inputs[port]) for port in "ABS")

        def choose() -> Sequence[Value]:
            (chosen,) = select()
            return (b() if chosen else a()) if chosen in (0, 1) else run()

        return choose

    def _read(self, stored: Stored, index: int) -> Run:
        """Give what reads a memory."""
        gather = self._nets.gather(stored.memory.reads[index].address)
        return lambda: stored.read(gather())
