"""Index of the largest element of a vector that arrives in beats, in any order."""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.text import integer, table, type_name
from hwgen.numeric import IntType
from hwgen.plan.stages.stage import PADDING, SerialArgmax


def argmax_tables(stage: SerialArgmax) -> list[str]:
    """Give of each lane and beat the inverted index of its element, and whether there is one."""
    lines, lanes = [], len(stage.inputs.lanes)
    top = (1 << stage.index_bits) - 1
    for lane in range(lanes):
        order = stage.inputs.order[lane::lanes]
        words = [integer(0 if e == PADDING else top - e) for e in order]
        lines += table(f"ap_uint<{stage.index_bits}>", f"index{lane}", words)
        if PADDING in order:
            lines += table("bool", f"used{lane}", [str(int(e != PADDING)) for e in order])
    if stage.labels:
        kind = type_name(stage.outputs.lanes[0])
        lines += table(kind, "label", [integer(label) for label in stage.labels])
    return lines


def argmax_process(stage: SerialArgmax, x: Beat, y: Beat) -> list[str]:
    """Give the body of a process that keeps the largest key.

    A key is a value above its inverted index: of equal values that of the lowest index is largest.
    """
    bits = stage.index_bits
    index = f"ap_uint<{bits}>(~hwgen_field<0, {bits}>(best))"
    key = f"ap_uint<{bits + max(kind.bits for kind in x.lanes)}>"
    lines: list[str] = []
    keys = [_key(lane, kind, key, bits, stage, lines, x) for lane, kind in enumerate(x.lanes)]
    while len(keys) > 1:
        following = []
        for k in range(0, len(keys) - 1, 2):
            own = f"k{keys[k][1:]}_{len(keys)}"
            first, second = keys[k], keys[k + 1]
            lines.append(
                f"const {key} {own} = hwgen_select({second} > {first}, {second}, {first});"
            )
            following.append(own)
        keys = following + keys[len(keys) - len(keys) % 2 :]
    largest = keys[0]
    return [
        f"{key} best = 0;",
        "beats:",
        f"for (int beat = 0; beat < {stage.inputs.beats}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
        f"  const {x.name} x = in.read();",
        *("  " + line for line in lines),
        f"  best = beat == 0 ? {largest} : hwgen_select({largest} > best, {largest}, best);",
        "}",
        f"{y.name} y;",
        f"{y.lane('y', 0)} = {f'hwgen_look(label, {index})' if stage.labels else index};",
        "out.write(y);",
    ]


def _key(
    lane: int,
    kind: IntType,
    key: str,
    bits: int,
    stage: SerialArgmax,
    lines: list[str],
    x: Beat,
) -> str:
    value = x.lane("x", lane)
    own = f"ap_uint<{kind.bits}>"
    text = (
        f"{own}({own}({value}) ^ {own}({integer(1 << (kind.bits - 1))}))" if kind.signed else value
    )
    padded = PADDING in stage.inputs.order[lane :: len(stage.inputs.lanes)]
    if padded:
        text = f"(used{lane}[beat] ? {own}({text}) : {own}(0))"
    lines.append(f"const {key} k{lane} = ({key}({text}) << {bits}) + {key}(index{lane}[beat]);")
    return f"k{lane}"
