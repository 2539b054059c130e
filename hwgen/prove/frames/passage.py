"""Units over whole frames, one after another, and the stream between two of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwgen.ir import (
    Argmax,
    MaxPool2d,
    Op,
    PixelShuffle,
    SumPool2d,
    Threshold,
    UpsampleNearest,
)
from hwgen.prove.compiled.engine import Engine
from hwgen.prove.compiled.layout import LARGEST
from hwgen.prove.forms.forms import Form, Ranges
from hwgen.prove.forms.rules import Rules
from hwgen.prove.frames.elements import enlarged
from hwgen.prove.frames.pooled import PooledFrame
from hwgen.prove.frames.rows import Frame, whole
from hwgen.prove.machine.machine import Machine
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Stream
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.read import DesignFolder
from hwgen.prove.units.accumulators import accumulating
from hwgen.prove.units.best import prove_best
from hwgen.prove.units.codes import CodesProof, prove_codes
from hwgen.prove.units.folded import FoldedProof, Repeated, prove_folded
from hwgen.prove.units.movers import prove_mover
from hwgen.prove.units.on_machine import prove_on_machine
from hwgen.prove.units.one_beat import argmax_of_beat
from hwgen.prove.units.pool_words import Kind
from hwgen.prove.units.running_pool import prove_pool
from hwgen.prove.units.staircase import reached_codes
from hwgen.prove.views import view_of

Progress = Callable[[str], None]
MOVERS = ("Fifo", "Narrower", "Widener", "Reorder", "OutputBuffer")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRun:
    """A unit, the cycles between its vectors, and those from its first beat in to its first out."""

    name: str
    interval: float
    latency: int


def is_compiled(kind: str, rows: Sequence[Form], bits: int) -> bool:
    """Whether compiled loops follow a unit's sums, whose registers have so many bits at the most.

    They do not where a tree of adders shares parts of them, nor numbers beyond their ends, which a
    register modulo 2**bits and a carry below it can need; the machine does.
    """
    ends = (max(-form.limits.lo, form.limits.hi) for form in rows)
    fits = bits + 2 < LARGEST.bit_length() and all(end <= LARGEST for end in ends)
    return kind == "FoldedDense" and fits


class Passage:
    """Takes one unit after another, and keeps what the last one sends.

    Parameters
    ----------
    design
        The network, and what the units are.
    netlist, modules
        What Yosys wrote of each unit.
    stream, frame
        What enters the first, and what is known of its elements.
    progress
        Told the name of each unit.
    """

    def __init__(
        self,
        design: DesignFolder,
        netlist: Mapping[str, Any],
        modules: Mapping[str, Module],
        stream: Stream,
        frame: Frame,
        progress: Progress,
    ) -> None:
        self.netlist, self.modules = netlist, modules
        self.stream, self.frame = stream, frame
        self.runs: list[UnitRun] = []  # since these were taken
        self.all_runs: list[UnitRun] = []
        self._left = list(zip(design.units, design.kinds, strict=True))
        self._top, self._progress = design.top, progress

    @property
    def name(self) -> str:
        """The next unit, the top where there is none."""
        return self._left[0][0] if self._left else self._top

    @property
    def kind(self) -> str:
        """The kind of the next unit, nothing where there is none."""
        return self._left[0][1] if self._left else ""

    def take(self) -> Module:
        """Give the next unit.

        Raises
        ------
        NotProvedError
            Where there is none.
        """
        if not self._left:
            raise NotProvedError(f"{self._top}: must have a unit for every layer")
        name, _ = self._left.pop(0)
        self._progress(name)
        return self.modules[name]

    def _take(self) -> tuple[Module, Mapping[str, Any]]:
        """Give the next unit, and what Yosys wrote of it.

        Raises
        ------
        NotProvedError
            Where there is none, or it reads another payload than the unit before it sends.
        """
        module = self.take()
        payload = module.port("i__payload")
        if len(payload) != sum(self.stream.lanes):
            raise module.problem(
                payload[0],
                f"i__payload must have {sum(self.stream.lanes)} bits, not {len(payload)}",
            )
        return module, self.netlist[module.name]

    def _machine(self, inputs: Ranges) -> Machine:
        """Set up the next unit to be run on values of all kinds."""
        module, document = self._take()
        return Machine(module, document, Rules(module, inputs))

    def _engine(self, *, wide_sums: bool = False) -> Engine:
        """Set up the next unit to be run on lanes as they come."""
        module, document = self._take()
        ranges = self.stream.wide_sums()
        return Engine(module, document, ranges, wide_sums=wide_sums)

    def _note(self, module: Module, run: SteadyRun) -> None:
        self.runs.append(UnitRun(name=module.name, interval=run.interval, latency=run.latency))
        self.all_runs.append(self.runs[-1])

    def move(self) -> None:
        """Go through queues and converters."""
        while self.kind in MOVERS:
            engine = self._engine()
            self.stream, run = prove_mover(engine, self.stream)
            self._note(engine.module, run)

    def enlarge(self, node: Op | None) -> None:
        """Go through a unit that makes a map larger; with no operation it moves elements only."""
        engine = self._engine()
        self.stream, run = prove_mover(engine, self.stream)
        if isinstance(node, UpsampleNearest | PixelShuffle):
            self.stream, self.frame = enlarged(node, self.stream, self.frame)
        self._note(engine.module, run)

    def pool(self, node: MaxPool2d | SumPool2d) -> int:
        """Go through a pooling of a map whose pixels come in several beats; give its states."""
        module, _ = self._take()
        kind: Kind = "max" if isinstance(node, MaxPool2d) else "sum"
        view = view_of(node, self.frame.image)
        pooled = PooledFrame(module.name, kind, view, self.stream, self.frame)
        lanes, beats = pooled.lanes(), pooled.beats_each
        widths, states = prove_pool(self.netlist, module.name, kind, view, lanes, beats)
        self.stream, self.frame = pooled.stream(widths), pooled.frame
        return states

    def dense(self, rows: Sequence[Form], thresholds: Threshold | None) -> FoldedProof:
        """Go through a unit that gives rows; those whose code cannot vary need not leave."""
        self.move()
        kind = self.kind
        module, document = self._take()
        needed = [
            thresholds is None or reached_codes(thresholds, row, form.limits).span > 0
            for row, form in enumerate(rows)
        ]
        limits = self.frame.limits
        watched = accumulating(module)
        if is_compiled(kind, rows, max((len(own.outputs["Q"]) for own in watched), default=0)):
            engine = Engine(module, document, limits, watched)
            proof = prove_folded(engine, self.stream, rows, needed)
        else:
            rules = Rules(module, Repeated(limits))
            machine = Machine(module, document, rules)
            proof = prove_on_machine(machine, rules, self.stream, rows, len(limits), needed)
        self.stream = proof.stream
        self._note(module, proof.run)
        return proof

    def codes(
        self, thresholds: Threshold, rows: Sequence[Form], image: tuple[int, int]
    ) -> CodesProof:
        """Go through a unit that makes codes of sums, which are a map."""
        self.move()
        engine = self._engine(wide_sums=True)
        proof = prove_codes(engine, thresholds, self.stream, rows)
        self.stream = proof.stream
        self.frame = Frame(image=image, limits=proof.codes, alias=proof.alias)
        self._note(engine.module, proof.run)
        return proof

    def argmax(self, node: Argmax, rows: Sequence[Form]) -> None:
        """Go through a unit that gives the index of the largest sum."""
        self.move()
        kind = self.kind
        machine = self._machine(())
        if kind == "ParallelArgmax":
            self.stream = argmax_of_beat(machine.module, self.stream, rows, self.frame.limits, node)
        else:
            self.stream, run = prove_best(machine, self.stream, len(rows), node)
            self._note(machine.module, run)
        self.frame = whole((1, 1), (node.given(len(rows)),))
