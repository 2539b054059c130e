"""Shows that the queues in the netlist are deep enough for the rhythm in design.json.

How many beats a queue holds is counted: behind a reset beats are offered and none is taken. What
other units promise, and when beats pass, is what design.json says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.values import UNKNOWN
from hwgen.prove.frames.passage import UnitRun
from hwgen.prove.machine.machine import Machine
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.read import DesignFolder
from hwgen.rhythm.check import RhythmError, check_rhythm

QUEUE = "Fifo"
MOST_BEATS = 1 << 16  # of a queue


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueProof:
    """What was shown of queues.

    Attributes
    ----------
    depths
        Beats that each holds.
    vectors, period
        Of the rhythm, in cycles; 0 where there is none: then only order was checked.
    timed
        Units whose netlist, by itself, took the cycles of the planner's model.
    """

    depths: Mapping[str, int]
    vectors: int
    period: int
    timed: int = 0

    def __str__(self) -> str:
        count = len(self.depths)
        own = f"{count} queue is" if count == 1 else f"{count} queues are"
        if not self.period:
            return f"{own} deep enough never to stand still"
        often = "a vector" if self.vectors == 1 else f"{self.vectors} vectors"
        return f"{own} deep enough for {often} every {self.period} cycles"

    def to_json(self) -> dict[str, Any]:
        """Give the queues as JSON data."""
        rhythm = {"vectors": self.vectors, "period_cycles": self.period}
        return {"depths": dict(self.depths)} | rhythm | {"units_timed": self.timed}


def prove_queues(
    design: DesignFolder, netlist: Mapping[str, Any], modules: Mapping[str, Module]
) -> QueueProof | None:
    """Count what queues hold, and check order and rate with that; None without queues.

    Designs of earlier versions, which say nothing of their rhythm, are left as they are.

    Raises
    ------
    NotProvedError
        Where a queue is too short.
    """
    queues = [k for k, kind in enumerate(design.kinds) if kind == QUEUE]
    if not queues or not design.promises:
        return None
    if not len(design.promises) == len(design.alone) == len(design.units):
        raise NotProvedError("design.json: queues must have a promise for each unit, and its time")
    promises = [replace(promise, depth=0) for promise in design.promises]
    depths = {}
    for k in queues:
        name = design.units[k]
        depths[name] = held(modules[name], netlist[name])
        if depths[name] < design.promises[k].depth:
            raise NotProvedError(
                f"{name}: must hold the {design.promises[k].depth} beats that design.json says, "
                f"not {depths[name]}"
            )
        promises[k] = replace(promises[k], depth=depths[name])
    try:
        check_rhythm(design.rhythm, design.wiring, promises)
    except RhythmError as error:
        raise NotProvedError(f"{design.units[error.unit]}: {error}") from None
    rhythm = design.rhythm
    vectors, period = (0, 0) if rhythm is None else (rhythm.vectors, rhythm.period)
    return QueueProof(depths=depths, vectors=vectors, period=period)


def with_timing(
    found: QueueProof | None, design: DesignFolder, runs: Sequence[UnitRun]
) -> QueueProof | None:
    """Compare how long units took by themselves with what design.json says of them.

    Raises
    ------
    NotProvedError
        Where one took longer, or less.
    """
    if found is None:
        return None
    planned = dict(zip(design.units, design.alone, strict=True))
    for run in runs:
        latency, interval = planned[run.name]
        if (run.latency, run.interval) != (max(latency, 0), interval):
            raise NotProvedError(
                f"{run.name}: must by itself give a vector every {interval} cycles, the first one "
                f"{max(latency, 0)} behind its first beat, as design.json says, not every "
                f"{run.interval:g}, the first {run.latency} behind"
            )
    return replace(found, timed=len(runs))


def held(module: Module, document: Mapping[str, Any]) -> int:
    """Count the beats that a unit takes behind a reset while none of its own is taken.

    Raises
    ------
    NotProvedError
        Where that is not known, or without end.
    """
    machine = Machine(module, document, Rules(module, ()))
    payload = module.port("i__payload")
    machine.set(payload, [UNKNOWN] * len(payload))
    machine.set(module.port("i__valid"), (1,))
    machine.set(module.port("o__ready"), (0,))
    for beats in range(MOST_BEATS + 1):
        machine.settle()
        (ready,) = machine.get(module.port("i__ready"))
        if ready == 0:
            return beats
        if ready != 1:
            break
        machine.clock()
    raise NotProvedError(f"{module.name}: must hold a known number of beats, {MOST_BEATS} at most")
