"""Runs the netlist of a unit, one clock cycle after another, on symbolic values.

It begins behind a cycle of reset, with every register and every memory that is written holding
any value: what the unit does then, it does after every reset. Words that the unit never writes keep
what the Verilog gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hwgen.prove.forms.forms import Bit
from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.steps import Step
from hwgen.prove.forms.values import UNKNOWN, Value, aged
from hwgen.prove.machine.memory import Memory, memories_of, number, read
from hwgen.prove.netlist.netlist import Cell, Module, Net, Word
from hwgen.prove.netlist.order import in_order

Run = Callable[[], Sequence[Value]]
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
        self._values: dict[Net, Value] = {"0": 0, "1": 1}
        self._flops = [cell for cell in module.cells if cell.kind == "$dff"]
        for flop in self._flops:
            if flop.inputs["CLK"] != module.port("clk") or not flop.parameters["CLK_POLARITY"]:
                raise module.problem(
                    flop.outputs["Q"][0], "must be clocked by the rising edge of clk"
                )
        self._held = [
            pair for f in self._flops for pair in zip(f.outputs["Q"], f.inputs["D"], strict=True)
        ]
        self._words: dict[str, list[Sequence[Value]]] = {}
        self._kept: dict[str, set[int]] = {memory.name: set() for memory in self.memories}
        self._missed: dict[str, set[int]] = {memory.name: set() for memory in self.memories}
        self._written: dict[str, set[int]] = {memory.name: set() for memory in self.memories}
        self._places: dict[str, int] = {}
        self._steps: list[tuple[Run, Word]] = []
        self._readers: dict[Net, list[int]] = {}
        self._order()
        self._dirty = bytearray(b"\1" * len(self._steps))
        self.reset()

    def reset(self) -> None:
        """Forget all that registers and memories hold, and pass through a cycle of reset."""
        for net, _ in self._held:
            self._put(net, UNKNOWN)
        for memory in self.memories:
            self._words[memory.name] = memory.unknown(self._kept[memory.name])
            self._touch(memory)
        for port in ("i__payload", "i__valid", "o__ready"):
            self.set(self.module.port(port), [UNKNOWN] * len(self.module.port(port)))
        for reset in (1, 0) if "rst" in self.module.ports else ():
            self.set(self.module.port("rst"), (reset,))
            self.settle()
            if reset:  # what is written meanwhile is where something was written before
                self._load()

    def keep_unwritten(self) -> bool:
        """Tell whether words were read that were never written; from the next reset on they count.

        Then writing one is refused.
        """
        found = False
        for name, missed in self._missed.items():
            new = missed - self._written[name] - self._kept[name]
            self._kept[name] |= new
            found = found or bool(new)
        return found

    @property
    def deepest(self) -> int:
        """Give the words of the largest memory."""
        return max((memory.size for memory in self.memories), default=0)

    def get(self, word: Word) -> tuple[Value, ...]:
        """Give what nets carry."""
        return tuple(self._values.get(net, UNKNOWN) for net in word)

    def set(self, word: Word, values: Sequence[Value]) -> None:
        """Drive nets from outside."""
        for net, value in zip(word, values, strict=True):
            self._put(net, value)

    def _put(self, net: Net, value: Value) -> None:
        old = self._values.get(net, UNKNOWN)
        if old is not value and old != value:
            self._values[net] = value
            for place in self._readers.get(net, ()):
                self._dirty[place] = 1

    def settle(self) -> None:
        """Evaluate all cells whose operands changed."""
        values, dirty = self._values, self._dirty
        place = dirty.find(1)
        while place >= 0:
            dirty[place] = 0
            run, nets = self._steps[place]
            for net, value in zip(nets, run(), strict=False):
                if values.get(net, UNKNOWN) is not value:  # a call for each net would take longer
                    self._put(net, value)
            place = dirty.find(1, place + 1)

    def clock(self) -> None:
        """Load all registers and write all memories."""
        for memory in self.memories:
            for port in memory.writes:
                self._write(memory, self.get(port.enable), self.get(port.address), port.words)
            if len(memory.writes) > 1:
                self._forget_conflicts(memory)
        self._load()

    def _load(self) -> None:
        loaded = [self._values.get(net, UNKNOWN) for _, net in self._held]
        for (net, _), value in zip(self._held, loaded, strict=True):
            if self._values.get(net, UNKNOWN) is not value:
                self._put(net, value)

    def _write(
        self, memory: Memory, enable: Sequence[Value], address: Sequence[Value], word: Word
    ) -> None:
        if all(value == 0 for value in enable):
            return
        words, place = self._words[memory.name], number(address)
        if self._kept[memory.name] and (place is None or place in self._kept[memory.name]):
            raise self.module.problem(word[0], "must not be written to a word that was never one")
        if place is None:
            words[:] = [(UNKNOWN,) * len(word)] * len(words)
            self._written[memory.name].update(range(len(words)))
        elif place < len(words):
            self._written[memory.name].add(place)
            new = zip(enable, self.get(word), words[place], strict=True)
            words[place] = tuple(
                value if e == 1 else old if e == 0 else UNKNOWN for e, value, old in new
            )
        self._touch(memory)

    def _forget_conflicts(self, memory: Memory) -> None:
        """Know nothing of a word that several ports may have written at once."""
        words, unknown = self._words[memory.name], (UNKNOWN,) * len(memory.writes[0].words)
        enabled = [p for p in memory.writes if any(value != 0 for value in self.get(p.enable))]
        places = [number(self.get(port.address)) for port in enabled]
        if len(places) > 1 and None in places:
            words[:] = [unknown] * len(words)
        for place in places:
            if places.count(place) > 1 and place is not None and place < len(words):
                words[place] = unknown

    def _touch(self, memory: Memory) -> None:
        for index in range(len(memory.reads)):
            self._dirty[self._places[f"{memory.name} {index}"]] = 1

    def state(self, vectors: int, columns: int) -> tuple[object, ...]:
        """Describe registers and memories, with the vectors counted from `vectors` on."""
        held = (aged(self._values.get(net, UNKNOWN), vectors, columns) for net, _ in self._held)
        stored = (
            aged(value, vectors, columns)
            for memory in self.memories
            if memory.writes
            for word in self._words[memory.name]
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
        for memory in self.memories:
            for index, port in enumerate(memory.reads):
                written = sum((w.address + w.enable for w in memory.writes), ())
                name = f"{memory.name} {index}"
                jobs.append((self._read(memory, index), port.words, port.address + written, name))
        for job, (_, outputs, _, _) in enumerate(jobs):
            makers |= dict.fromkeys(outputs, job)
        for job in in_order(self.module, [operands for _, _, operands, _ in jobs], makers):
            run, outputs, operands, name = jobs[job]
            for net in set(operands):
                self._readers.setdefault(net, []).append(len(self._steps))
            if name:
                self._places[name] = len(self._steps)
            self._steps.append((run, outputs))

    def _cell(self, cell: Cell) -> Run:
        """Give what evaluates a cell; a choice that is certain is the most frequent one."""
        values, rule = self._values, self.rules.rule
        ports = list(cell.inputs.items())

        def run() -> Sequence[Value]:
            return rule(
                cell, {port: [values.get(net, UNKNOWN) for net in nets] for port, nets in ports}
            )

        if cell.kind != "$mux":
            return run
        a, b, (select,) = cell.inputs["A"], cell.inputs["B"], cell.inputs["S"]

        def choose() -> Sequence[Value]:
            chosen = values.get(select, UNKNOWN)
            if chosen == 0:
                return [values.get(net, UNKNOWN) for net in a]
            return [values.get(net, UNKNOWN) for net in b] if chosen == 1 else run()

        return choose

    def _read(self, memory: Memory, index: int) -> Run:
        """Give what reads a memory: the word before, or unknown if synthesis need not give it."""
        port = memory.reads[index]
        steps = self.rules.steps
        contents = memory.table() if steps is not None and not memory.writes else None

        def run() -> Sequence[Value]:
            address = self.get(port.address)
            for write in memory.writes if memory.unchecked else ():
                writes = any(value != 0 for value in self.get(write.enable))
                if writes and self._may_meet(address, self.get(write.address)):
                    return (UNKNOWN,) * len(port.words)
            self._missed[memory.name].update(self._unwritten(memory, address))
            pointers = [value for value in address if isinstance(value, int | Bit | Step)]
            if steps is None or contents is None or len(pointers) < len(address):
                return read(self._words[memory.name], address)
            found = steps.read(contents, pointers)
            return (UNKNOWN,) * len(port.words) if found is None else found

        return run

    def _unwritten(self, memory: Memory, address: Sequence[Value]) -> tuple[int, ...]:
        """Give the place of a word that is read and was not written so far."""
        place = number(address) if memory.writes else None
        known = place is None or place >= memory.size or place in self._written[memory.name]
        return () if known else (place,)

    def _may_meet(self, first: Sequence[Value], second: Sequence[Value]) -> bool:
        a, b = number(first), number(second)
        return a is None or b is None or a == b
