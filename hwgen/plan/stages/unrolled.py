"""Stages that carry a whole vector in one beat: matrix, thresholds, argmax, output buffer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen.plan.stages.adder_graph import AdderGraph
from hwgen.plan.stages.requantizers import Requantizer, Rescale
from hwgen.plan.stages.stream import Stream

MOST_LATENCY = 10_000  # registers in a row, more than any tree of adders has levels
Flow = Literal["stall", "gate", "free"]  # see docs/clock.md, "The handshake"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrolledDense:
    """A matrix-vector product every cycle.

    `adder_stages[k]` registers lie between the inputs and the operands of adder k,
    `output_stages[k]` in front of the adder that adjusts output k (`latency` where there is none),
    and `latency` on every path; 0 means combinational.
    """

    name: str
    inputs: Stream
    outputs: Stream
    graph: AdderGraph
    adder_stages: tuple[int, ...]
    output_stages: tuple[int, ...]
    latency: int
    nonzero: int
    flow: Flow = "stall"

    def __post_init__(self) -> None:
        if not 0 <= self.latency <= MOST_LATENCY:
            raise ValueError(f"latency must lie in 0 to {MOST_LATENCY:,}, not be {self.latency}")
        first = len(self.graph.inputs)
        stages = (0,) * first + self.adder_stages
        if len(stages) != first + len(self.graph.adders):
            raise ValueError(f"{self.name}: adder_stages must have a stage for each adder")
        reads = [
            (operand.node, stages[first + index])
            for index, adder in enumerate(self.graph.adders)
            for operand, _ in adder.signed_operands
        ]
        ends = zip(self.graph.outputs, self.output_stages, strict=True)
        reads += [(output.node, stage) for output, stage in ends if output.node >= 0]
        if any(stages[node] > stage for node, stage in reads) or any(
            stage > self.latency for stage in (*self.adder_stages, *self.output_stages)
        ):
            raise ValueError(
                f"{self.name}: stages must grow along every path from 0 to the latency, "
                f"{self.latency}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelThreshold:
    """One requantizer a lane.

    `cuts[lane]` are the registers of a lane, each by the number of steps before it: the additions
    of a product, then the low bits that the decision diagrams have read; none means combinational.
    """

    name: str
    inputs: Stream
    outputs: Stream
    channels: tuple[Requantizer, ...]
    cuts: tuple[tuple[int, ...], ...]
    flow: Flow = "stall"

    def __post_init__(self) -> None:
        steps = [
            channel.adders + channel.kept.bits if isinstance(channel, Rescale) else lane.bits
            for channel, lane in zip(self.channels, self.inputs.lanes, strict=True)
        ]
        for last, cuts in zip(steps, self.cuts, strict=True):
            if len(cuts) != self.latency or list(cuts) != sorted(cuts) or not _within(cuts, last):
                raise ValueError(
                    f"{self.name}: cuts must ascend from 0 to the steps of the lane, as many for "
                    "every lane"
                )

    @property
    def latency(self) -> int:
        """Clock cycles from an input beat to its output beat."""
        return len(self.cuts[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelArgmax:
    """Index of the largest lane, the lowest among equals, by a tree of comparisons.

    Each level of the tree is two steps, the comparison and the choice; `cuts` are the registers,
    each by the number of steps before it; none means combinational. `labels` are what it gives in
    place of each lane's number, where there are any.
    """

    name: str
    inputs: Stream
    outputs: Stream
    cuts: tuple[int, ...]
    flow: Flow = "stall"
    labels: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if list(self.cuts) != sorted(self.cuts) or not _within(self.cuts, 2 * self.depth):
            raise ValueError(f"{self.name}: cuts must ascend from 0 to {2 * self.depth}")

    @property
    def depth(self) -> int:
        """Levels of the tree."""
        return (len(self.inputs.lanes) - 1).bit_length()

    @property
    def latency(self) -> int:
        """Clock cycles from an input beat to its output beat."""
        return len(self.cuts)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputBuffer:
    """A queue behind stages that never stall: it holds what is under way when the sink waits.

    It takes every beat that comes, and lowers `ready` while more than `depth - under_way` beats
    are held; `under_way` is how many can still come after that.
    """

    name: str
    inputs: Stream
    outputs: Stream
    depth: int
    under_way: int

    def __post_init__(self) -> None:
        if self.depth & (self.depth - 1) or self.depth < self.under_way + 2:
            raise ValueError(
                f"{self.name}: depth must be a power of two and at least {self.under_way + 2}, "
                f"not {self.depth}"
            )

    @property
    def latency(self) -> int:
        """Clock cycles from an input beat to its output beat: into the memory and out of it."""
        return 2


def _within(cuts: tuple[int, ...], last: int) -> bool:
    return all(0 <= cut <= last for cut in cuts)
