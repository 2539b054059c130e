"""Clock frequency of a module between the registers of a harness, over several seeds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hwgen.synth.count import count_module
from hwgen.synth.harness import MODULE, make_harness
from hwgen.synth.place import read_fmax
from hwgen.synth.targets import find_target
from hwgen.synth.tools import find_nextpnr, find_yosys, try_tool, workspace
from hwgen.synth.yosys import Design, map_design, map_harness, read_ports

REPORT = "report.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """LUTs and registers of a module, and its clock in MHz for each seed; none where no room."""

    luts: int
    ffs: int
    part: str
    fmax_mhz: tuple[float, ...]
    tools: tuple[str, str]

    @property
    def median_mhz(self) -> float:
        """The median over the seeds."""
        return statistics.median(self.fmax_mhz)


def place_verilog(
    text: str, top: str, target: str, clock: str | None, seeds: Sequence[int]
) -> Placed:
    """Place and route a module on the largest ice40 or the smallest ecp5 part of the target."""
    chosen = find_target(target)
    part = chosen.parts[-1 if target == "ice40" else 0]
    yosys, nextpnr = find_yosys(), find_nextpnr(str(chosen.nextpnr))
    with workspace(None) as where:
        source = where.folder / "module.v"
        source.write_text(text)
        design = Design.stage([source], top, chosen, chosen.adder_map, where)
        stat, _ = map_design(yosys, design, where)
        counts = count_module(stat, top, chosen)
        harness = make_harness(top, read_ports(yosys, design, where), clock)
        netlist, _ = map_harness(yosys, design, harness.text, MODULE, where)
        found = []
        for seed in seeds:
            arguments = [
                *("--quiet", *part.options, "--seed", str(seed), "--timing-allow-fail"),
                *("--json", netlist, "--report", REPORT),
            ]
            status, _ = try_tool(nextpnr, arguments, where)
            if status == 0:
                report = json.loads(Path(where.folder / REPORT).read_text())
                found.append(read_fmax(report))
    return Placed(
        luts=counts.luts,
        ffs=counts.ffs,
        part=part.name,
        fmax_mhz=tuple(found),
        tools=(yosys.version, nextpnr.version),
    )
