"""The stages of a design: what each piece of hardware is given to know, and nothing else.

A stage reads one stream and writes one. Style `unrolled` carries a whole vector in one beat, style
`folded` a few elements a beat. Every number here is final: the RTL decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.numeric import IntType, Range
from hwgen.plan.adder_graph import AdderGraph

PADDING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A vector cut into beats of equal lanes.

    `order[beat * len(lanes) + lane]` is the element that travels there, or -1 for padding.
    """

    lanes: tuple[IntType, ...]
    order: tuple[int, ...]

    @property
    def beats(self) -> int:
        """Beats a vector."""
        return len(self.order) // len(self.lanes)

    @property
    def width(self) -> int:
        """Bits a beat."""
        return sum(lane.bits for lane in self.lanes)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrolledDense:
    """A matrix-vector product every cycle.

    `levels_per_stage` adder levels lie between registers; 0 means combinational.
    """

    name: str
    inputs: Stream
    outputs: Stream
    graph: AdderGraph
    levels_per_stage: int
    nonzero: int

    @property
    def latency(self) -> int:
        """Clock cycles from an input beat to its output beat."""
        if not self.levels_per_stage:
            return 0
        return max(-(-self.graph.depth() // self.levels_per_stage), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A staircase: the code is `codes[j]` where j of the ascending `thresholds` are reached."""

    thresholds: tuple[int, ...]
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelThreshold:
    """One staircase a lane, all in one cycle."""

    name: str
    inputs: Stream
    outputs: Stream
    channels: tuple[Steps, ...]
    registered: bool

    @property
    def latency(self) -> int:
        """Clock cycles from an input beat to its output beat."""
        return int(self.registered)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelArgmax:
    """Index of the largest lane, the lowest among equals, by a tree of comparisons."""

    name: str
    inputs: Stream
    outputs: Stream
    registered: bool

    @property
    def depth(self) -> int:
        """Levels of the tree."""
        return (len(self.inputs.lanes) - 1).bit_length()

    @property
    def latency(self) -> int:
        """Clock cycles from an input beat to its output beat."""
        return max(self.depth, 1) if self.registered else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingElement:
    """The program of one PE: a weight and an input slot for every step and lane.

    `weights[step * simd + lane]` and `slots[...]`; `initial[group]` is what the accumulator starts
    a row with. `products` bounds the sum of a step's products, `accumulator` every value that the
    register ever holds; both are exact.
    """

    weights: tuple[int, ...]
    slots: tuple[int, ...]
    initial: tuple[int, ...]
    products: Range
    accumulator: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedDense:
    """A matrix-vector product over many cycles: PEs in step, `simd` products each a cycle.

    Rows are dealt to PEs in groups; `last[step]` marks the step that ends a group, whose sums then
    leave as one beat. `rows[group * pe + p]` is the row that PE p sums in a group, or -1.
    """

    name: str
    inputs: Stream
    outputs: Stream
    simd: int
    elements: tuple[ProcessingElement, ...]
    last: tuple[bool, ...]
    rows: tuple[int, ...]
    nonzero: int

    @property
    def pe(self) -> int:
        """Rows in parallel."""
        return len(self.elements)

    @property
    def cycles(self) -> int:
        """Steps a vector."""
        return len(self.last)

    @property
    def groups(self) -> int:
        """Output beats a vector."""
        return sum(self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialThreshold:
    """Thresholds by a pipelined binary search, one level a cycle.

    `tables[lane][group]` holds the 2**levels - 1 ascending thresholds of the row that the lane
    carries in that beat; the code is `code_lo` plus how many of them the value reaches.
    """

    name: str
    inputs: Stream
    outputs: Stream
    levels: int
    code_lo: int
    tables: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def latency(self) -> int:
        """Clock cycles from an input beat to its output beat."""
        return self.levels


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialArgmax:
    """Index of the largest element of a vector that arrives in beats in natural order."""

    name: str
    inputs: Stream
    outputs: Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Fifo:
    """Beats that wait between two layers, so that neither stops for the other's rhythm."""

    name: str
    inputs: Stream
    outputs: Stream
    depth: int

    def __post_init__(self) -> None:
        if self.depth < 2:
            raise ValueError(
                f"depth must be 2 or more, not {self.depth}: with less a beat passes every other "
                "cycle at the most"
            )
        if self.inputs != self.outputs:
            raise ValueError("outputs must be the same stream as inputs; only beats are stored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrower:
    """Cuts each beat into `parts` beats of fewer lanes, lowest lanes first, the last one padded."""

    name: str
    inputs: Stream
    outputs: Stream

    def __post_init__(self) -> None:
        wide, narrow = len(self.inputs.lanes), len(self.outputs.lanes)
        if self.outputs.beats != self.inputs.beats * -(-wide // narrow):
            raise ValueError(
                f"outputs must have {self.inputs.beats * -(-wide // narrow)} beats for "
                f"{self.inputs.beats} beats of {wide} lanes cut to {narrow}, not "
                f"{self.outputs.beats}"
            )

    @property
    def parts(self) -> int:
        """Output beats an input beat."""
        return self.outputs.beats // self.inputs.beats


@dataclass(frozen=True, slots=True, kw_only=True)
class Widener:
    """Gathers the beats of a vector into one.

    `slots[lane]` is the input slot that goes to a lane, or -1 for an element that does not come
    because it is constant: its lane is 0.
    """

    name: str
    inputs: Stream
    outputs: Stream
    slots: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.outputs.beats != 1 or len(self.slots) != len(self.outputs.lanes):
            raise ValueError("outputs must be one beat, and slots must have an item a lane of it")
        if not all(PADDING <= slot < len(self.inputs.order) for slot in self.slots):
            raise ValueError(f"slots must lie in -1 to {len(self.inputs.order) - 1}")


Stage = (
    UnrolledDense
    | ParallelThreshold
    | ParallelArgmax
    | FoldedDense
    | SerialThreshold
    | SerialArgmax
    | Fifo
    | Narrower
    | Widener
)
