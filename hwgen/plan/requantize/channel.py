"""Chooses how each channel gets from its sum to its code: the way of fewer LUTs."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from hwgen.numeric import IntType, Range
from hwgen.plan.cost.delay import DelayModel, StageLimit
from hwgen.plan.cost.fabric import LUT_INPUTS
from hwgen.plan.design import Target
from hwgen.plan.requantize.cover import cover_luts
from hwgen.plan.requantize.decision import Block, code_blocks, crossing_bits
from hwgen.plan.requantize.rescale import rescales
from hwgen.plan.requantize.staircase import code_range, wrapped
from hwgen.plan.stages.requantizers import Choice, Requantizer, Rescale, Steps

# fitted to layers and their thresholds (bench/requantization/activations.py, convolution/layers.py
# --styles unrolled); gowin has the figures of ecp5
COVER_LUTS: dict[Target, float] = {  # of a LUT of the cover of diagrams
    "xc7": 1.0,
    "ice40": 1.0,
    "ecp5": 1.15,
    "gowin": 1.15,
}
DIGIT_LUTS: dict[Target, float] = {  # of a bit added
    "xc7": 0.72,
    "ice40": 1.0,
    "ecp5": 0.92,
    "gowin": 0.92,
}
CONSTANT_LUTS: dict[Target, float] = {  # of a bit of a constant
    "xc7": 0.6,
    "ice40": 0.6,
    "ecp5": 1.0,
    "gowin": 1.0,
}
MOST_THRESHOLDS = (1 << 12) - 1  # of a diagram, which has a node or more for each


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """A lane as its requantizer sees it: the values that it carries, and where they lie in it."""

    lane: IntType
    stored: Range
    is_wrapped: bool


def requantizer(
    staircase: Steps,
    row: LaneRow,
    target: Target,
    limit: StageLimit | None,
    choice: Choice,
) -> Requantizer | None:
    """Give the requantizer of a row whose codes over its stored value are `staircase`.

    Products are left out whose additions the clock has no time for. With "multiply" a product is
    taken wherever there is one, with "diagram" nowhere. None where there are more thresholds than a
    diagram is built for, and no product.
    """
    plain = staircase
    if row.is_wrapped:
        plain = wrapped(staircase, row.stored, row.lane.bits)
    small = len(plain.thresholds) <= MOST_THRESHOLDS
    if choice == "diagram":
        return plain if small else None
    bits = code_range(plain).type.bits
    products = [
        (luts(item, row.lane, bits, target), item)
        for item in rescales(staircase, row.stored, row.lane)
        if limit is None or limit.adders_fit(1, item.bits)
    ]
    if not products:
        return plain if small else None
    least, product = min(products, key=lambda pair: pair[0])
    if not small or choice == "multiply":
        return product
    return plain if luts(plain, row.lane, bits, target, least) <= least else product


def luts(
    channel: Requantizer, lane: IntType, code_bits: int, target: Target, most: float = inf
) -> float:
    """Estimate the LUTs of a channel; those of a diagram no further than past `most`."""
    if isinstance(channel, Steps):
        return _covered(code_blocks(channel, lane, code_bits), target, most)
    digits = sum(channel.bits - max(digit.shift, 0) for digit in channel.digits[1:])
    low = (channel.constant & -channel.constant).bit_length() - 1  # the bits below it are wires
    constant = channel.bits - low if channel.constant else 0
    added = DIGIT_LUTS[target] * digits + CONSTANT_LUTS[target] * constant
    decided = _covered(seam_blocks(channel, lane), target)
    return added + decided + luts(channel.steps, channel.kept, code_bits, target)


def _covered(blocks: tuple[Block, ...], target: Target, most: float = inf) -> float:
    each = COVER_LUTS[target]
    return each * cover_luts(blocks, LUT_INPUTS[target], most / each)


def seam_blocks(channel: Rescale, lane: IntType) -> tuple[Block, ...]:
    """Give "below the seam" as a function of a lane; nothing where it has no seam."""
    return (Block(lane.bits, 1, (channel.seam,)),) if channel.seam else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A requantizer as a row of steps: additions of `bits` bits, then bits of a decision.

    `held[p]` are the bits that cross place p, behind p steps.
    """

    adders: int
    bits: int
    held: tuple[int, ...]

    @property
    def steps(self) -> int:
        """Places but the first."""
        return len(self.held) - 1

    def ns(self, model: DelayModel, start: int, end: int) -> float:
        """Give the time of the steps from one place to another, without registers."""
        added = min(end, self.adders) - min(start, self.adders)
        decided = max(end - self.adders, 0) - max(start - self.adders, 0)
        carry = model.adders(added, self.bits) - model.register_ns if added else 0.0
        return carry + model.decision(decided)


def path_of(channel: Requantizer, lane: IntType, code_bits: int) -> Path:
    """Give the steps of a requantizer."""
    if isinstance(channel, Steps):
        held = crossing_bits(code_blocks(channel, lane, code_bits), lane.bits)
        return Path(adders=0, bits=0, held=held)
    blocks = code_blocks(channel.steps, channel.kept, code_bits)
    behind = crossing_bits(blocks, channel.kept.bits)
    read = lane.bits + (channel.seam > 0)
    waiting = [read if added < len(channel.digits) - 1 else 0 for added in range(channel.adders)]
    before = [lane.bits, *(bits + channel.bits for bits in waiting[1:])] if waiting else []
    return Path(adders=channel.adders, bits=channel.bits, held=(*before, *behind))
