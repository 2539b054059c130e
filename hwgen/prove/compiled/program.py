"""Reads the netlist of a unit as a list of operations on bits, each behind those that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from hwgen.prove.compiled import layout
from hwgen.prove.compiled.cones import with_cones
from hwgen.prove.compiled.job import Job
from hwgen.prove.compiled.layout import UNKNOWN, Program
from hwgen.prove.machine.memory import Memory
from hwgen.prove.netlist.netlist import Cell, Module, Net, Word
from hwgen.prove.netlist.order import in_order

STATELESS = ("$dff", "$mem_v2", "$scopeinfo")
GATES = {
    "$and": layout.AND,
    "$or": layout.OR,
    "$xor": layout.XOR,
    "$xnor": layout.XNOR,
    "$not": layout.NOT,
}
SUMS = {"$add": layout.ADD, "$sub": layout.SUB, "$neg": layout.NEG, "$pos": layout.POS}
COMPARISONS = {
    "$eq": layout.EQ,
    "$ne": layout.NE,
    "$lt": layout.LT,
    "$le": layout.LE,
    "$gt": layout.GT,
    "$ge": layout.GE,
    "$reduce_or": layout.OR_ALL,
    "$reduce_bool": layout.OR_ALL,
    "$reduce_and": layout.AND_ALL,
    "$logic_not": layout.NONE,
    "$logic_and": layout.BOTH,
    "$logic_or": layout.EITHER,
}
CONSTANTS: dict[Net, int] = {"0": 0, "1": 1}
PORTS = ("i__payload", "i__valid", "o__ready", "rst", "clk")


def jobs_of(module: Module, memories: Sequence[Memory], watched: Sequence[Cell]) -> list[Job]:
    """Give the operations of a unit in order; `watched` are registers to look at.

    Raises
    ------
    NotProvedError
        Where a cell cannot be followed, or cells make a loop.
    """
    jobs: list[Job] = []
    for cell in module.cells:
        if cell.kind in STATELESS:
            continue
        if "Y" not in cell.outputs:
            net = next(iter(sum(cell.outputs.values(), ())), "x")
            raise module.problem(net, f"{cell.kind} is no cell that can be followed")
        jobs.append(_job(cell))
    ports = [(m, port) for m, memory in enumerate(memories) for port in memory.reads]
    for number, (m, port) in enumerate(ports):
        written = sum((w.address + w.enable for w in memories[m].writes), ())
        jobs.append(
            Job(
                kind=layout.READ,
                detail=number,
                operands=(port.address,),
                output=port.words,
                also=written,
                memory=(m, port),
            )
        )
    makers = {net: index for index, job in enumerate(jobs) for net in job.output}
    order = in_order(module, [job.reads() for job in jobs], makers)
    looks = [
        Job(
            kind=layout.WATCH,
            detail=index,
            operands=(flop.inputs["D"],),
            output=(),
            cell=flop,
        )
        for index, flop in enumerate(watched)
    ]
    return [*with_cones(module, memories, [jobs[index] for index in order]), *looks]


def _job(cell: Cell) -> Job:
    a, b = cell.inputs.get("A", ()), cell.inputs.get("B", ())
    signed = (cell.signed("A"), cell.signed("B"))
    kind, detail = layout.ANY, 0
    names = tuple(cell.inputs)
    if cell.kind in ("$mux", "$pmux"):
        kind, names = layout.COPY, ("S", "A", "B")
    elif cell.kind in GATES:
        kind, detail, names = layout.GATE, GATES[cell.kind], ("A", "B")
    elif cell.kind in SUMS:
        kind, detail, names = layout.SUM, SUMS[cell.kind], ("A", "B")
    elif cell.kind in COMPARISONS and not any(signed) and max(len(a), len(b)) < layout.LONG:
        kind, detail, names = layout.COMPARE, COMPARISONS[cell.kind], ("A", "B")
    return Job(
        kind=kind,
        detail=detail,
        operands=tuple(cell.inputs.get(name, ()) for name in names),
        names=names,
        output=cell.outputs["Y"],
        signed=signed,
        cell=cell,
    )


class Wires:
    """Numbers of nets: the bits of each driver's word lie side by side."""

    def __init__(self) -> None:
        self.count = 3  # 0, 1 and what nothing drives
        self.words = 0
        self._places: dict[Net, tuple[int, int]] = {}

    def add(self, word: Word) -> int:
        """Let a driver have a word, and give its first wire."""
        start = self.count
        for net in word:
            self._places[net] = self.count, self.words
            self.count += 1
        self.words += 1
        return start

    def of(self, word: Word) -> list[int]:
        """Give the wires of nets."""
        places = self._places
        return [places[n][0] if n in places else CONSTANTS.get(n, UNKNOWN) for n in word]

    def sources(self, word: Word) -> set[int]:
        """Give the drivers' words that nets belong to."""
        return {self._places[net][1] for net in word if net in self._places}


def program_of(
    module: Module, memories: Sequence[Memory], jobs: Sequence[Job], signs: Sequence[int]
) -> tuple[Program, Wires]:
    """Write operations, registers and memories as tables; `signs` number what jobs are alike."""
    wires = Wires()
    out = [wires.add(job.output) for job in jobs]
    flops = [cell for cell in module.cells if cell.kind == "$dff"]
    for flop in flops:
        wires.add(flop.outputs["Q"])
    ports = {port: wires.words for port in PORTS if module.ports.get(port)}
    for port in PORTS:
        if module.ports.get(port):
            ports[port] = wires.words
            wires.add(module.ports[port])
    operands = [wires.of(sum(job.operands, ())) for job in jobs]
    heads = [place for place, job in enumerate(jobs) if job.members]
    for head in heads:
        out[head] = out[head + jobs[head].detail]
    inside = {head + 1 + k: head for head in heads for k in range(jobs[head].detail)}
    readers: list[list[int]] = [[] for _ in range(wires.words)]
    for place, job in enumerate(jobs):
        for word in wires.sources(job.reads()):
            if place not in inside or inside[place] < word < place:  # what it reads is in the cone
                readers[word].append(place)
    of_memory = [
        [p for p, job in enumerate(jobs) if job.memory and job.memory[0] == m]
        for m in range(len(memories))
    ]
    writes = [(m, port) for m, memory in enumerate(memories) for port in memory.writes]
    held = [net for flop in flops for net in flop.outputs["Q"]]
    return Program(
        kind=_ints([job.kind for job in jobs]),
        detail=_ints([job.detail for job in jobs]),
        sign=_longs(signs),
        starts=_starts([len(each) for each in operands]),
        ports=_ints([wire for each in operands for wire in each]),
        first=_ints([[*map(len, job.operands[:2]), 0, 0][:2] for job in jobs]).reshape(-1, 2),
        signed=np.array([job.signed for job in jobs], np.uint8).reshape(-1, 2),
        out=_ints(out),
        width=_ints([len((job.members or (job,))[-1].output) for job in jobs]),
        readers_at=_starts([len(each) for each in readers]),
        readers=_ints([place for each in readers for place in each]),
        held=_ints(wires.of(tuple(held))),
        loads=_ints(wires.of(tuple(net for flop in flops for net in flop.inputs["D"]))),
        held_word=_ints([len(jobs) + k for k, flop in enumerate(flops) for _ in flop.outputs["Q"]]),
        memory_at=_longs([0, *accumulate(m.size * len(m.contents[0]) for m in memories)]),
        memory_words=_longs([m.size for m in memories]),
        memory_width=_longs([len(m.contents[0]) for m in memories]),
        memory_first=_longs([0, *accumulate(m.size for m in memories)]),
        has_writes=np.array([bool(m.writes) for m in memories], np.uint8),
        unchecked=np.array([m.unchecked for m in memories], np.uint8),
        reads_at=_starts([len(each) for each in of_memory]),
        reads=_ints([place for each in of_memory for place in each]),
        read_memory=_ints([job.memory[0] if job.memory else -1 for job in jobs]),
        write_memory=_ints([m for m, _ in writes]),
        write_bits=_ints([len(port.address) for _, port in writes]),
        write_at=_starts([len(p.address) + len(p.words) + len(p.enable) for _, p in writes]),
        write_ports=_ints([w for _, p in writes for w in wires.of(p.address + p.words + p.enable)]),
        payload=_ints(wires.of(module.port("i__payload"))),
        shown=_ints(wires.of(module.port("o__payload"))),
        handshakes=_ints(
            wires.of(
                tuple(
                    module.port(port)[0]
                    for port in ("i__valid", "i__ready", "o__valid", "o__ready")
                )
            )
        ),
        inputs=_longs([ports.get(port, -1) for port in PORTS]),
        reset=_ints(wires.of(module.ports.get("rst", ()))),
    ), wires


def _ints(values: Sequence[object]) -> layout.Ints:
    return np.array(values, np.int32)


def _longs(values: Sequence[int]) -> layout.Longs:
    return np.array(values, np.int64)


def _starts(sizes: Sequence[int]) -> layout.Ints:
    return np.array([0, *accumulate(sizes)], np.int32)
