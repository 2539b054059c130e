"""How many LUTs a mapper makes of decision diagrams.

A LUT takes a node and as much of what lies below it as its inputs allow. Of such cuts the one is
taken that needs the fewest further LUTs, the deepest of these; a node and its inverse are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import inf

from hwgen.plan.requantize.decision import Block

Cut = frozenset[Block | int]
"""Inputs of a LUT: nodes of its diagram, and bits of the lane, of which 0 is the lowest."""


def cover_luts(blocks: Iterable[Block], inputs: int, most: float = inf) -> int:
    """Count LUTs of so many inputs for some diagrams over one lane; no further than past `most`."""
    needed = _nodes(frozenset(_input(block) for block in blocks if block.changes))
    waiting, count = set(needed), 0
    while waiting and count <= most:
        node = max(waiting)
        waiting.remove(node)
        count += 1
        if node.bits > inputs:
            below = [_nodes(cut) - needed for cut in _cuts(node, inputs)]
            fewest = min(reversed(below), key=len)
            needed |= fewest
            waiting |= fewest
    return count


def _cuts(node: Block, inputs: int) -> Iterator[Cut]:
    """Give cuts below a node, ever deeper ones last, the first one whatever it takes."""
    cut = _below(frozenset((node,)), node)
    while True:
        yield cut
        nodes = _nodes(cut)
        if not nodes:
            return
        highest = max(node.bits for node in nodes)
        deeper = [_below(cut, node) for node in sorted(nodes) if node.bits == highest]
        cut = min(deeper, key=len)
        if len(cut) > inputs:
            return


def _below(cut: Cut, node: Block) -> Cut:
    """Give the cut with what a node chooses from in its place."""
    return (cut - {node}) | _inputs(node)


@lru_cache(maxsize=1 << 14)
def _inputs(node: Block) -> Cut:
    """Give a node's halves, and the bit that chooses between them where they differ."""
    low, high = node.halves()
    chosen = {node.bits - 1} if low != high else set()
    return frozenset(chosen | {_input(half) for half in (low, high) if half.changes})


def _nodes(cut: Cut) -> set[Block]:
    return {item for item in cut if isinstance(item, Block)}


def _input(block: Block) -> Block | int:
    """Give a function that is no constant as an input: a bit of the lane where it is one."""
    step, count = block.changes[0], len(block.changes) + 1
    if step * count == 1 << block.bits and block.changes == tuple(range(step, step * count, step)):
        return step.bit_length() - 1
    return block._replace(first=0)
