"""Unrolled rows of `bench/whole_nets/dense.py`, and parts that tell how exact a count is."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bench.whole_nets.parts.planned import TARGET, count_layers, count_plan, fits_whole
from bench.whole_nets.parts.rows import WIDE, Place, Row, facts, net_of, synthesised
from hwgen.emit import verilog_of
from hwgen.files import write_beside
from hwgen.flow import build
from hwgen.frontend.matrix import matrix_graph
from hwgen.ir import Graph
from hwgen.plan.layers import layers_of
from hwgen.plan.options import BuildOptions
from hwgen.plan.planner import plan_design
from hwgen.prove.run import prove

PROVED_LUTS = 10_000  # by the planner's count; a larger design is not proved


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrolled:
    """A net with all rows in parallel, its sums exact, or 32 bits wide in front of thresholds."""

    model: str
    wide: bool = False

    @property
    def case(self) -> str:
        """Name it among the rows."""
        return f"unrolled, {self.model}" + (f", {WIDE} bits" if self.wide else "")

    def row(self, place: Place) -> Row:
        """Build it, prove it, and count its LUTs; by the planner alone where it is too large."""
        graph = net_of(self.model, place)
        row = self.described(graph)
        if not fits_whole(graph):
            counts = count_layers(graph, lambda step, _: place.say(step))
            totals = [sum(getattr(c, key) for c in counts) for key in ("adders", "luts", "luts_32")]
            slices = max(count.slices for count in counts)
            return row | _counted(*totals, slices=slices) | {"layers": [asdict(c) for c in counts]}
        folder = place.work / self.case.replace(", ", "_").replace(" ", "_")
        options = BuildOptions(
            style="unrolled", target=TARGET, accumulator=str(WIDE) if self.wide else "offset"
        )
        plan = build(graph, options, folder, progress=lambda step, _: place.say(step))
        count = count_plan(plan, graph)
        row |= _counted(count.adders, count.luts, count.luts_32, slices=1)
        row["latency_cycles"] = plan.latency_cycles
        if count.luts > place.most_luts:
            return row
        place.say("synthesis for xc7")
        found = synthesised(plan, folder, TARGET)
        row |= {"luts": found.luts, "ffs": found.total.ffs, "tools": found.tools}
        if count.luts > PROVED_LUTS:
            return row
        place.say("prove")
        return row | {"proved": prove(folder).proved}

    def described(self, graph: Graph) -> Row:
        """Give what is known before it is built."""
        return {"case": self.case, "kind": "unrolled", "wide": self.wide} | facts(self.model, graph)


def _counted(adders: int, luts: int, luts_32: int, *, slices: int) -> Row:
    return {"adders": adders, "planned_luts": luts, "planned_luts_32": luts_32, "slices": slices}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows and columns of a layer that is too large as a whole, in the middle of it."""

    model: str
    layer: int
    rows: int
    columns: int

    @property
    def case(self) -> str:
        """Name it among the rows."""
        return f"part, {self.model}, dense{self.layer}, {self.rows} x {self.columns}"

    def row(self, place: Place) -> Row:
        """Plan it as a slice is planned, and synthesise it."""
        layer = layers_of(net_of(self.model, place))[self.layer]
        top, left = (layer.rows - self.rows) // 2, (layer.columns - self.columns) // 2
        weights = layer.weight[top : top + self.rows, left : left + self.columns]
        graph = matrix_graph("part", weights, layer.inputs[left].type)
        place.say("plan")
        options = BuildOptions(style="unrolled", target=TARGET, pipeline="none", effort="low")
        plan = plan_design(graph, options)
        folder = place.work / "part"
        with write_beside(folder / f"{plan.name}.v") as partial:
            partial.write_text(verilog_of(plan))
        place.say("synthesis for xc7")
        found = synthesised(plan, folder, TARGET)
        count = count_plan(plan, graph)
        row: Row = {"case": self.case, "kind": "part", "nonzero": int((weights != 0).sum())}
        row |= _counted(count.adders, count.luts, count.luts_32, slices=1)
        return row | {"luts": found.luts, "tools": found.tools}
