"""Requantization of a beat: comparisons with constants, or a product and comparisons."""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.text import cast, check_bits, covering, literal, type_name
from hwgen.numeric import IntType, Range
from hwgen.plan.stages.requantizers import Digit, Rescale, Steps
from hwgen.plan.stages.stage import ParallelThreshold

IN_A_ROW = 15  # selections one behind another; more are found by halves


def threshold_lines(stage: ParallelThreshold, x: Beat, y: Beat) -> list[str]:
    """Give the lines of a unit: each lane's code as its staircase has it."""
    lines: list[str] = []
    for lane, channel in enumerate(stage.channels):
        kind, value, code = x.lanes[lane], x.lane("x", lane), y.lanes[lane]
        if isinstance(channel, Rescale):
            more, value = _product(stage.name, lane, channel, value, kind)
            lines += more
            kind, channel = channel.kept, channel.steps
        more, found = staircase(f"c{lane}", channel, value, kind, code)
        lines += [*more, f"{y.lane('y', lane)} = {found};"]
    return lines


def staircase(
    name: str, steps: Steps, value: str, kind: IntType, code: IntType
) -> tuple[list[str], str]:
    """Give the lines that find a code, and its text."""
    codes = [literal(found, code) for found in steps.codes]
    if not steps.thresholds:
        return [], codes[0]
    if len(steps.thresholds) > IN_A_ROW:
        return _by_halves(name, steps, value, kind, code)
    lines = [f"{type_name(code)} {name} = {codes[0]};"]
    lines += [
        f"{name} = hwgen_select({reaches(value, kind, t)}, {found}, {name});"
        for t, found in zip(steps.thresholds, codes[1:], strict=True)
    ]
    return lines, name


def reaches(value: str, kind: IntType, threshold: int) -> str:
    """Compare a value with a constant, in a type that holds both."""
    common = covering(kind, Range(threshold, threshold).type)
    return f"{cast(value, kind, common)} >= {literal(threshold, common)}"


def _by_halves(
    name: str, steps: Steps, value: str, kind: IntType, code: IntType
) -> tuple[list[str], str]:
    lines: list[str] = []

    def among(first: int, last: int) -> str:
        """Give the code where `first` to `last` thresholds are reached."""
        if first == last:
            return literal(steps.codes[first], code)
        middle = (first + last + 1) // 2
        low, high = among(first, middle - 1), among(middle, last)
        if low == high:
            return low
        own = f"{name}_{middle}"
        reached = reaches(value, kind, steps.thresholds[middle - 1])
        lines.append(f"const {type_name(code)} {own} = hwgen_select({reached}, {high}, {low});")
        return own

    found = among(0, len(steps.thresholds))
    return lines, found


def _product(
    where: str, lane: int, plan: Rescale, value: str, kind: IntType
) -> tuple[list[str], str]:
    """Give the upper bits of a lane's product, unsigned from its lowest value on."""
    bits, wide = (IntType(bits=b, signed=False) for b in (kind.bits, plan.bits))
    check_bits(where, wide)
    v, x, p, q = (f"{letter}{lane}" for letter in "vxpq")
    text = f"{type_name(bits)}({value})" if kind.signed else value
    if kind.signed:
        text += f" ^ {literal(1 << (kind.bits - 1), bits)}"
    lines = [f"const {type_name(bits)} {v} = {text};"]
    if plan.seam:
        more = IntType(bits=kind.bits + 1, signed=False)
        check_bits(where, more)
        beyond = f"{type_name(more)}({type_name(more)}({v}) + {literal(1 << kind.bits, more)})"
        reached = f"{v} >= {literal(plan.seam, bits)}"
        lines.append(
            f"const {type_name(more)} {x} = "
            f"hwgen_select({reached}, {type_name(more)}({v}), {beyond});"
        )
        v, bits = x, more
    text = _digit(v, bits, plan.digits[0], wide)
    for digit in plan.digits[1:]:
        text += f" {'+' if digit.sign > 0 else '-'} {_digit(v, bits, digit, wide)}"
    if plan.constant:
        text += f" + {literal(plan.constant, wide)}"
    lines.append(f"const {type_name(wide)} {p} = {text};")
    lines.append(f"const {type_name(plan.kept)} {q} = {p} >> {plan.shift};")
    return lines, q


def _digit(value: str, kind: IntType, digit: Digit, wide: IntType) -> str:
    if digit.shift < 0:
        value = f"{type_name(kind)}({value} >> {-digit.shift})"
        return f"{type_name(wide)}({value})"
    text = cast(value, kind, wide)
    return f"({text} << {digit.shift})" if digit.shift else text
