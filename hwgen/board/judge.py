"""Whether a placed design keeps the board's clock, from nextpnr's report alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hwgen.errors import ToolError

MARGIN = 1.05  # that the clock reached must be above the board's
ROUNDING = 0.01  # by which the constraint in a report may differ from the board's clock
_CELLS = ("ICESTORM_LC", "TRELLIS_COMB", "LUT4")
_BRAMS = ("ICESTORM_RAM", "DP16KD", "BSRAM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the report says; `problem` is None where the clock is kept."""

    fmax_mhz: float
    cells: int
    brams: int
    problem: str | None


def judge(report: Mapping[str, Any], clock_mhz: float) -> Verdict:
    """Judge a report of nextpnr.

    Raises
    ------
    ToolError
        Where the report names no clock.
    """
    clocks = report.get("fmax") or {}
    if not clocks:
        raise ToolError(
            "nextpnr: the report must name a clock, and names none; "
            "the design's clock did not reach its registers"
        )
    problems = []
    for name, clock in clocks.items():
        if abs(clock["constraint"] / clock_mhz - 1) > ROUNDING:
            problems.append(
                f"clock {name}: must be held to {clock_mhz:g} MHz, and was to "
                f"{clock['constraint']:.2f}"
            )
        if clock["achieved"] < MARGIN * clock_mhz:
            problems.append(
                f"clock {name}: must reach {MARGIN * clock_mhz:.2f} MHz, 5 % above the board's "
                f"{clock_mhz:g}, and reaches {clock['achieved']:.2f}"
            )
    used = report["utilization"]
    return Verdict(
        fmax_mhz=round(min(clock["achieved"] for clock in clocks.values()), 2),
        cells=_used(used, _CELLS),
        brams=_used(used, _BRAMS),
        problem="; ".join(problems) or None,
    )


def _used(used: Mapping[str, Mapping[str, int]], names: tuple[str, ...]) -> int:
    return next((int(used[name]["used"]) for name in names if name in used), 0)
