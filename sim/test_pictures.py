"""Pictures of a report: what the simulator gave, not what it should have given."""

import json
import re

import numpy as np

from hwgen.flow import build
from hwgen.ir import PixelShuffle
from hwgen.plan.options import BuildOptions
from hwgen.report.gather import read_report
from hwgen.report.page import make_report, render
from hwgen.simulate import simulate
from tests.tiny_graphs import GraphNet


def enlarged(folder):
    """A design that makes pictures of twice the size."""
    net = GraphNet(0, (1, 6, 7)).same(4).act().larger(2, PixelShuffle)
    build(net.graph(), BuildOptions(style="folded", pe=4), folder)
    return folder


def test_a_design_shows_the_pictures_that_it_gave(tmp_path):
    folder = enlarged(tmp_path / "design")
    assert simulate(folder, simulator="icarus", samples=2).passed
    shown = read_report(folder).maps_simulated
    vectors = np.load(folder / "vectors.npz")
    assert np.array_equal(shown.simulated.reshape(2, -1), vectors["y"][:2])
    assert np.array_equal(shown.inputs.reshape(2, -1), vectors["x"][:2])
    page = make_report(folder).read_text()
    assert page.count("data:image/png;base64,") == 2 * 4
    assert "elements are equal to the integer reference" in page


def test_a_wrong_design_shows_what_it_gave(tmp_path):
    folder = enlarged(tmp_path / "design")
    verilog = folder / "graph.v"
    text = verilog.read_text()
    assert text.count("assign m_axis_tdata = { 5'h00, ") == 1
    damaged = re.sub(r"(assign m_axis_tdata = \{ 5'h00, \w+) \}", r"\1 ^ 3'd1 }", text)
    verilog.write_text(damaged)
    assert not simulate(folder, simulator="icarus", samples=1).passed
    report = read_report(folder)
    assert report.maps_simulated.differing == 168
    assert "168 of 168 elements differ" in render(report)


def test_pictures_of_another_run_are_not_shown(tmp_path):
    folder = enlarged(tmp_path / "design")
    simulate(folder, simulator="icarus", samples=1)
    result = json.loads((folder / "sim" / "result.json").read_text())
    maps = folder / "sim" / "maps.npz"
    kept = dict(np.load(maps))
    np.savez(maps, **{**kept, "simulated": kept["simulated"] ^ 1})
    assert result["maps"]
    assert read_report(folder).maps_simulated is None
