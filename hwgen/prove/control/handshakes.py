"""What a unit's control sees, and what happens in a clock cycle."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.prove.netlist.netlist import Net, Word

NOWHERE = -1  # the address of a port that does not write


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The nets of a unit's two handshakes.

    Attributes
    ----------
    valid_in, taken
        A beat is offered; it is taken if it is offered.
    pulls, pulled
        `taken`, and `ready_out`, is high only where a beat is offered.
    valid_out, ready_out
        A beat is offered; it is taken if it is offered.
    seen
        Nets whose values are noted with each move.
    """

    valid_in: Net
    taken: Net
    pulls: bool = False
    pulled: bool = False
    valid_out: Net
    ready_out: Net
    seen: Word = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What the nets from outside can be together, and how many beats are held for the unit then."""

    nets: Word
    rows: tuple[tuple[int, ...], ...]
    held: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What happens in a clock cycle.

    Attributes
    ----------
    state
        The next one.
    steering
        Values of the nets that steer data, as one number.
    reads, writes
        Address at each port of the memories.
    offered, taken
        A beat waits to come in; it does.
    shown, sent
        A beat waits to leave; it does.
    eager
        May happen while a beat is offered, and one that is shown leaves.
    starved
        May happen while none is offered or held outside, and one that is shown leaves.
    held
        How many beats are held outside, at least.
    seen
        Values of the nets that `Ends` names.
    """

    state: int
    steering: int
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    offered: bool
    taken: bool
    shown: bool
    sent: bool
    eager: bool
    starved: bool
    held: int
    seen: tuple[int, ...]
