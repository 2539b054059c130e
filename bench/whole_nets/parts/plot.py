"""Draws the folded designs of `bench/whole_nets/dense.py` that were placed on ecp5.

LUTs, block RAMs among them at their price, against samples a second.
"""

from __future__ import annotations

import math

from hwgen.report.markup import Markup, tag
from hwgen.report.svg import Scale, line, plot, rect, text

STYLE = ".label,.tick{font:11px system-ui,sans-serif;fill:#555}.grid{stroke:#ddd}"
COLOURS = {
    ("nsl_kdd", False): "#1f6f8b",
    ("nsl_kdd", True): "#8fb9c8",
    ("fashion_mnist", False): "#b5482a",
    ("fashion_mnist", True): "#dba494",
}
TOP, BOTTOM, LEFT, RIGHT = 90.0, 300.0, 50.0, 345.0


def drawing(rows: list[dict[str, object]]) -> str:
    """Draw the placed designs as a file of its own; both axes are logarithmic."""
    points: dict[tuple[str, bool], list[tuple[float, float]]] = {}
    for row in rows:
        if row["kind"] == "folded" and row.get("samples_a_second"):
            key = (str(row["model"]).split()[0], bool(row["dense"]))
            at = (float(str(row["samples_a_second"])), float(str(row["priced_luts"])))
            points.setdefault(key, []).append(at)
    if not points:
        raise SystemExit("plot: needs a placed folded design among the rows; measure some first")
    every = [point for found in points.values() for point in found]
    across, up = (_scale([point[axis] for point in every], axis) for axis in (0, 1))
    shapes = [*_grid(across, up), *_legend(points)]
    for key, found in points.items():
        places = [(across.at(math.log10(x)), up.at(math.log10(y))) for x, y in sorted(found)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        shapes.append(
            tag(
                "polyline",
                attributes={"points": path, "fill": "none", "stroke": COLOURS[key]},
            )
        )
        shapes += [rect(x - 3, y - 3, 6, 6, _kind(key)) for x, y in places]
    fills = "".join(f".{_kind(key)}{{fill:{colour}}}" for key, colour in COLOURS.items())
    title = "LUTs on ecp5, block RAMs at their price, against samples a second of folded nets"
    svg = plot("nets", BOTTOM + 40, title, title, tag("style", Markup(STYLE + fills)), *shapes)
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _kind(key: tuple[str, bool]) -> str:
    return f"{key[0]}{'-32' if key[1] else ''}"


def _scale(values: list[float], axis: int) -> Scale:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    start, end = ((LEFT, RIGHT), (BOTTOM, TOP))[axis]
    return Scale(low=low, high=max(high, low + 1), start=start, end=end)


def _grid(across: Scale, up: Scale) -> list[Markup]:
    shapes = []
    for power in range(int(across.low), int(across.high) + 1):
        x = across.at(power)
        shapes.append(line(x, TOP, x, BOTTOM, "grid"))
        shapes.append(text(x, BOTTOM + 15, f"{10**power:,}", "tick", "middle"))
    for power in range(int(up.low), int(up.high) + 1):
        y = up.at(power)
        shapes.append(line(LEFT, y, RIGHT, y, "grid"))
        shapes.append(text(LEFT - 5, y + 4, f"{10**power:,}", "tick", "end"))
    shapes.append(text((LEFT + RIGHT) / 2, BOTTOM + 32, "samples a second", "tick", "middle"))
    return [*shapes, text(LEFT, TOP - 8, "LUTs, block RAMs at 400", "tick")]


def _legend(points: dict[tuple[str, bool], list[tuple[float, float]]]) -> list[Markup]:
    shapes = []
    for number, (net, dense) in enumerate(points):
        y = 12.0 + 16 * number
        shapes.append(rect(LEFT, y - 8, 8, 8, _kind((net, dense))))
        words = "dense, 32-bit accumulators" if dense else "a2q_ip, zeros skipped"
        shapes.append(text(LEFT + 14, y, f"{net}: {words}"))
    return shapes
