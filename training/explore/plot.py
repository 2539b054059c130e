"""Accuracy on the test set against LUTs, as SVG: a mark a point, a stroke over its seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from hwgen.report.markup import Markup, join, tag
from hwgen.report.svg import WIDTH, Scale, line, plot, rect, text
from training.explore.finish import Built
from training.explore.tables import described

LEFT, TOP, BOTTOM, HEIGHT = 40.0, 24.0, 200.0, 236.0
STYLE = """
svg{background:#fff;font:11px sans-serif}
.grid{stroke:#ddd;stroke-width:.7}.tick{fill:#555}.point{stroke:#0a6b8a;fill:#0a6b8a}
line.point{stroke-width:1.6}text{stroke:none}
"""


def draw(points: Sequence[Built], title: str) -> Markup:
    """Draw the front; the axis of LUTs is logarithmic."""
    logs = [math.log10(point.luts) for point in points]
    scores = [score for point in points for score in point.tested.scores]
    margin = max(0.1 * (max(scores) - min(scores)), 0.5)
    across = Scale(low=min(logs) - 0.08, high=max(logs) + 0.08, start=LEFT, end=WIDTH - 8)
    up = Scale(low=min(scores) - margin, high=max(scores) + margin, start=BOTTOM, end=TOP)
    means = [fmean(point.tested.scores) for point in points]
    places = [(across.at(x), up.at(y)) for x, y in zip(logs, means, strict=True)]
    shapes = [tag("style", Markup(STYLE)), *_levels(up)]
    shapes += [line(x, y, z, w, "point") for (x, y), (z, w) in pairwise(places)]
    for point, (x, y), mean in zip(points, places, means, strict=True):
        low, high = min(point.tested.scores), max(point.tested.scores)
        said = f"{point.luts} LUTs, {mean:.2f} %: {described(point.tested.recipe)}"
        shapes.append(line(x, up.at(low), x, up.at(high), "point"))
        shapes.append(rect(x - 3, y - 3, 6, 6, "point", said))
        shapes.append(text(x, BOTTOM + 14, f"{point.luts:,}", "tick", "middle"))
    shapes.append(text(WIDTH / 2, HEIGHT - 4, "LUTs as synthesised", "tick", "middle"))
    told = "; ".join(f"{p.luts} LUTs {m:.2f} %" for p, m in zip(points, means, strict=True))
    drawn = plot("front", HEIGHT, title, f"Accuracy on the test set: {told}.", *shapes)
    return Markup(drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def _levels(up: Scale) -> list[Markup]:
    """Draw five levels of the score."""
    parts = []
    for number in range(5):
        score = up.low + (up.high - up.low) * number / 4
        y = up.at(score)
        parts.append(line(LEFT, y, WIDTH - 8, y, "grid"))
        parts.append(text(LEFT - 4, y + 4, f"{score:.1f}", "tick", "end"))
    return [join(parts), text(LEFT - 4, TOP - 10, "%", "tick", "end")]
