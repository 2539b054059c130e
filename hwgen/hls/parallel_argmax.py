"""Largest of the lanes of a beat, or its index: trees of comparisons."""

from __future__ import annotations

from typing import NamedTuple

from hwgen.hls.beats import Beat
from hwgen.hls.text import cast, covering, literal, type_name
from hwgen.numeric import IntType
from hwgen.plan.stages.stage import ParallelArgmax, WindowMax


class Candidate(NamedTuple):
    """A value, its type, and the text of its index, `place`."""

    value: str
    kind: IntType
    place: str


def argmax_lines(stage: ParallelArgmax, x: Beat, y: Beat) -> list[str]:
    """Give the lines of a unit: of equal lanes the one with the lowest index wins."""
    lines: list[str] = []
    code = y.lanes[0]
    labels = stage.labels or range(len(x.lanes))
    round_ = [
        Candidate(x.lane("x", k), kind, literal(label, code))
        for (k, kind), label in zip(enumerate(x.lanes), labels, strict=True)
    ]
    count = 0
    while len(round_) > 1:
        following = []
        for k in range(0, len(round_) - 1, 2):
            low, high = round_[k : k + 2]
            kind = covering(low.kind, high.kind)
            first, second = cast(low.value, low.kind, kind), cast(high.value, high.kind, kind)
            t, v, i = (f"{letter}{count}" for letter in "tvi")
            lines.append(f"const hwgen_bit {t} = {second} > {first};")
            if len(round_) > 2:
                chosen = f"hwgen_select({t}, {second}, {first})"
                lines.append(f"const {type_name(kind)} {v} = {chosen};")
            chosen = f"hwgen_select({t}, {high.place}, {low.place})"
            lines.append(f"const {type_name(code)} {i} = {chosen};")
            following.append(Candidate(v, kind, i))
            count += 1
        round_ = following + round_[len(round_) - len(round_) % 2 :]
    return [*lines, f"{y.lane('y', 0)} = {round_[0].place};"]


def window_max_lines(stage: WindowMax, x: Beat, y: Beat) -> list[str]:
    """Give the lines of a unit that gives the largest tap of each channel."""
    lines: list[str] = []
    for lane, sources in enumerate(stage.sources):
        best, kind = x.lane("x", sources[0]), x.lanes[sources[0]]
        for k, source in enumerate(sources[1:]):
            common = covering(kind, x.lanes[source])
            old, new = cast(best, kind, common), cast(x.lane("x", source), x.lanes[source], common)
            best, kind = f"v{lane}_{k}", common
            lines.append(
                f"const {type_name(kind)} {best} = hwgen_select({new} > {old}, {new}, {old});"
            )
        lines.append(f"{y.lane('y', lane)} = {cast(best, kind, y.lanes[lane])};")
    return lines
