"""Chooses how the multipliers of a folded layer are arranged: PEs, their lanes, their sets."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, log

from hwgen.plan.cost.fabric import sum_luts
from hwgen.plan.cost.line_memory import ring_memory
from hwgen.plan.cost.memory import block_memory, rom_luts, vector_blocks, vector_kind, vector_luts
from hwgen.plan.design import Effort, Target
from hwgen.plan.folded.long_rows import unlike_sets
from hwgen.plan.folded.schedule import Schedule, SetShape, deal, in_order
from hwgen.plan.folded.shares import Reads, part_of
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.stage import PADDING, MemoryKind, Stream
from hwgen.plan.stages.vector_shape import VectorShape

NEAR, NEAR_OF_FEW, FEW = 1.15, 1.25, 20  # cycles over the bound aimed at: of many, of few steps
AIMED = (1.0, 1.04, 1.08, 1.12, 1.2, 1.3, 1.5, 2.0)  # over the bound, by sets of unlike PEs
PAYS = 1.5  # times the LUTs and cycles of like PEs that fewer cycles may cost where these miss
EXCESS = 1.1  # cycles over the bound that are accepted for fewer LUTs
# arrangements whose schedules are searched further
SEARCHED: dict[Effort, int] = {"low": 1, "normal": 4, "high": 16}
SET_LUTS = 6  # of a set among unlike ones: its end, its wait, its part in the beats
LOADING = 2  # cycles between vectors beyond their beats, of what loads them
CONTROL_LUTS = 40  # sequencer, handshakes and both banks of the vector


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedOptions:
    """How a layer is folded.

    Attributes
    ----------
    pe, simd
        Rows in parallel, products a cycle and row: `pe * simd` multipliers.
    skip
        Leave zero weights out of the schedule.
    accumulator
        "offset" or "signed": whether registers start at their own offset.
    minimum_bits
        Widen every register to so many bits (a baseline with wide accumulators).
    luts_per_bram
        The price of a block RAM in LUTs: what it has to save to be taken.
    drop_empty
        Leave rows without weights out of the output: who reads it knows their constants.
    effort
        How many arrangements have their schedules searched.
    alike
        Give all PEs as many lanes, also where a long row then takes too long (a baseline).
    pixels
        Windows side by side that run the same program at once.
    interval
        Cycles a vector or map of the slowest layer.
    taken
        Neighbours beside one another that can be read: divisors of this number, 0 for any.
    """

    target: Target
    pe: int
    simd: int
    luts_per_bram: int
    skip: bool = True
    accumulator: str = "offset"
    minimum_bits: int = 0
    drop_empty: bool = False
    effort: Effort = "normal"
    alike: bool = False
    pixels: int = 1
    interval: int = 0
    taken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits:
    """What a unit's cost depends on: widths, the vector that it reads, and what reads it.

    `lane_luts` is what every lane of the output stream costs behind the unit, `table_luts` what
    it looks up, which neighbours beside one another have copies of. `ring` holds the rows of a map
    of which the vector is a window, `reads` the channels of it that rows read, where these are few.
    """

    magnitude: int
    accumulator: int
    vector: Stream
    lane_luts: int
    table_luts: int = 0
    ring: LineShape | None = None
    reads: Reads | None = None

    @property
    def slots(self) -> int:
        """Places of the vector."""
        return len(self.vector.order)

    @property
    def input(self) -> int:
        """Bits of an element."""
        return max(lane.bits for lane in self.vector.lanes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """An arrangement with its schedule and memories; `natural`, rows in order.

    `luts` are estimated, with block RAMs at their price. `beside` neighbours leave in a beat.
    """

    schedule: Schedule
    natural: bool
    counted: bool
    vector_memory: MemoryKind
    luts: int
    lane_luts: int
    beside: int = 1

    @property
    def rhythm(self) -> int:
        """Cycles between vectors, of a unit behind that loads the beats of this one too."""
        return max(self.schedule.cycles, len(self.schedule.turns) + LOADING)

    @property
    def product(self) -> int:
        """LUTs times cycles, what follows the unit included."""
        lanes = self.schedule.width * self.beside
        return (self.luts + lanes * self.lane_luts) * self.schedule.cycles


def choose_folding(options: FoldedOptions, work: dict[int, int], bits: Bits) -> Folding:
    """Give the smallest product of LUTs and cycles near the bound, or else the fewest cycles.

    Parameters
    ----------
    work
        Nonzero weights of every row that is to be summed.
    """
    multipliers = options.pe * options.simd
    least = max(-(-sum(work.values()) // multipliers), 1)
    arrangements = _arrangements(multipliers, len(work), bits.slots)

    def folded(lanes: int, width: int, sets: int, beside: int, *, search: bool) -> Folding:
        steps = [max(-(-count // lanes), 1) for count in work.values()]
        shape = SetShape(lanes=lanes, width=width, copies=options.pixels // beside)
        schedule = deal(list(work), steps, shape, sets, search=search)
        return _folding(options, schedule, bits, natural=False, counted=False, beside=beside)

    def worth(folding: Folding) -> tuple[int, int]:
        return max(folding.rhythm - int(EXCESS * least), 0), folding.product

    found = {(*key, 1): folded(*key, 1, search=False) for key in arrangements}
    enough = max(int(EXCESS * least), _enough(options, bits))
    for beside in _divisors(gcd(options.pixels, options.taken))[1:]:  # rows leave too slowly
        soonest = min(item.schedule.cycles for item in found.values())
        if soonest > enough:
            more = {(*key, beside): folded(*key, beside, search=False) for key in arrangements}
            sooner = min(item.schedule.cycles for item in more.values())
            if sooner < soonest:
                found |= more
    best = sorted(found, key=lambda key: worth(found[key]))[: SEARCHED[options.effort]]
    longest = max(work.values())
    may_do = any(-(-longest // lanes) <= aimed_cycles(least) for lanes, *_ in best)
    like = min((folded(*key, search=may_do) for key in best), key=worth)
    if (
        options.alike
        or bits.ring is not None
        or like.rhythm <= max(aimed_cycles(least), 1 + LOADING)
    ):
        return like
    unlike = [like]
    for aim in sorted({-int(-share * least // 1) for share in AIMED}):
        if aim >= like.schedule.cycles:
            break
        unlike += [
            _folding(options, schedule, bits, natural=False, counted=False)
            for schedule in unlike_sets(work, multipliers, bits.slots, aim)
        ]
        if min(unlike, key=worth).schedule.cycles <= aimed_cycles(least):
            break
    return min((item for item in unlike if item.product <= PAYS * like.product), key=worth)


def _enough(options: FoldedOptions, bits: Bits) -> int:
    """Give the cycles a group of windows than which fewer gain nothing: others take as many."""
    if bits.ring is None:
        return 0
    frame = max(options.interval, bits.ring.frame_steps)
    return frame // bits.ring.outputs.positions


def aimed_cycles(least: int) -> int:
    """Give the cycles that are aimed at where so many are the bound."""
    return max(int((NEAR if least >= FEW else NEAR_OF_FEW) * least), 1)


def dense_folding(options: FoldedOptions, rows: int, bits: Bits) -> Folding:
    """Give dense mode: one row after another, all slots of the vector in order.

    All PEs read the same elements, and none needs a position, if the beats of the input stream
    can be cut into the parts that are read at once.
    """
    simd, stream_lanes = options.simd, len(bits.vector.lanes)
    shape = SetShape(lanes=simd, width=options.pe, copies=options.pixels)
    schedule = in_order(rows, -(-bits.slots // simd), shape)
    parts = stream_lanes // simd if stream_lanes % simd == 0 else 0
    counted = simd % stream_lanes == 0 or (parts > 0 and parts & (parts - 1) == 0)
    counted = counted and bits.ring is None
    return _folding(options, schedule, bits, natural=True, counted=counted)


def _arrangements(multipliers: int, rows: int, slots: int) -> list[tuple[int, int, int]]:
    """Lanes, PEs a set and sets of the ways to arrange the multipliers; fewer if none fits."""
    found = [
        (lanes, width, multipliers // lanes // width)
        for lanes in _divisors(multipliers)
        for width in _divisors(multipliers // lanes)
        if lanes <= slots and multipliers // lanes <= rows
    ]
    return found or _arrangements(multipliers - 1, rows, slots)


def _divisors(value: int) -> list[int]:
    return [k for k in range(1, value + 1) if value % k == 0]


def _folding(
    options: FoldedOptions,
    schedule: Schedule,
    bits: Bits,
    *,
    natural: bool,
    counted: bool,
    beside: int = 1,
) -> Folding:
    target, copies = options.target, options.pixels
    sets, cycles = len(schedule.sets), schedule.cycles
    multipliers = sum(shape.lanes * shape.width for shape in schedule.shapes)
    alike = counted or (natural and bits.ring is not None)  # PEs that read the same elements
    readers = schedule.shapes[0].lanes if alike else multipliers
    turns = copies // beside
    ways = -(-turns * sum(shape.width for shape in schedule.shapes) // schedule.width)
    word = multipliers * (bits.magnitude + 1)
    shape = VectorShape.of(bits.vector, readers if counted else 1)
    program = _program_luts(options, cycles, word)
    if not counted:
        place_bits = shape.place_bits if bits.ring is None else bits.ring.place_bits
        near = min(_distance_bits(schedule, multipliers, bits.slots), place_bits)
        program = min(
            _program_luts(options, cycles, word + readers * place_bits + sets),
            _program_luts(options, cycles, word + readers * near + sets)
            + readers * sum_luts(target, place_bits),
        )
    if bits.ring is None:
        vector = vector_kind(target, shape, options.luts_per_bram, readers)
        blocks = readers * vector_blocks(target, shape) * options.luts_per_bram
        held = blocks if vector == "block" else vector_luts(target, shape, readers) or 0
    else:
        stored = bits.ring
        if bits.reads is not None and not natural:
            stored = part_of(stored, bits.reads, _rows_of_pes(schedule))
        ring = ring_memory(stored, readers)
        vector = ring.kind(target, options.luts_per_bram)
        held = ring.priced(target, vector, options.luts_per_bram)
    luts = CONTROL_LUTS + held
    luts += copies * sum(
        part.width * _element_luts(target, part.lanes, ways, bits) for part in schedule.shapes
    )
    luts += program + (beside - 1) * bits.table_luts
    if len(set(schedule.shapes)) > 1:
        luts += SET_LUTS * sets
    return Folding(
        schedule=schedule,
        natural=natural,
        counted=counted,
        vector_memory=vector,
        luts=luts,
        lane_luts=bits.lane_luts,
        beside=beside,
    )


def _rows_of_pes(schedule: Schedule) -> list[list[int]]:
    """Give the rows of each PE, set by set."""
    columns = (zip(*(group.rows for group in part), strict=True) for part in schedule.sets)
    return [[row for row in rows if row != PADDING] for part in columns for rows in part]


def _distance_bits(schedule: Schedule, multipliers: int, slots: int) -> int:
    """Bits of the longest distance between inputs of a row, were these anywhere in the vector."""
    rows = sum(row != PADDING for part in schedule.sets for group in part for row in group.rows)
    lanes = max(shape.lanes for shape in schedule.shapes)
    mean = slots * lanes * rows / (schedule.cycles * multipliers)
    return max(int(mean * log(schedule.cycles + 1)), 1).bit_length()


def _program_luts(options: FoldedOptions, cycles: int, bits: int) -> int:
    """LUTs of a program of so many bits, or of its block RAMs; few steps repeat bits."""
    luts = rom_luts(options.target, cycles, min(bits, (1 << min(cycles, bits)) - 1))
    blocks = block_memory(options.target, cycles, bits)
    return min(luts, blocks.priced(options.luts_per_bram))


def _element_luts(target: Target, lanes: int, ways: int, bits: Bits) -> int:
    """LUTs of one PE: products, their sum, the accumulator, its way to a lane that `ways` feed."""
    one_lut_adds = target == "xc7"
    partial = bits.input if one_lut_adds else 2 * bits.input
    adders = max(bits.magnitude - 1, 0) * (partial + 2)
    product = bits.magnitude + bits.input
    negate = 0 if one_lut_adds else product
    tree = sum(
        (lanes >> level) * (product + level + 1 + (product if one_lut_adds else 0) // level)
        for level in range(1, (lanes - 1).bit_length() + 1)
    )
    way = bits.accumulator * -(-(ways - 1) // (3 if one_lut_adds else 2))
    return lanes * ((adders or bits.input) + negate) + tree + bits.accumulator + 2 + way
