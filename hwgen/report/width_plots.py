"""Plots of accumulator widths: channel by channel, and summed over the design."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hwgen.report.contents import Report
from hwgen.report.layer_report import LayerReport
from hwgen.report.markup import Markup, change, count
from hwgen.report.svg import WIDTH, Scale, bottom_axis, line, plot, rect, text
from hwgen.report.widths import STANDARD_BITS

TOTAL_LABELS = {
    "standard": "32 bits for every channel",
    "data_type": "data types of weights and inputs",
    "finn": "worst channel of each layer (FINN's rule)",
    "signed": "each channel, exact, two's complement",
    "offset": "each channel, exact, at its own offset",
    "built": "as built",
}


def width_plot(layer: LayerReport, index: int) -> Markup:
    """Plot how many channels have registers of how many bits, by every rule, a strip a rule."""
    widths = layer.widths
    strips = (
        ("as built", widths.built, "mark"),
        ("offset, exact", widths.offset, "other"),
        ("signed, exact", widths.signed, "other"),
        ("l1 norm (A2Q)", widths.l1_norm, "other"),
        ("data types", (widths.data_type,) * widths.channels, "other"),
    )
    top, step = 30.0, 30.0
    bottom = top + step * len(strips)
    most = max(STANDARD_BITS + 2, *(max(values) + 1 for _, values, _ in strips))
    scale = Scale(low=0, high=most, start=98, end=318)
    shapes = [
        bottom_axis(scale, range(0, most + 1, 8), bottom, "bits of a channel's accumulator", top),
        text(WIDTH, top - 8, "mean", "tick", "end"),
        line(scale.at(STANDARD_BITS), top - 4, scale.at(STANDARD_BITS), bottom, "limit"),
        text(scale.at(STANDARD_BITS), top - 8, "32-bit", "tick", "middle"),
    ]
    for number, (label, values, kind) in enumerate(strips):
        base = top + step * (number + 1)
        shapes += [line(scale.start, base, scale.end, base, "base")]
        shapes += _strip(scale, base, step - 8, values, kind)
        shapes += [
            text(scale.start - 8, base - 4, label, f"label.{kind}-text", "end"),
            text(WIDTH, base - 4, f"{sum(values) / len(values):.1f}", "label", "end"),
        ]
    described = "; ".join(f"{label}: {_spread(values)}" for label, values, _ in strips)
    title = f"Accumulator widths of {layer.built.name}"
    return plot(f"widths-{index}", bottom + 34, title, f"{described}.", *shapes)


def _strip(
    scale: Scale, base: float, height: float, values: Sequence[int], kind: str
) -> list[Markup]:
    counts = sorted(Counter(values).items())
    tallest = max(number for _, number in counts)
    unit = scale.at(1) - scale.at(0)
    return [
        rect(
            scale.at(bits) - 0.4 * unit,
            base - max(height * number / tallest, 1.5),
            0.8 * unit,
            max(height * number / tallest, 1.5),
            kind,
            f"{bits} bits: {number} of {len(values)} channels",
        )
        for bits, number in counts
    ]


def _spread(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    if low == high:
        return f"{low} bits"
    return f"{low} to {high} bits, {sum(values) / len(values):.1f} on average"


def totals_plot(report: Report) -> Markup:
    """Plot accumulator bits over all channels, a bar a rule."""
    totals = report.totals
    step, bottom = 36.0, 36.0 * len(totals)
    scale = Scale(low=0, high=totals["standard"], start=0, end=270)
    shapes = []
    for number, (rule, bits) in enumerate(totals.items()):
        kind = "mark" if rule == "built" else "other"
        y = step * number
        note = "" if rule == "standard" else f" ({change(bits, totals['standard'])})"
        length = scale.at(min(bits, totals["standard"]))
        shapes += [
            text(0, y + 12, TOTAL_LABELS[rule], f"label.{kind}-text"),
            rect(0, y + 17, length, 12, kind),
            text(length + 6, y + 27, f"{count(bits)}{note}", f"label.{kind}-text"),
        ]
    described = "; ".join(f"{TOTAL_LABELS[rule]}: {count(n)} bits" for rule, n in totals.items())
    title = "Accumulator bits, summed over all channels of all layers"
    return plot("totals", bottom, title, f"{described}.", *shapes)
