"""Synthesises a design folder or plain Verilog: counts, figures by layer, and clock frequency."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hwgen.digests import MADE_FROM, digests, sealed, synthesised_files
from hwgen.errors import ToolError
from hwgen.files import check_file, write_beside
from hwgen.json_file import load_json
from hwgen.synth.count import Counts, count_children, count_module, count_own
from hwgen.synth.place import Placement, Tools, place
from hwgen.synth.targets import Target, find_target
from hwgen.synth.tools import Tool, Workspace, find_nextpnr, find_yosys, workspace
from hwgen.synth.yosys import Design, map_design, map_layers

Announce = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """One further synthesis that keeps the modules under the top apart.

    `boundary` is the flattened total less all layers and the glue: what optimisation across the
    borders of the layers saves (negative) or costs.
    """

    layers: dict[str, Counts]
    glue: Counts
    boundary: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthResult:
    """What a design takes on one target, and with which programs that was found."""

    target: str
    top: str
    total: Counts
    breakdown: Breakdown | None
    placement: Placement
    alu_map: bool
    tools: dict[str, str]
    commands: tuple[str, ...]
    made_from: Mapping[str, str | None] = field(default_factory=dict)  # digests, of a design folder

    @property
    def luts(self) -> int:
        """LUT sites of the flattened design."""
        return self.total.luts

    @property
    def fmax_mhz(self) -> float | None:
        """Clock frequency after place and route; None without it."""
        return self.placement.fmax_mhz

    def __str__(self) -> str:
        clock = "not placed" if self.fmax_mhz is None else f"{self.fmax_mhz:.1f} MHz"
        total = self.total
        return (
            f"{self.top} on {self.target}: {total.luts:,} LUTs, {total.ffs:,} flip-flops, "
            f"block RAMs {total.brams:g}, DSPs {total.dsps}, {clock}"
        )

    def to_json(self) -> dict[str, object]:
        """Give the document of `DIR/synth/<target>.json`, equal for equal design and tools."""
        parts = self.breakdown
        document = {
            "target": self.target,
            "top": self.top,
            **self.total.to_json(),
            "fmax_mhz": self.fmax_mhz,
            "part": self.placement.part,
            "placed_cells": self.placement.cells,
            "note": self.placement.note,
            "per_layer": {
                name: counts.to_json() for name, counts in (parts.layers if parts else {}).items()
            },
            "glue": parts.glue.to_json() if parts else None,
            "boundary": parts.boundary.to_json() if parts else None,
            "alu_map": self.alu_map,
            "tools": self.tools,
            "commands": list(self.commands),
            MADE_FROM: dict(self.made_from),
        }
        return sealed(document)


def synthesise(
    folder: Path,
    target: str,
    pnr: bool = False,
    *,
    part: str | None = None,
    alu_map: bool = True,
    announce: Announce | None = None,
) -> SynthResult:
    """Synthesise a design folder and write `folder/synth/<target>.json`.

    Parameters
    ----------
    folder
        A design folder with `design.json` and `<name>.v`.
    target
        `xc7`, `ice40`, `ecp5` or `gowin`.
    pnr
        Also place and route, for the clock frequency.
    part
        Of the target, to place on; the smallest of one speed that holds the design where None.
    alu_map
        Put every addition on a carry chain first.
    announce
        Called with the name of each step as it starts.

    Raises
    ------
    ToolError
        Where the folder cannot be read or written, changes meanwhile, or a program is missing or
        fails.
    """
    name, top, clock = _read_design(folder)
    path = folder / "synth" / f"{target}.json"
    check_file(path)
    made_from = digests(folder, synthesised_files(name))
    result = synthesise_verilog(
        [folder / f"{name}.v"],
        top,
        target,
        clock=clock,
        pnr=pnr,
        part=part,
        layers=True,
        alu_map=alu_map,
        log=folder / "synth" / f"{target}.log",
        announce=announce,
    )
    if digests(folder, made_from) != made_from:
        raise ToolError(f"{folder}: must not change while it is synthesised; synthesise it again")
    result = replace(result, made_from=made_from)
    with write_beside(path) as partial:
        partial.write_text(json.dumps(result.to_json(), indent=2) + "\n", encoding="utf-8")
    return result


def synthesise_verilog(
    files: Sequence[Path],
    top: str,
    target: str,
    *,
    clock: str | None = None,
    pnr: bool = False,
    part: str | None = None,
    layers: bool = False,
    alu_map: bool = True,
    adder_map: str | None = None,
    log: Path | None = None,
    announce: Announce | None = None,
) -> SynthResult:
    """Synthesise plain Verilog; as `synthesise`, and it writes nothing but the log of a failure.

    Parameters
    ----------
    clock
        The clock port, None for a combinational design; only place and route reads it.
    part
        As in `synthesise`.
    layers
        Also count the modules that `top` instantiates, by a synthesis that keeps them apart.
    alu_map
        Put every addition on a carry chain first.
    adder_map
        File of the techmap that does so; the target's own where None.
    log
        Where the output of a failed program goes; None for a temporary file.
    """
    chosen, say = find_target(target), announce or _silent
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", top):
        raise ToolError(f"top: must be a plain Verilog name, not {top!r}; rename the module")
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise ToolError(f"{missing[0]}: must be a Verilog file, and is not there; build it first")
    chosen.parts_for(part)
    if part is not None and not pnr:
        raise ToolError(f"part: is what --pnr places on; add --pnr, or leave --part {part} out")
    yosys, nextpnr = find_yosys(), _nextpnr(chosen) if pnr else None
    with workspace(log) as where:
        chains = (adder_map or chosen.adder_map) if alu_map else None
        design = Design.stage(list(files), top, chosen, chains, where)
        say("synthesis")
        stat, command = map_design(yosys, design, where)
        total, commands = count_module(stat, top, chosen), [command]
        breakdown = None
        if layers:
            say("synthesis by layer")
            breakdown, command = _break_down(yosys, design, total, where)
            commands.append(command)
        placement = Placement()
        if nextpnr:
            placement = place(
                Tools(yosys=yosys, nextpnr=nextpnr), design, total, clock, where, say, part=part
            )
    return SynthResult(
        target=target,
        top=top,
        total=total,
        breakdown=breakdown,
        placement=placement,
        alu_map=alu_map,
        tools={"yosys": yosys.version} | ({"nextpnr": nextpnr.version} if nextpnr else {}),
        commands=(*commands, *placement.commands),
    )


def _break_down(
    yosys: Tool, design: Design, total: Counts, where: Workspace
) -> tuple[Breakdown, str]:
    stat, command = map_layers(yosys, design, where)
    layers = count_children(stat, design.top, design.target)
    glue = count_own(stat, design.top, design.target)
    boundary = total.plus(glue, -1)
    for counts in layers.values():
        boundary = boundary.plus(counts, -1)
    return Breakdown(layers=layers, glue=glue, boundary=boundary), command


def _nextpnr(target: Target) -> Tool:
    if target.nextpnr is None:
        raise ToolError(
            f"{target.name}: place and route must have an open tool from pip, and there is none "
            "for this target; leave out --pnr, or take ice40, ecp5 or gowin"
        )
    return find_nextpnr(target.nextpnr)


def _read_design(folder: Path) -> tuple[str, str, str | None]:
    """Name, top module and clock port of a design folder."""
    path = folder / "design.json"
    try:
        design = load_json(path)
        name, top, clock = design["name"], design["top"], design["clock"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(
            f"{path}: must be the design.json that `hwgen build` writes, and cannot be read "
            f"({type(error).__name__}: {error}); build the design again"
        ) from None
    return str(name), str(top), None if clock is None else str(clock)


def _silent(step: str) -> None:
    """Say nothing."""
