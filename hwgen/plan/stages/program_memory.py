"""What the program memory of a folded unit holds: a column of bits over the steps for each bit.

Columns that are equal are held once, and columns that never change not at all. Inputs are named by
their places, or by how far each lies from the one before: then a register holds the place of a
step, and the word of the step gives what is added to it for the next one, or to 0 behind the end of
a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hwgen.numeric import IntArray
from hwgen.plan.stages.folded import ring_of, shares_of
from hwgen.plan.stages.lines import LineShape
from hwgen.plan.stages.stage import FoldedDense, ProcessingElement
from hwgen.plan.stages.vector_shape import VectorShape
from hwgen.plan.stages.weight_code import WeightCode

Columns = tuple[int, ...]  # lowest bit of a field first; bit k of a column is that of step k


@dataclass(frozen=True, kw_only=True)
class ProgramMemory:
    """The fields of a program's word, each as its columns.

    `ends[s]` says whether a step ends the rows of set s. `weights[k]` and `places[k]` are those of
    multiplier k, counted PE by PE, or its distances. Dense mode has weights alone, and its places
    are empty. `shares[k]` is the share of a ring in which its places are, `starts[k]` the place of
    its first step, and `sets[k]` the set at whose ends its distances begin anew, 0 for places.
    """

    steps: int
    ends: Columns
    weights: tuple[Columns, ...]
    places: tuple[Columns, ...]
    shares: tuple[int, ...]
    starts: tuple[int, ...]
    sets: tuple[int, ...]

    @property
    def always(self) -> int:
        """Give the column that is 1 in every step."""
        return (1 << self.steps) - 1

    @cached_property
    def ports(self) -> tuple[int, ...]:
        """Give the read port of each multiplier: those of equal places, share and set have one."""
        reads = list(zip(self.places, self.shares, self.sets, strict=True))
        numbers = {read: port for port, read in enumerate(dict.fromkeys(reads))}
        return tuple(numbers[read] for read in reads)

    @cached_property
    def readers(self) -> tuple[int, ...]:
        """Give the first multiplier of each read port of the inputs."""
        return tuple(self.ports.index(port) for port in range(len(set(self.ports))))

    @cached_property
    def held(self) -> Columns:
        """Columns that change, each once, in the order in which they come."""
        fields = (
            self.ends,
            *(f for pair in zip(self.weights, self.places, strict=True) for f in pair),
        )
        columns = dict.fromkeys(column for field in fields for column in field)
        return tuple(column for column in columns if column not in (0, self.always))

    def words(self) -> list[int]:
        """Give what is held, as one word a step."""
        size = -(-self.steps // 8)
        rows = [np.frombuffer(c.to_bytes(size, "little"), np.uint8) for c in self.held]
        if not rows:
            return [0] * self.steps
        bits = np.unpackbits(np.stack(rows), axis=1, count=self.steps, bitorder="little")
        packed = np.packbits(bits.T, axis=1, bitorder="little")
        return [int.from_bytes(word.tobytes(), "little") for word in packed]


def program_memory(stage: FoldedDense) -> ProgramMemory:
    """Give the program memory of a unit."""
    weights: list[Columns] = []
    places: list[Columns] = []
    shape = place_shape(stage)
    shares = _shares(stage, shape)
    starts: list[int] = []
    sets: list[int] = []
    for element, owner in zip(stage.elements, stage.owners, strict=True):
        code, lanes = WeightCode(element.weights), stage.pe_sets[owner].lanes
        weights += _fields(lanes, _codes(code, element), code.bits)
        if stage.counted:
            places += [()] * lanes
            starts += [0] * lanes
            sets += [0] * lanes
        else:
            slots = np.array(element.slots, np.int64)
            for lane in range(lanes):
                own = shape.places(slots[lane::lanes], shares[len(places)])
                starts.append(int(own[0]))
                sets.append(owner if stage.distances else 0)
                if stage.distances:
                    own = _distances(own, stage.pe_sets[owner].ends) % (1 << shape.place_bits)
                places += _fields(1, own, shape.place_bits)
    ending = () if stage.counted else stage.pe_sets
    ends = tuple(sum(1 << end for end in part.ends) for part in ending)
    return ProgramMemory(
        steps=stage.cycles,
        ends=ends,
        weights=tuple(weights),
        places=tuple(places),
        shares=shares,
        starts=tuple(starts),
        sets=tuple(sets),
    )


def _distances(places: IntArray, ends: tuple[int, ...]) -> IntArray:
    """Give of each step how far the next one's place lies from its own, or from 0 behind a row."""
    own = places.copy()
    own[list(ends)] = 0
    found: IntArray = np.roll(places, -1) - own
    return found


def _shares(stage: FoldedDense, shape: VectorShape | LineShape) -> tuple[int, ...]:
    """Give which share of the inputs each multiplier reads; the first where there is one."""
    if isinstance(shape, VectorShape) or not shape.shares:
        return (0,) * sum(stage.pe_sets[owner].lanes for owner in stage.owners)
    numbers = {share: number for number, share in enumerate(shape.shares)}
    return tuple(numbers[share] for share in shares_of(stage, shape))


def place_shape(stage: FoldedDense) -> VectorShape | LineShape:
    """Give what names the places of the inputs: the memory of a vector, or the ring of a map."""
    return ring_of(stage) or VectorShape.of(stage.inputs, stage.banks)


def _codes(code: WeightCode, element: ProcessingElement) -> IntArray:
    table = {weight: code.encode(weight) for weight in set(element.weights)}
    return np.array([table[weight] for weight in element.weights], np.int64)


def _fields(lanes: int, values: IntArray, bits: int) -> Iterable[Columns]:
    """Give the columns of a PE's lanes, whose values come step by step."""
    for lane in range(lanes):
        own = values[lane::lanes]
        yield tuple(_column(own >> bit & 1) for bit in range(bits))


def _column(bits: IntArray) -> int:
    return int.from_bytes(np.packbits(bits.astype(np.uint8), bitorder="little").tobytes(), "little")
