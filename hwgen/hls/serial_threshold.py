"""Requantization by binary search: a comparison a level and lane, a table for each."""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.text import cast, covering, integer, literal, table, type_name
from hwgen.numeric import IntType, Range
from hwgen.plan.stages.serial_threshold import level_words
from hwgen.plan.stages.stage import SerialThreshold


def search_tables(stage: SerialThreshold) -> list[str]:
    """Give the tables of thresholds, of each level the words of all groups."""
    lines = []
    for lane, rows in enumerate(stage.staircases()):
        kind = _word_type(rows)
        for level in range(stage.levels):
            words = level_words(rows, 0, level)
            lines += table(type_name(kind), f"table{lane}_{level}", [integer(w) for w in words])
    return lines


def search_lines(stage: SerialThreshold, x: Beat, y: Beat) -> list[str]:
    """Give the lines that find the codes of beat `x`, whose thresholds are those of `group`."""
    lines: list[str] = []
    words = [_word_type(rows) for rows in stage.staircases()]
    for lane in range(len(stage.inputs.lanes)):
        row = lane % stage.rows
        lane_kind, word = x.lanes[lane], words[row]
        common = covering(lane_kind, word)
        value = cast(x.lane("x", lane), lane_kind, common)
        found = ""
        for level in range(stage.levels):
            look = _look(stage, row, level, found)
            bit = f"ap_uint<1>({value} >= {cast(look, word, common)})"
            kind = f"ap_uint<{level + 1}>"
            text = bit if not found else f"({kind}({found}) << 1) + {kind}({bit})"
            found = f"f{lane}_{level}"
            lines.append(f"const {kind} {found} = {text};")
        code = y.lanes[lane]
        text = f"{type_name(code)}({found})" if found else literal(0, code)
        if stage.code_lo:
            text += f" + {literal(stage.code_lo, code)}"
        lines.append(f"{y.lane('y', lane)} = {text};")
    return lines


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
