"""A staircase as decision diagrams over the bits of its lane, one diagram a bit of the code.

A bit of the code is a function of the lane that flips at a few known values. Read from the highest
bit of the lane down, blocks of values in which it flips at the same places are one node.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np

from hwgen.numeric import IntType
from hwgen.plan.stages.requantizers import Steps


class Block(NamedTuple):
    """A function on `2**bits` values: `first` at the lowest, flipped at each of `changes`."""

    bits: int
    first: int
    changes: tuple[int, ...]

    def halves(self) -> tuple[Block, Block]:
        """Give the function on the lower and on the upper half of the values."""
        half = 1 << (self.bits - 1)
        middle, after = bisect_left(self.changes, half), bisect_right(self.changes, half)
        above = tuple([place - half for place in self.changes[after:]])
        return (
            Block(self.bits - 1, self.first, self.changes[:middle]),
            Block(self.bits - 1, (self.first + after) % 2, above),
        )


def code_blocks(channel: Steps, lane: IntType, code_bits: int) -> tuple[Block, ...]:
    """Give each bit of the code as a function of the lane less its smallest value."""
    places = np.array(channel.thresholds, np.int64) - lane.lo
    codes = np.array(channel.codes, np.int64)
    blocks = []
    for bit in range(code_bits):
        values = codes >> bit & 1
        changes = places[values[1:] != values[:-1]].tolist()
        blocks.append(Block(lane.bits, int(values[0]), tuple(changes)))
    return tuple(blocks)


def crossing_bits(blocks: tuple[Block, ...], lane_bits: int) -> tuple[int, ...]:
    """Count the bits that a register holds behind the nodes of 0, 1, ... `lane_bits` bits.

    Those are the nodes that are read above, and the bits of the lane that are still to be read.
    """
    nodes = {block for block in blocks if block.changes}
    counts = [len(nodes)]
    read_above = 0
    for _ in range(lane_bits):
        read_above += bool(nodes)
        nodes = {half for node in nodes for half in node.halves() if half.changes}
        counts.append(len(nodes) + read_above)
    return tuple(reversed(counts))
