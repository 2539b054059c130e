"""Proves a chain of units of which some take several beats a vector, one unit after another.

What a unit is shown to send is what the next one is shown to read. Each is run alone, on whole
vectors or on whole frames of a map. Units that see a map pixel by pixel are shown as in
`maps.chain`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

from hwgen.ir import Argmax, Conv2d, Dense, Flatten, Op, SumPool2d, Threshold
from hwgen.numeric import Range
from hwgen.prove.certificate.folded import FoldedLayer, UnitRun
from hwgen.prove.certificate.maps import MapUnit
from hwgen.prove.ends import check_end
from hwgen.prove.forms.forms import Form, Ranges
from hwgen.prove.forms.rules import Rules
from hwgen.prove.frames.joint import by_position, over_frames, sums_themselves
from hwgen.prove.frames.rows import Frame, frame_rows, frame_thresholds, whole
from hwgen.prove.machine.machine import Machine
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Element, Stream
from hwgen.prove.maps.chain import COMPUTING, MOVING, check_last
from hwgen.prove.maps.stream import MapStream, entering
from hwgen.prove.maps.summing import settle
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.pipeline import Flow
from hwgen.prove.netlist.read import DesignFolder
from hwgen.prove.units.best import prove_best
from hwgen.prove.units.codes import CodesProof, prove_codes
from hwgen.prove.units.folded import FoldedProof, Repeated, prove_folded
from hwgen.prove.units.movers import prove_mover
from hwgen.prove.units.one_beat import argmax_of_beat
from hwgen.prove.units.staircase import reached_codes
from hwgen.prove.views import is_map

Progress = Callable[[str], None]
MOVERS = ("Fifo", "Narrower", "Widener", "Reorder", "OutputBuffer")
BY_POSITION = ("WindowBuffer", "RunningPool", "WindowMax", "UnrolledDense")  # on maps
BEHIND = ("ParallelThreshold", "ParallelArgmax")  # the same, where the sums come from one of these


class Chain:
    """The stream between two units, and what is known of the frame that it carries.

    Parameters
    ----------
    design
        The network, and what the units are.
    netlist, modules
        What Yosys wrote of each unit.
    """

    def __init__(
        self, design: DesignFolder, netlist: Mapping[str, Any], modules: Mapping[str, Module]
    ) -> None:
        self.design = design
        self.netlist = netlist
        self.modules = modules
        self.layers: list[FoldedLayer] = []
        self.maps: list[MapUnit] = []
        self.flows: list[tuple[str, Flow]] = []
        start = entering(design.graph)
        self.nodes = start.nodes
        self.by_position: MapStream | None = None
        limits = [channel.limits for channel in start.channels for _ in range(start.positions)]
        self.frame = whole(start.image, limits)
        self.stream = self._input(start)
        self._is_map = is_map(design.graph)
        self._left = list(zip(design.units, design.kinds, strict=True))

    def _input(self, start: MapStream) -> Stream:
        """Give the stream that enters: the channels of each position, in beats of equal lanes.

        Raises
        ------
        NotProvedError
            Where they are not so many beats.
        """
        positions, width = start.positions, self.design.input_lanes
        beats = -(-len(start.channels) // width)
        if self.design.input_beats != positions * beats:
            raise NotProvedError(
                f"{self.design.top}: must take {positions * beats} beats of {width} lanes"
            )
        found = []
        for position in range(positions):
            slots = [
                Element(column=k * positions + position, limits=c.limits, bits=c.bits)
                for k, c in enumerate(start.channels)
            ]
            padded = [*slots, *[None] * (beats * width - len(slots))]
            found += [tuple(padded[k : k + width]) for k in range(0, len(padded), width)]
        return Stream(lanes=(start.channels[0].bits,) * width, beats=tuple(found))

    def prove(self, progress: Progress) -> None:
        """Go through all units, and note what was shown of each.

        Raises
        ------
        NotProvedError
            Where a unit does not do what the network does.
        """
        self._progress = progress
        self._runs: list[UnitRun] = []
        while self._left:
            name, kind = self._left[0]
            known = (*BEHIND, "Fifo") if self.by_position is not None else ()
            if self._is_map and kind in (*BY_POSITION, *known):
                self._unit_by_position(name, kind)
                continue
            self._over_frames()
            if kind in MOVERS:
                self._move()
            else:
                self._layer()
        if self.by_position is not None:
            check_last(self.design, self.modules[self.design.units[-1]], self.by_position)
            return
        self._flatten()
        if self.nodes:
            raise NotProvedError(f"{self.design.top}: must have units for all of the network")
        check_end(self.design, self.frame, self.stream)

    def _unit_by_position(self, name: str, kind: str) -> None:
        """Show a unit that reads a map pixel by pixel."""
        self._left.pop(0)
        self._progress(name)
        if self.by_position is None:
            self._flatten()
            self.by_position = by_position(name, self.nodes, self.stream, self.frame)
        shown = self.by_position
        if kind in MOVING:
            self.maps.append(MOVING[kind](shown, self.netlist, self.modules[name]))
        else:
            self.maps.append(COMPUTING[kind](shown, self.modules[name]))

    def _over_frames(self) -> None:
        """Go on with whole frames."""
        if self.by_position is not None:
            settle(self.by_position, self.modules[self._left[0][0]])
            self.stream, self.frame = over_frames(self.by_position)
            self.flows += self.by_position.flows
            self.by_position = None

    def _flatten(self) -> None:
        """Go on with a vector where the network does: its elements are in the order of the map."""
        while self.nodes and isinstance(self.nodes[0], Flatten):
            self.nodes.pop(0)
            self.frame = replace(self.frame, image=(1, 1))

    def _machine(self, inputs: Ranges, *, wide_sums: bool = False) -> tuple[Machine, Rules]:
        """Set up the next unit.

        Raises
        ------
        NotProvedError
            Where there is none, or it reads another payload than the unit before it sends.
        """
        if not self._left:
            raise NotProvedError(f"{self.design.top}: must have a unit for every layer")
        name, _ = self._left.pop(0)
        self._progress(name)
        module = self.modules[name]
        rules = Rules(module, inputs, wide_sums=wide_sums)
        payload = module.port("i__payload")
        if len(payload) != sum(self.stream.lanes):
            raise module.problem(
                payload[0],
                f"i__payload must have {sum(self.stream.lanes)} bits, not {len(payload)}",
            )
        return Machine(module, self.netlist[name], rules), rules

    def _note(self, machine: Machine, run: SteadyRun) -> None:
        self._runs.append(
            UnitRun(name=machine.module.name, interval=run.interval, latency=run.latency)
        )

    def _move(self) -> None:
        """Go through queues and converters."""
        while self._left and self._left[0][1] in MOVERS:
            machine, _ = self._machine(())
            self.stream, run = prove_mover(machine, self.stream)
            self._note(machine, run)

    def _layer(self) -> None:
        """Show the matrix of the next operation, or none, and what reads its sums."""
        self._flatten()
        node = self.nodes[0] if self.nodes else None
        matrix = self._next(Dense, Conv2d, SumPool2d)
        tail = self._next(Threshold, Argmax)
        assert tail is None or isinstance(tail, Threshold | Argmax)
        if node is None or (node is not matrix and node is not tail):
            raise NotProvedError(f"{self._left[0][0]}: must be of an operation of the network")
        before, self._runs = self.frame, []
        image, rows = frame_rows(matrix, before)
        if isinstance(tail, Threshold):
            tail = frame_thresholds(tail, prod(image))
        dense = self._dense(rows, tail)
        codes = self._tail(tail, dense, image)
        self._move()
        self.layers.append(
            FoldedLayer(
                name=node.name,
                inputs=before,
                outputs=self.frame,
                dense=dense,
                tail=codes,
                is_argmax=isinstance(tail, Argmax),
                runs=tuple(self._runs),
            )
        )

    def _next(self, *kinds: type) -> Op | None:
        """Take the next operation, if it is of some kind."""
        return self.nodes.pop(0) if self.nodes and isinstance(self.nodes[0], kinds) else None

    def _dense(self, rows: list[Form], tail: Threshold | Argmax | None) -> FoldedProof:
        self._move()
        machine, rules = self._machine(Repeated(self.frame.limits))
        needed = [True] * len(rows)
        if isinstance(tail, Threshold):  # else nothing depends on a sum
            needed = [
                reached_codes(tail, row, form.limits).span > 0 for row, form in enumerate(rows)
            ]
        proof = prove_folded(machine, rules, self.stream, rows, len(self.frame.limits), needed)
        self.stream = proof.stream
        self._note(machine, proof.run)
        return proof

    def _tail(
        self, tail: Threshold | Argmax | None, dense: FoldedProof, image: tuple[int, int]
    ) -> CodesProof | None:
        """Go through the unit behind the sums."""
        limits = tuple(form.limits for form in dense.rows)
        if tail is None:
            self.stream, self.frame = sums_themselves(self.stream, image, dense.rows)
            return None
        self._move()
        kind = self._left[0][1] if self._left else ""
        if isinstance(tail, Threshold):
            machine, _ = self._machine(Repeated(self.stream.sums()), wide_sums=self.stream.is_wide)
            codes = prove_codes(machine, tail, self.stream, dense.rows)
            self.stream = codes.stream
            self.frame = Frame(image=image, limits=codes.codes, alias=codes.alias)
            self._note(machine, codes.run)
            return codes
        machine, _ = self._machine(())
        if kind == "ParallelArgmax":
            self.stream = argmax_of_beat(machine.module, self.stream, dense.rows, self.frame.limits)
        else:
            self.stream, run = prove_best(machine, self.stream, len(dense.rows))
            self._note(machine, run)
        self.frame = whole((1, 1), (Range(0, len(limits) - 1),))
        return None
