"""Plans the thresholds of a folded layer as products: one for each row, behind what gathers them.

A search over 2**bits - 1 thresholds a row fills memories, twice as many for each bit of the code,
where thresholds on a line take a multiplication by a constant.
"""

from __future__ import annotations

from dataclasses import replace

from hwgen.errors import PlanError
from hwgen.plan.cost.delay import MODELS, StageLimit
from hwgen.plan.folded.matrix import FoldedPlan
from hwgen.plan.identifier import identifier, part_name
from hwgen.plan.layer import Layer
from hwgen.plan.options import AUTO_LEVELS, BuildOptions
from hwgen.plan.planned_layer import widest
from hwgen.plan.requantize.channel import LaneRow, requantizer
from hwgen.plan.requantize.staircase import code_range, steps
from hwgen.plan.stages.requantizers import Requantizer, Rescale
from hwgen.plan.stages.stage import PADDING, ParallelThreshold, Stream, Widener
from hwgen.plan.unrolled.pipelining import threshold_cuts

SEARCHED_BITS = 8  # of a code up to which thresholds are always searched in memories
MOST_WORDS = 1 << 20  # of a layer's thresholds in memories

Products = tuple[Widener, ParallelThreshold]


def threshold_products(layer: Layer, planned: FoldedPlan, options: BuildOptions) -> Products | None:
    """Give the products of all rows; None where a row has none, or codes are short.

    Raises
    ------
    PlanError
        Where there are none, and too many thresholds for memories.
    """
    assert layer.thresholds is not None
    dense = planned.stage
    if layer.thresholds.shape[1] < 1 << SEARCHED_BITS or dense.pixels > 1:
        return None
    slots = {row: slot for slot, row in enumerate(dense.rows) if row != PADDING}
    rows, lane = tuple(sorted(slots)), dense.outputs.lanes[0]
    channels = _channels(layer, planned, rows, options)
    if channels is None:
        return None
    sums = Stream(lanes=(lane,) * len(rows), order=rows, image=dense.outputs.image)
    codes = tuple(code_range(channel) for channel in channels)
    kinds = (widest(codes),) * len(codes) if layer.is_last else tuple(r.type for r in codes)
    outputs = replace(sums, lanes=kinds)
    bits = max(c.bits if isinstance(c, Rescale) else lane.bits for c in channels)
    model = MODELS[options.target]
    levels = options.levels_per_stage or AUTO_LEVELS  # a folded unit's rhythm needs registers
    limit = StageLimit(model=model, levels=levels, period_ns=model.adders(levels, bits))
    gathered = Widener(
        name=part_name(dense.name, "sums"),
        inputs=dense.outputs,
        outputs=sums,
        slots=tuple(slots[row] for row in rows),
    )
    products = ParallelThreshold(
        name=identifier(layer.tail_name),
        inputs=sums,
        outputs=outputs,
        channels=channels,
        cuts=threshold_cuts(channels, sums, outputs, limit).cuts,
    )
    return gathered, products


def _channels(
    layer: Layer, planned: FoldedPlan, rows: tuple[int, ...], options: BuildOptions
) -> tuple[Requantizer, ...] | None:
    assert layer.thresholds is not None
    lane, found = planned.stage.outputs.lanes[0], []
    for row in rows:
        register = planned.registers[row]
        stored = register.stored(layer.totals[row])
        staircase = steps(
            layer.thresholds[row], register.unit, register.constant, stored, layer.code_lo
        )
        place = LaneRow(lane=lane, stored=stored, is_wrapped=False)
        channel = requantizer(staircase, place, options.target, None, "multiply")
        if not isinstance(channel, Rescale) and len(staircase.thresholds) > 1:
            count = layer.thresholds.shape[1] * len(rows)
            if count > MOST_WORDS:
                raise PlanError(
                    f"{layer.tail_name}: must have at most {MOST_WORDS} thresholds in memories, "
                    f"not {count}, or rows that a multiplication and a shift make, and row {row} "
                    "is none; take fewer bits of the activation"
                )
            return None
        assert channel is not None
        found.append(channel)
    return tuple(found)
