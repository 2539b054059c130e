"""Compiles the loops that planning runs, so that the first plan on a machine need not."""

from __future__ import annotations

from hwgen.numeric import IntType
from hwgen.plan.folded.stretching import Dealing
from hwgen.plan.stages.stage import Fifo, Stream
from hwgen.plan.streams.order import full_queues
from hwgen.plan.streams.timing import timing


def prepare() -> None:
    """Compile the loops and keep them on disk: seconds, once for a machine."""
    bit = Stream(lanes=(IntType.parse("u1"),), order=(0,))
    queue = Fifo(name="queue", inputs=bit, outputs=bit, depth=2)
    timing((queue,), ((-1,),))
    full_queues((queue,), ((-1,),))
    Dealing([[1], [1]], [(0,), (1,)], 1).cost()
