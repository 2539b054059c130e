"""The section on the balance of layers: cycles against the limit, estimates, the goal."""

import json
import re

import pytest

from hwgen.report.page import make_report
from tests.report.designs import add_synthesis, build, edit


def section(folder):
    page = make_report(folder).read_text()
    return re.search(r'<section id="balance">.*?</section>', page, re.DOTALL)[0]


def text_of(folder):
    return re.sub(r"<[^>]+>", " ", section(folder)).replace("\N{NO-BREAK SPACE}", " ")


def test_every_layer_stands_against_the_interval(tmp_path):
    folder = build(tmp_path / "d", style="folded", pe=1)
    design = json.loads((folder / "design.json").read_text())
    words = text_of(folder)
    interval = design["interval_cycles"]
    assert f"A vector every {interval} cycles" in words
    for layer in design["layers"]:
        assert f"{100 * layer['cycles'] / interval:.1f} %" in words
        assert f"{layer['luts_estimate']:,}" in words
    assert "interval of the design" in words


def test_an_estimate_is_compared_where_there_is_a_synthesis(tmp_path):
    folder = build(tmp_path / "d", style="unrolled")
    edit(folder, "design.json", lambda d: d["layers"][0].update(luts_estimate=154))
    add_synthesis(folder, "xc7")
    assert "140 (+10 %)" in text_of(folder)


@pytest.mark.parametrize(("interval", "verdict"), [(1, "not met"), (500, "met")])
def test_a_throughput_is_judged(tmp_path, interval, verdict):
    folder = build(tmp_path / "d", style="folded", pe=1)
    goal = {"kind": "Throughput", "fps": 1_000_000, "clock_mhz": float(interval)}
    edit(folder, "design.json", lambda d: d.update(goal=goal))
    words = text_of(folder)
    assert f"Goal: 1,000,000 vectors a second at {interval} MHz, {verdict} by the plan" in words
    assert "is the goal" in words
    assert json.loads((folder / "report.json").read_text())["design"]["goal"]["fps"] == 1_000_000


def test_a_measured_clock_says_what_is_reached(tmp_path):
    folder = build(tmp_path / "d", style="folded", target="ecp5", fps=10_000, clock_mhz=50.0)
    design = json.loads((folder / "design.json").read_text())
    add_synthesis(folder, "ecp5", fmax_mhz=80.0)
    reached = int(80e6 / design["interval_cycles"])
    assert f"At the 80.0 MHz that place and route found on ecp5 it is {reached:,} a second" in (
        text_of(folder)
    )


def test_a_number_of_luts_is_named(tmp_path):
    folder = build(tmp_path / "d", max_luts=5000, max_brams=3)
    assert "Goal: the fastest design within 5,000 LUTs and 3 block RAMs." in text_of(folder)
