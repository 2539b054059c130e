"""The tables of the terminal."""

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from hwgen.frontend.matrix import matrix_graph
from hwgen.numeric import IntType
from hwgen.report.page import make_report
from hwgen.report.synthesis import report_text, synthesis_table
from tests.report.designs import add_proof, add_simulation, add_synthesis, build, edit, small_net


@pytest.fixture
def folder(tmp_path):
    return build(tmp_path / "design", small_net("[red]net"), style="folded", pe=2)


def shown(table):
    console = Console(width=160, record=True, color_system=None)
    with console.capture() as capture:
        console.print(table, crop=False)
    return capture.get()


def layers(folder):
    document = json.loads(make_report(folder).with_suffix(".json").read_text())
    return shown(report_text(document, folder))


def row(text, name):
    """The cells of the line that starts with a name."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"│ {name}"))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_layer_table(folder):
    add_simulation(folder)
    add_synthesis(folder, "xc7")
    text = layers(folder)
    assert text.startswith(
        "[red]net: simulation passed; synthesis xc7 passed; no accumulator can overflow; not run: "
        "proof, synthesis ice40, synthesis ecp5, synthesis gowin\n"
    )
    design = json.loads((folder / "design.json").read_text())
    bits = design["layers"][0]["accumulator_bits"]
    cycles = str(design["layers"][0]["cycles"])
    assert len(set(bits)) == 1
    widths = [str(bits[0]), "4-7", "10"]
    assert row(text, "fc0") == ["fc0", "4x3", "2x1", "33.3%", cycles, *widths, "140"]


def test_layer_table_says_what_is_missing(folder):
    text = layers(folder)
    assert text.splitlines()[0] == (
        "[red]net: no accumulator can overflow; not run: simulation, proof, synthesis xc7, "
        "synthesis ice40, synthesis ecp5, synthesis gowin"
    )
    assert f"synthesis not known yet: hwgen synth {folder} --target xc7\n" in text
    assert "accuracy not known yet: python -m training RECIPE, or hwgen check FILE.onnx" in text


def test_commands_name_the_folder_as_it_was_typed(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    assert "simulation not known yet: hwgen sim .\n" in layers(Path())
    monkeypatch.chdir(tmp_path.parent)
    spaced = folder.rename(tmp_path / "two words")
    text = layers(spaced.relative_to(Path.cwd()))
    place = f"{tmp_path.name}/two words"
    assert f"simulation not known yet: hwgen sim '{place}'\n" in text
    assert f"clock not known yet: hwgen synth '{place}' --target ecp5 --pnr\n" in text
    page = json.loads((spaced / "report.json").read_text())
    assert page["missing"]["simulation"] == "hwgen sim 'two words'"  # the same wherever it lies


def test_a_folder_that_is_called_like_an_option(folder):
    place = folder.rename(folder.parent / "xc7")
    assert f"synthesis not known yet: hwgen synth {place} --target xc7\n" in layers(place)


def test_wider_registers_than_certified_are_explained(tmp_path):
    text = layers(build(tmp_path / "design", accumulator="16"))
    assert row(text, "fc0")[5:] == ["16", "4-7", "10"]
    assert "a register has more bits than certified where" in text
    sums = matrix_graph("sums", np.array([[1, 2], [3, 1]]), IntType(bits=4, signed=False))
    assert "a register has more" not in layers(build(tmp_path / "sums", sums))


def test_layer_table_says_what_failed(folder):
    add_simulation(folder, reason="late")
    add_proof(folder)
    edit(folder, "design.json", lambda d: d["layers"][0].update(accumulator_bits=[1] * 4))
    add_synthesis(folder, "xc7", per_layer={})
    text = layers(folder)
    assert text.splitlines()[:4] == [
        "[red]net: simulation FAILED; ACCUMULATORS CAN OVERFLOW; proof STALE (design.json changed "
        "since); synthesis xc7 passed; not run: synthesis ice40, synthesis ecp5, "
        "synthesis gowin",
        "simulation failed: random_stalls: late",
        "changed since the build: design.json is not as the build wrote it",
        f"proof is stale: design.json changed since; run `hwgen prove {folder}` again",
    ]
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
