"""Shows that the stages of a plan, perhaps edited, are wired as the layers of its network are."""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.plan.design import Plan
from hwgen.plan.layer import Layer
from hwgen.plan.stages.positions import flattened
from hwgen.plan.stages.stage import Fifo, Joint, Reorder
from hwgen.plan.stages.wiring import INPUT, readers_of, side_by_side

MOST_BITS = 64  # of a lane


def check_reads(plan: Plan, where: str) -> None:
    """Refuse numbers that are no earlier stage's, and stages that nothing reads.

    Raises
    ------
    PlanError
        With the place that is wrong, and what must hold there.
    """
    if len(plan.reads) != len(plan.stages):
        raise PlanError(f"{where}.reads: must have an item for each of {len(plan.stages)} stages")
    for index, sources in enumerate(plan.reads):
        if not sources or not all(INPUT <= source < index for source in sources):
            raise PlanError(
                f"{where}.reads[{index}]: must be stages before it, or -1 for what enters the "
                "design; undo the edit"
            )
    readers = readers_of(plan.reads)
    for index in range(len(plan.stages)):
        if bool(readers[index + 1]) == (index == len(plan.stages) - 1):
            raise PlanError(
                f"{where}.reads: the last stage must be read by none, and every other by one at "
                f"the least, unlike stages[{index}]; undo the edit"
            )
    if (INPUT,) not in plan.reads:
        raise PlanError(f"{where}.reads: a stage must read [-1], what enters the design, alone")
    for source, own in enumerate(readers, INPUT):
        free = [index for index in own if not isinstance(plan.stages[index], Fifo)]
        if len(own) > 1 and len(free) > 1:
            raise PlanError(
                f"{where}.reads: all but one of those that read stages[{source}] must be queues "
                f"(Fifo), and {free[0]} and {free[1]} are not; undo the edit"
            )


def check_wiring(plan: Plan, where: str) -> None:
    """Refuse a stage whose input is not what those that it reads give, side by side.

    Raises
    ------
    PlanError
        With the place that is wrong, and what must hold there.
    """
    for index, stage in enumerate(plan.stages):
        place = f"{where}.stages[{index}]"
        for name, stream in (("inputs", stage.inputs), ("outputs", stage.outputs)):
            if not stream.lanes or len(stream.order) % len(stream.lanes):
                raise PlanError(
                    f"{place}.{name}.order: must fill beats of {len(stream.lanes)} lanes, padded "
                    "with -1"
                )
            for lane, kind in enumerate(stream.lanes):
                if kind.bits > MOST_BITS:
                    raise PlanError(
                        f"{place}.{name}.lanes[{lane}]: must have at most {MOST_BITS} bits, not "
                        f"{kind.bits}; undo the edit"
                    )
        sources = plan.reads[index]
        given = [plan.inputs if s == INPUT else plan.stages[s].outputs for s in sources]
        before = ", ".join("the design" if s == INPUT else f"stages[{s}]" for s in sources)
        try:
            stream = side_by_side(given)
        except ValueError as error:
            raise PlanError(f"{where}.reads[{index}]: {error}; undo the edit") from None
        if stage.inputs not in (stream, flattened(stream)):
            raise PlanError(f"{place}.inputs: must be the outputs of {before}; change both alike")


def check_sources(plan: Plan, layer: Layer, index: int, ends: list[int], where: str) -> None:
    """Refuse a layer, whose own first stage is `index`, that gets what other layers give.

    `ends` are the last stages of the layers before it.

    Raises
    ------
    PlanError
        Where it does.
    """
    if index >= len(plan.stages):
        return
    found = tuple(source for read in plan.reads[index] for source in _origin(plan, read, ends))
    if found != layer.sources:
        raise PlanError(
            f"{where}.reads[{index}]: {layer.name} must get what layers {list(layer.sources)} give "
            f"(-1 is the input), not {list(found)}; undo the edit"
        )


def _origin(plan: Plan, stage: int, ends: list[int]) -> tuple[int, ...]:
    """Give the layers whose outputs a stage gives on, as they are."""
    while stage not in ends and stage != INPUT:
        if not isinstance(plan.stages[stage], Joint | Reorder):
            return ()
        if len(plan.reads[stage]) > 1:
            return tuple(s for read in plan.reads[stage] for s in _origin(plan, read, ends))
        (stage,) = plan.reads[stage]
    return (INPUT,) if stage == INPUT else (ends.index(stage),)
