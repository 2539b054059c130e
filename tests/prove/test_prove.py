"""Sound designs are proved: every input type, style, pipeline and tail, and odd cases."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.digests import digests, is_sealed, proved_files
from hwgen.flow import build
from hwgen.frontend.matrix import load_matrix
from hwgen.ir import Argmax, Graph, Input, Threshold
from hwgen.manifest import MANIFEST
from hwgen.network_file import load_network, save_network
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.plan.stages.stage import OutputBuffer
from hwgen.prove.run import prove
from hwgen.reference import outputs
from tests.prove.designs import built, shared
from tests.tiny_nets import dense

BUFFER_LATENCY = 2  # of the queue, which the prover does not look at

CASES = {
    "u1 binary inputs": {"inputs": "u1", "codes": "u1", "target": "ecp5"},
    "s1 inputs of -1 and 0": {"inputs": "s1", "codes": "s2", "pipeline": "none"},
    "signed inputs, complement": {"inputs": "s3", "codes": "s3", "pipeline": "1"},
    "an output buffer": {"target": "ecp5", "pipeline": "1"},
    "signed inputs, signed": {"inputs": "s8", "codes": "u2", "target": "ecp5", "pipeline": "2"},
    "wide inputs": {"inputs": "u8", "codes": "u8", "widths": (5, 4, 3)},
    "raw sums": {"argmax": False, "inputs": "s4"},
    "raw sums, signed, combinational": {"argmax": False, "target": "ecp5", "pipeline": "none"},
    "signed accumulators": {"accumulator": "signed"},
    "wide accumulators": {"accumulator": "20", "density": 0.9},
    "wide accumulators, empty rows": {"accumulator": "20", "density": 0.15, "argmax": False},
    "empty rows and constant channels": {"density": 0.15, "inputs": "u2"},
    "heavy weights": {"weight_bits": 8, "density": 0.9, "target": "ice40"},
    "one of everything": {"widths": (1, 1), "density": 1.0},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_sound_design_is_proved(tmp_path, case):
    plan = built(tmp_path / "design", 3, **case)
    certificate = prove(tmp_path / "design")
    assert certificate.problem is None
    behind = BUFFER_LATENCY if isinstance(plan.stages[-1], OutputBuffer) else 0
    assert certificate.latency + behind == plan.latency_cycles


@pytest.mark.parametrize("seed", range(5))
def test_no_false_alarm(tmp_path, seed):
    rng = np.random.default_rng(seed)
    case = {
        "widths": tuple(int(w) for w in rng.integers(1, 10, int(rng.integers(2, 5)))),
        "inputs": str(rng.choice(["u", "s"])) + str(rng.integers(1, 9)),
        "codes": str(rng.choice(["u", "s"])) + str(rng.integers(1, 6)),
        "weight_bits": int(rng.integers(2, 8)),
        "density": float(rng.choice([0.1, 0.5, 0.9])),
        "argmax": bool(rng.integers(2)),
        "target": str(rng.choice(["xc7", "ecp5", "ice40"])),
        "accumulator": str(rng.choice(["offset", "signed"])),
        "pipeline": str(rng.choice(["none", "1", "2", "3"])),
    }
    built(tmp_path / "design", seed, **case)
    assert prove(tmp_path / "design").problem is None


def test_a_matrix_is_proved(tmp_path):
    path = tmp_path / "weights.npy"
    np.save(path, np.random.default_rng(0).integers(-7, 8, (6, 9)))
    graph = load_matrix(path, IntType.parse("s3"))
    build(graph, BuildOptions(style="unrolled"), tmp_path / "design")
    assert prove(tmp_path / "design").proved


def test_codes_as_outputs_are_proved(tmp_path):
    limits = IntType.parse("u3").range
    node = dense("sums", "input", [[1, -2, 3], [2, 2, -4], [0, 0, 0]], limits)
    steps = np.array([[-5, 0, 5], [-6, 2, 100], [-1, 0, 1]])
    act = Threshold(name="act", inputs=("sums",), thresholds=steps, output=IntType.parse("s2"))
    graph = Graph(
        name="codes",
        input=Input(shape=(3,), type=IntType.parse("u3")),
        nodes=(node, act),
        output="act",
    )
    build(graph, BuildOptions(style="unrolled"), tmp_path / "design")
    assert prove(tmp_path / "design").proved


def test_the_certificate_names_inputs_that_reach_both_ends():
    """Recomputed here from the network; ranges of the first layer are reached by real inputs."""
    folder, _ = shared()
    prove(folder)
    proof = json.loads((folder / "proof.json").read_text())
    graph = load_network(folder / "network.npz")
    first, layer = graph.nodes[0], proof["layers"][0]
    probe = Graph(name="probe", input=graph.input, nodes=(first,), output=first.name)
    for row, accumulator in enumerate(layer["accumulators"]):
        highest = np.array(
            [hi if c in accumulator["raised"] else lo for c, (lo, hi) in enumerate(layer["inputs"])]
        )
        opposite = np.array(
            [lo if c in accumulator["raised"] else hi for c, (lo, hi) in enumerate(layer["inputs"])]
        )
        sums = outputs(probe, np.stack([highest, opposite]))[:, row]
        used = first.weight[row] != 0
        assert used.any()
        assert sums.tolist() == [accumulator["hi"], accumulator["lo"]]
        span = (accumulator["hi"] - accumulator["lo"]) // accumulator["lane_divisor"]
        assert span < 2 ** accumulator["bits"]


def test_exit_status_and_output(tmp_path):
    folder, _ = shared()
    result = CliRunner().invoke(app, ["prove", str(folder)])
    assert (result.exit_code, result.output[:7]) == (0, "PROVED:")
    document = json.loads(CliRunner().invoke(app, ["prove", "--json", str(folder)]).stdout)
    assert document == json.loads((folder / "proof.json").read_text())
    assert document["proved"]
    assert is_sealed(document)
    assert document["made_from"] == digests(folder, proved_files("tiny"))


def test_a_proof_of_a_changed_network_says_so(tmp_path):
    folder = shutil.copytree(shared()[0], tmp_path / "design")
    graph = load_network(folder / "network.npz")
    fields = {f: getattr(graph, f) for f in ("name", "input", "nodes", "output")}
    save_network(Graph(**fields, metadata={"another": 1}), folder / "network.npz")
    result = CliRunner().invoke(app, ["prove", str(folder)])
    assert result.exit_code == 0
    assert f"hwgen: {folder}: network.npz is not as the build wrote it\n" in result.output


@pytest.mark.parametrize("command", ["prove", "sim", "synth"])
def test_a_cut_list_of_digests_is_refused_before_the_work(tmp_path, command):
    folder = shutil.copytree(shared()[0], tmp_path / "design")
    (folder / "proof.json").unlink(missing_ok=True)
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text[:100])
    before = sorted(folder.rglob("*"))
    result = CliRunner().invoke(app, [command, str(folder)])
    assert result.exit_code == 2
    assert result.output == (
        f"hwgen: {folder / MANIFEST}: line 2 must be a digest and a file's name; build the design "
        "again\n"
    )
    assert sorted(folder.rglob("*")) == before


def test_a_list_of_digests_that_lacks_files_says_so(tmp_path):
    folder = shutil.copytree(shared()[0], tmp_path / "design")
    (folder / MANIFEST).write_text("")
    result = CliRunner().invoke(app, ["prove", str(folder)])
    assert result.exit_code == 0
    assert (
        f"hwgen: {folder}: design.json, network.npz, plan.json, tiny.v, vectors.npz are not as the "
        "build wrote them\n"
    ) in result.output


def test_bad_folders_are_refused_with_one_sentence(tmp_path):
    result = CliRunner().invoke(app, ["prove", str(tmp_path)])
    assert result.exit_code == 2
    assert "must be a design folder with design.json" in result.output


def test_the_tail_of_the_network_is_what_the_tests_think():
    assert isinstance(load_network(shared()[0] / "network.npz").nodes[-1], Argmax)
