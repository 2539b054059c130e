"""Score against accumulator bits as SVG: a line a method, the mean over seeds and their range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from hwgen.files import write_beside
from hwgen.nn.weight_quant import Method
from hwgen.report.markup import Markup, join, tag
from hwgen.report.svg import WIDTH, Scale, bottom_axis, line, plot, rect, text
from training.sweep.summary import Mean, Network

LEFT, TOP, BOTTOM, HEIGHT = 40.0, 30.0, 200.0, 236.0
STYLE = """
svg{background:#fff;font:11px sans-serif}
.grid{stroke:#ddd;stroke-width:.7}.tick{fill:#555}.label{fill:#222}
.qat{stroke:#777;fill:#777;stroke-dasharray:4 3}
.a2q{stroke:#b35806;fill:#b35806}.a2q_plus{stroke:#7a5195;fill:#7a5195}
.a2q_ip{stroke:#0a6b8a;fill:#0a6b8a}
line.a2q,line.a2q_plus{stroke-width:1.4}line.a2q_ip{stroke-width:2.2}text{stroke:none}
"""


def write_plots(found: Sequence[Network], results: Path) -> list[Path]:
    """Write a plot of each network with a bounded method beside the rows."""
    paths = []
    for network in found:
        if not network.by_width:
            continue
        name = re.sub(r"[^a-z0-9.]+", "-", network.title.lower()).strip("-")
        path = results.with_name(f"{results.stem}-{name}.svg")
        with write_beside(path) as partial:
            partial.write_text(draw(network) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def draw(network: Network) -> Markup:
    """Draw one network."""
    widths = sorted({bits for _, bits in network.by_width}, reverse=True)
    means = [*network.by_width.values(), *([network.free] if network.free else [])]
    low, high = min(mean.low for mean in means), max(mean.high for mean in means)
    margin = max(0.05 * (high - low), 0.5)
    across = Scale(low=min(widths) - 0.5, high=max(widths) + 0.5, start=LEFT, end=WIDTH - 8)
    up = Scale(low=low - margin, high=high + margin, start=BOTTOM, end=TOP)
    shapes = [
        tag("style", Markup(STYLE)),
        bottom_axis(across, widths, BOTTOM, "accumulator bits P", TOP),
        _left_axis(up, network.unit),
        *_free(network, across, up),
    ]
    for number, method in enumerate(network.methods):
        shapes.append(_curve(network, method, across, up))
        shapes.append(_legend(method, LEFT + 80 * (number + 1)))
    drawn = plot("scores", HEIGHT, network.title, _described(network), *shapes)
    return Markup(drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def _curve(network: Network, method: Method, across: Scale, up: Scale) -> Markup:
    """Join the means of one method, with a stroke from the lowest to the highest seed."""
    widths = sorted({bits for _, bits in network.by_width})
    points = [(bits, network.by_width.get((method, bits))) for bits in widths]
    have = [(across.at(bits), bits, mean) for bits, mean in points if mean is not None]
    parts = [
        line(x, up.at(a.score), z, up.at(b.score), method)
        for (x, _, a), (z, _, b) in pairwise(have)
    ]
    parts += [line(x, up.at(mean.low), x, up.at(mean.high), method) for x, _, mean in have]
    parts += [_mark(x, bits, mean, method, network.unit, up) for x, bits, mean in have]
    return join(parts)


def _mark(x: float, bits: int, mean: Mean, method: Method, unit: str, up: Scale) -> Markup:
    said = f"{method}, P = {bits}: {mean.score:.2f} {unit}, {mean.zeros_percent:.0f} % zeros"
    return rect(x - 2.5, up.at(mean.score) - 2.5, 5, 5, method, said)


def _free(network: Network, across: Scale, up: Scale) -> list[Markup]:
    """Draw `qat` as the level that the others are measured against."""
    if network.free is None:
        return []
    y = up.at(network.free.score)
    return [line(across.start, y, across.end, y, "qat"), _legend("qat", LEFT)]


def _legend(method: Method, x: float) -> Markup:
    return join([line(x, 12, x + 18, 12, method), text(x + 22, 16, method)])


def _left_axis(up: Scale, unit: str) -> Markup:
    """Draw five levels with their scores."""
    parts = []
    for number in range(5):
        score = up.low + (up.high - up.low) * number / 4
        y = up.at(score)
        parts.append(line(LEFT, y, WIDTH - 8, y, "grid"))
        parts.append(text(LEFT - 4, y + 4, f"{score:.1f}", "tick", "end"))
    parts.append(text(LEFT - 4, TOP - 10, unit, "tick", "end"))
    return join(parts)


def _described(network: Network) -> str:
    said = [
        f"{method} at {bits} bits {mean.score:.2f}"
        for (method, bits), mean in sorted(network.by_width.items())
    ]
    return f"Scores in {network.unit}: {'; '.join(said)}."
