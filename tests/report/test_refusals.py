"""Every sentence with which a report is refused."""

import json

import pytest

from hwgen.errors import ModelError, ToolError
from hwgen.report.page import make_report
from tests.report.designs import add_simulation, add_synthesis, build, edit


@pytest.fixture
def folder(tmp_path):
    return build(tmp_path / "design")


def sentence(folder):
    with pytest.raises(ModelError) as error:
        make_report(folder)
    assert not (folder / "report.html").exists()
    assert not (folder / "report.json").exists()
    return str(error.value)


def test_no_design(tmp_path):
    assert sentence(tmp_path) == (
        f"{tmp_path}: must be a design folder with design.json; write one with `hwgen build`"
    )


def test_an_earlier_report_is_removed(folder):
    """It would go on to say that all is well."""
    make_report(folder)
    (folder / "SHA256SUMS").write_text("garbage\n")
    assert "must be a digest and a file's name" in sentence(folder)


def test_a_report_that_is_none_of_ours_stays(tmp_path):
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(ModelError):
        make_report(tmp_path)
    assert (tmp_path / "report.html").read_text() == "mine"


def test_no_network(folder):
    (folder / "network.npz").unlink()
    text = sentence(folder)
    assert text.startswith(f"{folder / 'network.npz'}: must be a whole network file")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[" * 100_000, "too deeply nested"),
    ],
)
def test_damaged_json(folder, text, reason):
    (folder / "design.json").write_text(text)
    assert sentence(folder) == (
        f"{folder / 'design.json'}: must be a whole JSON file, and cannot be read ({reason}); "
        "write it again with `hwgen build`"
    )


def test_bytes_that_are_no_text(folder):
    (folder / "design.json").write_bytes(b"\xff\xfe\x00")
    text = sentence(folder)
    assert text.startswith(f"{folder / 'design.json'}: must be a whole JSON file, and cannot be")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("name", 3, "name must be a string, not 3"),
        ("latency_cycles", "9", 'latency_cycles must be an integer, not "9"'),
        ("latency_cycles", True, "latency_cycles must be an integer, not true"),
        ("latency_cycles", -1, "latency_cycles must be an integer of at least 0, not -1"),
        ("interval_cycles", 0, "interval_cycles must be an integer of at least 1, not 0"),
        ("layers", {}, "layers must be a list, not {}"),
        ("layers", [7], "layers[0] must be an object, not 7"),
        ("model", None, "model must be an object, not null"),
        ("clock", ["x" * 99], f'clock must be a string, not ["{"x" * 35}...'),
    ],
)
def test_wrong_kinds_of_values(folder, key, value, expected):
    edit(folder, "design.json", lambda document: document.update({key: value}))
    path = folder / "design.json"
    assert sentence(folder) == f"{path}: {expected}; write the file again with `hwgen build`"


def test_a_document_that_is_a_list(folder):
    (folder / "design.json").write_text("[1]")
    assert sentence(folder) == (
        f"{folder / 'design.json'} must be an object, not [1]; "
        "write the file again with `hwgen build`"
    )


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("accumulator_bits", [3, -1], "a list of integers of at least 0, not [3, -1]"),
        ("accumulator_bits", [3, True], "a list of integers of at least 0, not [3, true]"),
        ("pe", 0, "an integer of at least 1, not 0"),
        ("simd", 0, "an integer of at least 1, not 0"),
    ],
)
def test_wrong_values_of_a_layer(folder, key, value, expected):
    edit(folder, "design.json", lambda document: document["layers"][0].update({key: value}))
    assert sentence(folder) == (
        f"{folder / 'design.json'}: layers[0]: {key} must be {expected}; "
        "write the file again with `hwgen build`"
    )


@pytest.mark.parametrize("change", ["drop", "reverse", "twice"])
def test_stages_without_their_layers(folder, change):
    def spoil(document):
        stages = document["stages"]
        changed = {"drop": stages[:2], "reverse": stages[::-1], "twice": [stages[0], *stages]}
        document["stages"] = changed[change]

    edit(folder, "design.json", spoil)
    assert sentence(folder) == (
        f"{folder / 'design.json'}: stages must follow the layers, and each layer have one of its "
        "name; write the file again with `hwgen build`"
    )


def test_a_design_of_another_network(folder):
    edit(folder, "design.json", lambda document: document["layers"][0]["accumulator_bits"].pop())
    assert sentence(folder) == (
        f"{folder}: design.json and network.npz must describe the same layers, and do not; "
        "build the design again with `hwgen build`"
    )


def test_damaged_simulation(folder):
    add_simulation(folder, passed="yes")
    assert sentence(folder) == (
        f'{folder / "sim" / "result.json"}: passed must be true or false, not "yes"; '
        "write the file again with `hwgen sim`"
    )


@pytest.mark.parametrize("fmax", [0, -3, "NaN", True, 1e300])
def test_clock_that_is_no_frequency(folder, fmax):
    add_synthesis(folder, "ecp5", fmax_mhz=fmax)
    shown = json.dumps(fmax)
    assert sentence(folder) == (
        f"{folder / 'synth' / 'ecp5.json'}: fmax_mhz must be a number above 0, not {shown}; "
        "write the file again with `hwgen synth --target ecp5`"
    )


def test_commands_that_are_no_words(folder):
    add_synthesis(folder, "ecp5", commands=[1])
    assert sentence(folder) == (
        f"{folder / 'synth' / 'ecp5.json'}: commands must be a list of strings, not [1]; "
        "write the file again with `hwgen synth --target ecp5`"
    )


def test_a_place_that_cannot_be_written(folder):
    (folder / "report.html").mkdir()
    (folder / "report.html" / "x").touch()
    with pytest.raises(ToolError, match=r"report\.html: must be a file, and is a folder"):
        make_report(folder)
