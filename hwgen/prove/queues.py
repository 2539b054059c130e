"""Shows that the queues in the netlist are deep enough for the rhythm in design.json.

How many beats a queue holds is counted: behind a reset beats are offered and none is taken. What
other units promise, and when beats pass, is what design.json says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.values import UNKNOWN
from hwgen.prove.machine.machine import Machine
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.read import DesignFolder
from hwgen.rhythm.check import RhythmError, check_rhythm

QUEUE = "Fifo"
MOST_BEATS = 1 << 16  # of a queue


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueProof:
    """Beats that each queue holds, and the vectors of a period of the rhythm, in its cycles.

    Both are 0 where there is no rhythm: then only order was checked.
    """

    depths: Mapping[str, int]
    vectors: int
    period: int

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
        return {"depths": dict(self.depths)} | rhythm


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
    if len(design.promises) != len(design.units):
        raise NotProvedError("design.json: queues.promises must have an item for each unit")
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
