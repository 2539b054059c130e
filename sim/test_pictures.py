"""Pictures of a report: what the simulator gave, not what it should have given."""

import re
import shutil

import numpy as np
import pytest

from hwgen.flow import build
from hwgen.ir import PixelShuffle
from hwgen.plan.options import BuildOptions
from hwgen.report.gather import read_report
from hwgen.report.page import make_report, render
from hwgen.simulate import simulate
from tests.tiny_graphs import GraphNet

FRAMES, ELEMENTS = 2, 12 * 14


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A design that makes pictures of twice the size, and has been simulated."""
    folder = tmp_path_factory.mktemp("pictures") / "design"
    net = GraphNet(0, (1, 6, 7)).same(4).act().larger(2, PixelShuffle)
    build(net.graph(), BuildOptions(style="unrolled"), folder)
    assert simulate(folder, simulator="icarus", samples=FRAMES).passed
    return folder


@pytest.fixture
def folder(simulated, tmp_path):
    """A copy to damage."""
    return shutil.copytree(simulated, tmp_path / "design")


def test_a_design_shows_the_pictures_that_it_gave(folder):
    shown = read_report(folder).maps_simulated
    vectors = np.load(folder / "vectors.npz")
    assert np.array_equal(shown.simulated.reshape(FRAMES, -1), vectors["y"][:FRAMES])
    assert np.array_equal(shown.inputs.reshape(FRAMES, -1), vectors["x"][:FRAMES])
    page = make_report(folder).read_text()
    assert page.count("data:image/png;base64,") == FRAMES * 4
    assert "All 336 elements are equal to the integer reference." in page


def test_a_wrong_design_shows_what_it_gave(folder):
    verilog = folder / "graph.v"
    out = re.compile(r"(assign m_axis_tdata = \{ 5'h00, \w+) \}")
    damaged, count = out.subn(r"\1 ^ 3'd1 }", verilog.read_text())
    assert count == 1
    verilog.write_text(damaged)
    assert not simulate(folder, simulator="icarus", samples=1).passed
    report = read_report(folder)
    assert report.maps_simulated.differing == ELEMENTS
    assert "168 of 168 elements differ." in render(report)


def test_pictures_of_another_run_are_not_shown(folder):
    maps = folder / "sim" / "maps.npz"
    kept = dict(np.load(maps))
    np.savez(maps, **{**kept, "simulated": kept["simulated"] ^ 1})
    report = read_report(folder)
    assert report.simulation.passed
    assert report.maps_simulated is None
