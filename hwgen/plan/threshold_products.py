"""Plans the thresholds of a folded layer as products: one for each row, behind what gathers them.

A search over 2**bits - 1 thresholds a row fills memories, twice as many for each bit of the code,
where thresholds on a line take a multiplication by a constant.
"""

from __future__ import annotations

from hwgen.errors import PlanError
from hwgen.numeric import Range
from hwgen.plan.delay import MODELS, StageLimit
from hwgen.plan.folded import FoldedPlan
from hwgen.plan.layers import Layer
from hwgen.plan.options import AUTO_LEVELS, BuildOptions
from hwgen.plan.pipelining import threshold_cuts
from hwgen.plan.planned_layer import identifier, widest
from hwgen.plan.program import Register
from hwgen.plan.requantize import LaneRow, requantizer
from hwgen.plan.requantizers import Rescale
from hwgen.plan.stages import PADDING, ParallelThreshold, Stream, Widener
from hwgen.plan.staircase import code_range, steps

SEARCHED_BITS = 8  # of a code up to which thresholds are always searched in memories
MOST_WORDS = 1 << 20  # of a layer's thresholds in memories

Products = tuple[Widener, ParallelThreshold]


def threshold_products(
    layer: Layer, planned: FoldedPlan, options: BuildOptions, *, is_output: bool
) -> Products | None:
    """Give the products of all rows; None where a row has none, or codes are short.

    Raises
    ------
    PlanError
        Where there are none, and too many thresholds for memories.
    """
    assert layer.thresholds is not None
    count = layer.thresholds.shape[1]
    if count < 1 << SEARCHED_BITS:
        return None
    dense = planned.stage
    slots = {row: slot for slot, row in enumerate(dense.rows) if row != PADDING}
    rows, lane = tuple(sorted(slots)), dense.outputs.lanes[0]
    model = MODELS[options.target]
    found = {}
    for row in rows:
        register = planned.registers[row]
        stored = _stored(layer.totals[row], register)
        staircase = steps(
            layer.thresholds[row], register.unit, register.constant, stored, layer.code_lo
        )
        place = LaneRow(lane=lane, stored=stored, is_wrapped=False)
        channel = requantizer(staircase, place, options.target, None, "multiply")
        if not isinstance(channel, Rescale) and len(staircase.thresholds) > 1:
            if count * len(rows) > MOST_WORDS:
                raise PlanError(
                    f"{layer.tail_name}: must have at most {MOST_WORDS} thresholds in memories, "
                    f"not {count * len(rows)}, or rows that a multiplication and a shift make, and "
                    f"row {row} is none; take fewer bits of the activation"
                )
            return None
        assert channel is not None
        found[row] = channel
    sums = Stream(lanes=(lane,) * len(rows), order=rows)
    codes = tuple(code_range(channel) for channel in found.values())
    kinds = (widest(codes),) * len(codes) if is_output else tuple(r.type for r in codes)
    outputs = Stream(lanes=kinds, order=rows)
    bits = max(c.bits if isinstance(c, Rescale) else lane.bits for c in found.values())
    limit = StageLimit(model=model, levels=AUTO_LEVELS, period_ns=model.adders(AUTO_LEVELS, bits))
    channels = tuple(found.values())
    gathered = Widener(
        name=f"{dense.name}_sums",
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


def _stored(total: Range, register: Register) -> Range:
    """Give what a register holds at the end of a row."""
    ends = [(end - register.constant) // register.unit for end in (total.lo, total.hi)]
    return Range(min(ends), max(ends))
