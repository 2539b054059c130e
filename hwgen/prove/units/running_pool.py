"""Shows that a pooling gives the largest pixel, or the sum, of each of its windows.

All channels do the same at once. Under each setting of the nets that steer them, a register loads a
pooling of some words; which pixels these are of is told by a visit of the control.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwgen.prove.control.frames import Visit
from hwgen.prove.control.handshakes import NOWHERE, Move
from hwgen.prove.control.moves import Control
from hwgen.prove.control.split import Split, split
from hwgen.prove.machine.streams import cut
from hwgen.prove.netlist.netlist import Module, NotProvedError, Word
from hwgen.prove.units.flowing import open_cases, plain_ends
from hwgen.prove.units.pool_words import Kind, Parts, PoolWords
from hwgen.prove.units.window import lanes_of
from hwgen.prove.views import Channel, View

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Pooled:
    """The pixels, a bit each, that registers and words of memories are pooled of; or UNKNOWN."""

    registers: tuple[int, ...]
    memories: tuple[tuple[int, ...], ...]


class PoolPlane:
    """The data part of a pooling, as a `Plane`.

    Parameters
    ----------
    parts, kind
        The unit.
    channels, outputs
        Of its pixels, and the nets that leave for each.
    pixels
        Of a window.
    settings
        All values of the nets that steer.

    Raises
    ------
    NotProvedError
        Where channels differ, or a cell does something else.
    """

    def __init__(
        self,
        parts: Split,
        kind: Kind,
        channels: Sequence[Channel],
        outputs: Sequence[Word],
        pixels: int,
        settings: Iterable[int],
    ) -> None:
        self.parts, self.kind, self.pixels = parts, kind, pixels
        self._registers = [
            (cell.outputs["Q"], cell.inputs["D"])
            for cell in parts.module.cells
            if cell.kind == "$dff" and not parts.data.isdisjoint(cell.outputs["Q"])
        ]
        widths = [len(nets) for nets in outputs]
        whole = sum(outputs, ())
        words = [q for q, _ in self._registers] + [m.reads[0].words for m in parts.memories]
        targets = [d for _, d in self._registers] + [m.writes[0].words for m in parts.memories]
        for word in (*words, *targets):
            if len(word) != len(whole):
                raise parts.module.problem(word[0], "must hold a result of every channel")
        pixel = cut(parts.payload, [channel.bits for channel in channels])
        cuts = [cut(word, widths) for word in words]
        goals = [cut(word, widths) for word in (*targets, whole)]
        self._words = PoolWords(
            module=parts.module,
            channels=channels,
            words=[[pixel[k], *(each[k] for each in cuts)] for k in range(len(channels))],
            targets=[[each[k] for each in goals] for k in range(len(channels))],
        )
        self._loads = {setting: self._setting(setting) for setting in settings}

    def _setting(self, setting: int) -> list[Parts | None]:
        """Give what registers, memories and the output are pooled of, the same in all channels."""
        parts = self.parts
        steering = {net: setting >> k & 1 for k, net in enumerate(parts.steering)}
        words = self._words
        found = words.sums(steering) if self.kind == "sum" else words.largest(steering)
        if any(each != found[0] for each in found):
            raise NotProvedError(f"{parts.module.name}: must do the same for every channel")
        return found[0]

    def start(self) -> Pooled:
        """Give what it holds behind a reset: anything."""
        memories = tuple((UNKNOWN,) * memory.size for memory in self.parts.memories)
        return Pooled((UNKNOWN,) * len(self._registers), memories)

    def _results(self, held: Pooled, move: Move, tag: int) -> list[int]:
        """Give the pixels of each target."""
        words = [UNKNOWN if tag < 0 else 1 << tag, *held.registers]
        for memory, place in zip(held.memories, move.reads, strict=True):
            words.append(memory[place] if place < len(memory) else UNKNOWN)
        return [self._pooled(words, parts) for parts in self._loads[move.steering]]

    def _pooled(self, words: Sequence[int], parts: Parts | None) -> int:
        if parts is None:
            return UNKNOWN
        total = 0
        for part in parts:
            if words[part] == UNKNOWN:
                return UNKNOWN
            if self.kind == "sum" and total & words[part]:
                raise NotProvedError(f"{self.parts.module.name}: must add each pixel once")
            total |= words[part]
        if self.kind == "sum" and total.bit_count() > self.pixels:
            raise NotProvedError(
                f"{self.parts.module.name}: must add no more than {self.pixels} pixels"
            )
        return total

    def after(self, held: Pooled, move: Move, tag: int) -> Pooled:
        """Give what it holds after a move."""
        results = self._results(held, move, tag)
        count, memories = len(self._registers), list(held.memories)
        for index, place in enumerate(move.writes):
            words = list(memories[index])
            if NOWHERE < place < len(words):
                words[place] = results[count + index]
                memories[index] = tuple(words)
        return Pooled(tuple(results[:count]), tuple(memories))

    def shown(self, held: Pooled, move: Move, tag: int) -> int:
        """Give the pixels of what leaves."""
        return self._results(held, move, tag)[-1]

    def rebased(self, held: Pooled, beats: int) -> Pooled:
        """Count beats from a later one on; what has some of those before is unknown."""

        def later(pixels: int) -> int:
            return UNKNOWN if pixels < 0 or pixels & ((1 << beats) - 1) else pixels >> beats

        memories = tuple(tuple(map(later, words)) for words in held.memories)
        return Pooled(tuple(map(later, held.registers)), memories)

    def key(self, held: Pooled) -> Pooled:
        """Give what is equal for equal contents."""
        return held


def prove_pool(
    netlist: Mapping[str, Any],
    name: str,
    kind: Kind,
    view: View,
    channels: Sequence[Channel],
    beats: int = 1,
) -> tuple[list[int], int]:
    """Show that each window is pooled; give the bits of its lanes, and how many states there are.

    Where a pixel comes in several `beats`, `channels` are what can come in each lane.

    Raises
    ------
    NotProvedError
        Where one is not.
    """
    module = Module(name, netlist[name])
    outputs = lanes_of(module)
    if len(outputs) != len(channels):
        raise NotProvedError(f"{name}: must give {len(channels)} lanes, not {len(outputs)}")
    parts, ends = split(module, netlist[name], module.port("i__payload")), plain_ends(module)
    control = Control(parts, ends, open_cases(ends))
    settings = {move.steering for move in control.all_moves()}
    windows = view.pixels
    plane = PoolPlane(parts, kind, channels, outputs, windows.shape[1], settings)
    height, width = view.image
    found = Visit(control, plane, (height * width * beats, len(windows) * beats)).run()
    for place, pixels in enumerate(found.beats):
        position, beat = divmod(place, beats)
        window = windows[position].tolist()
        if pixels != sum(1 << pixel * beats + beat for pixel in window):
            raise NotProvedError(
                f"{name}: must give the {kind} of the window's {len(window)} pixels at position "
                f"{position}"
            )
    return [len(nets) for nets in outputs], found.states
