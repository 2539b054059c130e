"""The tables of the terminal."""

import json

import pytest
from rich.console import Console

from hwgen.report.page import make_report
from hwgen.report.synthesis import layer_table, synthesis_table
from tests.report.designs import add_simulation, add_synthesis, build, small_net


@pytest.fixture
def folder(tmp_path):
    return build(tmp_path / "design", small_net("[red]net"), style="folded", pe=2)


def shown(table):
    console = Console(width=160, record=True, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def layers(folder):
    return shown(layer_table(json.loads(make_report(folder).with_suffix(".json").read_text())))


def row(text, name):
    """The cells of the line that starts with a name."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"│ {name}"))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_layer_table(folder):
    add_simulation(folder)
    add_synthesis(folder, "xc7")
    text = layers(folder)
    assert "[red]net: no accumulator can overflow; simulation passed" in text
    design = json.loads((folder / "design.json").read_text())
    bits = design["layers"][0]["accumulator_bits"]
    cycles = str(design["layers"][0]["cycles"])
    widths = f"{min(bits)}-{max(bits)}"
    assert row(text, "fc0") == ["fc0", "4x3", "2x1", "33.3%", cycles, widths, "10", "140"]


def test_layer_table_says_what_is_missing(folder):
    text = layers(folder)
    assert "not simulated" in text
    assert "synthesis not known yet: hwgen synth design --target xc7" in text


def test_layer_table_says_what_failed(folder):
    add_simulation(folder, reason="late")
    path = folder / "design.json"
    design = json.loads(path.read_text())
    design["layers"][0]["accumulator_bits"] = [1, 1, 1, 1]
    path.write_text(json.dumps(design))
    add_synthesis(folder, "xc7", per_layer={})
    text = layers(folder)
    assert "ACCUMULATORS CAN OVERFLOW; simulation FAILED" in text
    assert row(text, "fc0")[-1] == "-"


def test_synthesis_table(folder):
    add_synthesis(folder, "ecp5", fmax_mhz=125.0, note="a [note]")
    text = shown(synthesis_table(json.loads((folder / "synth" / "ecp5.json").read_text())))
    assert "on ecp5: 125.0 MHz on a-part" in text
    assert row(text, "fc0") == ["fc0", "100", "50", "10", "0", "0"]
    assert row(text, "across borders") == ["across borders", "-9", "0", "0", "0", "0"]
    assert row(text, "whole design") == ["whole design", "214", "107", "21", "0", "0"]
    assert "a [note]" in text


def test_synthesis_table_without_placement(folder):
    add_synthesis(folder, "xc7", glue=None, boundary=None)
    text = shown(synthesis_table(json.loads((folder / "synth" / "xc7.json").read_text())))
    assert "not placed" in text
    assert "glue" not in text
