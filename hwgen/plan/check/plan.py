"""Shows that a plan, perhaps edited by hand, is a network: every weight, width and threshold.

Nothing is run on samples: rows are recovered as linear forms, registers are followed over their
exact ranges, staircases are compared wherever a code can change.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import assert_never

import numpy as np

from hwgen.errors import PlanError
from hwgen.ir import Graph
from hwgen.plan.check.flow import check_flow
from hwgen.plan.check.folded import check_ends, check_folded, check_turns
from hwgen.plan.check.front import check_front
from hwgen.plan.check.queues import check_depths
from hwgen.plan.check.ring import check_ring
from hwgen.plan.check.tail import check_tail
from hwgen.plan.check.unrolled import check_unrolled
from hwgen.plan.check.wiring import check_reads, check_sources, check_wiring
from hwgen.plan.design import Plan
from hwgen.plan.execute import run_stage
from hwgen.plan.identifier import check_parts, identifier
from hwgen.plan.layer import Layer
from hwgen.plan.stages.positions import at_one_pixel, flattened
from hwgen.plan.stages.stage import (
    PADDING,
    Fifo,
    FoldedDense,
    Joint,
    OutputBuffer,
    Reorder,
    Stage,
    Stream,
    UnrolledDense,
)


def check_plan(plan: Plan, graph: Graph, layers: tuple[Layer, ...], where: str) -> None:
    """Compare a plan with its network.

    Raises
    ------
    PlanError
        With the place that is wrong, and what must hold there.
    """
    _check_input(plan, graph, where)
    check_parts([s.name for s in plan.stages], lambda index: f"{where}.stages[{index}].name")
    check_wiring(plan, where)
    check_depths(plan, where)
    check_flow(plan, where)
    rest = list(enumerate(plan.stages))
    ends: list[int] = []
    for layer, choice in zip(layers, plan.choices, strict=True):
        _check_brought(rest, where)
        check_sources(plan, layer, rest[0][0] if rest else 0, ends, where)
        check_front(rest, layer, where, shows=choice.style == "unrolled")
        _check_joints(rest, where)
        _check_layer(rest, layer, where)
        ends.append(rest[0][0] - 1 if rest else len(plan.stages) - 1)
    while rest and isinstance(rest[0][1], Fifo):
        rest.pop(0)
    if rest and isinstance(rest[0][1], Reorder):
        _check_reorder(*rest.pop(0), layers[-1], where)
    if rest and isinstance(rest[0][1], OutputBuffer):
        _check_places(*rest.pop(0), where)
    if rest:
        raise PlanError(f"{where}.stages[{rest[0][0]}]: must not follow the network's last layer")
    last = layers[-1]
    if plan.outputs.image != last.positions:
        raise PlanError(f"{where}.stages: must give a map of {last.positions}, not another")
    if last.tail != "argmax" and not set(range(last.rows)) <= set(plan.outputs.order):
        raise PlanError(f"{where}.stages: must give all {last.rows} outputs of {last.name}")
    if last.tail != "argmax":
        _check_given(plan, last, where)


def _check_given(plan: Plan, last: Layer, where: str) -> None:
    """Refuse lanes at the design's end that do not hold what the network gives."""
    lanes, order = plan.outputs.lanes, plan.outputs.order
    for slot, row in enumerate(order):
        lane, place = lanes[slot % len(lanes)], slot % len(lanes)
        if row == PADDING:
            continue
        limits = last.outputs[row]
        if limits.lo < lane.lo or limits.hi > lane.hi:
            raise PlanError(
                f"{where}.stages[{len(plan.stages) - 1}].outputs.lanes[{place}]: must hold "
                f"[{limits.lo}, {limits.hi}], not {lane}; widen it"
            )


def _check_layer(rest: list[tuple[int, Stage]], layer: Layer, where: str) -> None:
    """Compare the next stages, a matrix and what follows it, with a layer."""
    index, dense = rest.pop(0) if rest else (0, None)
    place = f"{where}.stages[{index}]"
    if not isinstance(dense, FoldedDense | UnrolledDense) or dense.name != identifier(layer.name):
        raise PlanError(
            f"{place}: must be layer {layer.name} of the network; build the plan anew for another "
            "network"
        )
    if isinstance(dense, FoldedDense) and dense.lines is not None:
        check_ring(dense, layer, place)
        check_turns(dense, place)
        check_ends(dense, place)
    at_one = at_one_pixel(dense)
    assert isinstance(at_one, FoldedDense | UnrolledDense)
    dense = at_one
    if dense.inputs.positions > 1:  # a whole map is a vector's elements to it
        dense = replace(dense, inputs=flattened(dense.inputs))
    _check_lanes(dense.inputs, layer, place)
    match dense:
        case FoldedDense():
            forms = check_folded(dense, layer, place, may_drop=layer.tail != "argmax")
        case UnrolledDense():
            forms = check_unrolled(dense, layer, place)
        case _:
            assert_never(dense)
    tail: Stage | None = None
    if layer.tail != "output":
        _check_joints(rest, where)
        if not rest:
            raise PlanError(f"{place}: must be followed by the {layer.tail} of {layer.name}")
        index, tail = rest.pop(0)
        tail = at_one_pixel(tail)
    check_tail(tail, layer, forms, f"{where}.stages[{index}]")


def _check_joints(rest: list[tuple[int, Stage]], where: str) -> None:
    """Every element must go to its place through the queues and converters that are next."""
    while rest and isinstance(rest[0][1], Joint):
        index, stage = rest.pop(0)
        _check_places(index, stage, where)


def _check_brought(rest: list[tuple[int, Stage]], where: str) -> None:
    """Every element must go to its place; neighbours become one pixel after another."""
    while rest and isinstance(rest[0][1], Joint | Reorder):
        index, stage = rest.pop(0)
        _check_places(index, stage, where)
        if isinstance(stage, Reorder):
            order = stage.outputs.order
            for slot, source in enumerate(stage.sources):
                if source == PADDING != order[slot % len(order)]:
                    place = f"{where}.stages[{index}].sources[{slot}]"
                    raise PlanError(f"{place}: must be an input slot")


def _check_reorder(index: int, stage: Stage, layer: Layer, where: str) -> None:
    """Every output must go to its place, and those that do not come must be their constant."""
    assert isinstance(stage, Reorder)
    _check_places(index, stage, where)
    order = stage.outputs.order
    for slot, source in enumerate(stage.sources):
        row = order[slot % len(order)]
        if row != PADDING and source == PADDING:
            limits = layer.outputs[row]
            if limits.span or stage.constants[slot] != limits.lo:
                raise PlanError(
                    f"{where}.stages[{index}].sources[{slot}]: must be where row {row} comes"
                )


def _check_input(plan: Plan, graph: Graph, where: str) -> None:
    """Refuse another stream than the network's input for what enters the design."""
    if not plan.stages:
        raise PlanError(f"{where}.stages: must hold the network's layers, not nothing")
    check_reads(plan, where)
    kinds = set(plan.inputs.lanes)
    elements = [element for element in plan.inputs.order if element != PADDING]
    shape = graph.input.shape
    size = prod(shape) // plan.inputs.positions
    if plan.inputs.image not in ((1, 1), shape[1:]):
        raise PlanError(f"{where}.stages[0].inputs.image: must be {list(shape[1:])}")
    if kinds != {graph.input.type} or elements != list(range(size)):
        raise PlanError(
            f"{where}.stages[0].inputs: must be the network's {size} inputs of type "
            f"{graph.input.type} in order"
        )


def _check_places(index: int, stage: Stage, where: str) -> None:
    """Follow every slot through a stage that only moves."""
    sources = stage.inputs.elements.tolist()
    places = np.arange(1, len(sources) + 1)[None]
    order = (PADDING, *sources)
    if isinstance(stage, Reorder):
        stage = replace(stage, constants=(0,) * len(stage.constants))
    moved = [order[place] for place in run_stage(stage, places)[0]]
    shown = stage.outputs.elements.tolist()
    for slot, (given, element) in enumerate(zip(shown, moved, strict=True)):
        if given != element and (element != PADDING or given in sources):
            raise PlanError(
                f"{where}.stages[{index}].outputs.order[{slot}]: must be {element}, which comes "
                f"there, not {given}"
            )


def _check_lanes(stream: Stream, layer: Layer, where: str) -> None:
    """Every element that is not constant must come, none twice, each in a lane that holds it."""
    elements = sorted(element for element in stream.order if element != PADDING)
    varying = {column for column, limits in enumerate(layer.inputs) if limits.span}
    if len(set(elements)) < len(elements) or not varying <= set(elements):
        raise PlanError(
            f"{where}.inputs.order: must hold each of the {layer.columns} elements once"
        )
    for slot, element in enumerate(stream.order):
        lane = stream.lanes[slot % len(stream.lanes)]
        limits = layer.inputs[max(element, 0)]
        if element in varying and (limits.lo < lane.lo or limits.hi > lane.hi):
            raise PlanError(
                f"{where}.inputs.lanes[{slot % len(stream.lanes)}]: must hold "
                f"[{limits.lo}, {limits.hi}], not {lane}; widen it"
            )
