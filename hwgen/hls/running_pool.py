"""Poolings of windows that do not overlap."""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.text import cast, covering, type_name
from hwgen.plan.stages.stage import RunningPool


def pool_process(stage: RunningPool, x: Beat, y: Beat) -> list[str]:
    """Give the body of a process that keeps what has come of each window.

    `left[]` is what has come of a window's row, of each beat of a pixel, `above[]` what has come of
    its rows above.
    """
    (height, width), (rows, columns) = stage.inputs.image, stage.outputs.image
    (kh, kw), (sy, sx) = stage.kernel, stage.stride
    sy, sx = max(sy, kh), max(sx, kw)  # a single window may be longer than its stride
    beats = stage.inputs.beats_each
    lines = [
        f"{y.name} above[{columns * beats}];",
        f"{y.name} left[{beats}];",
        "rows:",
        f"for (int row = 0, down = 0, u = 0; row < {height}; row++) {{",
        f"  for (int step = 0, right = 0, v = 0, beat = 0; step < {width * beats}; step++) {{",
        "#pragma HLS PIPELINE II=1",
        f"    const {x.name} x = in.read();",
        f"    if (down < {rows} && u < {kh} && right < {columns} && v < {kw}) {{",
        "      const bool first = u == 0 && v == 0;",
        f"      const int place = right * {beats} + beat;",
        f"      {y.name} so_far = left[beat];",
        "      if (v == 0) so_far = above[place];",
        f"      {y.name} formed;",
    ]
    for lane, (pixel, kind) in enumerate(zip(x.lanes, y.lanes, strict=True)):
        new = cast(x.lane("x", lane), pixel, kind)
        before, after = y.lane("so_far", lane), y.lane("formed", lane)
        if stage.kind == "sum":
            lines.append(f"      if (first) {after} = {new};")
            lines.append(f"      else {after} = {before} + {new};")
            continue
        common = covering(pixel, kind)
        a, b = cast(x.lane("x", lane), pixel, common), cast(before, kind, common)
        lines.append(f"      if (first) {after} = {new};")
        lines.append(f"      else {after} = {type_name(kind)}(hwgen_select({a} > {b}, {a}, {b}));")
    return [
        *lines,
        "      left[beat] = formed;",
        f"      if (v == {kw - 1}) above[place] = formed;",
        f"      if (u == {kh - 1} && v == {kw - 1}) out.write(formed);",
        "    }",
        f"    if (++beat == {beats}) {{",
        "      beat = 0;",
        f"      if (++v == {sx}) {{",
        "        v = 0;",
        "        right++;",
        "      }",
        "    }",
        "  }",
        f"  if (++u == {sy}) {{",
        "    u = 0;",
        "    down++;",
        "  }",
        "}",
    ]
