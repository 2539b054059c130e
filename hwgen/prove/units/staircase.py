"""Shows that a threshold unit gives the network's codes for every sum that can occur.

Each lane is a function of one lane of sums. Where that sum has few values, all of them are run
through the unit's cells at once: the lane's bits are written down for every value, a long integer a
net. Where it has many, nets are followed as linear forms of the sum and as step functions of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.ir import Threshold
from hwgen.numeric import IntArray, Range
from hwgen.prove.forms.forms import bit, linear_form
from hwgen.prove.forms.linear import LinearAlgebra
from hwgen.prove.forms.step_rules import NotFollowedError, Stepped, StepRules
from hwgen.prove.forms.turns import MOST_TRIED, first_difference, turns_of
from hwgen.prove.netlist.boolean import Samples, packed
from hwgen.prove.netlist.netlist import Module, Net, NotProvedError, Word
from hwgen.prove.netlist.pipeline import Flow, Pipeline, pipeline_of
from hwgen.prove.netlist.walk import Walk
from hwgen.prove.units.dense import Lane

CHUNK = 1 << 16  # values at a time, so that memory stays small
MAX_VALUES = 1 << 26


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdProof:
    """What was shown of a threshold unit: ranges of its codes, and how many values were run."""

    latency: int
    flow: Flow
    lanes: tuple[Word, ...]
    codes: tuple[Range, ...]
    values: int


def prove_threshold(
    module: Module, node: Threshold, sums: Sequence[Lane], input_lanes: Sequence[Word]
) -> ThresholdProof:
    """Show that each lane is the code of its row for every reachable sum.

    Raises
    ------
    NotProvedError
        Where a code differs or depends on another lane, or a sum has too many values.
    """
    pipeline = pipeline_of(module)
    lanes = module.lanes("o__payload", len(sums))
    for row, lane in enumerate(sums):
        nets = (input_lanes[row], lanes[row])
        if lane.steps.span < MOST_TRIED or not _is_followed(
            module, pipeline, node, row, lane, nets
        ):
            _try_all(module, pipeline, node, row, lane, nets)
    return ThresholdProof(
        latency=pipeline.latency,
        flow=pipeline.flow,
        lanes=tuple(lanes),
        codes=tuple(reached_codes(node, row, lane.row.limits) for row, lane in enumerate(sums)),
        values=sum(lane.steps.span + 1 for lane in sums),
    )


def codes_of(node: Threshold, row: int, sums: IntArray) -> IntArray:
    """Give the network's codes of a row for some of its sums."""
    return node.output.lo + np.searchsorted(node.of_channel(row), sums, side="right")


def reached_codes(node: Threshold, row: int, limits: Range) -> Range:
    """Give the range of a row's codes over the range of its sum."""
    lo, hi = codes_of(node, row, np.array([limits.lo, limits.hi]))
    return Range(int(lo), int(hi))


def _is_followed(
    module: Module,
    pipeline: Pipeline,
    node: Threshold,
    row: int,
    lane: Lane,
    nets: tuple[Word, Word],
) -> bool:
    """Follow a lane's cells as functions of its sum; False where some cannot be.

    Raises
    ------
    NotProvedError
        Where a code differs.
    """
    inputs = (lane.steps,)
    carried = linear_form({0: lane.factor}, lane.carried.constant, inputs)
    leaves: dict[Net, Stepped] = {net: bit(carried, k) for k, net in enumerate(nets[0])}
    algebra = StepRules(module, inputs, LinearAlgebra(module, inputs))
    walk: Walk[Stepped] = Walk(module, pipeline.registers, leaves, (0, 1), algebra.certain)
    try:
        word = walk.word(nets[1], pipeline.latency)
    except NotFollowedError:
        return False
    turns = turns_of(node, row, lane.divisor, lane.row.constant, lane.steps)
    difference = first_difference(word, turns, inputs)
    if difference is None:
        return True
    index, step = difference
    if step is None:
        return False
    code = turns.code(step - lane.steps.lo)
    raise _wrong(module, row, lane, nets[1][index], index, step, code)


def _try_all(
    module: Module,
    pipeline: Pipeline,
    node: Threshold,
    row: int,
    lane: Lane,
    nets: tuple[Word, Word],
) -> None:
    """Run a lane's cells on every value of its sum.

    Raises
    ------
    NotProvedError
        Where a code differs, or the values are too many.
    """
    if lane.steps.span >= MAX_VALUES:
        raise NotProvedError(
            f"{module.name}, lane {row}: must be sums, comparisons and choices that can be "
            f"followed, since {lane.steps.span + 1} sums are too many to be tried"
        )
    for start in range(lane.steps.lo, lane.steps.hi + 1, CHUNK):
        steps = np.arange(start, min(start + CHUNK, lane.steps.hi + 1))
        code = codes_of(node, row, steps * lane.divisor + lane.row.constant)
        _compare(module, pipeline, row, lane, nets, steps, code)


def _compare(
    module: Module,
    pipeline: Pipeline,
    row: int,
    lane: Lane,
    nets: tuple[Word, Word],
    steps: IntArray,
    code: IntArray,
) -> None:
    """Run a lane's cells on the values of `steps`."""
    algebra = Samples(module, len(steps))
    carried = steps * lane.factor + lane.carried.constant
    leaves = {net: packed(carried >> index & 1) for index, net in enumerate(nets[0])}
    walk = Walk(module, pipeline.registers, leaves, algebra.constants, algebra.rule)
    for index, found in enumerate(walk.word(nets[1], pipeline.latency)):
        differ = found ^ packed(code >> index & 1)
        if differ:
            sample = (differ & -differ).bit_length() - 1
            net, step = nets[1][index], int(steps[sample])
            raise _wrong(module, row, lane, net, index, step, int(code[sample]))


def _wrong(
    module: Module, row: int, lane: Lane, net: Net, index: int, step: int, code: int
) -> NotProvedError:
    total = step * lane.divisor + lane.row.constant
    return NotProvedError(
        f"{module.name}, lane {row}, {module.name_of(net)}: must be bit {index} of code {code} at "
        f"sum {total}, and is not"
    )
