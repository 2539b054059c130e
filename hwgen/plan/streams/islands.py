"""Who reads whom, as arrays for compiled loops, and which places reach one another in a cycle."""

from __future__ import annotations

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.stages.wiring import Reads, readers_of


def edges_of(reads: Reads, queues: set[int]) -> tuple[IntArray, IntArray]:
    """Give the edges, one a stage and place that it reads, and the queues that each waits for."""
    readers = readers_of(reads)
    rows: list[tuple[int, int, int]] = []
    gates: list[int] = []
    for index, sources in enumerate(reads):
        for source in sources:
            rows.append((index, source + 1, len(gates)))
            gates += [k for k in readers[source + 1] if k != index and k in queues]
    rows.append((0, 0, len(gates)))
    return np.array(rows, np.int64), np.array([*gates, 0], np.int64)


def lists_of(owners: IntArray, count: int) -> IntArray:
    """List what belongs to each of `count` owners, behind where each list begins and ends."""
    order = np.argsort(owners, kind="stable")
    starts = np.searchsorted(owners[order], np.arange(count + 1))
    return np.concatenate([starts + count + 1, order])


def islands_of(reads: Reads, apart: list[bool]) -> IntArray:
    """Give the island of each place: places that reach one another within a cycle.

    `apart`: what a stage offers and accepts follows from its registers alone.
    """
    found = list(range(len(reads) + 1))

    def join(places: list[int]) -> None:
        islands = {found[place] for place in places}
        found[:] = [min(islands) if own in islands else own for own in found]

    for stage, sources in enumerate(reads):
        join([source + 1 for source in sources] + ([] if apart[stage] else [stage + 1]))
    return np.array(found, np.int64)
