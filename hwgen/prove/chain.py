"""Proves a chain of units of which some take several beats a vector, one unit after another.

What a unit is shown to send is what the next one is shown to read. Each is run alone, on whole
vectors or on whole frames of a map. Units that read a map pixel by pixel are shown as in
`maps.chain`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from hwgen.ir import (
    Add,
    Argmax,
    Conv2d,
    Dense,
    Flatten,
    MaxPool2d,
    Op,
    PixelShuffle,
    SumPool2d,
    Threshold,
    UpsampleNearest,
)
from hwgen.numeric import Range
from hwgen.prove.certificate.folded import FoldedLayer
from hwgen.prove.certificate.maps import MapUnit
from hwgen.prove.ends import check_end
from hwgen.prove.frames.elements import enlarged, sums_themselves
from hwgen.prove.frames.passage import MOVERS, Passage, UnitRun
from hwgen.prove.frames.rows import Frame, frame_rows, frame_thresholds, whole
from hwgen.prove.machine.streams import Element, Stream
from hwgen.prove.maps.chain import COMPUTING, MOVING, check_last
from hwgen.prove.maps.joint import by_position, over_frames
from hwgen.prove.maps.stream import MapStream, entering
from hwgen.prove.maps.summing import settle
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.pipeline import Flow
from hwgen.prove.netlist.read import DesignFolder
from hwgen.prove.views import is_map

Progress = Callable[[str], None]
BY_POSITION = ("WindowBuffer", "RunningPool", "WindowMax", "UnrolledDense")  # on maps
BEHIND = ("ParallelThreshold", "ParallelArgmax", "Fifo")  # the same, behind one of these


class Chain:
    """What was shown of the units so far; `layers` and `maps` grow as `prove` goes on.

    Parameters
    ----------
    design
        The network, and what the units are.
    netlist, modules
        What Yosys wrote of each unit.
    progress
        Told the name of each unit.
    start, nodes
        What enters the first unit, and the operations that the units do with it.
    """

    def __init__(
        self,
        design: DesignFolder,
        netlist: Mapping[str, Any],
        modules: Mapping[str, Module],
        progress: Progress,
        start: Shown,
        nodes: list[Op],
    ) -> None:
        self.design = design
        self.layers: list[FoldedLayer] = []
        self.maps: list[MapUnit] = []
        self.flows: list[tuple[str, Flow]] = []
        self._small = False  # whether units still send the small map of an enlarged one
        self._units = Passage(design, netlist, modules, start.stream, start.frame, progress)
        self._nodes = nodes
        self._by_position = start.by_position
        if start.by_position is not None:
            self._by_position = MapStream(
                nodes, start.by_position.image, start.by_position.channels
            )

    @property
    def runs(self) -> list[UnitRun]:
        """How long units took that were run on whole vectors or frames."""
        return self._units.all_runs

    def prove(self) -> None:
        """Go through all units to the design's output.

        Raises
        ------
        NotProvedError
            Where one does not do what the network does.
        """
        self.run()
        units = self._units
        if self._by_position is not None:
            last = units.modules[self.design.units[-1]]
            check_last(self.design, last, self._by_position)
        self._over_frames()
        if any(not isinstance(node, Flatten) for node in self._nodes):
            raise NotProvedError(f"{self.design.top}: must have units for all of the network")
        check_end(self.design, units.frame, units.stream)

    def leaves(self) -> Shown:
        """Give what leaves the last unit, behind all operations.

        Raises
        ------
        NotProvedError
            Where operations are left, or windows or sums in another code leave.
        """
        shown, last = self._by_position, self.design.units[-1]
        self._flatten()
        if self._nodes:
            raise NotProvedError(f"{last}: must give {self._nodes[-1].name}, behind other units")
        if shown is None:
            return Shown(self._units.stream, self._units.frame)
        settle(shown, self._units.modules[last])
        if shown.taps:
            raise NotProvedError(f"{last}: must give pixels, not windows")
        self.flows += shown.flows
        shown.flows = []
        return replace(NOTHING, by_position=shown)

    def run(self) -> None:
        """Go through all units.

        Raises
        ------
        NotProvedError
            Where one does not do what the network does.
        """
        units = self._units
        on_map = BY_POSITION if is_map(self.design.graph) else ()
        while units.kind:
            known = BEHIND if self._by_position is not None else ()
            in_beats = self._comes_in_beats()
            if units.kind == "RunningPool" and in_beats:
                self._pool()
                continue
            repeats = isinstance(next(iter(self._nodes), None), UpsampleNearest) and not self._small
            by_pixel = units.kind == "Enlarger" and repeats and not in_beats
            if units.kind in (*on_map, *known) or by_pixel:
                self._unit_by_position()
                continue
            self._over_frames()
            if units.kind in MOVERS:
                units.move()
            elif units.kind == "Enlarger":
                units.enlarge(None if self._small else self._next(UpsampleNearest, PixelShuffle))
                self._small = False
            else:
                self._layer()

    def _comes_in_beats(self) -> bool:
        """Whether a map comes whose pixels are several beats."""
        units = self._units
        return self._by_position is None and len(units.stream.beats) > units.frame.positions

    def _pool(self) -> None:
        """Show a pooling of a map whose pixels come in several beats."""
        units, name = self._units, self._units.name
        node = self._next(MaxPool2d, SumPool2d)
        if not isinstance(node, MaxPool2d | SumPool2d):
            raise NotProvedError(f"{name}: must be of a pooling of the network")
        states = units.pool(node)
        self.maps.append(
            MapUnit(
                name=name,
                op="max pool" if isinstance(node, MaxPool2d) else "sum pool",
                positions=units.frame.positions,
                states=states,
                ranges=tuple(Range(lo, hi) for lo, hi in units.frame.ranges()),
            )
        )

    def _unit_by_position(self) -> None:
        """Show a unit that reads a map pixel by pixel."""
        units, kind = self._units, self._units.kind
        if self._by_position is None:
            self._flatten()
            self._by_position = by_position(units.name, self._nodes, units.stream, units.frame)
        module = units.take()
        if kind in MOVING:
            self.maps.append(MOVING[kind](self._by_position, units.netlist, module))
        else:
            self.maps.append(COMPUTING[kind](self._by_position, module))

    def _over_frames(self) -> None:
        """Go on with whole frames.

        Raises
        ------
        NotProvedError
            Where there are no pixels, but windows or sums in another code.
        """
        shown, units = self._by_position, self._units
        if shown is not None:
            name = units.name if units.kind else self.design.units[-1]
            settle(shown, units.modules[name])
            units.stream, units.frame = over_frames(name, shown)
            self.flows += shown.flows
            self._by_position = None

    def _flatten(self) -> None:
        """Go on with a vector where the network does: its elements are in the order of the map."""
        while self._next(Flatten) is not None:
            self._units.frame = replace(self._units.frame, image=(1, 1))

    def _enlarge_unseen(self) -> None:
        """Go on with a larger map where the network does and no unit shows its pixels again.

        The rows of what reads it are sums of the small map's elements, each as often as it is seen.
        """
        units = self._units
        while (node := self._next(UpsampleNearest)) is not None:
            assert isinstance(node, UpsampleNearest)
            units.stream, units.frame = enlarged(node, units.stream, units.frame)
            self._small = True

    def _next(self, *kinds: type) -> Op | None:
        """Take the next operation, if it is of some kind."""
        return self._nodes.pop(0) if self._nodes and isinstance(self._nodes[0], kinds) else None

    def _layer(self) -> None:
        """Show the matrix of the next operation, or none, and what reads its sums."""
        self._flatten()
        self._enlarge_unseen()
        units, before = self._units, self._units.frame
        matrix = self._next(Dense, Conv2d, SumPool2d, Add)
        tail = self._next(Threshold, Argmax)
        node = matrix or tail
        if node is None and self._nodes:
            raise NotProvedError(f"{units.name}: must be of an operation of the network")
        name = units.name if node is None else node.name
        units.runs = []
        image, rows = frame_rows(matrix, before)
        codes = None
        if isinstance(tail, Threshold):
            thresholds = frame_thresholds(tail, prod(image))
            dense = units.dense(rows, thresholds)
            codes = units.codes(thresholds, rows, image)
        else:
            dense = units.dense(rows, None)
            if not isinstance(tail, Argmax):
                units.stream, units.frame = sums_themselves(units.stream, image, rows)
            else:
                units.argmax(tail, rows)
        units.move()
        self.layers.append(
            FoldedLayer(
                name=name,
                inputs=before,
                outputs=units.frame,
                dense=dense,
                tail=codes,
                is_argmax=isinstance(tail, Argmax),
                runs=tuple(units.runs),
            )
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """What a unit sends: beats of a frame, or of a map by position."""

    stream: Stream
    frame: Frame
    by_position: MapStream | None = None


NOTHING = Shown(Stream(lanes=(), beats=()), whole((1, 1), ()))


def design_input(design: DesignFolder) -> Shown:
    """Give what enters a design.

    Raises
    ------
    NotProvedError
        Where the design does not take what the network reads.
    """
    start = entering(design.graph)
    limits = [channel.limits for channel in start.channels for _ in range(start.positions)]
    return Shown(_beats(design, start), whole(start.image, limits))


def _beats(design: DesignFolder, start: MapStream) -> Stream:
    """Give the stream that enters: the channels of each position, in beats of equal lanes.

    Raises
    ------
    NotProvedError
        Where they are not so many beats.
    """
    positions, width = start.positions, design.input_lanes
    beats = -(-len(start.channels) // width)
    if design.input_beats != positions * beats:
        raise NotProvedError(f"{design.top}: must take {positions * beats} beats of {width} lanes")
    found = []
    for position in range(positions):
        slots = [
            Element(column=k * positions + position, limits=channel.limits, bits=channel.bits)
            for k, channel in enumerate(start.channels)
        ]
        padded = [*slots, *[None] * (beats * width - len(slots))]
        found += [tuple(padded[k : k + width]) for k in range(0, len(padded), width)]
    return Stream(lanes=(start.channels[0].bits,) * width, beats=tuple(found))
