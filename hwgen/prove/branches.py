"""Proves designs whose units are no chain: one run of units after another.

A run is a chain of units between places where streams divide or meet. What a run is shown to send
is what the runs that read it are shown to read; where they read several, channels lie side by side.
Which operations a run is of follows from the values of the network at its ends: those of the design
are hints, and a wrong one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hwgen.ir import Add, Concat, Flatten, Graph, Op
from hwgen.prove.certificate.folded import FoldedLayer
from hwgen.prove.certificate.maps import MapUnit
from hwgen.prove.chain import NOTHING, Chain, Shown, design_input
from hwgen.prove.frames.elements import side_by_side
from hwgen.prove.frames.passage import UnitRun
from hwgen.prove.maps.joint import over_frames
from hwgen.prove.maps.stream import MapStream
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.pipeline import Flow
from hwgen.prove.netlist.read import DesignFolder

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Value:
    """What a run sends, and the values of the network that it is, side by side."""

    names: tuple[str, ...]
    shown: Shown


class Branches:
    """What was shown so far; `layers`, `maps`, `flows` and `runs` grow as `prove` goes on.

    Parameters
    ----------
    design
        The network, and what the units are.
    netlist, modules
        What Yosys wrote of each unit.
    progress
        Told the name of each unit.
    """

    def __init__(
        self,
        design: DesignFolder,
        netlist: Mapping[str, Any],
        modules: Mapping[str, Module],
        progress: Progress,
    ) -> None:
        self.design = design
        self.layers: list[FoldedLayer] = []
        self.maps: list[MapUnit] = []
        self.flows: list[tuple[str, Flow]] = []
        self.runs: list[UnitRun] = []
        self._netlist, self._modules, self._progress = netlist, modules, progress
        self._ends = {-1: _Value(("input",), design_input(design))}

    def prove(self) -> None:
        """Go through all runs of units.

        Raises
        ------
        NotProvedError
            Where one does not do what the network does.
        """
        for run in runs_of(self.design.wiring):
            before = self._read(run[0])
            is_last = run[-1] == len(self.design.units) - 1
            hints = [self.design.gives[unit] for unit in run if self.design.gives[unit]]
            name = hints[-1] if hints else before.names
            if is_last:
                name = self.design.graph.output
            chain = self._chain(run, before, name)
            if is_last:
                chain.prove()
            else:
                chain.run()
                names = name if isinstance(name, tuple) else (name,)
                self._ends[run[-1]] = _Value(names, chain.leaves())
            self.layers += chain.layers
            self.maps += chain.maps
            self.flows += chain.flows
            self.runs += chain.runs

    def _chain(self, run: list[int], before: _Value, name: str | tuple[str, ...]) -> Chain:
        nodes = [] if isinstance(name, tuple) else path(self.design.graph, before.names, name)
        part = replace(
            self.design,
            units=tuple(self.design.units[unit] for unit in run),
            kinds=tuple(self.design.kinds[unit] for unit in run),
        )
        return Chain(part, self._netlist, self._modules, self._progress, before.shown, nodes)

    def _read(self, unit: int) -> _Value:
        """Give what a unit reads: values side by side where it reads several."""
        parts = [self._ends[source] for source in self.design.wiring[unit]]
        if len(parts) == 1:
            return parts[0]
        names = tuple(name for part in parts for name in part.names)
        shown = [part.shown for part in parts]
        maps = [part.by_position for part in shown if part.by_position is not None]
        if len(maps) == len(parts) and len({part.image for part in maps}) == 1:
            channels = [channel for part in maps for channel in part.channels]
            joined = MapStream([], maps[0].image, channels)
            return _Value(names, replace(NOTHING, by_position=joined))
        name = self.design.units[unit]
        return _Value(names, Shown(*side_by_side([_frames(part, name) for part in shown], name)))


def _frames(shown: Shown, name: str) -> tuple[Any, Any]:
    if shown.by_position is None:
        return shown.stream, shown.frame
    return over_frames(name, shown.by_position)


def runs_of(reads: tuple[tuple[int, ...], ...]) -> list[list[int]]:
    """Give the chains of units between places where streams divide or meet."""
    readers: dict[int, list[int]] = {}
    for index, sources in enumerate(reads):
        for source in sources:
            readers.setdefault(source, []).append(index)
    runs: dict[int, list[int]] = {}  # by their last unit
    for index, sources in enumerate(reads):
        before = runs.pop(sources[0], None) if len(sources) == 1 else None
        if before is not None and len(readers[sources[0]]) == 1:
            runs[index] = [*before, index]
            continue
        if before is not None:
            runs[sources[0]] = before
        runs[index] = [index]
    return sorted(runs.values())


def path(graph: Graph, names: tuple[str, ...], name: str) -> list[Op]:
    """Give the operations that make a value of others, which are side by side.

    Raises
    ------
    NotProvedError
        Where it is not made of them alone.
    """
    found: list[Op] = []
    wanted = {names, tuple(_as_map(graph, own) for own in names)}
    while _parts(graph, name) not in wanted:
        node = None if name == "input" else graph.node(name)
        if node is None or (len(node.inputs) > 1 and not isinstance(node, Add)):
            break
        found.insert(0, node)
        if isinstance(node, Add):
            if sum((_parts(graph, source) for source in node.inputs), ()) in wanted:
                return found
            break
        (name,) = node.inputs
    else:
        return found
    raise NotProvedError(f"{graph.name}: {name} must be made of {', '.join(names)} alone")


def _parts(graph: Graph, name: str) -> tuple[str, ...]:
    """Give the values that lie side by side in a value; one that is no concatenation is its own."""
    node = None if name == "input" else graph.node(name)
    if not isinstance(node, Concat):
        return (name,)
    return sum((_parts(graph, _as_map(graph, source)) for source in node.inputs), ())


def _as_map(graph: Graph, name: str) -> str:
    """Give the map of one position that a vector is, which has the same elements."""
    node = None if name == "input" else graph.node(name)
    while isinstance(node, Flatten):
        (source,) = node.inputs
        if graph.tensors[source].shape[1:] not in ((), (1, 1)):
            break
        name = source
        node = None if name == "input" else graph.node(name)
    return name
