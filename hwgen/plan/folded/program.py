"""What a processing element does step by step, and the exact range of all that it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hwgen.numeric import BoolArray, IntArray, IntType, Range
from hwgen.plan.folded.weight_parts import in_parts
from hwgen.plan.layer import Layer
from hwgen.plan.stages.stage import PADDING, ProcessingElement, Stream


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

    def stored(self, total: Range) -> Range:
        """Give what the register holds at the end of a row whose sums are `total`."""
        ends = [(end - self.constant) // self.unit for end in (total.lo, total.hi)]
        return Range(min(ends), max(ends))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowWork:
    """The products of one row in the order of its schedule: input slots and weights."""

    slots: IntArray
    weights: IntArray


def row_work(
    weight: IntArray,
    inputs: Stream,
    places: IntArray,
    *,
    counted: bool,
    kept: BoolArray,
    largest: int | None,
) -> list[RowWork]:
    """Give every row's products: those of `kept`, (rows, columns), or all slots if counted.

    They come in the order of the `places` in which the slots lie, with weights in parts up to
    `largest`, or whole.
    """
    order = np.array(inputs.order)
    slots = np.flatnonzero(order != PADDING)
    by_slot = np.zeros((len(weight), len(order)), np.int64)
    by_slot[:, slots] = weight[:, order[slots]]
    if counted:
        every = np.argsort(places)
        return [RowWork(slots=every, weights=row[every]) for row in by_slot]
    taken = np.zeros(by_slot.shape, np.bool_)
    taken[:, slots] = kept[:, order[slots]]
    by_place = np.argsort(places)
    own = [by_place[row[by_place]] for row in taken]
    found = [RowWork(slots=p, weights=r[p]) for p, r in zip(own, by_slot, strict=True)]
    return found if largest is None else [_in_parts(work, largest) for work in found]


def _in_parts(work: RowWork, largest: int) -> RowWork:
    owners, parts = in_parts(work.weights, largest)
    return RowWork(slots=work.slots[owners], weights=parts)


def limits_by_slot(layer: Layer, inputs: Stream) -> IntArray:
    """Least and largest value of every slot, (2, slots); 0 for padding."""
    limits = np.zeros((2, len(inputs.order)), np.int64)
    for slot, element in enumerate(inputs.order):
        if element != PADDING:
            limits[:, slot] = layer.inputs[element].lo, layer.inputs[element].hi
    return limits


def row_register(work: RowWork, limits: IntArray, lanes: int, unit: int, bias: int) -> Register:
    """Give the exact ranges of a row's register that starts at 0, step by step."""
    ends = np.sort(work.weights * limits[:, work.slots], axis=0)
    padded = np.zeros((2, -(-ends.shape[1] // lanes) * lanes), np.int64)
    padded[:, : ends.shape[1]] = ends
    steps = padded.reshape(2, -1, lanes).sum(axis=2)
    prefixes = steps.cumsum(axis=1)
    return Register(
        initial=0,
        unit=unit,
        constant=bias,
        held=Range(int(prefixes[0].min(initial=0)), int(prefixes[1].max(initial=0))),
        products=Range(int(steps[0].min(initial=0)), int(steps[1].max(initial=0))),
    )


def started(register: Register, start: int) -> Register:
    """Give the same row with a register that starts elsewhere."""
    moved = start - register.initial
    return replace(
        register,
        initial=start,
        constant=register.constant - register.unit * moved,
        held=Range(register.held.lo + moved, register.held.hi + moved),
    )


def offset_starts(own: dict[int, Register]) -> dict[int, Register]:
    """Start every row where its register never is negative; all at one place where that fits.

    One start for all rows of a PE saves the choice, if it makes no register wider.
    """
    separate = {row: started(item, -item.held.lo) for row, item in own.items()}
    widest = max((item.held.hi.bit_length() for item in separate.values()), default=0)
    start = max((item.initial for item in separate.values()), default=0)
    together = {row: started(item, start) for row, item in own.items()}
    fits = all(item.held.hi.bit_length() <= widest for item in together.values())
    return together if fits else separate


def processing_element(
    rows: tuple[int, ...],
    work: list[RowWork],
    own: dict[int, Register],
    *,
    ends: tuple[int, ...],
    cycles: int,
    lanes: int,
    minimum_bits: int,
    common: bool,
) -> ProcessingElement:
    """Give the program of a PE whose k-th row ends at step `ends[k]`.

    Steps without a product have weight 0 and read where the lane has read before. Where `common`,
    nobody reads the sum of a padding row, and it starts like the others.
    """
    weights = np.zeros(cycles * lanes, np.int64)
    slots = np.zeros(cycles * lanes, np.int64)
    begin = 0
    for row, end in zip(rows, ends, strict=True):
        start, stop = begin * lanes, (end + 1) * lanes
        count = len(work[row].slots) if row != PADDING else 0
        if count:
            weights[start : start + count] = work[row].weights
            slots[start:stop] = work[row].slots[_repeating(count, stop - start, lanes)]
        begin = end + 1
    accumulator = union([register.held for register in own.values()])
    if minimum_bits > accumulator.bits:
        accumulator = IntType(bits=minimum_bits, signed=True).range
    starts = {register.initial for register in own.values()}
    padding = starts.pop() if common and len(starts) == 1 else 0
    return ProcessingElement(
        weights=tuple(weights.tolist()),
        slots=tuple(slots.tolist()),
        initial=tuple(own[row].initial if row != PADDING else padding for row in rows),
        products=union([register.products for register in own.values()]),
        accumulator=accumulator,
    )


def _repeating(count: int, size: int, lanes: int) -> IntArray:
    """Give which of `count` products each of `size` lanes of a row's steps reads the input of."""
    places = np.arange(size)
    last = count - 1 - (count - 1 - places) % lanes  # of the same lane
    found: IntArray = np.where(places < count, places, np.maximum(last, 0))
    return found


def union(ranges: list[Range]) -> Range:
    """Give the smallest range that covers all; [0, 0] for none."""
    return Range.covering(ranges) if ranges else Range(0, 0)
