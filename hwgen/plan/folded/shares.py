"""Deals rows of equal work to PEs so that each copy of a ring stores few channels of any beat.

Where rows read few channels each, as those of a depthwise convolution do, the copies together hold
one map if no PE reads more channels of a beat than its part.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.ring_shares import share_of
from hwgen.plan.stages.stage import PADDING

ATTEMPTS = 20_000  # pairs of rows that are looked at

Reads = dict[int, frozenset[int]]  # channels that each row reads


def part_of(ring: LineShape, reads: Reads, pes: list[list[int]]) -> LineShape:
    """Give a ring whose copies store as little as the channels of each PE let them.

    Parameters
    ----------
    pes
        Rows of each PE.
    """
    most = max(len(frozenset[int]().union(*(reads[row] for row in rows))) for rows in pes)
    channels = len(ring.channels)
    lanes = max(-(-ring.inputs.channels * most // channels), 1)
    words = min(-(-most // lanes), ring.beats)
    places = [(beat, lane) for beat in range(words) for lane in range(lanes)]
    shares = (share_of(places, ring.beats),) * len(pes)
    return LineShape(ring.inputs, ring.outputs, ring.lines, shares)


def spread(
    dealt: list[list[tuple[int, ...]]],
    steps: list[list[int]],
    work: dict[int, int],
    reads: Reads,
    ring: LineShape,
) -> list[list[tuple[int, ...]]]:
    """Exchange rows that fit into each other's steps; the ends of all rows stay.

    Parameters
    ----------
    dealt, steps
        Rows of each group of each set, and the steps of the group.
    work
        Steps that each row needs.
    """
    groups = [[list(rows) for rows in part] for part in dealt]
    spots = [
        (s, k, lane)
        for s, part in enumerate(groups)
        for k, rows in enumerate(part)
        for lane, row in enumerate(rows)
        if row != PADDING
    ]
    held: dict[tuple[int, int], Counter[int]] = {(s, lane): Counter() for s, _, lane in spots}
    for s, k, lane in spots:
        held[s, lane].update(reads[groups[s][k][lane]])
    load = {pe: _load(channels, ring) for pe, channels in held.items()}
    random = Random(0)
    for _ in range(ATTEMPTS):
        (s, k, lane), (t, n, other) = random.choice(spots), random.choice(spots)
        one, two = groups[s][k][lane], groups[t][n][other]
        fits = work[one] <= steps[t][n] and work[two] <= steps[s][k]
        if (s, lane) == (t, other) or not fits:
            continue
        a = held[s, lane] - Counter(reads[one]) + Counter(reads[two])
        b = held[t, other] - Counter(reads[two]) + Counter(reads[one])
        loads = _load(a, ring), _load(b, ring)
        if sum(loads) <= load[s, lane] + load[t, other]:
            groups[s][k][lane], groups[t][n][other] = two, one
            held[s, lane], held[t, other] = a, b
            load[s, lane], load[t, other] = loads
    return [[tuple(rows) for rows in part] for part in groups]


def _load(channels: Counter[int], ring: LineShape) -> int:
    """Give how unevenly the channels of a PE lie in beats: the sum of squares."""
    beats = Counter(ring.channels[channel][0] for channel in channels)
    return sum(count * count for count in beats.values())
