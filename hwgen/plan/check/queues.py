"""Shows that the queues of a plan, perhaps edited, are deep enough for the rhythm that it has."""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.plan.design import Plan
from hwgen.plan.stages.stage import Fifo
from hwgen.plan.streams.promises import promise_of
from hwgen.rhythm.check import INPUT, RhythmError, check_rhythm

MOST_DEPTH = 1 << 24  # beats: more than the pixels of any map that a design is built for


def check_depths(plan: Plan, where: str) -> None:
    """Refuse queues that no memory holds.

    Raises
    ------
    PlanError
        With the stage.
    """
    for index, stage in enumerate(plan.stages):
        if not isinstance(stage, Fifo):
            continue
        for name, words in (("depth", stage.depth), ("extra", stage.extra)):
            if words > MOST_DEPTH:
                raise PlanError(
                    f"{where}.stages[{index}].{name}: must be at most {MOST_DEPTH:,}, not "
                    f"{words:,}; what it needs stands in the plan that was written"
                )


def check_queues(plan: Plan, where: str) -> None:
    """Check order and rate of a design with queues.

    Raises
    ------
    PlanError
        With the stage where a beat comes too early or too late, or where all stands still.
    """
    if not any(isinstance(stage, Fifo) for stage in plan.stages):
        return
    try:
        check_rhythm(plan.rhythm, plan.reads, [promise_of(stage) for stage in plan.stages])
    except RhythmError as error:
        mend = "deepen queues beside it or build the plan anew"
        raise PlanError(f"{where}.{_place(error.unit)}: {error}; {mend}") from None


def _place(unit: int | None) -> str:
    """Give where a unit stands in the plan; what enters is the first place of the rhythm."""
    if unit is None:
        return "rhythm"
    return "rhythm.passes[0], the design's input" if unit == INPUT else f"stages[{unit}]"
