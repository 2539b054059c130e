import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from hwgen import flow
from hwgen.cli import app
from hwgen.nn import save_model
from tests.tiny_nets import network


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.pt"
    save_model(network(1), path)
    return path


def hwgen(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_help_teaches_every_command():
    text = hwgen("--help").output
    for command in ("inspect", "build", "sim", "prove", "synth", "report"):
        assert command in text
        assert "Usage" in hwgen(command, "--help").output


def test_help_says_every_command_in_a_whole_line():
    commands = hwgen("--help").output.partition("Commands:")[2]
    assert "Write report.html and report.json." in commands
    assert "..." not in commands


def test_the_package_runs_as_the_command():
    run = [sys.executable, "-m", "hwgen"]
    done = subprocess.run([*run, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == hwgen("--version").output
    wrong = subprocess.run([*run, "bild"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "Usage: hwgen " in wrong.stderr


def test_help_answers_without_torch_and_amaranth():
    code = (
        "import sys; import hwgen.cli; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'amaranth', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_inspect_prints_every_bound(model):
    document = json.loads(hwgen("inspect", model, "--json").output)
    bits = document["nodes"][0]["bits"]
    assert bits["offset"] <= bits["signed"] <= bits["l1_norm"] <= bits["data_type"]
    assert document["nodes"][0]["channels"]["offset"] == [
        a.bits for a in network(1).node("dense0").accumulators
    ]
    table = hwgen("inspect", model).output
    assert "dense0" in table
    assert "A2Q norm        bits by A2Q's bound" in table
    assert "A2Q norm        bits by A2Q's bound" in hwgen("inspect", "--help").output


def test_build_says_latency_and_interval(model, tmp_path):
    result = hwgen("build", model, "-o", tmp_path / "d", "--style", "folded")
    assert result.exit_code == 0
    design = json.loads((tmp_path / "d" / "design.json").read_text())
    assert f"latency {design['latency_cycles']} cycles" in result.output
    assert f"a vector every {design['interval_cycles']}" in result.output


def test_build_judges_its_goal_and_names_what_limits(model, tmp_path):
    options = ["--style", "folded", "--fps", 500_000, "--clock-mhz", 25]
    result = hwgen("build", model, "-o", tmp_path / "d", *options)
    assert result.exit_code == 0
    assert "goal met: 500,000 a second at 25 MHz is a vector every 50 cycles; the plan" in (
        result.output
    )
    assert " limits with " in result.output
    assert "estimate for xc7: " in result.output
    design = json.loads((tmp_path / "d" / "design.json").read_text())
    assert design["goal"] == {"kind": "Throughput", "fps": 500_000, "clock_mhz": 25.0}


def test_an_edited_plan_is_built_again(model, tmp_path):
    hwgen("build", model, "-o", tmp_path / "d", "--style", "folded")
    plan = json.loads((tmp_path / "d" / "plan.json").read_text())
    plan["choices"][0]["pe"] = 3
    (tmp_path / "edited.json").write_text(json.dumps(plan))
    built = hwgen("build", model, "-o", tmp_path / "e", "--plan", tmp_path / "edited.json")
    assert built.exit_code == 0
    design = json.loads((tmp_path / "e" / "design.json").read_text())
    assert [layer["pe"] for layer in design["layers"]] == [3, 4, 4]
    plan["choices"][0]["pe"] = 30
    (tmp_path / "edited.json").write_text(json.dumps(plan))
    refused = hwgen("build", model, "-o", tmp_path / "f", "--plan", tmp_path / "edited.json")
    assert refused.exit_code == 2
    assert "hwgen: edited.json.choices[0].pe: must be 1 to the 9 rows of dense0" in refused.output
    assert not (tmp_path / "f").exists()


def test_sim_passes_and_fails_with_its_exit_status(model, tmp_path):
    hwgen("build", model, "-o", tmp_path / "d")
    passed = hwgen("sim", tmp_path / "d", "--simulator", "icarus", "--samples", 20, "--json")
    assert passed.exit_code == 0
    assert json.loads(passed.stdout)["passed"]
    verilog = tmp_path / "d" / "tiny.v"
    out = re.compile(r"(assign m_axis_tdata = \{ 5'h00, \w+) \}")
    damaged, count = out.subn(r"\1 ^ 3'd1 }", verilog.read_text())
    assert count == 1
    verilog.write_text(damaged)
    failed = hwgen("sim", tmp_path / "d", "--simulator", "icarus")
    assert failed.exit_code == 1
    assert failed.stdout.splitlines()[-1] == "FAILED in icarus"  # nothing is measured
    assert len(failed.stdout.splitlines()) == 5  # a line for each test


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["build", "missing.pt"], "missing.pt: must be a file; train one with"),
        (["build", "net.h5"], "net.h5: must be a model file .pt, a network .onnx or a matrix .npy"),
        (["build", "net.onnx"], "net.onnx: must be a file that can be read (No such file"),
        (["build", "w.npy"], "w.npy: a matrix needs the type of its inputs; add --input u4"),
        (["build", "w.npy", "--input", "q7"], "--input: integer type: must be u or s"),
        (["build", "net.pt", "--fps", "5"], "fps: needs the clock that it is meant at"),
        (["build", "net.pt", "--fps", "5"], "fps: needs the clock that it is meant at; add"),
        (["sim", "nowhere"], "nowhere: must be a design folder with sim/run.py"),
        (["synth", "nowhere"], "nowhere: must be a design folder with design.json"),
        (["inspect", "missing.pt"], "missing.pt: must be a file"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_2(arguments, sentence):
    result = hwgen(*arguments)
    assert result.exit_code == 2
    assert f"hwgen: {sentence}" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["inspect", "build", "sim", "report"])
def test_what_the_system_refuses_is_one_sentence(command):
    name = "x" * 300 + ".pt"
    result = hwgen(command, name)
    assert result.exit_code == 2
    assert "File name too long" in result.output
    assert isinstance(result.exception, SystemExit)


def test_memory_that_does_not_suffice_is_one_sentence(model, monkeypatch):
    def too_large(*_):
        raise MemoryError

    monkeypatch.setattr("hwgen.flow.load", too_large)
    result = hwgen("inspect", model)
    assert result.exit_code == 2
    assert result.output == (
        "hwgen: memory: must hold the work, and does not; make the work smaller\n"
    )


def test_input_does_not_go_with_a_model_file(model):
    result = hwgen("build", model, "--input", "u4")
    assert result.exit_code == 2
    assert "leave --input out" in result.output


def test_a_refused_plan_is_one_line_on_stderr(model, tmp_path):
    (tmp_path / "p.json").write_text("{}")
    result = hwgen("build", model, "-o", tmp_path / "d", "--plan", tmp_path / "p.json")
    assert result.stderr == (
        "hwgen: p.json.seal: must be as `hwgen build` wrote it; it tells which part was edited\n"
    )


def test_an_interrupted_build_leaves_the_earlier_folder(model, tmp_path, monkeypatch):
    folder = tmp_path / "d"
    hwgen("build", model, "-o", folder)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("hwgen.emit._write_bench", interrupted)
    result = hwgen("build", model, "-o", folder, "--style", "folded")
    assert result.exit_code == 130
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_load_reads_both_kinds_of_file(model, tmp_path):
    assert flow.load(model).name == "tiny"
