"""Plans a matrix-vector unit that works over many cycles: a static schedule of nonzero weights."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from hwgen.errors import PlanError
from hwgen.numeric import IntArray, IntType, Range
from hwgen.plan.layers import Layer
from hwgen.plan.stages import PADDING, FoldedDense, ProcessingElement, Stream

Product = tuple[int, int]  # (slot of the input, weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What one row does with its accumulator.

    The register starts at `initial`; its sum is `unit * value + constant`. `held` is the exact
    range of every value it holds, start and end included; `products` that of a step's products.
    """

    initial: int
    unit: int
    constant: int
    held: Range
    products: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedPlan:
    """A folded unit and the register of each row, in the order of the layer's rows."""

    stage: FoldedDense
    registers: tuple[Register, ...]


def plan_folded(
    layer: Layer,
    inputs: Stream,
    *,
    pe: int,
    simd: int,
    skip: bool,
    accumulator: str,
    minimum_bits: int = 0,
) -> FoldedPlan:
    """Schedule a layer on `pe` x `simd` multipliers.

    Parameters
    ----------
    layer, inputs
        The weights, and the stream that brings the vector.
    pe, simd
        Rows in parallel, products in parallel a row.
    skip
        Leave zero weights out of the schedule.
    accumulator
        "offset" or "signed": whether registers start at their own offset.
    minimum_bits
        Widen every register to so many bits (a baseline with wide accumulators).

    Raises
    ------
    PlanError
        Where pe or simd do not fit the layer.
    """
    _check_fold(layer, pe, simd)
    slot_of = {element: slot for slot, element in enumerate(inputs.order) if element != PADDING}
    natural = layer.tail != "threshold"
    units = [1 if natural else gcd(*(int(abs(w)) for w in row)) or 1 for row in layer.weight]
    work = [
        _products(row // unit, slot_of, skip) for row, unit in zip(layer.weight, units, strict=True)
    ]
    order = list(range(layer.rows))
    if not natural:
        order.sort(key=lambda row: -len(work[row]))
    groups = [order[start : start + pe] for start in range(0, len(order), pe)]
    lengths = [max(1, *(-(-len(work[row]) // simd) for row in group)) for group in groups]
    elements, registers = [], {}
    align = -min(t.lo for t in layer.totals) if layer.tail == "argmax" else 0
    for p in range(pe):
        rows = [group[p] if p < len(group) else PADDING for group in groups]
        lists = [work[row] if row != PADDING else [] for row in rows]
        own = {
            row: _register(layer, row, work[row], simd, units[row], inputs, accumulator, align)
            for row in rows
            if row != PADDING
        }
        own = _common_start(own, accumulator)
        elements.append(_element(rows, lists, lengths, simd, own, minimum_bits))
        registers.update(own)
    accumulators = tuple(element.accumulator for element in elements)
    lane = Range(min(r.lo for r in accumulators), max(r.hi for r in accumulators)).type
    dealt = tuple(group[p] if p < len(group) else PADDING for group in groups for p in range(pe))
    stage = FoldedDense(
        name=layer.name,
        inputs=inputs,
        outputs=Stream(lanes=(lane,) * pe, order=dealt),
        simd=simd,
        elements=tuple(elements),
        last=tuple(k == length - 1 for length in lengths for k in range(length)),
        rows=dealt,
        nonzero=layer.nonzero,
    )
    return FoldedPlan(stage=stage, registers=tuple(registers[row] for row in range(layer.rows)))


def _check_fold(layer: Layer, pe: int, simd: int) -> None:
    for name, value, limit, meaning in (
        ("pe", pe, layer.rows, "rows"),
        ("simd", simd, layer.columns, "columns"),
    ):
        if not 1 <= value <= limit:
            raise PlanError(
                f"{layer.name}: {name} must be 1 to the layer's {limit} {meaning}, not {value}; "
                "choose another"
            )


def _products(row: IntArray, slot_of: dict[int, int], skip: bool) -> list[Product]:
    columns = np.flatnonzero(row) if skip else range(len(row))
    return [(slot_of[int(column)], int(row[column])) for column in columns]


def _register(
    layer: Layer,
    row: int,
    work: list[Product],
    simd: int,
    unit: int,
    inputs: Stream,
    accumulator: str,
    align: int,
) -> Register:
    """Give the exact ranges of a row's register, step by step in the order of its schedule."""
    lo = hi = lowest = highest = 0
    step_lo = step_hi = 0
    for start in range(0, len(work), simd):
        ends = [
            sorted((w * limits.lo, w * limits.hi))
            for slot, w in work[start : start + simd]
            for limits in (layer.inputs[inputs.order[slot]],)
        ]
        step = (sum(low for low, _ in ends), sum(high for _, high in ends))
        lo, hi = lo + step[0], hi + step[1]
        lowest, highest = min(lowest, lo), max(highest, hi)
        step_lo, step_hi = min(step_lo, step[0]), max(step_hi, step[1])
    bias = int(layer.bias[row])
    if layer.tail == "threshold":
        initial = -lowest if accumulator == "offset" else 0
    else:
        initial = bias + align
    return Register(
        initial=initial,
        unit=unit,
        constant=bias - unit * initial,
        held=Range(lowest + initial, highest + initial),
        products=Range(step_lo, step_hi),
    )


def _common_start(own: dict[int, Register], accumulator: str) -> dict[int, Register]:
    """One start for all rows of a PE where that widens no register: it saves the choice."""
    if accumulator != "offset" or not own or any(r.held.lo for r in own.values()):
        return own
    start = max(r.initial for r in own.values())
    moved = {
        row: Register(
            initial=start,
            unit=r.unit,
            constant=r.constant + r.unit * (r.initial - start),
            held=Range(r.held.lo + start - r.initial, r.held.hi + start - r.initial),
            products=r.products,
        )
        for row, r in own.items()
    }
    widest = max(r.held.hi for r in own.values()).bit_length()
    return moved if max(r.held.hi for r in moved.values()).bit_length() <= widest else own


def _element(
    rows: list[int],
    lists: list[list[Product]],
    lengths: list[int],
    simd: int,
    own: dict[int, Register],
    minimum_bits: int,
) -> ProcessingElement:
    weights: list[int] = []
    slots: list[int] = []
    for work, length in zip(lists, lengths, strict=True):
        padding = length * simd - len(work)
        slots += [slot for slot, _ in work] + [0] * padding
        weights += [weight for _, weight in work] + [0] * padding
    held = [register.held for register in own.values()] or [Range(0, 0)]
    steps = [register.products for register in own.values()] or [Range(0, 0)]
    accumulator = Range(min(r.lo for r in held), max(r.hi for r in held))
    if minimum_bits > accumulator.bits:
        accumulator = IntType(bits=minimum_bits, signed=True).range
    return ProcessingElement(
        weights=tuple(weights),
        slots=tuple(slots),
        initial=tuple(own[row].initial if row != PADDING else 0 for row in rows),
        products=Range(min(r.lo for r in steps), max(r.hi for r in steps)),
        accumulator=accumulator,
    )
