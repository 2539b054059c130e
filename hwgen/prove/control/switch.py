"""The data part of a unit that moves data about and never changes it.

It is a switch: under each setting of the nets that steer it, a register loads what one other place
holds. Places that load from places alike under every setting always hold bits of the same beat, and
are followed once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hwgen.numeric import IntArray
from hwgen.prove.control.alike import Route, alike, traced
from hwgen.prove.control.contents import ONE, UNKNOWN, ZERO
from hwgen.prove.control.handshakes import NOWHERE, Move
from hwgen.prove.control.split import Split
from hwgen.prove.netlist.netlist import Cell, Net, Word
from hwgen.prove.netlist.walk import Operands, Walk

Tags = npt.NDArray[np.int32]
FIXED = (UNKNOWN, ZERO, ONE)
ANY, LOW, HIGH = range(3)  # the places of what is always unknown, 0 and 1
_FIXED = np.array(FIXED, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Tags of registers, and of each memory (words, columns)."""

    registers: Tags
    memories: tuple[Tags, ...]


class Switch:
    """The switch of a unit, as a `Plane` with one tag for all places that are alike.

    Parameters
    ----------
    parts
        The unit; its payload.
    output
        What leaves.
    settings
        All values of the nets that steer, as moves have them.

    Attributes
    ----------
    sources
        Of each output bit, the bit of the payload that it can show, or NOTHING.
    lanes
        Of each output bit, its place among the tags that `shown` gives.

    Raises
    ------
    NotProvedError
        Where data is changed, or an output bit can show several bits of the payload.
    """

    def __init__(self, parts: Split, output: Word, settings: Iterable[int]) -> None:
        self.parts, self.output = parts, output
        nets = [net for net, _ in parts.stored]
        self._sizes = [len(nets), len(parts.payload)]
        nets += parts.payload
        for memory in parts.memories:
            nets += memory.reads[0].words
            self._sizes.append(len(memory.reads[0].words))
        self._places: dict[Net, int] = {"x": ANY, "0": LOW, "1": HIGH}
        self._places |= {net: len(FIXED) + k for k, net in enumerate(nets)}
        routes = {setting: self._route(setting) for setting in sorted(set(settings))}
        first, self.sources = traced(list(routes.values()), self._sizes)
        for net, low, high in zip(output, first, self.sources, strict=True):
            if low < high:
                raise parts.module.problem(net, "must show one bit of the payload, always")
        registers, *columns = alike(list(routes.values()), self._sizes)
        self._finish(routes, registers, columns)

    def _route(self, setting: int) -> Route:
        """Follow every place back to what it loads from."""
        parts = self.parts
        steering = {n: LOW + (setting >> k & 1) for k, n in enumerate(parts.steering)}
        walk = Walk(parts.module, {}, self._places | steering, (LOW, HIGH), self._rule)

        def places(nets: Word) -> IntArray:
            return np.array(walk.word(nets, 0), np.int64)

        return Route(
            registers=places(tuple(net for _, net in parts.stored)),
            columns=tuple(places(memory.writes[0].words) for memory in parts.memories),
            outputs=places(self.output),
        )

    def _rule(self, cell: Cell, operands: Operands[int]) -> list[int]:
        select = operands["S"][0] if cell.kind == "$mux" else ANY
        if select not in (LOW, HIGH):
            raise self.parts.module.problem(
                cell.outputs["Y"][0], f"must move the payload and not change it by {cell.kind}"
            )
        return operands["B" if select == HIGH else "A"]

    def _finish(
        self, routes: dict[int, Route], registers: IntArray, columns: list[IntArray]
    ) -> None:
        """Write the routes for one place of each colour."""
        fixed = len(FIXED)
        classes = [_class_count(registers), 1, *(_class_count(c) for c in columns)]
        starts = fixed + np.cumsum([0, *classes])
        payload = np.zeros(self._sizes[1], np.int64)
        own = [registers, payload, *columns]
        place = np.concatenate(
            [np.arange(fixed), *(s + c for s, c in zip(starts, own, strict=False))]
        )
        first = [np.unique(c, return_index=True)[1] for c in (registers, *columns)]
        shown = np.stack([place[r.outputs] for r in routes.values()], axis=1)
        _, chosen, self.lanes = np.unique(shown, axis=0, return_index=True, return_inverse=True)
        self.lanes = self.lanes.reshape(-1)
        self._routes = {
            setting: Route(
                place[route.registers][first[0]],
                tuple(place[c][f] for c, f in zip(route.columns, first[1:], strict=True)),
                place[route.outputs][chosen],
            )
            for setting, route in routes.items()
        }
        here = np.arange(classes[0]) + fixed
        self._still = {s for s, r in self._routes.items() if np.array_equal(r.registers, here)}
        self._classes = classes

    def start(self) -> Held:
        """Give what it holds behind a reset: anything."""
        memories = zip(self.parts.memories, self._classes[2:], strict=True)
        return Held(
            np.full(self._classes[0], UNKNOWN, np.int32),
            tuple(
                np.full((memory.size, columns), UNKNOWN, np.int32) for memory, columns in memories
            ),
        )

    def _all(self, held: Held, move: Move, tag: int) -> Tags:
        reads = []
        for memory, place in zip(held.memories, move.reads, strict=True):
            inside = place < len(memory)
            reads.append(memory[place] if inside else np.full(memory.shape[1], UNKNOWN, np.int32))
        beat = np.array([tag], np.int32)
        return np.concatenate([_FIXED, held.registers, beat, *reads])

    def after(self, held: Held, move: Move, tag: int) -> Held:
        """Give what it holds after a move that takes a beat, or unknown bits."""
        if move.steering in self._still and all(place == NOWHERE for place in move.writes):
            return held
        route, tags = self._routes[move.steering], self._all(held, move, tag)
        memories = list(held.memories)
        for index, place in enumerate(move.writes):
            if NOWHERE < place < len(memories[index]):
                memories[index] = memories[index].copy()
                memories[index][place] = tags[route.columns[index]]
        return Held(tags[route.registers], tuple(memories))

    def shown(self, held: Held, move: Move, tag: int) -> bytes:
        """Give the tags of what leaves, one for all bits that are alike."""
        return self._all(held, move, tag)[self._routes[move.steering].outputs].tobytes()

    def rebased(self, held: Held, beats: int) -> Held:
        """Count beats from a later one on."""
        return Held(
            _rebased(held.registers, beats), tuple(_rebased(m, beats) for m in held.memories)
        )

    def key(self, held: Held) -> bytes:
        """Give what is equal for equal contents."""
        return b"".join((held.registers.tobytes(), *(m.tobytes() for m in held.memories)))

    def tags(self, beats: Sequence[bytes]) -> Tags:
        """Give the tag of each output bit, for beats as `shown` gives them: (beats, bits)."""
        return np.stack([np.frombuffer(beat, np.int32) for beat in beats])[:, self.lanes]


def _rebased(tags: Tags, beats: int) -> Tags:
    return np.where(tags >= 0, np.maximum(tags - beats, UNKNOWN), tags).astype(np.int32)


def _class_count(colour: IntArray) -> int:
    return int(colour.max()) + 1 if len(colour) else 0
