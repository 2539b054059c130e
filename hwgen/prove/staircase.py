"""Shows that a threshold unit gives the network's codes for every sum that can occur.

Each lane is a function of one lane of sums. All values of that sum are run through the unit's
cells at once: the lane's bits are written down for every value, a long integer a net.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwgen.errors import ModelError
from hwgen.ir import Threshold
from hwgen.numeric import IntArray, Range
from hwgen.prove.boolean import Samples, packed
from hwgen.prove.dense import Lane
from hwgen.prove.netlist import Module, NotProvedError, Word
from hwgen.prove.pipeline import Flow, Pipeline, pipeline_of
from hwgen.prove.walk import Walk

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
        Where a code differs, or depends on another lane.
    ModelError
        Where a sum has too many values.
    """
    pipeline = pipeline_of(module)
    lanes = module.lanes("o__payload", len(sums))
    codes = []
    for row, lane in enumerate(sums):
        if lane.steps.span >= MAX_VALUES:
            raise ModelError(
                f"{module.name}: lane {row} has {lane.steps.span + 1} values; thresholds are "
                f"proved for at most {MAX_VALUES}"
            )
        limits = None
        for start in range(lane.steps.lo, lane.steps.hi + 1, CHUNK):
            steps = np.arange(start, min(start + CHUNK, lane.steps.hi + 1))
            code = codes_of(node, row, steps * lane.divisor + lane.row.constant)
            _compare(module, pipeline, row, lane, (input_lanes[row], lanes[row]), steps, code)
            reached = Range(int(code.min()), int(code.max()))
            limits = reached if limits is None else limits.union(reached)
        assert limits is not None
        codes.append(limits)
    return ThresholdProof(
        latency=pipeline.latency,
        flow=pipeline.flow,
        lanes=tuple(lanes),
        codes=tuple(codes),
        values=sum(lane.steps.span + 1 for lane in sums),
    )


def codes_of(node: Threshold, row: int, sums: IntArray) -> IntArray:
    """Give the network's codes of a row for some of its sums."""
    return node.output.lo + np.searchsorted(node.thresholds[row], sums, side="right")


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
            total = int(steps[sample]) * lane.divisor + lane.row.constant
            raise NotProvedError(
                f"{module.name}, lane {row}, {module.name_of(nets[1][index])}: must be bit "
                f"{index} of code {int(code[sample])} at sum {total}, and is not"
            )

