"""Shows that the adders that synthesis for 7 series builds of primitives are the sums in the file.

The Verilog of a design has two forms of hwgen_add3: sums, which the proof reads, and LUT6_2 and
CARRY4. Yosys' SAT solver is asked, for each set of parameters in the design, for an input on which
the two differ, by Yosys' own models of the primitives.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwgen.prove.netlist import NotProvedError
from hwgen.synth.tools import find_yosys, run_tool, try_tool, workspace

ADDER = "hwgen_add3"
MACRO = "HWGEN_LUT6_2"


def prove_primitives(source: Path, top: str) -> int:
    """Compare both forms of every adder of three operands; give how many kinds there are.

    Raises
    ------
    NotProvedError
        Where two forms differ.
    ToolError
        Where Yosys refuses the file.
    """
    if f"module {ADDER}" not in source.read_text():
        return 0
    yosys = find_yosys()
    with workspace(None) as where:
        shutil.copyfile(source, where.folder / "design.v")
        elaborate = [f"hierarchy -check -top {top}", "proc"]
        steps = ["read_verilog design.v", *elaborate, "write_json modules.json"]
        run_tool(yosys, ["-q", "-p", "; ".join(steps)], where)
        modules = json.loads((where.folder / "modules.json").read_text())["modules"]
        zeros = _zeros(modules)
        (where.folder / "compare.ys").write_text(_script(zeros, elaborate))
        status, output = try_tool(yosys, ["-Q", "-T", "compare.ys"], where)
    proved = output.count("SAT proof finished - no model found: SUCCESS!")
    if status or proved != len(zeros):
        last = output.strip().splitlines()[-1] if output.strip() else ""
        raise NotProvedError(
            f"{top}: the primitives in {ADDER} must give the sums that the file gives without "
            f"{MACRO}; adder {proved + 1} of {len(zeros)} does not, or cannot be compared ({last})"
        )
    return len(zeros)


def _script(zeros: Mapping[str, list[str]], elaborate: list[str]) -> str:
    """Write the Yosys script that compares both forms of each adder."""
    lines = [
        *("read_verilog design.v", *elaborate, "design -save sums", "design -reset"),
        "design -reset-vlog",  # its macros, or the file would keep its modules to itself
        "read_verilog +/xilinx/cells_sim.v",
        f"read_verilog -D {MACRO} design.v",
        *(*elaborate, f"flatten *{ADDER}*", "design -save primitives"),
    ]
    for name, bits in sorted(zeros.items()):
        lines += [
            "design -reset",
            f"design -copy-from sums -as sums {name}",
            f"design -copy-from primitives -as primitives {name}",
            "miter -equiv -flatten -make_assert sums primitives miter",
            " ".join(["sat -verify -prove-asserts", *bits, "miter"]),
        ]
    return "\n".join(lines) + "\n"


def _zeros(modules: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give for each adder the operand bits that are 0 wherever it is used, as options of `sat`."""
    found: dict[str, set[tuple[str, int]]] = {}
    for module in modules.values():
        for cell in module["cells"].values():
            if ADDER not in cell["type"]:
                continue
            zeros = {
                (port, index)
                for port, nets in cell["connections"].items()
                for index, net in enumerate(nets)
                if net == "0"
            }
            found[cell["type"]] = found.get(cell["type"], zeros) & zeros
    return {
        name: [f"-set in_{port}[{index}] 0" for port, index in sorted(zeros)]
        for name, zeros in found.items()
    }
