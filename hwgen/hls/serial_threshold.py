"""Requantization by binary search: a comparison a level and lane, tables or computed lines."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.hls.beats import Beat
from hwgen.hls.text import MOST_BITS, cast, covering, integer, literal, table, type_name
from hwgen.numeric import IntType, Range
from hwgen.plan.stages.serial_threshold import level_words
from hwgen.plan.stages.stage import SerialThreshold


def search_tables(stage: SerialThreshold) -> list[str]:
    """Give the tables of thresholds, of each level the words of all groups, or of their lines."""
    lines, computed = [], _is_computed(stage)
    staircases = () if computed else stage.staircases()
    for lane in range(stage.rows):
        if computed:
            ramp = _ramp(stage, lane)
            lines += table(type_name(ramp.kind), f"middle{lane}", list(map(integer, ramp.middle)))
            lines += table(type_name(ramp.kind), f"step{lane}", list(map(integer, ramp.step)))
            continue
        kind = _word_type(staircases[lane])
        for level in range(stage.levels):
            words = level_words(staircases[lane], 0, level)
            lines += table(type_name(kind), f"table{lane}_{level}", [integer(w) for w in words])
    return lines


def search_lines(stage: SerialThreshold, x: Beat, y: Beat) -> list[str]:
    """Give the lines that find the codes of beat `x`, whose thresholds are those of `group`."""
    lines: list[str] = []
    compared = _computed if _is_computed(stage) else _looked_up
    for lane in range(len(stage.inputs.lanes)):
        more, found = compared(stage, lane, x)
        lines += more
        code = y.lanes[lane]
        text = f"{type_name(code)}({found})" if found else literal(0, code)
        if stage.code_lo:
            text += f" + {literal(stage.code_lo, code)}"
        lines.append(f"{y.lane('y', lane)} = {text};")
    return lines


def _is_computed(stage: SerialThreshold) -> bool:
    """Whether thresholds are computed: those on a line, where 64-bit integers hold all of it."""
    if stage.ramps is None:
        return False
    return all(_ramp(stage, lane).kind.bits <= MOST_BITS for lane in range(stage.rows))


def _looked_up(stage: SerialThreshold, lane: int, x: Beat) -> tuple[list[str], str]:
    """Give the comparisons of a lane with its tables, and the name of what they found."""
    lane_kind, row = x.lanes[lane], lane % stage.rows
    word = _word_type(stage.staircases()[row])
    common = covering(lane_kind, word)
    value = cast(x.lane("x", lane), lane_kind, common)
    lines, found = [], ""
    for level in range(stage.levels):
        look = _look(stage, row, level, found)
        reached = f"{value} >= {cast(look, word, common)}"
        line, found = _with_bit(found, f"f{lane}_{level}", level, reached)
        lines.append(line)
    return lines, found


def _computed(stage: SerialThreshold, lane: int, x: Beat) -> tuple[list[str], str]:
    """Give the comparisons of a lane with thresholds that are computed one from another."""
    assert stage.ramps is not None
    ramp = _ramp(stage, lane % stage.rows)
    kind, fraction = type_name(ramp.kind), stage.ramps.fraction
    value, step, row = f"v{lane}", f"s{lane}", lane % stage.rows
    lines = [
        f"const {kind} {value} = {kind}({x.lane('x', lane)}) << {fraction};",
        f"const {kind} t{lane}_0 = middle{row}[group];",
        f"const {kind} {step} = step{row}[group];",
    ]
    found = reached = ""
    for level in range(stage.levels):
        threshold = f"t{lane}_{level}"
        if level:
            moved = f"{kind}({step} << {stage.levels - 1 - level})"
            below = f"{kind}({literal(0, ramp.kind)} - {moved})"
            text = f"t{lane}_{level - 1} + hwgen_select({reached}, {moved}, {below})"
            lines.append(f"const {kind} {threshold} = {text};")
        reached = f"{value} >= {threshold}"
        line, found = _with_bit(found, f"f{lane}_{level}", level, reached)
        lines.append(line)
    return lines, found


def _with_bit(found: str, name: str, level: int, reached: str) -> tuple[str, str]:
    """Give the line that puts a comparison behind the bits found so far, and its name."""
    bit, kind = f"ap_uint<1>({reached})", f"ap_uint<{level + 1}>"
    text = bit if not found else f"({kind}({found}) << 1) + {kind}({bit})"
    return f"const {kind} {name} = {text};", name


def _look(stage: SerialThreshold, row: int, level: int, found: str) -> str:
    """Read a table at {group, bits found so far}."""
    bits = (stage.groups - 1).bit_length()
    if not found:
        return f"table{row}_{level}[group]"
    if stage.groups == 1:
        return f"hwgen_look(table{row}_{level}, {found})"
    kind = f"ap_uint<{bits + level}>"
    return f"hwgen_look(table{row}_{level}, {kind}(({kind}(group) << {level}) + {kind}({found})))"


def _word_type(rows: tuple[tuple[int, ...], ...]) -> IntType:
    """Give the type of the thresholds of a lane."""
    words = [word for row in rows for word in row]
    return Range(min(words), max(words)).type


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ramp:
    """Middle threshold and step of each group of a lane, and a type for all that is compared.

    A value reaches a threshold, rounded down, where it and the bits behind its point are at least
    `threshold - 2**fraction + 1`. So nothing is shifted to the right.
    """

    middle: tuple[int, ...]
    step: tuple[int, ...]
    kind: IntType


def _ramp(stage: SerialThreshold, lane: int) -> _Ramp:
    assert stage.ramps is not None
    words, unit = stage.ramp_words(lane), 1 << stage.ramps.fraction
    limits, half = stage.inputs.lanes[0].range, 1 << (words.bits - 1)
    held = Range(min(limits.lo * unit, -half - unit), max(limits.hi * unit, half))
    middle = tuple(threshold - unit + 1 for threshold in words.middle)
    return _Ramp(middle=middle, step=words.step, kind=held.type)
