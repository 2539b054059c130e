"""What hardware is searched for, and what a network takes of it by the planner."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from hwgen.errors import HwgenError
from hwgen.ir import Conv2d, Dense, Graph
from hwgen.plan.design import Effort, Target
from hwgen.plan.estimate.stage import chain_cost
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Either the most LUTs of an unrolled design, or vectors a second at a clock.

    Raises
    ------
    HwgenError
        Where both or none are given, or a build could not be asked for them.
    """

    target: Target
    max_luts: int | None = None
    fps: int | None = None
    clock_mhz: float | None = None

    def __post_init__(self) -> None:
        if (self.max_luts is None) == (self.fps is None):
            raise HwgenError(
                "explore: must have one goal, the LUTs or the rate; give --max-luts, or --fps with "
                "--clock-mhz"
            )
        if self.max_luts is not None and self.clock_mhz is not None:
            raise HwgenError("clock-mhz: must be given with fps only; leave it out")
        if self.max_luts is not None and self.max_luts < 1:
            raise HwgenError(f"max-luts: must be at least 1, not {self.max_luts}; choose another")
        self.options("low")

    def options(self, effort: Effort) -> BuildOptions:
        """Give the choices of a build."""
        if self.fps is None:
            return BuildOptions(target=self.target, style="unrolled", effort=effort)
        return BuildOptions(
            target=self.target, fps=self.fps, clock_mhz=self.clock_mhz or 0.0, effort=effort
        )

    @property
    def search(self) -> str:
        """The arguments of a search for it."""
        if self.fps is None:
            return f"--target {self.target} --max-luts {self.max_luts}"
        return f"--target {self.target} --fps {self.fps} --clock-mhz {self.clock_mhz:g}"

    @property
    def build(self) -> str:
        """The arguments that build a point."""
        if self.fps is None:
            return f"--target {self.target} --style unrolled"
        return f"--target {self.target} --fps {self.fps} --clock-mhz {self.clock_mhz:g}"

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What a network takes by the plan; `priced_luts` are with its block RAMs at their price."""

    luts: int
    priced_luts: int
    brams: int
    interval_cycles: int
    slowest_nonzero: int


def hardware(graph: Graph, goal: Goal, effort: Effort) -> Hardware:
    """Plan a network for the goal.

    Raises
    ------
    PlanError
        Where it cannot be built so.
    """
    options = goal.options(effort)
    plan = plan_design(graph, options)
    cost = chain_cost(plan.stages, plan.target)
    layers = [node for node in graph.nodes if isinstance(node, Dense | Conv2d)]
    return Hardware(
        luts=cost.luts,
        priced_luts=cost.priced(options.bram_price),
        brams=cost.brams,
        interval_cycles=plan.interval_cycles,
        slowest_nonzero=max(int(np.count_nonzero(node.weight)) for node in layers),
    )
