"""Visits units that move the beats of a frame about: which bit of which beat leaves where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwgen.numeric import IntArray
from hwgen.prove.control.alike import NOTHING
from hwgen.prove.control.frames import Frames, Visit
from hwgen.prove.control.handshakes import Cases, Ends
from hwgen.prove.control.moves import Control
from hwgen.prove.control.split import split
from hwgen.prove.control.switch import Switch, Tags
from hwgen.prove.netlist.netlist import Cell, Module, NotProvedError, Word

Netlist = Mapping[str, Any]
SEEN = ("arrives", "level", "offered")  # what a queue tells of itself
STEERS = {"clk", "rst", "valid", "taken"}  # inputs of a queue that are no pixel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moved:
    """What leaves of every frame: of each beat and bit the beat that it is from, and which bit.

    `states` were visited, and `queued` of the queue in front.
    """

    beats: Tags
    bits: IntArray
    states: int
    queued: int = 0


def moved(netlist: Netlist, name: str, beats: tuple[int, int]) -> Moved:
    """Visit a unit whose frames have some beats in and out, and the queue in front, if it has one.

    Raises
    ------
    NotProvedError
        Where it does more than to move bits, or not the same for every frame.
    """
    module = Module(name, netlist[name])
    queues = [cell for cell in module.cells if not cell.kind.startswith("$")]
    if len(queues) > 1:
        raise NotProvedError(f"{name}: must have one queue, not {len(queues)}")
    if queues:
        return _behind_queue(netlist, module, queues[0], beats)
    ends = plain_ends(module)
    words = module.port("i__payload"), module.port("o__payload")
    found, tags, bits = _visited(netlist, module, words, ends, open_cases(ends), beats)
    return Moved(beats=tags, bits=bits, states=found.states)


def plain_ends(module: Module) -> Ends:
    """Give the handshakes of a unit by the names of its ports."""
    valid, ready, shown, leaves = (
        module.port(name)[0] for name in ("i__valid", "i__ready", "o__valid", "o__ready")
    )
    return Ends(valid_in=valid, taken=ready, valid_out=shown, ready_out=leaves)


def open_cases(ends: Ends) -> Cases:
    """Let a beat be offered or not, and one be taken or not, in every cycle."""
    rows = tuple((offered, ready) for offered in (0, 1) for ready in (0, 1))
    return Cases(
        nets=(ends.valid_in, ends.ready_out), rows=rows, held=tuple(row[0] for row in rows)
    )


def _visited(
    netlist: Netlist,
    module: Module,
    words: tuple[Word, Word],
    ends: Ends,
    cases: Cases,
    beats: tuple[int, int],
) -> tuple[Frames[bytes], Tags, IntArray]:
    """Give the tag of each bit of the beats that leave, and which bits they are."""
    parts = split(module, netlist[module.name], words[0])
    control = Control(parts, ends, cases)
    switch = Switch(parts, words[1], {move.steering for move in control.all_moves()})
    found = Visit(control, switch, beats).run()
    return found, switch.tags(found.beats), switch.sources


def _behind_queue(netlist: Netlist, module: Module, own: Cell, beats: tuple[int, int]) -> Moved:
    """Visit the queue, then the unit for all that the queue can show it."""
    _check_joints(netlist, module, own)
    held, order = _queue(netlist, own)
    ends = Ends(
        valid_in=own.outputs["offered"][0],
        taken=own.inputs["taken"][0],
        pulls=True,
        valid_out=module.port("o__valid")[0],
        ready_out=module.port("o__ready")[0],
    )
    rows = {(*bits, ready): count for bits, count in held.seen for ready in (0, 1)}
    cases = Cases(
        nets=(*(net for name in SEEN for net in own.outputs[name]), ends.ready_out),
        rows=tuple(rows),
        held=tuple(rows.values()),
    )
    words = own.outputs["first"], module.port("o__payload")
    found, tags, bits = _visited(netlist, module, words, ends, cases, beats)
    payload = {net: index for index, net in enumerate(module.port("i__payload"))}
    stored = sum((own.inputs[pin] for pin in _pixel_pins(own)), ())
    pixel = np.array([payload[stored[k]] for k in order.tolist()] + [NOTHING])
    return Moved(beats=tags, bits=pixel[bits], states=found.states, queued=held.states)


def _queue(netlist: Netlist, own: Cell) -> tuple[Frames[bytes], IntArray]:
    """Visit a queue: beats leave one by one, as they came.

    Raises
    ------
    NotProvedError
        Where a bit is lost.
    """
    module = Module(own.kind, netlist[own.kind])
    ends = Ends(
        valid_in=module.port("valid")[0],
        taken=module.port("ready")[0],
        valid_out=module.port("offered")[0],
        ready_out=module.port("taken")[0],
        pulled=True,
        seen=sum((module.port(name) for name in SEEN), ()),
    )
    stored = sum((module.port(pin) for pin in _pixel_pins(own)), ())
    words = stored, module.port("first")
    found, tags, order = _visited(netlist, module, words, ends, open_cases(ends), (1, 1))
    if tags.any():
        raise module.problem(words[1][0], "must give the beat that came first, whole")
    return found, order


def _check_joints(netlist: Netlist, module: Module, own: Cell) -> None:
    """Show that a queue's input is that of the unit.

    Raises
    ------
    NotProvedError
        Where it is not.
    """
    found = {**own.inputs, **own.outputs}
    missing = {"first", "taken", *SEEN} - found.keys()
    if missing or not _pixel_pins(own) or own.kind not in netlist:
        raise NotProvedError(f"{module.name}: {own.kind} must be a queue of pixels")
    joints = {"valid": "i__valid", "ready": "i__ready", "clk": "clk", "rst": "rst"}
    for pin, port in joints.items():
        if found.get(pin) != module.port(port):
            raise module.problem(module.port(port)[0], f"must be {pin} of the queue")
    for pin in _pixel_pins(own):
        if not set(found[pin]) <= set(module.port("i__payload")):
            raise module.problem(found[pin][0], "must be payload that goes into the queue")


def _pixel_pins(own: Cell) -> list[str]:
    """Give the pins through which a pixel goes into its queue: several where lanes are left out."""
    return sorted(own.inputs.keys() - STEERS)
