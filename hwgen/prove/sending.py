"""Finds out what a unit sends: run without a pause for all vectors, and with random pauses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hwgen.prove.machine import Machine
from hwgen.prove.netlist import NotProvedError
from hwgen.prove.steady import Feed, SteadyRun, run_paused, run_steady
from hwgen.prove.streams import Content, Stream, cut, words_of
from hwgen.prove.values import Source, Value

PAUSED_VECTORS = 4

Decode = Callable[[Source, tuple[Value, ...]], Content | None]


def sent(
    machine: Machine,
    feed: Feed,
    beats: int,
    columns: int,
    decode: Decode,
    look: Callable[[], None] = lambda: None,
) -> tuple[Stream, SteadyRun]:
    """Give what each lane of each beat carries in all vectors, unknown where they differ.

    Raises
    ------
    NotProvedError
        Where the unit stops, does not repeat itself, or sends something else after a pause.
    """
    run = run_steady(machine, feed, beats, columns, look)
    lanes = words_of(machine.module)
    found = [
        _decoded(payload, index, run, lanes, decode) for index, payload in enumerate(run.outputs)
    ]
    first = found[: run.beats]
    for index, contents in enumerate(found):
        before = first[index % run.beats]
        first[index % run.beats] = [
            a if a == b else None for a, b in zip(before, contents, strict=True)
        ]
    stream = Stream(lanes=tuple(lanes), beats=tuple(tuple(contents) for contents in first))
    machine.reset()
    paused = run_paused(machine, feed, beats, PAUSED_VECTORS * run.beats, look)
    for index, payload in enumerate(paused):
        expected = stream.beats[index % run.beats]
        for lane, content in enumerate(_decoded(payload, index, run, lanes, decode)):
            if expected[lane] not in (None, content):
                raise NotProvedError(
                    f"{machine.module.name}, lane {lane} of beat {index % run.beats}: must be the "
                    "same after pauses and stalls as without them"
                )
    return stream, run


def _decoded(
    payload: Sequence[Value], index: int, run: SteadyRun, lanes: Sequence[int], decode: Decode
) -> list[Content | None]:
    vector, beat = divmod(index, run.beats)
    words = enumerate(cut(payload, lanes))
    return [decode(Source(vector, beat, lane), word) for lane, word in words]
