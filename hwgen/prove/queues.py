"""Shows that the queues in the netlist are deep enough for the rhythm in design.json.

How many beats a queue holds is counted in every state that its control can be in. What other units
promise, and when beats pass, is what design.json says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from math import ceil
from typing import Any

from hwgen.prove.forms.rules import Rules
from hwgen.prove.forms.values import UNKNOWN, Value
from hwgen.prove.frames.passage import UnitRun
from hwgen.prove.machine.machine import Machine
from hwgen.prove.netlist.netlist import Module, Net, NotProvedError, Word
from hwgen.prove.netlist.read import DesignFolder
from hwgen.rhythm.check import INPUT, RhythmError, check_rhythm

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
        Units whose netlist, by itself, took just the cycles of the planner's model.
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
        Where a queue is too short, or holds another number of beats than design.json says.
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
        if depths[name] != design.promises[k].depth:
            raise NotProvedError(
                f"{name}: must hold the {design.promises[k].depth} beats that design.json says, "
                f"not {depths[name]}"
            )
        promises[k] = replace(promises[k], depth=depths[name])
    try:
        check_rhythm(design.rhythm, design.wiring, promises)
    except RhythmError as error:
        raise NotProvedError(f"{_place(design, error.unit)}: {error}") from None
    rhythm = design.rhythm
    vectors, period = (0, 0) if rhythm is None else (rhythm.vectors, rhythm.period)
    return QueueProof(depths=depths, vectors=vectors, period=period)


def _place(design: DesignFolder, unit: int | None) -> str:
    """Give the name of a unit; what enters has that of its port, in design.json."""
    if unit is None:
        return "design.json: queues.rhythm"
    return f"{design.top}: s_axis" if unit == INPUT else design.units[unit]


def with_timing(
    found: QueueProof | None, design: DesignFolder, runs: Sequence[UnitRun]
) -> QueueProof | None:
    """Compare how long units took by themselves with what design.json says of them.

    Units that take less are as good, and not counted: the rhythm is that of the planner's model.

    Raises
    ------
    NotProvedError
        Where one took longer.
    """
    if found is None:
        return None
    planned, timed = dict(zip(design.units, design.alone, strict=True)), 0
    for run in runs:
        latency, interval = planned[run.name]
        if run.latency > max(latency, 0) or run.interval > interval:
            raise NotProvedError(
                f"{run.name}: must by itself give a vector every {interval:g} cycles or sooner, "
                f"the first one {max(latency, 0):g} behind its first beat, as design.json says, "
                f"not every {run.interval:g}, the first {run.latency:g} behind"
            )
        timed += run.latency == max(latency, 0) and ceil(run.interval) == interval
    return replace(found, timed=timed)


def held(module: Module, document: Mapping[str, Any]) -> int:
    """Give the fewest beats that a unit holds when it takes none, in any state it can be in.

    Whether it takes or offers a beat must follow from few registers alone. All their states are
    visited from the reset on, under every case of a beat that comes or not and is taken or not.

    Raises
    ------
    NotProvedError
        Where a memory or a bit that is not known decides it, or beats are held without end.
    """
    registers = _deciding(module)
    machine = Machine(module, document, Rules(module, ()))
    payload = module.port("i__payload")
    machine.set(payload, [UNKNOWN] * len(payload))

    def state() -> tuple[tuple[Value, ...], ...]:
        return tuple(machine.get(word) for word in registers)

    def certain(port: str) -> int:
        (value,) = machine.get(module.port(port))
        if not isinstance(value, int):
            raise module.problem(module.port(port)[0], "must be known whatever is stored")
        return value

    fewest, seen = MOST_BEATS, {(state(), 0)}
    left = list(seen)
    while left:
        before, beats = left.pop()
        for comes, taken in product((0, 1), repeat=2):
            for word, values in zip(registers, before, strict=True):
                machine.set(word, values)
            machine.set(module.port("i__valid"), (comes,))
            machine.set(module.port("o__ready"), (taken,))
            machine.settle()
            takes, offers = certain("i__ready"), certain("o__valid")
            fewest = min(fewest, MOST_BEATS if takes else beats)
            machine.clock()
            after = state(), beats + (comes & takes) - (taken & offers)
            if after[1] > MOST_BEATS:
                raise NotProvedError(f"{module.name}: must hold {MOST_BEATS} beats at most")
            if after not in seen:
                seen.add(after)
                left.append(after)
    return fewest


def _deciding(module: Module) -> list[Word]:
    """Give the registers that decide whether a unit takes and offers beats.

    Raises
    ------
    NotProvedError
        Where a memory does.
    """
    found: dict[Word, None] = {}
    seen: set[Net] = set()
    left: list[Net] = [*module.port("i__ready"), *module.port("o__valid")]
    while left:
        net = left.pop()
        if net in seen or net not in module.driver:
            continue
        seen.add(net)
        cell, port, _ = module.driver[net]
        if cell.kind == "$mem_v2":
            raise module.problem(net, "must not decide whether a beat is taken or offered")
        if cell.kind == "$dff":
            found[cell.outputs[port]] = None
        left += chain.from_iterable(cell.inputs.values())
    return list(found)
