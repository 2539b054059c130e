"""The whole design as numbers: the stages in order, and how often and how late results come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen.plan.stages.stage import (
    Enlarger,
    FoldedDense,
    Joint,
    MapStage,
    RunningPool,
    Stage,
    Stream,
    UnrolledDense,
    WindowBuffer,
    WindowMax,
)
from hwgen.plan.stages.wiring import INPUT, Reads, readers_of
from hwgen.rhythm.check import Rhythm

Target = Literal["xc7", "ice40", "ecp5", "gowin"]
# LUTs of a part for each of its block RAMs: XC7A35T 208 a half of 18 kbit, XC7A100T 235; iCE40 HX8K
# 240, UP5K 176; ECP5 25 429, 85 404; Gowin
# GW1N-9 332, GW2A-18 451
LUTS_PER_BRAM: dict[Target, int] = {"xc7": 200, "ice40": 200, "ecp5": 400, "gowin": 400}
LayerStyle = Literal["unrolled", "folded"]
Effort = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """The goal of so many vectors a second at a clock."""

    fps: int
    clock_mhz: float

    @property
    def interval(self) -> int:
        """Cycles between vectors that keep it."""
        return int(round(self.clock_mhz * 1e6) / self.fps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The goal of the fastest design within so many LUTs and block RAMs, None for any number."""

    luts: int
    brams: int | None


Goal = Throughput | Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChoice:
    """What was chosen for a layer; all else about it follows from this and the network.

    `accumulator` is "offset", "signed" or a width in bits, as on the command line. An unrolled
    layer has all rows and columns in parallel. `luts_per_bram` is how many LUTs a block RAM must
    save to be taken. `pixels` windows side by side run the program of a folded convolution at once.
    """

    name: str
    style: LayerStyle
    pe: int
    simd: int
    skip: bool
    accumulator: str
    luts_per_bram: int
    pixels: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSummary:
    """One row of the report: a matrix-vector layer, or what follows the last one."""

    name: str
    op: str
    style: LayerStyle
    pe: int
    simd: int
    pixels: int
    rows: int
    columns: int
    nonzero: int
    accumulator_bits: tuple[int, ...]
    data_type_bits: int
    cycles: int

    @property
    def sparsity(self) -> float:
        """Share of weights that are zero."""
        return 1.0 - self.nonzero / (self.rows * self.columns) if self.rows else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every decision about a design. The same plan gives the same Verilog, byte for byte.

    Convolutions in `subpixel` are computed in front of the enlargement that they read, the network
    is taken as `with_subpixels` gives it. `stages`, what each of them reads, and what the report
    says of them follow from it and the fields above. The last stage is the design's output.
    `rhythm` says when beats pass between stages, where queues stand among them.
    """

    name: str
    target: Target
    goal: Goal | None
    pipeline: str
    clock_mhz: float
    effort: Effort
    subpixel: tuple[str, ...]
    choices: tuple[LayerChoice, ...]
    stages: tuple[Stage, ...]
    reads: Reads
    layers: tuple[LayerSummary, ...]
    latency_cycles: int
    interval_cycles: int
    rhythm: Rhythm | None

    def layer_stages(self, index: int) -> tuple[Stage, ...]:
        """Give the stages of the layer whose matrix is stage `index`, without what joins layers."""
        readers = readers_of(self.reads)
        stages = [self.stages[index]]
        while len(readers[index + 1]) == 1:
            (index,) = readers[index + 1]
            stage = self.stages[index]
            if len(self.reads[index]) > 1:
                break
            if isinstance(stage, UnrolledDense | FoldedDense | MapStage):
                break
            stages.append(stage)
        while isinstance(stages[-1], Joint):
            stages.pop()
        return tuple(stages)

    @property
    def stages_by_layer(self) -> tuple[tuple[Stage, ...], ...]:
        """The stages of each layer, with its windows and poolings and what joins it to the next."""
        found: list[list[Stage]] = []
        front: list[Stage] = []
        for stage in self.stages:
            match stage:
                case WindowBuffer() | RunningPool() | WindowMax() | Enlarger():
                    front.append(stage)
                case UnrolledDense() | FoldedDense():
                    found.append([*front, stage])
                    front = []
                case _:
                    (found[-1] if found and not front else front).append(stage)
        return tuple(map(tuple, found))

    @property
    def accumulator(self) -> str:
        """How registers start, "mixed" where the layers differ."""
        kinds = {choice.accumulator for choice in self.choices}
        return kinds.pop() if len(kinds) == 1 else "mixed"

    @property
    def slowest(self) -> LayerSummary:
        """The layer that takes most cycles, the first of several."""
        return max(self.layers, key=lambda layer: layer.cycles)

    @property
    def inputs(self) -> Stream:
        """The stream that enters the design: a map where any stage takes it as one.

        A stage that takes the elements of a map as a vector has them in the beats of the map.
        """
        own = zip(self.stages, self.reads, strict=True)
        read = [stage.inputs for stage, sources in own if sources == (INPUT,)]
        return max(read, key=lambda stream: stream.positions)  # the first of equal ones

    @property
    def outputs(self) -> Stream:
        """The stream that leaves the design."""
        return self.stages[-1].outputs
