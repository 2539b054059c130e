"""Place and route with nextpnr, on the smallest part that takes the design."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace

from hwgen.synth.count import Counts
from hwgen.synth.harness import MODULE, make_harness
from hwgen.synth.targets import Part, Target
from hwgen.synth.tools import Tool, Workspace, try_tool
from hwgen.synth.yosys import Design, map_harness, read_ports

SEED = 1
_REPORT = "report.json"
_LOGIC_CELLS = ("ICESTORM_LC", "TRELLIS_COMB", "LUT4")

Report = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Outcome of place and route; all None where no part took the design, but for the note.

    `cells` are the cells of a LUT and a register that nextpnr took, those of the harness included:
    more than the LUTs of the design where carries or registers stand alone in theirs.
    """

    fmax_mhz: float | None = None
    cells: int | None = None
    part: str | None = None
    note: str | None = None
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The programs of a place and route run."""

    yosys: Tool
    nextpnr: Tool


def place(
    tools: Tools,
    design: Design,
    counts: Counts,
    clock: str | None,
    where: Workspace,
    announce: Callable[[str], None],
    *,
    part: str | None = None,
) -> Placement:
    """Place and route the design that `map_design` left in the workspace, inside a harness."""
    candidates = design.target.parts_for(part)
    ports = read_ports(tools.yosys, design, where)
    harness = make_harness(design.top, ports, clock)
    netlist, command = map_harness(tools.yosys, design, harness.text, MODULE, where)
    needed = replace(counts, luts=counts.luts + harness.luts, ffs=counts.ffs + harness.ffs)
    parts = [candidate for candidate in candidates if _holds(candidate, needed)]
    if not parts:
        return Placement(
            note=_too_large(design.target, candidates[-1], needed), commands=(command,)
        )
    return _first_that_fits(tools.nextpnr, parts, netlist, command, where, announce)


def _first_that_fits(
    nextpnr: Tool,
    parts: list[Part],
    netlist: str,
    command: str,
    where: Workspace,
    announce: Callable[[str], None],
) -> Placement:
    commands, note = [command], ""
    for part in parts:
        announce(f"place and route on {part.name}")
        arguments = [
            *("--quiet", *part.options, "--seed", str(SEED), "--timing-allow-fail"),
            *("--json", netlist, "--report", _REPORT),
        ]
        status, output = try_tool(nextpnr, arguments, where)
        if status == 0:
            commands.append(shlex.join([nextpnr.name, *arguments]))
            report = json.loads((where.folder / _REPORT).read_text(encoding="utf-8"))
            return Placement(
                fmax_mhz=read_fmax(report),
                cells=read_cells(report),
                part=part.name,
                commands=tuple(commands),
            )
        reason = next((line for line in output.splitlines() if "ERROR" in line), "no reason given")
        note = f"{nextpnr.name} ended with exit status {status} on {part.name}: {reason.strip()}"
    return Placement(note=note, commands=tuple(commands))


def read_fmax(report: Report) -> float:
    """Frequency in MHz of the slowest clock in nextpnr's report, to a hundredth."""
    return round(min(clock["achieved"] for clock in report["fmax"].values()), 2)


def read_cells(report: Report) -> int:
    """Count the cells of a LUT and a register in nextpnr's report."""
    used = report["utilization"]
    return int(next(used[cell]["used"] for cell in _LOGIC_CELLS if cell in used))


def _holds(part: Part, needed: Counts) -> bool:
    return needed.luts <= part.luts and needed.ffs <= part.ffs and needed.brams <= part.brams


def _too_large(target: Target, part: Part, needed: Counts) -> str:
    which = "the largest part" if part == target.parts[-1] else "a part"
    return (
        f"{part.name}, {which} of {target.name}, has {part.luts} LUT sites, {part.ffs} "
        f"registers and {part.brams} block RAMs; the design in its harness needs {needed.luts}, "
        f"{needed.ffs} and {needed.brams}"
    )
