"""Thresholds as comparators, the usual ways: what our requantization is measured against.

Both are plain Verilog in place of a design's activation, for Yosys to make the best of: `bank`
compares the sum with every threshold and adds what each one raises the code by, `search` compares
once for each bit of the code, with the threshold that the bits above it pick from a table.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from hwgen.numeric import IntType
from hwgen.plan.stages.requantizers import Steps
from hwgen.plan.stages.stage import ParallelThreshold

Comparators = Literal["bank", "search"]


def with_comparators(text: str, module: str, stage: ParallelThreshold, kind: Comparators) -> str:
    """Give the Verilog of a design with the module of its thresholds replaced."""
    lanes, codes = stage.inputs.lanes, stage.outputs.lanes
    (old,) = re.findall(rf"^module {module}\(.*?^endmodule$", text, re.MULTILINE | re.DOTALL)
    (width,) = re.findall(r"output \[(\d+):0\] o__payload", old)
    slot = (int(width) + 1) // len(codes)
    parts, uses, start = [], [], 0
    for index, (lane, code, steps) in enumerate(zip(lanes, codes, stage.channels, strict=True)):
        if not isinstance(steps, Steps):
            raise TypeError(f"channel {index}: must be thresholds, not a product")
        name = f"channel_{index}"
        parts.append(_channel(name, lane, code.bits, steps, kind))
        uses.append(
            f"{name} u{index} (.v(i__payload[{start} +: {lane.bits}]), "
            f".code(o__payload[{index * slot} +: {code.bits}]));"
        )
        start += lane.bits
    new = [
        f"module {module}(input i__valid, output i__ready, input [{start - 1}:0] i__payload,",
        f"  output o__valid, input o__ready, output [{width}:0] o__payload);",
        "assign i__ready = o__ready;",
        "assign o__valid = i__valid;",
        *uses,
        "endmodule",
    ]
    return text.replace(old, "\n".join([*parts, *new]))


def _channel(name: str, lane: IntType, bits: int, steps: Steps, kind: Comparators) -> str:
    wide = lane.bits + 2  # signed, and one threshold above all values
    value = "v" if lane.signed else "{2'b00, v}"
    body = (_bank if kind == "bank" else _search)(steps, wide, bits)
    head = [
        f"module {name}(input [{lane.bits - 1}:0] v, output [{bits - 1}:0] code);",
        f"wire signed [{wide - 1}:0] x = $signed({value});",
    ]
    return "\n".join([*head, *body, "endmodule"])


def _bank(steps: Steps, wide: int, bits: int) -> list[str]:
    raised = [
        f"(x >= {_signed(threshold, wide)} ? {bits}'d{(after - before) % 2**bits} : {bits}'d0)"
        for threshold, (before, after) in zip(steps.thresholds, pairwise(steps.codes), strict=True)
    ]
    first = f"{bits}'d{steps.codes[0] % 2**bits}"
    return ["assign code = " + " + ".join([first, *raised]) + ";"]


def _search(steps: Steps, wide: int, bits: int) -> list[str]:
    count = len(steps.thresholds)
    levels = max(1, count.bit_length())
    unused = 2**levels - 1 - count
    thresholds = [*steps.thresholds, *[2 ** (wide - 2)] * unused]
    codes = [*steps.codes, *[steps.codes[-1]] * unused]
    top = f"assign j[{levels - 1}] = x >= {_signed(thresholds[2 ** (levels - 1) - 1], wide)};"
    lines = [f"wire [{levels - 1}:0] j;", top]
    for level in reversed(range(levels - 1)):
        picked = thresholds[2**level - 1 :: 2 ** (level + 1)]
        lines += [
            f"reg signed [{wide - 1}:0] t{level};",
            *_table(
                f"t{level}", f"j[{levels - 1}:{level + 1}]", [_signed(t, wide) for t in picked]
            ),
            f"assign j[{level}] = x >= t{level};",
        ]
    values = [f"{bits}'d{code % 2**bits}" for code in codes]
    lines += [f"reg [{bits - 1}:0] c;", *_table("c", "j", values), "assign code = c;"]
    return lines


def _table(name: str, index: str, values: list[str]) -> list[str]:
    rows = [f"  {place}: {name} = {value};" for place, value in enumerate(values[:-1])]
    return [f"always @* case ({index})", *rows, f"  default: {name} = {values[-1]};", "endcase"]


def _signed(value: int, bits: int) -> str:
    return f"{bits}'sd{value}" if value >= 0 else f"-{bits}'sd{-value}"
