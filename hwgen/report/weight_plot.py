"""Plot of the values of a layer's weights."""

from __future__ import annotations

from hwgen.report.markup import Markup, count, percent
from hwgen.report.svg import WIDTH, Scale, fit, line, plot, rect, text
from hwgen.report.weight_figures import Histogram, WeightFigures

TOP, BOTTOM, HEIGHT = 22.0, 118.0, 154.0
ROOM = 26.0  # that a number under the axis takes


def weights_plot(name: str, weights: WeightFigures, index: int) -> Markup:
    """Plot how often each nonzero weight value of a layer occurs."""
    scale = _scale(weights.histogram)
    ends = [weights.smallest, weights.largest]
    numbers = ends if weights.smallest < weights.largest else ends[:1]
    if all(abs(scale.at(0) - scale.at(value)) > ROOM for value in numbers):
        numbers = [*numbers, 0]
    zeros = weights.count - weights.nonzero
    described = (
        f"{count(zeros)} of {count(weights.count)} weights are zero ({percent(weights.sparsity)}); "
        f"the weights reach from {weights.smallest} to {weights.largest}."
    )
    return plot(
        f"weights-{index}",
        HEIGHT,
        f"Weights of {fit(name, 40)}",
        described,
        line(scale.start, BOTTOM, scale.end, BOTTOM, "base"),
        *_bars(weights.histogram, scale),
        *(
            text(scale.at(value), BOTTOM + 14, count(value), "tick", "middle")
            for value in numbers
            if scale.low <= value <= scale.high
        ),
        text(WIDTH / 2, BOTTOM + 30, "weight value (zeros left out)", "tick", "middle"),
    )


def _scale(histogram: Histogram) -> Scale:
    """Place the bins: a bin of one value is centred on it; a wider one begins at its first."""
    low = histogram.start - _half(histogram)
    high = low + histogram.step * len(histogram.counts)
    return Scale(low=low, high=high, start=12, end=WIDTH - 12)


def _half(histogram: Histogram) -> float:
    return 0.5 if histogram.step == 1 else 0.0


def _bars(histogram: Histogram, scale: Scale) -> list[Markup]:
    tallest = max(*histogram.counts, 1)
    bars = []
    for number, occurrences in enumerate(histogram.counts):
        if not occurrences:
            continue
        value = histogram.start + histogram.step * number
        x = scale.at(value - _half(histogram))
        width = min(scale.at(scale.low + histogram.step) - scale.start, 60.0)
        x += (scale.at(scale.low + histogram.step) - scale.start - width) / 2
        height = max((BOTTOM - TOP) * occurrences / tallest, 1.0)
        last = value + histogram.step - 1
        name = count(value) if last == value else f"{count(value)} to {count(last)}"
        many = f"{count(occurrences)} {'weight' if occurrences == 1 else 'weights'}"
        bars.append(
            rect(x + 0.1 * width, BOTTOM - height, 0.8 * width, height, "mark", f"{name}: {many}")
        )
        if number == histogram.counts.index(tallest):
            bars.append(text(x + width / 2, BOTTOM - height - 5, many, "tick", "middle"))
    return bars
