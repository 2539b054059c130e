"""The commands about boards: arguments in, calls, printed result, exit status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwgen.cli_options import AsJson, Baud, Design
from hwgen.console import bar, mistakes, show, spinner, tell
from hwgen.errors import PlanError, VerifyError

if TYPE_CHECKING:
    from hwgen.board.table import Board
    from hwgen.flow import Planner
    from hwgen.ir import Graph
    from hwgen.plan.design import Target
    from hwgen.plan.options import BuildOptions

BoardName = Annotated[
    str, typer.Option("--board", help="A name of `hwgen boards`, or a TOML file of the same kind.")
]
BoardOfFolder = Annotated[
    str | None, typer.Option("--board", help="Which, where the folder holds several.")
]
SimulatedBoard = Annotated[
    str | None, typer.Option("--board", help="A board of the folder: simulate it at its pins.")
]
BoardClock = Annotated[
    float,
    typer.Option("--clock-mhz", min=0, help="Through the PLL, where it is not the board's own."),
]
PlaceSeed = Annotated[int, typer.Option("--seed", help="Of place and route.")]
NoPnr = Annotated[
    bool, typer.Option("--no-pnr", help="Synthesise only: everything but the bitstream.")
]
Program = Annotated[
    bool, typer.Option("--program", help="Write the bitstream to the board, until it is off.")
]
Flash = Annotated[bool, typer.Option("--flash", help="Write the bitstream to the board's flash.")]
Port = Annotated[
    str, typer.Option(help="Serial port; auto: the one with the board's USB identity.")
]
Simulated = Annotated[
    bool, typer.Option("--simulated", help="Simulate the board at its pins instead.")
]
Data = Annotated[
    Path | None,
    typer.Option(help=".npy of integers, or .npz with x and perhaps y and labels [default: own]."),
]
Results = Annotated[Path | None, typer.Option("--out", help="Write the results to this .npy.")]


class FormName(StrEnum):
    """Whom a design is written for."""

    fusesoc = "fusesoc"
    litex = "litex"
    amaranth = "amaranth"
    verilog = "verilog"
    ipxact = "ipxact"
    vivado = "vivado"


PackageForm = Annotated[FormName, typer.Option("--as", help="Tool or language.")]
DEFAULT_IMAGES = 10  # that a simulation at the pins runs
Bench = Annotated[int, typer.Option(help="Run so many vectors, again from the first; 0: all.")]


def boards(as_json: AsJson = False) -> None:
    """Show the boards, and what is installed of what each needs."""
    with mistakes():
        from hwgen.board.listing import boards_json, boards_table

        document = boards_json()
        show(document, as_json, lambda: boards_table(document))


def board(
    folder: Design,
    board: BoardName,
    baud: Baud = 1_000_000,
    clock_mhz: BoardClock = 0.0,
    seed: PlaceSeed = 1,
    no_pnr: NoPnr = False,
    program: Program = False,
    flash: Flash = False,
    as_json: AsJson = False,
) -> None:
    """Make a bitstream of a design for a board.

    The design has a serial link around it, for `hwgen run` or the driver beside it.
    """
    with mistakes():
        from hwgen.board.clock import at_clock
        from hwgen.board.folder import make_board
        from hwgen.board.program import check_programmer, write_bitstream
        from hwgen.board.table import find_board

        chosen = at_clock(find_board(board), clock_mhz)
        if program or flash:
            if no_pnr:
                raise PlanError("no-pnr: makes no bitstream to write; leave it or --program out")
            check_programmer(chosen.name, chosen.loader, chosen.bridge)
        with spinner(f"make {chosen.name}") as progress:
            made = make_board(
                folder, chosen, baud=baud, seed=seed, pnr=not no_pnr, announce=progress
            )
        show(made.document, as_json, made.line)
        if program or flash:
            write_bitstream(made.folder, made.document, flash)


def run(
    folder: Design,
    board: BoardOfFolder = None,
    port: Port = "auto",
    simulated: Simulated = False,
    data: Data = None,
    out: Results = None,
    bench: Bench = 0,
    as_json: AsJson = False,
) -> None:
    """Run vectors on a board over its serial port.

    Says whether results are equal, how accurate they are, and how fast they come.
    """
    with mistakes():
        from hwgen.board.duration import run_warning
        from hwgen.board.serial_run import (
            refuse_wrong_results,
            run_lines,
            run_vectors,
            vectors_of,
        )
        from hwgen.board.simulated import facts_of, find_folder

        place = find_folder(folder, board)
        vectors = vectors_of(place, data, bench)
        refuse_wrong_results(place, vectors, data)
        tell(run_warning(facts_of(place), len(vectors.x), simulated))
        with bar() as progress:
            found = run_vectors(
                place, vectors, port=port, simulated=simulated, output=out, progress=progress
            )
        show(found, as_json, lambda: "\n".join(run_lines(found, data)))
        if found.get("equal", found["vectors"]) != found["vectors"]:
            raise typer.Exit(VerifyError.exit_status)


def package(folder: Design, form: PackageForm) -> None:
    """Describe a design for other tools, or wrap it for them."""
    with mistakes():
        from hwgen.package.write import Form, write_package

        print(write_package(folder, Form(form.value)))


def simulate_board(
    folder: Path, name: str, images: int, as_json: bool, others: Sequence[str]
) -> None:
    """Simulate the top of a board at its pins, as `hwgen sim --board` asks.

    Raises
    ------
    PlanError
        Where `others` name options that the pins do not look at, or `images` are too many.
    """
    from hwgen.board.duration import simulation_warning
    from hwgen.board.simulated import facts_of, find_folder, simulate_pins
    from hwgen.flow import check_count

    if others:
        raise PlanError(
            f"{others[0]}: must not stand beside --board, whose pins are simulated in Verilator, "
            "with the vectors of the folder; leave one out"
        )
    check_count("samples", images)
    place, count = find_folder(folder, name), images or DEFAULT_IMAGES
    tell(simulation_warning(facts_of(place), count))
    with spinner(f"simulate {name} at its pins"):
        found = simulate_pins(place, count)
    lines = [f"{test}: {reason or 'right'}" for test, reason in found["tests"].items()]
    verdict = f"passed: {found['images']} vectors, and every fault of the protocol"
    lines.append(verdict if found["passed"] else "FAILED")
    show(found, as_json, lambda: "\n".join(lines))
    if not found["passed"]:
        raise typer.Exit(VerifyError.exit_status)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBoard:
    """Whom a design is built for: a board, its clock and its line, or a target alone."""

    board: Board | None
    target: Target
    clock_mhz: float  # 0 for none
    baud: int


def asked_board(
    name: str | None, target: Target | None, clock_mhz: float, baud: int | None
) -> AskedBoard:
    """Give whom `hwgen build` builds for.

    Raises
    ------
    ModelError, PlanError
        Where there is no such board, or target, clock or line are not the board's.
    """
    from hwgen.board.clock import at_clock
    from hwgen.board.fit import check_asked
    from hwgen.board.folder import BAUD
    from hwgen.board.table import find_board

    rate = BAUD if baud is None else baud
    if name is None:
        if baud is not None:
            raise PlanError("baud: is of a board's serial line; add --board, or leave --baud out")
        return AskedBoard(board=None, target=target or "xc7", clock_mhz=clock_mhz, baud=rate)
    board = at_clock(find_board(name), clock_mhz)
    check_asked(board, target, rate)
    return AskedBoard(board=board, target=board.family, clock_mhz=board.clock_mhz, baud=rate)


def options_of(
    options: BuildOptions, max_luts: str | None, asked: AskedBoard, graph: Graph
) -> tuple[BuildOptions, Planner]:
    """Give the options and the planner of `hwgen build`, those of a board where one is named."""
    from hwgen.board.fit import board_options, planner_for
    from hwgen.plan.planner import plan_design

    fills = max_luts == "part"
    if max_luts is not None and not fills:
        if not (max_luts.isascii() and max_luts.isdecimal()):
            raise PlanError(f"max-luts: must be a whole number above 0, or part, not {max_luts!r}")
        options = replace(options, max_luts=int(max_luts))
    board = asked.board
    if board is None:
        if fills:
            raise PlanError("max-luts: part is that of a board; add --board")
        return options, plan_design
    return board_options(options, board, graph, asked.baud, fills), planner_for(board, fills)
