"""Stages that carry a few elements a beat: matrix, thresholds, argmax, order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hwgen.numeric import Range
from hwgen.plan.stages.lines import Lines, LineShape
from hwgen.plan.stages.memory_kind import MemoryKind
from hwgen.plan.stages.ring_shares import Share, share_of
from hwgen.plan.stages.stream import PADDING, Stream
from hwgen.plan.stages.weight_code import WeightCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingElement:
    """The program of one PE: a weight and an input slot for every step and lane.

    `weights[step * lanes + lane]` and `slots[...]`; `initial[k]` is what the accumulator starts the
    k-th row of this PE with. `products` bounds the sum of a step's products, `accumulator` every
    value that the register ever holds; both are exact.
    """

    weights: tuple[int, ...]
    slots: tuple[int, ...]
    initial: tuple[int, ...]
    products: Range
    accumulator: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class PeSet:
    """PEs that work in step, of as many lanes each: `ends[k]` is the step that ends the k-th rows.

    The PEs are `size` and feed the output lanes from `first` on.
    """

    first: int
    size: int
    lanes: int
    ends: tuple[int, ...]

    @property
    def fed(self) -> range:
        """Output lanes of its PEs."""
        return range(self.first, self.first + self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedDense:
    """A matrix-vector product over many cycles on at most `pe * simd` multipliers.

    The multipliers are dealt to PEs and the PEs to sets; `elements` holds the PEs set by set. Beat
    b carries the next rows of each set in `turns[b]`, which feed unlike output lanes, and is sent
    when all of them have ended. `rows[b * width + q]` is the row on lane q, or -1: nobody reads a
    lane that no set of the beat feeds, and it is 0.

    Attributes
    ----------
    cycles
        Steps a vector.
    counted
        Every PE reads the same elements, in the order of the slots: dense mode.
    banks
        Parts of the vector that are read at once, each through ports of its own.
    program_memory, vector_memory
        What holds the weights and positions, and the vector or the rows of the map.
    distances
        The program holds how far each input lies from the one before, not where it lies.
    lines
        Where it is a convolution, its windows, which it reads in a ring of rows: the columns of its
        matrix are taps. `outputs.pixels` windows side by side run the same program at once, so
        that a set of PEs is there as often. Such copies are counted as sets in `turns`, those
        whose results leave beside one another as one: the q-th of set s is number
        `s * copies + q`.
    """

    name: str
    inputs: Stream
    outputs: Stream
    pe: int
    simd: int
    pe_sets: tuple[PeSet, ...]
    elements: tuple[ProcessingElement, ...]
    turns: tuple[tuple[int, ...], ...]
    cycles: int
    counted: bool
    banks: int
    program_memory: MemoryKind
    vector_memory: MemoryKind
    rows: tuple[int, ...]
    nonzero: int
    lines: Lines | None = None
    distances: bool = False

    @property
    def pixels(self) -> int:
        """Windows that run the same program at once."""
        return 1 if self.lines is None else self.outputs.pixels

    @property
    def beside(self) -> int:
        """Windows whose results leave in one beat."""
        return 1 if self.lines is None else self.outputs.beside

    @property
    def copies(self) -> int:
        """Beats in which the results of a row leave."""
        return self.pixels // self.beside

    @property
    def ends(self) -> tuple[tuple[int, ...], ...]:
        """Steps that end rows, set by set."""
        return tuple(part.ends for part in self.pe_sets for _ in range(self.copies))

    @property
    def sets(self) -> int:
        """Sets of PEs, copies counted; each has its own row ends."""
        return len(self.pe_sets) * self.copies

    @property
    def width(self) -> int:
        """Rows whose results leave in a beat."""
        return len(self.outputs.lanes) // self.beside

    @property
    def groups(self) -> int:
        """Output beats a vector."""
        return len(self.turns)

    @property
    def multipliers(self) -> int:
        """Lanes of all PEs."""
        return self.pixels * sum(part.size * part.lanes for part in self.pe_sets)

    @property
    def owners(self) -> tuple[int, ...]:
        """Give the set of every PE, without copies."""
        return tuple(s for s, part in enumerate(self.pe_sets) for _ in range(part.size))

    @property
    def is_round(self) -> bool:
        """Whether sets of the whole width leave one after another, always in the same turn."""
        return all(part.size == self.width for part in self.pe_sets) and all(
            turn == (beat % self.sets,) for beat, turn in enumerate(self.turns)
        )

    @property
    def sources(self) -> dict[int, tuple[int, int]]:
        """Give for each output slot that a set feeds the PE, and which of its rows it carries."""
        owners = self.owners
        first_pe = [owners.index(s) for s in range(len(self.pe_sets))]
        following = [0] * self.sets
        found = {}
        for beat, together in enumerate(self.turns):
            for copy in together:
                s = copy // self.copies
                for q, lane in enumerate(self.pe_sets[s].fed):
                    found[beat * self.width + lane] = first_pe[s] + q, following[copy]
                following[copy] += 1
        return found

    def least_gap(self, which: int) -> int:
        """Give the fewest steps between two row ends of a set, into the next vector too."""
        ends = self.pe_sets[which].ends
        following = (*ends[1:], ends[0] + self.cycles)
        return min(later - end for end, later in zip(ends, following, strict=True))

    @property
    def pipeline(self) -> int:
        """Registers between a step and its accumulator."""
        return 5 + max(
            WeightCode(element.weights).stages + (self.pe_sets[s].lanes - 1).bit_length()
            for element, s in zip(self.elements, self.owners, strict=True)
        )


def ring_of(stage: FoldedDense) -> LineShape | None:
    """Give the ring of rows that a convolution reads; None where a unit reads a vector."""
    if stage.lines is None:
        return None
    whole = LineShape(stage.inputs, stage.outputs, stage.lines)
    shares = tuple(dict.fromkeys(shares_of(stage, whole))) if stage.lines.split else ()
    return replace(whole, shares=shares)


def shares_of(stage: FoldedDense, ring: LineShape) -> Iterator[Share]:
    """Give of each multiplier, PE by PE, what its copy of a ring has to store."""
    assert stage.lines is not None
    taps = stage.lines.taps
    for element, owner in zip(stage.elements, stage.owners, strict=True):
        lanes = stage.pe_sets[owner].lanes
        for lane in range(lanes):
            pairs = zip(element.slots[lane::lanes], element.weights[lane::lanes], strict=True)
            read = {taps[slot].lane for slot, weight in pairs if weight}
            yield share_of([ring.channels[channel] for channel in read], ring.beats)


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialArgmax:
    """Index of the largest element of a vector that arrives in beats, in any order.

    `labels` are what it gives in place of each element's index, where there are any.
    """

    name: str
    inputs: Stream
    outputs: Stream
    labels: tuple[int, ...] = ()

    @property
    def index_bits(self) -> int:
        """Bits of an element's index."""
        return max(max(self.inputs.order).bit_length(), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder:
    """Puts the elements of a vector back into their own order.

    `sources[beat * lanes + lane]` is the input slot that an output slot shows, or -1 for one that
    always is `constants[beat * lanes + lane]`.
    """

    name: str
    inputs: Stream
    outputs: Stream
    sources: tuple[int, ...]
    constants: tuple[int, ...]
    memory: MemoryKind

    def __post_init__(self) -> None:
        slots = self.inputs.beats // self.inputs.positions * len(self.inputs.lanes)
        if not all(PADDING <= source < slots for source in self.sources):
            raise ValueError(f"sources must lie in -1 to {slots - 1}")
        if len(self.constants) != len(self.sources):
            raise ValueError("sources and constants must be equally many")

    @property
    def cycles(self) -> int:
        """Cycles in which a vector leaves."""
        return self.outputs.beats

    @property
    def ends(self) -> tuple[tuple[int, ...], ...]:
        """Give the steps that give a beat: every one."""
        return (tuple(range(self.outputs.beats)),)

    @property
    def sets(self) -> int:
        """Beats never wait for one another."""
        return 1

    @property
    def groups(self) -> int:
        """Output beats a vector."""
        return self.outputs.beats

    @property
    def pipeline(self) -> int:
        """Registers between a beat's turn and the output register."""
        return 4
