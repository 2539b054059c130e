"""`hwgen sim DIR --simulator cpp` and `hwgen prove DIR` on a folder with C++."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from hwgen.cli import app
from hwgen.digests import is_sealed
from hwgen.errors import ModelError, ToolError
from hwgen.flow import build, chosen_vectors
from hwgen.manifest import changed_files
from hwgen.network_file import load_arrays, save_arrays, save_network
from hwgen.plan.options import BuildOptions
from hwgen.simulate import simulate
from tests.tiny_nets import network


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cpp") / "design"
    build(network(1), BuildOptions(style="unrolled", effort="low"), folder, hls=True)
    return folder


@pytest.fixture
def design(built, tmp_path):
    shutil.copytree(built, tmp_path / "design")
    return tmp_path / "design"


def test_the_design_and_every_unit_are_equal(design):
    result = simulate(design, simulator="cpp")
    assert result.passed
    assert list(result.tests) == ["top", "dense0", "act0", "dense1", "act1", "dense2", "argmax"]
    assert (result.latency_cycles, result.interval_cycles) == (None, None)
    assert result.vectors > 60
    document = json.loads((design / "hls" / "result.json").read_text())
    assert is_sealed(document)
    assert "hls/tiny.cpp" in document["made_from"]
    assert "hls/vectors/u5_out.txt" in document["made_from"]
    assert changed_files(design) == ()


def test_other_vectors_and_fewer(design):
    vectors = chosen_vectors(design, 3, 100)
    assert simulate(design, simulator="cpp", vectors=vectors).vectors >= 100
    assert simulate(design, simulator="cpp", samples=5).vectors == 5


def test_a_difference_is_told_and_is_exit_status_1(design):
    path = design / "hls" / "tiny.cpp"
    text = path.read_text()
    path.write_text(text.replace("n1 = x.e[1];", "n1 = x.e[2];"))
    found = CliRunner().invoke(app, ["sim", str(design), "--simulator", "cpp"])
    assert found.exit_code == 1
    assert "beats differ; first: vector" in found.stdout
    assert "FAILED in cpp" in found.stdout


@pytest.mark.parametrize("simulator", ["cpp", "icarus"])
def test_another_network_or_other_results_are_a_failure(design, simulator):
    words = "must give the results in vectors.npz, and gives others; one of them was changed"
    network_file, vectors = design / "network.npz", design / "vectors.npz"
    before = network_file.read_bytes()
    save_network(network(2), network_file)
    found = CliRunner().invoke(app, ["sim", str(design), "--simulator", simulator])
    assert found.exit_code == 1
    assert found.stderr == f"hwgen: {network_file}: {words}: build the design again\n"
    network_file.write_bytes(before)
    arrays = load_arrays(vectors)
    save_arrays(vectors, arrays | {"y": arrays["y"] + (arrays["x"][:, :1] == 3)})
    found = CliRunner().invoke(app, ["sim", str(design), "--simulator", simulator])
    assert (found.exit_code, words in found.stderr) == (1, True)


def test_code_that_does_not_compile_shows_the_compilers_words(design):
    path = design / "hls" / "tiny.cpp"
    path.write_text(path.read_text().replace("void tiny_core(", "void tiny_core(missing_type z, "))
    with pytest.raises(ToolError) as error:
        simulate(design, simulator="cpp")
    assert "must end with exit status 0, not 1" in str(error.value)
    assert "missing_type" in str(error.value)


def test_a_folder_without_cpp_is_refused(design):
    shutil.rmtree(design / "hls")
    with pytest.raises(ModelError) as error:
        simulate(design, simulator="cpp")
    assert str(error.value) == (
        f"{design}: must have C++ in hls/; build the design again with `hwgen build --hls`"
    )


def test_a_missing_compiler_is_named(design, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ToolError) as error:
        simulate(design, simulator="cpp")
    assert str(error.value) == (
        "no-such-compiler: must be on PATH; install it, or name another in CXX"
    )


def test_prove_proves_both(design):
    found = CliRunner().invoke(app, ["prove", str(design)])
    assert found.exit_code == 0, found.stdout
    verilog, cpp = found.stdout.splitlines()
    assert verilog.startswith("PROVED: tiny equals its integer network on every input: ")
    assert cpp.startswith("PROVED: hls/tiny.cpp, as a program, equals its integer network on every")
    document = json.loads((design / "hls" / "proof.json").read_text())
    assert document["proved"]
    assert is_sealed(document)


def test_cpp_that_is_another_network_is_not_proved(design):
    path = design / "hls" / "tiny.cpp"
    path.write_text(path.read_text().replace("n1 = x.e[1];", "n1 = x.e[2];"))
    found = CliRunner().invoke(app, ["prove", str(design), "--json"])
    assert found.exit_code == 1
    document = json.loads(found.stdout)
    assert (document["proved"], document["hls"]["proved"]) == (True, False)


def test_the_report_says_what_holds_of_the_cpp(design):
    runner = CliRunner()
    for command in (["sim", "--simulator", "cpp"], ["prove"]):
        assert runner.invoke(app, [command[0], str(design), *command[1:]]).exit_code == 0
    document = json.loads(runner.invoke(app, ["report", str(design), "--json"]).stdout)
    assert {document["checks"][name]["state"] for name in ("C++ simulation", "C++ proof")} == {
        "passed"
    }
    page = (design / "report.html").read_text()
    assert "No tool for high-level synthesis was run on it." in page
    path = design / "hls" / "tiny.cpp"
    path.write_text(path.read_text() + "// edited\n")
    document = json.loads(runner.invoke(app, ["report", str(design), "--json"]).stdout)
    assert document["checks"]["C++ proof"]["state"] == "stale"
    assert document["checks"]["C++ proof"]["reason"] == "hls/tiny.cpp changed since"
    assert not document["holds"]
