"""Stages that only move elements: converters between widths, order, several streams as one."""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.text import cast, integer, reduced, table, type_name
from hwgen.plan.stages.stage import PADDING, Narrower, Reorder, Widener


def narrower_process(stage: Narrower, x: Beat, y: Beat, times: str) -> list[str]:
    """Give the body of a process that cuts each beat into parts, lowest lanes first.

    `times` multiplies the beats where it does so at every position of a map.
    """
    parts, lanes = stage.parts, len(y.lanes)
    lines = [
        f"{x.name} x;",
        "beats:",
        f"for (int beat = 0; beat < {stage.inputs.beats}{times}; beat++) {{",
    ]
    if parts == 1:
        inner = _part(x, y, 0, lanes)
        return [
            *lines,
            "#pragma HLS PIPELINE II=1",
            "  x = in.read();",
            f"  {y.name} y;",
            *("  " + line for line in inner),
            "  out.write(y);",
            "}",
        ]
    lines += [
        f"  for (int part = 0; part < {parts}; part++) {{",
        "#pragma HLS PIPELINE II=1",
        "    if (part == 0) x = in.read();",
        f"    {y.name} y;",
    ]
    for part in range(parts):
        word = "if" if part == 0 else "} else if"
        lines.append(f"    {word} (part == {part}) {{" if part < parts - 1 else "    } else {")
        lines += ["      " + line for line in _part(x, y, part * lanes, lanes)]
    return [*lines, "    }", "    out.write(y);", "  }", "}"]


def _part(x: Beat, y: Beat, first: int, lanes: int) -> list[str]:
    shown = range(first, min(first + lanes, len(x.lanes)))
    values = {k - first: cast(x.lane("x", k), x.lanes[k], y.lanes[k - first]) for k in shown}
    return y.assigned("y", values)


def widener_process(stage: Widener, x: Beat, y: Beat) -> list[str]:
    """Give the body of a process that gathers the beats of a vector into one."""
    lanes = len(x.lanes)
    beats = stage.inputs.beats
    lines = [
        f"{y.name} y;",
        *y.assigned("y", {}),
        "beats:",
        f"for (int beat = 0; beat < {beats}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
        f"  const {x.name} x = in.read();",
    ]
    arriving: dict[int, list[str]] = {}
    for lane, slot in enumerate(stage.slots):
        if slot != PADDING:
            beat, place = divmod(slot, lanes)
            value = cast(x.lane("x", place), x.lanes[place], y.lanes[lane])
            arriving.setdefault(beat, []).append(f"{y.lane('y', lane)} = {value};")
    for beat, statements in sorted(arriving.items()):
        lines += [f"  if (beat == {beat}) {{", *("    " + text for text in statements), "  }"]
    return [*lines, "}", "out.write(y);"]


def reorder_tables(stage: Reorder, x: Beat, y: Beat) -> list[str]:
    """Give of each output lane and beat where its element lies, or the constant that it is."""
    lines, lanes, width = [], len(x.lanes), len(y.lanes)
    for lane, kind in enumerate(y.lanes):
        sources = stage.sources[lane::width]
        shown = [max(source, 0) for source in sources]
        lines += table("int", f"from{lane}", [str(source // lanes) for source in shown])
        if lanes > 1:
            lines += table("int", f"place{lane}", [str(source % lanes) for source in shown])
        if PADDING in sources:
            moved = [str(int(source != PADDING)) for source in sources]
            lines += table("bool", f"moved{lane}", moved)
            constants = [integer(reduced(c, kind)) for c in stage.constants[lane::width]]
            lines += table(type_name(kind), f"constant{lane}", constants)
    return lines


def reorder_process(stage: Reorder, x: Beat, y: Beat) -> list[str]:
    """Give the body of a process that puts the elements of a vector into their own order."""
    kind = x.lanes[0]
    lines = [
        f"{type_name(kind)} held[{stage.inputs.beats}][{len(x.lanes)}];",
        "#pragma HLS ARRAY_PARTITION variable=held type=complete dim=2",
        "arrive:",
        f"for (int beat = 0; beat < {stage.inputs.beats}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
        f"  const {x.name} x = in.read();",
        *(f"  held[beat][{k}] = {x.lane('x', k)};" for k in range(len(x.lanes))),
        "}",
        "leave:",
        f"for (int beat = 0; beat < {stage.outputs.beats}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
        f"  {y.name} y;",
    ]
    for lane, wanted in enumerate(y.lanes):
        place = f"place{lane}[beat]" if len(x.lanes) > 1 else "0"
        value = cast(f"held[from{lane}[beat]][{place}]", kind, wanted)
        if PADDING in stage.sources[lane :: len(y.lanes)]:
            value = f"moved{lane}[beat] ? {type_name(wanted)}({value}) : constant{lane}[beat]"
        lines.append(f"  {y.lane('y', lane)} = {value};")
    return [*lines, "  out.write(y);", "}"]


def side_by_side_process(parts: list[Beat], y: Beat, beats: int) -> list[str]:
    """Give the body of a process that reads a beat of each of several streams at once."""
    lines = [
        "beats:",
        f"for (int beat = 0; beat < {beats}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
    ]
    place, values = 0, {}
    for number, part in enumerate(parts):
        lines.append(f"  const {part.name} x{number} = in{number}.read();")
        for lane, kind in enumerate(part.lanes):
            values[place] = cast(part.lane(f"x{number}", lane), kind, y.lanes[place])
            place += 1
    statements = ["  " + line for line in y.assigned("y", values)]
    return [*lines, f"  {y.name} y;", *statements, "  out.write(y);", "}"]
