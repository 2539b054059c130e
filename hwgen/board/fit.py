"""`hwgen build --board`: the part as budget, the board's clock, and a goal that the line sets.

Behind a serial line nothing is gained by a design that is faster than the line, so that the fewest
LUTs that keep up with it are the goal where none is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, prod

from hwgen.board.table import Board, Family, board_names, find_board
from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.plan.choose.budget import cost_of
from hwgen.plan.design import Plan, Target
from hwgen.plan.estimate.registers import registers_of
from hwgen.plan.link import Side, divisor_of, line_rate
from hwgen.plan.options import BuildOptions, Progress
from hwgen.plan.planner import plan_design

SHARE = 0.85  # of a part's cells that place and route fills without trouble
CELLS = 0.9  # of iCE40 for each LUT or register: 0.83 to 0.89 of designs that were tried
LINK_LUTS: dict[Family, int] = {"ice40": 400, "ecp5": 600, "gowin": 600}
LINK_FFS = 280
FRAME_BYTES = 4096
SEARCHES = 8  # of a number of LUTs whose design fits with its registers


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a design and its link take of a board, estimated."""

    luts: int
    ffs: int
    brams: int
    cells: int  # of a LUT and a register, on iCE40

    def share(self, board: Board) -> float:
        """Give the largest share of what the board may be filled with; above 1 it does not fit."""
        if board.family == "ice40":
            filled = self.cells / (SHARE * board.luts)
        else:
            filled = max(self.luts / (SHARE * board.luts), self.ffs / (SHARE * board.ffs))
        return max(filled, self.brams / board.brams)

    def text(self, board: Board) -> str:
        """Say what is needed and what there is."""
        most = int(SHARE * board.luts)
        what = (
            f"{self.cells:,} of {most:,} cells"
            if board.family == "ice40"
            else f"{self.luts:,} of {most:,} LUTs, {self.ffs:,} of {int(SHARE * board.ffs):,} "
            "registers"
        )
        return f"{what} and {self.brams} of {board.brams} block RAMs"


def needs_of(plan: Plan, board: Board) -> Needs:
    """Estimate what a plan and its link take."""
    cost, inputs, outputs = cost_of(plan), Side.of(plan.inputs), Side.of(plan.outputs)
    luts = cost.luts + LINK_LUTS[board.family] + 8 * (outputs.beat_bytes - 1)
    ffs = registers_of(plan.stages) + LINK_FFS + 8 * max(inputs.beat_bytes - 4, 0)
    return Needs(luts=luts, ffs=ffs, brams=cost.brams, cells=ceil(CELLS * (luts + ffs)))


def line_fps(graph: Graph, baud: int) -> int:
    """Give the vectors a second that the line carries, where elements come one a beat.

    Maps come a pixel a beat.
    """
    shape, bits = graph.input.shape, graph.input.type.bits
    if len(shape) == 3:
        size = shape[1] * shape[2] * -(-shape[0] * bits // 8)
    else:
        size = prod(shape) * -(-bits // 8)
    return max(ceil(line_rate(baud, size, max(FRAME_BYTES // size, 1))), 1)


def check_asked(board: Board, target: Target | None, baud: int) -> None:
    """Refuse what a board does not have.

    Raises
    ------
    PlanError
        Where target (None where none is named) or line are not the board's.
    """
    if target not in (None, board.family):
        raise PlanError(
            f"target: must be {board.name}'s, {board.family}, not {target}; leave --target out"
        )
    divisor_of(board.clock_hz, baud)


def board_options(
    options: BuildOptions, board: Board, graph: Graph, baud: int, fills: bool
) -> BuildOptions:
    """Give the options of a build for a board: its target, clock, block RAMs and the goal.

    Parameters
    ----------
    options
        What was asked for beside the board.
    fills
        The goal is the fastest design that the part holds.
    """
    folding = options.pe or options.simd or options.pixels
    found = replace(options, target=board.family)
    if found.max_brams is None:
        found = replace(found, max_brams=board.brams)
    if found.pipeline == "auto" and board.pipeline:
        found = replace(found, pipeline=board.pipeline)
    if folding and options.style == "folded":
        return found
    if not options.clock_mhz:
        found = replace(found, clock_mhz=board.clock_mhz)
    if options.fps is None and options.max_luts is None and not folding and not fills:
        found = replace(found, fps=line_fps(graph, baud))
    return found


def planner_for(board: Board, fills: bool) -> Callable[[Graph, BuildOptions, Progress], Plan]:
    """Give what plans a design that the board holds, for options of `board_options`."""

    def planned(graph: Graph, options: BuildOptions, progress: Progress) -> Plan:
        if fills:
            return _filling(graph, options, board, progress)
        try:
            plan = plan_design(graph, options, progress)
        except PlanError as error:
            raise PlanError(f"{board.name}: {error}") from None
        needs = needs_of(plan, board)
        if needs.share(board) <= 1:
            return plan
        raise _refusal(graph, options, board, plan, progress)

    return planned


def _filling(graph: Graph, options: BuildOptions, board: Board, progress: Progress) -> Plan:
    """Plan the fastest design that fits, registers and link counted.

    Raises
    ------
    PlanError
        Where none fits.
    """
    link = LINK_LUTS[board.family]
    luts = int(SHARE * board.luts) - link
    if board.family == "ice40":
        luts = int(SHARE * board.luts / CELLS) - link - LINK_FFS
    for _ in range(SEARCHES):
        plan = plan_design(graph, replace(options, max_luts=max(luts, 1)), progress)
        share = needs_of(plan, board).share(board)
        if share <= 1:
            return plan
        luts = int(luts * min(1 / share, 0.97))
    raise PlanError(
        f"{board.name}: {plan.name} must fit with its link, and the smallest design that was found "
        f"needs {needs_of(plan, board).text(board)}; {_larger(plan, board)}"
    )


def _refusal(
    graph: Graph, options: BuildOptions, board: Board, plan: Plan, progress: Progress
) -> PlanError:
    """Say that a design does not fit, and what does."""
    asked = f"{board.name}: {plan.name} must fit with its link, and needs "
    asked += needs_of(plan, board).text(board)
    free = replace(options, fps=None, max_luts=None, pe=None, simd=None, pixels=None)
    try:
        nearest = _filling(graph, free, board, progress)
    except PlanError:
        return PlanError(f"{asked}; {_larger(plan, board)}")
    return PlanError(
        f"{asked}; the nearest that does is --max-luts part, a vector every "
        f"{nearest.interval_cycles:,} cycles"
    )


def _larger(plan: Plan, board: Board) -> str:
    """Name the first board of the same family that holds the design."""
    for name in board_names():
        other = find_board(name)
        if other.family == board.family and needs_of(plan, other).share(other) <= 1:
            return f"take --board {name}"
    return "take a smaller network"
