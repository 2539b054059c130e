"""A plan as files: the design folder, the same bytes every time."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

from hwgen import __version__
from hwgen.design_json import design_json
from hwgen.earlier import keep_what_holds
from hwgen.files import folder_beside
from hwgen.hls.design import Design
from hwgen.hls.folder import code_files, write_hls
from hwgen.ir import Graph
from hwgen.manifest import write_manifest
from hwgen.network_file import save_network
from hwgen.plan.design import Plan
from hwgen.plan.identifier import part_name
from hwgen.plan.options import Progress
from hwgen.plan.plan_file import plan_document
from hwgen.plan.stages.positions import at_one_position, is_by_position, one_position
from hwgen.plan.stages.stage import (
    OutputBuffer,
    ParallelArgmax,
    ParallelThreshold,
    Stage,
    Stream,
    UnrolledDense,
)
from hwgen.plan.vectors.design import VectorSet, design_vectors
from hwgen.rtl.top import Top, axis_bits
from hwgen.rtl.units import unit_of
from hwgen.rtl.verilog import has_clock, rtlil_of, verilog_texts

HEADER = """\
// {name}: written by hwgen {version} for {target}. Do not edit: change plan.json and build again.
// Top module {name}: AXI4-Stream in and out, aclk, aresetn (synchronous, active low).
//
// Waivers for verilator --lint-only -Wall, and why:
// DECLFILENAME: all modules of a design are in this one file.
// WIDTHEXPAND:  Verilog's own extension of narrow operands is meant; no value can be lost by it.
// UNUSEDSIGNAL: Amaranth names every port of a submodule; padding bits and tlast are not read.
// UNUSEDPARAM:  some parameters of hwgen_add3 matter to its primitives only.
// PROCASSINIT:  registers have initial values besides their reset.
/* verilator lint_off DECLFILENAME */
/* verilator lint_off WIDTHEXPAND */
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off PROCASSINIT */
"""

VERILOG_SHARE = 0.7  # of the time that writing a folder takes
BENCH_FILES = ("run.py", "test_design.py", "streams.py")
COPIED = ("digests.py", "packaged_verilator.py")  # which the bench imports


def emit(plan: Plan, graph: Graph, folder: Path, progress: Progress, *, hls: bool = False) -> None:
    """Write a design folder; where that fails, an earlier folder stays as it was.

    Boards and packages of the same design, made in an earlier folder of this place, are kept.

    Raises
    ------
    PlanError
        Where `hls` asks for C++ of a stage that has none.
    """
    design = Design(plan) if hls else None
    code = {} if design is None else code_files(design)
    text = verilog_of(plan, progress)
    progress("vectors", VERILOG_SHARE)
    vectors = design_vectors(plan, graph)
    with folder_beside(folder) as partial:
        (partial / f"{plan.name}.v").write_text(text)
        _write_json(partial / "plan.json", plan_document(plan))
        _write_json(partial / "design.json", design_json(plan, graph) | _hls_json(design))
        save_network(graph, partial / "network.npz")
        vectors.save(partial / "vectors.npz")
        _write_bench(plan, text, vectors, partial / "sim")
        if design is not None:
            write_hls(design, code, vectors, partial / "hls")
        write_manifest(partial)
        keep_what_holds(folder, partial, plan.name)


def verilog_of(plan: Plan, progress: Progress = lambda _, __: None) -> str:
    """Give the Verilog of a design: one module a unit, then the top."""
    parts = [HEADER.format(name=plan.name, version=__version__, target=plan.target)]
    if any(_has_three(stage) for stage in plan.stages):
        parts.append((resources.files("hwgen.rtl") / "add3.v").read_text())
    units = {}
    for index, stage in enumerate(plan.stages):
        progress(f"Verilog of {stage.name}", VERILOG_SHARE * index / len(plan.stages))
        name = part_name(plan.name, stage.name)
        units[name] = rtlil_of(unit_of(at_one_position(stage)), name)
    streams = (plan.inputs, *(stage.outputs for stage in plan.stages))
    modules = tuple((name, has_clock(text)) for name, text in units.items())
    units[plan.name] = rtlil_of(Top(streams, modules, plan.reads), plan.name)
    return "\n".join([*parts, *verilog_texts(units)])


def _has_three(stage: Stage) -> bool:
    """Whether a stage adds three operands, or two and a constant, in one carry chain."""
    return isinstance(stage, UnrolledDense) and any(
        a.third or a.constant for a in stage.graph.adders
    )


def _hls_json(design: Design | None) -> dict[str, Any]:
    """Say what the C++ is called, where there is some."""
    if design is None:
        return {}
    core = f"{design.plan.name}_core" if design.is_combinational else None
    return {"hls": {"top": design.plan.name, "core": core, "types": "ap_int"}}


def _ports(text: str, name: str) -> list[str]:
    header = re.search(rf"^module {name}\s*\(([^)]*)\);", text, flags=re.MULTILINE)
    return [] if header is None else [port.strip() for port in header[1].split(",")]


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n")


def _write_bench(plan: Plan, text: str, vectors: VectorSet, folder: Path) -> None:
    """Write the cocotb bench: programs, a wrapper around top and units, a description."""
    folder.mkdir()
    source = resources.files("hwgen") / "design_bench"
    for name in BENCH_FILES:
        (folder / name).write_text((source / name).read_text())
    for name in COPIED:
        (folder / name).write_text((resources.files("hwgen") / name).read_text())
    units = [part_name(plan.name, stage.name) for stage in plan.stages]
    clocked = [name for name in units if "clk" in _ports(text, name)]
    (folder / "bench.v").write_text(_wrapper(plan, units, clocked))
    description = {
        "name": plan.name,
        "latency_cycles": plan.latency_cycles,
        "interval_cycles": plan.interval_cycles,
        "streams": [_stream(plan.inputs), _stream(plan.outputs)],
        "units": [
            {
                "name": stage.name,
                "streams": [
                    _stream(_own(stage, stage.inputs)),
                    _stream(_own(stage, stage.outputs)),
                ],
                "stalls": _stalls(stage),
            }
            for stage in plan.stages
        ],
    }
    _write_json(folder / "bench.json", description)


def _stream(stream: Stream) -> dict[str, Any]:
    bits = [lane.bits for lane in stream.lanes]
    return {"bits": bits, "beats": stream.beats, "positions": stream.positions}


def _own(stage: Stage, stream: Stream) -> Stream:
    """Give one of the unit's own vectors: a position where it knows no map."""
    return one_position(stream) if is_by_position(stage) else stream


def _stalls(stage: Stage) -> bool:
    """Whether the stage waits for its own sink, rather than counting on the output buffer."""
    if isinstance(stage, UnrolledDense | ParallelThreshold | ParallelArgmax):
        return stage.flow == "stall"
    return not isinstance(stage, OutputBuffer)


def _wrapper(plan: Plan, units: list[str], clocked: list[str]) -> str:
    """Verilog that puts the top and every unit side by side, so that one run tests them all."""
    ports = ["input aclk", "input aresetn"]
    body = []
    for index, name in enumerate(["top", *units]):
        inputs, outputs = (
            (axis_bits(plan.inputs), axis_bits(plan.outputs))
            if index == 0
            else (plan.stages[index - 1].inputs.width, plan.stages[index - 1].outputs.width)
        )
        p = "top" if index == 0 else f"u{index - 1}"
        ports += [
            f"input [{inputs - 1}:0] {p}_i_data, input {p}_i_valid, output {p}_i_ready",
            f"output [{outputs - 1}:0] {p}_o_data, output {p}_o_valid, input {p}_o_ready",
        ]
        if index == 0:
            ports.append("output top_o_last")
            body.append(
                f"  {plan.name} top (.aclk(aclk), .aresetn(aresetn), .s_axis_tdata(top_i_data),\n"
                "    .s_axis_tvalid(top_i_valid), .s_axis_tready(top_i_ready),\n"
                "    .s_axis_tlast(1'b0),\n"
                "    .m_axis_tdata(top_o_data), .m_axis_tvalid(top_o_valid),\n"
                "    .m_axis_tready(top_o_ready), .m_axis_tlast(top_o_last));"
            )
        else:
            clock = ".clk(aclk), .rst(~aresetn), " if name in clocked else ""
            body.append(
                f"  {name} {p} ({clock}.i__payload({p}_i_data), .i__valid({p}_i_valid),\n"
                f"    .i__ready({p}_i_ready), .o__payload({p}_o_data), .o__valid({p}_o_valid),\n"
                f"    .o__ready({p}_o_ready));"
            )
    joined = ",\n  ".join(ports)
    return (
        "// Top and units side by side, for simulation only.\n"
        f"module bench (\n  /*verilator public_flat_rw_on*/\n  {joined}\n"
        "  /*verilator public_off*/);\n" + ("\n".join(body) + "\nendmodule\n")
    )
