"""A layer: a matrix with the exact range of every value, what is before it and what behind."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Literal

import numpy as np

from hwgen.ir import MAX_ACCUMULATOR_BITS, Accumulator, Dense
from hwgen.numeric import BoolArray, IntArray, Range
from hwgen.plan.stages.stream import PADDING, Stream
from hwgen.plan.stages.window import PoolKind
from hwgen.plan.stages.wiring import INPUT
from hwgen.plan.windows import Axis, Window

Tail = Literal["threshold", "argmax", "output"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlargement:
    """A map made larger in front of a layer's matrix; `inputs` and `outputs` are by channel.

    `sources[phase][channel]` is the channel that a channel shows at each pixel of a square.
    """

    name: str
    factor: int
    image: tuple[int, int]
    sources: tuple[tuple[int, ...], ...]
    inputs: tuple[Range, ...]
    outputs: tuple[Range, ...]

    @property
    def takes_beats(self) -> bool:
        """Whether pixels can come in several beats: they are repeated as they are."""
        return len(set(self.sources)) == 1

    @property
    def shown(self) -> tuple[int, int]:
        """Height and width of the larger map."""
        return self.image[0] * self.factor, self.image[1] * self.factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pooling in front of a layer's matrix; `inputs` and `outputs` are ranges by channel."""

    name: str
    kind: PoolKind
    rows: Axis
    columns: Axis
    inputs: tuple[Range, ...]
    outputs: tuple[Range, ...]

    @property
    def image(self) -> tuple[int, int]:
        """Height and width of the map that is pooled."""
        return self.rows.size, self.columns.size

    @property
    def shown(self) -> tuple[int, int]:
        """Height and width of the map of windows."""
        return self.rows.count, self.columns.count

    @property
    def overlaps(self) -> bool:
        """Whether a pixel can be in several windows."""
        axes = (self.rows, self.columns)
        return any(axis.kernel > axis.stride and axis.count > 1 for axis in axes)

    @property
    def is_padded(self) -> bool:
        """Whether some window reaches beyond the image."""
        return any((axis.pixels == PADDING).any() for axis in (self.rows, self.columns))

    def beside(self, stream: Stream) -> tuple[int, ...]:
        """Give what each lane of a stream shows beside the image: no more than any code of its."""
        if not self.is_padded:
            return ()
        pairs = zip(stream.lanes, stream.order, strict=True)
        return tuple(lane.lo if self.inputs[channel].lo < 0 else 0 for lane, channel in pairs)

    @property
    def taps(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of a window that are in the image anywhere."""
        rows, columns = (
            [k for k in range(axis.kernel) if axis.classes[:, k].any()]
            for axis in (self.rows, self.columns)
        )
        return tuple(product(rows, columns))

    @property
    def is_running(self) -> bool:
        """Whether pixels can be pooled as they come: each is in one window at most."""
        return not self.overlaps and not self.is_padded

    @property
    def takes_beats(self) -> bool:
        """Whether pixels can come in several beats."""
        return self.is_running


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """One matrix-vector product and what follows it, at one position or at each of a map.

    Attributes
    ----------
    sources
        Which layers' outputs it reads, side by side; -1 is the network's input.
    op, node_name
        The network's operation that the matrix is of, or that its sums go to where it is of none.
    front
        Poolings and enlargements in front of it, first to last.
    window
        What the columns show of a map, at each position; None where they are a whole vector.
    image
        Where `window` is None, the map whose elements are the columns; (1, 1) for a vector.
    fan_in
        Inputs of one sum in the network, whether or not they are read.
    weight, bias
        (rows, columns) and (rows,); columns of constant inputs are zero, their part is in `bias`.
        Of a window only taps that some row reads are columns.
    connected
        (rows, columns): where the operation has weights, zero or not; not between groups of a
        convolution or unlike channels of an addition. None where everywhere.
    channels
        Reachable range of every channel of the map that `window` shows.
    inputs, totals, outputs
        Reachable range of every column, of every row's sum with its bias, and of every value that
        leaves the layer (codes after a threshold, sums otherwise).
    accumulators
        What the model declares for each row; none for a matrix that the network does not name.
    thresholds
        (rows, 2**bits - 1) where `tail` is "threshold", else None; `code_lo` is added to the count.
    tail
        What reads the sums.
    labels
        What an argmax gives in place of each row's number, where that is another.
    is_last
        Whether what leaves it leaves the design.
    """

    name: str
    tail_name: str
    sources: tuple[int, ...] = (INPUT,)
    op: str = "dense"
    node_name: str
    front: tuple[Pool | Enlargement, ...] = ()
    window: Window | None = None
    image: tuple[int, int] = (1, 1)
    channels: tuple[Range, ...] = ()
    fan_in: int
    weight: IntArray
    connected: BoolArray | None = None
    bias: IntArray
    inputs: tuple[Range, ...]
    totals: tuple[Range, ...]
    outputs: tuple[Range, ...]
    accumulators: tuple[Accumulator, ...]
    thresholds: IntArray | None
    code_lo: int
    tail: Tail
    labels: tuple[int, ...] = ()
    is_last: bool = False

    @property
    def rows(self) -> int:
        """Number of outputs."""
        return int(self.weight.shape[0])

    @property
    def columns(self) -> int:
        """Number of inputs."""
        return int(self.weight.shape[1])

    @property
    def nonzero(self) -> int:
        """Number of weights that are not zero."""
        return int(np.count_nonzero(self.weight))

    @property
    def products(self) -> int:
        """Number of weights of the operation, zeros too."""
        return self.weight.size if self.connected is None else int(self.connected.sum())

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of positions at which the product is taken."""
        return (1, 1) if self.window is None else self.window.outputs

    @property
    def matrix_node(self) -> Dense:
        """The matrix as an operation of the network, at one position."""
        return Dense(
            name=self.name,
            inputs=(),
            weight=self.weight,
            weight_bits=MAX_ACCUMULATOR_BITS,
            bias=self.bias,
            accumulators=self.accumulators,
        )

    @property
    def has_window(self) -> bool:
        """Whether the columns show more of a map than the pixel that comes."""
        return self.window is not None and not self.window.is_pointwise

    @property
    def input_image(self) -> tuple[int, int] | None:
        """Size of the map that the layer reads pixel by pixel, None where it reads a vector."""
        if self.front:
            return self.front[0].image
        return None if self.window is None else self.window.image

    @property
    def cycles(self) -> int:
        """Cycles that units of a position a cycle are busy with a map, or with a vector."""
        maps = [prod(size) for part in self.front for size in (part.image, part.shown)]
        if self.window is None:
            return max(*maps, prod(self.image), 1)
        return max(*maps, self.window.rows.steps * self.window.columns.steps, 1)
