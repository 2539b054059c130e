"""What a unit sends of every frame, whatever beats come and go when.

All states of its control are visited, each with all that registers and memories can hold there, in
every case of its inputs. Beats are counted from the frame on that is being sent, so that states of
later frames are those of earlier ones, and the visit ends.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from hwgen.prove.control.contents import UNKNOWN, Contents, Plane
from hwgen.prove.control.handshakes import Move
from hwgen.prove.control.moves import Control
from hwgen.prove.netlist.netlist import NotProvedError

MOST_STATES = 1 << 22
Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class Place:
    """A state of control, and beats that came and went since the frame that is being sent began.

    Attributes
    ----------
    sure
        Beats that are held outside and will come without a wait.
    """

    state: int
    came: int
    went: int
    sure: int


@dataclass(frozen=True, slots=True, eq=False)
class Frames(Generic[Shown]):
    """What was found.

    Attributes
    ----------
    beats
        What leaves in each beat of a frame; tags count from the frame's first beat in.
    states
        How many were visited, contents included.
    seen
        What the nets that are noted can be, with how many beats were inside or coming.
    """

    beats: tuple[Shown, ...]
    states: int
    seen: frozenset[tuple[tuple[int, ...], int]]


class Visit(Generic[Contents, Shown]):
    """Visits all that a unit can do.

    Parameters
    ----------
    control, plane
        The unit.
    beats
        Beats of a frame, in and out.
    """

    def __init__(
        self, control: Control, plane: Plane[Contents, Shown], beats: tuple[int, int]
    ) -> None:
        self.control, self.plane = control, plane
        self.beats_in, self.beats_out = beats
        self.name = control.parts.module.name
        self._sent: list[Shown | None] = [None] * self.beats_out
        self._known: dict[tuple[Place, Hashable], int] = {}
        self._waiting: list[tuple[Place, Contents, int]] = []
        self._quiet: dict[int, set[int]] = {}  # steps in which no beat comes or goes
        self._seen: set[tuple[tuple[int, ...], int]] = set()
        deep = sum(memory.size for memory in control.parts.memories)
        self._most = 2 * self.beats_in + deep + len(control.parts.stored) + 2

    def run(self) -> Frames[Shown]:
        """Visit everything.

        Raises
        ------
        NotProvedError
            Where a beat differs from frame to frame or by when others came and went, the unit
            stops for ever, or its states are too many.
        """
        self._enter(Place(self.control.start, 0, 0, 0), self.plane.start())
        while self._waiting:
            place, held, number = self._waiting.pop()
            for move in self.control.moves(place.state):
                self._make(place, held, number, move)
        self._check_quiet()
        beats = tuple(sent for sent in self._sent if sent is not None)
        if len(beats) < self.beats_out:
            raise self._problem(f"must send {self.beats_out} beats a frame")
        return Frames(
            beats=beats,
            states=len(self._known),
            seen=frozenset(self._seen),
        )

    def _enter(self, place: Place, held: Contents) -> int:
        key = place, self.plane.key(held)
        if key not in self._known:
            if len(self._known) == MOST_STATES:
                raise self._problem(f"must have fewer than {MOST_STATES} states")
            self._known[key] = len(self._known)
            self._waiting.append((place, held, self._known[key]))
        return self._known[key]

    def _make(self, place: Place, held: Contents, number: int, move: Move) -> None:
        """Make a move, and check what leaves."""
        tag = max(place.came, UNKNOWN) if move.offered else UNKNOWN
        if move.shown:
            self._check_beat(place, self.plane.shown(held, move, tag))
        self._seen.add((move.seen, place.came + move.taken))
        came, went = place.came + move.taken, place.went + move.sent
        held = self.plane.after(held, move, tag if move.taken else UNKNOWN)
        whole = place.came >= self.beats_in  # the frame that is being sent is here
        sure = 0
        if whole:
            sure = place.sure - 1 if move.taken and place.sure else place.sure
            sure = move.held - 1 if move.taken and not place.sure else sure
        if went == self.beats_out:
            came, went = came - self.beats_in, 0
            held, sure = (
                self.plane.rebased(held, self.beats_in),
                sure if came >= self.beats_in else 0,
            )
        if not -self.beats_in < came <= self._most or sure < 0:
            raise self._problem("must send a frame when it has come, and not before")
        after = self._enter(Place(move.state, came, went, sure), held)
        starves = move.starved and whole and not place.sure
        if (move.eager or starves) and not (move.taken or move.sent):
            self._quiet.setdefault(number, set()).add(after)

    def _check_beat(self, place: Place, tags: Shown) -> None:
        if self._sent[place.went] is None:
            self._sent[place.went] = tags
        if self._sent[place.went] != tags:
            raise self._problem(
                f"beat {place.went} of a frame must be the same whenever beats come and go"
            )

    def _check_quiet(self) -> None:
        """Refuse a unit that can run on for ever, or stand, while it should take or send a beat."""
        left = {number: len(after & self._quiet.keys()) for number, after in self._quiet.items()}
        before: dict[int, list[int]] = {}
        for number, after in self._quiet.items():
            for other in after & self._quiet.keys():
                before.setdefault(other, []).append(number)
        ready = [number for number, count in left.items() if not count]
        for number in ready:
            for other in before.get(number, ()):
                left[other] -= 1
                if not left[other]:
                    ready.append(other)
        if len(ready) < len(left):
            raise self._problem("must go on while beats come and go")

    def _problem(self, text: str) -> NotProvedError:
        return NotProvedError(f"{self.name}: {text}")
