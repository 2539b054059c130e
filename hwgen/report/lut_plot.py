"""Plot of the LUTs of every layer on every target."""

from __future__ import annotations

from collections.abc import Sequence

from hwgen.report.contents import Report
from hwgen.report.markup import Markup, count
from hwgen.report.results import Synthesis
from hwgen.report.svg import WIDTH, Scale, bottom_axis, line, plot, rect, text, ticks


def luts_plot(report: Report, syntheses: Sequence[Synthesis]) -> Markup:
    """Plot LUTs of the layers in their order, stacked, a bar a target."""
    sums = {s.target: _layer_sum(report, s.target) for s in syntheses}
    most = max(1, *sums.values(), *(s.total.luts for s in syntheses))
    scale = Scale(low=0, high=most, start=1, end=WIDTH - 12)
    step, top = 52.0, 24.0
    bottom = top + step * len(syntheses)
    shapes = [bottom_axis(scale, ticks(most), bottom, "LUT sites", top)]
    shapes += _legend()
    described = []
    for number, synthesis in enumerate(syntheses):
        y = top + step * number
        label = f"{synthesis.target}: {count(synthesis.total.luts)} LUTs in all"
        shapes.append(text(1, y + 14, label, "label.mark-text"))
        shapes += _stack(report, synthesis.target, scale, y + 20)
        x = scale.at(synthesis.total.luts)
        shapes.append(line(x, y + 16, x, y + 44, "total"))
        layers = ", ".join(
            f"{layer.built.name} {count(layer.luts[synthesis.target].total)}"
            for layer in report.layers
        )
        described.append(f"{label}; {layers}")
    return plot("luts", bottom + 34, "LUTs by layer", f"{'. '.join(described)}.", *shapes)


def _layer_sum(report: Report, target: str) -> int:
    return sum(layer.luts[target].total for layer in report.layers)


def _legend() -> list[Markup]:
    return [
        rect(1, 0, 12, 12, "mark"),
        text(18, 10, "matrix", "tick"),
        rect(66, 0.5, 11, 11, "pale"),
        text(82, 10, "thresholds, argmax", "tick"),
        rect(188, 0, 12, 12, "other"),
        text(204, 10, "in front", "tick"),
        line(262, 0, 262, 12, "total"),
        text(268, 10, "whole design", "tick"),
    ]


def _stack(report: Report, target: str, scale: Scale, y: float) -> list[Markup]:
    """Draw one bar of segments: what stands in front of each layer's matrix, it, what follows."""
    shapes, before = [], 0
    for number, layer in enumerate(report.layers, 1):
        luts = layer.luts[target]
        parts = (
            (luts.front, "other", "windows or poolings"),
            (luts.matrix, "mark", "matrix"),
            (luts.tail, "pale", "thresholds or argmax"),
        )
        for value, kind, part in parts:
            x, end = scale.at(before), scale.at(before + value)
            before += value
            if not value:
                continue
            name = f"{layer.built.name}, {part}: {count(value)} LUTs"
            shapes.append(rect(x + 0.5, y, end - x - 1, 20, kind, name))
            if part == "matrix" and end - x > 6 + 7 * len(str(number)):
                shapes.append(text((x + end) / 2, y + 14, str(number), "inside", "middle"))
    return shapes
