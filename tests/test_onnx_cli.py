"""An .onnx file on the command line: inspected, built and proved; and what is refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hwgen import interface
from hwgen.cli import app
from hwgen.digests import SEAL, sealed
from hwgen.network_file import load_network
from hwgen.report.import_notes import import_lines, scales_of_the_file
from tests.frontend.onnx.files import Maker


def hwgen(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def net(tmp_path):
    """A network whose input has no quantizer."""
    m, rng = Maker([1, 5]), np.random.default_rng(5)
    y = m.node("MatMul", "x", m.quant(rng.normal(size=(5, 4)), 0.3, 3))
    y = m.quant(m.node("Relu", y), 0.1, 2, signed=0)
    y = m.node("MatMul", y, m.quant(rng.normal(size=(4, 3)), 0.2, 3), output="y")
    return m.save(tmp_path / "small.onnx", y)


OPTIONS = ("--input", "u4", "--input-scale", "1/15")


def test_from_a_file_to_a_proved_design(net, tmp_path):
    folder = tmp_path / "out"
    built = hwgen("build", net, "-o", folder, *OPTIONS, "--style", "unrolled")
    assert built.exit_code == 0, built.output
    proved = hwgen("prove", folder)
    assert proved.exit_code == 0, proved.output
    assert "PROVED" in proved.output
    ports = json.loads((folder / "design.json").read_text())["ports"]
    assert ports["s_axis"]["scale"] == [1 / 15]
    assert ports["m_axis"]["meaning"] == "sums"
    assert len(ports["m_axis"]["scale"]) == 1
    graph = load_network(folder / "network.npz")
    assert graph.metadata["onnx"]["host"]["input"] == "x = 1/15 * integer"


def test_a_check_is_kept_in_the_design_and_shown_by_its_report(net, tmp_path):
    folder = tmp_path / "out"
    hwgen("build", net, "-o", folder, *OPTIONS, "--style", "unrolled")
    command = "hwgen check small.onnx --design out"
    report = json.loads(hwgen("report", folder, "--json").output)
    assert report["checks"]["float run"] == {"state": "not run", "reason": None, "command": command}
    checked = hwgen("check", net, *OPTIONS, "--design", folder, "--samples", 30)
    assert checked.exit_code == 0, checked.output
    report = json.loads(hwgen("report", folder, "--json").output)
    assert report["checks"]["float run"]["state"] == "passed"
    assert report["float_run"] | {"ties": 0, "near_ties": 0, "differing": 0} == {
        **{"file": "small.onnx", "samples": 30, "samples_in_data": None, "codes": 120},
        **{"identical": 1.0, "same_label": 1.0},
        **{"differing": 0, "ties": 0, "near_ties": 0, "unexplained": 0},
        **{"accuracy_float": None, "accuracy_integer": None},
    }
    assert "Float run of the file" in (folder / "report.html").read_text()
    hwgen("build", net, "-o", folder, "--input", "u3", "--input-scale", "1/15")
    assert not (folder / "float_check.json").exists()
    other = hwgen("check", net, *OPTIONS, "--design", folder)
    assert other.exit_code == 2
    assert other.stderr.splitlines()[0] == (
        f"hwgen: {folder}: must be built of small.onnx with the options given here, and its "
        "network is another one; give the options of its `hwgen build`, or build it again"
    )
    missing = hwgen("check", net, *OPTIONS, "--design", tmp_path)
    assert missing.stderr.splitlines()[0] == (
        f"hwgen: {tmp_path}: must be a design folder with network.npz; write one with `hwgen build`"
    )


def test_inputs_of_the_file_become_golden_samples(net, tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "out"
    np.save(tmp_path / "x.npy", (rng.integers(0, 16, (150, 5)) / 15).astype(np.float32))
    np.save(tmp_path / "y.npy", np.arange(150) % 3)
    data = ("--data", tmp_path / "x.npy", "--labels", tmp_path / "y.npy")
    built = hwgen("build", net, "-o", folder, *OPTIONS, "--label", *data, "--style", "unrolled")
    assert built.exit_code == 0, built.output
    samples = load_network(folder / "network.npz").samples
    np.testing.assert_array_equal(samples.x, np.rint(np.load(tmp_path / "x.npy")[:100] * 15))
    np.testing.assert_array_equal(samples.labels, np.arange(100) % 3)
    with np.load(folder / "vectors.npz") as vectors:
        np.testing.assert_array_equal(vectors["x"][:100].reshape(100, 5), samples.x)
    report = json.loads(hwgen("report", folder, "--json").output)
    share = float((samples.y[:, 0] == samples.labels).mean())
    golden = {"percent": 100 * share, "samples": 100}
    assert report["accuracy_percent"]["golden_samples"] == golden
    assert hwgen("check", net, *OPTIONS, "--label", "--design", folder).exit_code == 0


def test_labels_of_scores_give_the_accuracy(net, tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "out"
    np.save(tmp_path / "x.npy", (rng.integers(0, 16, (30, 5)) / 15).astype(np.float32))
    np.save(tmp_path / "y.npy", np.arange(30) % 3)
    data = ("--data", tmp_path / "x.npy", "--labels", tmp_path / "y.npy")
    built = hwgen("build", net, "-o", folder, *OPTIONS, *data, "--style", "unrolled")
    assert built.exit_code == 0, built.output
    graph = load_network(folder / "network.npz")
    guesses = interface.Network(graph).values(graph.samples.y).argmax(axis=1)
    share = 100 * float((guesses == np.arange(30) % 3).mean())
    text = hwgen("report", folder).output
    assert f"accuracy: {share:.4g} % on the 30 golden samples\n" in text
    checked = hwgen("check", net, *OPTIONS, *data, "--samples", 20, "--design", folder)
    assert "small.onnx: the first 20 of 30 samples (--samples 30 takes all);" in " ".join(
        checked.output.split()
    )
    text = hwgen("report", folder).output
    assert f"accuracy: {share:.4g} % on the 30 golden samples\n" in text
    assert re.search(r"accuracy: [\d.]+ % on 20 samples of `hwgen check`\n", text)
    assert "accuracy not known" not in text
    assert "on 20 of 30 samples" in (folder / "report.html").read_text()


@pytest.mark.parametrize("verb", ["build", "check"])
@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.array([0.0, 1, 2, 0]), "labels must be integers, the classes, not float64; number the"),
        (np.array(["a", "b", "c", "a"]), "labels must be integers, the classes, not text; number"),
        (np.array([0, 1, 3, 0]), "labels must be 0 to 2, the classes of small.onnx, not 0 to 3; n"),
        (np.array([-1, 1, 2, 0]), "labels must be 0 to 2, the classes of small.onnx, not -1 to 2;"),
        (np.array([0, 1, 2]), "labels must be of shape (4,), one for each input of x.npy, not (3"),
        (np.zeros((4, 1), int), "labels must be of shape (4,), one for each input of x.npy, not"),
        ("0,1,2,0\n", "must be a .npy file of numbers, and holds something else; write it with"),
    ],
)
@pytest.mark.parametrize("ending", [(), ("--label",)])
def test_labels_that_are_none(net, tmp_path, monkeypatch, verb, labels, sentence, ending):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.zeros((4, 5), np.float32))
    if isinstance(labels, str):
        Path("y.npy").write_text(labels)
    else:
        np.save("y.npy", labels)
    options = ("--data", "x.npy", "--labels", "y.npy", *OPTIONS, *ending)
    refused = hwgen(verb, net, *options, *(("-o", "out") if verb == "build" else ()))
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"hwgen: y.npy: {sentence}")
    assert refused.stderr.count("\n") == 1
    assert not Path("out").exists()


def test_labels_need_inputs(net, tmp_path):
    result = hwgen("build", net, *OPTIONS, "--labels", "y.npy", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr == "hwgen: y.npy: labels must stand beside --data; add the inputs\n"


def test_a_check_of_another_network_is_stale(net, tmp_path):
    folder = tmp_path / "out"
    hwgen("build", net, "-o", folder, *OPTIONS, "--style", "unrolled")
    assert hwgen("check", net, *OPTIONS, "--design", folder, "--samples", 5).exit_code == 0
    kept = folder / "float_check.json"
    kept.write_text(kept.read_text().replace('"samples": 5', '"samples": 6'))
    report = hwgen("report", folder, "--json")
    assert report.exit_code == 1
    assert json.loads(report.output)["checks"]["float run"]["state"] == "stale"


def test_a_check_that_failed_stands_first_in_the_report(net, tmp_path):
    folder = tmp_path / "out"
    hwgen("build", net, "-o", folder, *OPTIONS, "--style", "unrolled")
    assert hwgen("check", net, *OPTIONS, "--design", folder, "--samples", 5).exit_code == 0
    kept = folder / "float_check.json"
    document = {k: v for k, v in json.loads(kept.read_text()).items() if k != SEAL}
    document["quantizers"][0] |= {"differing": 3, "unexplained": 3}
    kept.write_text(json.dumps(sealed(document | {"passed": False})))
    report = hwgen("report", folder, "--json")
    assert report.exit_code == 1
    assert json.loads(report.output)["checks"]["float run"] == {
        "state": "failed",
        "reason": "3 codes differ without explanation",
        "command": "hwgen check small.onnx --design out",
    }
    assert "float run failed" in (folder / "report.html").read_text()


def test_a_file_is_built_the_same_each_time(net, tmp_path):
    for name in ("a", "b"):
        assert hwgen("build", net, "-o", tmp_path / name, *OPTIONS).exit_code == 0
    one, other = ((tmp_path / name / "SHA256SUMS").read_text() for name in ("a", "b"))
    assert one == other


def test_inspect_says_what_became_of_the_nodes(net):
    result = hwgen("inspect", net, *OPTIONS)
    assert "host, input: x = 1/15 * integer" in result.output
    assert "Relu_3 .. Quant_4" in result.output
    document = json.loads(hwgen("inspect", net, *OPTIONS, "--json").output)
    assert document["metadata"]["onnx"]["nodes"]["Quant_4"] == ["Relu_3", "Quant_4"]


def test_inspect_tells_scales_zero_points_and_codes_that_no_weight_has(tmp_path):
    m = Maker([1, 2])
    y = m.quant("x", 0.25, 4, zero=-3)
    y = m.node("MatMul", y, m.quant([[-1.0, 0.5], [0.5, 1.0]], 0.5, 3, narrow=1))
    path = m.save(tmp_path / "net.onnx", m.quant(y, [[0.1, 0.3]], 2, signed=0, output="y"))
    document = json.loads(hwgen("inspect", path, "--json").output)
    scales = document["metadata"]["onnx"]["scales"]
    assert scales == {
        "input": {"scale": "power of two", "value": 0.25, "scales": 1, "zero_point": -3},
        "MatMul_3": {
            **{"scale": "power of two", "value": 0.5, "scales": 1},
            **{"declared": [-3, 3], "unused": [-3, -1, 0, 3]},
        },
        "Quant_4": {"scale": "float", "value": None, "scales": 2, "zero_point": 0},
    }
    lines = import_lines(document)
    assert "MatMul_3: no weight is -3, -1, 0, 3 of -3 to 3" in lines
    assert scales_of_the_file(document)["input"] == "2**-2; zero -3"
    assert scales_of_the_file(document)["MatMul_3"] == "2**-1"
    assert scales_of_the_file(document)["Quant_4"] == "float, a channel"


def test_inspect_knows_the_narrow_types_of_qcdq(tmp_path):
    m = Maker([1, 2])
    step, codes = (m.constant(0.5), m.constant(0, np.int8)), m.constant([[-7, 2], [0, 7]], np.int8)
    ends = m.constant(-7, np.int8), m.constant(7, np.int8)
    x = m.node(
        "DequantizeLinear", m.node("Clip", m.node("QuantizeLinear", "x", *step), *ends), *step
    )
    w = m.node("DequantizeLinear", m.node("Clip", codes, *ends), *step)
    y = m.node("QuantizeLinear", m.node("Relu", m.node("MatMul", x, w)), *step)
    y = m.node("DequantizeLinear", m.node("Clip", y, *ends), *step)
    path = m.save(tmp_path / "net.onnx", m.node("MatMul", y, w, output="y"))
    scales = json.loads(hwgen("inspect", path, "--json").output)["metadata"]["onnx"]["scales"]
    half = {"scale": "power of two", "value": 0.5, "scales": 1}
    weights = half | {"declared": [-7, 7], "unused": [*range(-6, 0), 1, *range(3, 7)]}
    codes = half | {"zero_point": 0}
    assert list(scales.values()) == [codes, weights, codes, weights]


def test_inspect_knows_what_the_codes_of_qdq_stand_for(tmp_path):
    m = Maker([1, 2])
    half = m.constant(0.5), m.constant(0, np.int8)
    third, tenth = (
        (m.constant(step), m.constant(zero, np.uint8)) for step, zero in ((0.3, 0), (0.125, 155))
    )
    x = m.node("DequantizeLinear", m.node("QuantizeLinear", "x", *half), *half)
    w = m.node("DequantizeLinear", m.constant([[-7, 2], [0, 7]], np.int8), *half)
    y = m.node("QuantizeLinear", m.node("Relu", m.node("MatMul", x, w)), *third)
    y = m.node("MatMul", m.node("DequantizeLinear", y, *third), w)
    y = m.node("DequantizeLinear", m.node("QuantizeLinear", y, *tenth), *tenth, output="y")
    path = m.save(tmp_path / "net.onnx", y)
    document = json.loads(hwgen("inspect", path, "--json").output)
    _, _, hidden, _, last = document["metadata"]["onnx"]["scales"].values()
    assert hidden == {
        **{"scale": "float", "scales": 1, "zero_point": 0},
        "value": pytest.approx(0.3),
    }
    assert list(scales_of_the_file(document).values())[2:] == ["0.3", "2**-1", "2**-3; zero 155"]
    assert last == {"scale": "power of two", "value": 0.125, "scales": 1, "zero_point": 155}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            [],
            "small.onnx: MatMul_2: input x must have a quantizer before this node, and has none; "
            "give its integers, such as --input u8 --input-scale 1/255",
        ),
        (
            ["--input-scale", "1/3"],
            "small.onnx: --input-scale must stand beside --input; add such as --input u8",
        ),
        (
            ["--input", "u4", "--input-scale", "-1"],
            "--input-scale: must be a positive number such as 1/255, 0.25 or 2**-10, not '-1'",
        ),
        (
            [*OPTIONS, "--accumulator-target", "3"],
            "MatMul_2: accumulators must fit the 3 bits of --accumulator-target, and need 9; "
            "export the quantized weights (docs/import.md), or leave the option out",
        ),
    ],
)
def test_refusals_before_anything_is_written(net, tmp_path, options, sentence):
    result = hwgen("build", net, "-o", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == f"hwgen: {sentence}"
    assert not (tmp_path / "out").exists()


def test_options_of_other_tools_files_are_for_these_alone(tmp_path):
    np.save(tmp_path / "w.npy", np.eye(3, dtype=np.int64))
    result = hwgen("build", tmp_path / "w.npy", "--input", "u4", "--label")
    assert result.exit_code == 2
    assert "--label is for .onnx files; leave it out" in result.stderr


@pytest.mark.parametrize(
    ("text", "value"), [("1/255", 1 / 255), ("0.25", 0.25), ("2**-10", 2**-10), ("3", 3.0)]
)
def test_scales_as_they_are_typed(net, text, value):
    document = json.loads(
        hwgen("inspect", net, "--input", "u4", "--input-scale", text, "--json").output
    )
    assert document["input"]["scale"] == value
