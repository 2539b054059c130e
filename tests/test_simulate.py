import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hwgen.digests import digest, digests, is_sealed, simulated_files
from hwgen.errors import ModelError, ToolError
from hwgen.flow import build, fresh_vectors
from hwgen.plan.options import BuildOptions
from hwgen.simulate import simulate
from tests.tiny_nets import network


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("design") / "d"
    build(network(1), BuildOptions(style="unrolled"), path)
    return path


def test_a_folder_without_a_design_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"must be a design folder with sim/run.py; write one"):
        simulate(tmp_path, simulator="icarus")


def test_a_missing_simulator_is_named(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError) as caught:
        simulate(folder, simulator="icarus")
    assert str(caught.value) == (
        "iverilog: must be on PATH; install it, or choose another --simulator"
    )


def test_verilog_that_does_not_compile_shows_the_log(folder):
    verilog = folder / "tiny.v"
    text = verilog.read_text()
    try:
        verilog.write_text(text.replace("endmodule", "endmodul", 1))
        with pytest.raises(ToolError) as caught:
            simulate(folder, simulator="icarus")
        first, command, *words = str(caught.value).splitlines()
        log = folder / "sim" / "simulation.log"
        assert first == f"icarus: must end with exit status 0, not 2; see {log}"
        assert command.startswith("    $ iverilog -o ")
        assert any("syntax error" in line for line in words)
        assert "Traceback" not in str(caught.value)
        assert not (folder / "sim" / "result.json").exists()
    finally:
        verilog.write_text(text)


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_a_design_that_stands_still_is_told(folder, tmp_path, simulator):
    still = tmp_path / "d"
    shutil.copytree(folder, still, ignore=shutil.ignore_patterns("build"))
    bench = still / "sim" / "bench.v"
    held = bench.read_text().replace(".aresetn(aresetn)", ".aresetn(1'b0)")
    assert held != bench.read_text()
    bench.write_text(held)
    result = simulate(still, simulator=simulator)
    assert not result.passed
    assert result.tests["every_unit"] is None
    assert re.fullmatch(r"top_o: no beat in 10\d{3} cycles after 0", result.tests["every_vector"])


@pytest.mark.parametrize(
    ("ready", "valid", "reason"),
    [
        ("1'b1", "taken > 250", r"top_o: no beat in 10\d{3} cycles after 0"),
        ("own & (taken < 4)", "offers", r"top: no beat taken in 10\d{3} cycles after the last"),
        ("own", "1'b1", "top_o_data: every bit must be 0 or 1, not [01X]*X[01X]*"),
    ],
    ids=["never gives", "takes the last untold", "undefined"],
)
def test_a_design_that_takes_or_gives_at_will_is_told(folder, tmp_path, ready, valid, reason):
    other = tmp_path / "d"
    shutil.copytree(folder, other, ignore=shutil.ignore_patterns("build"))
    bench = other / "sim" / "bench.v"
    text = bench.read_text()
    for wire, inner in (("top_i_ready", "own"), ("top_o_valid", "offers")):
        assert text.count(f"({wire})") == 1
        text = text.replace(f"({wire})", f"({inner})")
    wires = "wire own, offers; reg [7:0] taken; always @(posedge aclk) if (!aresetn) taken <= 0;"
    wires += " else if (top_i_valid & top_i_ready) taken <= taken + 1;"
    wires += f" assign top_i_ready = {ready}; assign top_o_valid = {valid}; endmodule"
    bench.write_text(text.replace("endmodule", wires))
    result = simulate(other, simulator="icarus", samples=5)
    assert re.fullmatch(reason, result.tests["every_vector"])


def test_the_number_of_samples_is_obeyed_and_written(folder):
    result = simulate(folder, simulator="icarus", samples=20)
    assert result.vectors == 20
    written = json.loads((folder / "sim" / "result.json").read_text())
    assert written["passed"]
    assert is_sealed(written)
    assert written == result.to_json()
    assert written["made_from"] == digests(folder, sorted(simulated_files("tiny")))
    assert set(written["tests"]) == {
        "every_vector",
        "random_stalls",
        "reset_in_mid_stream",
        "every_unit",
    }


def test_other_vectors_are_among_what_the_result_is_of(folder):
    vectors = fresh_vectors(folder, seed=3, samples=8)
    result = simulate(folder, simulator="icarus", samples=8, seed=3, vectors=vectors)
    assert result.passed
    assert result.made_from["sim/vectors-3.npz"] == digest(vectors)
    assert set(simulated_files("tiny")) < set(result.made_from)


def test_waves_are_kept(folder):
    simulate(folder, simulator="icarus", samples=8, waves=True)
    build_folder = folder / "sim" / "build" / "icarus-waves"
    assert [p for p in build_folder.iterdir() if p.suffix in (".fst", ".vcd")]


@pytest.mark.parametrize("name", ["a b'c\"$x%d*[y]:größe 数字\\", "-o\nb"])
def test_a_path_may_have_any_characters(folder, name, tmp_path, monkeypatch):
    copied = shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns("build"))
    monkeypatch.chdir(tmp_path)
    result = simulate(Path(name), simulator="icarus", samples=8, waves=True)
    assert (result.passed, result.vectors) == (True, 8)
    waves = copied / "sim" / "build" / "icarus-waves"
    assert [p.suffix for p in waves.iterdir()] == [".fst"]
    assert (copied / "sim" / "result.json").is_file()
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_folder_behind_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert simulate(tmp_path / "link", simulator="icarus", samples=8).vectors == 8


def test_two_simulations_at_once_are_both_right(folder):
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(simulate, folder, simulator="icarus", samples=samples)
            for samples in (20, 30)
        ]
    assert [(run.result().passed, run.result().vectors) for run in runs] == [(True, 20), (True, 30)]
