"""Places of a switch that hold bits of the same beat, and the bit of the payload that each can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.numeric import IntArray

FIXED = 3  # the first places: what is always unknown, 0 and 1
NOTHING = -1  # no bit of the payload
MANY = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """Under one setting: the place that each register, column and output bit loads from."""

    registers: IntArray
    columns: tuple[IntArray, ...]
    outputs: IntArray


def traced(routes: Sequence[Route], sizes: Sequence[int]) -> tuple[IntArray, IntArray]:
    """Give the lowest and the highest bit of the payload that each output bit can show.

    `sizes` counts registers, bits of the payload, and columns of each memory; places come in this
    order behind those that are fixed. Lowest is MANY and highest NOTHING where there is none.
    """
    low = np.full(FIXED + sum(sizes), MANY)
    payload = slice(FIXED + sizes[0], FIXED + sizes[0] + sizes[1])
    low[payload] = np.arange(sizes[1])
    high = np.where(low == MANY, NOTHING, low)
    own = np.r_[FIXED : payload.start, payload.stop : len(low)]
    before = None
    while before != (before := (int(low.sum()), int(high.sum()))):
        for route in routes:
            loaded = np.concatenate([route.registers, *route.columns])
            low[own] = np.minimum(low[own], low[loaded])
            high[own] = np.maximum(high[own], high[loaded])
    first = np.min([low[route.outputs] for route in routes], axis=0)
    last = np.max([high[route.outputs] for route in routes], axis=0)
    return np.asarray(first), np.asarray(last)


def alike(routes: Sequence[Route], sizes: Sequence[int]) -> list[IntArray]:
    """Colour registers, and columns of each memory: equal where they always load from equal ones.

    All begin with one colour, since they hold nothing that is known, and colours are refined until
    there are no more.
    """
    apart, count = FIXED + sum(sizes), -1
    registers, payload = (np.zeros(size, np.int64) for size in sizes[:2])
    columns = [np.zeros(size, np.int64) for size in sizes[2:]]
    while True:
        own = [np.arange(FIXED), registers, payload, *columns]
        places = np.concatenate([k * apart + colour for k, colour in enumerate(own)])
        registers = _refined([places[route.registers] for route in routes], registers)
        columns = [
            _refined([places[route.columns[m]] for route in routes], column)
            for m, column in enumerate(columns)
        ]
        now = sum(len(np.unique(colour)) for colour in (registers, *columns))
        if now == count:
            return [registers, *columns]
        count = now


def _refined(loaded: list[IntArray], colour: IntArray) -> IntArray:
    """Give new colours to places that load from unlike ones."""
    if not len(colour):
        return colour
    _, found = np.unique(np.stack([*loaded, colour], axis=1), axis=0, return_inverse=True)
    return np.asarray(found.reshape(-1))
