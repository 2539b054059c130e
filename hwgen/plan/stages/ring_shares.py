"""Which channels of a map each copy of a ring stores, where copies store what their readers read.

A share names for each beat of a pixel the lanes that are stored; a beat without any has no word.
"""

from __future__ import annotations

from collections.abc import Sequence

Share = tuple[tuple[int, ...], ...]


def share_of(places: Sequence[tuple[int, int]], beats: int) -> Share:
    """Give the share that holds what comes in some beats and lanes."""
    lanes: list[set[int]] = [set() for _ in range(beats)]
    for beat, lane in places:
        lanes[beat].add(lane)
    return tuple(tuple(sorted(own)) for own in lanes)


def words_of(share: Share) -> tuple[int | None, ...]:
    """Give the word in which each beat is stored, None for none."""
    words, found = 0, []
    for lanes in share:
        found.append(words if lanes else None)
        words += bool(lanes)
    return tuple(found)
