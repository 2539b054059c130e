"""Draws the rows of `bench/folded/units.py --scale`: seconds against nonzeros, both logarithmic."""

from __future__ import annotations

import math

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 480, 300, 60, 250, 20
LINES = (
    ("plan_cpu_s", "plan", "#1f6f8b"),
    ("amaranth_cpu_s", "Amaranth", "#c8553d"),
    ("yosys_writes_cpu_s", "Yosys writes", "#6a994e"),
    ("yosys_maps_cpu_s", "Yosys maps", "#8a6fb0"),
)
DECADES_X, DECADES_Y = (3, 6), (-1, 3)  # 1,000 to 1,000,000 nonzeros; 0.1 to 1,000 s


def x_of(nonzeros: float) -> float:
    """Horizontal place of a number of nonzeros."""
    low, high = DECADES_X
    return LEFT + (math.log10(nonzeros) - low) / (high - low) * (WIDTH - LEFT - 100)


def y_of(seconds: float) -> float:
    """Vertical place of a time; what is below the axis lies on it."""
    low, high = DECADES_Y
    share = (math.log10(max(seconds, 10.0**low)) - low) / (high - low)
    return BOTTOM - share * (BOTTOM - TOP)


def text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    """Give a label."""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{words}</text>'


def grid() -> list[str]:
    """Lines and numbers at every power of ten."""
    shapes = []
    for power in range(DECADES_X[0], DECADES_X[1] + 1):
        x = x_of(10.0**power)
        shapes.append(f'<path d="M{x:.0f} {TOP}V{BOTTOM}" stroke="#ddd"/>')
        shapes.append(text(x, BOTTOM + 16, f"{10**power:,}"))
    for power in range(DECADES_Y[0], DECADES_Y[1] + 1):
        y = y_of(10.0**power)
        shapes.append(f'<path d="M{LEFT} {y:.0f}H{x_of(1e6):.0f}" stroke="#ddd"/>')
        shapes.append(text(LEFT - 8, y + 4, f"{10.0**power:g} s", "end"))
    return [*shapes, text((LEFT + x_of(1e6)) / 2, BOTTOM + 36, "nonzero weights")]


def draw(rows: list[dict[str, object]]) -> str:
    """Give the plot as SVG."""
    rows = sorted(rows, key=lambda row: row["nonzeros"])
    shapes = grid()
    for key, name, colour in LINES:
        points = [(x_of(row["nonzeros"]), y_of(row[key])) for row in rows if key in row]
        if not points:
            continue
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        shapes.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        shapes.append(text(points[-1][0] + 8, points[-1][1] + 4, name, "start"))
    style = 'font-family="sans-serif" font-size="12" fill="#333"'
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {style}>\n'
        f"<title>Processor seconds against nonzeros</title>\n{body}\n</svg>\n"
    )
