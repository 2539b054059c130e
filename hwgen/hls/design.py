"""A plan's units in C++, and how they are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwgen.errors import PlanError
from hwgen.hls.beats import Beat
from hwgen.hls.names import OURS, Names
from hwgen.hls.units import Passing, Unit, unit_of
from hwgen.numeric import IntType
from hwgen.plan.design import Plan
from hwgen.plan.stages.stage import Fifo, Stream
from hwgen.plan.stages.wiring import INPUT

MOST_PORT_BITS = 4096  # of a word that AMD's ap_int.h and streams of structs take
STREAM_DEPTH = 2  # of streams without a queue of the plan's


@dataclass(frozen=True, slots=True)
class Edge:
    """What unit `reader` gets of unit `source`, INPUT being the port, through so deep a queue.

    `place` counts what a unit reads; the output port reads as unit `len(stages)`.
    """

    source: int
    reader: int
    place: int
    depth: int


class Design:
    """A plan's units in C++, and how they are joined.

    Raises
    ------
    PlanError
        Where a stage cannot be printed, or a beat is too wide for a port.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        if plan.name.lower().startswith(OURS):
            raise PlanError(
                f"--hls: the network's name must not begin with {', '.join(OURS)}, as "
                f"{plan.name} does; rename it"
            )
        names = Names()
        for taken in ("", "_core", "_in", "_out", "_TYPES_H"):
            names.give(plan.name + taken)
        self.x = Beat(f"{plan.name}_in", plan.inputs.lanes)
        self.beats: dict[int, Beat] = {INPUT: self.x}
        self.joins: dict[int, Beat] = {}
        self.units: dict[int, Unit] = {}
        _check_port("input", plan.inputs.lanes)
        _check_port("output", plan.outputs.lanes)
        for index, stage in enumerate(plan.stages):
            if isinstance(stage, Passing):
                self.beats[index] = self.beats[self._origin(index)[0]]
                continue
            name = names.give(stage.name)
            x = self._read_beat(index, names.give(f"{plan.name}_{stage.name}_in"))
            y = Beat(names.give(f"{plan.name}_{stage.name}"), stage.outputs.lanes)
            self.beats[index] = y
            self.units[index] = unit_of(stage, name, x, y)
        self.y = self.beats[len(plan.stages) - 1]
        if not self.is_combinational:
            self._check_streams()

    @property
    def is_combinational(self) -> bool:
        """Whether every unit takes and gives a vector a beat: the design is one function."""
        one = all(s.inputs.beats == 1 == s.outputs.beats for s in self.plan.stages)
        return one and all(unit.beatwise for unit in self.units.values())

    @property
    def edges(self) -> list[Edge]:
        """Give every stream between units, and those from and to the ports."""
        ends = [*((k, self.plan.reads[k]) for k in self.units)]
        ends.append((len(self.plan.stages), (len(self.plan.stages) - 1,)))
        found = []
        for reader, sources in ends:
            for place, source in enumerate(sources):
                origin, depth = self._behind(source)
                found.append(Edge(origin, reader, place, depth))
        return found

    def _check_streams(self) -> None:
        """Refuse beats that no stream of structs takes."""
        for unit in self.units.values():
            for beat in (unit.x, unit.y):
                bits = sum(lane.bits for lane in beat.lanes)
                if bits > MOST_PORT_BITS:
                    raise PlanError(
                        f"{unit.stage.name}: beats between units must have at most "
                        f"{MOST_PORT_BITS} bits with --hls, not {bits}; use folded layers or "
                        "fewer bits"
                    )

    def _origin(self, index: int) -> tuple[int, int]:
        """Give the unit whose beats a passing stage holds, and how many."""
        stage = self.plan.stages[index]
        origin, depth = self._behind(self.plan.reads[index][0])
        return origin, depth + (stage.depth if isinstance(stage, Fifo) else 0)

    def _behind(self, source: int) -> tuple[int, int]:
        passing = source != INPUT and isinstance(self.plan.stages[source], Passing)
        return self._origin(source) if passing else (source, 0)

    def _read_beat(self, index: int, name: str) -> Beat:
        """Give the beat that a unit reads: that of its source, or those of several in one."""
        stage, sources = self.plan.stages[index], self.plan.reads[index]
        if len(sources) == 1:
            found = self.beats[sources[0]]
            if found.lanes != stage.inputs.lanes:
                raise PlanError(f"{stage.name}: lanes must be those of the stage before it")
            return found
        self.joins[index] = Beat(name, stage.inputs.lanes)
        return self.joins[index]


def _check_port(which: str, lanes: Sequence[IntType]) -> None:
    bits = sum(lane.bits for lane in lanes)
    if bits > MOST_PORT_BITS:
        raise PlanError(
            f"--hls: the {which} beat must have at most {MOST_PORT_BITS} bits, not {bits}; use "
            "folded layers or fewer input bits"
        )


def port_bits(stream: Stream) -> int:
    """Bits of a word at a port: the beat, padded to whole bytes."""
    return -(-stream.width // 8) * 8
