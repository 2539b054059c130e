"""Cones: cells that only one cell reads are looked up together with it, as one operation.

A product of a coded weight is dozens of small cells. As one operation of a few bits it is looked up
once for each weight, whichever element it is of. Cells of a cone are still there one by one, behind
it, for what is not looked up: operands that are all certain, or of which one is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.prove.compiled import layout
from hwgen.prove.compiled.job import Job
from hwgen.prove.machine.memory import Memory
from hwgen.prove.netlist.netlist import Module, Net
from hwgen.prove.netlist.order import in_order

FEWEST_CELLS = 3
MOST_BITS = 32  # that a cone reads
ROOTS = (layout.GATE, layout.SUM, layout.COMPARE)
INNER = (*ROOTS, layout.COPY)
CONSTANTS: tuple[Net, ...] = ("0", "1", "x")


def with_cones(module: Module, memories: Sequence[Memory], jobs: Sequence[Job]) -> list[Job]:
    """Give operations in order, those of a cone side by side behind the cone itself.

    `jobs` are in order too.
    """
    found = _Cones(module, memories, jobs)
    groups: dict[int, list[int]] = {}
    for place in range(len(jobs)):
        groups.setdefault(found.root[place], []).append(place)
    groups = {root: cells for root, cells in groups.items() if found.is_cone(root, len(cells))}
    inside = {place for cells in groups.values() for place in cells}
    parts = [*groups.values(), *([place] for place in range(len(jobs)) if place not in inside)]
    makers = {net: k for k, part in enumerate(parts) for p in part for net in jobs[p].output}
    operands = [
        tuple(net for p in part for net in jobs[p].reads() if makers.get(net) != k)
        for k, part in enumerate(parts)
    ]
    ordered: list[Job] = []
    for k in in_order(module, operands, makers):
        cells = [jobs[place] for place in parts[k]]
        if len(cells) > 1:
            ordered.append(_cone(cells))
        ordered += cells
    return ordered


def _cone(cells: Sequence[Job]) -> Job:
    inner = {net for job in cells for net in job.output}
    nets = dict.fromkeys(net for job in cells for net in job.reads())
    outer = tuple(net for net in nets if net not in inner and net not in CONSTANTS)
    return Job(
        kind=layout.CONE, detail=len(cells), operands=(outer,), output=(), members=tuple(cells)
    )


class _Cones:
    """The last cell of the cone of each operation; of most it is the operation itself."""

    def __init__(self, module: Module, memories: Sequence[Memory], jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._data = _data(module, memories, jobs)
        outside = _outside(module, memories, jobs)
        readers: dict[Net, list[int]] = {}
        for place, job in enumerate(jobs):
            for net in job.reads():
                readers.setdefault(net, []).append(place)
        self.root = list(range(len(jobs)))
        self._outer = [set(job.reads()).difference(CONSTANTS) for job in jobs]
        for place in range(len(jobs) - 1, -1, -1):
            output = jobs[place].output
            roots = {self.root[user] for net in output for user in readers.get(net, ())}
            if jobs[place].kind in INNER and len(roots) == 1 and not outside.intersection(output):
                self._join(place, roots.pop())

    def _join(self, place: int, root: int) -> None:
        """Let an operation belong to a cone, unless that would read too many bits."""
        outer = self._outer[root]
        joined = outer.difference(self._jobs[place].output) | self._outer[place]
        if self._jobs[root].kind in ROOTS and len(joined) <= max(MOST_BITS, len(outer)):
            self.root[place] = root
            self._outer[root] = joined

    def is_cone(self, root: int, cells: int) -> bool:
        """Whether the operations that belong to one are looked up together."""
        is_data = not self._data.isdisjoint(self._jobs[root].output)
        return is_data and cells >= FEWEST_CELLS and len(self._outer[root]) <= MOST_BITS


def _outside(module: Module, memories: Sequence[Memory], jobs: Sequence[Job]) -> set[Net]:
    """Give the nets that something reads which is no cell, or that are looked at."""
    words = [*module.ports.values(), *(job.also for job in jobs)]
    words += [word for cell in module.cells if cell.kind == "$dff" for word in cell.inputs.values()]
    for memory in memories:
        words += [port.address + port.words + port.enable for port in memory.writes]
    return {net for word in words for net in word}


def _data(module: Module, memories: Sequence[Memory], jobs: Sequence[Job]) -> set[Net]:
    """Give the nets that the payload reaches."""
    follows: dict[Net, list[tuple[Net, ...]]] = {}

    def lead(sources: Sequence[Net], nets: tuple[Net, ...]) -> None:
        for source in dict.fromkeys(sources):
            follows.setdefault(source, []).append(nets)

    for job in jobs:
        lead(job.reads(), job.output)
    for cell in module.cells:
        if cell.kind == "$dff":
            lead(cell.inputs["D"], cell.outputs["Q"])
    for memory in memories:
        given = sum((port.words for port in memory.reads), ())
        for port in memory.writes:
            lead(port.words, given)
    found, waiting = set(), list(module.port("i__payload"))
    while waiting:
        net = waiting.pop()
        if net not in found and net not in CONSTANTS:
            found.add(net)
            waiting += [after for nets in follows.get(net, ()) for after in nets]
    return found
