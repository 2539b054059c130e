"""Shows what comes out of queues and converters: lanes of what went in, whole and of one vector."""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.prove.compiled.engine import Engine
from hwgen.prove.compiled.layout import Longs
from hwgen.prove.compiled.sending import Lanes, feed_of, sent, values_of
from hwgen.prove.forms.values import Part, Source, Value
from hwgen.prove.machine.memory import number
from hwgen.prove.machine.steady import SteadyRun
from hwgen.prove.machine.streams import Constant, Content, Stream, resized


def prove_mover(engine: Engine, stream: Stream) -> tuple[Stream, SteadyRun]:
    """Give the stream behind a unit that moves and resizes lanes, and may drop some.

    Raises
    ------
    NotProvedError
        Where the unit stops, or its control depends on what it moves.
    """

    def decode(place: Source, word: Longs) -> Content | None:
        return _moved(values_of(engine, word, len(stream.lanes)), stream)

    feed = feed_of(engine, len(stream.beats), stream.parts)
    return sent(engine, feed, Lanes(engine, decode=decode))


def _moved(word: Sequence[Value], stream: Stream) -> Content | None:
    """Give what a lane carries, None where it is no whole lane."""
    constant = number(word)
    if constant is not None:
        return Constant(value=constant, bits=len(word))
    source = next((v.source for v in word if isinstance(v, Part)), None)
    if source is None:
        return None
    width = min(stream.lanes[source.lane], len(word))
    top = Part(source, width - 1)
    above = set(word[width:])
    if list(word[:width]) != [Part(source, k) for k in range(width)] or above not in (
        set(),
        {0},
        {top},
    ):
        return None
    content = stream.beats[source.beat][source.lane]
    return None if content is None else resized(content, len(word), signed=above == {top})
