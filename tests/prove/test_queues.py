"""Queues of a netlist: what they hold is counted, and checked against the rhythm of design.json."""

import json
import re
import shutil
from dataclasses import replace

import pytest

from hwgen.errors import ModelError, PlanError
from hwgen.flow import build
from hwgen.plan.options import BuildOptions
from hwgen.plan.plan_file import plan_from_file
from hwgen.prove.netlist.netlist import Module, NotProvedError
from hwgen.prove.netlist.read import read_folder, read_netlist
from hwgen.prove.queues import prove_queues
from hwgen.prove.run import prove, prove_netlist
from hwgen.rtl.fifo import FifoUnit
from hwgen.rtl.verilog import rtlil_of, verilog_texts
from tests.tiny_graphs import residual

SKIP = "graph__join6__skip1"
DEPTH = 31


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("queues") / "design"
    build(residual(), BuildOptions(style="unrolled", effort="low"), folder)
    return folder


def shown(folder, design=None):
    design = design or read_folder(folder)
    netlist, _ = read_netlist(folder, design)
    return prove_queues(design, netlist, {name: Module(name, own) for name, own in netlist.items()})


def test_what_a_queue_of_the_netlist_holds_is_counted(folder):
    found = shown(folder)
    rhythm = {"vectors": 1, "period_cycles": 20, "units_timed": 0}
    assert found.to_json() == {"depths": {SKIP: DEPTH}} | rhythm
    assert str(found) == "1 queue is deep enough for a vector every 20 cycles"


def test_without_a_rhythm_order_alone_is_shown(folder):
    found = shown(folder, replace(read_folder(folder), rhythm=None))
    assert str(found) == "1 queue is deep enough never to stand still"


def lowered(folder, copy, depth):
    """A design folder with another queue in its Verilog, as a plan of that depth has it."""
    copy.mkdir()
    for name in ("design.json", "network.npz", "plan.json"):
        (copy / name).write_bytes((folder / name).read_bytes())
    document = json.loads((folder / "plan.json").read_text())
    plan = plan_from_file(residual(), folder / "plan.json")
    index, queue = next((k, s) for k, s in enumerate(plan.stages) if s.name == "join6__skip1")
    unit = FifoUnit(replace(queue, depth=depth))
    (text,) = verilog_texts({SKIP: rtlil_of(unit, SKIP)})
    verilog = (folder / "graph.v").read_text()
    found = re.compile(rf"^module {SKIP}\(.*?^endmodule$", re.MULTILINE | re.DOTALL)
    assert len(found.findall(verilog)) == len(found.findall(text)) == 1
    own = found.search(text)[0]
    (copy / "graph.v").write_text(found.sub(lambda _: own, verilog))
    document["stages"][index]["depth"] = depth
    (copy / "plan.json").write_text(json.dumps(document))
    return copy


def test_a_queue_lowered_in_the_verilog_and_the_plan_is_told(folder, tmp_path):
    copy = lowered(folder, tmp_path / "design", DEPTH - 1)
    certificate = prove(copy)
    problem = f"{SKIP}: must hold the {DEPTH} beats that design.json says, not {DEPTH - 1}"
    assert certificate.problem == problem
    assert certificate.to_json()["queues"] is None


def test_a_queue_lowered_in_all_files_is_told_by_the_rhythm(folder, tmp_path):
    copy = lowered(folder, tmp_path / "design", DEPTH - 1)
    design = read_folder(copy)
    promises = tuple(
        replace(promise, depth=DEPTH - 1) if promise.depth else promise
        for promise in design.promises
    )
    problem = f"{SKIP}: must hold more than {DEPTH - 1} beats when beat"
    with pytest.raises(NotProvedError, match=problem):
        shown(copy, replace(design, promises=promises))


def test_a_queue_that_stands_still_is_told_without_a_rhythm(folder, tmp_path):
    copy = lowered(folder, tmp_path / "design", 2)
    design = read_folder(copy)
    promises = tuple(
        replace(promise, depth=2) if promise.depth else promise for promise in design.promises
    )
    problem = (
        rf"^{SKIP}: must hold more than 2 beats, or the design stands still behind 0 of its 20 "
        "beats, whatever waits for how long$"
    )
    with pytest.raises(NotProvedError, match=problem):
        shown(copy, replace(design, promises=promises, rhythm=None))


def test_the_proof_says_that_queues_were_checked(folder):
    certificate = prove(folder)
    assert certificate.proved
    assert certificate.verdict().endswith("; 1 queue is deep enough for a vector every 20 cycles")
    assert certificate.to_json()["queues"]["depths"] == {SKIP: DEPTH}


def test_a_plan_whose_queue_stands_still_is_refused(folder, tmp_path):
    copy = lowered(folder, tmp_path / "design", 4)
    plan = plan_from_file(residual(), folder / "plan.json")
    place = next(k for k, stage in enumerate(plan.stages) if stage.name == "join6__skip1")
    with pytest.raises(PlanError) as told:
        plan_from_file(residual(), copy / "plan.json")
    assert str(told.value) == (
        f"plan.json.stages[{place}]: must hold more than 4 beats, or the design stands still "
        "behind 0 of its 20 beats, whatever waits for how long; deepen queues beside it or build "
        "the plan anew"
    )


@pytest.mark.parametrize(
    ("table", "in_plan", "in_design", "problem"),
    [
        (0, "rhythm.passes[0], the design's input", "graph: s_axis", "180 beats must pass one"),
        (1, "stages[0]", "graph__conv0__window", "180 beats must pass one after another"),
        (None, "rhythm", "design.json: queues.rhythm", "passes must have a table for each of"),
    ],
    ids=["input", "first unit", "a table more"],
)
def test_a_wrong_rhythm_is_told_by_its_place(folder, tmp_path, table, in_plan, in_design, problem):
    copy = tmp_path / "design"
    shutil.copytree(folder, copy)
    for name in ("plan.json", "design.json"):
        document = json.loads((copy / name).read_text())
        passes = (document if name == "plan.json" else document["queues"])["rhythm"]["passes"]
        if table is None:
            passes.append("0")
        else:
            passes[table] = passes[table].replace("1*", "1*1", 1)
        (copy / name).write_text(json.dumps(document))
    with pytest.raises(PlanError) as told:
        plan_from_file(residual(), copy / "plan.json")
    assert str(told.value).startswith(f"plan.json.{in_plan}: {problem}")
    assert prove(copy).problem.startswith(f"{in_design}: {problem}")


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("holds", "false", 'holds must be true or false, not "false"'),
        ("holds", 0, "holds must be true or false, not 0"),
        ("depth", "0", 'depth must be an integer, not "0"'),
        ("beats", 20.5, "beats must be an integer, not 20.5"),
        ("needs", 3, "needs must be a string, not 3"),
        ("beats", 0, "beats must lie in 1 to 67108864, and depth in 0 to 1125899906842624"),
    ],
)
def test_what_a_unit_promises_must_be_of_its_kind(folder, tmp_path, key, value, problem):
    copy = tmp_path / "design"
    shutil.copytree(folder, copy)
    document = json.loads((copy / "design.json").read_text())
    document["queues"]["promises"][1][key] = value
    (copy / "design.json").write_text(json.dumps(document))
    with pytest.raises(ModelError) as told:
        prove(copy)
    where = f"{copy / 'design.json'}: queues: promises[1]"
    separator = " " if key == "beats" and value == 0 else ": "
    assert (
        str(told.value) == f"{where}{separator}{problem}; write the file again with `hwgen build`"
    )


def test_units_take_the_cycles_of_the_planners_model(tmp_path):
    folder = tmp_path / "design"
    build(residual(), BuildOptions(style="folded", effort="low"), folder)
    design = read_folder(folder)
    netlist, tool = read_netlist(folder, design)
    found = prove_netlist(design, netlist, tool, lambda _: None)
    assert found.queues.timed == len(design.units)
    unit = design.kinds.index("FoldedDense")
    latency, interval = design.alone[unit]
    times = [*design.alone]
    times[unit] = (latency, interval + 1)
    slower = replace(design, alone=tuple(times))
    assert (
        prove_netlist(slower, netlist, tool, lambda _: None).queues.timed == found.queues.timed - 1
    )
    times[unit] = (latency, interval - 1)
    faster = replace(design, alone=tuple(times))
    problem = prove_netlist(faster, netlist, tool, lambda _: None).problem
    assert problem == (
        f"{design.units[unit]}: must by itself give a vector every {interval - 1} cycles or "
        f"sooner, the first one {latency} behind its first beat, as design.json says, not every "
        f"{interval}, the first {latency} behind"
    )


def test_a_queue_must_hold_as_much_in_every_state(folder, tmp_path):
    """This one holds two beats unless its head is at 0, as it is behind a reset."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    verilog = (folder / "graph.v").read_text()
    text = re.search(rf"module {SKIP}\(.*?endmodule", verilog, flags=re.DOTALL)[0]
    (ready,) = re.findall(r"assign i__ready = (.*?);", text)
    damaged = text.replace(ready, f"({ready}) & ~((read__addr != 0) & (level > 1))")
    assert damaged != text
    (copy / "graph.v").write_text(verilog.replace(text, damaged))
    with pytest.raises(NotProvedError, match=f"must hold the {DEPTH} beats that .*, not 2$"):
        shown(copy)


@pytest.fixture(scope="module")
def in_block_ram(tmp_path_factory):
    folder = tmp_path_factory.mktemp("queues") / "block"
    options = BuildOptions(style="folded", target="ice40", effort="low", luts_per_bram=1)
    build(residual(), options, folder)
    return folder


DAMAGES = {
    "the register beside the memory is not read": (r"passed \? beside : read__data", "read__data"),
    "always the register": (r"passed \? beside : read__data", "beside"),
    "a beat that passes is not noticed": (r"(\\\$\d+)  = \\\$signal\$17 ;", r"\1  = 1'h0;"),
    "the memory is never read": (r"read__en = [^;]*;", "read__en = 1'h0;"),
    "the place that was first is read": (r"leaves \? \S+  : (\{ 1'h0, head \})", r"\1"),
    "the place behind the first is read": (r"leaves \? (\S+  ): \{ 1'h0, head \}", r"\1"),
    "reads begin again a place early": (r"head == 7'h41", "head == 7'h40"),
    "writes begin again a place early": (r"addr  == 7'h41", "addr  == 7'h40"),
    "a beat more than it holds": (r"level != 7'h42", "level != 7'h43"),
}


def queue_in_block_ram(verilog):
    (text,) = re.findall(rf"^module {SKIP}\(.*?^endmodule$", verilog, re.MULTILINE | re.DOTALL)
    return text


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_queue_in_block_ram_is_refused(in_block_ram, tmp_path, damage):
    copy = tmp_path / "design"
    shutil.copytree(in_block_ram, copy)
    verilog = (copy / "graph.v").read_text()
    text = queue_in_block_ram(verilog)
    damaged = re.sub(*DAMAGES[damage], text)
    assert damaged != text
    (copy / "graph.v").write_text(verilog.replace(text, damaged))
    assert not prove(copy).proved


def test_a_queue_in_block_ram_is_proved(in_block_ram):
    verilog = (in_block_ram / "graph.v").read_text()
    assert '(* ram_style = "block" *)' in queue_in_block_ram(verilog)
    assert prove(in_block_ram).proved
