"""Numbers of a report against values worked out by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.frontend.matrix import matrix_graph
from hwgen.ir import Dequantization, Samples
from hwgen.numeric import IntType
from hwgen.report.finn_estimate import FinnUnit
from hwgen.report.gather import read_report
from hwgen.report.page import make_report
from hwgen.report.weight_figures import histogram
from tests.report.designs import add_proof, add_simulation, add_synthesis, build, edit, small_net


def document(folder):
    return json.loads(make_report(folder).with_suffix(".json").read_text())


@pytest.fixture
def unrolled(tmp_path):
    return build(tmp_path / "design", style="unrolled")


@pytest.fixture
def folded(tmp_path):
    return build(tmp_path / "design", style="folded", pe=2, simd=1)


def test_widths_of_every_channel_by_every_rule(unrolled):
    first, last = (layer["accumulator_bits"] for layer in document(unrolled)["layers"])
    # the sums reach from -30 to 60, 0 to 90, 0 to 2 * 15 and -4 * 15 to 0
    assert first["signed"] == [7, 8, 6, 7]
    assert first["offset"] == first["needed"] == [7, 7, 4, 4]
    assert first["l1_norm"] == [8, 8, 7, 8]  # norms 6, 6, 2, 4 times 16
    assert (first["data_type"], first["finn"]) == (10, 8)  # 3 * 16 * 8; sums in [-60, 90]
    # codes 0 to 3, biases 1, -4, 0: sums in [-2, 10], [-4, 5], [-6, 6]
    assert last["signed"] == [5, 4, 4]
    assert last["offset"] == [4, 2, 4]  # of the second: -4, -1, 2 and 5
    assert last["l1_norm"] == [6, 5, 6]
    assert (last["data_type"], last["finn"]) == (9, 5)


def test_widths_as_built_are_those_of_the_design(unrolled):
    design = json.loads((unrolled / "design.json").read_text())
    built = [layer["accumulator_bits"]["built"] for layer in document(unrolled)["layers"]]
    assert built == [layer["accumulator_bits"] for layer in design["layers"]]


def test_accumulator_bits_summed_over_channels(unrolled):
    bits = document(unrolled)["accumulator_bits"]
    design = json.loads((unrolled / "design.json").read_text())
    built = sum(sum(layer["accumulator_bits"]) for layer in design["layers"])
    assert bits == {
        "standard": 7 * 32,
        "data_type": 4 * 10 + 3 * 9,
        "finn": 4 * 8 + 3 * 5,
        "signed": 7 + 8 + 6 + 7 + 5 + 4 + 4,
        "offset": 7 + 7 + 4 + 4 + 4 + 2 + 4,
        "built": built,
    }


def test_a_register_that_is_too_narrow_is_found(folded):
    assert document(folded)["overflow"]["impossible"]
    edit(folded, "design.json", lambda d: d["layers"][0]["accumulator_bits"].__setitem__(1, 6))
    found = document(folded)["overflow"]
    assert found == {"impossible": False, "too_narrow": {"fc0": [1], "fc1": []}}
    page = (folded / "report.html").read_text()
    assert "fc0 channel 1 has 6 of 7 bits" in page
    assert "No accumulator can overflow" not in page


def test_weights_and_their_caps(unrolled):
    first, last = (layer["weights"] for layer in document(unrolled)["layers"])
    assert (first["count"], first["nonzero"], first["sparsity"]) == (12, 8, 1 - 8 / 12)
    assert first["l1_norms"] == [6, 6, 2, 4]
    assert (first["target_bits"], first["cap"]) == (7, 127 // 15)
    assert first["histogram"] == {"start": -4, "step": 1, "counts": [1, 0, 1, 0, 0, 2, 2, 2]}
    assert (last["target_bits"], last["cap"]) == (None, None)


def test_a_signed_cap_is_that_of_a2q(tmp_path):
    graph = small_net()
    node = graph.nodes[2]
    accumulators = tuple(
        type(a)(method="signed", bits=a.bits, target_bits=6) for a in node.accumulators
    )
    nodes = list(graph.nodes)
    nodes[2] = type(node)(
        name=node.name,
        inputs=node.inputs,
        weight=node.weight,
        weight_bits=4,
        bias=node.bias,
        accumulators=accumulators,
    )
    graph = type(graph)(name="sample", input=graph.input, nodes=tuple(nodes), output=graph.output)
    found = document(build(tmp_path / "design", graph))["layers"][1]["weights"]
    assert found["cap"] == (2**5 - 1) // 2**2


def test_histogram_bins_wide_weights():
    found = histogram(np.array([[-(2**31), 5, 2**31 - 1, 0]]))
    assert len(found.counts) == 64
    assert (found.start, found.step, sum(found.counts)) == (-(2**31), 2**26, 3)
    assert [k for k, n in enumerate(found.counts) if n] == [0, 32, 63]


def test_luts_by_layer_and_target(unrolled):
    add_synthesis(unrolled, "xc7")
    add_synthesis(unrolled, "ecp5", fmax_mhz=125.0)
    found = document(unrolled)
    assert [target["target"] for target in found["targets"]] == ["xc7", "ecp5"]
    first, last = (layer["luts"]["xc7"] for layer in found["layers"])
    assert first == {"front": 0, "matrix": 100, "tail": 40, "total": 140, "share": 140 / 223}
    assert last == {"front": 0, "matrix": 60, "tail": 20, "total": 80, "share": 80 / 223}
    assert found["targets"][0]["luts"] == 214
    assert found["targets"][0]["boundary"]["luts"] == -9


def test_time_follows_from_cycles_and_clock(folded):
    add_synthesis(folded, "ecp5", fmax_mhz=125.0)
    found = document(folded)
    design, (target,) = found["design"], found["targets"]
    assert target["latency_ns"] == pytest.approx(8 * design["latency_cycles"])
    assert target["samples_per_second"] == pytest.approx(125e6 / design["interval_cycles"])


def test_finn_estimate_by_hand(folded):
    # 8 bits a product: multiplier (2 * 2 - 1) * 8, tree 8, accumulator 8, thresholds and their
    # comparators 3 * 8 each; times 2 rows; weights 2 * 4 in one LUT's depth
    first, last = document(folded)["layers"]
    assert first["finn_luts_estimate"] == int(300 + 1.1 * 2 * (24 + 8 + 8 + 24 + 24) + 8)
    # 6 bits a product, 5-bit accumulator, no thresholds
    assert last["finn_luts_estimate"] == int(300 + 1.1 * 2 * (6 + 6 + 5) + 8)


def test_finn_accumulator_is_bound_by_the_types():
    fields = {"rows": 1, "pe": 1, "simd": 1, "weight_bits": 2, "input_bits": 2, "threshold_bits": 0}
    unit = FinnUnit(**fields, columns=4, input_signed=True, accumulator_bits=32)
    # alpha = 2 + 4 - 1 - 1 = 4; ceil(4 + 0.09 + 1) = 6
    assert unit.luts == int(300 + 1.1 * (4 + 4 + 6) + 2)
    assert unit.cycles == 4


def test_an_unrolled_layer_has_no_finn_estimate(unrolled):
    assert [layer["finn_luts_estimate"] for layer in document(unrolled)["layers"]] == [None, None]


def test_accuracy_of_the_metadata(tmp_path):
    graph = small_net(metadata={"accuracy_integer": 97.5, "accuracy_float": 98})
    found = document(build(tmp_path / "design", graph))["accuracy_percent"]
    assert found == {"integer": 97.5, "float": 98.0, "golden_samples": None, "measured": []}


@pytest.mark.parametrize("value", ["97", True, None, -1, 101, [1]])
def test_an_accuracy_that_is_no_percentage_is_not_taken(tmp_path, value):
    folder = build(tmp_path / "design", small_net(metadata={"accuracy_integer": value}))
    assert document(folder)["accuracy_percent"]["integer"] is None


def test_accuracy_of_the_golden_samples(tmp_path):
    found = document(build(tmp_path / "design", small_net(labels=True)))
    assert found["accuracy_percent"]["golden_samples"] == {"percent": 75.0, "samples": 8}


def test_accuracy_of_scores_is_that_of_the_largest_value(tmp_path):
    weight = np.array([[1, 0], [0, 1], [1, 1]])
    x = np.array([[3, 1], [1, 5], [2, 2], [7, 0]], np.int64)
    y = x @ weight.T
    real = Dequantization(scale=(1.0, 1.0, 0.5), offset=(0.0, 0.0, 0.1))
    values = y * np.array(real.scale) + np.array(real.offset)  # what the integers stand for
    assert (values.argmax(1) != y.argmax(1)).any()
    samples = Samples(x=x, y=y, labels=np.array([0, 1, 2, 1]))
    net = matrix_graph("scores", weight, IntType(4, False))
    folder = build(tmp_path / "design", replace(net, dequantization=real, samples=samples))
    found = document(folder)
    right = 100 * float((values.argmax(1) == samples.labels).mean())
    assert found["accuracy_percent"]["measured"] == [
        {"percent": right, "on": "the 4 golden samples"}
    ]
    assert "accuracy" not in found["missing"]
    text = CliRunner().invoke(app, ["report", str(folder)]).output
    assert f"accuracy: {right:g} % on the 4 golden samples\n" in text


def test_missing_parts_and_their_commands(unrolled):
    assert document(unrolled)["missing"] == {
        "simulation": "hwgen sim design",
        "proof": "hwgen prove design",
        "synthesis": "hwgen synth design --target xc7",
        "clock": "hwgen synth design --target ecp5 --pnr",
        "accuracy": "python -m training RECIPE, or hwgen check FILE.onnx --data X.npy "
        "--labels Y.npy --design design",
    }


def test_nothing_missing(tmp_path):
    folder = build(tmp_path / "d", small_net(metadata={"accuracy_integer": 90.0}), target="ice40")
    assert document(folder)["missing"]["clock"] == "hwgen synth d --target ice40 --pnr"
    add_simulation(folder)
    add_proof(folder)
    add_synthesis(folder, "ice40", fmax_mhz=50.0)
    assert document(folder)["missing"] == {}


def test_a_folder_name_is_one_word_of_a_command(tmp_path):
    folder = build(tmp_path / "my design; rm x")
    assert read_report(folder).missing["simulation"] == "hwgen sim 'my design; rm x'"


def test_the_folder_itself_may_be_the_current_one(tmp_path, monkeypatch):
    folder = build(tmp_path / "here")
    monkeypatch.chdir(folder)
    assert read_report(type(folder)()).folder == "here"


def test_finn_takes_its_cycles_at_every_position():
    unit = FinnUnit(
        rows=8,
        columns=9,
        pe=4,
        simd=1,
        weight_bits=4,
        input_bits=4,
        input_signed=False,
        accumulator_bits=12,
        threshold_bits=4,
        positions=64,
    )
    assert (unit.cycles, unit.sample_cycles) == (18, 18 * 64)
