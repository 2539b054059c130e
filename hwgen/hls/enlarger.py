"""Makes a map larger: each pixel becomes a square."""

from __future__ import annotations

from hwgen.hls.beats import Beat
from hwgen.hls.text import cast
from hwgen.plan.stages.stage import Enlarger


def enlarger_process(stage: Enlarger, x: Beat, y: Beat) -> list[str]:
    """Give the body of a process that shows each row `factor` times, each pixel as often."""
    (height, width), factor = stage.inputs.image, stage.factor
    beats = stage.inputs.beats_each
    lines = [
        f"{x.name} line[{width * beats}];",
        "rows:",
        f"for (int row = 0; row < {height}; row++) {{",
        f"  for (int a = 0; a < {factor}; a++) {{",
        f"    for (int column = 0; column < {width}; column++) {{",
        f"      for (int b = 0; b < {factor}; b++) {{",
        f"        for (int beat = 0; beat < {beats}; beat++) {{",
        "#pragma HLS PIPELINE II=1",
        f"          const int place = column * {beats} + beat;",
        "          if (a == 0 && b == 0) line[place] = in.read();",
        f"          const {x.name} x = line[place];",
        f"          {y.name} y;",
    ]
    for lane, kind in enumerate(y.lanes):
        shown = [cast(x.lane("x", s[lane]), x.lanes[s[lane]], kind) for s in stage.sources]
        text = shown[-1]
        for phase in reversed(range(len(shown) - 1)):
            if shown[phase] != text or "?" in text:
                a, b = divmod(phase, factor)
                text = f"a == {a} && b == {b} ? {shown[phase]} : {text}"
        lines.append(f"          {y.lane('y', lane)} = {text};")
    return [*lines, "          out.write(y);", "        }", "      }", "    }", "  }", "}"]
