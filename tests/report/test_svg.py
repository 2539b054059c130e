"""Scales, ticks and shapes."""

import pytest

from hwgen.report.svg import Scale, fit, line, plot, rect, text, ticks


def test_scale_maps_ends_onto_ends():
    scale = Scale(low=-7, high=7, start=10, end=150)
    assert [scale.at(v) for v in (-7, 0, 7)] == [10, 80, 150]


def test_an_empty_scale_stays_at_its_start():
    assert Scale(low=3, high=3, start=10, end=20).at(3) == 10


@pytest.mark.parametrize(
    ("high", "expected"),
    [
        (0, [0]),
        (1, [0, 1]),
        (5, [0, 1, 2, 3, 4, 5]),
        (6, [0, 2, 4, 6]),
        (34, [0, 10, 20, 30]),
        (9286, [0, 2000, 4000, 6000, 8000]),
        (11399, [0, 5000, 10000]),
    ],
)
def test_ticks_are_few_and_round(high, expected):
    assert ticks(high) == expected


def test_shapes():
    assert rect(1, 2.5, 3.456, -1, "mark") == (
        '<rect class="mark" x="1" y="2.5" width="3.46" height="0"/>'
    )
    assert rect(0, 0, 1, 1, "mark", "<b>").endswith("><title>&lt;b&gt;</title></rect>")
    assert line(0, 1, 20, 100, "grid") == '<line class="grid" x1="0" y1="1" x2="20" y2="100"/>'
    assert text(5, 6, "a<b", anchor="end") == (
        '<text class="label" x="5" y="6" text-anchor="end">a&lt;b</text>'
    )


def test_plot_is_named_and_described():
    found = plot("widths-1", 50, "Widths <1>", "9 bits & more", rect(0, 0, 1, 1, "mark"))
    assert 'viewBox="0 0 360 50" role="img"' in found
    assert 'aria-labelledby="widths-1-title widths-1-description"' in found
    assert '<title id="widths-1-title">Widths &lt;1&gt;</title>' in found
    assert '<desc id="widths-1-description">9 bits &amp; more</desc>' in found


def test_fit():
    assert fit("short", 5) == "short"
    assert fit("longer", 5) == "long…"
