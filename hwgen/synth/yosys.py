"""The Yosys scripts: synthesis of a whole design, of its layers apart, and of its harness."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from hwgen.synth.count import Stat, read_stat
from hwgen.synth.targets import Target
from hwgen.synth.tools import Tool, Workspace, run_tool

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SOURCES = "verilog"
GENERAL_MAP = "adders_to_alu.v"
"""Map of additions that is the same for all targets; each target names its own."""
_MAPPED = "mapped.il"
_STAT = "stat.json"
_PORTS = "ports.json"
_NETLIST = "netlist.json"


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a module, `direction` as Yosys writes it: input, output or inout."""

    name: str
    direction: str
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Verilog in a workspace, named by its files there, and how to map it."""

    sources: tuple[str, ...]
    top: str
    target: Target
    adder_map: str | None
    has_pins: bool = False  # its ports are those of the part
    cells: str = ""  # Yosys' file of the family's cells, where the Verilog instantiates some

    @classmethod
    def stage(
        cls, files: list[Path], top: str, target: Target, adder_map: str | None, where: Workspace
    ) -> Design:
        """Copy the files into the workspace, where the programs can reach them."""
        names = [file.name for file in files]
        if len(set(names)) < len(names) or not all(map(_PLAIN_NAME.fullmatch, names)):
            names = [f"{index}.v" for index in range(len(files))]  # what Yosys need not quote
        sources = tuple(f"{_SOURCES}/{name}" for name in names)
        (where.folder / _SOURCES).mkdir()
        for source, file in zip(sources, files, strict=True):
            shutil.copyfile(file, where.folder / source)
        if adder_map:
            shutil.copyfile(Path(__file__).with_name(adder_map), where.folder / adder_map)
        return cls(sources=sources, top=top, target=target, adder_map=adder_map)


def map_design(yosys: Tool, design: Design, where: Workspace) -> tuple[Stat, str]:
    """Synthesise the flattened design; leaves the netlist in the workspace."""
    steps = [*_read(design), *_map(design), f"tee -o {_STAT} stat -json", f"write_rtlil {_MAPPED}"]
    command = _run(yosys, steps, where)
    return read_stat((where.folder / _STAT).read_text(encoding="utf-8")), command


def map_to_pins(yosys: Tool, design: Design, where: Workspace) -> tuple[Stat, str, str]:
    """Synthesise a whole board; gives the netlist's name in the workspace and the command."""
    design = replace(design, has_pins=True)
    steps = [*_read(design), *_map(design), f"tee -o {_STAT} stat -json", f"write_json {_NETLIST}"]
    command = _run(yosys, steps, where)
    return read_stat((where.folder / _STAT).read_text(encoding="utf-8")), _NETLIST, command


def map_layers(yosys: Tool, design: Design, where: Workspace) -> tuple[Stat, str]:
    """Synthesise with the modules that the top instantiates kept apart, each flat in itself."""
    keep = [f"select -set layers {design.top}/* %M", "setattr -mod -set keep_hierarchy 1 @layers"]
    steps = [*_read(design), *keep, *_map(design), f"tee -o {_STAT} stat -json"]
    command = _run(yosys, steps, where)
    return read_stat((where.folder / _STAT).read_text(encoding="utf-8")), command


def read_ports(yosys: Tool, design: Design, where: Workspace) -> list[Port]:
    """Ports of the design that `map_design` left in the workspace, in the order of its Verilog."""
    steps = [f"read_rtlil {_MAPPED}", f"delete {design.top}/c:*", f"write_json {_PORTS}"]
    _run(yosys, steps, where)
    modules = json.loads((where.folder / _PORTS).read_text(encoding="utf-8"))["modules"]
    ports = modules[design.top]["ports"]
    return [Port(name, port["direction"], len(port["bits"])) for name, port in ports.items()]


def map_harness(
    yosys: Tool, design: Design, harness: str, module: str, where: Workspace
) -> tuple[str, str]:
    """Wrap the mapped design in a harness whose text declares it as a black box.

    The design's cells come out exactly as they were counted: it is stitched in after the harness
    was synthesised. Returns the netlist's name in the workspace and the command.
    """
    (where.folder / "harness.v").write_text(harness, encoding="utf-8")
    steps = [
        "read_verilog harness.v",
        f"{design.target.synth} -top {module}",
        f"read_rtlil -overwrite {_MAPPED}",
        f"hierarchy -top {module}",
        "flatten",
        "clean",
        f"write_json {_NETLIST}",
    ]
    return _NETLIST, _run(yosys, steps, where)


def _read(design: Design) -> list[str]:
    sources = " ".join(design.sources)
    cells = [f"read_verilog -lib {design.cells}"] if design.cells else []
    return [*cells, f"{design.target.read} {sources}", f"hierarchy -check -top {design.top}"]


def _map(design: Design) -> list[str]:
    adders = [
        *("proc", "flatten", "opt_expr", "opt_clean", "opt", "wreduce", "peepopt", "opt_clean"),
        *("opt_expr -fine", "wreduce", "opt_clean"),  # low bits that only one operand reaches
        *(f"techmap -map {design.adder_map}", "opt_clean"),
    ]
    pads = "" if design.has_pins else design.target.pads
    synth = " ".join(filter(None, (design.target.synth, pads, f"-top {design.top}")))
    return [*(adders if design.adder_map else []), synth]


def _run(yosys: Tool, steps: list[str], where: Workspace) -> str:
    return run_tool(yosys, ["-q", "-p", "; ".join(steps)], where)
