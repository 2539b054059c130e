"""Finds out what a unit sends: to vectors without end, and to a few, with random pauses or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import numpy as np

from hwgen.prove.compiled import cycles
from hwgen.prove.compiled.engine import ALWAYS, Engine
from hwgen.prove.compiled.layout import ELEMENTS, LETTER_BITS, LETTERS, UNKNOWN, Longs
from hwgen.prove.compiled.letters import BitOf, CaseOf, PartOf, StepOf, letter_of
from hwgen.prove.forms.forms import Bit
from hwgen.prove.forms.values import UNKNOWN as NOTHING
from hwgen.prove.forms.values import CaseBit, Part, Source, Value
from hwgen.prove.machine.sending import FEW_VECTORS, LONG, MOVING
from hwgen.prove.machine.steady import QUIET, SOME, SteadyRun, most_for
from hwgen.prove.machine.streams import Content, Stream, words_of
from hwgen.prove.netlist.netlist import NotProvedError

Word = tuple[int, Content | None] | Longs  # the vector and the content of a lane, or its bits
Decode = Callable[[Source, Longs], Content | None]  # atoms count from those of the vector
Leaf = Callable[[int, int], Sequence[Value]]
MOVES = 1 << 16  # cycles after which the same pauses come again


class Lanes:
    """What the lanes of the beats carry that left so far.

    Parameters
    ----------
    engine
        The unit.
    at_once
        Gives the vector and the content of a lane when it leaves, where its atoms do not stay.
    decode
        Gives the content of a lane later on, where it is known which it is.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        at_once: Callable[[Longs], tuple[int | None, Content | None]] | None = None,
        decode: Decode | None = None,
    ) -> None:
        self.widths = words_of(engine.module)
        self._engine, self._at_once, self._decode = engine, at_once, decode
        self._ends = np.cumsum([0, *self.widths]).tolist()
        self._known: dict[tuple[int, int, bytes], Content | None] = {}
        self.left: list[object] = []

    def clear(self) -> None:
        """Forget the beats."""
        self.left = []

    def show(self, payloads: Longs) -> None:
        """Take beats that left."""
        for payload in payloads:
            words = [payload[a:b] for a, b in zip(self._ends, self._ends[1:], strict=False)]
            if self._at_once is not None:
                self.left.append([self._at_once(word) for word in words])
            else:
                self.left.append(payload.copy())

    def contents(self, index: int, beats: int) -> list[Content | None]:
        """Give what the lanes of a beat carry."""
        vector, beat = divmod(index, beats)
        left = self.left[index]
        if isinstance(left, list):
            return [content if of in (None, vector) else None for of, content in left]
        assert isinstance(left, np.ndarray)
        before = vector * self._engine.columns << LETTER_BITS
        codes = np.where(left > UNKNOWN, left - before, left)
        return [
            self._content(beat, lane, codes[a:b])
            for lane, (a, b) in enumerate(zip(self._ends, self._ends[1:], strict=False))
        ]

    def _content(self, beat: int, lane: int, word: Longs) -> Content | None:
        atoms = word[word > UNKNOWN] >> LETTER_BITS
        inside = (atoms >= ELEMENTS) & (atoms < ELEMENTS + self._engine.columns)
        if not inside.all():
            return None
        key = (beat, lane, word.tobytes())
        if key not in self._known:
            assert self._decode is not None
            self._known[key] = self._decode(Source(0, beat, lane), word)
        return self._known[key]


def feed_of(engine: Engine, beats: int, leaf: Leaf) -> Longs:
    """Give the bits of the payloads of the first vector: (beats, bits)."""
    lanes = engine.columns // max(beats, 1)
    found = [
        [_code(engine, value, beat, lanes) for value in leaf(0, beat)] for beat in range(beats)
    ]
    return np.array(found, np.int64).reshape(beats, -1)


def _code(engine: Engine, value: Value, beat: int, lanes: int) -> int:
    if isinstance(value, int):
        return value
    if not isinstance(value, Bit | CaseBit | Part):
        return UNKNOWN
    found = letter_of(value)
    if found is None:
        return UNKNOWN
    place, letter = found
    if not isinstance(value, Bit):
        place += beat * lanes
    return ELEMENTS + place << LETTER_BITS | engine.letters.number(letter)


def values_of(engine: Engine, word: Longs, lanes: int) -> list[Value]:
    """Give the bits of a lane of the first vector, of elements that come in so many lanes."""
    found: list[Value] = []
    for code in word.tolist():
        if code <= UNKNOWN:
            found.append(NOTHING if code == UNKNOWN else code)
            continue
        beat, lane = divmod((code >> LETTER_BITS) - ELEMENTS, lanes)
        source, letter = Source(0, beat, lane), engine.letters.all[code & (LETTERS - 1)]
        match letter:
            case CaseOf():
                found.append(CaseBit(source, letter.mask, letter.count))
            case PartOf():
                found.append(Part(source, letter.place, letter.inverted))
            case BitOf() | StepOf():
                found.append(NOTHING)
    return found


def sent(engine: Engine, feed: Longs, lanes: Lanes) -> tuple[Stream, SteadyRun]:
    """Give what each lane of each beat carries in all vectors, unknown where they differ.

    Raises
    ------
    NotProvedError
        Where the unit stops, does not repeat itself, or sends something else after a pause.
    """
    run = run_steady(engine, feed, lanes)
    if engine.keep_unwritten():
        engine.reset()
        run = run_steady(engine, feed, lanes)
    first = [lanes.contents(index, run.beats) for index in range(run.beats)]
    for index in range(run.beats, len(lanes.left)):
        before, found = first[index % run.beats], lanes.contents(index, run.beats)
        if before != found:
            first[index % run.beats] = [
                a if a == b else None for a, b in zip(before, found, strict=True)
            ]
    stream = Stream(lanes=tuple(lanes.widths), beats=tuple(tuple(beat) for beat in first))
    vectors, left = int(engine.count[cycles.VECTOR]), len(lanes.left)
    finish(engine, feed, lanes, vectors * run.beats)
    _compare(engine, lanes, stream, vectors, left)
    engine.reset()
    vectors = FEW_VECTORS if len(feed) < LONG else 2
    run_few(engine, feed, lanes, (len(feed), run.beats), vectors)
    _compare(engine, lanes, stream, vectors, 0)
    return stream, run


def _compare(engine: Engine, lanes: Lanes, stream: Stream, vectors: int, start: int) -> None:
    """Show that some vectors have left, and that beats from `start` on are those of the stream.

    Raises
    ------
    NotProvedError
        Where they are not.
    """
    name, beats = engine.module.name, len(stream.beats)
    if len(lanes.left) != vectors * beats:
        raise NotProvedError(
            f"{name}: must send {vectors * beats} beats for {vectors} vectors, not "
            f"{len(lanes.left)}"
        )
    for index in range(start, len(lanes.left)):
        expected, found = stream.beats[index % beats], lanes.contents(index, beats)
        for lane, content in enumerate(found):
            if expected[lane] not in (None, content):
                raise NotProvedError(
                    f"{name}, lane {lane} of beat {index % beats}: must be the same after "
                    "pauses and stalls, and at the end, as without them"
                )


def run_steady(engine: Engine, feed: Longs, lanes: Lanes) -> SteadyRun:
    """Run a unit on one vector after another until it is where it was before.

    Raises
    ------
    NotProvedError
        Where it stops, or does not repeat itself.
    """
    lanes.clear()
    name, most = engine.module.name, most_for(engine.module, engine.deepest, len(feed))
    seen: dict[bytes, tuple[int, int, int]] = {}
    count = engine.count
    while engine.steady(feed, most, lanes.show):
        now = int(count[cycles.VECTOR]), int(count[cycles.CYCLE]), len(lanes.left)
        state = engine.held()
        if state in seen:
            vectors, passed, beats = (b - a for a, b in zip(seen[state], now, strict=True))
            if beats % vectors or not beats:
                raise NotProvedError(
                    f"{name}: must give equally many beats a vector, not {beats} for {vectors} "
                    "vectors"
                )
            return SteadyRun(
                beats=beats // vectors,
                outputs=(),
                interval=passed / vectors,
                latency=max(int(count[cycles.FIRST]), 0),
            )
        seen[state] = now
    raise NotProvedError(
        f"{name}: must take one vector after another and come back to a state that it was in"
    )


def finish(engine: Engine, feed: Longs, lanes: Lanes, beats: int) -> None:
    """Let all that a unit holds leave, with no more beats to come; so many leave in all."""
    engine.few(feed, (0, beats, _patience(engine), QUIET), ALWAYS, lanes.show)


def run_few(
    engine: Engine, feed: Longs, lanes: Lanes, beats: tuple[int, int], vectors: int
) -> None:
    """Run a unit on a few vectors with pauses and stalls; see `machine.steady.run_few`."""
    rng = Random(1)
    moves = np.array([rng.random() < MOVING for _ in range(2 * MOVES)], np.uint8)
    lanes.clear()
    limits = vectors * beats[0], vectors * beats[1], _patience(engine), QUIET
    engine.few(feed, limits, moves, lanes.show)


def _patience(engine: Engine) -> int:
    """Give the cycles after which nothing more leaves."""
    return SOME + 16 * engine.deepest
