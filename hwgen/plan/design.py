"""The whole design as numbers: the stages in order, and how often and how late results come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen.plan.stages import Stage, Stream

Target = Literal["xc7", "ice40", "ecp5"]
LayerStyle = Literal["unrolled", "folded"]
Effort = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChoice:
    """What was chosen for a layer; all else about it follows from this and the network.

    `accumulator` is "offset", "signed" or a width in bits, as on the command line. An unrolled
    layer has all rows and columns in parallel.
    """

    name: str
    style: LayerStyle
    pe: int
    simd: int
    skip: bool
    accumulator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSummary:
    """One row of the report: a matrix-vector layer, or what follows the last one."""

    name: str
    op: str
    style: LayerStyle
    pe: int
    simd: int
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

    `stages`, and what the report says of them, follow from the network and the fields above.
    """

    name: str
    target: Target
    pipeline: str
    effort: Effort
    choices: tuple[LayerChoice, ...]
    stages: tuple[Stage, ...]
    layers: tuple[LayerSummary, ...]
    latency_cycles: int
    interval_cycles: int

    @property
    def accumulator(self) -> str:
        """How registers start, "mixed" where the layers differ."""
        kinds = {choice.accumulator for choice in self.choices}
        return kinds.pop() if len(kinds) == 1 else "mixed"

    @property
    def inputs(self) -> Stream:
        """The stream that enters the design."""
        return self.stages[0].inputs

    @property
    def outputs(self) -> Stream:
        """The stream that leaves the design."""
        return self.stages[-1].outputs
