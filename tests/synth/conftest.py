"""Real Yosys on one text, or on a design folder of two layers."""

import json

import pytest

from hwgen.synth.run import synthesise_verilog
from tests.synth.texts import LAYERS


@pytest.fixture
def synth(tmp_path):
    """Synthesise one Verilog text."""

    def call(text, target, **options):
        file = tmp_path / "design.v"
        file.write_text(text)
        return synthesise_verilog([file], "top", target, **options)

    return call


@pytest.fixture
def folder(tmp_path):
    """A design folder with two layers."""
    design = tmp_path / "two"
    design.mkdir()
    (design / "two.v").write_text(LAYERS)
    (design / "design.json").write_text(json.dumps({"name": "two", "top": "top", "clock": "clk"}))
    return design
