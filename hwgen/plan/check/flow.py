"""Shows that stages which never stall have a buffer behind them that holds what is under way."""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.plan.design import Plan
from hwgen.plan.stages.stage import OutputBuffer, ParallelArgmax, ParallelThreshold, UnrolledDense
from hwgen.plan.unrolled.flow import READY_CYCLES


def check_flow(plan: Plan, where: str) -> None:
    """Refuse stages that would lose a beat where the sink waits.

    Raises
    ------
    PlanError
        Where a stage does not wait and no buffer of enough places is behind it.
    """
    *stages, last = plan.stages
    if not isinstance(last, OutputBuffer):
        stages.append(last)
    wanted = "stall"
    for index, stage in enumerate(stages):
        if isinstance(last, OutputBuffer):
            wanted = "free" if index else "gate"
        match stage:
            case UnrolledDense() | ParallelThreshold() | ParallelArgmax():
                flow = stage.flow
            case _:
                flow = "stall"
        if flow != wanted:
            raise PlanError(f"{where}.stages[{index}].flow: must be {wanted}, not {flow}")
    if isinstance(last, OutputBuffer):
        kinds = UnrolledDense | ParallelThreshold | ParallelArgmax
        least = READY_CYCLES + sum(s.latency for s in stages if isinstance(s, kinds))
        if last.under_way < least:
            raise PlanError(
                f"{where}.stages[{len(stages)}].under_way: must be at least {least}, the beats "
                f"that can be under way, not {last.under_way}"
            )
