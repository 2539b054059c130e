"""`hwgen board`: a design folder's part for one board, with its bitstream."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from hwgen import __version__
from hwgen.board.bitstream import ENDING, Bitstream, check_tools, make_bitstream
from hwgen.board.clock import pll_facts
from hwgen.board.constraints import constraints, pin_file, top
from hwgen.board.script import build_script
from hwgen.board.table import Board
from hwgen.digests import MADE_FROM, digests, sealed
from hwgen.earlier import BOARD_FILES, BOARDS
from hwgen.errors import ModelError, PlanError
from hwgen.files import check_folder, folder_beside
from hwgen.json_file import load_json
from hwgen.network_file import load_network
from hwgen.plan.design import Plan
from hwgen.plan.link import PROTOCOL, LinkPlan, plan_link
from hwgen.plan.plan_file import read_plan
from hwgen.plan.stages.stage import Stream
from hwgen.rtl.link.link import Link
from hwgen.rtl.verilog import rtlil_of, verilog_texts
from hwgen.synth.targets import find_target

MARK = "board.json"
BENCH_FILES = ("run.py", "pins.py", "test_pins.py", "bridge.py", "pll.v")
BAUD = 1_000_000
ROOM_BYTES = 16 << 20
MODULE = "hwgen_link"
_LINK = """\
// {name}: the serial link, written by hwgen {version} for {board}. Do not edit.
// UART, frames and self test; docs/boards.md has the protocol. {design}.v is used as it is.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardResult:
    """What `hwgen board` made: where, and its board.json."""

    folder: Path
    document: dict[str, Any]

    def line(self) -> str:
        """Give the one line of result."""
        found = self.document
        if found["bitstream"] is None:
            return (
                f"{found['part']}: {found['luts']} LUTs, {found['ffs']} registers, "
                f"{found['brams']} block RAMs; not placed; {self.folder}"
            )
        hold = "" if found["hold_checked"] else ", hold not checked"
        return (
            f"{found['part']}: {found['cells']} cells, {found['brams']} block RAMs, "
            f"{found['fmax_mhz']:.2f} MHz for {found['clock_hz'] / 1e6:g}{hold}; "
            f"{self.folder / found['bitstream']['file']}"
        )


def make_board(
    folder: Path,
    board: Board,
    *,
    baud: int = BAUD,
    seed: int = 1,
    pnr: bool = True,
    announce: Callable[[str], None] = lambda _: None,
) -> BoardResult:
    """Write DIR/board/NAME: link, top, constraints, driver, simulation, bitstream.

    Parameters
    ----------
    folder
        A design folder.
    board
        The board.
    baud
        Of the serial line.
    seed
        Of place and route.
    pnr
        Place, route and pack; else the Verilog is synthesised, and that is all.

    Raises
    ------
    ModelError, PlanError
        Where the folder holds no design, or the board cannot hold it.
    ToolError
        Where a program is missing or fails.
    VerifyError
        Where the clock is not kept. An earlier bitstream stays.
    """
    plan = read_plan(folder / "plan.json")
    graph = load_network(folder / "network.npz")
    verilog = folder / f"{plan.name}.v"
    if not verilog.is_file():
        raise ModelError(f"{verilog}: must be the Verilog of the design; build the design again")
    if not 0 <= seed < 2**31:
        raise PlanError(f"seed: must be 0 to {2**31 - 1}, not {seed}; choose another number")
    made_from = digests(folder, (verilog.name, "plan.json", "network.npz", "design.json"))
    check_tools(board, pnr)
    goal = folder / BOARDS / board.name
    check_folder(goal, ROOM_BYTES, MARK)
    digest = str(made_from[verilog.name])[:16]
    link = plan_link(plan, graph, digest, board.clock_hz, baud, has_pll=board.pll is not None)
    texts = board_texts(board, link)
    made = make_bitstream(
        board,
        plan.name,
        [verilog],
        texts,
        seed=seed,
        pnr=pnr,
        log=goal.with_suffix(".log"),
        announce=announce,
    )
    if digests(folder, made_from) != made_from:
        raise PlanError(f"{folder}: must not change meanwhile; make the board again")
    document = board_document(folder, plan, board, link, made) | {"seed": seed}
    with folder_beside(goal, MARK) as partial:
        for name, text in texts.items():
            (partial / name).write_text(text, encoding="utf-8")
        if made.packed is not None:
            (partial / _bitstream_name(plan, board)).write_bytes(made.packed)
        _copy_programs(partial)
        if made.packed is not None:
            (partial / "build.py").write_text(_script(plan, board, made, texts), encoding="utf-8")
            adders = find_target(board.family).adder_map
            text = (resources.files("hwgen.synth") / adders).read_text("utf-8")
            (partial / adders).write_text(text, encoding="utf-8")
        document = sealed(document | {BOARD_FILES: _digests_in(partial), MADE_FROM: made_from})
        (partial / MARK).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return BoardResult(folder=goal, document=document)


def _digests_in(folder: Path) -> dict[str, str | None]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return digests(folder, sorted(names))


def board_texts(board: Board, link: LinkPlan) -> dict[str, str]:
    """Give the files that the tools read, beside the design's own."""
    header = _LINK.format(name=MODULE, version=__version__, board=board.name, design=link.name)
    modules = verilog_texts({MODULE: rtlil_of(Link(link), MODULE)})
    return {
        "top.v": top(board, link),
        "link.v": header + "\n".join(modules),
        pin_file(board): constraints(board),
    }


def board_document(
    folder: Path, plan: Plan, board: Board, link: LinkPlan, made: Bitstream
) -> dict[str, Any]:
    """Give board.json."""
    design = load_json(folder / "design.json")
    packed = made.packed
    verdict = made.verdict
    return {
        "name": plan.name,
        "board": board.name,
        "part": board.part,
        "family": board.family,
        "pins": {
            "clk": board.clock_pin,
            "rx": board.rx,
            "tx": board.tx,
            "led_passed": board.led_passed,
            "led_failed": board.led_failed or None,
            "leds_low": board.leds_low,
        },
        "bridge": board.bridge,
        "usb": board.usb,
        "loader": board.loader,
        "protocol": PROTOCOL,
        "digest": link.digest,
        "clock_hz": link.clock_hz,
        "pll": pll_facts(board),
        "baud": link.baud,
        "divisor": link.divisor,
        "vector_bytes": link.inputs.vector_bytes,
        "result_bytes": link.outputs.vector_bytes,
        "frame_vectors": link.frame_vectors,
        "fifo_depth": link.fifo_depth,
        "reset_cycles": link.reset_cycles,
        "latency_cycles": plan.latency_cycles,
        "interval_cycles": plan.interval_cycles,
        "self_test": {
            "vectors": link.self_test.vectors,
            "signature": link.self_test.signature,
            "cycles": link.self_test.cycles,
        },
        "input": _side(plan.inputs) | _values(design, "s_axis"),
        "output": _side(plan.outputs) | _values(design, "m_axis"),
        "luts": made.counts.luts,
        "ffs": made.counts.ffs,
        "brams": made.counts.brams,
        "cells": None if verdict is None else verdict.cells,
        "fmax_mhz": None if verdict is None else verdict.fmax_mhz,
        "hold_checked": made.hold_checked,
        "bitstream": None
        if packed is None
        else {
            "file": _bitstream_name(plan, board),
            "bytes": len(packed),
            "sha256": hashlib.sha256(packed).hexdigest(),
        },
        "tools": made.tools,
        "commands": list(made.commands),
        "hwgen_version": __version__,
    }


def _script(plan: Plan, board: Board, made: Bitstream, texts: Mapping[str, str]) -> str:
    verilog = [f"../../{plan.name}.v", *(name for name in texts if name.endswith(".v"))]
    others = [find_target(board.family).adder_map, pin_file(board)]
    packages = [text.partition(" ")[0] for text in made.tools.values()]
    name = _bitstream_name(plan, board)
    return build_script(made.commands, packages, verilog, others, name)


def _bitstream_name(plan: Plan, board: Board) -> str:
    return f"{plan.name}.{ENDING[board.family]}"


def _side(stream: Stream) -> dict[str, Any]:
    """Say how a vector travels: bits and sign of each lane of a beat, and which element where."""
    return {
        "bits": [lane.bits for lane in stream.lanes],
        "signed": [lane.signed for lane in stream.lanes],
        "beat_bytes": -(-stream.width // 8),
        "elements": [int(element) for element in stream.elements],
    }


def _values(design: dict[str, Any], port: str) -> dict[str, Any]:
    keys = ("meaning", "scale", "offset", "type")
    return {key: design["ports"][port][key] for key in keys}


def _copy_programs(folder: Path) -> None:
    """Copy the driver and the bench at the pins, which need no hwgen."""
    driver = resources.files("hwgen.host") / "driver.py"
    (folder / "driver.py").write_text(driver.read_text("utf-8"), encoding="utf-8")
    (folder / "sim").mkdir()
    package = resources.files("hwgen")
    bench = (package / "board_bench" / name for name in BENCH_FILES)
    for file in (*bench, package / "packaged_verilator.py"):
        (folder / "sim" / file.name).write_text(file.read_text("utf-8"), encoding="utf-8")
