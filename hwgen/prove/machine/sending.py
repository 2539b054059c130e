"""Finds out what a unit sends: to vectors without end, and to a few, with random pauses or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hwgen.prove.forms.values import Source, Value
from hwgen.prove.machine.machine import Machine
from hwgen.prove.machine.steady import Feed, SteadyRun, run_few, run_steady
from hwgen.prove.machine.streams import Content, Stream, cut, words_of
from hwgen.prove.netlist.netlist import NotProvedError

FEW_VECTORS = 4  # after which the input ends
LONG = 32  # beats of a vector of which two tell as much
MOVING = 0.6  # share of cycles in which a beat is offered, or taken, at random

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
    if machine.keep_unwritten():
        machine.reset()
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
    vectors = FEW_VECTORS if beats < LONG else 2
    for moving in (1, MOVING):
        machine.reset()
        few = run_few(machine, feed, (beats, run.beats), vectors, look, moving)
        if len(few) != vectors * run.beats:
            raise NotProvedError(
                f"{machine.module.name}: must send {vectors * run.beats} beats for "
                f"{vectors} vectors, not {len(few)}"
            )
        for index, payload in enumerate(few):
            expected = stream.beats[index % run.beats]
            for lane, content in enumerate(_decoded(payload, index, run, lanes, decode)):
                if expected[lane] not in (None, content):
                    raise NotProvedError(
                        f"{machine.module.name}, lane {lane} of beat {index % run.beats}: must be "
                        "the same after pauses and stalls, and at the end, as without them"
                    )
    return stream, run


def _decoded(
    payload: Sequence[Value], index: int, run: SteadyRun, lanes: Sequence[int], decode: Decode
) -> list[Content | None]:
    vector, beat = divmod(index, run.beats)
    words = enumerate(cut(payload, lanes))
    return [decode(Source(vector, beat, lane), word) for lane, word in words]
