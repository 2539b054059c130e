"""Windows of a map: rows that are remembered, and a square of registers that they pass through."""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.text import cast, literal
from hwgen.plan.stages.stage import WindowBuffer


def window_process(stage: WindowBuffer, x: Beat, y: Beat) -> list[str]:
    """Give the body of a process that gives the window of each output position.

    A step is a column of the map, or one behind its right or lower edge where windows reach there.
    A tap knows from the step's row and column whether it lies outside the map, and what it shows.
    """
    (height, width), (rows, columns) = stage.inputs.image, stage.outputs.image
    (kh, kw), (sy, sx), (oy, ox) = stage.kernel, stage.stride, stage.origin
    end_row, end_column = oy + kh - 1, ox + kw - 1
    steps_down = max(height, (rows - 1) * sy + end_row + 1)
    steps_right = max(width, (columns - 1) * sx + end_column + 1)
    lines = []
    if kh > 1:
        lines += [
            f"{x.name} lines[{kh - 1}][{width}];  // the rows above, the highest first",
            "#pragma HLS ARRAY_PARTITION variable=lines type=complete dim=1",
        ]
    lines += [
        f"{x.name} window[{kh}][{kw}];",
        "#pragma HLS ARRAY_PARTITION variable=window type=complete dim=0",
        "rows:",
        f"for (int row = 0; row < {steps_down}; row++) {{",
        f"  for (int column = 0; column < {steps_right}; column++) {{",
        "#pragma HLS PIPELINE II=1",
    ]
    for u in range(kh):
        lines += [f"    window[{u}][{v}] = window[{u}][{v + 1}];" for v in range(kw - 1)]
    inside = f"column < {width}"
    lines.append(f"    if ({inside}) {{" if steps_right > width else "    {")
    for u in range(kh - 1):
        lines.append(f"      window[{u}][{kw - 1}] = lines[{u}][column];")
    read = f"window[{kh - 1}][{kw - 1}] = in.read();"
    lines.append(f"      if (row < {height}) {read}" if steps_down > height else f"      {read}")
    for u in range(kh - 1):
        lines.append(f"      lines[{u}][column] = window[{u + 1}][{kw - 1}];")
    lines.append("    }")
    ends = [*_ends("row", end_row, sy, rows), *_ends("column", end_column, sx, columns)]
    lines += [f"    if ({' && '.join(ends)}) {{", f"      {y.name} y;"]
    for lane, tap in enumerate(stage.taps):
        value = x.lane(f"window[{tap.u}][{tap.v}]", tap.lane)
        value = cast(value, x.lanes[tap.lane], y.lanes[lane])
        outside = [
            *_outside("row", kh - 1 - tap.u, end_row, (rows - 1) * sy, height),
            *_outside("column", kw - 1 - tap.v, end_column, (columns - 1) * sx, width),
        ]
        if outside:
            beside = stage.beside[tap.lane] if stage.beside else 0
            value = f"{' && '.join(outside)} ? {value} : {literal(beside, y.lanes[lane])}"
        lines.append(f"      {y.lane('y', lane)} = {value};")
    return [*lines, "      out.write(y);", "    }", "  }", "}"]


def _ends(step: str, first: int, stride: int, count: int) -> list[str]:
    """Say when windows end along an axis."""
    last = first + (count - 1) * stride
    found = [f"{step} >= {first}", f"{step} <= {last}"]
    return found if stride == 1 else [*found, f"({step} - {first}) % {stride} == 0"]


def _outside(step: str, back: int, first: int, more: int, size: int) -> list[str]:
    """Say what makes the pixel `back` steps ago one of the map, where it is not always."""
    found = [f"{step} >= {back}"] if first < back else []
    return [*found, f"{step} < {size + back}"] if first + more - back >= size else found
