"""Runs a unit on one vector after another without a stall until it is where it was before.

What the unit does from then on it did before, with later vectors in the place of earlier ones. So a
run of a few vectors tells of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from hwgen.prove.forms.values import UNKNOWN, Value
from hwgen.prove.machine.machine import Machine
from hwgen.prove.netlist.netlist import Module, NotProvedError

Feed = Callable[[int, int], Sequence[Value]]
QUIET = 8  # cycles in which nothing more may come
SOME = 64  # vectors, cycles without a beat, or beats out for none in, beside those of `most_for`
MOST_SENT = 1 << 18  # beats out for none in, of any unit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SteadyRun:
    """The beats that left, from the first vector after reset to the end of the first repetition.

    Attributes
    ----------
    beats
        Output beats a vector.
    outputs
        The payload of each beat.
    interval, latency
        Cycles between vectors once it repeats, and from the first beat in to the first out.
    """

    beats: int
    outputs: tuple[tuple[Value, ...], ...]
    interval: float
    latency: int


def most_for(module: Module, deepest: int, beats: int) -> tuple[int, int]:
    """Give the vectors or cycles behind which a unit should be where it was before.

    And the beats that it may send meanwhile for none that it takes: a full ring takes nothing for
    some rows of windows, whose sums leave. A vector has `beats`, and `deepest` are the words of the
    largest memory, of a program with a step a row for one. A unit that cuts beats has no memory,
    and gives a beat for each of their bits at the most.
    """
    most = SOME + 4 * deepest + len(module.port("i__payload"))
    return most, most + min(beats * deepest, MOST_SENT)


def run_steady(
    machine: Machine,
    feed: Feed,
    beats: int,
    columns: int,
    look: Callable[[], None] = lambda: None,
) -> SteadyRun:
    """Run a unit whose vectors come in `beats` beats; `feed(vector, beat)` is a beat's payload.

    `look` is called in every cycle.

    Raises
    ------
    NotProvedError
        Where it stops, or does not repeat itself.
    """
    module = machine.module
    seen: dict[tuple[object, ...], tuple[int, int, int]] = {}
    outputs: list[tuple[Value, ...]] = []
    first: int | None = None
    vector = beat = cycle = idle = still = sent = 0
    most, most_sent = most_for(module, machine.deepest, beats)
    while max(vector, still) < most and sent < most_sent:
        if not beat and not idle:
            now, state = (vector, cycle, len(outputs)), machine.state(vector, columns)
            if state in seen:
                return _closed(machine, seen[state], now, outputs, first)
            seen[state] = now
        _drive(machine, feed(vector, beat), True)
        look()
        sends = _certain(machine, "o__valid")
        if sends:
            first = cycle if first is None else first
            outputs.append(machine.get(module.port("o__payload")))
        taken = _certain(machine, "i__ready")
        idle, beat = 0 if taken else idle + 1, (beat + taken) % beats
        still = 0 if taken or sends else still + 1
        sent = 0 if taken else sent + sends
        vector += taken and not beat
        machine.clock()
        cycle += 1
    raise NotProvedError(
        f"{module.name}: must take one vector after another and come back to a state that it was in"
    )


def run_few(
    machine: Machine,
    feed: Feed,
    beats: tuple[int, int],
    vectors: int,
    look: Callable[[], None],
    moving: float,
) -> list[tuple[Value, ...]]:
    """Give all that a unit sends for a few vectors, after which its input ends.

    A vector has `beats` in and out. `moving` is the share of cycles in which a beat is offered or
    taken, drawn at random; 1 is no pause at all. A beat that is offered stays until it is taken.
    One beat too many ends the run.
    """
    module, rng = machine.module, Random(1)
    outputs: list[tuple[Value, ...]] = []
    taken = idle = 0
    offered = False
    wanted, patience = vectors * beats[1], SOME + 16 * machine.deepest
    while len(outputs) <= wanted and idle < (QUIET if len(outputs) == wanted else patience):
        offered = offered or (taken < vectors * beats[0] and rng.random() < moving)
        ready = rng.random() < moving
        _drive(machine, feed(*divmod(taken, beats[0])) if offered else None, ready)
        look()
        sends = _certain(machine, "o__valid") and ready
        takes = _certain(machine, "i__ready") and offered
        idle = 0 if sends or takes else idle + 1
        if sends:
            outputs.append(machine.get(module.port("o__payload")))
        if takes:
            taken, offered = taken + 1, False
        machine.clock()
    return outputs


def _drive(machine: Machine, payload: Sequence[Value] | None, ready: bool) -> None:
    """Offer a beat, or none, and take one or not."""
    nets = machine.module.port("i__payload")
    machine.set(nets, [UNKNOWN] * len(nets) if payload is None else payload)
    machine.set(machine.module.port("i__valid"), (int(payload is not None),))
    machine.set(machine.module.port("o__ready"), (int(ready),))
    machine.settle()


def _certain(machine: Machine, port: str) -> int:
    """Give a control bit, which must be known and the same on every input."""
    nets = machine.module.port(port)
    (value,) = machine.get(nets)
    if not isinstance(value, int):
        raise machine.module.problem(nets[0], "must be known in every cycle, whatever the inputs")
    return value


def _closed(
    machine: Machine,
    start: tuple[int, int, int],
    end: tuple[int, int, int],
    outputs: list[tuple[Value, ...]],
    first: int | None,
) -> SteadyRun:
    vectors, cycles, count = (b - a for a, b in zip(start, end, strict=True))
    if count % vectors or not count:
        raise NotProvedError(
            f"{machine.module.name}: must give equally many beats a vector, not {count} for "
            f"{vectors} vectors"
        )
    return SteadyRun(
        beats=count // vectors,
        outputs=tuple(outputs),
        interval=cycles / vectors,
        latency=first or 0,
    )
